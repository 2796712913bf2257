#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 12-control: the steps that look, wait, go round and end

# shellcheck disable=SC2016 # a $ in texts
load helpers
load peer
load steps

# serve_tls TEXT: the same with the certificate of make_certs.
serve_tls() {
	make_certs
	start_liu listen -k --cert "$CERTS/server.pem" --key "$CERTS/server.key" tls:127.0.0.1:0 write "$1"
}

# --- expect ------------------------------------------------------------------------

@test "expect succeeds when the last read matches, and prints nothing" {
	serve 'one\ntwo;three'
	gives $'one\n' readline expect one
	gives $'one\n' readline expect '^one$'
	gives $'one\ntwo;' readline readuntil ';' expect '^two$'
	gives $'one\ntwo;three' readline readuntil ';' read expect '^three$' expect 'ee$'
	gives $'one\ntwo;th' readexactly 10 expect $'^one\ntwo;th$'
	gives $'on' read 2 expect '^on$'
}

@test "expect fails with exit 9, both shown" {
	serve 'one\ntwo\n'
	fails 9 $'one\n' "step 2 (expect ^two): got 'one', expected '^two'" readline expect ^two
	fails 9 $'one\n' "step 2 (expect ^one.): got 'one', expected '^one.'" readline expect ^one.
	fails 9 $'one\ntwo\n' "step 3 (expect ^one): got 'two', expected '^one'" readline readline expect ^one read
}

@test "what expect shows is one line of text" {
	serve 'a\e[1mb\0\xff\tc\n'
	run_liu connect "$ADDRESS" readline expect z
	assert_status 9
	assert_error_is "liu: step 2 (expect z): got 'a\\e[1mb\\x00\\xff\\tc', expected 'z'"
	serve "$(printf '%0500d' 0)"
	run_liu connect "$ADDRESS" read expect z
	assert_status 9
	grep -qxE "liu: step 2 \(expect z\): got '0{100,200}\.\.\.', expected 'z'" "$ERR"
}

@test "expect takes its REGEX as written, as Perl has it" {
	serve 'a$b\\n[c]\n'
	gives $'a$b\\n[c]\n' readline expect '^a\$b\\n\[c\]$'
	gives $'a$b\\n[c]\n' readline expect '(?i)^(A|x)[$]b{1,2}\\n\[\w\]$'
	fails 9 $'a$b\\n[c]\n' "step 2 (expect ^a\$b): got 'a\$b\\\\n[c]', expected '^a\$b'" readline expect '^a$b'
}

@test "expect sees a line without its end, with --chomp or not" {
	serve 'one\r\ntwo\nlast\r'
	gives $'one\r\n' readline expect '^one$'
	gives $'one\n' --chomp readline expect '^one$'
	gives $'one\r\ntwo\n' readline 2 expect '^two$'
	gives $'one\r\ntwo\nlast\r' skip 0 readline 3 expect $'^last\r$'
	serve '\r\n'
	gives $'\r\n' readline expect '^$'
}

@test "expect sees a readuntil without its separator, and of several which one was met" {
	serve 'one<>two;'
	gives 'one<>two;' readuntil '<>' expect '^one$' readuntil ';' expect '^two$'
	gives 'one<>two;' readuntil ';' or '<>' expect '^one<>$' readuntil ';' or '<>' expect '^two;$'
	gives $'one\ntwo\n' --chomp readuntil ';' or '<>' expect '<>$' readuntil ';' or '<>' expect ';$'
	gives $'one\n' --chomp readuntil '<>' expect '^one$'
}

@test "expect sees a frame's body, and what info gave" {
	serve '\3abc'
	gives 'abc' readframe u8 expect '^abc$'
	gives $'inet\n' -q info family expect '^inet$'
	gives $'inet\n' -q --chomp info family expect '^inet$'
	fails 9 $'inet\n' "step 2 (expect 6): got 'inet', expected '6'" info family expect 6
	gives $'\n' -q info alpn expect '^$'
}

@test "expect looks at the last read: skips and writes change nothing" {
	serve 'one\ntwo\nthree\n'
	gives $'one\n' readline skipline write x drain skip 1 expect '^one$'
	gives '' read 0 expect '^$'
}

@test "expect sees the part that a tried read has printed" {
	serve 'abcdefgh'
	local step
	for step in 'readexactly 100' 'readuntil ;' 'readexactly 71000'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu connect "$ADDRESS" try $step expect '^abcdefgh$'
		assert_status 0
		assert_output_bytes abcdefgh
		assert_error_is "liu: step 1 (try $step): the peer closed after 8 bytes (tried)"
	done
}

@test "a NUL is a byte like any other for expect" {
	serve 'abc\0def'
	run_liu connect "$ADDRESS" read expect '^abc\0def$'
	assert_status 0
	run_liu connect "$ADDRESS" read expect 'abc$'
	assert_status 9
	assert_error_is "liu: step 2 (expect abc\$): got 'abc\\x00def', expected 'abc\$'"
}

@test "expect: a match that takes too much memory is exit 9, and says so" {
	local line groups
	printf -v line '%020000d' 0
	printf -v groups '(z)?%.0s' {1..120}
	serve "$line"
	run_liu connect "$ADDRESS" --chomp readline expect "^(?:0|b)*[cd]"
	assert_status 9
	assert_error_has "step 2 (expect ^(?:0|b)*[cd]): got '000"
	run_liu connect "$ADDRESS" --chomp readline expect "^$groups(?:0|b)*[cd]"
	assert_status 9
	assert_error_has ": match limit reached on '000"
	assert_output_is "$line"
}

@test "of a read in pieces the first --limit bytes count" {
	serve 'abcdefgh'
	gives abcdefgh --limit 4 read expect '^abcd$'
	gives abcdefg --limit 4 readexactly 7 expect '^abcd$'
	gives abcd --limit 4 readexactly 4 expect '^abcd$'
}

@test "expect under try goes on" {
	serve 'one\ntwo\n'
	run_liu connect "$ADDRESS" readline try expect two readline expect two
	assert_status 0
	assert_output_is $'one\ntwo'
	assert_error_is "liu: step 2 (try expect two): got 'one', expected 'two' (tried)"
}

# --- info --------------------------------------------------------------------------

@test "info over TCP" {
	start_liu listen 127.0.0.1:0 info peername info sockname info family
	run_liu connect "$ADDRESS" info sockname info peername info family info rtt
	assert_status 0
	assert_equal "$ADDRESS inet" "$(sed -n 2,3p "$OUT" | tr '\n' ' ' | sed 's/ $//')"
	sed -n 4p "$OUT" | grep -qxE '[0-9]+\.[0-9]{6}'
	local own
	own=$(sed -n 1p "$OUT")
	wait_exit "$SERVER"
	assert_equal "$own
$ADDRESS
inet" "$(cat "$SERVER_OUT")"
}

@test "info over IPv6" {
	need_ipv6
	start_liu listen '[::1]:0' info sockname
	run_liu connect "$ADDRESS" info peername info family
	assert_status 0
	assert_output_is "[::1]:$PORT
inet6"
	wait_exit "$SERVER"
	assert_equal "[::1]:$PORT" "$(cat "$SERVER_OUT")"
}

# What TLS alone knows.
TLS_KEYS='tls-version cipher alpn server-name peercert peercert-subject peercert-issuer peercert-names
peercert-not-after peercert-days-left peercert-sha256 peercert-pin'

@test "what the stream does not have is an empty line, and succeeds" {
	serve ''
	local key expected=''
	local -a steps=()
	for key in $TLS_KEYS; do
		steps+=(info "$key")
		expected+=$'\n'
	done
	gives "$expected" "${steps[@]}"
	start_liu listen -k "unix:$BATS_TEST_TMPDIR/s" write ''
	gives $'\n' info rtt
}

@test "info over Unix sockets" {
	start_liu listen "unix:$BATS_TEST_TMPDIR/s" info sockname info family
	run_liu connect "$ADDRESS" info peername info family
	assert_status 0
	assert_output_is "unix:$BATS_TEST_TMPDIR/s
unix"
	wait_exit "$SERVER"
	assert_equal "unix:$BATS_TEST_TMPDIR/s
unix" "$(cat "$SERVER_OUT")"
}

@test "info shows a path with control characters on one line, escaped" {
	start_liu listen "unix:$BATS_TEST_TMPDIR/s" info peername
	python3 -IS -c 'import socket, sys
c = socket.socket(socket.AF_UNIX)
c.bind(sys.argv[1] + "/a\nb\x1b[1m")
c.connect(sys.argv[1] + "/s")
c.recv(1)' "$BATS_TEST_TMPDIR"
	wait_exit "$SERVER"
	assert_equal 0 "$status"
	is "$SERVER_OUT" 'standard output' "unix:$BATS_TEST_TMPDIR/a\\nb\\e[1m"
}

@test "info without KEY: every fact that there is, as lines; expect sees them all" {
	start_liu listen -k 127.0.0.1:0 write ''
	run_liu connect "$ADDRESS" info try expect "^peername: $ADDRESS\nsockname: 127.0.0.1:[0-9]+\nfamily: inet\nrtt: [0-9.]+\$" \
		info expect '(?m)^family: inet$' info at-eof
	assert_status 0
	assert_error_is ''
	sed -E -i 's/^sockname: 127.0.0.1:[0-9]+/sockname: S/; s/^rtt: [0-9]\.[0-9]{6}$/rtt: N/' "$OUT"
	local facts="peername: $ADDRESS
sockname: S
family: inet
rtt: N"
	assert_output_is "$facts
$facts
$facts"
}

@test "info without KEY over TLS: a list has a line for each item, and the certificate is left out" {
	serve_tls ''
	run_liu connect --cacert "$CERTS/ca.pem" --chomp "tls:localhost:$PORT" info
	assert_status 0
	sed -E -i 's/^(cipher|rtt|peercert-(not-after|days-left|sha256|pin)|sockname): .*/\1: X/' "$OUT"
	assert_output_is "peername: 127.0.0.1:$PORT
sockname: X
family: inet
rtt: X
tls-version: TLSv1.3
cipher: X
server-name: localhost
peercert-subject: CN=localhost
peercert-issuer: CN=liu test CA
peercert-names: localhost
peercert-names: 127.0.0.1
peercert-names: ::1
peercert-not-after: X
peercert-days-left: X
peercert-sha256: X
peercert-pin: X"
}

@test "info over TLS: what was agreed" {
	serve_tls ''
	run_liu connect --cacert "$CERTS/ca.pem" "tls:localhost:$PORT" info tls-version info cipher info alpn info server-name
	assert_status 0
	assert_error_is ''
	grep -qxE 'TLS_[A-Z0-9_]+' <(sed -n 2p "$OUT")
	sed -i 2d "$OUT"
	assert_output_is 'TLSv1.3

localhost'
}

@test "info over TLS: the certificate" {
	serve_tls ''
	local key
	local -a steps=()
	for key in subject issuer names not-after days-left sha256 pin; do
		steps+=(info "peercert-$key")
	done
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" "${steps[@]}" info peercert
	assert_status 0
	assert_error_is ''
	local days
	days=$((($(date -d 2099-12-31T23:59:59Z +%s) - $(date +%s)) / 86400))
	{
		printf '%s\n' CN=localhost 'CN=liu test CA' localhost 127.0.0.1 ::1 2099-12-31T23:59:59Z "$days"
		openssl x509 -in "$CERTS/server.pem" -outform DER | sha256sum | sed 's/ .*//'
		openssl x509 -in "$CERTS/server.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
			sha256sum | sed 's/^/sha256:/; s/ .*//'
		openssl x509 -in "$CERTS/server.pem"
	} | assert_output_is -
	# --pin takes what peercert-pin gives.
	gives $'inet\n' --pin "$(sed -n 9p "$OUT")" info family
}

@test "a server without a client's certificate has no such facts" {
	make_certs
	start_liu listen --cert "$CERTS/server.pem" --key "$CERTS/server.key" tls:127.0.0.1:0 \
		info peercert-subject info server-name info tls-version
	run_liu connect --cacert "$CERTS/ca.pem" "tls:localhost:$PORT"
	assert_status 0
	wait_exit "$SERVER"
	assert_equal '
localhost
TLSv1.3' "$(cat "$SERVER_OUT")"
}

# --- sleep -------------------------------------------------------------------------

@test "sleep waits that long" {
	serve ''
	local begin
	begin=$(now_ms)
	gives '' sleep 0.2 sleep 100ms
	[ $(($(now_ms) - begin)) -ge 300 ]
}

@test "what was written before a sleep leaves before it" {
	start_liu listen 127.0.0.1:0 readline read
	start "$LIU" connect "$ADDRESS" writeline now sleep 1h
	wait_for_line "$SERVER_OUT" '^now$'
}

# --- close and abort ---------------------------------------------------------------

@test "close sends what was written and ends in order, as the end of every list does" {
	local step
	for step in close drain; do
		peer_plays send ignored receive-all
		run_liu connect "$ADDRESS" try at-eof write bye "$step"
		assert_status 0
		assert_output_is ''
		assert_error_is "liu: step 1 (try at-eof): the stream goes on with 'i' (tried)
liu: the peer sent 7 bytes, but no step reads: 'read' prints them"
		wait_for_line "$PEER_OUT" '^end 3$'
	done
}

@test "close does not reset what the peer still sends" {
	start_liu listen 127.0.0.1:0 write "$(printf '%030000d' 0)" read
	gives '' -qq --limit 1 try at-eof write bye close # when it has begun to send
	wait_exit "$SERVER"
	assert_equal 0 "$status"
	assert_equal bye "$(cat "$SERVER_OUT")"
}

@test "abort resets the connection" {
	peer_plays receive-all
	gives '' write x abort
	wait_for_line "$PEER_OUT" '^reset [01]$'
	start_liu listen -k 127.0.0.1:0 readline abort
	fails 1 '' 'step 2 (read): connection reset by peer' writeline go read
}

@test "abort on a Unix socket just closes it" {
	start_liu listen -k "unix:$BATS_TEST_TMPDIR/s" readline abort
	gives '' writeline go at-eof
}

@test "abort does not wait for what is queued" {
	truncate -s 50M "$BATS_TEST_TMPDIR/big"
	peer_plays hold
	run_liu connect --step-timeout 0.3 "$ADDRESS" try writefile "$BATS_TEST_TMPDIR/big" abort
	assert_status 0
	assert_equal 1 "$(wc -l <"$ERR")"
	assert_error_has 'timed out after 0.3 s (--step-timeout) (tried)'
}

# --- try ---------------------------------------------------------------------------

@test "try reports the failure, goes on, and does not count" {
	serve 'one\ntwo'
	run_liu connect "$ADDRESS" try readexactly 100 info family
	assert_status 0
	assert_output_is $'one\ntwoinet'
	assert_error_is 'liu: step 1 (try readexactly 100): the peer closed after 7 bytes (tried)'
	run_liu connect "$ADDRESS" try readuntil z readline
	assert_status 7
	assert_output_bytes $'one\ntwo'
	assert_error_is 'liu: step 1 (try readuntil z): the peer closed after 7 bytes (tried)
liu: step 2 (readline): the peer closed after 0 bytes'
}

@test "a step under try that goes well is as if alone" {
	serve 'one\n'
	gives $'one\n' try readline try expect one
}

@test "a tried failure does not fail a connection of a listener" {
	start_liu listen 127.0.0.1:0 try readline write answer
	run_liu connect "$ADDRESS" info sockname write-eof read
	assert_status 0
	local own
	own=$(head -n 1 "$OUT")
	assert_equal "$own
answer" "$(cat "$OUT")"
	wait_exit "$SERVER"
	assert_equal 0 "$status"
	grep -qxE 'liu: connection 1 \(127\.0\.0\.1:[0-9]+\): step 1 \(try readline\): the peer closed after 0 bytes \(tried\)' "$SERVER_ERR"
}

@test "try does not catch -w" {
	peer_plays hold
	run_liu connect -w 0.3 "$ADDRESS" try readline info family
	assert_status 6
	assert_output_is ''
	assert_error_is 'liu: step 1 (try readline): timed out after 0.3 s (--timeout)'
}

# --- loop --------------------------------------------------------------------------

@test "loop goes round until the peer ends" {
	start_liu listen 127.0.0.1:0 readline write 'ok\n' loop
	run_liu connect "$ADDRESS" write 'a\nb\nc\n' write-eof read
	assert_status 0
	assert_output_is $'ok\nok\nok'
	wait_exit "$SERVER"
	assert_equal 0 "$status"
	assert_equal $'a\nb\nc' "$(cat "$SERVER_OUT")"
	assert_equal "listening on $ADDRESS" "$(cat "$SERVER_ERR")"
}

@test "loop does not go round and round on a line past the limit" {
	serve 'abcdefghij\n'
	run_liu connect --limit 4 "$ADDRESS" try readline loop
	assert_status 8
	assert_output_is ''
	assert_error_is 'liu: step 1 (try readline): no end within the limit of 4 bytes (--limit) (tried)
liu: step 2 (loop): no progress in this round: step 1 (try readline): no end within the limit of 4 bytes (--limit)'
}

@test "loop does not go round and round on a failure that try has caught" {
	local caught="step 1 (try readframe netstring): invalid frame: 'zzz'"
	serve '1:a,zzz'
	fails 1 a "$caught (tried)
liu: step 2 (loop): no progress in this round: $caught" try readframe netstring loop
	start_liu echo 127.0.0.1:0 --fault reset-after=2
	run_liu connect "$ADDRESS" writeline a try readline loop
	assert_status 1
	has_lines "$ERR" 2 && ! has_lines "$ERR" 3
}

@test "loop goes on past the limit when another step takes the bytes" {
	serve 'abcdefghij\nk\nl\n'
	run_liu connect --limit 4 "$ADDRESS" try readline skipline loop
	assert_status 0
	assert_output_is k
	assert_error_is 'liu: step 1 (try readline): no end within the limit of 4 bytes (--limit) (tried)'
}

@test "loop needs a step that reads at least a byte" {
	local step
	for step in 'read 0' 'skip 0' 'readexactly 0' 'write x'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu connect 127.0.0.1:1 $step loop
		assert_status 2
		assert_error_is 'liu: loop needs a step that reads (see: liu connect --help)'
	done
}

@test "loop ends well when a round has read nothing" {
	serve ''
	gives '' readline loop
	gives '' readexactly 4 loop
	gives '' readuntil x loop
	gives '' readframe u8 loop
	gives '' read 5 loop
	gives '' read loop
	gives '' skipline loop
	gives '' skip 3 loop
	gives '' skipuntil x loop
	gives '' try readline loop
	serve 'a\nb\n'
	gives $'a\nb\n' readline loop
	gives $'a\nb\n' readexactly 2 loop
	gives $'a\nb\n' read loop
	gives '' skipline loop
	start_liu listen -k 127.0.0.1:0 write 'a\nb\n' write-eof read
	gives $'a\nb\n' write x try readline loop
	gives $'a\nb\n' readline expect '^[ab]$' loop
	# A last line without end is a line.
	serve 'a\nb'
	gives $'a\nb' readline loop
}

@test "a loop that ends within a round is incomplete" {
	serve 'abcdef'
	fails 7 abcdef 'step 1 (readexactly 4): the peer closed after 2 bytes' readexactly 4 loop
	fails 7 abcdef 'step 3 (readexactly 1): the peer closed after 0 bytes' \
		readexactly 3 readexactly 3 readexactly 1 loop
	fails 7 '' 'step 1 (skip 4): the peer closed after 2 bytes' skip 4 loop
	serve 'a\nb\nc\n'
	fails 7 $'a\nb\nc\n' 'step 2 (readline): the peer closed after 0 bytes' readline readline loop
	fails 7 $'a\nb\nc\n' 'step 1 (readuntil ;): the peer closed after 6 bytes' readuntil ';' loop
	serve '2:ab,3:c'
	fails 7 abc 'step 1 (readframe netstring): the peer closed after 1 of 3 bytes' readframe netstring loop
}

@test "a loop ends with another failure" {
	serve 'a\nb\n'
	fails 9 $'a\nb\n' "step 2 (expect a): got 'b', expected 'a'" readline expect a loop
	peer_plays send 'a\nb\n' receive 1 reset
	fails 1 $'a\nb\n' 'step 1 (readline): connection reset by peer' readline try write x loop
}

@test "a loop waits for the write buffer" {
	keep_nothing_freed
	# 200 MB of answers to a peer that asks and asks, and reads nothing.
	peer_plays drip "$(printf '%02000d' 0)" say asked go "$BATS_TEST_TMPDIR/go" shut receive-all
	start "$LIU" connect "$ADDRESS" skip 1 write "$(printf '%0100000d' 0)" loop
	wait_for_line "$PEER_OUT" '^asked$'
	wait_until at_rest "$PID"
	small_memory "$PID"
	touch "$BATS_TEST_TMPDIR/go"
	wait_for_line "$PEER_OUT" '^end 200000000$'
	wait_exit "$PID"
	assert_equal 0 "$status"
	assert_equal '' "$(cat "$PID_ERR")"
}

# at_rest PID: it waits, and nothing has woken it between two looks. Its processor time would not
# tell: a fast machine does all this in less than the tick in which that is counted.
at_rest() {
	local before
	before=$(wakings "$1")
	pause 0.04
	[ "$before" = "$(wakings "$1")" ] && grep -q '^State:	S' "/proc/$1/status"
}

# wakings PID: how many times it has gone to sleep or been put aside.
wakings() {
	grep ctxt_switches "/proc/$1/status"
}

@test "a conversation by both sides' loops" {
	start_liu listen -k 127.0.0.1:0 readframe netstring writeframe u16be pong loop
	gives 'pongpong' writeframe netstring ping readframe u16be writeframe netstring ping \
		readframe u16be write-eof at-eof
}
