#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 29-notices: what is said unasked, so that nothing surprises a newcomer

load helpers
load peer

# A terminal shows the text alone.
export NO_COLOR=1

# --- What no step reads ------------------------------------------------------------

# speaks STEP...: connect with them, up to three times. A server that is a second late has sent nothing yet.
speaks() {
	for _ in 1 2 3; do
		run_liu connect "$ADDRESS" "$@"
		[ ! -s "$ERR" ] || return 0
	done
}

@test "bytes that no step reads are counted in a line" {
	start_liu listen -k 127.0.0.1:0 write 'hello\n' read
	speaks write x
	assert_status 0
	assert_output_is ''
	assert_error_is "liu: the peer sent 6 bytes, but no step reads: 'read' prints them"
	run_liu connect "$ADDRESS" -q write x
	assert_status 0
	assert_error_is ''
	start_liu echo 127.0.0.1:0
	speaks write x close
	assert_status 0
	assert_error_is "liu: the peer sent 1 byte, but no step reads: 'read' prints them"
}

@test "nothing is said where a step reads, nothing came, or the list has failed" {
	start_liu listen -k 127.0.0.1:0 write 'hello\n' read
	local words
	for words in 'read 1' 'read 0' 'skip 1' 'write x readline' '--no-half-close --quit-after 0 relay'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu connect "$ADDRESS" $words
		assert_error_is ''
	done
	run_liu connect "$ADDRESS" -w 0.2 sleep 5
	assert_status 6
	assert_error_is 'liu: step 1 (sleep 5): timed out after 0.2 s (--timeout)'
	start_liu listen -k 127.0.0.1:0 write ''
	run_liu connect "$ADDRESS" write x
	assert_error_is ''
}

@test "a listener drops what no step reads without a word" {
	start_liu listen 127.0.0.1:0 write 'hello\n'
	run_liu connect "$ADDRESS" write x readline
	wait_exit "$SERVER"
	is "$SERVER_ERR" 'standard error of the server' "listening on $ADDRESS"
}

# --- A step that waits -------------------------------------------------------------

@test "a read step that gets nothing for 5 s says so, once, on a terminal or with -v" {
	peer 'small(s)
c = [accept() for i in range(9)]
signal.pause()'
	local at=127.0.0.1:$PEER_PORT n
	local -A said
	start harness "$TERMINAL" connect -w 8 "$at" write 'PI\x07NG' readline
	said[terminal]=$PID_OUT
	start harness "$TERMINAL" connect -q -w 8 "$at" write PING readline
	said[quiet]=$PID_OUT
	start "$LIU" connect -v -w 8 "$at" write 'one\n' readexactly 2
	said[line]=$PID_ERR
	start "$LIU" connect -v -w 8 "$at" read
	said[nothing]=$PID_ERR
	start "$LIU" connect -v -w 8 "$at" write 0123456789abcdefghijklmnopqrstuvwxyz skip 1
	said[long]=$PID_ERR
	start "$LIU" connect -v -w 13 --step-timeout 7 "$at" write 'x\n' try readline loop
	said[loop]=$PID_ERR
	start "$LIU" connect -v -w 8 "$at"
	said[relay]=$PID_ERR
	start "$LIU" connect -w 8 "$at" write PING readline
	said[plain]=$PID_ERR
	start_liu listen -v -w 8 127.0.0.1:0 readline
	said[listen]=$SERVER_ERR
	start "$LIU" connect "$ADDRESS" sleep 1h
	start_liu listen -v -k -w 8 127.0.0.1:0 readline
	said[keep]=$SERVER_ERR
	start "$LIU" connect "$ADDRESS" sleep 1h
	for n in "${!said[@]}"; do
		wait_until has_line "${said[$n]}" 'after (8|13) s ' || fail "$n"
		grep ' has waited ' "${said[$n]}" >"$BATS_TEST_TMPDIR/$n" || :
	done
	is "$BATS_TEST_TMPDIR/terminal" 'on a terminal' \
		"liu: step 2 (readline) has waited for 5 s: 5 bytes were sent, ending in 'PI\\x07NG' without a line end"
	is "$BATS_TEST_TMPDIR/quiet" 'with -q' ''
	is "$BATS_TEST_TMPDIR/line" 'a whole line was sent' \
		'liu: step 2 (readexactly 2) has waited for 5 s: 4 bytes were sent'
	is "$BATS_TEST_TMPDIR/nothing" 'nothing was sent' \
		'liu: step 1 (read) has waited for 5 s: nothing was sent'
	is "$BATS_TEST_TMPDIR/long" 'more was sent' \
		"liu: step 2 (skip 1) has waited for 5 s: 36 bytes were sent, ending in 'klmnopqrstuvwxyz' without a line end"
	is "$BATS_TEST_TMPDIR/loop" 'of a loop' 'liu: step 2 (try readline) has waited for 5 s: 2 bytes were sent'
	is "$BATS_TEST_TMPDIR/relay" 'of a relay' ''
	is "$BATS_TEST_TMPDIR/plain" 'without -v, in a file' ''
	is "$BATS_TEST_TMPDIR/keep" 'with -k' ''
	sed -i -E 's/127\.0\.0\.1:[0-9]+/PEER/' "$BATS_TEST_TMPDIR/listen"
	is "$BATS_TEST_TMPDIR/listen" 'of a listener' \
		'liu: connection 1 (PEER): step 1 (readline) has waited for 5 s: nothing was sent'
}

@test "bytes, and a standard output that takes no more, begin the 5 s anew" {
	peer 'c = accept()
while not select.select([s], [], [], 1.5)[0]: c.sendall(b"x")
d = accept(); d.sendall(b"x" * 1000000)
for i in range(5):
	wait(1.5); c.sendall(b"x")
c.sendall(b"\n")
rest(d); reset(d)'
	start "$LIU" connect -v "127.0.0.1:$PEER_PORT" readline
	local slow=$PID_ERR
	capture harness 'r, w = full_pipe()
p = subprocess.Popen([LIU, "connect", "-v", "-w", "6.5"] + sys.argv[1:], stdin=subprocess.DEVNULL, stdout=w)
sys.exit(p.wait())' "127.0.0.1:$PEER_PORT" read
	assert_status 6
	! has_text "$ERR" 'has waited' || fail "$(cat "$ERR")"
	wait_exit "$PEER"
	! has_text "$slow" 'has waited' || fail "$(cat "$slow")"
}

# --- Lines on a terminal -----------------------------------------------------------

@test "on a terminal a message and the end begin a line of their own" {
	start_liu listen -k 127.0.0.1:0 write 'one\ntwo' write-eof
	on_terminal connect "$ADDRESS" read
	assert_status 0
	assert_output_bytes $'one\ntwo\n'
	on_terminal connect "$ADDRESS" readline
	assert_output_bytes $'one\n'
	on_terminal connect "$ADDRESS" readexactly 9
	assert_status 7
	assert_output_bytes $'one\ntwo\nliu: step 1 (readexactly 9): the peer closed after 7 bytes\n'
	on_terminal connect -q "$ADDRESS" readexactly 9
	assert_output_bytes $'one\ntwoliu: step 1 (readexactly 9): the peer closed after 7 bytes\n'
	on_terminal connect "$ADDRESS" try readexactly 9 readline
	assert_output_bytes $'one\ntwo\nliu: step 1 (try readexactly 9): the peer closed after 7 bytes (tried)
liu: step 2 (readline): the peer closed after 0 bytes\n'
}

@test "a standard output or standard error elsewhere gets no newline" {
	local file=$BATS_TEST_TMPDIR/file
	start_liu listen -k 127.0.0.1:0 write 'one\ntwo' write-eof
	on_terminal "stdout=$file" connect "$ADDRESS" read
	is_bytes "$file" 'standard output' $'one\ntwo'
	assert_output_bytes ''
	on_terminal "stderr=$file.err" connect "$ADDRESS" try readexactly 9 at-eof
	assert_output_bytes $'one\ntwo\n'
	is "$file.err" 'standard error' 'liu: step 1 (try readexactly 9): the peer closed after 7 bytes (tried)'
}
