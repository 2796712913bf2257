#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 11-write: the steps that send

load helpers
load peer

# unix_peer_plays ACTION...: peer_plays on a Unix socket, whose buffers are small.
unix_peer_plays() {
	local path=$BATS_TEST_TMPDIR/peer
	rm -f "$path"
	start python3 -IS "$TOP/tests/bats/peer.py" listen-unix "$path" "$@"
	PEER_OUT=$PID_OUT
	wait_for_line "$PEER_OUT" peer || return
	ADDRESS=unix:$path
}

# arrive STEP...: the steps succeed in silence; what arrives is standard input, to the byte.
arrive() {
	start_liu listen 127.0.0.1:0 read
	run_liu connect "$ADDRESS" "$@" <"${INPUT:-/dev/null}"
	assert_status 0 && assert_error_is '' && assert_output_is '' || return
	wait_exit "$SERVER" || return
	assert_equal 0 "$status" 'status of the server' || return
	is "$SERVER_OUT" 'what arrives' -
}

# random_file N: $FILE with so many bytes of every kind.
random_file() {
	FILE=$BATS_TEST_TMPDIR/random
	head -c "$1" /dev/urandom >"$FILE"
}

# --- bytes -------------------------------------------------------------------------

# bats test_tags=pump
@test "write sends TEXT with its escapes" {
	printf 'a\n\r\t\a\b\033\f\v\\\0\377\0\7\12\377!' |
		arrive write 'a\n\r\t\a\b\e\f\v\\\x00\xff\0\7\12\377!'
	printf 'grüße 流' | arrive write 'grüße 流'
	printf '' | arrive write ''
	printf 'abc' | arrive write a write '' write bc
}

# bats test_tags=pump
@test "write adds no newline, and --crlf is not for it" {
	printf 'a\nb' | arrive --crlf write 'a\nb'
}

# bats test_tags=pump
@test "writeline adds a newline, with --crlf CR LF" {
	printf 'one\n\ntwo\n\n' | arrive writeline one writeline '' writeline 'two\n'
	printf 'one\r\n\r\n' | arrive -C writeline one writeline ''
	printf 'a\nb\r\n' | arrive --crlf writeline 'a\nb'
}

# bats test_tags=pump
@test "writehex sends bytes, with spaces, punctuation and 0x between the pairs" {
	printf '\0\x0f\xffA\nabcd' | arrive writehex '00 0F ff41' writehex 0a writehex '' writehex 61:62-0x63,64
}

# bats test_tags=pump
@test "writeframe puts the length in front" {
	printf '\3abc' | arrive writeframe u8 abc
	printf '\0\3abc' | arrive writeframe u16be abc
	printf '\3\0abc' | arrive writeframe u16le abc
	printf '\0\0\0\3abc' | arrive writeframe u32be abc
	printf '\3\0\0\0abc' | arrive writeframe u32le abc
	printf '\0\0\0\0\0\0\0\3abc' | arrive writeframe u64be abc
	printf '\3\0\0\0\0\0\0\0abc' | arrive writeframe u64le abc
	printf '\3a\0b' | arrive writeframe varint 'a\0b'
	printf '0:,11:hello world,' | arrive writeframe netstring '' writeframe netstring 'hello world'
	printf '1 a11 hello world' | arrive writeframe octets a writeframe octets 'hello world'
	printf 'Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}' | arrive writeframe lsp '' writeframe lsp '{}'
}

# bats test_tags=pump
@test "a frame of 300 bytes as a varint, there and back" {
	local text
	text=$(printf '%0300d' 7)
	start_liu listen 127.0.0.1:0 readframe varint write "that is it"
	run_liu connect "$ADDRESS" writeframe varint "$text" read
	assert_status 0
	assert_output_bytes "that is it"
	wait_exit "$SERVER"
	assert_equal "$text" "$(cat "$SERVER_OUT")"
}

# bats test_tags=pump
@test "writes are the same over Unix sockets and TLS" {
	make_certs
	start_liu listen "unix:$BATS_TEST_TMPDIR/s" read
	run_liu connect "$ADDRESS" write 'a\0' writeline b writehex ff writeframe u8 c
	assert_status 0
	wait_exit "$SERVER"
	printf 'a\0b\n\xff\1c' | is "$SERVER_OUT" output -
	start_liu listen --cert "$CERTS/server.pem" --key "$CERTS/server.key" tls:127.0.0.1:0 read
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" write 'a\0' writeline b writehex ff writeframe u8 c
	assert_status 0
	assert_error_is ''
	wait_exit "$SERVER"
	printf 'a\0b\n\xff\1c' | is "$SERVER_OUT" output -
}

# --- files -------------------------------------------------------------------------

# bats test_tags=pump
@test "writefile sends a file as it is, between other writes" {
	random_file 3000000
	{ printf '<'; cat "$FILE"; printf '>'; } | arrive write '<' writefile "$FILE" write '>'
	cat "$FILE" "$FILE" | arrive writefile "$FILE" writefile "$FILE"
}

# bats test_tags=pump
@test "an empty file sends nothing" {
	: >"$BATS_TEST_TMPDIR/empty"
	printf 'ab' | arrive write a writefile "$BATS_TEST_TMPDIR/empty" write b
	printf 'ab' | arrive write a writefile /dev/null write b
}

# bats test_tags=pump
@test "writefile - sends standard input: a file, a pipe, nothing" {
	random_file 300000
	INPUT=$FILE arrive write '' writefile - <"$FILE"
	printf 'ab' | arrive write a writefile - write b
	start_liu listen 127.0.0.1:0 read
	capture "$LIU" connect "$ADDRESS" write '<' writefile - write '>' < <(cat "$FILE")
	assert_status 0
	wait_exit "$SERVER"
	{ printf '<'; cat "$FILE"; printf '>'; } | is "$SERVER_OUT" output -
}

# bats test_tags=pump
@test "writefile over TLS and Unix sockets" {
	make_certs
	random_file 3000000
	start_liu listen "unix:$BATS_TEST_TMPDIR/s" read
	run_liu connect "$ADDRESS" writefile "$FILE"
	assert_status 0
	wait_exit "$SERVER"
	same "$FILE" "$SERVER_OUT" output
	start_liu listen --cert "$CERTS/server.pem" --key "$CERTS/server.key" tls:127.0.0.1:0 writefile "$FILE"
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" read
	assert_status 0
	same "$FILE" "$OUT" output
}

# bats test_tags=pump
@test "a regular file goes whole to each connection, also side by side, and is opened at start" {
	random_file 2000000
	cp "$FILE" "$BATS_TEST_TMPDIR/sent"
	start_liu listen -k 127.0.0.1:0 readline writefile "$BATS_TEST_TMPDIR/sent"
	rm "$BATS_TEST_TMPDIR/sent"
	local one two
	start "$LIU" connect "$ADDRESS" info family writeline go read
	one=$PID
	start "$LIU" connect "$ADDRESS" info family writeline go read
	two=$PID
	wait_exit "$one"
	assert_equal 0 "$status"
	wait_exit "$two"
	assert_equal 0 "$status"
	{ echo inet; cat "$FILE"; } >"$BATS_TEST_TMPDIR/both"
	same "$BATS_TEST_TMPDIR/both" "$PID_OUT" 'the second'
	run_liu connect "$ADDRESS" writeline go read
	assert_status 0
	same "$FILE" "$OUT" 'a third'
}

# bats test_tags=pump
@test "a regular file as standard input goes whole to each connection, too" {
	printf 'some text' >"$BATS_TEST_TMPDIR/f"
	STDIN=$BATS_TEST_TMPDIR/f start_liu listen -k 127.0.0.1:0 writefile -
	for _ in 1 2; do
		run_liu connect "$ADDRESS" read
		assert_status 0
		assert_output_bytes 'some text'
	done
}

# bats test_tags=pump
@test "a file is sent in each round of a loop" {
	printf 'x.' >"$BATS_TEST_TMPDIR/f"
	start_liu listen 127.0.0.1:0 skipline writefile "$BATS_TEST_TMPDIR/f" loop
	run_liu connect "$ADDRESS" write '1\n2\n3\n' write-eof read
	assert_status 0
	assert_output_bytes x.x.x.
	wait_exit "$SERVER"
	assert_equal 0 "$status"
}

# bats test_tags=pump
@test "%n is the number of the connection" {
	printf first >"$BATS_TEST_TMPDIR/f1"
	printf third >"$BATS_TEST_TMPDIR/f3"
	cd "$BATS_TEST_TMPDIR"
	start_liu listen --accept 3 127.0.0.1:0 writefile f%n
	run_liu connect "$ADDRESS" read
	assert_output_bytes first
	run_liu connect "$ADDRESS" info sockname read
	assert_status 0
	assert_equal 1 "$(wc -l <"$OUT")"
	local second
	second=$(cat "$OUT")
	run_liu connect "$ADDRESS" read
	assert_output_bytes third
	wait_exit "$SERVER"
	assert_equal "listening on $ADDRESS
liu: connection 2 ($second): step 1 (writefile f%n): cannot open 'f2': no such file or directory" "$(cat "$SERVER_ERR")"
	assert_equal 1 "$status" 'status of the connection that failed'
}

# bats test_tags=pump
@test "every %n in a path" {
	mkdir "$BATS_TEST_TMPDIR/1"
	printf deep >"$BATS_TEST_TMPDIR/1/x1y"
	start_liu listen 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/%n/x%ny"
	run_liu connect "$ADDRESS" read
	assert_output_bytes deep
}

@test "a missing file and a directory are exit 2 before anything is opened" {
	run_liu listen "unix:$BATS_TEST_TMPDIR/s" writefile "$BATS_TEST_TMPDIR/none"
	assert_status 2
	assert_output_is ''
	assert_error_is "liu: cannot open '$BATS_TEST_TMPDIR/none': no such file or directory (see: liu listen --help)"
	run_liu connect "unix:$BATS_TEST_TMPDIR/s" writefile "$BATS_TEST_TMPDIR"
	assert_status 2
	assert_output_is ''
	assert_error_is "liu: cannot send '$BATS_TEST_TMPDIR': it is a directory (see: liu connect --help)"
	[ ! -e "$BATS_TEST_TMPDIR/s" ]
}

@test "anything but a regular file is sent once, so it is refused with -k and in a loop" {
	local fifo=$BATS_TEST_TMPDIR/fifo option
	mkfifo "$fifo"
	for option in -k '--accept 2'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu listen $option 127.0.0.1:0 writefile "$fifo"
		assert_status 2
		assert_output_is ''
		assert_equal 1 "$(wc -l <"$ERR")"
		assert_error_has 'only a regular file can be sent to each connection (-k) (see: liu listen --help)'
	done
	run_liu connect 127.0.0.1:1 writefile "$fifo" read loop
	assert_status 2
	assert_error_has 'only a regular file can be sent in each round of a loop (see: liu connect --help)'
	run_liu listen -k 127.0.0.1:0 writefile - < <(:)
	assert_status 2
	assert_error_is 'liu: writefile -: only a regular file can be sent to each connection (-k) (see: liu listen --help)'
}

# bats test_tags=pump
@test "a FIFO is sent once it has a writer" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	start_liu listen 127.0.0.1:0 read
	start "$LIU" connect "$ADDRESS" write '<' writefile "$BATS_TEST_TMPDIR/fifo" write '>'
	wait_for_line "$SERVER_OUT" '^<'
	printf one | timeout 20 tee "$BATS_TEST_TMPDIR/fifo"
	wait_exit "$PID"
	assert_equal 0 "$status"
	wait_exit "$SERVER"
	assert_equal '<one>' "$(cat "$SERVER_OUT")"
}

# bats test_tags=pump
@test "a FIFO without a writer does not hold up time limits or other connections" {
	mkfifo "$BATS_TEST_TMPDIR/f1"
	printf second >"$BATS_TEST_TMPDIR/f2"
	start_liu listen -k 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/f%n"
	start "$LIU" connect "$ADDRESS" info family read
	wait_for_line "$PID_OUT" inet
	run_liu connect "$ADDRESS" read
	assert_status 0
	assert_output_bytes second
	run_liu connect -w 0.3 "$ADDRESS" writefile "$BATS_TEST_TMPDIR/f1"
	assert_status 6
}

# bats test_tags=pump
@test "writefile of 200 MB to a slow reader takes little memory" {
	keep_nothing_freed
	truncate -s 200M "$BATS_TEST_TMPDIR/big"
	peer_plays receive 50000000 go "$BATS_TEST_TMPDIR/go" receive-all hold
	start "$LIU" connect "$ADDRESS" writefile "$BATS_TEST_TMPDIR/big" info family write-eof read
	# When it has sent so much, the rest waits in the file.
	wait_until read_so_far "$PID" 50000000
	small_memory "$PID"
	touch "$BATS_TEST_TMPDIR/go"
	wait_for_line "$PID_OUT" inet
	small_memory "$PID"
	wait_for_line "$PEER_OUT" '^end 209715200$'
}

# read_so_far PID N: the process has read at least so many bytes.
read_so_far() {
	[ "$(awk '/^rchar/ { print $2 }' "/proc/$1/io")" -ge "$2" ]
}

# bats test_tags=pump
@test "while writefile waits, little is read ahead of a peer that answers" {
	keep_nothing_freed
	truncate -s 200M "$BATS_TEST_TMPDIR/big"
	peer_plays zeros 200000000
	start "$LIU" connect "$ADDRESS" writefile "$BATS_TEST_TMPDIR/big" read
	wait_until stands_still "$PID"
	small_memory "$PID"
	assert_equal '' "$(cat "$PID_OUT")"
	# Of the file no more has been read than fits into the sockets' buffers.
	[ "$(bytes_read "$PID")" -lt 50000000 ]
}

bytes_read() {
	awk '/^rchar/ { print $2 }' "/proc/$1/io"
}

# stands_still PID: it has read something of a file, and reads no more.
stands_still() {
	local before
	before=$(bytes_read "$1")
	[ "$before" -gt 100000 ] || return
	pause 0.5
	[ "$(bytes_read "$1")" -eq "$before" ]
}

# bats test_tags=pump
@test "a writefile that stalls says so once" {
	truncate -s 30M "$BATS_TEST_TMPDIR/big"
	peer_plays go "$BATS_TEST_TMPDIR/go" receive-all
	start "$LIU" connect "$ADDRESS" writefile "$BATS_TEST_TMPDIR/big"
	wait_for_line "$PID_ERR" 'nothing has moved'
	touch "$BATS_TEST_TMPDIR/go"
	wait_exit "$PID"
	assert_equal 0 "$status"
	assert_equal "liu: nothing has moved either way for 5 s: if the peer answers while it reads, 'liu connect ADDRESS < FILE' does not stall" \
		"$(cat "$PID_ERR")"
	wait_for_line "$PEER_OUT" '^end 31457280$'
}

# --- drain -------------------------------------------------------------------------

# many_writes: in $WRITES, a megabyte of steps.
many_writes() {
	local text
	text=$(printf '%0100000d' 0)
	WRITES=()
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		WRITES+=(write "$text")
	done
}

@test "writes never wait" {
	many_writes
	unix_peer_plays hold
	run_liu connect --step-timeout 5 "$ADDRESS" "${WRITES[@]}" info family abort
	assert_status 0
	assert_error_is ''
	assert_output_is unix
}

@test "drain waits for the low-water mark" {
	many_writes
	unix_peer_plays hold
	run_liu connect --step-timeout 0.3 "$ADDRESS" "${WRITES[@]}" drain info family abort
	assert_status 6
	assert_output_is ''
	assert_error_is 'liu: step 11 (drain): timed out after 0.3 s (--step-timeout)'
	unix_peer_plays receive-all
	run_liu connect "$ADDRESS" "${WRITES[@]}" drain info family
	assert_status 0
	assert_output_is unix
	wait_for_line "$PEER_OUT" '^end 1000000$'
}

# bats test_tags=pump
@test "writefile waits for it too" {
	truncate -s 40000 "$BATS_TEST_TMPDIR/file"
	many_writes
	unix_peer_plays hold
	run_liu connect --step-timeout 0.3 "$ADDRESS" "${WRITES[@]}" writefile "$BATS_TEST_TMPDIR/file" info family
	assert_status 6
	assert_output_is ''
	assert_error_is "liu: step 11 (writefile $BATS_TEST_TMPDIR/file): timed out after 0.3 s (--step-timeout)"
	unix_peer_plays receive-all
	run_liu connect "$ADDRESS" "${WRITES[@]}" writefile "$BATS_TEST_TMPDIR/file" info family
	assert_status 0
	assert_output_is unix
	wait_for_line "$PEER_OUT" '^end 1040000$'
}

@test "--high-water 0 and --low-water 0: drain waits until everything has left" {
	many_writes
	unix_peer_plays hold
	run_liu connect --step-timeout 0.3 --high-water 2M --low-water 0 "$ADDRESS" "${WRITES[@]}" drain abort
	assert_status 0
	local marks
	for marks in '--high-water 0' '--high-water 10 --low-water 0'; do
		unix_peer_plays hold
		# shellcheck disable=SC2086 # words by intention
		run_liu connect --step-timeout 0.3 $marks "$ADDRESS" "${WRITES[@]}" drain
		assert_status 6
		unix_peer_plays receive-all
		# shellcheck disable=SC2086 # words by intention
		run_liu connect $marks "$ADDRESS" "${WRITES[@]}" drain abort
		assert_status 0
		wait_for_line "$PEER_OUT" '^end 1000000$'
	done
}

@test "drain does not wait below the high-water mark" {
	many_writes
	unix_peer_plays hold
	run_liu connect --step-timeout 5 --high-water 2M "$ADDRESS" "${WRITES[@]}" drain info family abort
	assert_status 0
	assert_output_is unix
	unix_peer_plays hold
	run_liu connect --step-timeout 5 "$ADDRESS" drain info family
	assert_status 0
}

# --- write-eof ---------------------------------------------------------------------

# bats test_tags=pump
@test "write-eof ends sending, and reading goes on: TCP, Unix, TLS" {
	make_certs
	local address options
	for address in 127.0.0.1:0 "unix:$BATS_TEST_TMPDIR/s" tls:127.0.0.1:0; do
		options=()
		case $address in
		tls:*) options=(--cert "$CERTS/server.pem" --key "$CERTS/server.key") ;;
		esac
		start_liu listen "${options[@]}" "$address" read write 'all of it' write-eof at-eof
		options=()
		case $address in
		tls:*) options=(--cacert "$CERTS/ca.pem") ;;
		esac
		run_liu connect "${options[@]}" "$ADDRESS" write question write-eof read
		assert_status 0
		assert_error_is ''
		assert_output_bytes 'all of it'
		wait_exit "$SERVER"
		assert_equal 0 "$status"
		assert_equal question "$(cat "$SERVER_OUT")"
		assert_equal "listening on $ADDRESS" "$(cat "$SERVER_ERR")"
	done
}

# bats test_tags=pump
@test "write-eof sends what is queued first, and a second one changes nothing" {
	many_writes
	unix_peer_plays receive-all send answer
	run_liu connect "$ADDRESS" "${WRITES[@]}" write-eof write_eof read
	assert_status 0
	assert_error_is ''
	assert_output_bytes answer
	assert_equal 'end 1000000' "$(tail -n 1 "$PEER_OUT")"
}

# --- broken writes -----------------------------------------------------------------

# broken NAME...: the last run ended with exit 1, what the peer had said, and the write's error.
broken() {
	assert_status 1
	assert_output_bytes 'why not'
	grep -qxE "liu: $1: (broken pipe|connection reset by peer)" "$ERR" || { show_captured; return 1; }
	assert_equal 1 "$(wc -l <"$ERR")"
}

# bats test_tags=pump
@test "a failed write reads what the peer had sent, and then fails" {
	truncate -s 50M "$BATS_TEST_TMPDIR/big"
	cd "$BATS_TEST_TMPDIR"
	peer_plays receive 1 send 'why not' close
	run_liu connect "$ADDRESS" write x writefile big
	broken 'step 2 \(writefile big\)'
	peer_plays receive 1 send 'why not' close
	run_liu connect "$ADDRESS" write x writefile big read
	broken 'step 2 \(writefile big\)'
	unix_peer_plays receive 1 send 'why not' close
	run_liu connect "$ADDRESS" write x writefile big
	broken 'step 2 \(writefile big\)'
}

# bats test_tags=pump
@test "a failed write does not wait for a peer that stays and says no more" {
	local began
	truncate -s 50M "$BATS_TEST_TMPDIR/big"
	cd "$BATS_TEST_TMPDIR"
	unix_peer_plays receive 1 shut-read send 'why not' hold
	began=$(now_ms)
	run_liu connect "$ADDRESS" write x writefile big
	broken 'step 2 \(writefile big\)'
	[ $(($(now_ms) - began)) -ge 900 ] || fail "it did not wait for what the peer may say"
	[ $(($(now_ms) - began)) -lt 10000 ] || fail "it waited for the peer"
}

# bats test_tags=pump
@test "a failed write under try goes on" {
	truncate -s 50M "$BATS_TEST_TMPDIR/big"
	cd "$BATS_TEST_TMPDIR"
	unix_peer_plays receive 1 send 'why not' close
	run_liu connect "$ADDRESS" write x try writefile big sleep 0.01
	assert_output_bytes 'why not'
	grep -qxE 'liu: step 2 \(try writefile big\): (broken pipe|connection reset by peer) \(tried\)' "$ERR"
}

@test "drain and write-eof after a failed write" {
	many_writes
	unix_peer_plays receive 1 send 'why not' close
	run_liu connect "$ADDRESS" "${WRITES[@]}" drain
	broken 'step 11 \(drain\)'
	unix_peer_plays receive 1 send 'why not' close
	run_liu connect "$ADDRESS" "${WRITES[@]}" write-eof read
	broken 'step 11 \(write-eof\)'
}
