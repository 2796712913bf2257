#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# redis: questions and answers by lines and lengths, against a real server.

load ../bats/helpers
load programs

redis() { # PORT
	exec redis-server --port "$1" --bind 127.0.0.1 --unixsocket "$BATS_TEST_TMPDIR/redis" --save '' \
		--appendonly no --daemonize no --dir "$BATS_TEST_TMPDIR" --logfile ''
}

setup() {
	trace_the_test_alone
	need redis-server
	start_on_free_port redis
	wait_until path_listens "$BATS_TEST_TMPDIR/redis"
}

@test "PING: one line, and the connection is ours to close" {
	local address
	for address in "127.0.0.1:$PORT" "unix:$BATS_TEST_TMPDIR/redis"; do
		run_liu connect "$address" write 'PING\r\n' readline
		assert_status 0
		assert_output_bytes $'+PONG\r\n'
		assert_error_is ''
	done
	run_liu connect "127.0.0.1:$PORT" --chomp -C writeline PING readline expect '^\+PONG$' writeline 'PING x' \
		readline readline
	assert_status 0
	assert_output_is '+PONG
$1
x'
}

@test "SET and GET: bulk strings by readline and readexactly" {
	run_liu connect "127.0.0.1:$PORT" \
		write '*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$7\r\na\r\n\0b\r\n\r\n' readline expect '^\+OK$' \
		write '*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n' skipline readexactly 7 skip 2
	assert_status 0
	assert_error_is ''
	printf '+OK\r\na\r\n\0b\r\n' | assert_output_is -
}

@test "a value of a megabyte, by its length" {
	head -c 1000000 /dev/urandom >"$BATS_TEST_TMPDIR/value"
	run_liu connect "127.0.0.1:$PORT" write '*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$1000000\r\n' \
		writefile "$BATS_TEST_TMPDIR/value" write '\r\n' skipline \
		write 'GET big\r\n' readline expect '^\$1000000$' readexactly 1000000
	assert_status 0
	assert_error_is ''
	sed 1d "$OUT" | cmp - "$BATS_TEST_TMPDIR/value"
}

@test "an error is an expectation that does not hold" {
	run_liu connect "127.0.0.1:$PORT" write 'NONSENSE\r\n' readline expect '^\+'
	assert_status 9
	assert_output_has '-ERR unknown command'
	assert_error_has 'liu: step 3 (expect ^\+): '
}

@test "QUIT: the end of the server after its answer" {
	run_liu connect "127.0.0.1:$PORT" write 'QUIT\r\n' read
	assert_status 0
	assert_output_bytes $'+OK\r\n'
	run_liu connect "127.0.0.1:$PORT" write 'QUIT\r\n' readline at-eof
	assert_status 0
}

@test "a pipe of commands through the relay" {
	printf 'PING\r\nECHO hi\r\nQUIT\r\n' >"$BATS_TEST_TMPDIR/in"
	run_liu connect "127.0.0.1:$PORT" <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_bytes $'+PONG\r\n$2\r\nhi\r\n+OK\r\n'
	assert_error_is ''
}
