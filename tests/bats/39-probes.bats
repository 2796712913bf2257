#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 39-probes: with -k, a connection that ends before a byte has come is not a failure.

load helpers
load clients

# probe(how, data): connect, send, end in that way; print the name.
PROBE='def probe(how, data=b""):
	c = dial(); print(name(c)); c.sendall(data)
	if how == "reset": reset(c)
	else:
		c.shutdown(socket.SHUT_WR); rest(c); c.close()
'

# probes SCRIPT ARGUMENT...
probes() {
	clients "$PROBE$1" "${@:2}"
}

# The last connection sends a byte, and is a failure: the lines before it have been written by then.
@test "-k: probes say nothing, whether they end or reset, and the next one is served" {
	start_liu listen -k 127.0.0.1:0 readline readline
	probes 'probe("end"); probe("reset"); probe("end", b"x\n")'
	server_said "liu: connection 3 ($(said 3)): step 2 (readline): the peer closed after 0 bytes"
}

@test "-v: a probe is a line" {
	start_liu listen -v -k 127.0.0.1:0 readexactly 4
	probes 'probe("end"); probe("reset")'
	wait_for_line "$SERVER_ERR" 'connection 2 .*: ended'
	server_said "liu: connection 1 ($(said 1)): accepted
liu: connection 1 ($(said 1)): probe: step 1 (readexactly 4): the peer closed after 0 bytes
liu: connection 1 ($(said 1)): ended
liu: connection 2 ($(said 2)): accepted
liu: connection 2 ($(said 2)): probe: step 1 (readexactly 4): connection reset by peer
liu: connection 2 ($(said 2)): ended"
}

@test "a peer that resets while it is sent to is a probe, unless it has sent a byte" {
	truncate -s 50M "$BATS_TEST_TMPDIR/big"
	start_liu listen -v -k 127.0.0.1:0 try skip 1 writefile "$BATS_TEST_TMPDIR/big"
	clients 'for data in b"x", b"":
	c = dial(); print(name(c)); c.sendall(data); c.shutdown(socket.SHUT_WR); got(c, 100000); reset(c)'
	wait_for_line "$SERVER_ERR" 'connection 2 .*: ended'
	# Which call meets the reset decides whether it is "broken pipe" or "connection reset by peer".
	sed -E '/: (accepted|ended)$/d; s/(\(writefile) .*\): (broken pipe|connection reset by peer)$/\1): cut/' "$SERVER_ERR" |
		is - 'standard error' "listening on $ADDRESS
liu: connection 1 ($(said 1)): step 2 (writefile): cut
liu: connection 2 ($(said 2)): step 1 (try skip 1): the peer closed after 0 bytes (tried)
liu: connection 2 ($(said 2)): probe: step 2 (writefile): cut"
}

@test "--accept N: the same is a failure, and so it is of one listen" {
	start_liu listen --accept 2 127.0.0.1:0 readline
	probes 'probe("end"); probe("reset")'
	ends 7
	server_said "liu: connection 1 ($(said 1)): step 1 (readline): the peer closed after 0 bytes
liu: connection 2 ($(said 2)): step 1 (readline): connection reset by peer"
	start_liu listen 127.0.0.1:0 readline
	probes 'probe("reset")'
	ends 1
}

@test "a silent peer that a limit ends is a failure" {
	start_liu listen -k --step-timeout 0.1 127.0.0.1:0 readline
	clients 'c = dial(); print(name(c)); same(b"", rest(c))'
	server_said "liu: connection 1 ($(said 1)): step 1 (readline): timed out after 0.1 s (--step-timeout)"
	stop "$SERVER"
	start_liu listen -k --handshake-timeout 0.1 tls:127.0.0.1:0 readline
	clients 'c = dial(); print(name(c)); same(b"", rest(c))'
	wait_for_line "$SERVER_ERR" handshake
	assert_equal "liu: connection 1 ($(said 1)): TLS handshake: timed out after 0.1 s (--handshake-timeout)" "$REPLY"
}

@test "what else fails in a connection without a byte is a failure" {
	start_liu listen -k 127.0.0.1:0 info family expect unix readline
	probes 'probe("end")'
	server_said "liu: connection 1 ($(said 1)): step 2 (expect unix): got 'inet', expected 'unix'"
}

# tls_lines: what the listener has said but for its address and its pin.
tls_lines() {
	grep -v -e '^listening on' -e '^certificate pin' "$SERVER_ERR"
}

@test "TLS: a connection without a handshake, and one that ends after it, are probes" {
	start_liu listen -v -k tls:127.0.0.1:0 readline
	probes 'probe("end"); probe("reset"); probe("end", b"\x16"); probe("end", b"\x16\x03\x01")
import ssl
context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
for end in "close_notify", "cut":
	c = context.wrap_socket(dial()); print(name(c))
	if end == "cut":
		s = socket.socket(fileno=c.detach()); s.settimeout(DEADLINE); s.shutdown(socket.SHUT_WR); rest(s); s.close()
	else: c.unwrap().close()'
	wait_for_line "$SERVER_ERR" 'connection 6 .*: ended'
	tls_lines | grep -v -e ': accepted$' -e ': ended$' -e TLSv | is - 'standard error' \
"liu: connection 1 ($(said 1)): probe: the peer closed the connection without a TLS handshake
liu: connection 2 ($(said 2)): probe: the connection broke during the TLS handshake: connection reset by peer
liu: connection 3 ($(said 3)): the peer closed the connection during the TLS handshake
liu: connection 4 ($(said 4)): the peer closed the connection during the TLS handshake
liu: connection 5 ($(said 5)): probe: step 1 (readline): the peer closed after 0 bytes
liu: connection 6 ($(said 6)): probe: step 1 (readline): the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)"
}

@test "--json: a probe has the events of its steps, and no error event" {
	start_liu listen --json -k 127.0.0.1:0 readline
	probes 'probe("end")'
	wait_for_line "$SERVER_OUT" '"close"'
	sed 1d "$SERVER_OUT" | sed -E 's/127\.0\.0\.1:[0-9]+/ADDRESS/g; s/("duration":).*/\1TIME}/' | is - 'standard output' \
'{"event":"open","conn":1,"peername":"ADDRESS","sockname":"ADDRESS","tls":null}
{"event":"step","conn":1,"index":1,"step":"readline","ok":false,"error":"incomplete-read","message":"step 1 (readline): the peer closed after 0 bytes","bytes":0,"data":""}
{"event":"close","conn":1,"sent":0,"received":0,"duration":TIME}'
	server_said ''
	stop "$SERVER"
	start_liu listen --json -k tls:127.0.0.1:0 readline
	probes 'probe("reset"); probe("end", b"GET / HTTP/1.0\r\n")'
	wait_for_line "$SERVER_OUT" '"conn"'
	assert_equal '{"event":"error","conn":2,"error":"tls","message":"the peer does not speak TLS: it sent '"'GET / HTTP/1.0'"'"}' "$REPLY"
}
