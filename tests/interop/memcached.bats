#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# memcached: its text protocol, against a real server.

load ../bats/helpers
load programs

memcached_on() { # PORT
	exec memcached -l 127.0.0.1 -p "$1" -U 0 -m 16 -u nobody
}

setup() {
	trace_the_test_alone
	need memcached
	start_on_free_port memcached_on
}

@test "set and get: lines, and the value by its length" {
	run_liu connect "127.0.0.1:$PORT" write 'set key 0 60 5\r\na\r\nbc\r\n' readline expect '^STORED$' \
		write 'get key\r\n' readline expect '^VALUE key 0 5$' readexactly 5 skip 2 readline expect '^END$'
	assert_status 0
	assert_error_is ''
	assert_output_bytes $'STORED\r\nVALUE key 0 5\r\na\r\nbcEND\r\n'
}

@test "stats: everything up to END" {
	run_liu connect "127.0.0.1:$PORT" write 'stats\r\n' readuntil '\r\nEND\r\n' expect 'STAT version '
	assert_status 0
	assert_error_is ''
	assert_output_has 'STAT pid '
	assert_equal $'END\r' "$(tail -n 1 "$OUT")"
}

@test "a miss, and quit" {
	run_liu connect "127.0.0.1:$PORT" -C --chomp writeline 'get nothing' readline writeline quit at-eof
	assert_status 0
	assert_output_is END
	assert_error_is ''
}
