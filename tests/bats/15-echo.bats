#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 15-echo: the echo server, and the step echo: as it comes, or by whole frames.

load helpers
load clients

# What all of these ask: send(text) with nothing to come, and ask(text, answer).
FRAMES='c = dial()
def send(text):
	c.sendall(text)
	if not silent(c, 0.1): sys.exit("an answer to a part: %r" % c.recv(100))
def ask(text, answer): c.sendall(text); same(answer, got(c, len(answer)))
def end(answer=b""): c.shutdown(socket.SHUT_WR); same(answer, rest(c))
'

# --- As it comes -----------------------------------------------------------------------

@test "echo sends back every byte as it comes" {
	start_liu echo 127.0.0.1:0
	clients "$FRAMES"'ask(b"a", b"a"); ask(b"\0", b"\0"); ask(bytes(range(256)), bytes(range(256)))
for i in range(300): ask(b"%d" % i, b"%d" % i)
end()'
	is "$SERVER_OUT" 'standard output' ''
	server_said ''
}

@test "echo: the client ends sending and still gets all of it, then the end" {
	start_liu echo 127.0.0.1:0
	clients 'c = dial(); c.sendall(b"half\nclose"); c.shutdown(socket.SHUT_WR); same(b"half\nclose", rest(c))
c = dial(); c.shutdown(socket.SHUT_WR); same(b"", rest(c))'
	server_said ''
}

@test "echo: 20 MB through liu are the same 20 MB" {
	head -c 20000000 /dev/urandom >"$BATS_TEST_TMPDIR/big"
	start_liu echo 127.0.0.1:0
	LIU_TIMEOUT=60 run_liu connect "$ADDRESS" <"$BATS_TEST_TMPDIR/big"
	assert_status 0
	assert_error_is ''
	cmp "$BATS_TEST_TMPDIR/big" "$OUT"
	server_said ''
}

@test "echo: a client that sends and does not read is held up, in bounded memory" {
	[ -r /proc/self/status ] || skip "no /proc"
	ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=64 start_liu echo 127.0.0.1:0
	clients 'def memory(): return int([l for l in open("/proc/%s/status" % sys.argv[2]) if l.startswith("VmRSS")][0].split()[1])
c = dial(); c.sendall(b"x"); same(b"x", got(c, 1)); before = memory()
piece = bytes(range(251)) * 1000; sent = 0; c.setblocking(False)
while sent < 100 << 20:
	if not select.select([], [c], [], 0.5)[1]: break
	try: sent += c.send(piece[sent % 251:])
	except BlockingIOError: pass
else: sys.exit("100 MB are taken, and nothing was read")
if memory() - before > 8192: sys.exit("%d KB more" % (memory() - before))
c.settimeout(DEADLINE); c.shutdown(socket.SHUT_WR); back = rest(c)
same(sent, len(back)); same((piece * (sent // len(piece) + 1))[:sent] == back, True)' "$SERVER"
	server_said ''
}

@test "echo serves clients side by side, and ends by a signal" {
	start_liu echo 127.0.0.1:0
	clients 'a = dial(); b = dial()
for c in b, a, b: c.sendall(b"x"); same(b"x", got(c, 1))
for c in a, b: c.shutdown(socket.SHUT_WR); same(b"", rest(c))'
	server_said ''
	stop "$SERVER"
	assert_equal 143 "$status" 'exit status'
}

@test "echo without an address is a free port on loopback, the same for both families" {
	need_ipv6
	start_liu echo
	[[ $PORT =~ ^[1-9][0-9]*$ ]] || fail "port $PORT"
	wait_for_line "$SERVER_ERR" '^listening on \[::1\]'
	is "$SERVER_ERR" 'standard error' "listening on 127.0.0.1:$PORT
listening on [::1]:$PORT"
	clients 'for host in "127.0.0.1", "::1":
	c = dial(host); c.sendall(b"x"); c.shutdown(socket.SHUT_WR); same(b"x", rest(c))'
}

@test "echo over TLS" {
	local pin
	start_liu echo tls:127.0.0.1:0
	pin=$(sed -n 's/^certificate pin //p' "$SERVER_ERR")
	is "$SERVER_ERR" 'standard error' "certificate pin $pin
listening on $ADDRESS"
	assert_equal "tls:127.0.0.1:$PORT" "$ADDRESS"
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/big"
	run_liu connect --pin "$pin" "$ADDRESS" <"$BATS_TEST_TMPDIR/big"
	assert_status 0
	assert_error_is ''
	cmp "$BATS_TEST_TMPDIR/big" "$OUT"
	run_liu connect --pin "$pin" "$ADDRESS" write 'a\nb' write-eof read
	assert_status 0
	assert_error_is ''
	assert_output_bytes $'a\nb'
}

@test "echo --line over TLS" {
	start_liu echo --line tls:127.0.0.1:0
	clients 'import ssl
context = ssl._create_unverified_context()
c = context.wrap_socket(dial()); c.sendall(b"one\ntw"); same(b"one\n", got(c, 4))
if not silent(c, 0.1): sys.exit("an answer to a part")
c.sendall(b"o\nthree"); same(b"two\n", got(c, 4))'
}

# --- By frames -------------------------------------------------------------------------

@test "--line: a line comes back when it is whole; a last partial one too" {
	start_liu echo --line 127.0.0.1:0
	clients "$FRAMES"'send(b"par"); ask(b"tial\n", b"partial\n")
c.sendall(b"one\n\n\0two\r\nthr"); same(b"one\n\n\0two\r\n", got(c, 11))
if not silent(c, 0.1): sys.exit("an answer to a part")
end(b"thr")'
	server_said ''
}

@test "--exactly N: by N bytes; a last shorter piece too" {
	start_liu echo --exactly 4 127.0.0.1:0
	clients "$FRAMES"'send(b"abc"); ask(b"d", b"abcd"); c.sendall(b"efghijklmn"); same(b"efghijkl", got(c, 8))
if not silent(c, 0.1): sys.exit("an answer to a part")
end(b"mn")'
	server_said ''
}

@test "--until SEP: up to and with the separator; a last partial frame too" {
	start_liu echo --until '\r\n\0' 127.0.0.1:0
	clients "$FRAMES"'send(b"a\r\nb\r\n"); ask(b"\0", b"a\r\nb\r\n\0"); ask(b"\r\n\0c\r\n\0", b"\r\n\0c\r\n\0")
send(b"\r"); send(b"\r\n"); ask(b"\0", b"\r\r\n\0"); send(b"rest\r\n"); end(b"rest\r\n")'
	server_said ''
}

@test "frames byte by byte are the same frames" {
	local mode
	for mode in --line '--exactly 6' '--until wo\n'; do
		# shellcheck disable=SC2086 # words by intention
		start_liu echo $mode 127.0.0.1:0
		clients "$FRAMES"'text = b"onetwo\n"
text = text[:6] if "exactly" in sys.argv[2] else text
for round in range(3):
	for i in range(len(text) - 1):
		c.sendall(text[i:i + 1])
		if round == 0 and not silent(c, 0.02): sys.exit("an answer to a part")
	ask(text[-1:], text)
end()' "$mode"
		server_said ''
	done
}

@test "thousands of frames in one packet, and larger ones up to the limit" {
	start_liu echo --line 127.0.0.1:0
	clients "$FRAMES"'lines = b"".join(b"%d\n" % i for i in range(10000)); ask(lines, lines)
ask(b"\n" * 30000, b"\n" * 30000); long = b"x" * 65536 + b"\n"; ask(long, long); end()'
	server_said ''
}

@test "the step echo: as it comes, line, exactly N, until SEP" {
	local words
	start_liu listen 127.0.0.1:0 echo
	clients "$FRAMES"'ask(b"a", b"a"); end()'
	ends 0
	start_liu listen 127.0.0.1:0 echo line
	clients "$FRAMES"'send(b"a"); ask(b"b\nc", b"ab\n"); end(b"c")'
	ends 0
	start_liu listen 127.0.0.1:0 echo exactly 3
	clients "$FRAMES"'send(b"ab"); ask(b"cd", b"abc"); end(b"d")'
	ends 0
	start_liu listen 127.0.0.1:0 echo until ';;'
	clients "$FRAMES"'send(b"a;"); ask(b";;", b"a;;"); end(b";")'
	ends 0
	server_said ''
}

@test "the step echo works in connect, and after other steps" {
	start python3 -IS -c 'import socket
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
c = s.accept()[0]; f = c.makefile("rwb")
f.write(b"first\nsecond\nthird"); f.flush(); c.shutdown(socket.SHUT_WR)
print(repr(f.read()))'
	wait_for_line "$PID_OUT" '^[0-9]'
	run_liu connect "127.0.0.1:$REPLY" readline write '>' echo line
	assert_status 0
	assert_output_is first
	assert_error_is ''
	wait_exit "$PID"
	assert_equal "b'>second\\nthird'" "$(tail -n 1 "$PID_OUT")" 'what the peer got'
}

@test "a frame past the limit: those before it come back, then the connection fails" {
	start_liu echo --line --limit 8 127.0.0.1:0
	clients 'c = dial(); print(name(c)); c.sendall(b"ab\n12345678\n123456789"); same(b"ab\n12345678\n", rest(c))
c = dial(); c.sendall(b"next\n"); same(b"next\n", got(c, 5))'
	server_said "liu: connection 1 ($(said 1)): no end within the limit of 8 bytes (--limit)"
}

@test "a frame past the limit is exit 8 of the step, which is named" {
	start_liu listen --limit 8 127.0.0.1:0 echo until ';;'
	clients 'c = dial(); print(name(c)); c.sendall(b"12345678;;1234567890"); same(b"12345678;;", rest(c))'
	ends 8
	server_said "liu: connection 1 ($(said 1)): step 1 (echo until ;;): no end within the limit of 8 bytes (--limit)"
}

@test "echo: a total with --json, also of a failure" {
	start_liu listen --json --accept 2 --limit 4 127.0.0.1:0 echo line
	clients 'c = dial(); c.sendall(b"ab\nc"); c.shutdown(socket.SHUT_WR); same(b"ab\nc", rest(c)); c.close()
c = dial(); c.sendall(b"ab\n12345"); same(b"ab\n", rest(c))'
	ends 8
	sed -E 's/"(peername)":"[^"]*"/"\1":"P"/; s/"duration":[0-9.e-]+/"duration":D/' "$SERVER_OUT" |
		is - 'standard output' "{\"event\":\"listening\",\"address\":\"$ADDRESS\"}
{\"event\":\"open\",\"conn\":1,\"peername\":\"P\",\"sockname\":\"$ADDRESS\",\"tls\":null}
{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"echo\",\"ok\":true,\"bytes\":4}
{\"event\":\"close\",\"conn\":1,\"sent\":4,\"received\":4,\"duration\":D}
{\"event\":\"open\",\"conn\":2,\"peername\":\"P\",\"sockname\":\"$ADDRESS\",\"tls\":null}
{\"event\":\"step\",\"conn\":2,\"index\":1,\"step\":\"echo\",\"ok\":false,\"error\":\"limit-overrun\",\"message\":\"step 1 (echo line): no end within the limit of 4 bytes (--limit)\",\"limit\":4,\"consumed\":5,\"bytes\":3}
{\"event\":\"close\",\"conn\":2,\"sent\":3,\"received\":8,\"duration\":D}"
}

@test "echo's options: one way to cut, N within the limit, a separator that is one" {
	local words
	for words in '--line --exactly 4' '--line --until x' '--exactly 4 --until x' '--exactly 0' \
		'--exactly x' '--exactly 64K1' '--exactly 65537' '--limit 8 --exactly 9' '--until \q' \
		'127.0.0.1:0 line'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu echo $words
		assert_status 2 || fail "echo $words"
		assert_output_is ''
		assert_equal 1 "$(wc -l <"$ERR")" "lines for $words"
		assert_error_has '(see: liu echo --help)' || fail "echo $words"
	done
	run_liu echo --until ''
	assert_status 2
	for words in 'exactly' 'exactly 0' 'exactly x' 'exactly 65537' 'until' 'until \q' 'line write x'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu listen 127.0.0.1:0 echo $words
		assert_status 2 || fail "echo $words"
		assert_output_is ''
		assert_equal 1 "$(wc -l <"$ERR")" "lines for echo $words"
		assert_error_has '(see: liu listen --help)' || fail "echo $words"
	done
}

@test "echo --exactly takes a size" {
	start_liu echo --exactly 1K 127.0.0.1:0
	clients "$FRAMES"'send(b"x" * 1023); ask(b"y", b"x" * 1023 + b"y"); end()'
}
