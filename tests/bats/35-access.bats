#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 35-access: --allow and --deny: who is refused, in which words, and that it does not count.

load helpers
load clients

# ask(source): what the listener answers to x from that address; b"" when it is refused.
ASK='def ask(source, host="127.0.0.1"):
	c = socket.create_connection((host, PORT), timeout=DEADLINE, source_address=(source, 0)); print(name(c))
	try: c.sendall(b"x\n"); return rest(c)
	except ConnectionError: return b""
	finally: c.close()
'

# asks SCRIPT ARGUMENT...
asks() {
	clients "$ASK$1" "${@:2}"
}

@test "--deny refuses its block in a line, the others are served" {
	start_liu listen -k --deny 127.0.0.2 --deny 127.9.0.0/16 127.0.0.1:0 readline write 'ok\n'
	asks 'same([b"ok\n", b"", b"", b"ok\n"], [ask("127.0.0." + n) for n in "12"] + [ask("127.9.8.7"), ask("127.0.0.3")])'
	server_said "liu: connection from $(said 2): refused (--deny)
liu: connection from $(said 3): refused (--deny)"
	wait_until has_lines "$SERVER_OUT" 2
	is "$SERVER_OUT" 'standard output' $'x\nx'
}

@test "--allow refuses all other peers, and --deny wins" {
	start_liu echo --line --accept 1 --allow 127.0.0.0/30 --deny 127.0.0.2 127.0.0.1:0
	asks 'same([b"", b"", b"x\n"], [ask("127.0.0.4"), ask("127.0.0.2")] +
	[(lambda c: (c.sendall(b"x\n"), c.shutdown(socket.SHUT_WR), rest(c))[2])(dial())])'
	ends 0
	server_said "liu: connection from $(said 1): refused (--allow)
liu: connection from $(said 2): refused (--deny)"
}

# refused_are TEXT: the lines of $SERVER about refused connections, whatever it listens on.
refused_are() {
	grep -v '^listening on ' "$SERVER_ERR" | is - 'standard error of the server' "$1"
}

@test "both families have blocks of their own" {
	need_ipv6
	start_liu listen -k --deny ::/0 0 readline write 'ok\n'
	asks 'same([b"", b"ok\n"], [ask("::1", "::1"), ask("127.0.0.1")])'
	refused_are "liu: connection from [::1]:$(said 1 | sed 's/.*://'): refused (--deny)"
	stop "$SERVER"
	start_liu listen -k --allow ::1 0 readline write 'ok\n'
	asks 'same([b"ok\n", b""], [ask("::1", "::1"), ask("127.0.0.1")])'
	refused_are "liu: connection from $(said 2): refused (--allow)"
}

@test "a peer of IPv4 on an inherited socket of both families matches IPv4 blocks" {
	need_ipv6
	printf '#!/bin/sh\nexec python3 -IS -c "$DUAL" "$@"\n' >"$BATS_TEST_TMPDIR/dual"
	chmod +x "$BATS_TEST_TMPDIR/dual"
	export LIU_PROGRAM DUAL='import os, socket, sys
s = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True); s.set_inheritable(True)
os.dup2(s.fileno(), 7); os.execv(os.environ["LIU_PROGRAM"], ["liu", *sys.argv[1:]])'
	LIU=$BATS_TEST_TMPDIR/dual start_liu listen -k --deny 127.0.0.2 --deny 2001:db8::/32 fd:7 readline write 'ok\n'
	asks 'same([b"", b"ok\n", b"ok\n"], [ask("127.0.0.2"), ask("127.0.0.1"), ask("::1", "::1")])'
	server_said "liu: connection from [::ffff:127.0.0.2]:$(said 1 | sed 's/.*://'): refused (--deny)"
}

@test "a refused connection has no number, no event and no effect on the status" {
	start_liu listen --json --deny 127.0.0.2 127.0.0.1:0 readline
	asks 'for i in range(3): same(b"", ask("127.0.0.2"))
same(b"", ask("127.0.0.1"))'
	ends 0
	server_said "$(sed -n '1,3s/.*/liu: connection from &: refused (--deny)/p' "$SAID")"
	sed -E 's/"(conn":1|event":"[a-z]*").*/"\1/' "$SERVER_OUT" | is - 'standard output' \
		$'{"event":"listening"\n{"event":"open"\n{"event":"step"\n{"event":"close"'
	start_liu listen --accept 2 --deny 127.0.0.2 127.0.0.1:0 readline
	asks 'same([b""] * 3, [ask("127.0.0.%d" % n) for n in (1, 2, 1)])'
	ends 0
}

@test "the first connection served is number 1, and it alone decides the status" {
	start_liu listen --deny 127.0.0.2 127.0.0.1:0 readexactly 9
	asks 'same(b"", ask("127.0.0.2")); c = dial(); print(name(c)); c.shutdown(socket.SHUT_WR); same(b"", rest(c))'
	ends 7
	server_said "liu: connection from $(said 1): refused (--deny)
liu: connection 1 ($(said 2)): step 1 (readexactly 9): the peer closed after 0 bytes"
}

@test "refused connections do not keep --accept-timeout from passing" {
	early_clients 'dial_to_the_end(b"")'
	start_liu listen --accept-timeout 1.5 --deny 127.0.0.0/8 --address-file "$EARLY" 127.0.0.1:0
	early_clients_end
	ends 6
	has_line "$SERVER_ERR" ' refused \(--deny\)$'
}

@test "refused connections take no place of --max-conns, and -q hides them" {
	start "$LIU" listen -q -k -m 1 --deny 127.0.0.2 --address-file "$BATS_TEST_TMPDIR/ready" 127.0.0.1:0 readline write 'ok\n'
	SERVER=$PID SERVER_ERR=$PID_ERR
	wait_for_line "$BATS_TEST_TMPDIR/ready" ':[0-9]+$'
	# shellcheck disable=SC2034 # for clients
	PORT=${REPLY##*:}
	asks 'a = dial(); a.sendall(b"x\n"); same(b"ok\n", rest(a))
same([b""] * 100, [ask("127.0.0.2") for n in range(100)])
a.close(); same(b"ok\n", ask("127.0.0.1"))'
	stop "$SERVER"
	is "$SERVER_ERR" 'standard error' ''
}

@test "a Unix socket beside it is not affected: its mode decides" {
	start_liu listen -k --allow 192.0.2.1 127.0.0.1:0 --address "unix:$BATS_TEST_TMPDIR/s" readline write 'ok\n'
	asks 'same(b"", ask("127.0.0.1")); c = dial_unix(sys.argv[2]); c.sendall(b"x\n"); same(b"ok\n", rest(c))' \
		"$BATS_TEST_TMPDIR/s"
}

# --- Bad input -----------------------------------------------------------------------

@test "blocks that are wrong are exit 2, with what was meant" {
	cd "$BATS_TEST_TMPDIR"
	local such='(such as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1)'
	assert_usage_error "--allow: invalid block '10.0.0.1/8', did you mean 10.0.0.0/8?" \
		listen --allow 10.0.0.1/8 0 --address-file ready
	assert_usage_error "--deny: invalid block '::ffff:10.0.0.1/104', did you mean 10.0.0.0/8?" \
		echo 0 --deny ::ffff:10.0.0.1/104 --address-file ready
	assert_usage_error "--deny: invalid block 'localhost' $such" echo --deny=localhost --address-file ready
	assert_usage_error "--deny: invalid block '' $such" echo --deny= --address-file ready
	assert_usage_error "--deny: invalid block 'fe80::1%lo' $such" echo --deny fe80::1%lo --address-file ready
	assert_usage_error "--deny: invalid prefix length '33' (0 to 32)" echo --deny 10.0.0.0/33 --address-file ready
	assert_usage_error "--deny: invalid prefix length '' (0 to 32)" \
		echo --allow 10.0.0.0/8 --deny 10.0.0.0/ --address-file ready
	[ ! -e ready ] || fail 'one has listened'
}

@test "where no peer can have an IP address, they are exit 2" {
	cd "$BATS_TEST_TMPDIR"
	assert_usage_error '--allow needs a TCP address to listen on' listen --allow ::1 unix:s --address-file ready
	assert_usage_error '--deny needs a TCP address to listen on' \
		echo --deny ::1 unix:@name --address vsock:1 --address-file ready
	[ ! -e s ] && [ ! -e ready ] || fail 'one has listened'
	assert_usage_error '--deny is not an option of connect (only of listen and echo)' \
		connect --deny ::1 127.0.0.1:1
}
