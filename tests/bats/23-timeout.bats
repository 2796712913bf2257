#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 23-timeout: --timeout covers everything.

load helpers
load peer
load timing

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
		python3 -IS -c "import socket, signal
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
		"$BATS_FILE_TMPDIR/never" "$@" 2>&1
	[ "$status" -ne 77 ] || skip "no mounts here"
	# shellcheck disable=SC2034 # for took
	TOOK=$(cat "$BATS_TEST_TMPDIR/took")
}

@test "--timeout covers the name: a resolver that does not answer" {
	pause # makes the pipe that nothing is written to
	dns_black_hole connect -w 0.7 nowhere.example:80
	assert_status 6
	took 700 6000
	assert_error_is 'liu: looking up nowhere.example: timed out after 0.7 s (--timeout)'
	dns_black_hole head --timeout=700ms nowhere.example
	assert_status 6
	took 700 6000
	assert_error_is 'liu: nowhere.example: looking up nowhere.example: timed out after 0.7 s (--timeout)'
	dns_black_hole connect --connect-timeout 0.7 nowhere.example:80
	assert_status 6
	took 700 6000
	assert_error_is 'liu: looking up nowhere.example: timed out after 0.7 s (--connect-timeout)'
}

@test "a signal ends a listener that looks up its own name" {
	pause
	printf '#!/bin/sh\nexec timeout --preserve-status -s HUP 0.3 "%s" "$@"\n' "$LIU" >"$BATS_TEST_TMPDIR/signalled"
	chmod +x "$BATS_TEST_TMPDIR/signalled"
	LIU=$BATS_TEST_TMPDIR/signalled dns_black_hole listen nowhere.example:80
	assert_status 129
	took 300 6000
	assert_output_is ''
	assert_error_is ''
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
	if text != b"end": rest(c)'
	# Enough for a loaded machine to have sent the first request.
	timed head -w 1.5 "127.0.0.1:$PEER_PORT/1" "127.0.0.1:$PEER_PORT/2"
	assert_status 6
	took 1450
	assert_output_is ''
	run_liu connect "127.0.0.1:$PEER_PORT" write end
	peer_says $'b\'HEAD /1\'\nb\'end\''
}

# bats test_tags=pump
@test "--timeout: a peer that drips does not outlive it" {
	peer "$DRIPS"
	timed connect -w 2 "127.0.0.1:$PEER_PORT" read
	assert_status 6
	took 1950
	grep -qxE '\.+' "$OUT" || fail "nothing was printed"
	assert_error_is 'liu: step 1 (read): timed out after 2 s (--timeout)'
	timed connect -w 0.7 "127.0.0.1:$PEER_PORT"
	assert_status 6
	took 650
	assert_error_is 'liu: timed out after 0.7 s (--timeout)'
	timed connect -w 0.7 "127.0.0.1:$PEER_PORT" readline
	assert_status 6
	took 650
	assert_output_is ''
	assert_error_is 'liu: step 1 (readline): timed out after 0.7 s (--timeout)'
	peer 'c = accept()
c.sendall(b"HTTP/1.1 200 OK\r\nX: ")
try:
	while True:
		c.sendall(b".")
		wait(0.05)
except OSError: pass'
	timed head -w 0.7 "127.0.0.1:$PEER_PORT"
	assert_status 6
	took 650
	assert_error_has 'timed out after 0.7 s (--timeout)'
}

# bats test_tags=pump
@test "--timeout covers a standard output that is not read" {
	local steps
	peer 'while True:
	c = accept()
	try: c.sendall(b"x" * 3000000)
	except OSError: pass
	c.close()'
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
p = subprocess.Popen([LIU, "connect", "-w", "2", "127.0.0.1:" + sys.argv[1], "skip", "20000", "read", "80000"],
	stdout=subprocess.PIPE)
print(p.wait(20))' "$PEER_PORT"
	[ "$(cat "$OUT")" = 0 ] && return # the pipe has taken it all
	assert_output_is 6
	assert_error_is 'liu: timed out after 2 s (--timeout), writing to standard output'
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
	timed connect -w 2 --close-timeout 60 "127.0.0.1:$PEER_PORT" "${WRITES[@]}"
	assert_status 6
	took 1950
	grep -qxE 'liu: closing: timed out after 2 s \(--timeout\) with [0-9]+ bytes unsent' "$ERR" || fail "$(cat "$ERR")"
}

# bats test_tags=pump
@test "listen: --timeout is for each connection, from accept to its end" {
	start_liu listen -k -w 1.5 127.0.0.1:0 readline write 'reply\n' read
	pause 1.6
	timed connect "$ADDRESS" write 'x\n' read
	assert_status 0
	took 1450
	assert_output_is reply
	timed connect "$ADDRESS" read
	assert_status 0
	took 1450
	wait_until has_lines "$SERVER_ERR" 3
	sed -i 's/(127.0.0.1:[0-9]*): /(PEER): /' "$SERVER_ERR"
	is "$SERVER_ERR" 'standard error of the listener' "listening on $ADDRESS
liu: connection 1 (PEER): step 3 (read): timed out after 1.5 s (--timeout)
liu: connection 2 (PEER): step 1 (readline): timed out after 1.5 s (--timeout)"
	is_gone "$SERVER" && fail "the listener has ended"
	return 0
}

# bats test_tags=pump
@test "listen without -k: a connection that is late is exit 6; echo goes on" {
	start_liu listen -w 0.4 127.0.0.1:0 readline
	run_liu connect "$ADDRESS" read
	wait_exit "$SERVER"
	assert_equal 6 "$status" "exit status of the listener"
	start_liu echo -w 1.5 127.0.0.1:0
	timed connect "$ADDRESS" write x readexactly 1 read
	assert_status 0
	assert_output_bytes x
	wait_for_line "$SERVER_ERR" 'timed out after 1.5 s \(--timeout\)'
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
	sed -i 's/(127.0.0.1:[0-9]*): /(PEER): /' "$SERVER_ERR"
	is "$SERVER_ERR" 'standard error of the listener' "listening on $ADDRESS
liu: connection 1 (PEER): TLS handshake: timed out after 0.4 s (--timeout)"
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
@test "listen: --timeout covers a standard output that is not read" {
	nobody_reads 127.0.0.1:0 read
	nobody_reads --pump buffered 127.0.0.1:0 read
	nobody_reads 127.0.0.1:0 readexactly 1000000
}
