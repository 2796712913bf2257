#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# nginx: liu head and requests by hand, against a private instance.

load ../bats/helpers
load programs

# nginx on PORT (http), a Unix socket (http) and another (https).
configure() { # PORT
	local dir=$BATS_TEST_TMPDIR
	cat >"$dir/nginx.conf" <<-CONF
		daemon off;
		master_process off;
		worker_processes 1;
		pid $dir/pid;
		error_log stderr;
		events { worker_connections 64; }
		http {
			access_log $dir/access;
			client_body_temp_path $dir/t1;
			proxy_temp_path $dir/t2;
			fastcgi_temp_path $dir/t3;
			uwsgi_temp_path $dir/t4;
			scgi_temp_path $dir/t5;
			default_type text/plain;
			server {
				listen 127.0.0.1:$1;
				listen unix:$dir/http;
				root $dir/www;
				location /large { add_header X-Large "$(printf '%03000d' 0)"; }
				location /moved { return 301 /file; }
				location /auth { if (\$http_authorization != "Basic dXNlcjpwYXNz") { return 401; } }
			}
			server {
				listen 127.0.0.1:$2 ssl;
				ssl_certificate $CERTS/server.pem;
				ssl_certificate_key $CERTS/server.key;
				root $dir/www;
			}
		}
	CONF
}

nginx_on() { # PORT
	free_port >"$BATS_TEST_TMPDIR/secure"
	configure "$1" "$(cat "$BATS_TEST_TMPDIR/secure")"
	exec "$NGINX" -p "$BATS_TEST_TMPDIR" -e stderr -c "$BATS_TEST_TMPDIR/nginx.conf"
}

setup() {
	trace_the_test_alone
	NGINX=$(PATH=$PATH:/usr/sbin command -v nginx) || skip 'nginx is not installed'
	make_certs
	mkdir "$BATS_TEST_TMPDIR/www" "$BATS_TEST_TMPDIR/www/large" "$BATS_TEST_TMPDIR/www/auth"
	printf 'content of the file\n' >"$BATS_TEST_TMPDIR/www/file"
	printf 'x\n' >"$BATS_TEST_TMPDIR/www/large/file"
	printf 'x\n' >"$BATS_TEST_TMPDIR/www/auth/file"
	start_on_free_port nginx_on
	URL=http://127.0.0.1:$PORT
	SECURE=$(cat "$BATS_TEST_TMPDIR/secure")
	HTTPS=https://127.0.0.1:$SECURE
}

@test "head: the headers of a file, as curl prints them" {
	run_liu head "$URL/file"
	assert_status 0
	assert_error_is ''
	cp "$OUT" "$BATS_TEST_TMPDIR/ours"
	assert_equal 'HTTP/1.1 200 OK' "$(head -n 1 "$OUT")"
	assert_output_has 'Content-Length: 20'
	if command -v curl >/dev/null; then
		curl -sI -H 'Connection: close' "$URL/file" | tr -d '\r' | sed -e '/^$/d' -e '/^Date:/d' \
			>"$BATS_TEST_TMPDIR/curl"
		sed -e '/^Date:/d' "$BATS_TEST_TMPDIR/ours" | cmp - "$BATS_TEST_TMPDIR/curl"
	fi
}

@test "head over https" {
	run_liu head --cacert "$CERTS/ca.pem" "$HTTPS/file"
	assert_status 0
	assert_error_is ''
	assert_equal 'HTTP/1.1 200 OK' "$(head -n 1 "$OUT")"
	run_liu head "$HTTPS/file"
	assert_status 5
	assert_output_is ''
	assert_error_has "certificate is signed by 'liu test CA', which is not trusted here"
}

@test "head: 404 with --fail, a redirect is shown, https asked of http" {
	run_liu head --fail "$URL/none"
	assert_status 9
	assert_equal 'HTTP/1.1 404 Not Found' "$(head -n 1 "$OUT")"
	assert_error_is "liu: $URL/none: the status is 404 (--fail)"
	run_liu head --fail --field location "$URL/moved"
	assert_status 0
	assert_output_is "$URL/file"
	run_liu head --cacert "$CERTS/ca.pem" "https://127.0.0.1:$PORT/"
	assert_status 5
	assert_error_has 'the peer does not speak TLS: it sent '
	run_liu head "http://127.0.0.1:$SECURE/"
	assert_status 0
	assert_equal 'HTTP/1.1 400 Bad Request' "$(head -n 1 "$OUT")"
}

@test "head: GET is not read to its end; large headers; credentials" {
	run_liu head -X GET "$URL/file"
	assert_status 0
	! grep -q content "$OUT" || fail 'the body is printed'
	run_liu head --field x-large "$URL/large/file"
	assert_status 0
	assert_equal 3001 "$(wc -c <"$OUT")" 'length of the value'
	run_liu head --fail "http://user:pass@127.0.0.1:$PORT/auth/file"
	assert_status 0
	run_liu head --fail=401 "$URL/auth/file"
	assert_status 0
}

logged_twice() {
	[ "$(grep -c 'HEAD /file HTTP/1.1" 200' "$BATS_TEST_TMPDIR/access")" -eq 2 ]
}

@test "head: keep-alive does not make it wait" {
	run_liu head -H 'Connection: keep-alive' "$URL/file" "$URL/file"
	assert_status 0
	assert_equal 2 "$(grep -c '^Connection: keep-alive' "$OUT")"
	wait_until logged_twice
}

@test "two requests over one connection, by hand" {
	local request='GET /file HTTP/1.1\r\nHost: x\r\n'
	run_liu connect "127.0.0.1:$PORT" write "$request\r\n" readuntil '\r\n\r\n' expect '^HTTP/1.1 200' \
		readexactly 20 write "${request}Connection: close\r\n\r\n" skipuntil '\r\n\r\n' read
	assert_status 0
	assert_error_is ''
	assert_equal 'content of the file
content of the file' "$(tail -n 2 "$OUT")"
	run_liu connect "unix:$BATS_TEST_TMPDIR/http" write "${request}Connection: close\r\n\r\n" \
		skipuntil '\r\n\r\n' read
	assert_status 0
	assert_output_is 'content of the file'
	run_liu connect "tls:127.0.0.1:$SECURE" --cacert "$CERTS/ca.pem" write "${request}Connection: close\r\n\r\n" \
		skipuntil '\r\n\r\n' read
	assert_status 0
	assert_output_is 'content of the file'
	assert_error_is ''
}
