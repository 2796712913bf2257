#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 17-head: what is asked, what of the answer is printed, and when it is a failure.

load helpers
load peer

OK='HTTP/1.1 200 OK\r\n'

# serve_http TEXT [STEP...]: an HTTP server that answers every request with TEXT, whatever it is. The requests
# are in $SERVER_OUT; $URL is its URL.
serve_http() {
	start_liu listen -k 127.0.0.1:0 readuntil '\r\n\r\n' write "$@"
	URL=http://127.0.0.1:$PORT/
}

# serve_file FILE: the same with the bytes of FILE.
serve_file() {
	start_liu listen -k 127.0.0.1:0 readuntil '\r\n\r\n' writefile "$1"
	URL=http://127.0.0.1:$PORT/
}

# serve_tls STEP...: a server that makes its own certificate; $PIN is its pin.
serve_tls() {
	start_liu listen -k --tls 127.0.0.1:0 "$@"
	PIN=$(sed -n 's/^certificate pin //p' "$SERVER_ERR")
	URL=https://127.0.0.1:$PORT/
}

# requests TEXT: all that were sent, to the byte.
requests() {
	stop "$SERVER"
	printf '%s' "$1" | is "$SERVER_OUT" 'the requests' -
}

version() {
	"$LIU" --version | sed -n '1s/^liu \([^ ]*\).*/\1/p'
}

# --- What is asked -----------------------------------------------------------------

@test "HEAD is sent with the four headers, and the answer is printed as it came" {
	serve_http "${OK}Server: x\r\nX-Odd:  two  spaces \r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
	run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
Server: x
X-Odd:  two  spaces 
set-cookie: a=1
Set-Cookie: b=2'
	assert_error_is ''
	requests $'HEAD / HTTP/1.1\r\nHost: 127.0.0.1:'"$PORT"$'\r\nUser-Agent: liu/'"$(version)"$'\r\nAccept: */*\r\nConnection: close\r\n\r\n'
}

@test "no scheme means http, no path means /" {
	local url
	serve_http "$OK\r\n"
	for url in "127.0.0.1:$PORT" "127.0.0.1:$PORT/" "http://127.0.0.1:$PORT" "HTTP://127.0.0.1:$PORT/#top"; do
		run_liu head "$url"
		assert_status 0
		assert_output_is 'HTTP/1.1 200 OK'
		assert_error_is ''
	done
	stop "$SERVER"
	assert_equal 4 "$(grep -c $'^HEAD / HTTP/1.1\r$' "$SERVER_OUT")" 'requests for /'
}

@test "the target is sent as it stands, without the fragment; other letters percent-encoded" {
	serve_http "$OK\r\n"
	run_liu head -H User-Agent: -H Accept: -H Connection: -H Host: "${URL}a/../b;c?d=e%20f&g#frag" \
		"${URL%/}?only=query" "${URL}bücher"
	assert_status 0
	requests $'HEAD /a/../b;c?d=e%20f&g HTTP/1.1\r\n\r\nHEAD /?only=query HTTP/1.1\r\n\r\nHEAD /b%C3%BCcher HTTP/1.1\r\n\r\n'
}

@test "-X and --request send any method, and the body of the answer is not printed" {
	serve_http "${OK}Content-Length: 4\r\n\r\nbody" read
	run_liu head -X GET "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
Content-Length: 4'
	assert_error_is ''
	run_liu head "$URL" --request=OPTIONS
	assert_status 0
	run_liu head -XM-SEARCH "$URL"
	assert_status 0
	stop "$SERVER"
	assert_equal 'GET / HTTP/1.1|OPTIONS / HTTP/1.1|M-SEARCH / HTTP/1.1|' \
		"$(tr -d '\r' <"$SERVER_OUT" | grep ' HTTP/1.1' | tr '\n' '|')"
}

@test "-H adds, replaces and removes; -A is the user agent" {
	serve_http "$OK\r\n"
	run_liu head -H 'X-One: 1' --header='accept: text/html' -H 'User-Agent:' -H 'X-Two:2' "$URL" \
		-H 'X-One: again'
	assert_status 0
	run_liu head -A 'me/1 (x)' -H 'Host: other.example' "$URL"
	assert_status 0
	requests $'HEAD / HTTP/1.1\r\nHost: 127.0.0.1:'"$PORT"$'\r\nConnection: close\r\nX-One: 1\r\naccept: text/html\r\nX-Two: 2\r\nX-One: again\r\n\r\nHEAD / HTTP/1.1\r\nHost: other.example\r\nUser-Agent: me/1 (x)\r\nAccept: */*\r\nConnection: close\r\n\r\n'
}

@test "--http1.0 asks in HTTP/1.0" {
	serve_http 'HTTP/1.0 200 OK\r\n\r\n'
	run_liu head --http1.0 -H User-Agent: "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.0 200 OK'
	requests $'HEAD / HTTP/1.0\r\nHost: 127.0.0.1:'"$PORT"$'\r\nAccept: */*\r\nConnection: close\r\n\r\n'
}

@test "user and password become Basic authorization" {
	serve_http "$OK\r\n"
	run_liu head -H User-Agent: "http://Aladdin:open%20sesame@127.0.0.1:$PORT/" "http://user@127.0.0.1:$PORT/" \
		"http://a%40b:c:d@127.0.0.1:$PORT/"
	assert_status 0
	assert_error_is ''
	stop "$SERVER"
	assert_equal "$(printf 'Aladdin:open sesame' | base64)|$(printf user: | base64)|$(printf a@b:c:d | base64)|" \
		"$(tr -d '\r' <"$SERVER_OUT" | sed -n 's/^Authorization: Basic //p' | tr '\n' '|')"
	! grep -q '@' "$SERVER_OUT" || fail 'the credentials are in the request line or Host'
}

@test "IPv6 hosts keep their brackets in Host" {
	need_ipv6
	start_liu listen -k '[::1]:0' readuntil '\r\n\r\n' write "$OK\r\n"
	run_liu head -H User-Agent: "http://[::1]:$PORT/"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
	requests $'HEAD / HTTP/1.1\r\nHost: [::1]:'"$PORT"$'\r\nAccept: */*\r\nConnection: close\r\n\r\n'
}

@test "internationalised hosts are looked up and sent in ASCII" {
	# Full-width letters are the ones that lead to a name which every machine has.
	serve_http "$OK\r\n"
	run_liu head -4 -H User-Agent: "http://ｌｏｃａｌｈｏｓｔ:$PORT/"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
	assert_error_is ''
	requests $'HEAD / HTTP/1.1\r\nHost: localhost:'"$PORT"$'\r\nAccept: */*\r\nConnection: close\r\n\r\n'
}

@test "https: the same over TLS" {
	serve_tls readuntil '\r\n\r\n' write "${OK}A: b\r\n\r\n"
	run_liu head --pin "$PIN" -H User-Agent: "${URL}x"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	assert_error_is ''
	requests $'HEAD /x HTTP/1.1\r\nHost: 127.0.0.1:'"$PORT"$'\r\nAccept: */*\r\nConnection: close\r\n\r\n'
}

@test "proxy variables are not read" {
	serve_http "$OK\r\n"
	http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 \
		run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
}

@test "standard input is not read" {
	serve_http "$OK\r\n"
	printf 'http://127.0.0.1:1/\n' >"$BATS_TEST_TMPDIR/in"
	exec 9<"$BATS_TEST_TMPDIR/in"
	run_liu head "$URL" <&9
	assert_status 0
	read -r line <&9
	exec 9<&-
	assert_equal http://127.0.0.1:1/ "$line" 'what is left on standard input'
}

# --- Several URLs ------------------------------------------------------------------

@test "several URLs are asked in order, with a blank line between the answers" {
	start_liu listen -k 127.0.0.1:0 readline write "${OK}X: y\r\n\r\n"
	URL=http://127.0.0.1:$PORT/
	run_liu head "${URL}1" "${URL}2" "${URL}3"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
X: y

HTTP/1.1 200 OK
X: y

HTTP/1.1 200 OK
X: y'
	assert_error_is ''
	requests $'HEAD /1 HTTP/1.1\r\nHEAD /2 HTTP/1.1\r\nHEAD /3 HTTP/1.1\r\n'
}

@test "the first failure in order is the exit status, and the others are still asked" {
	refused_port
	serve_http 'HTTP/1.1 404 Not Found\r\n\r\n'
	run_liu head --fail "http://127.0.0.1:$REFUSED/a" "${URL}b" "http://127.0.0.1:$REFUSED/c"
	assert_status 4
	assert_output_is 'HTTP/1.1 404 Not Found'
	assert_error_is "liu: http://127.0.0.1:$REFUSED/a: cannot connect to 127.0.0.1:$REFUSED: connection refused
liu: ${URL}b: the status is 404 (--fail)
liu: http://127.0.0.1:$REFUSED/c: cannot connect to 127.0.0.1:$REFUSED: connection refused"
	run_liu head --fail "${URL}b" "http://127.0.0.1:$REFUSED/c"
	assert_status 9
	run_liu head "${URL}b" "http://127.0.0.1:$REFUSED/c"
	assert_status 4
}

@test "one bad URL among several is exit 2, and none is asked" {
	serve_http "$OK\r\n"
	run_liu head "$URL" ftp://127.0.0.1/
	assert_status 2
	assert_output_is ''
	requests ''
}

@test "https and http in one run" {
	local plain
	serve_http 'HTTP/1.1 204 No Content\r\n\r\n'
	plain=$URL
	serve_tls readuntil '\r\n\r\n' write "$OK\r\n"
	run_liu head --pin "$PIN" "$plain" "$URL" "$plain"
	assert_status 0
	assert_output_is 'HTTP/1.1 204 No Content

HTTP/1.1 200 OK

HTTP/1.1 204 No Content'
}

# --- --fail and --field --------------------------------------------------------------

@test "without --fail every status is exit 0" {
	local status_line
	for status_line in '404 Not Found' '500 Oops' '999 Odd' '304 Not Modified'; do
		serve_http "HTTP/1.1 $status_line\r\n\r\n"
		run_liu head "$URL"
		assert_status 0
		assert_output_is "HTTP/1.1 $status_line"
		assert_error_is ''
	done
}

@test "--fail: statuses outside 100-399 are exit 9, and the answer is printed" {
	local code
	for code in 400 404 500 999; do
		serve_http "HTTP/1.1 $code X\r\nA: b\r\n\r\n"
		run_liu head --fail "$URL"
		assert_status 9
		assert_output_is "HTTP/1.1 $code X
A: b"
		assert_error_is "liu: $URL: the status is $code (--fail)"
	done
	for code in 200 204 301 399 101; do
		serve_http "HTTP/1.1 $code X\r\n\r\n"
		run_liu head --fail "$URL"
		assert_status 0
		assert_output_is "HTTP/1.1 $code X"
		assert_error_is ''
	done
}

@test "--fail=RANGES: what they hold is good" {
	serve_http 'HTTP/1.1 304 Not Modified\r\n\r\n'
	run_liu head --fail=200-299,304 "$URL"
	assert_status 0
	run_liu head --fail=304 "$URL"
	assert_status 0
	run_liu head --fail=200-299 "$URL"
	assert_status 9
	assert_error_is "liu: $URL: the status is 304 (--fail)"
	run_liu head --fail=404,300-303,305-999 "$URL"
	assert_status 9
}

@test "--fail with ranges that are none is exit 2" {
	local ranges
	for ranges in x 200- 299-200 99 1000 '200,,' 20-30 '200 '; do
		run_liu head "--fail=$ranges" http://127.0.0.1:1/
		assert_status 2
		assert_output_is ''
		assert_error_is "liu: --fail: invalid statuses '$ranges' (such as 200-299,304) (see: liu head --help)"
	done
}

@test "--field prints only the values of that header; of several, each with its name, as asked for" {
	serve_http "${OK}Set-Cookie: a=1\r\nETag: \"x\"\r\nset-cookie:b=2  \r\nEmpty:\r\n\r\n"
	run_liu head --field etag "$URL"
	assert_status 0
	assert_output_is '"x"'
	assert_error_is ''
	run_liu head --field SET-COOKIE --field=ETag "$URL"
	assert_status 0
	assert_output_is 'Set-Cookie: a=1
set-cookie: b=2
ETag: "x"'
	run_liu head --field empty --field etag "$URL"
	assert_status 0
	assert_output_bytes $'Empty: \nETag: "x"\n'
	run_liu head --field empty "$URL"
	assert_status 0
	assert_output_bytes $'\n'
}

@test "--field: none of that name is exit 9" {
	serve_http "${OK}ETag: x\r\n\r\n"
	run_liu head --field Last-Modified "$URL"
	assert_status 9
	assert_output_is ''
	assert_error_is "liu: $URL: the response has no header 'Last-Modified' (--field)"
	run_liu head --field ETa "$URL"
	assert_status 9
	# One of several, too: the others are printed.
	run_liu head --field Last-Modified --field ETag --field Age "$URL"
	assert_status 9
	assert_output_is 'ETag: x'
	assert_error_is "liu: $URL: the response has no header 'Last-Modified' (--field)
liu: $URL: the response has no header 'Age' (--field)"
}

@test "--field with --fail: both must hold, and the values are printed all the same" {
	serve_http 'HTTP/1.1 404 Not Found\r\nETag: x\r\n\r\n'
	run_liu head --fail --field etag "$URL"
	assert_status 9
	assert_output_is x
	assert_error_is "liu: $URL: the status is 404 (--fail)"
}

@test "--field of several URLs: one value a line and nothing else" {
	serve_http "${OK}ETag: x\r\n\r\n"
	run_liu head --field etag "$URL" "$URL"
	assert_status 0
	assert_output_is 'x
x'
}

@test "--field: a folded value is one line" {
	serve_http "${OK}X: one\r\n  two\r\n\tthree \r\nY: z\r\n\r\n"
	run_liu head --field x "$URL"
	assert_status 0
	assert_output_is 'one two three'
}

# --- The answer ----------------------------------------------------------------------

@test "the answer ends at its blank line, though the server keeps the connection open" {
	serve_http "$OK\r\n" read
	run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
	assert_error_is ''
	# And we have closed: the server's read has ended.
	run_liu head -w 10 "$URL"
	assert_status 0
}

@test "head closes at once: the server meets the end" {
	start_liu listen 127.0.0.1:0 readuntil '\r\n\r\n' write "$OK\r\n" at-eof
	run_liu head "http://127.0.0.1:$PORT/"
	assert_status 0
	wait_exit "$SERVER"
	assert_equal 0 "$status" "the server's exit status"
}

@test "an endless body is not waited for" {
	start_liu listen 127.0.0.1:0 readuntil '\r\n\r\n' write "$OK\r\n" writefile /dev/zero
	run_liu head -X GET "http://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
	assert_error_is ''
}

@test "1xx answers are passed over, and shown with -v" {
	serve_http "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}A: b\r\n\r\n"
	run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	assert_error_is ''
	run_liu head -v "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	grep ' interim ' "$ERR" | is /dev/stdin 'the interim responses' 'liu: interim response: HTTP/1.1 100 Continue
liu: interim response: HTTP/1.1 103 Early Hints
liu: interim response: Link: </x>'
}

@test "-v shows the request, without what is secret, and TLS" {
	serve_tls readuntil '\r\n\r\n' write "${OK}A: b\r\n\r\n"
	run_liu head -v --pin "$PIN" -H 'cookie: session=1' -H 'Proxy-authorization: x' -H 'X-Y: z' \
		"https://user:secret@127.0.0.1:$PORT/a?b=c"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	sed -i 's/ [23][0-9] days/ N days/' "$ERR"
	assert_error_is "liu: connecting to 127.0.0.1:$PORT
liu: connected to 127.0.0.1:$PORT
liu: TLSv1.3, TLS_AES_256_GCM_SHA384, peer CN=localhost, N days left
liu: request: HEAD /a?b=c HTTP/1.1
liu: request: Host: 127.0.0.1:$PORT
liu: request: User-Agent: liu/$(version)
liu: request: Accept: */*
liu: request: Authorization: (not shown)
liu: request: Connection: close
liu: request: cookie: (not shown)
liu: request: Proxy-authorization: (not shown)
liu: request: X-Y: z"
	run_liu head --pin "$PIN" "$URL"
	assert_error_is ''
}

@test "101 ends HTTP: it is an answer" {
	serve_http 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n' read
	run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 101 Switching Protocols
Upgrade: x'
}

@test "only 1xx and then the end is a cut answer" {
	serve_http 'HTTP/1.1 100 Continue\r\n\r\n'
	run_liu head "$URL"
	assert_status 7
	assert_output_is ''
	assert_error_is "liu: $URL: the response was cut: the peer closed before the blank line"
}

@test "cut before the blank line: exit 7, and what came is printed" {
	serve_http "${OK}A: b\r\nC: d"
	run_liu head "$URL"
	assert_status 7
	assert_output_is 'HTTP/1.1 200 OK
A: b
C: d'
	assert_error_is "liu: $URL: the response was cut: the peer closed before the blank line"
	serve_http "${OK}A: b\r\n"
	run_liu head "$URL"
	assert_status 7
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	serve_http 'HTTP/1.1'
	run_liu head "$URL"
	assert_status 7
	assert_output_is HTTP/1.1
}

@test "an empty reply is exit 7 and said" {
	start_liu listen -k 127.0.0.1:0 readuntil '\r\n\r\n'
	run_liu head "http://127.0.0.1:$PORT/"
	assert_status 7
	assert_output_is ''
	assert_error_is "liu: http://127.0.0.1:$PORT/: empty reply: the peer closed without sending a byte"
}

@test "a reset before the blank line is exit 1" {
	start_liu listen -k 127.0.0.1:0 readuntil '\r\n\r\n' abort
	run_liu head "http://127.0.0.1:$PORT/"
	assert_status 1
	assert_output_is ''
	assert_error_is "liu: http://127.0.0.1:$PORT/: connection reset by peer"
}

# A TLS server that answers TEXT and ends without close_notify.
serve_cut() { # TEXT
	make_certs
	start python3 -IS -c 'import socket, ssl, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(sys.argv[1] + "/server.pem", sys.argv[1] + "/server.key")
while True:
    t = ctx.wrap_socket(s.accept()[0], server_side=True)
    data = b""
    while b"\r\n\r\n" not in data:
        data += t.recv(4096)
    t.sendall(sys.argv[2].encode())
    t.close()' "$CERTS" "$1"
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	URL=https://127.0.0.1:$REPLY/
}

@test "over TLS without close_notify a cut answer is exit 5, and what came is printed" {
	serve_cut $'HTTP/1.1 200 OK\r\nA: b\r\n'
	run_liu head --cacert "$CERTS/ca.pem" "$URL"
	assert_status 5
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	assert_error_is "liu: $URL: the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)"
	run_liu head --cacert "$CERTS/ca.pem" --allow-truncated "$URL"
	assert_status 7
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	assert_error_is "liu: $URL: the response was cut: the peer closed before the blank line"
}

@test "over TLS without close_notify a whole answer is whole" {
	serve_cut $'HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody'
	run_liu head --cacert "$CERTS/ca.pem" -X GET "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	assert_error_is ''
}

@test "over TLS with close_notify a cut answer is exit 7" {
	serve_tls readuntil '\r\n\r\n' write "${OK}A"
	run_liu head --pin "$PIN" "$URL"
	assert_status 7
	assert_output_is 'HTTP/1.1 200 OK
A'
}

@test "folded lines are read and printed as they came" {
	serve_http "${OK}X: one\r\n  two\r\n\tthree\r\nY: z\r\n\r\n"
	run_liu head "$URL"
	assert_status 0
	assert_output_is "HTTP/1.1 200 OK
X: one
  two
$(printf '\t')three
Y: z"
	assert_error_is ''
}

@test "bare LF and a missing reason phrase are read" {
	serve_http 'HTTP/1.1 200 OK\nA: b\n\n'
	run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	serve_http 'HTTP/1.1 200\r\n\r\n'
	run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.1 200'
	serve_http 'HTTP/1.0 200 \r\nA: b\r\n\n'
	run_liu head "$URL"
	assert_status 0
	assert_output_is 'HTTP/1.0 200 
A: b'
}

@test "an answer that comes a byte at a time is the same" {
	start python3 -IS -c 'import select, socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
data = b""
while b"\r\n\r\n" not in data:
    data += c.recv(4096)
for byte in b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n":
    c.send(bytes([byte]))
    select.select([c], [], [], 0.005)
c.recv(1)'
	wait_for_line "$PID_OUT" '^[0-9]+$'
	run_liu head "127.0.0.1:$REPLY"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
A: b'
	assert_error_is ''
}

@test "a server that answers without having read the request" {
	start_liu listen -k 127.0.0.1:0 write "${OK}Early: 1\r\n\r\n" write-eof read
	run_liu head "http://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK
Early: 1'
	assert_error_is ''
}

# --- What is not HTTP -----------------------------------------------------------------

@test "what is not HTTP is exit 1, with its first bytes" {
	local line shown
	while IFS='|' read -r line shown; do
		serve_http "$line"
		run_liu head "$URL"
		assert_status 1
		assert_output_is ''
		assert_error_is "liu: $URL: the response is not HTTP: '$shown'"
	done <<-'LINES'
		SSH-2.0-OpenSSH_9.2\r\n|SSH-2.0-OpenSSH_9.2\r\n
		<html>\n|<html>\n
		\r\n|\r\n
		\x16\x03\x01\e[31m\n|\x16\x03\x01\e[31m\n
		HTTP/1.1 20 OK\r\n\r\n|HTTP/1.1 20 OK\r\n
		HTTP/1.1 2000 OK\r\n\r\n|HTTP/1.1 2000 OK\r\n
		HTTP/1.1 099 OK\r\n\r\n|HTTP/1.1 099 OK\r\n
		http/1.1 200 OK\r\n\r\n|http/1.1 200 OK\r\n
		HTTP/1.1 200 O\0K\r\n\r\n|HTTP/1.1 200 O\x00K\r\n
		HTTP/1.1 200 O\rK\r\n\r\n|HTTP/1.1 200 O\rK\r\n
	LINES
}

@test "a header line that is none is exit 1, with its first bytes" {
	local line why
	while IFS='|' read -r line why; do
		serve_http "${OK}A: b\r\n$line\r\n\r\n"
		run_liu head "$URL"
		assert_status 1
		assert_output_is 'HTTP/1.1 200 OK
A: b'
		assert_error_is "liu: $URL: $why"
	done <<-'LINES'
		X: a\0b|NUL in a header line: 'X: a\x00b\r\n'
		X: a\rb|bare CR in a header line: 'X: a\rb\r\n'
		X: a\r|bare CR in a header line: 'X: a\r\r\n'
		no colon|header line without a colon: 'no colon\r\n'
		: no name|header line without a name: ': no name\r\n'
	LINES
}

@test "a first header line that is indented is shown and belongs to no field" {
	serve_http "${OK} folded: x\r\nA: b\r\n\r\n"
	run_liu head "$URL"
	assert_status 0
	assert_error_is ''
	assert_output_is 'HTTP/1.1 200 OK
 folded: x
A: b'
	run_liu head --json "$URL"
	assert_output_has '"headers":[["A","b"]]'
}

@test "JSON: what is not UTF-8 is read as Latin-1" {
	serve_http 'HTTP/1.1 200 sch\xf6n\r\nA: caf\xe9 \xff\r\nB: caf\xc3\xa9\r\n\r\n'
	run_liu head --json "$URL"
	assert_status 0
	assert_output_has '"reason":"schön"'
	assert_output_has '"headers":[["A","café ÿ"],["B","café"]]'
}

@test "a peer that is not HTTP and waits after a few bytes is refused at once" {
	local greeting
	for greeting in 'login: ' '\x15\x03\x01\0\x02\x02(' 'HTTX'; do
		start_liu listen -k 127.0.0.1:0 write "$greeting" read
		run_liu head -w 10 "$ADDRESS" # else exit 6
		assert_status 1
		assert_output_is ''
		assert_error_is "liu: $ADDRESS: the response is not HTTP: '${greeting/\\0/\\x00}'"
	done
	# The end changes nothing.
	serve_http 'login: '
	run_liu head "$URL"
	assert_status 1
	assert_error_is "liu: $URL: the response is not HTTP: 'login: '"
}

@test "the first bytes of a long line are shown, not all" {
	serve_http "$(printf 'x%.0s' {1..5000})\n"
	run_liu head "$URL"
	assert_status 1
	assert_error_has "the response is not HTTP: 'xxxxxxxx"
	[ "$(wc -c <"$ERR")" -lt 300 ] || fail 'the line is too long'
}

@test "a line of more than 64K is exit 8 with the number" {
	local file=$BATS_TEST_TMPDIR/answer
	answer() { # LENGTH of the line
		printf 'HTTP/1.1 200 OK\r\nX: '
		head -c "$(($1 - 3))" /dev/zero | tr '\0' x
		printf '\r\n\r\n'
	}
	answer 65535 >"$file"
	serve_file "$file"
	run_liu head "$URL"
	assert_status 0
	assert_equal 65535 "$(sed -n 2p "$OUT" | tr -d '\n' | wc -c)" 'length of the line'
	answer 65537 >"$file"
	run_liu head "$URL"
	assert_status 8
	assert_error_is "liu: $URL: the response has a line of more than 65536 bytes"
	# Without an end in sight too.
	{
		printf 'HTTP/1.1 200 '
		head -c 10000000 /dev/zero | tr '\0' x
	} >"$file"
	run_liu head "$URL"
	assert_status 8
	assert_output_is ''
	assert_error_is "liu: $URL: the response has a line of more than 65536 bytes"
}

@test "more than 256K is exit 8 with the number" {
	local file=$BATS_TEST_TMPDIR/answer i
	answer() { # LINES of 1000 bytes
		printf 'HTTP/1.1 200 OK\r\n'
		for ((i = 0; i < $1; i++)); do
			printf 'X: %0995d\r\n' "$i"
		done
		printf '\r\n'
	}
	answer 262 >"$file"
	serve_file "$file"
	run_liu head "$URL"
	assert_status 0
	assert_equal 263 "$(wc -l <"$OUT")" lines
	answer 263 >"$file"
	run_liu head "$URL"
	assert_status 8
	assert_error_is "liu: $URL: the headers are longer than 262144 bytes"
}

@test "more than 1000 fields are exit 8 with the number" {
	local file=$BATS_TEST_TMPDIR/answer
	answer() { # FIELDS
		printf 'HTTP/1.1 200 OK\r\n'
		seq -f 'X-%g: y' "$1" | sed 's/$/\r/'
		printf '\r\n'
	}
	answer 1000 >"$file"
	serve_file "$file"
	run_liu head "$URL"
	assert_status 0
	assert_equal 1001 "$(wc -l <"$OUT")" lines
	answer 1001 >"$file"
	run_liu head "$URL"
	assert_status 8
	assert_error_is "liu: $URL: more than 1000 headers"
}

@test "the limits hold for 1xx answers too, which could be endless" {
	local file=$BATS_TEST_TMPDIR/answer
	yes $'HTTP/1.1 100 Continue\r\n\r' | head -n 100000 >"$file"
	serve_file "$file"
	run_liu head "$URL"
	assert_status 8
	assert_output_is ''
	assert_error_is "liu: $URL: the headers are longer than 262144 bytes"
}

# --- What is shown ---------------------------------------------------------------------

@test "on a terminal control characters are made visible" {
	serve_http "${OK}X: \e[2Jevil\x07\x9b\tü\r\n\r\n"
	NO_COLOR=1 on_terminal head "$URL"
	assert_status 0
	assert_output_is "HTTP/1.1 200 OK
X: \\e[2Jevil\\x07\\x9b\\tü"
	NO_COLOR=1 on_terminal head --field x "$URL"
	assert_status 0
	! grep -q "$(printf '[\e\a]')" "$OUT" || fail 'a control character on the terminal'
}

@test "in a file or a pipe every byte is as it came" {
	serve_http "${OK}X: \e[2Jevil\x07\x9b\tü\r\n\r\n"
	run_liu head "$URL"
	assert_status 0
	assert_output_bytes $'HTTP/1.1 200 OK\nX: \e[2Jevil\x07\x9b\tü\n'
	run_liu head --field x "$URL"
	assert_status 0
	assert_output_bytes $'\e[2Jevil\x07\x9b\tü\n'
}

@test "colours: on a terminal, with --color=always; never with NO_COLOR, a dumb TERM or --color=never" {
	local colored=$'\e[1mHTTP/1.1 200 OK\e[0m\n\e[1mX\e[0m: y\n'
	local bare=$'HTTP/1.1 200 OK\nX: y\n'
	serve_http "${OK}X: y\r\n\r\n"
	TERM=xterm on_terminal head "$URL"
	assert_output_bytes "$colored"
	NO_COLOR=1 TERM=xterm on_terminal head "$URL"
	assert_output_bytes "$bare"
	TERM=dumb on_terminal head "$URL"
	assert_output_bytes "$bare"
	TERM='' on_terminal head "$URL"
	assert_output_bytes "$bare"
	(unset TERM && on_terminal head "$URL")
	assert_output_bytes "$bare"
	TERM=xterm on_terminal head --color=never "$URL"
	assert_output_bytes "$bare"
	run_liu head "$URL"
	assert_output_bytes "$bare"
	run_liu head --color always "$URL"
	assert_output_bytes "$colored"
}

@test "credentials are never shown" {
	local url
	refused_port
	serve_http 'HTTP/1.1 404 Not Found\r\n\r\n'
	for url in "http://secretuser:secretpass@127.0.0.1:$REFUSED/" "http://secretuser:secretpass@127.0.0.1:$PORT/" \
		"http://secretuser:secretpass@127.0.0.1:x/" "ftp://secretuser:secretpass@127.0.0.1/" \
		"http://secretuser:secretpass@/" "http://secretuser:secret%zzpass@127.0.0.1/" \
		"http://secretuser:secret/pass@127.0.0.1/" "secretuser:secretpass@127.0.0.1:$REFUSED/"; do
		run_liu head -vvv --fail "$url"
		[ "$status" -ne 0 ] || fail "no failure: $url"
		! grep -i secret "$OUT" "$ERR" || fail "shown: $url"
		run_liu head --json --fail "$url"
		! grep -i secret "$OUT" "$ERR" || fail "shown: $url"
	done
}

# --- --json ----------------------------------------------------------------------------

@test "--json: the whole event" {
	serve_http "${OK}Set-Cookie: a=1\r\nX: \"\\\\ÿ\r\nset-cookie: b\r\n\tc\r\n\r\n"
	run_liu head --json "$URL"
	assert_status 0
	assert_error_is ''
	python3 -IS - "$OUT" "$URL" <<'CODE'
import json, sys
text = open(sys.argv[1], "rb").read()
lines = text.decode().splitlines()
assert len(lines) == 1, lines
event = json.loads(lines[0])
assert list(event) == ["event", "url", "status", "reason", "version", "headers", "timing"], event
timing = event.pop("timing")
assert list(timing) == ["resolve", "connect", "first_byte", "total"], timing
assert all(0 <= timing[key] < 60 for key in ("resolve", "connect", "first_byte", "total")), timing
assert timing["total"] >= timing["first_byte"], timing # both may be 0: below 50 microseconds
assert event["headers"][0] == ["Set-Cookie", "a=1"], event
assert event["headers"][1] == ["X", "\"\\\u00ff"], event
assert event["headers"][2] == ["set-cookie", "b c"], event
del event["headers"]
assert event == {"event": "head", "url": sys.argv[2], "status": 200, "reason": "OK", "version": "HTTP/1.1"}, event
CODE
}

@test "--json: a plain event to the byte" {
	serve_http 'HTTP/1.0 404\r\nA: b\r\n\r\n'
	run_liu head --json "$URL"
	assert_status 0
	assert_equal '{"event":"head","url":"'"$URL"'","status":404,"reason":"","version":"HTTP/1.0","headers":[["A","b"]],"timing":{' \
		"$(sed 's/"timing":{.*/"timing":{/' "$OUT")"
}

@test "--json: a line for each URL, also for one that fails" {
	refused_port
	serve_http "$OK\r\n"
	run_liu head --json "$URL" "http://127.0.0.1:$REFUSED/" "$URL"
	assert_status 4
	assert_equal 'head error head' "$(sed -E 's/^\{"event":"([a-z]+)".*/\1/' "$OUT" | xargs)"
	assert_equal '{"event":"error","url":"http://127.0.0.1:'"$REFUSED"'/","error":"connect","message":"cannot connect to 127.0.0.1:'"$REFUSED"': connection refused"}' \
		"$(sed -n 2p "$OUT")"
	assert_error_is "liu: http://127.0.0.1:$REFUSED/: cannot connect to 127.0.0.1:$REFUSED: connection refused"
}

@test "--json with --fail and --field: the event and the status" {
	serve_http 'HTTP/1.1 404 Not Found\r\n\r\n'
	run_liu head --json --fail "$URL"
	assert_status 9
	assert_equal 'head' "$(sed -nE '1s/^\{"event":"([a-z]+)".*/\1/p' "$OUT")"
	assert_error_is "liu: $URL: the status is 404 (--fail)"
	run_liu head --json --field etag "$URL"
	assert_status 9
	assert_equal head "$(sed -nE '1s/^\{"event":"([a-z]+)".*"headers":\[\].*/\1/p' "$OUT")"
	assert_equal '{"event":"error","url":"'"$URL"'","error":"expectation","message":"the response has no header '"'etag'"' (--field)"}' \
		"$(sed -n 2p "$OUT")"
	assert_error_is "liu: $URL: the response has no header 'etag' (--field)"
}

@test "--json: https has the time of its handshake" {
	serve_tls readuntil '\r\n\r\n' write "$OK\r\n"
	run_liu head --json --pin "$PIN" "$URL"
	assert_status 0
	grep -qE '"timing":\{"resolve":[0-9.]+,"connect":[0-9.]+,"tls":[0-9.]+,"first_byte":' "$OUT"
	python3 -IS -c 'import json, sys
assert json.load(open(sys.argv[1]))["timing"]["tls"] > 0' "$OUT"
}

# --- The command line --------------------------------------------------------------------

@test "CR, LF and NUL from the user are exit 2" {
	local bad
	for bad in $'X: a\r\nEvil: b' $'X: a\nb' $'X: a\rb' 'no colon' ': x' 'X Y: z' ''; do
		run_liu head -H "$bad" http://127.0.0.1:1/
		assert_status 2
		assert_output_is ''
		assert_equal 1 "$(wc -l <"$ERR")" "lines for a header '$bad'"
		! grep -q $'\r' "$ERR" || fail 'a raw CR in the message'
	done
	for bad in $'GET\r\nX: y' $'GE\nT' 'GET /' ''; do
		run_liu head -X "$bad" http://127.0.0.1:1/
		assert_status 2
		assert_equal 1 "$(wc -l <"$ERR")" "lines for a method '$bad'"
	done
	for bad in $'http://127.0.0.1:1/\r\nX: y' $'http://127.0.0.1:1/a\nb' $'http://127.0.0.1\r:1/' \
		'http://127.0.0.1:1/a b' "http://user%0d%0aX:y@127.0.0.1:1/" "http://user:a%00b@127.0.0.1:1/"; do
		run_liu head "$bad"
		assert_status 2
		assert_equal 1 "$(wc -l <"$ERR")" "lines for a URL '$bad'"
	done
	run_liu head -A $'x\r\ny' http://127.0.0.1:1/
	assert_status 2
}

@test "an invalid URL is exit 2, with the reason" {
	local url why
	while IFS='|' read -r url why; do
		run_liu head "$url"
		assert_status 2
		assert_output_is ''
		assert_error_is "liu: invalid URL '$url': $why (see: liu head --help)"
	done <<-'LINES'
		ftp://127.0.0.1/|only http and https are supported
		http:///path|host is missing
		http://127.0.0.1:x/|the port is not a number from 1 to 65535
		http://127.0.0.1:0/|the port is not a number from 1 to 65535
		http://127.0.0.1:65536/|the port is not a number from 1 to 65535
		http://[::1/|']' is missing after the IPv6 address
		http://[::g]/|the host is not an IPv6 address
		http:127.0.0.1|'//' is missing after the scheme
		http://a b/|white space or control character (write %20, %0A...)
	LINES
	run_liu head
	assert_status 2
	assert_output_is ''
	assert_equal 1 "$(wc -l <"$ERR")" lines
}

@test "options may stand after the URL" {
	serve_http "$OK\r\n"
	run_liu head "$URL" -X GET -H User-Agent: --fail "$URL" -4
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK

HTTP/1.1 200 OK'
}

@test "a host without an address is exit 3" {
	run_liu head -w 15 http://name.invalid/
	if [ "$status" = 6 ]; then skip 'the resolver does not answer'; fi
	assert_status 3
	assert_output_is ''
	assert_error_has 'liu: http://name.invalid/: '
}

@test "a family that the URL's host excludes is exit 2" {
	run_liu head -6 http://127.0.0.1:1/
	assert_status 2
	run_liu head -4 'http://[::1]:1/'
	assert_status 2
}

@test "-w ends a server that does not answer, and one that drips" {
	serve_http '' read
	run_liu head -w 0.3 "$URL"
	assert_status 6
	assert_output_is ''
	assert_equal 1 "$(wc -l <"$ERR")" lines
	assert_error_has '0.3 s (--timeout)'
	serve_http "$OK" write 'A: b\r\n' sleep 0.1 write 'C: d\r\n' sleep 20
	run_liu head -w 2.5 "$URL"
	assert_status 6
	assert_output_is 'HTTP/1.1 200 OK
A: b
C: d'
}

@test "a refused connection is exit 4" {
	refused_port
	run_liu head "http://127.0.0.1:$REFUSED/x"
	assert_status 4
	assert_output_is ''
	assert_error_is "liu: http://127.0.0.1:$REFUSED/x: cannot connect to 127.0.0.1:$REFUSED: connection refused"
}

@test "a full disk is exit 1" {
	[ -w /dev/full ] || skip 'there is no /dev/full'
	serve_http "$OK\r\n"
	status=0
	liu head "$URL" >/dev/full 2>"$BATS_TEST_TMPDIR/err" </dev/null || status=$?
	assert_equal 1 "$status"
	is "$BATS_TEST_TMPDIR/err" 'standard error' 'liu: writing to standard output: no space left on device'
}
