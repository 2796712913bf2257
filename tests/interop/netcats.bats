#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# netcats: every byte both ways against the other netcats, liu as client and as server.

load ../bats/helpers
load programs

SIZE=10000000

setup_file() {
	head -c $SIZE /dev/urandom >"$BATS_FILE_TMPDIR/up"
	head -c $SIZE /dev/urandom >"$BATS_FILE_TMPDIR/down"
}

setup() {
	trace_the_test_alone
	UP=$BATS_FILE_TMPDIR/up     # what the client sends
	DOWN=$BATS_FILE_TMPDIR/down # what the server sends
	SOCK=$BATS_TEST_TMPDIR/s
	LIU_TIMEOUT=60
}

certificate_options() {
	make_certs
	WITH_CERT=(--tls --cert "$CERTS/server.pem" --key "$CERTS/server.key")
	TRUST=(--cacert "$CERTS/ca.pem")
}

# liu_dials ARGUMENT...: both ways at once to the server that start has started with STDIN=$DOWN.
liu_dials() {
	run_liu connect "$@" <"$UP"
	assert_status 0
	assert_error_is ''
	cmp "$DOWN" "$OUT"
	peer_ended_well
	cmp "$UP" "$PEER_OUT"
}

# liu_listens ARGUMENT...: the same from the other side; it is to be followed by they_dial.
liu_listens() {
	STDIN=$DOWN start_liu listen "$@"
}

they_dial() { # COMMAND...
	capture timeout -k 5 "$LIU_TIMEOUT" "$@" <"$UP"
	assert_status 0
	cmp "$DOWN" "$OUT"
	liu_ended_well
	cmp "$UP" "$SERVER_OUT"
}

liu_ended_well() {
	wait_exit "$SERVER"
	assert_equal 0 "$status" "the exit status of liu listen"
	assert_equal 1 "$(wc -l <"$SERVER_ERR")" 'lines from liu listen' || fail "$(cat "$SERVER_ERR")"
}

# late_reply: liu is a server that answers 1 s after the end of the question.
late_reply() { # ARGUMENT...
	printf 'question\n' >"$BATS_TEST_TMPDIR/question"
	start_liu listen "$@" read sleep 1 write 'late answer\n'
}

late_reply_came() { # COMMAND...
	capture timeout -k 5 "$LIU_TIMEOUT" "$@" <"$BATS_TEST_TMPDIR/question"
	assert_status 0
	assert_output_is 'late answer'
	liu_ended_well
	is "$SERVER_OUT" 'the question' question
}

has_at_least() { # FILE N: so many bytes
	[ "$(wc -c <"$1")" -ge "$2" ]
}

# held FILE: a pipe, $HELD, with FILE in it and no end before `release`.
held() {
	HELD=$BATS_TEST_TMPDIR/held-${#STARTED[@]}
	mkfifo "$HELD"
	exec 9<>"$HELD"
	cat "$1" >"$HELD" 3>&- 9>&- &
	STARTED+=("$!")
}

release() { # FILE: when all has arrived there
	wait_until has_at_least "$1" $SIZE
	exec 9>&-
}

# --- nc of OpenBSD -----------------------------------------------------------------

# It ends as soon as the peer has ended, whatever it has still to send: here it ends first.

nc_listens() { # ARGUMENT...: liu dials
	held "$UP"
	STDIN=$HELD start "$LIU" connect "$@" 9>&-
	release "$PID_OUT"
	wait_exit "$PID"
	assert_equal 0 "$status" 'the exit status of liu'
	is "$PID_ERR" 'standard error' ''
	cmp "$DOWN" "$PID_OUT"
	peer_ended_well
	cmp "$UP" "$PEER_OUT"
}

nc_dials() { # ADDRESS-OF-LIU COMMAND...: COMMAND may name PORT
	local address=$1 word words=()
	shift
	held "$DOWN"
	STDIN=$HELD start_liu listen "$address" 9>&-
	for word; do
		words+=("${word/#PORT/$PORT}")
	done
	STDIN=$UP start timeout "$LIU_TIMEOUT" "${words[@]}" 9>&-
	release "$SERVER_OUT"
	wait_exit "$PID"
	assert_equal 0 "$status" 'the exit status of nc'
	cmp "$DOWN" "$PID_OUT"
	liu_ended_well
	cmp "$UP" "$SERVER_OUT"
}

need_nc() {
	need nc
	nc -h 2>&1 | grep -q OpenBSD || skip 'nc is not that of OpenBSD'
}

@test "nc: liu dials, TCP" {
	need_nc
	STDIN=$DOWN start_server nc -l -N 127.0.0.1 0
	nc_listens "127.0.0.1:$PORT"
}

@test "nc: liu listens, TCP" {
	need_nc
	nc_dials 127.0.0.1:0 nc -N 127.0.0.1 PORT
}

@test "nc: liu dials, IPv6" {
	need_nc
	need_ipv6
	STDIN=$DOWN start_server nc -6 -l -N ::1 0
	nc_listens "[::1]:$PORT"
}

@test "nc: liu listens, IPv6" {
	need_nc
	need_ipv6
	nc_dials '[::1]:0' nc -N ::1 PORT
}

@test "nc: liu dials, Unix" {
	need_nc
	STDIN=$DOWN start_on_path "$SOCK" nc -lU -N "$SOCK"
	nc_listens "unix:$SOCK"
}

@test "nc: liu listens, Unix and abstract" {
	need_nc
	nc_dials "unix:$SOCK" nc -N -U "$SOCK"
	nc_dials "unix:@liu-test-$$-$BATS_TEST_NUMBER" nc -N -U "@liu-test-$$-$BATS_TEST_NUMBER"
}

@test "nc: a late answer is not lost" {
	need_nc
	late_reply 127.0.0.1:0
	late_reply_came nc -N 127.0.0.1 "$PORT"
	late_reply "unix:$SOCK"
	late_reply_came nc -N -U "$SOCK"
}

@test "nc: lines, one at a time, while it keeps the connection open" {
	need_nc
	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 9<>"$BATS_TEST_TMPDIR/in"
	STDIN=$BATS_TEST_TMPDIR/in start_server nc -l 127.0.0.1 0
	printf 'one\ntwo\n' >&9
	run_liu connect "127.0.0.1:$PORT" write 'hello\n' readline
	exec 9>&-
	assert_status 0
	assert_output_is one
	assert_error_is ''
	wait_exit "$PEER"
	is "$PEER_OUT" 'what nc received' hello
}

# --- ncat --------------------------------------------------------------------------------

@test "ncat: liu dials, TCP" {
	need ncat
	STDIN=$DOWN start_server ncat -l 127.0.0.1 0
	liu_dials "127.0.0.1:$PORT"
}

@test "ncat: liu listens, TCP" {
	need ncat
	liu_listens 127.0.0.1:0
	they_dial ncat 127.0.0.1 "$PORT"
}

@test "ncat: liu dials, Unix" {
	need ncat
	STDIN=$DOWN start_on_path "$SOCK" ncat -l -U "$SOCK"
	liu_dials "unix:$SOCK"
}

@test "ncat: liu listens, Unix" {
	need ncat
	liu_listens "unix:$SOCK"
	they_dial ncat -U "$SOCK"
}

# Over TLS ncat ends the whole when its input does, some versions without close_notify: one direction at a
# time. With --send-only it reads nothing at all, no session ticket either: a reset would be its end.
@test "ncat: liu dials, TLS" {
	need ncat
	certificate_options
	start_server ncat -l --recv-only --ssl --ssl-cert "$CERTS/server.pem" --ssl-key "$CERTS/server.key" \
		127.0.0.1 0
	run_liu connect "tls:127.0.0.1:$PORT" "${TRUST[@]}" writefile "$UP"
	assert_status 0
	assert_error_is ''
	peer_ended_well
	cmp "$UP" "$PEER_OUT"
	STDIN=$DOWN start_server ncat -l --send-only --ssl --ssl-cert "$CERTS/server.pem" \
		--ssl-key "$CERTS/server.key" 127.0.0.1 0
	run_liu connect "tls:127.0.0.1:$PORT" "${TRUST[@]}" --allow-truncated read
	assert_status 0
	assert_error_is ''
	cmp "$DOWN" "$OUT"
}

@test "ncat: liu listens, TLS" {
	need ncat
	certificate_options
	start_liu listen "${WITH_CERT[@]}" 127.0.0.1:0 readexactly $SIZE
	capture timeout "$LIU_TIMEOUT" ncat --send-only --ssl-verify --ssl-trustfile "$CERTS/ca.pem" \
		--ssl-servername localhost 127.0.0.1 "$PORT" <"$UP"
	assert_status 0
	liu_ended_well
	cmp "$UP" "$SERVER_OUT"
	start_liu listen "${WITH_CERT[@]}" 127.0.0.1:0 writefile "$DOWN"
	capture timeout "$LIU_TIMEOUT" ncat --recv-only --ssl 127.0.0.1 "$PORT" </dev/null
	assert_status 0
	liu_ended_well
	cmp "$DOWN" "$OUT"
}

@test "ncat: a late answer is not lost" {
	need ncat
	late_reply 127.0.0.1:0
	late_reply_came ncat 127.0.0.1 "$PORT"
}

# --- socat -------------------------------------------------------------------------------

# Its own drain timer of 0.5 s would lose the end of slow answers.
LONG=600

@test "socat: liu dials, TCP" {
	need socat
	STDIN=$DOWN start_server socat -t $LONG - TCP-LISTEN:0,bind=127.0.0.1
	liu_dials "127.0.0.1:$PORT"
}

@test "socat: liu listens, TCP" {
	need socat
	liu_listens 127.0.0.1:0
	they_dial socat -t $LONG - "TCP:127.0.0.1:$PORT"
}

@test "socat: liu dials, Unix" {
	need socat
	STDIN=$DOWN start_on_path "$SOCK" socat -t $LONG - "UNIX-LISTEN:$SOCK"
	liu_dials "unix:$SOCK"
}

@test "socat: liu listens, Unix and abstract" {
	need socat
	liu_listens "unix:$SOCK"
	they_dial socat -t $LONG - "UNIX-CONNECT:$SOCK"
	liu_listens "unix:@liu-test-$$-$BATS_TEST_NUMBER"
	they_dial socat -t $LONG - "ABSTRACT-CONNECT:liu-test-$$-$BATS_TEST_NUMBER"
}

@test "socat: liu dials, TLS" {
	need socat
	certificate_options
	STDIN=$DOWN start_server socat -t $LONG - \
		"OPENSSL-LISTEN:0,bind=127.0.0.1,verify=0,cert=$CERTS/server.pem,key=$CERTS/server.key"
	liu_dials "tls:127.0.0.1:$PORT" "${TRUST[@]}"
}

@test "socat: liu listens, TLS" {
	need socat
	certificate_options
	liu_listens "${WITH_CERT[@]}" 127.0.0.1:0
	they_dial socat -t $LONG - "OPENSSL:127.0.0.1:$PORT,cafile=$CERTS/ca.pem,commonname=localhost"
}

@test "socat: a late answer is not lost" {
	need socat
	late_reply 127.0.0.1:0
	late_reply_came socat -t $LONG - "TCP:127.0.0.1:$PORT"
	certificate_options
	late_reply "${WITH_CERT[@]}" 127.0.0.1:0
	late_reply_came socat -t $LONG - "OPENSSL:127.0.0.1:$PORT,verify=0"
}

@test "socat: its late answer is not lost by liu" {
	need socat
	printf 'question\n' >"$BATS_TEST_TMPDIR/question"
	start_server socat -t $LONG TCP-LISTEN:0,bind=127.0.0.1 SYSTEM:'cat >/dev/null; sleep 1; echo late'
	run_liu connect "127.0.0.1:$PORT" <"$BATS_TEST_TMPDIR/question"
	assert_status 0
	assert_output_is late
	assert_error_is ''
	certificate_options
	start_server socat -t $LONG \
		"OPENSSL-LISTEN:0,bind=127.0.0.1,verify=0,cert=$CERTS/server.pem,key=$CERTS/server.key" \
		SYSTEM:'cat >/dev/null; sleep 1; echo late'
	run_liu connect "tls:127.0.0.1:$PORT" "${TRUST[@]}" <"$BATS_TEST_TMPDIR/question"
	assert_status 0
	assert_output_is late
	assert_error_is ''
}

@test "socat: liu echo sends everything back, and its end" {
	need socat
	start_liu echo 127.0.0.1:0
	capture timeout "$LIU_TIMEOUT" socat -t $LONG - "TCP:127.0.0.1:$PORT" <"$UP"
	assert_status 0
	cmp "$UP" "$OUT"
}

# --- openssl -----------------------------------------------------------------------------

@test "s_server: liu dials" {
	certificate_options
	# At the end of its input s_server throws away what still comes, and at our close_notify what it has
	# to send: first one direction, then the other, then the end.
	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 9<>"$BATS_TEST_TMPDIR/in"
	STDIN=$BATS_TEST_TMPDIR/in start_server openssl s_server -quiet -accept 127.0.0.1:0 -naccept 1 \
		-cert "$CERTS/server.pem" -key "$CERTS/server.key"
	STDIN=/dev/null start "$LIU" connect "tls:127.0.0.1:$PORT" "${TRUST[@]}" writefile "$UP" readexactly $SIZE
	wait_until has_at_least "$PEER_OUT" $SIZE
	cat "$DOWN" >&9
	wait_exit "$PID"
	exec 9>&-
	assert_equal 0 "$status" 'the exit status of liu'
	is "$PID_ERR" 'standard error' ''
	cmp "$DOWN" "$PID_OUT"
	peer_ended_well
	cmp "$UP" "$PEER_OUT"
}

@test "s_client: liu listens" {
	certificate_options
	start_liu listen "${WITH_CERT[@]}" 127.0.0.1:0 readexactly $SIZE writefile "$DOWN"
	capture timeout "$LIU_TIMEOUT" openssl s_client -quiet -ign_eof -verify_return_error \
		-CAfile "$CERTS/ca.pem" -connect "127.0.0.1:$PORT" <"$UP"
	assert_status 0
	cmp "$DOWN" "$OUT"
	liu_ended_well
	cmp "$UP" "$SERVER_OUT"
}

@test "s_client: a late answer is not lost" {
	certificate_options
	start_liu listen "${WITH_CERT[@]}" 127.0.0.1:0 readline sleep 1 write 'late answer\n'
	capture timeout "$LIU_TIMEOUT" openssl s_client -quiet -ign_eof -connect "127.0.0.1:$PORT" \
		<<<question
	assert_status 0
	assert_output_is 'late answer'
	liu_ended_well
}
