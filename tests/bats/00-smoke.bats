#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 00-smoke: is there a program at all?

load helpers

@test "--version names liu and the libraries in use" {
	run_liu --version
	assert_status 0
	assert_error_is ''
	assert_output_has "liu "
	assert_output_has libevent
	assert_output_has OpenSSL
}

@test "help is printed on standard output, within 80 columns" {
	local words
	for words in help --help 'help connect' 'help listen' 'help echo' 'help head' \
		'help steps' 'help addresses' 'help exit-status' 'help options' 'help help' \
		'connect --help' 'listen --help' 'echo --help' 'head --help'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu $words
		assert_status 0
		assert_error_is ''
		[ -s "$OUT" ] || fail "no help from: liu $words"
		! grep -nE '^.{81}' "$OUT" || fail "too wide: liu $words"
	done
}

@test "the help of a step is one screen" {
	run_liu help readline
	assert_status 0
	assert_error_is ''
	assert_output_is 'Step readline [COUNT]: read COUNT lines (1).

Returns each line as soon as it is complete
Fails   incomplete-read if no line is left, limit-overrun, io, tls or timeout
Example liu connect localhost:8888 writeline PING readline'
	run_liu help to
	assert_output_is 'Step to ADDRESS: connect to ADDRESS and join the two streams.
No step may follow it.

Returns nothing; each side gets what the other sends
Fails   resolve, connect, tls or timeout while connecting, io or tls afterwards
Example liu listen -k localhost:8888 to localhost:8080'
}

@test "an unknown command is exit 2 and one line that names it" {
	run_liu conect
	assert_status 2
	assert_output_is ''
	assert_error_has conect
	assert_error_has connect
	assert_equal 1 "$(wc -l <"$ERR")" "lines on standard error"
}

@test "no command is exit 2 and one line" {
	run_liu
	assert_status 2
	assert_output_is ''
	assert_equal 1 "$(wc -l <"$ERR")" "lines on standard error"
}

@test "a server says when it is ready, serves, and ends by a signal" {
	start_liu echo 127.0.0.1:0
	assert_equal "127.0.0.1:$PORT" "$ADDRESS"
	run_liu connect "$ADDRESS" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	assert_error_is ''
	stop "$SERVER"
	assert_equal 143 "$status" "status of a server ended by SIGTERM"
}
