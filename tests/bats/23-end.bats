#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 23-end: the orderly end, and several addresses.

load helpers
load peer
load timing

# quickly ARGUMENT...: it succeeds without the second that a silent peer is waited for, apart from what it
# takes to start. A busy machine may be slow once; five times out of five is liu's doing.
quickly() {
	local start
	for _ in 1 2 3 4 5; do
		timed help
		start=$TOOK
		timed "$@"
		assert_status 0 || return
		[ $((TOOK - start)) -ge 950 ] || return 0
	done
	fail "--- took $TOOK ms: liu $* ---"
}

# --- the orderly end -------------------------------------------------------------------

@test "a peer that ends lets go at once" {
	peer 'while True: c = accept(); rest(c); c.close()'
	quickly connect "127.0.0.1:$PEER_PORT" write x
}

@test "a silent peer is waited for about 1 s" {
	silent_peer
	timed connect --close-timeout 60 "127.0.0.1:$PEER_PORT" write x # which is not what ends it
	assert_status 0
	assert_error_is ''
	took 950
	quickly connect --close-timeout 0.3 "127.0.0.1:$PEER_PORT" write x
	assert_error_is ''
	took 290
}

@test "... also after it has taken its time to read" {
	head -c 20000000 /dev/zero >"$BATS_TEST_TMPDIR/file"
	peer 'c = accept()
wait(0.3)
while c.recv(1 << 20): pass
accept()'
	timed connect --close-timeout 6 --high-water 30M --low-water 20M "127.0.0.1:$PEER_PORT" \
		writefile "$BATS_TEST_TMPDIR/file"
	assert_status 0
	assert_error_is ''
	took 1250 5000
}

@test "a peer that goes on sending is listened to for --close-timeout, no longer" {
	peer "$DRIPS"
	for _ in 1 2 3 4 5; do # a peer that is late by a second was silent
		timed connect -q --close-timeout 1.8 "127.0.0.1:$PEER_PORT" write x
		assert_status 0
		assert_error_is ''
		assert_output_is ''
		[ "$TOOK" -lt 1690 ] || break
	done
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

@test "without --close-timeout a reader may stall as long as it likes" {
	big_writes
	peer 'small(s); c = accept(); wait(3.5); say(len(rest(c)))'
	timed connect "127.0.0.1:$PEER_PORT" "${WRITES[@]}"
	assert_status 0
	assert_error_is ''
	took 3400 20000
	peer_says 1500000
}

@test "after a failed step it has 3 s" {
	big_writes
	silent_peer
	timed connect "127.0.0.1:$PEER_PORT" "${WRITES[@]}" info family expect nothing
	assert_status 9
	took 2900 6000
}

@test "--idle-timeout ends what cannot be sent, and nothing else of the closing" {
	big_writes
	silent_peer
	timed connect --idle-timeout 0.5 "127.0.0.1:$PEER_PORT" "${WRITES[@]}"
	assert_status 6
	took 450
	grep -qxE 'liu: closing: timed out after 0.5 s \(--idle-timeout\) with [0-9]+ bytes unsent' "$ERR" || fail "$(cat "$ERR")"
	timed connect --idle-timeout 0.7 "127.0.0.1:$PEER_PORT" write x
	assert_status 0
	assert_error_is ''
}

# bats test_tags=pump
@test "--close-timeout counts once the rest of a file fits below --high-water" {
	head -c 5M /dev/zero >"$BATS_TEST_TMPDIR/file"
	silent_peer
	timed connect --high-water 10M --close-timeout 0.7 "127.0.0.1:$PEER_PORT" writefile "$BATS_TEST_TMPDIR/file"
	assert_status 6
	took 650
	grep -qxE 'liu: closing: [0-9]+ bytes could not be sent: the peer reads nothing' "$ERR" || fail "$(cat "$ERR")"
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
	timed connect --close-timeout 2.5 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" close
	assert_status 0
	assert_error_is ''
	took 2700 60000
	peer_says 1500000
}

# bats test_tags=pump
@test "the tail is not lost when the peer has sent bytes that are never read" {
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

@test "a peer that has half-closed, reads nothing and resets is not a clean end" {
	peer 'small(s)
c = accept()
c.shutdown(socket.SHUT_WR)
select.select([c], [], [], 20)
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

# --- several addresses -----------------------------------------------------------------

# A black hole on one family and a peer on the same port of the other: $EYES.
half_black() {
	start python3 -IS -c "$PEER_PRELUDE"'
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
	rest(c)
	c.close()' "$1" "$2"
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	EYES=$REPLY
}

@test "a black-holed ::1 does not hold up 127.0.0.1 for long" {
	need_ipv6
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
	need_ipv6
	half_black 127.0.0.1 ::1
	timed connect --happy-eyeballs-delay 60 "$EYES" readline
	assert_status 0
	assert_output_is ::1
	took 0 5000
}

@test "when all addresses fail each is named with its reason" {
	need_ipv6
	refused_port
	timed connect --happy-eyeballs-delay 60 "$REFUSED"
	assert_status 4
	took 0 5000
	assert_equal 1 "$(wc -l <"$ERR")" "lines on standard error"
	assert_error_has "[::1]:$REFUSED"
	assert_error_has "127.0.0.1:$REFUSED"
	assert_error_has 'connection refused'
}
