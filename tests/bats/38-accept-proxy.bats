#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 38-accept-proxy: PROXY headers: what they change, which are refused, and that those do not count.

load helpers
load clients

# V1 and v2() are headers; talk(data) sends that, ends, and returns the answer, or b"" when it is refused.
PROXY='V1 = b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"
V1_TCP6 = b"PROXY TCP6 2001:db8::9 2001:db8::1 4711 443\r\n"
def v2(transport, addresses, more=b"", command=0x21):
	return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, transport, len(addresses + more)) + addresses + more
PORTS = struct.pack("!HH", 4711, 443)
V2 = v2(0x11, bytes((203, 0, 113, 9, 192, 0, 2, 1)) + PORTS)
V2_TCP6 = v2(0x21, socket.inet_pton(socket.AF_INET6, "2001:db8::9") + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + PORTS)
def talk(data, c=None):
	c = c or dial(); print(name(c))
	try: c.sendall(data); c.shutdown(socket.SHUT_WR); return rest(c)
	except TimeoutError: raise
	except OSError: return b""
	finally: c.close()
'

# proxied SCRIPT ARGUMENT...
proxied() {
	clients "$PROXY$1" "${@:2}"
}

# --- What a header changes -------------------------------------------------------------

@test "the addresses of a header are peername, sockname and family, in both versions" {
	start_liu listen --accept 5 --accept-proxy 127.0.0.1:0 info peername info sockname info family
	proxied 'for header in V1, V2, V1_TCP6, V2_TCP6: talk(header)
talk(v2(0x31, b"/run/app\x1b[31m".ljust(108, b"\0") + b"\0name".ljust(108, b"\0")))'
	ends 0
	is "$SERVER_OUT" 'standard output' '203.0.113.9:4711
192.0.2.1:443
inet
203.0.113.9:4711
192.0.2.1:443
inet
[2001:db8::9]:4711
[2001:db8::1]:443
inet6
[2001:db8::9]:4711
[2001:db8::1]:443
inet6
unix:/run/app\e[31m
unix:@name
unix'
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS"
}

@test "a header without an address of a stream leaves the socket's" {
	start_liu listen --accept 6 --accept-proxy 127.0.0.1:0 info peername info sockname
	proxied 'for header in (b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN of no interest\r\n", v2(0, b"", command=0x20),
		v2(0x11, b"x" * 12, command=0x20), v2(0, b""), v2(0x12, b"x" * 12)): talk(header)'
	ends 0
	sed "s/\$/\n$ADDRESS/" "$SAID" | is "$SERVER_OUT" 'standard output' -
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS"
}

@test "-v names both addresses, every other line the one in the header" {
	start_liu listen -v --accept 2 --accept-proxy 127.0.0.1:0 readexactly 4
	proxied 'talk(V1 + b"x"); talk(b"PROXY UNKNOWN\r\n")'
	ends 7
	server_said "liu: connection from $(said 1): on behalf of 203.0.113.9:4711
liu: connection 1 (203.0.113.9:4711): accepted
liu: connection 1 (203.0.113.9:4711): step 1 (readexactly 4): the peer closed after 1 byte
liu: connection 1 (203.0.113.9:4711): ended
liu: connection 2 ($(said 2)): accepted
liu: connection 2 ($(said 2)): step 1 (readexactly 4): the peer closed after 0 bytes
liu: connection 2 ($(said 2)): ended"
}

@test "--json has the addresses of the header, and does not count its bytes" {
	start_liu listen --json --accept-proxy 127.0.0.1:0 readline
	proxied 'talk(V2 + b"hello\n")'
	ends 0
	sed -E 1d "$SERVER_OUT" | sed -E 's/("duration":).*/\1TIME}/' | is - 'standard output' \
'{"event":"open","conn":1,"peername":"203.0.113.9:4711","sockname":"192.0.2.1:443","tls":null}
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":6,"data":"hello\n"}
{"event":"close","conn":1,"sent":0,"received":6,"duration":TIME}'
}

@test "exec's environment has the addresses of the header" {
	# shellcheck disable=SC2016 # for the command
	start_liu listen --accept-proxy 127.0.0.1:0 \
		exec 'echo "$PROTO $TCPREMOTEIP $TCPREMOTEPORT $TCPLOCALIP $TCPLOCALPORT $LIU_CONN $LIU_PEER"'
	proxied 'same(b"TCP 2001:db8::9 4711 2001:db8::1 443 1 [2001:db8::9]:4711\n", talk(V2_TCP6))'
	ends 0
}

# --- How it arrives --------------------------------------------------------------------

@test "exactly the header is taken, however it is cut" {
	start_liu echo --accept-proxy 127.0.0.1:0
	proxied 'data = bytes(range(256)) * 40
for header in V1, V2, V2_TCP6, b"PROXY UNKNOWN\r\n", v2(0x11, b"x" * 12, bytes(300)):
	same(data, talk(header + data))
	c = dial()
	for i in range(len(header)): c.sendall(header[i:i + 1])
	same(data, talk(data, c))
	for cut in 1, 6, 12, 15, 16, 20, len(header) - 1:
		c = dial(); c.sendall(header[:cut])
		if not silent(c, 0.001): sys.exit("an answer to %r" % header[:cut])
		same(data, talk(header[cut:] + data, c))'
	server_said ''
}

@test "extensions are passed over, as long as they can be" {
	start_liu echo --accept-proxy 127.0.0.1:0
	proxied 'long = v2(0x11, V2[16:], bytes(range(256)) * 255 + bytes(243)); same(16 + 65535, len(long))
same(b"hello", talk(long + b"hello"))
c = dial(); c.sendall(long[:-1])
if not silent(c): sys.exit("the last byte is not waited for")
same(b"hello", talk(long[-1:] + b"hello", c))
same(b"hello", talk(v2(0x11, V2[16:], b"\x03\0\x04\xde\xad\xbe\xef\x04\0\1x") + b"hello"))'
	server_said ''
}

@test "TLS begins behind the header, also in the same segment" {
	start_liu listen -k --accept-proxy tls:127.0.0.1:0 info peername readline write 'ok\n'
	proxied 'import ssl
context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
def tls(header, sizes):
	c = dial(); incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
	s = context.wrap_bio(incoming, outgoing); first = [header]
	def do(call, *args):
		while True:
			try: result = call(*args)
			except ssl.SSLWantReadError: result = None
			data = (first.pop() if first else b"") + outgoing.read()
			while data: c.sendall(data[:sizes]); data = data[sizes:]
			if result is not None: return result
			incoming.write(c.recv(65536))
	do(lambda: s.do_handshake() or 1)
	do(s.write, b"hello\n"); same(b"ok\n", do(s.read, 100)); c.close()
for header in V1, V2:
	for sizes in 1 << 16, 1, len(header) + 1: tls(header, sizes)'
	stop "$SERVER"
	[ "$(grep -c '^203.0.113.9:4711$' "$SERVER_OUT")" -eq 6 ] || fail "$(cat "$SERVER_OUT")"
}

@test "a Unix socket takes headers too" {
	start_liu listen --accept-proxy "unix:$BATS_TEST_TMPDIR/s" info peername
	proxied 'c = dial_unix(sys.argv[2]); c.sendall(V1); rest(c)' "$BATS_TEST_TMPDIR/s"
	ends 0
	is "$SERVER_OUT" 'standard output' 203.0.113.9:4711
}

# --- What is refused -----------------------------------------------------------------------

@test "no header, a bad one and a part of one are a line each, and the next connection is number 1" {
	start_liu listen --accept-proxy 127.0.0.1:0 readexactly 9
	proxied 'for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x1b[31m\n", V1.replace(b"9 ", b"999 "), V1[:-2] + b"\n",
		v2(0x11, b"x" * 11), V1[:8], V2[:27], V1[:-1], v2(0x11, V2[16:], b"x" * 300)[:-1]): same(b"", talk(data))
same(b"", talk(V1 + b"x"))'
	ends 7
	local v2='bad PROXY header '\''\r\n\r\n\x00\r\nQUIT\n!\x11\x00\v'\'
	server_said "liu: connection from $(said 1): no PROXY header: the peer sent 'GET / HTTP/1.1'
liu: connection from $(said 2): no PROXY header: the peer sent '\\e[31m'
liu: connection from $(said 3): bad PROXY header 'PROXY TCP4 203.0.113.999 192.0.2.1 4711 443'
liu: connection from $(said 4): bad PROXY header 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 443'
liu: connection from $(said 5): ${v2/'\v'/'\x0b'}
liu: connection from $(said 6): PROXY header: the peer closed after 8 bytes
liu: connection from $(said 7): PROXY header: the peer closed after 27 bytes
liu: connection from $(said 8): PROXY header: the peer closed after 42 bytes
liu: connection from $(said 9): PROXY header: the peer closed after 327 bytes
liu: connection 1 (203.0.113.9:4711): step 1 (readexactly 9): the peer closed after 1 byte"
}

@test "a peer that ends or resets before a byte of its header is a probe" {
	start_liu listen -v --accept 1 --accept-proxy 127.0.0.1:0 readline
	proxied 'c = dial(); print(name(c)); reset(c); talk(b""); talk(V1 + b"x\n")'
	ends 0
	server_said "liu: connection from $(said 1): probe: PROXY header: connection reset by peer
liu: connection from $(said 2): probe: PROXY header: the peer closed after 0 bytes
liu: connection from $(said 3): on behalf of 203.0.113.9:4711
liu: connection 1 (203.0.113.9:4711): accepted
liu: connection 1 (203.0.113.9:4711): ended"
	start_liu listen --accept 1 --accept-proxy 127.0.0.1:0 readline
	proxied 'c = dial(); print(name(c)); reset(c); talk(b""); talk(V1 + b"x\n")'
	ends 0
	server_said ''
}

@test "behind a header, a connection that ends before another byte is a probe with -k" {
	start_liu listen -k --accept-proxy 127.0.0.1:0 --address tls:127.0.0.2:0 readline
	proxied 'same(b"", talk(V1))
for more in b"", b"\x16": same(b"", talk(V1 + more, dial("127.0.0.2")))'
	wait_for_line "$SERVER_ERR" 'connection 3'
	grep ^liu "$SERVER_ERR" | is - 'standard error' \
		'liu: connection 3 (203.0.113.9:4711): the peer closed the connection during the TLS handshake'
}

@test "a header that is late is refused: --handshake-timeout, or --timeout" {
	start_liu listen -k --accept-proxy --handshake-timeout 1 127.0.0.1:0 readline write 'ok\n'
	proxied 'a = dial(); b = dial(); print(name(a)); print(name(b)); b.sendall(V1[:-1])
for c in a, b: same(True, not silent(c, 5))
same(b"ok\n", talk(V1 + b"x\n"))'
	has_line "$SERVER_ERR" "$(said 1)"
	assert_equal "liu: connection from $(said 1): PROXY header: timed out after 1 s (--handshake-timeout)" "$REPLY"
	has_line "$SERVER_ERR" "$(said 2)"
	assert_equal "liu: connection from $(said 2): PROXY header: timed out after 1 s (--handshake-timeout)" "$REPLY"
	stop "$SERVER"
	start_liu listen --accept-proxy -w 1 127.0.0.1:0 readline write 'ok\n'
	proxied 'a = dial(); print(name(a)); same(True, not silent(a, 5)); same(b"ok\n", talk(V1 + b"x\n"))'
	ends 0
	server_said "liu: connection from $(said 1): PROXY header: timed out after 1 s (--timeout)"
}

@test "--timeout counts from accept on: the time that the header took is part of it" {
	start_liu listen --accept 2 --accept-proxy -w 3 127.0.0.1:0 --address tls:127.0.0.2:0 readline
	proxied 'begun = time.monotonic(); a = dial(); b = dial("127.0.0.2")
select.select([], [], [], 1.5)
for c in a, b: c.sendall(V1)
for c in a, b:
	try: rest(c)
	except ConnectionError: pass
took = time.monotonic() - begun
if not 2.9 < took < 4.4: sys.exit("%.2f s" % took)'
	ends 6
}

# --- What it counts for ----------------------------------------------------------------

@test "a connection whose header has still to come has a place of --max-conns" {
	start_liu listen -k -m 1 --accept-proxy 127.0.0.1:0 readline write 'ok\n'
	proxied 'a = dial(); a.sendall(V1[:9])
b = dial(); b.sendall(V1 + b"x\n")
if not silent(b): sys.exit("two are served")
a.close(); same(b"ok\n", rest(b))'
	grep -v PROXY "$SERVER_ERR" | is - 'standard error' "listening on $ADDRESS
liu: 1 connection (--max-conns): new ones wait"
}

@test "the one connection of listen: the next one waits until a header was refused" {
	start_liu listen --accept-proxy 127.0.0.1:0 readline write 'ok\n'
	proxied 'a = dial(); print(name(a)); b = dial(); b.sendall(V1 + b"x\n")
if not silent(b): sys.exit("two are served")
a.sendall(b"x"); same(b"ok\n", rest(b))
if not refused(): sys.exit("it still listens")'
	ends 0
	server_said "liu: connection from $(said 1): no PROXY header: the peer sent 'x'"
}

@test "--accept N: the numbers are given in the order of the headers, and decide the status" {
	start_liu listen -v --accept 2 --accept-proxy --limit 4 127.0.0.1:0 readline
	proxied 'a = dial(); b = dial(); b.sendall(V1_TCP6); until(lambda: b"connection 1 " in open(sys.argv[2], "rb").read()); a.sendall(V1 + b"too long\n"); rest(a); a.close()
until(lambda: b"connection 2 (203.0.113.9:4711): step" in open(sys.argv[2], "rb").read()); talk(b"", b)' "$SERVER_ERR"
	ends 7
	grep ': step ' "$SERVER_ERR" | is - 'what has failed' "liu: connection 2 (203.0.113.9:4711): step 1 (readline): no end within the limit of 4 bytes (--limit)
liu: connection 1 ([2001:db8::9]:4711): step 1 (readline): the peer closed after 0 bytes"
}

@test "--accept-timeout passes while a header is waited for, and refused ones do not restart it" {
	early_clients "$PROXY"'a = dial(); a.sendall(V1[:9]); same(True, not silent(a, 5))'
	start_liu listen --accept-timeout 1.5 --accept-proxy --address-file "$EARLY" 127.0.0.1:0
	early_clients_end
	ends 6
	server_said 'liu: no connection within 1.5 s (--accept-timeout)'
	early_clients 'dial_to_the_end(b"x")'
	start_liu listen -k --accept-timeout 1.5 --accept-proxy --address-file "$EARLY" 127.0.0.1:0
	early_clients_end
	ends 6
	has_line "$SERVER_ERR" "no PROXY header: the peer sent 'x'$"
}

@test "--allow and --deny look at the socket's peer, not at the header" {
	start_liu listen --accept 1 --accept-proxy --deny 127.0.0.2 --deny 203.0.113.9 127.0.0.1:0 readline write 'ok\n'
	proxied 'same(b"", talk(V1 + b"x\n", socket.create_connection(("127.0.0.1", PORT), DEADLINE, ("127.0.0.2", 0))))
same(b"ok\n", talk(V1 + b"x\n"))'
	ends 0
	server_said "liu: connection from $(said 1): refused (--deny)"
}

@test "a signal does not wait for headers" {
	start_liu echo --accept-proxy 127.0.0.1:0
	proxied 'a = dial(); b = dial(); b.sendall(V1[:9]); silent(b)
os.kill(int(sys.argv[2]), 15); same(True, not silent(a, 5))' "$SERVER"
	wait_exit "$SERVER"
	assert_equal 143 "$status" 'exit status'
	server_said ''
	start_liu echo --accept-proxy --close-timeout 60 127.0.0.1:0
	proxied 'a = dial(); a.sendall(V1 + b"x"); same(b"x", got(a, 1)); b = dial(); b.sendall(V1[:9]); silent(b)
os.kill(int(sys.argv[2]), 15); same(True, not silent(b, 5)); same(b"more", talk(b"more", a))' "$SERVER"
	wait_exit "$SERVER"
	assert_equal 143 "$status" 'exit status'
	server_said 'liu: finishing 1 connection, send the signal again to stop now'
}

@test "five hundred silent peers cost no processor time, and no other its turn" {
	start_liu echo --accept-proxy --backlog 1000 127.0.0.1:0
	proxied 'def ticks(): return sum(map(int, open("/proc/%s/stat" % sys.argv[2]).read().rsplit(")", 1)[1].split()[11:13]))
held = [dial() for i in range(500)]
for i, c in enumerate(held): c.sendall(V1[:i % 40])
same(b"hello", talk(V1 + b"hello")); before = ticks()
select.select([], [], [], 0.3); after = ticks()
if after - before > 3: sys.exit("%d ticks" % (after - before))
same(b"hello", talk(V2 + b"hello"))' "$SERVER"
}

# --- Other programs, bad input -----------------------------------------------------------------

@test "curl --haproxy-protocol" {
	need curl
	curl --help all | grep -q -e --haproxy-protocol || skip "curl has no --haproxy-protocol"
	start_liu listen -k --accept-proxy 127.0.0.1:0 skipuntil '\r\n\r\n' write 'HTTP/1.0 200 OK\r\n\r\nhello\n'
	capture curl -sS --max-time "$LIU_TIMEOUT" --haproxy-protocol "http://$ADDRESS/"
	assert_status 0
	assert_output_is hello
	capture curl -sS --max-time "$LIU_TIMEOUT" "http://$ADDRESS/"
	[ "$status" -ne 0 ] || fail "served without a header"
	has_line "$SERVER_ERR" "no PROXY header: the peer sent 'GET / HTTP/1.1'"
}

@test "what cannot take headers is exit 2" {
	run_liu connect --accept-proxy 127.0.0.1:1
	assert_status 2
	assert_error_is 'liu: --accept-proxy is not an option of connect (only of listen and echo) (see: liu connect --help)'
	capture python3 -IS -c 'import os, socket, sys
one, other = socket.socketpair(); other.set_inheritable(True); os.dup2(one.fileno(), 7)
os.execv(sys.argv[1], sys.argv[1:])' "$LIU" listen --accept-proxy fd:7
	assert_status 2
	assert_error_is 'liu: --accept-proxy needs a listening socket, not a connected fd:N (see: liu listen --help)'
}
