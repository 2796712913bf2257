#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 26-start: what a start of liu opens, and what it leaves alone.

load helpers

# opens ARGUMENT...: run liu. $OPENED: what it opened of the system's configuration, the libraries
# that it loaded itself, and "thread" when it made one.
opens() {
	# LeakSanitizer does not work under strace, and may make a thread.
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 capture timeout 30 strace -f -o trace -e signal=none \
		-e trace=execve,openat,clone,clone3 "$LIU" "$@"
	grep -q '^[0-9]* *execve' trace || skip "strace does not work here: $(cat "$ERR")"
	OPENED=$(sed -nE 's/.*"(\/etc\/|[^"]*\/)(ssl\/openssl\.cnf|openssl\.cnf|hosts|resolv\.conf|libidn2\.so[.0-9]*)".*/\2/p
		s/^[0-9]+ +clone3?\(.*/thread/p' trace | sed 's/^ssl\///; s/\.so.*/.so/' | sort -u | paste -sd ' ')
}

setup() {
	trace_the_test_alone
	need strace
	cd "$BATS_TEST_TMPDIR" || return
	start_liu echo 127.0.0.1:0
}

@test "a literal is not looked up, and OpenSSL and libidn2 are left alone" {
	opens connect "$ADDRESS" close
	assert_status 0
	assert_equal '' "$OPENED" 'opened'
	opens head --connect-timeout 0.2 "http://$ADDRESS/"
	assert_equal '' "$OPENED" 'opened'
	opens echo 127.0.0.1:0 --accept-timeout 0.01
	assert_status 6
	assert_equal '' "$OPENED" 'opened'
}

@test "... which are used by tls: and by names" {
	opens connect "tls:$ADDRESS" --insecure --handshake-timeout 0.1 close
	assert_equal 'openssl.cnf' "$OPENED" 'opened'
	opens connect bücher.invalid:1 close
	assert_status 3
	case $OPENED in
	*libidn2.so*thread*) ;;
	*) fail "opened: $OPENED" ;;
	esac
}

@test "a start without descriptors says why it fails" {
	capture bash -c 'ulimit -n 5; exec "$0" connect 127.0.0.1:1' "$LIU"
	assert_status 1
	assert_output_is ''
	[ "$(wc -l <"$ERR")" -eq 1 ] || fail "more than a line: $(cat "$ERR")"
	assert_error_has 'Too many open files'
}
