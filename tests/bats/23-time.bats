#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 23-time: deadlines, the orderly end, and several addresses.

load helpers
load peer

# timed ARGUMENT...: run_liu, and how long it took: $TOOK, milliseconds.
timed() {
	TOOK=$(now_ms)
	run_liu "$@"
	TOOK=$(($(now_ms) - TOOK))
}

# took MIN [MAX]: it took at least MIN milliseconds, and less than MAX (generous: 8 s).
took() {
	[ "$TOOK" -ge "$1" ] && [ "$TOOK" -lt "${2:-8000}" ] && return
	fail "--- took $TOOK ms, not $1 to ${2:-8000} ---"
}

# quickly ARGUMENT...: it succeeds without the second that a silent peer is waited for. A busy machine
# may be slow once; five times out of five is liu's doing.
quickly() {
	for _ in 1 2 3 4 5; do
		timed "$@"
		assert_status 0 || return
		[ "$TOOK" -ge 950 ] || return 0
	done
	fail "--- took $TOOK ms: liu $* ---"
}

# A listener whose backlog is full takes no more: a black hole. full_backlog [HOST]; $FULL is its port.
full_backlog() {
	start python3 -c "$PEER_PRELUDE"'
s = listen(0, sys.argv[1])
held = []
while True:
	c = socket.socket(s.family)
	c.setblocking(False)
	c.connect_ex(s.getsockname())
	held.append(c)
	if not select.select([], [c], [], 0.3)[1]: break
ready(s)
signal.pause()' "${1:-127.0.0.1}"
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	FULL=$(cat "$PID_OUT")
}

# A peer that accepts, sends nothing, reads nothing and stays.
silent_peer() {
	peer 'small(s)
c = [accept()]
while True: c.append(accept())'
}

# --- --timeout covers everything -------------------------------------------------------

# A resolver that does not answer, in namespaces of its own: dns_black_hole WORD... runs liu there.
dns_black_hole() {
	need unshare ip mount
	unshare -m -n true 2>/dev/null || skip "no new namespaces here"
	rm -f "$BATS_TEST_TMPDIR/took"
	echo "nameserver 127.0.0.1" >"$BATS_TEST_TMPDIR/resolv.conf"
	TOOK=$(now_ms)
	# shellcheck disable=SC2016 # for the inner shell
	capture timeout -k 5 "$LIU_TIMEOUT" unshare -m -n bash -c '
		mount --bind "$1" /etc/resolv.conf && ip link set lo up || exit 77
		python3 -c "import socket, signal
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"127.0.0.1\", 53)); print(flush=True)
signal.alarm(60)
signal.pause()" >"$2" & peer=$!
		until [ -s "$2" ]; do read -r -t 0.02 <>"$3" || :; done
		begin=${EPOCHREALTIME/./}
		"$LIU" "${@:4}" </dev/null
		status=$?
		echo $(((${EPOCHREALTIME/./} - begin) / 1000)) >"$2"
		kill "$peer"
		exit "$status"' x "$BATS_TEST_TMPDIR/resolv.conf" "$BATS_TEST_TMPDIR/took" \
		"$BATS_TEST_TMPDIR/never" "$@" 2>&1
	[ "$status" -ne 77 ] || skip "no mounts here"
	TOOK=$(cat "$BATS_TEST_TMPDIR/took")
}

@test "--timeout covers the name: a resolver that does not answer" {
	pause # makes the pipe that nobody writes to
	dns_black_hole connect -w 0.7 nowhere.example:80
	assert_status 6
	took 700 2500
	assert_error_is 'liu: looking up nowhere.example: timed out after 0.7 s (--timeout)'
	dns_black_hole head --timeout=700ms nowhere.example
	assert_status 6
	took 700 2500
	assert_error_is 'liu: nowhere.example: looking up nowhere.example: timed out after 0.7 s (--timeout)'
	dns_black_hole connect --connect-timeout 0.7 nowhere.example:80
	assert_status 6
	took 700 2500
	assert_error_is 'liu: looking up nowhere.example: timed out after 0.7 s (--connect-timeout)'
}

@test "--timeout covers the connection" {
	full_backlog
	timed connect -w 0.5 "127.0.0.1:$FULL"
	assert_status 6
	took 500
	assert_output_is ''
	assert_error_is "liu: connecting to 127.0.0.1:$FULL: timed out after 0.5 s (--timeout)"
	timed head -w 0.5 "127.0.0.1:$FULL"
	assert_status 6
	took 500
	assert_error_is "liu: 127.0.0.1:$FULL: connecting to 127.0.0.1:$FULL: timed out after 0.5 s (--timeout)"
}

@test "--timeout covers the TLS handshake" {
	silent_peer
	timed connect -w 0.5 --insecure "tls:127.0.0.1:$PEER_PORT" read
	assert_status 6
	took 500
	assert_output_is ''
	assert_error_is "liu: --insecure: the peer's certificate is not checked
liu: TLS handshake with 127.0.0.1:$PEER_PORT: timed out after 0.5 s (--timeout)"
	timed head -w 0.5 --insecure "https://127.0.0.1:$PEER_PORT"
	assert_status 6
	took 500
	assert_error_has "TLS handshake with 127.0.0.1:$PEER_PORT: timed out after 0.5 s (--timeout)"
}

@test "--timeout is over for the URLs behind it too: head dials no more" {
	peer 'text = b""
while text != b"end":
	c = accept()
	text = c.recv(7)
	say(text)
	if text != b"end": all_of(c)'
	timed head -w 0.7 "127.0.0.1:$PEER_PORT/1" "127.0.0.1:$PEER_PORT/2"
	assert_status 6
	took 650
	assert_output_is ''
	run_liu connect "127.0.0.1:$PEER_PORT" write end
	peer_says $'b\'HEAD /1\'\nb\'end\''
}

DRIPS='
while True:
	c = accept()
	try:
		while True:
			c.sendall(b".")
			wait(0.05)
	except OSError: pass'

# bats test_tags=pump
@test "--timeout: a peer that drips does not outlive it" {
	peer "$DRIPS"
	timed connect -w 0.7 "127.0.0.1:$PEER_PORT" read
	assert_status 6
	took 650
	grep -qxE '\.+' "$OUT" || fail "nothing was printed"
	assert_error_is 'liu: step 1 (read): timed out after 0.7 s (--timeout)'
	timed connect -w 0.7 "127.0.0.1:$PEER_PORT"
	assert_status 6
	took 650
	assert_error_is 'liu: timed out after 0.7 s (--timeout)'
	timed connect -w 0.7 "127.0.0.1:$PEER_PORT" readline
	assert_status 6
	took 650
	assert_output_is ''
	assert_error_is 'liu: step 1 (readline): timed out after 0.7 s (--timeout)'
	timed head -w 0.7 "127.0.0.1:$PEER_PORT"
	assert_status 6
	took 650
	assert_error_has 'timed out after 0.7 s (--timeout)'
}

# bats test_tags=pump
@test "--timeout covers a standard output that nobody reads" {
	local steps
	peer 'while True: c = accept(); c.sendall(b"x" * 3000000); c.close()'
	for steps in 'read' '' 'readexactly 2M'; do
		# shellcheck disable=SC2086 # words by intention
		capture harness '
began = time.monotonic()
p = subprocess.Popen([LIU, "connect", "-w", "0.7", "127.0.0.1:" + sys.argv[1]] + sys.argv[2:], stdin=subprocess.DEVNULL,
	stdout=subprocess.PIPE)
print(p.wait(20), 0.65 < time.monotonic() - began < 8)' "$PEER_PORT" $steps
		assert_output_is '6 True'
		assert_equal 1 "$(wc -l <"$ERR")" "lines on standard error" || fail "$(cat "$ERR")"
		assert_error_has 'timed out after 0.7 s (--timeout)'
	done
}

@test "--timeout covers what is left to write when the work is over" {
	# 200 KB fit in what liu may hold and the pipe has, so all steps are done.
	peer 'while True: c = accept(); c.sendall(b"x" * 100000); c.close()'
	capture harness '
p = subprocess.Popen([LIU, "connect", "-w", "0.7", "127.0.0.1:" + sys.argv[1], "skip", "20000", "read", "80000"],
	stdout=subprocess.PIPE)
print(p.wait(20))' "$PEER_PORT"
	[ "$(cat "$OUT")" = 0 ] && return # the pipe has taken it all
	assert_output_is 6
	assert_error_is 'liu: timed out after 0.7 s (--timeout), writing to standard output'
}

# bats test_tags=pump
@test "--timeout holds while sending and while closing too" {
	head -c 20000000 /dev/zero >"$BATS_TEST_TMPDIR/file"
	big_writes
	silent_peer
	timed connect -w 0.7 "127.0.0.1:$PEER_PORT" writefile "$BATS_TEST_TMPDIR/file"
	assert_status 6
	took 650
	assert_error_is "liu: step 1 (writefile $BATS_TEST_TMPDIR/file): timed out after 0.7 s (--timeout)"
	timed connect -w 0.7 --close-timeout 60 "127.0.0.1:$PEER_PORT" "${WRITES[@]}"
	assert_status 6
	took 650
	assert_error_is 'liu: closing: timed out after 0.7 s (--timeout)'
}

# bats test_tags=pump
@test "listen: --timeout is for each connection, from accept to its end" {
	start_liu listen -k -w 0.7 127.0.0.1:0 readline write 'reply\n' read
	wait_until_over 1000
	timed connect "$ADDRESS" write 'x\n' read
	assert_status 0
	took 650
	assert_output_is reply
	timed connect "$ADDRESS" read
	assert_status 0
	took 650
	wait_until has_lines "$SERVER_ERR" 3
	sed -i 's/127.0.0.1:[0-9]*: /PEER: /' "$SERVER_ERR"
	is "$SERVER_ERR" 'standard error of the listener' "listening on $ADDRESS
liu: PEER: step 3 (read): timed out after 0.7 s (--timeout)
liu: PEER: step 1 (readline): timed out after 0.7 s (--timeout)"
	is_gone "$SERVER" && fail "the listener has ended"
	return 0
}

wait_until_over() {
	local end=$(($(now_ms) + $1))
	while [ "$(now_ms)" -lt "$end" ]; do pause; done
}

has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# bats test_tags=pump
@test "listen without -k: a connection that is late is exit 6; echo goes on" {
	start_liu listen -w 0.4 127.0.0.1:0 readline
	run_liu connect "$ADDRESS" read
	wait_exit "$SERVER"
	assert_equal 6 "$status" "exit status of the listener"
	start_liu echo -w 0.4 127.0.0.1:0
	timed connect "$ADDRESS" write x readexactly 1 read
	assert_status 0
	assert_output_bytes x
	wait_for_line "$SERVER_ERR" 'timed out after 0.4 s \(--timeout\)'
	is_gone "$SERVER" && fail "echo has ended"
	return 0
}

# bats test_tags=pump
@test "listen: --timeout covers the TLS handshake" {
	make_certs
	start_liu listen -w 0.4 --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0
	run_liu connect "127.0.0.1:$PORT" read
	wait_exit "$SERVER"
	assert_equal 6 "$status" "exit status of the listener"
	sed -i 's/127.0.0.1:[0-9]*: /PEER: /' "$SERVER_ERR"
	is "$SERVER_ERR" 'standard error of the listener' "listening on $ADDRESS
liu: PEER: TLS handshake: timed out after 0.4 s (--timeout)"
}

# nobody_reads ARGUMENT...: of a listener's standard output.
nobody_reads() {
	capture harness '
p = subprocess.Popen([LIU, "listen", "-w", "0.7"] + sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
c = socket.create_connection(("127.0.0.1", int(p.stderr.readline().decode().rsplit(":", 1)[1])))
try: c.sendall(b"x" * 10000000)
except OSError: pass
print(p.wait(10), p.stderr.read().count(b"\n"))' "$@"
	assert_error_is ''
	assert_output_is '6 1'
}

# bats test_tags=pump
@test "listen: --timeout covers a standard output that nobody reads" {
	nobody_reads 127.0.0.1:0 read
	nobody_reads --pump buffered 127.0.0.1:0 read
	nobody_reads 127.0.0.1:0 readexactly 1000000
}

# --- the other limits ------------------------------------------------------------------

@test "--connect-timeout is one budget for name, connection and handshake" {
	full_backlog
	timed connect --connect-timeout 0.5 "127.0.0.1:$FULL"
	assert_status 6
	took 500
	assert_output_is ''
	assert_equal 1 "$(wc -l <"$ERR")" "lines on standard error"
	assert_error_has "liu: connecting to 127.0.0.1:$FULL: timed out after 0.5 s (--connect-timeout)"
	silent_peer
	timed connect --connect-timeout 0.5 --insecure "tls:127.0.0.1:$PEER_PORT"
	assert_status 6
	took 500
	assert_error_is "liu: --insecure: the peer's certificate is not checked
liu: TLS handshake with 127.0.0.1:$PEER_PORT: timed out after 0.5 s (--connect-timeout)"
	timed head --connect-timeout 0.5 "127.0.0.1:$FULL"
	assert_status 6
	took 500
}

@test "--connect-timeout is over once the stream is open" {
	peer 'c = accept(); wait(1); c.sendall(b"late\n"); c.close()'
	timed connect --connect-timeout 0.5 "127.0.0.1:$PEER_PORT" readline
	assert_status 0
	assert_output_is late
}

@test "--handshake-timeout, dialling" {
	silent_peer
	timed connect --handshake-timeout 0.5 --insecure "tls:127.0.0.1:$PEER_PORT"
	assert_status 6
	took 500
	assert_error_is "liu: --insecure: the peer's certificate is not checked
liu: TLS handshake with 127.0.0.1:$PEER_PORT: timed out after 0.5 s (--handshake-timeout)"
}

# bats test_tags=pump
@test "--handshake-timeout, listening: a silent client does not hold up others, and counts" {
	make_certs
	start_liu listen -k --handshake-timeout 0.7 --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" \
		127.0.0.1:0 write 'hello\n'
	start "$LIU" connect "127.0.0.1:$PORT" read
	local silent=$PID
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" read
	assert_status 0
	assert_output_is hello
	wait_exit "$silent"
	wait_until has_lines "$SERVER_ERR" 2
	sed -i 's/127.0.0.1:[0-9]*: /PEER: /' "$SERVER_ERR"
	is "$SERVER_ERR" 'standard error of the listener' "listening on $ADDRESS
liu: PEER: TLS handshake: timed out after 0.7 s (--handshake-timeout)"
	start_liu listen --handshake-timeout 0.3 --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0
	run_liu connect "127.0.0.1:$PORT" read
	wait_exit "$SERVER"
	assert_equal 6 "$status" "exit status of the listener"
}

@test "--step-timeout is for each step" {
	peer 'c = accept()
for i in range(4):
	wait(0.4)
	c.sendall(b"x")
all_of(c)'
	timed connect --step-timeout 0.9 "127.0.0.1:$PEER_PORT" readexactly 1 readexactly 1 readexactly 1 \
		readexactly 1 readexactly 1
	assert_status 6
	took 2300
	assert_output_bytes xxxx
	assert_error_is 'liu: step 5 (readexactly 1): timed out after 0.9 s (--step-timeout)'
}

@test "--step-timeout: what a read had so far is not lost to the next step" {
	peer 'c = accept(); c.sendall(b"half"); all_of(c)'
	run_liu connect --step-timeout 0.4 "127.0.0.1:$PEER_PORT" try readline read 100
	assert_status 0
	assert_output_bytes half
	assert_error_is 'liu: step 1 (try readline): timed out after 0.4 s (--step-timeout) (tried)'
}

# bats test_tags=pump
@test "--idle-timeout: no byte either way" {
	silent_peer
	timed connect --idle-timeout 0.5 "127.0.0.1:$PEER_PORT" read
	assert_status 6
	took 450
	assert_error_is 'liu: step 1 (read): timed out after 0.5 s (--idle-timeout)'
	timed connect --idle-timeout 0.5 "127.0.0.1:$PEER_PORT"
	assert_status 6
	took 450
	assert_error_is 'liu: timed out after 0.5 s (--idle-timeout)'
}

# bats test_tags=pump
@test "--idle-timeout: received bytes put it off, sent ones too" {
	peer 'c = accept()
for i in range(8):
	c.sendall(b"x")
	wait(0.3)
c.close()
c = accept()
got = all_of(c)
say(len(got))
c.close()'
	timed connect --idle-timeout 1 "127.0.0.1:$PEER_PORT" read
	assert_status 0
	took 2100
	assert_output_bytes xxxxxxxx
	timed connect --idle-timeout 1 "127.0.0.1:$PEER_PORT" < <(for _ in 1 2 3 4 5 6 7; do
		printf x
		wait_until_over 300
	done)
	assert_status 0
	took 1800
	assert_error_is ''
	peer_says 7
}

# --- the orderly end -------------------------------------------------------------------

@test "a peer that ends lets go at once" {
	peer 'while True: c = accept(); all_of(c); c.close()'
	quickly connect "127.0.0.1:$PEER_PORT" write x
}

@test "a silent peer is waited for about 1 s" {
	silent_peer
	timed connect "127.0.0.1:$PEER_PORT" write x
	assert_status 0
	assert_error_is ''
	took 950
	quickly connect --close-timeout 0.3 "127.0.0.1:$PEER_PORT" write x
	assert_error_is ''
	took 290
}

@test "a peer that goes on sending is listened to for --close-timeout, no longer" {
	peer "$DRIPS"
	timed connect --close-timeout 1.8 "127.0.0.1:$PEER_PORT" write x
	assert_status 0
	assert_error_is ''
	assert_output_is ''
	took 1700
}

@test "--close-timeout without a byte leaving: exit 6 with the number unsent" {
	local sent
	big_writes
	silent_peer
	timed connect --json --close-timeout 0.7 "127.0.0.1:$PEER_PORT" "${WRITES[@]}"
	assert_status 6
	took 650
	grep -qxE 'liu: closing: [0-9]+ bytes could not be sent: the peer reads nothing' "$ERR" || fail "$(cat "$ERR")"
	sent=$(sed -n 's/.*"close".*"sent":\([0-9]*\),.*/\1/p' "$OUT")
	[ "$(tr -dc 0-9 <"$ERR")" -ge $((1500000 - sent)) ] || fail "sent $sent, and $(cat "$ERR")"
	[ "$(tr -dc 0-9 <"$ERR")" -le 1500000 ] || fail "$(cat "$ERR")"
}

@test "there is no limit while bytes leave: a slow reader gets everything" {
	big_writes
	peer '
small(s)
c = accept()
got = 0
while True:
	piece = c.recv(10000)
	if not piece: break
	got += len(piece)
	wait(0.02)
say(got)'
	timed connect --close-timeout 1 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" close
	assert_status 0
	assert_error_is ''
	took 1200 60000
	peer_says 1500000
}

# bats test_tags=pump
@test "the tail is not lost when the peer has sent what nobody reads" {
	head -c 1000000 /dev/zero >"$BATS_TEST_TMPDIR/file"
	for _ in 1 2 3; do
		start_liu listen 127.0.0.1:0 skip 1 writefile "$BATS_TEST_TMPDIR/file"
		capture harness '
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
c.sendall(b"x" * 100000)
wait(0.1)
got = 0
while True:
	try:
		piece = c.recv(65536)
		c.sendall(b"more" * 100)
	except BrokenPipeError: continue
	if not piece: break
	got += len(piece)
	wait(0.003)
print(got)' "$PORT"
		assert_error_is ''
		assert_output_is 1000000
		wait_exit "$SERVER"
		assert_equal 0 "$status" "exit status of the listener"
	done
}

@test "a peer that has half-closed, reads nothing and resets is no clean end" {
	peer 'small(s)
c = accept()
c.shutdown(socket.SHUT_WR)
wait(0.4)
reset(c)'
	timed connect "127.0.0.1:$PEER_PORT" at-eof write "$(printf '%0100000d' 0)"
	assert_status 1
	assert_output_is ''
	grep -qxE 'liu: closing: connection reset by peer with [1-9][0-9]* bytes unsent' "$ERR" ||
		fail "$(cat "$ERR")"
}

# bats test_tags=pump
@test "... nor over TLS, with session tickets left unread" {
	make_certs
	head -c 3000000 /dev/zero >"$BATS_TEST_TMPDIR/file"
	start_liu listen -k --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 \
		writefile "$BATS_TEST_TMPDIR/file"
	assert_equal 3000000 "$(liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" write unread read | wc -c)"
	start_liu listen --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 read
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" writefile "$BATS_TEST_TMPDIR/file"
	assert_status 0
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	assert_equal 3000000 "$(wc -c <"$SERVER_OUT")" "bytes received"
}

@test "abort and head do not wait" {
	silent_peer
	quickly connect "127.0.0.1:$PEER_PORT" write x abort
	peer 'c = []
while True:
	c.append(accept())
	c[-1].sendall(b"HTTP/1.1 200 OK\r\n\r\n")'
	quickly head "127.0.0.1:$PEER_PORT"
	assert_output_has 'HTTP/1.1 200 OK'
}

# bats test_tags=pump
@test "after a timeout nothing is closed in order" {
	local least=9999
	silent_peer
	for _ in 1 2 3 4 5; do
		timed connect --step-timeout 0.2 "127.0.0.1:$PEER_PORT" write x read
		assert_status 6
		took 200
		[ "$TOOK" -ge "$least" ] || least=$TOOK
		[ "$least" -ge 1150 ] || return 0
	done
	fail "took $least ms"
}

# --- what counts -----------------------------------------------------------------------

@test "a deadline comes before what it caused" {
	silent_peer
	run_liu connect -w 0.4 "127.0.0.1:$PEER_PORT" try readline write x
	assert_status 6
	assert_error_is 'liu: step 1 (try readline): timed out after 0.4 s (--timeout)'
	run_liu connect -w 0.4 "127.0.0.1:$PEER_PORT" readexactly 5 expect x
	assert_status 6
	assert_error_is 'liu: step 1 (readexactly 5): timed out after 0.4 s (--timeout)'
}

@test "the first failure in time counts" {
	big_writes
	peer 'small(s); c = accept(); c.sendall(b"x\n"); c.shutdown(socket.SHUT_WR); accept(); accept()'
	run_liu connect --close-timeout 0.3 "127.0.0.1:$PEER_PORT" readline "${WRITES[@]}" readline
	assert_status 7
	assert_output_is x
	assert_error_is 'liu: step 17 (readline): the peer closed after 0 bytes'
	run_liu connect -w 0.9 --close-timeout 60 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" info family expect nothing
	assert_status 9
	assert_error_is "liu: step 17 (expect nothing): got '$(cat "$OUT")'"
}

# --- several addresses -----------------------------------------------------------------

# A black hole on one family and a peer on the same port of the other: $EYES.
half_black() {
	start python3 -c "$PEER_PRELUDE"'
hole_host, good_host = sys.argv[1:]
while True:
	hole = listen(0, hole_host)
	good = socket.socket(socket.AF_INET6 if ":" in good_host else socket.AF_INET)
	if ":" in good_host: good.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
	try: good.bind((good_host, hole.getsockname()[1]))
	except OSError: continue
	break
good.listen()
held = []
while True:
	c = socket.socket(hole.family)
	c.setblocking(False)
	c.connect_ex(hole.getsockname())
	held.append(c)
	if not select.select([], [c], [], 0.3)[1]: break
ready(good)
while True:
	c = good.accept()[0]
	c.sendall(good_host.encode() + b"\n")
	all_of(c)
	c.close()' "$1" "$2"
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	EYES=$(cat "$PID_OUT")
}

@test "a black-holed ::1 does not hold up 127.0.0.1 for long" {
	[ -e /proc/net/if_inet6 ] || skip "no IPv6"
	half_black ::1 127.0.0.1
	timed connect "$EYES" readline
	assert_status 0
	assert_output_is 127.0.0.1
	assert_error_is ''
	took 200 5000
	timed connect --happy-eyeballs-delay 1500ms "$EYES" readline
	assert_status 0
	assert_output_is 127.0.0.1
	took 1500
	timed connect --happy-eyeballs-delay 60 --connect-timeout 0.5 "$EYES" readline
	assert_status 6
	getent ahosts localhost | grep -q ^::1 || return 0
	timed connect --happy-eyeballs-delay 1500ms "localhost:$EYES" readline
	assert_status 0
	took 1500
}

@test "the address that works is used at once, whatever the other does" {
	[ -e /proc/net/if_inet6 ] || skip "no IPv6"
	half_black 127.0.0.1 ::1
	timed connect --happy-eyeballs-delay 60 "$EYES" readline
	assert_status 0
	assert_output_is ::1
	took 0 5000
}

@test "when all addresses fail each is named with its reason" {
	[ -e /proc/net/if_inet6 ] || skip "no IPv6"
	refused_port
	timed connect --happy-eyeballs-delay 60 "$REFUSED"
	assert_status 4
	took 0 5000
	assert_equal 1 "$(wc -l <"$ERR")" "lines on standard error"
	assert_error_has "[::1]:$REFUSED"
	assert_error_has "127.0.0.1:$REFUSED"
	assert_error_has 'connection refused'
}
