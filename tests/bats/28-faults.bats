#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 28-faults: system calls and allocations that fail when the machine is short of something.

load helpers

setup() {
	trace_the_test_alone
	need strace
	cd "$BATS_TEST_TMPDIR" || return
	# LeakSanitizer does not work under strace.
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
	strace -qq -o probe true || skip "strace does not work here"
}

# start_faulty CALL:error=ERRNO[:when=N] ARGUMENT...: start_liu, with calls that fail. strace -D leaves liu
# the process that was started.
start_faulty() {
	local call=${1%%:*}
	cat >faulty <<-END
		#!/bin/sh
		exec strace -D -qq -f -o trace -e trace=$call -e signal=none -e inject=$1 "$LIU" "\$@"
	END
	chmod +x faulty
	LIU=$PWD/faulty start_liu "${@:2}"
}

@test "accepting that fails for every connection is tried again once a second" {
	start_faulty accept4:error=EPERM listen -k 127.0.0.1:0 readline
	start "$LIU" connect "$ADDRESS" readline
	wait_for_line "$SERVER_ERR" 'new connections wait$'
	pause 0.5
	is "$SERVER_ERR" 'standard error of the listener' "listening on $ADDRESS
liu: cannot accept on $ADDRESS: operation not permitted: new connections wait"
	! has_lines trace 64 || fail "$(wc -l <trace) calls"
}

@test "out of files or memory for sockets: said once, tried again once a second, and then all is as before" {
	local row
	local -A server err address client out
	for row in 'ENFILE descriptors' 'ENOBUFS memory for sockets'; do
		mkdir "$BATS_TEST_TMPDIR/$row"
		cd "$BATS_TEST_TMPDIR/$row"
		start_faulty "accept4:error=${row%% *}:when=1..2" listen --accept 2 127.0.0.1:0 write hello
		server[$row]=$SERVER err[$row]=$SERVER_ERR address[$row]=$ADDRESS
		start "$LIU" connect "$ADDRESS" read
		client[$row]=$PID out[$row]=$PID_OUT
	done
	cd "$BATS_TEST_TMPDIR"
	for row in "${!server[@]}"; do
		wait_exit "${client[$row]}"
		is_bytes "${out[$row]}" "$row" hello
		run_liu connect "${address[$row]}" read
		assert_output_bytes hello
		wait_exit "${server[$row]}"
		assert_equal 0 "$status" "exit status, $row"
		is "${err[$row]}" 'standard error of the listener' "listening on ${address[$row]}
liu: out of ${row#* }: new connections wait"
		assert_equal 2 "$(grep -c INJECTED "$row/trace")" "failures, $row"
		! has_lines "$row/trace" 8 || fail "$(<"$row/trace")"
	done
}

# Which call registers what depends on the kind of standard output: each of the first fails in turn.
@test "a descriptor that epoll refuses is watched as soon as it takes it" {
	local n
	for n in 1 2 3 4 5 6; do
		rm -f trace
		start_faulty "epoll_ctl:error=ENOSPC:when=$n" echo 127.0.0.1:0 || {
			is "$SERVER_ERR" 'standard error' 'liu: cannot catch signals: no space left on device'
			wait_exit "$SERVER"
			assert_equal 1 "$status" 'exit status'
			continue
		}
		run_liu connect "$ADDRESS" write hi write-eof read
		assert_status 0 || fail "$n: $(<trace)"
		assert_output_bytes hi
		stop "$SERVER"
	done
	grep -q INJECTED trace
}

# A peer that is silent: what was asked for never reached it.
@test "a write that fails ends every step that waits for an answer" {
	local steps pid err running=()
	start_liu listen -k 127.0.0.1:0 skipline
	for steps in 'readline' 'readexactly 3' 'readuntil x' 'readframe u8' 'readmatch x' 'read 1' 'read' 'skip 1' \
		'skipline' 'skipuntil x' 'at-eof' 'relay'; do
		# shellcheck disable=SC2086 # words by intention
		start strace -D -qq -f -o "trace-$steps" -e trace=sendto,sendmsg -e signal=none \
			-e inject=sendto,sendmsg:error=ENOBUFS "$LIU" connect "$ADDRESS" write x $steps
		running+=("$PID:$PID_ERR:$steps")
	done
	for steps in "${running[@]}"; do
		IFS=: read -r pid err steps <<<"$steps"
		wait_exit "$pid"
		assert_equal 1 "$status" "$steps"
		has_line "$err" "^liu: step 2 \($steps\): (after 0 bytes sent: )?no buffer space available\$" ||
			fail "$steps: $(<"$err")"
	done
}

@test "a request that cannot be sent ends head" {
	start_liu listen -k 127.0.0.1:0 skipline
	capture timeout 20 strace -qq -o trace -e trace=sendto -e signal=none -e inject=sendto:error=ENOBUFS \
		"$LIU" head "$ADDRESS"
	assert_status 1
	assert_error_is "liu: $ADDRESS: no buffer space available"
}

@test "a port that needs root is exit 4 and says so" {
	printf '#!/bin/sh\nexec strace -qq -o trace -e trace=bind -e inject=bind:error=EACCES "%s" "$@"\n' \
		"$LIU_PROGRAM" >faulty
	chmod +x faulty
	LIU=$PWD/faulty
	run_liu listen 127.0.0.1:80 read
	assert_status 4
	assert_error_is 'liu: cannot listen on 127.0.0.1:80: permission denied (ports below 1024 need root)'
	run_liu listen ./s read
	assert_status 4
	assert_error_is 'liu: cannot listen on unix:./s: permission denied'
	run_liu connect -s 127.0.0.1:80 127.0.0.1:1
	assert_status 4
	assert_error_is 'liu: cannot connect to 127.0.0.1:1: cannot bind to 127.0.0.1:80: permission denied (ports below 1024 need root)'
}

# FAILING=N makes the Nth malloc(3) fail; without it their number is printed at the end.
@test "an allocation that fails ends the program, jansson's too: no event is half there" {
	need cc
	! grep -q __asan_init "$LIU_PROGRAM" || skip "AddressSanitizer has its own malloc"
	cat >fail.c <<-'END'
		#include <errno.h>
		#include <stdio.h>
		#include <stdlib.h>
		extern void *__libc_malloc(size_t);
		static long calls, failing = -1;
		void *malloc(size_t size)
		{
			if (failing < 0)
				failing = getenv("FAILING") ? atol(getenv("FAILING")) : 0;
			if (++calls != failing)
				return __libc_malloc(size);
			errno = ENOMEM;
			return NULL;
		}
		__attribute__((destructor)) static void count(void)
		{
			if (failing == 0)
				fprintf(stderr, "%ld\n", calls);
		}
	END
	cc -shared -fPIC -o fail.so fail.c || skip "no shared libraries here"
	start_liu echo 127.0.0.1:0
	local words=(connect --json "$ADDRESS" write 'hello\n' readline) all n failed=0 broken=()
	LD_PRELOAD=$PWD/fail.so capture "$LIU" "${words[@]}"
	assert_status 0
	all=$(<"$ERR")
	[ "$all" -gt 50 ] || fail "$all allocations"
	for ((n = all / 2; n <= all; n++)); do
		FAILING=$n LD_PRELOAD=$PWD/fail.so capture "$LIU" "${words[@]}"
		[ "$status" -eq 0 ] || failed=$((failed + 1))
		[ "$status" -ne 0 ] || [[ $(<"$OUT") == *'"step":"readline","ok":true,"bytes":6,"data":"hello\n"'* ]] ||
			broken+=("$n")
	done
	[ "$failed" -gt 20 ] || fail "only $failed of $all end it"
	assert_equal '' "${broken[*]-}" "allocations of $all that fail with exit 0 and a broken event"
}
