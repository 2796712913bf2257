#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 34-stats: --stats: what came of the connections, at the end and when SIGUSR1 asks.

load helpers
load clients

# says_stats FILE LINE...: the lines of totals in FILE, without rates and times; of equal ones one.
says_stats() {
	grep '^liu: stats: ' "$1" | sed -E 's/ \([0-9.]+ [KMGT]?i?B\/s\)//g; s/ in [0-9]+\.[0-9]{3} s$//' | uniq >"$1.stats" || :
	printf 'liu: stats: %s\n' "${@:2}" | is "$1.stats" 'the totals' -
}

# ask PID FILE: send SIGUSR1, and wait for one line more in FILE.
ask() {
	local before
	before=$(grep -c '^liu: stats: ' "$2") || :
	kill -USR1 "$1"
	wait_until has_stats "$2" $((before + 1))
}

has_stats() {
	[ "$(grep -c '^liu: stats: ' "$1")" -ge "$2" ]
}

@test "connect --stats: bytes, rates and time at the end, also of what fails" {
	start_liu echo 127.0.0.1:0
	run_liu connect --stats "$ADDRESS" write hello readexactly 5
	assert_status 0
	assert_output_bytes hello
	[[ $(cat "$ERR") =~ ^'liu: stats: received 5 bytes ('[0-9.]+' '[KM]?i?B/s'), sent 5 bytes ('[0-9.]+' '[KM]?i?B/s') in '[0-9]+\.[0-9][0-9][0-9]' s'$ ]] ||
		fail "$(cat "$ERR")"
	run_liu connect --stats "$ADDRESS" write 1 write-eof readline readline
	assert_status 7
	says_stats "$ERR" 'received 1 byte, sent 1 byte'
	refused_port
	run_liu connect --stats "127.0.0.1:$REFUSED"
	assert_status 4
	says_stats "$ERR" 'received 0 bytes, sent 0 bytes'
}

# bats test_tags=pump
@test "connect --stats: of a relay, and the peer's end of it" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/big"
	start_liu listen --stats --recv-only 127.0.0.1:0
	capture "$LIU" connect --stats --send-only "$ADDRESS" <"$BATS_TEST_TMPDIR/big"
	assert_status 0
	says_stats "$ERR" 'received 0 bytes, sent 3000000 bytes'
	ends 0
	says_stats "$SERVER_ERR" '1 connection, 0 open, 0 failed, 0 probes, 0 refused; received 3000000 bytes, sent 0 bytes'
	cmp "$BATS_TEST_TMPDIR/big" "$SERVER_OUT"
}

@test "listen --stats counts what became of its connections" {
	start_liu listen -k --stats --deny 127.0.0.2 0.0.0.0:0 readline writeline ok
	clients 'def say(text):
	c = dial(); c.sendall(text); c.shutdown(socket.SHUT_WR); return rest(c)
for i in range(3): same(b"ok\n", say(b"hello\n"))
a, b = dial(), dial(); a.sendall(b"12"); reset(a); b.shutdown(socket.SHUT_WR); rest(b)
c = socket.create_connection(("127.0.0.1", PORT), source_address=("127.0.0.2", 0)); c.settimeout(DEADLINE)
try: same(b"", c.recv(1))
except ConnectionResetError: pass'
	wait_until has_line "$SERVER_ERR" 'connection 4 .*reset'
	stop "$SERVER"
	assert_equal 143 "$status"
	says_stats "$SERVER_ERR" '5 connections, 0 open, 1 failed, 1 probe, 1 refused; received 20 bytes, sent 9 bytes'
}

@test "SIGUSR1 asks a listener at any time, and its steps go on" {
	start_liu echo --stats 127.0.0.1:0
	ask "$SERVER" "$SERVER_ERR"
	clients 'a, b = dial(), dial()
def stats(): return open(sys.argv[3]).read().count("stats: ")
for i in range(3):
	a.sendall(b"hello"); same(b"hello", got(a, 5)); b.sendall(b"x"); same(b"x", got(b, 1))
	before = stats(); os.kill(int(sys.argv[2]), 10); until(lambda: stats() > before)
a.shutdown(socket.SHUT_WR); same(b"", rest(a))
a.close(); b.shutdown(socket.SHUT_WR); same(b"", rest(b))' "$SERVER" "$SERVER_ERR"
	wait_until is_all_closed
	stop "$SERVER"
	assert_equal 143 "$status"
	says_stats "$SERVER_ERR" \
		'0 connections, 0 open, 0 failed, 0 probes, 0 refused; received 0 bytes, sent 0 bytes' \
		'2 connections, 2 open, 0 failed, 0 probes, 0 refused; received 6 bytes, sent 6 bytes' \
		'2 connections, 2 open, 0 failed, 0 probes, 0 refused; received 12 bytes, sent 12 bytes' \
		'2 connections, 2 open, 0 failed, 0 probes, 0 refused; received 18 bytes, sent 18 bytes' \
		'2 connections, 0 open, 0 failed, 0 probes, 0 refused; received 18 bytes, sent 18 bytes'
}

is_all_closed() {
	kill -USR1 "$SERVER"
	has_line "$SERVER_ERR" '2 connections, 0 open'
}

@test "SIGUSR1 asks connect, too" {
	start_liu echo 127.0.0.1:0
	start "$LIU" connect --stats "$ADDRESS" write hello readexactly 5 sleep 60
	wait_until has_text "$PID_OUT" hello
	ask "$PID" "$PID_ERR"
	ask "$PID" "$PID_ERR"
	stop "$PID"
	assert_equal 143 "$status"
	assert_equal 3 "$(wc -l <"$PID_ERR")"
	says_stats "$PID_ERR" 'received 5 bytes, sent 5 bytes'
}

# bats test_tags=pump
@test "SIGUSR1 while bytes move loses none" {
	head -c 20000000 /dev/urandom >"$BATS_TEST_TMPDIR/big"
	start_liu echo 127.0.0.1:0
	STDIN=$BATS_TEST_TMPDIR/big start "$LIU" connect --stats "$ADDRESS"
	wait_until test -s "$PID_OUT"
	until is_gone "$PID"; do
		kill -USR1 "$PID" 2>/dev/null || :
		pause 0.002
	done
	wait_exit "$PID"
	assert_equal 0 "$status"
	cmp "$BATS_TEST_TMPDIR/big" "$PID_OUT"
	tail -n 1 "$PID_ERR" | grep -q 'received 20000000 .* sent 20000000 ' || fail "$(cat "$PID_ERR")"
}

@test "when a signal ends liu it says the totals first, those of open connections too" {
	local signal
	for signal in TERM HUP; do
		start_liu echo --stats 127.0.0.1:0
		clients 'import signal
c = dial(); c.sendall(b"hello"); same(b"hello", got(c, 5))
os.kill(int(sys.argv[2]), getattr(signal, "SIG" + sys.argv[3]))
if sys.argv[3] == "TERM":
	until(lambda: "finishing" in open(sys.argv[4]).read()); os.kill(int(sys.argv[2]), signal.SIGTERM)
try: rest(c)
except ConnectionResetError: pass' "$SERVER" "$signal" "$SERVER_ERR"
		wait_exit "$SERVER"
		assert_equal "$((128 + $(kill -l "$signal")))" "$status"
		case $signal in
		TERM) says_stats "$SERVER_ERR" '1 connection, 0 open, 0 failed, 0 probes, 0 refused; received 5 bytes, sent 5 bytes' ;;
		HUP) says_stats "$SERVER_ERR" '1 connection, 1 open, 0 failed, 0 probes, 0 refused; received 5 bytes, sent 5 bytes' ;;
		esac
	done
	start_liu listen -k 127.0.0.1:0 writeline hello read
	start "$LIU" connect --stats "$ADDRESS" readline sleep 60
	wait_until has_text "$PID_OUT" hello
	stop "$PID"
	assert_equal 143 "$status"
	says_stats "$PID_ERR" 'received 6 bytes, sent 0 bytes'
}

@test "--stats prints whatever -q says" {
	start_liu echo 127.0.0.1:0
	for quiet in -q -qq; do
		run_liu connect $quiet --stats "$ADDRESS" write hello readexactly 5
		assert_status 0
		says_stats "$ERR" 'received 5 bytes, sent 5 bytes'
		assert_equal 1 "$(wc -l <"$ERR")"
	done
}

@test "--stats and --json: the events are as ever" {
	start_liu echo 127.0.0.1:0
	run_liu connect --json --stats "$ADDRESS" write hi readexactly 2 close
	assert_status 0
	assert_equal 'open step step step close' "$(grep -oE '"event":"[a-z]+' "$OUT" | sed 's/.*"//' | paste -sd ' ')"
	says_stats "$ERR" 'received 2 bytes, sent 2 bytes'
}

@test "without --stats SIGUSR1 kills liu" {
	start_liu echo 127.0.0.1:0
	stop "$SERVER" USR1
	assert_equal 138 "$status"
	server_said ''
}

@test "head has no --stats" {
	run_liu head --stats localhost:1
	assert_status 2
	assert_error_is 'liu: --stats is not an option of head (only of connect, listen and echo) (see: liu head --help)'
}
