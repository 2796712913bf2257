#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# haproxy: in front of a listener, which it sends PROXY headers; its health checks.

load ../bats/helpers
load programs

HAPROXY=$(command -v haproxy || echo /usr/sbin/haproxy)

setup() {
	trace_the_test_alone
	need "$HAPROXY"
}

# haproxy_on PORT SERVER: exec haproxy on that port in front of `server SERVER`.
haproxy_on() {
	cat >"$BATS_TEST_TMPDIR/haproxy.cfg" <<-CONF
		defaults
			mode tcp
			timeout connect 10s
			timeout client 30s
			timeout server 30s
		listen front
			bind 127.0.0.1:$1
			server one $2
	CONF
	exec "$HAPROXY" -db -f "$BATS_TEST_TMPDIR/haproxy.cfg"
}

@test "send-proxy and send-proxy-v2: the client's address, and every byte" {
	local option back
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	for option in send-proxy send-proxy-v2 'send-proxy-v2 proxy-v2-options crc32c,unique-id'; do
		start_liu listen --accept 1 --accept-proxy 127.0.0.1:0 info peername info sockname echo
		back=$SERVER_OUT
		start_on_free_port haproxy_on "$ADDRESS $option"
		run_liu connect "127.0.0.1:$PORT" info sockname relay <"$BATS_TEST_TMPDIR/data"
		assert_status 0
		assert_error_is ''
		# The first line is the client's own name, the rest what came back.
		head -n 1 "$OUT" >"$BATS_TEST_TMPDIR/name"
		tail -n +2 "$OUT" | cmp - "$BATS_TEST_TMPDIR/data"
		wait_exit "$SERVER"
		assert_equal 0 "$status" 'exit status'
		printf '%s\n127.0.0.1:%s\n' "$(cat "$BATS_TEST_TMPDIR/name")" "$PORT" | is "$back" 'standard output' -
		stop "$PEER"
		is "$SERVER_ERR" 'standard error' "listening on $ADDRESS"
	done
}

@test "send-proxy-v2 over TLS: the header comes before the handshake" {
	start_liu listen -k --accept-proxy tls:127.0.0.1:0 info peername info tls-version readline write 'ok\n'
	start_on_free_port haproxy_on "${ADDRESS#tls:} send-proxy-v2 ssl verify none"
	run_liu connect "127.0.0.1:$PORT" info sockname writeline hello readline
	assert_status 0
	wait_until has_lines "$SERVER_OUT" 3
	{ head -n 1 "$OUT"; printf 'TLSv1.3\nhello\n'; } | is "$SERVER_OUT" 'standard output' -
	stop "$PEER"
}

# Without a header its checks are over before they can be accepted.
@test "health checks of haproxy with a header say nothing" {
	local version
	for version in send-proxy send-proxy-v2; do
		start_liu listen -v -k --accept-proxy 127.0.0.1:0 readline
		start_on_free_port haproxy_on "$ADDRESS check inter 20ms check-send-proxy $version"
		wait_for_line "$SERVER_ERR" 'connection 3 .*: ended'
		stop "$PEER"
		stop "$SERVER"
		grep -v -e ': accepted$' -e ': ended$' -e ': probe: ' -e ': on behalf of ' -e ': finishing ' "$SERVER_ERR" |
			is - 'standard error' "listening on $ADDRESS"
	done
}
