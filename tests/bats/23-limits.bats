#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 23-limits: the limits of a part, and which failure counts.

load helpers
load peer
load timing

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
	start_liu echo 127.0.0.1:0 --fault delay=1
	timed connect --connect-timeout 0.5 "$ADDRESS" writeline late readline
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
	start_liu listen -k --handshake-timeout 2 --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" \
		127.0.0.1:0 write 'hello\n'
	start "$LIU" connect "127.0.0.1:$PORT" read
	local silent=$PID
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" read
	assert_status 0
	assert_output_is hello
	wait_exit "$silent"
	wait_until has_lines "$SERVER_ERR" 2
	sed -i 's/connection [0-9]* (127.0.0.1:[0-9]*): /PEER: /' "$SERVER_ERR"
	is "$SERVER_ERR" 'standard error of the listener' "listening on $ADDRESS
liu: PEER: TLS handshake: timed out after 2 s (--handshake-timeout)"
	start_liu listen --handshake-timeout 0.3 --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0
	run_liu connect "127.0.0.1:$PORT" read
	wait_exit "$SERVER"
	assert_equal 6 "$status" "exit status of the listener"
}

@test "--step-timeout is for each step" {
	start_liu echo 127.0.0.1:0 --fault drop-rate=2
	timed connect --step-timeout 2 "$ADDRESS" write xxxxxx readexactly 1 readexactly 1 readexactly 1 \
		readexactly 1 readexactly 1 readexactly 1 readexactly 1
	assert_status 6
	took 4300
	assert_output_bytes xxxxxx
	assert_error_is 'liu: step 8 (readexactly 1): timed out after 2 s (--step-timeout)'
}

@test "--step-timeout is not for closing" {
	local close
	big_writes
	for close in '' close; do
		peer 'small(s); c = accept(); wait(0.6); say(len(rest(c)))'
		# shellcheck disable=SC2086 # no word for none
		run_liu connect --step-timeout 0.2 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" $close
		assert_status 0
		assert_error_is ''
		peer_says 1500000
	done
}

@test "--step-timeout: what a read had so far is not lost to the next step" {
	start_liu echo 127.0.0.1:0 --fault stall-after=4
	run_liu connect --step-timeout 1.5 "$ADDRESS" writeline 'half a line' try readline read 100
	assert_status 0
	assert_output_bytes half
	assert_error_is 'liu: step 2 (try readline): timed out after 1.5 s (--step-timeout) (tried)'
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

@test "--idle-timeout counts from the last byte, sent or received, on every transport" {
	local address addresses tls=()
	make_certs
	start_liu listen -k --address 127.0.0.1:0 --cert "$CERTS/server.pem" --key "$CERTS/server.key" \
		--address tls:127.0.0.2:0 "unix:$BATS_TEST_TMPDIR/s" skipline write got skipline
	wait_until has_lines "$SERVER_ERR" 3
	mapfile -t addresses < <(sed -n 's/^listening on //p' "$SERVER_ERR")
	for address in "${addresses[@]}"; do
		tls=()
		[ "${address#tls:}" = "$address" ] || tls=(--cacert "$CERTS/ca.pem" --server-name localhost)
		timed connect "${tls[@]}" --idle-timeout 2 "$address" \
			write 'x\n' readexactly 3 sleep 0.3 write y readline
		assert_status 6
		assert_output_bytes got
		took 2250 4200
	done
}

# bats test_tags=pump
@test "--idle-timeout: received bytes put it off, sent ones too" {
	peer 'c = accept()
for i in range(12):
	c.sendall(b"x")
	wait(0.2)
c.close()
c = accept()
got = rest(c)
say(len(got))
c.close()'
	timed connect --idle-timeout 2 "127.0.0.1:$PEER_PORT" read
	assert_status 0
	took 2200
	assert_output_bytes xxxxxxxxxxxx
	timed connect --idle-timeout 2 "127.0.0.1:$PEER_PORT" < <(for _ in {1..12}; do
		printf x
		pause 0.2
	done)
	assert_status 0
	took 2200
	assert_error_is ''
	peer_says 12
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
	run_liu connect -w 2 --close-timeout 60 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" info family expect nothing
	assert_status 9
	assert_error_is "liu: step 17 (expect nothing): got '$(cat "$OUT")', expected 'nothing'"
}
