#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 27-syscalls: which system calls move the bytes of a socket.

load helpers
load peer

setup() {
	trace_the_test_alone
	need strace
	cd "$BATS_TEST_TMPDIR" || return
}

# traced ARGUMENT...: run liu; `trace` has its calls on descriptors.
traced() {
	# LeakSanitizer does not work under strace.
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 capture timeout 30 strace -f -o trace -e signal=none \
		-e trace=execve,connect,epoll_wait,epoll_pwait,ioctl,read,readv,recvfrom,recvmsg "$LIU" "$@"
	grep -q '^[0-9]* *execve' trace || skip "strace does not work here: $(cat "$ERR")"
}

# The calls that read the connected socket, without their arguments; each wake-up begins a line.
reads() {
	awk '
	{ sub(/^[0-9]+ +/, "") }
	/^connect\(.*AF_INET/ { sub(/^connect\(/, ""); fd = $0 + 0 }
	/^epoll_p?wait/ { if (line != "") print line; line = "" }
	fd == "" { next }
	/^(read|readv|recvfrom|recvmsg)\(/ || /FIONREAD/ {
		name = $0
		sub(/\(.*/, "", name)
		sub(/^[a-z]+\(/, "")
		if ($0 + 0 == fd) line = line (line == "" ? "" : " ") name
	}
	END { if (line != "") print line }' trace
}

@test "a bufferevent does the first read of each wake-up" {
	peer 'c = accept(); c.sendall(b"a line\n"); wait(); c.sendall(b"x" * 9000); c.close()'
	traced connect "127.0.0.1:$PEER_PORT" readline readexactly 9000
	assert_status 0
	reads >wakeups
	assert_equal '' "$(grep -v '^ioctl readv' wakeups)" 'wake-ups that begin otherwise'
	assert_equal 'ioctl readv' "$(sed -n 1p wakeups)" 'the first wake-up'
	grep -q '^ioctl readv.* recvfrom' wakeups || fail "no top-up: $(cat wakeups)"
}
