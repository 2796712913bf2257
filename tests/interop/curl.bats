#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# curl: as the client of mock servers made of steps.

load ../bats/helpers

setup() {
	trace_the_test_alone
	need curl
}

curl_gets() { # ARGUMENT...
	capture timeout "$LIU_TIMEOUT" curl -sS --noproxy '*' "$@"
}

@test "a mock server: every request gets 204" {
	start_liu listen -k 127.0.0.1:0 readuntil '\r\n\r\n' write 'HTTP/1.0 204 No Content\r\n\r\n'
	curl_gets -w '%{http_code}\n' "http://127.0.0.1:$PORT/one" "http://127.0.0.1:$PORT/two"
	assert_status 0
	assert_output_is '204
204'
	assert_error_is ''
	stop "$SERVER"
	assert_equal $'GET /one HTTP/1.1\r|GET /two HTTP/1.1\r|' "$(grep GET "$SERVER_OUT" | tr '\n' '|')"
}

@test "a file to each client, until the end of the stream" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/body"
	start_liu listen -k 127.0.0.1:0 skipuntil '\r\n\r\n' write 'HTTP/1.0 200 OK\r\n\r\n' \
		writefile "$BATS_TEST_TMPDIR/body"
	for _ in 1 2 3; do
		curl_gets "http://127.0.0.1:$PORT/"
		assert_status 0
		cmp "$BATS_TEST_TMPDIR/body" "$OUT"
	done
}

@test "an upload arrives to the byte" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/body"
	start_liu listen 127.0.0.1:0 skipuntil '\r\n\r\n' readexactly 3000000 \
		write 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n'
	curl_gets -H Expect: -w '%{http_code}\n' -T "$BATS_TEST_TMPDIR/body" "http://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is 201
	wait_exit "$SERVER"
	assert_equal 0 "$status"
	cmp "$BATS_TEST_TMPDIR/body" "$SERVER_OUT"
}

@test "keep-alive: loop answers request after request on one connection" {
	start_liu listen 127.0.0.1:0 readuntil '\r\n\r\n' \
		write 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n' loop
	curl_gets "http://127.0.0.1:$PORT/1" "http://127.0.0.1:$PORT/2" "http://127.0.0.1:$PORT/3"
	assert_status 0
	assert_output_is 'ok
ok
ok'
	wait_exit "$SERVER"
	assert_equal 0 "$status"
	assert_equal 3 "$(grep -c '^GET ' "$SERVER_OUT")"
}

@test "https with our own certificate" {
	make_certs other
	start_liu listen -k --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 \
		skipuntil '\r\n\r\n' write 'HTTP/1.0 200 OK\r\n\r\nsecret\n'
	curl_gets --cacert "$CERTS/ca.pem" "https://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is secret
	assert_error_is ''
	curl_gets --cacert "$CERTS/other.pem" "https://127.0.0.1:$PORT/"
	assert_status 60
	wait_for_line "$SERVER_ERR" 'the peer ended TLS: it does not trust the issuer of our certificate \(alert 48\)$'
}

@test "https with the self-made certificate, pinned" {
	local pin
	start_liu listen -k --tls 127.0.0.1:0 skipuntil '\r\n\r\n' write 'HTTP/1.0 200 OK\r\n\r\npinned\n'
	pin=$(sed -n 's/^certificate pin sha256://p' "$SERVER_ERR" | tr '[:lower:]' '[:upper:]' |
		python3 -IS -c 'import base64, sys; print(base64.b16encode(base64.b16decode(sys.stdin.read().strip())).decode())')
	pin=$(python3 -IS -c 'import base64, sys; print(base64.b64encode(bytes.fromhex(sys.argv[1])).decode())' "$pin")
	curl_gets -k --pinnedpubkey "sha256//$pin" "https://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is pinned
}

@test "a Unix socket" {
	start_liu listen "unix:$BATS_TEST_TMPDIR/s" readline write 'HTTP/1.0 200 OK\r\n\r\nunix\n'
	curl_gets --unix-socket "$BATS_TEST_TMPDIR/s" http://x/path
	assert_status 0
	assert_output_is unix
	wait_exit "$SERVER"
	is "$SERVER_OUT" 'the request line' $'GET /path HTTP/1.1\r'
}

@test "curl's telnet is a netcat for liu echo" {
	start_liu echo 127.0.0.1:0
	curl_gets --max-time 5 "telnet://127.0.0.1:$PORT" <<<hello || :
	assert_output_is hello
}
