#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 10-read: the steps that take bytes, at every kind of end

load helpers
load peer
load steps

# reads STEP...: what they give of a server that serve has started.
reads() {
	run_liu connect "$ADDRESS" "$@"
}

# --- read --------------------------------------------------------------------------

# bats test_tags=pump
@test "read gives everything up to the end, as it is" {
	serve 'one\ntwo\r\n\0\xff\x80three'
	reads read
	assert_status 0
	assert_error_is ''
	printf 'one\ntwo\r\n\0\xff\x80three' | assert_output_is -
}

# bats test_tags=pump
@test "read of a stream that ends at once is nothing, and no failure" {
	serve ''
	gives '' read
	gives '' read read at-eof
}

# bats test_tags=pump
@test "read passes bytes on as they come" {
	peer_plays send first go "$BATS_TEST_TMPDIR/go" send ,second
	start "$LIU" connect "$ADDRESS" read
	wait_until has_size "$PID_OUT" 5
	touch "$BATS_TEST_TMPDIR/go"
	wait_exit "$PID"
	assert_equal 0 "$status"
	assert_equal first,second "$(cat "$PID_OUT")"
	assert_equal '' "$(cat "$PID_ERR")"
}

@test "read N gives what there is, without waiting for more" {
	peer_plays send abc hold
	gives abc read 100
}

@test "read N gives at most N, and what is left over is not printed" {
	serve abcdef
	gives ab read 2
	gives abcd readexactly 3 read 1
}

@test "read 0 gives nothing, at once" {
	peer_plays hold
	gives '' read 0
}

@test "read N with nothing at all is incomplete" {
	serve ab
	fails 7 ab 'step 2 (read 5): the peer closed after 0 bytes' readexactly 2 read 5
}

@test "N is a size with a suffix" {
	peer_plays zeros 3000 hold
	reads readexactly 2K
	assert_status 0
	assert_equal 2048 "$(stat -c %s "$OUT")"
	peer_plays zeros 3000 hold
	reads read 1k
	assert_status 0
	[ "$(stat -c %s "$OUT")" -le 1024 ]
}

# --- readline ----------------------------------------------------------------------

@test "readline gives one line with its end, and nothing of what follows" {
	serve 'one\ntwo\n'
	gives $'one\n' readline
	gives $'one\ntwo\n' readline readline
}

@test "CR LF is kept, CR alone ends no line, NUL and high bytes pass" {
	serve 'a\r\nb\rc\n\0\xff\n\n'
	gives $'a\r\n' readline
	gives $'a\r\nb\rc\n' readline readline
	reads readline 4
	assert_status 0
	assert_error_is ''
	printf 'a\r\nb\rc\n\0\xff\n\n' | assert_output_is -
}

@test "a last line without end is a line" {
	serve 'one\ntwo'
	gives $'one\ntwo' readline readline
	gives $'one\ntwo' readline 2
}

@test "readline with nothing at all is incomplete" {
	serve ''
	fails 7 '' 'step 1 (readline): the peer closed after 0 bytes' readline
	serve 'one\n'
	fails 7 $'one\n' 'step 2 (readline): the peer closed after 0 bytes' readline readline
	fails 7 $'one\n' 'step 1 (readline 2): the peer closed after 0 bytes' readline 2
}

@test "readline COUNT passes each line on at once" {
	peer_plays send 'one\n' go "$BATS_TEST_TMPDIR/go1" send 'tw' go "$BATS_TEST_TMPDIR/go2" send 'o\nthree\n'
	start "$LIU" connect "$ADDRESS" readline 2
	wait_until has_size "$PID_OUT" 4
	touch "$BATS_TEST_TMPDIR/go1" "$BATS_TEST_TMPDIR/go2"
	wait_exit "$PID"
	assert_equal 0 "$status"
	assert_equal $'one\ntwo' "$(cat "$PID_OUT")"
	assert_equal '' "$(cat "$PID_ERR")"
}

# bats test_tags=pump
@test "many lines in one packet, and one line in many" {
	local text
	text=$(seq 1 5000)$'\n'
	printf '%s' "$text" >"$BATS_TEST_TMPDIR/lines"
	start_liu listen -k 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/lines"
	gives "$text" readline 5000
	peer_plays drip 'one\r\ntwo\r\n\r\nthree'
	gives $'one\r\ntwo\r\n\r\nthree' readuntil '\r\n\r\n' read
}

# --- readexactly -------------------------------------------------------------------

@test "readexactly gives exactly that many" {
	serve 'abc\0defg'
	reads readexactly 5
	assert_status 0
	printf 'abc\0d' | assert_output_is -
	gives '' readexactly 0
	reads readexactly 8
	assert_status 0
	printf 'abc\0defg' | assert_output_is -
}

@test "readexactly prints what it got when that is too little" {
	serve abcdefghi
	fails 7 abcdefghi 'step 1 (readexactly 16): the peer closed after 9 bytes' readexactly 16
	fails 7 abcdefghi 'step 2 (readexactly 8): the peer closed after 1 byte' readexactly 8 readexactly 8
	fails 7 abcdefghi 'step 2 (readexactly 1): the peer closed after 0 bytes' readexactly 9 readexactly 1
	fails 7 abcdefghi 'step 1 (readexactly 16): the peer closed after 9 bytes' --limit 3 readexactly 16
	gives '' readexactly 0 readexactly 0
}

@test "readexactly above the limit passes bytes on as they come" {
	peer_plays zeros 100000 go "$BATS_TEST_TMPDIR/go" zeros 100000
	start "$LIU" connect --limit 1000 "$ADDRESS" readexactly 150000
	wait_until has_size "$PID_OUT" 100000
	touch "$BATS_TEST_TMPDIR/go"
	wait_exit "$PID"
	assert_equal 0 "$status"
	assert_equal '' "$(cat "$PID_ERR")"
	has_size "$PID_OUT" 150000
}

# bats test_tags=pump
@test "readexactly of 200 MB takes little memory" {
	keep_nothing_freed
	truncate -s 200M "$BATS_TEST_TMPDIR/big"
	start_liu listen 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/big" read
	start "$LIU" connect "$ADDRESS" readexactly 200M info family read
	wait_until has_size "$PID_OUT" $((200 * 1024 * 1024 + 5))
	small_memory "$PID"
	small_memory "$SERVER"
}

# --- readuntil ---------------------------------------------------------------------

# bats test_tags=pump
@test "readuntil gives up to and with the separator" {
	serve 'HTTP/1.0 200 OK\r\nA: b\r\n\r\nbody'
	gives $'HTTP/1.0 200 OK\r\nA: b\r\n\r\n' readuntil '\r\n\r\n'
	gives $'HTTP/1.0 200 OK\r\nA: b\r\n\r\nbody' readuntil '\r\n\r\n' read
	serve 'a\0b'
	reads readuntil '\0'
	assert_status 0
	printf 'a\0' | assert_output_is -
}

@test "the separator that ends first counts" {
	serve 'one;two,three'
	gives 'one;' readuntil , or ';'
	gives 'one;' readuntil ';' or ,
	gives 'one;two,' readuntil ';' or , readuntil ';' or ,
	serve 'xaby'
	gives 'xab' readuntil aby or ab
	gives 'xa' readuntil aby or ab or a
}

@test "a separator that overlaps itself is found" {
	serve 'aaab\r\r\n\r\n!'
	gives 'aaab' readuntil aab
	gives $'aaab\r\r\n\r\n' readuntil '\r\n\r\n'
}

@test "readuntil prints what it got when the separator is missing" {
	serve 'abc'
	fails 7 abc 'step 1 (readuntil ;): the peer closed after 3 bytes' readuntil ';'
	fails 7 abc 'step 2 (readuntil ; or ,): the peer closed after 0 bytes' read 3 readuntil ';' or ,
}

# --- readframe ---------------------------------------------------------------------

@test "readframe reads every format" {
	serve '\3abc\0\3def\3\0ghi\0\0\0\3jkl\3\0\0\0mno\0\0\0\0\0\0\0\3pqr\3\0\0\0\0\0\0\0stu\203\0vwx3:yz!,3 ABCContent-Length: 3\r\n\r\nDEF.'
	gives 'abcdefghijklmnopqrstuvwxyz!ABCDEF.' readframe u8 readframe u16be readframe u16le \
		readframe u32be readframe u32le readframe u64be readframe u64le readframe varint \
		readframe netstring readframe octets readframe lsp readexactly 1
}

@test "an empty frame is a frame, but for octets" {
	serve '\0\0\0\0000:,Content-Length: 0\r\n\r\n0 '
	gives '' readframe u8 readframe u16be readframe varint readframe netstring readframe lsp skip 2 at-eof
	fails 1 '' "step 2 (readframe octets): invalid frame: '0 '" skip 28 readframe octets
}

@test "readframe lsp: other fields, either line end, any case; byte by byte too" {
	serve 'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:2\r\n\r\n{}CONTENT-LENGTH: \t 2 \n\n[]'
	gives '{}[]' readframe lsp readframe lsp at-eof
	peer_plays drip 'A: b\r\nContent-Length: 5\r\n\r\nhello1:a,'
	gives helloa readframe lsp readframe netstring
}

@test "readframe lsp: without Content-Length or with two, and other lines, it is not a frame" {
	serve 'Content-Type: text\r\n\r\n{}'
	fails 1 '' "step 1 (readframe lsp): invalid frame: 'Content-Type: text\\r\\n\\r\\n{}'" readframe lsp
	serve 'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}'
	fails 1 '' "step 1 (readframe lsp): invalid frame: 'Content-Length: 2\\r\\nContent-Length: 2\\r\\n\\r\\n{}'" readframe lsp
	peer_plays send '220 mail\r\n' hold # it speaks first, and waits
	fails 1 '' "step 1 (readframe lsp): invalid frame: '220 mail\\r\\n'" -w 10 readframe lsp
}

@test "readframe lsp: --limit bounds the header, and the length" {
	serve 'Content-Length: 21\r\n\r\n123456789012345678901'
	gives 123456789012345678901 --limit 22 readframe lsp
	fails 8 '' 'step 1 (readframe lsp): the header is above the limit of 21 bytes (--limit)' --limit 21 readframe lsp
	serve 'Content-Length: 99\r\n\r\n'
	fails 8 '' 'step 1 (readframe lsp): a frame of 99 bytes is above the limit of 22 bytes (--limit)' --limit 22 readframe lsp
	peer_plays drip '0123456789' hold # nothing of it is consumed
	reads --limit 10 try readframe lsp readexactly 10
	assert_status 0
	assert_output_bytes 0123456789
	assert_error_is 'liu: step 1 (try readframe lsp): the header is above the limit of 10 bytes (--limit) (tried)'
}

@test "bytes that are not a frame are exit 1, the length and the first ones shown" {
	serve 'GET / HTTP/1.0\r\n'
	fails 1 '' "step 1 (readframe netstring): invalid frame: 'GET / HTTP/1.0\\r\\n'" readframe netstring
	serve '3:abcd,'
	fails 1 '' "step 1 (readframe netstring): invalid frame of 3 bytes: '3:abcd,'" readframe netstring
	serve '1234567890123456789x,12345678901234567890:'
	fails 1 '' "step 1 (readframe netstring): invalid frame: '1234567890123456789x,12345678901234567890:'" readframe netstring
	fails 1 '' "step 2 (readframe netstring): invalid frame: '12345678901234567890:'" skip 21 readframe netstring
	fails 8 '' 'step 2 (readframe netstring): a frame of 2345678901234567890 bytes is above the limit of 65536 bytes (--limit)' \
		skip 22 readframe netstring
	serve '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'
	fails 1 '' "step 1 (readframe varint): invalid frame: '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff'" \
		--limit 20 readframe varint
}

@test "readframe prints what it got when the frame is cut, and says of how many" {
	serve ''
	fails 7 '' 'step 1 (readframe u8): the peer closed after 0 bytes' readframe u8
	serve '5:hel'
	fails 7 hel 'step 1 (readframe netstring): the peer closed after 3 of 5 bytes' readframe netstring
	serve '5:hello'
	fails 7 hello 'step 1 (readframe netstring): the peer closed after 5 of 6 bytes' readframe netstring
	serve '\0\4ab'
	fails 7 ab 'step 1 (readframe u16be): the peer closed after 2 of 4 bytes' readframe u16be
	serve 'Content-Length: 4\r\n\r\na'
	fails 7 a 'step 1 (readframe lsp): the peer closed after 1 of 4 bytes' readframe lsp
	serve 'Content-Len'
	fails 7 Content-Len 'step 1 (readframe lsp): the peer closed after 11 bytes' readframe lsp
}

# --- readmatch -----------------------------------------------------------------------

@test "readmatch reads lines up to and including the first that matches" {
	serve '220-a\r\n220-b\r\n220 c\r\n250 d\r\n'
	gives $'220-a\r\n220-b\r\n220 c\r\n' readmatch '^220 '
	gives $'220-a\r\n220-b\r\n220 c\r\n250 d\r\n' readmatch '^220 ' readline
	gives $'220-a\r\n' readmatch a$
	gives $'220-a\n220-b\n' --chomp readmatch 'b$'
	gives $'220-a\r\n220-b\r\n' readmatch b expect '^220-b$'
}

@test "readmatch: a last line without its end counts, an end without a match is incomplete" {
	serve 'a\nb'
	gives $'a\nb' readmatch b
	fails 7 $'a\nb' 'step 1 (readmatch c): the peer closed after 3 bytes' readmatch c
	fails 7 $'a\nb' 'step 2 (readmatch .): the peer closed after 0 bytes' readmatch b readmatch .
	serve ''
	fails 7 '' 'step 1 (readmatch c): the peer closed after 0 bytes' readmatch c
}

@test "readmatch passes each line on at once" {
	peer_plays send 'one\n' go "$BATS_TEST_TMPDIR/go" send 'two\n' hold
	start "$LIU" connect "$ADDRESS" readmatch two
	wait_until has_size "$PID_OUT" 4
	touch "$BATS_TEST_TMPDIR/go"
	wait_exit "$PID"
	assert_equal 0 "$status"
	assert_equal $'one\ntwo' "$(cat "$PID_OUT")"
}

@test "readmatch keeps to the limit, and consumes nothing of a line past it" {
	serve 'one\n1234567890\ntwo\n'
	fails 8 $'one\n' 'step 1 (readmatch two): no end within the limit of 4 bytes (--limit)' \
		--limit 4 readmatch two
	reads --limit 4 try readmatch two skipline readmatch two
	assert_status 0
	assert_output_bytes $'one\ntwo\n'
}

@test "readmatch: a pattern that takes too much work is exit 9, after its line" {
	serve 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\nb\n'
	fails 9 $'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\n' \
		"step 1 (readmatch (a|aa)+$): match limit reached on 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac', expected '(a|aa)+$'" \
		readmatch '(a|aa)+$'
}

@test "readmatch: an invalid REGEX is a usage error" {
	run_liu connect 127.0.0.1:1 readmatch '('
	assert_status 2
	run_liu connect 127.0.0.1:1 readmatch
	assert_status 2
}

# --- the limit ---------------------------------------------------------------------

overrun='no end within the limit of 10 bytes (--limit)'

@test "--limit bounds a line: one less, exactly, one more" {
	serve '123456789\n'
	gives $'123456789\n' --limit 10 readline
	serve '1234567890\n'
	gives $'1234567890\n' --limit 10 readline
	serve '12345678901\n'
	fails 8 '' "step 1 (readline): $overrun" --limit 10 readline
}

@test "--limit bounds what comes before a separator, not the separator" {
	serve '1234567890<end>'
	gives '1234567890<end>' --limit 10 readuntil '<end>'
	serve '12345678901<end>'
	fails 8 '' "step 1 (readuntil <end>): $overrun" --limit 10 readuntil '<end>'
	serve 'a\r\n\r\n'
	gives $'a\r\n\r\n' --limit 1 readuntil '\r\n\r\n'
}

@test "without a separator it is over the limit only once none can begin within it" {
	serve '1234567890<end'
	fails 7 '1234567890<end' 'step 1 (readuntil <end>): the peer closed after 14 bytes' \
		--limit 10 readuntil '<end>'
	serve '1234567890<end!'
	fails 8 '' "step 1 (readuntil <end>): $overrun" --limit 10 readuntil '<end>'
	# A last line may be as long as the limit, too.
	serve '1234567890'
	gives '1234567890' --limit 10 readline
	serve '12345678901'
	fails 8 '' "step 1 (readline): $overrun" --limit 10 readline
}

# bats test_tags=pump
@test "the limit is 64K" {
	head -c 65536 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/line"
	echo >>"$BATS_TEST_TMPDIR/line"
	start_liu listen -k 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/line"
	reads readline
	assert_status 0
	same "$BATS_TEST_TMPDIR/line" "$OUT" output
	printf a | cat - "$BATS_TEST_TMPDIR/line" >"$BATS_TEST_TMPDIR/longer"
	start_liu listen -k 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/longer"
	fails 8 '' 'step 1 (readline): no end within the limit of 65536 bytes (--limit)' readline
}

@test "--limit bounds the length of a frame" {
	serve '\12aaaaaaaaaa\13bbbbbbbbbbb'
	gives 'aaaaaaaaaa' --limit 10 readframe u8
	reads --limit 10 readframe u8 readframe u8
	assert_status 8
	assert_output_bytes 'aaaaaaaaaa'
	assert_error_is 'liu: step 2 (readframe u8): a frame of 11 bytes is above the limit of 10 bytes (--limit)'
}

# bats test_tags=pump
@test "the limit is not for read, readexactly and the skips" {
	serve '1234567890\n1234567890;1234567890'
	gives $'1234567890\n1234567890;1234567890' --limit 4 read
	gives $'1234567890\n1234567890' --limit 4 readexactly 21
	gives '1234567890' --limit 4 skipline skipuntil ';' read
	gives '890' --limit 4 skip 29 read
}

# bats test_tags=pump
@test "past the limit nothing is consumed: another read gets the bytes" {
	serve '12345678901;\nnext\n'
	reads --limit 10 try readuntil ';' readexactly 13 readline
	assert_status 0
	assert_output_is $'12345678901;\nnext'
	assert_error_is "liu: step 1 (try readuntil ;): $overrun (tried)"
	reads --limit 10 try readuntil ';' readuntil 5 read
	assert_status 0
	assert_output_is $'12345678901;\nnext'
}

@test "skipline gets past a line that is too long" {
	serve '123456789012345\nnext\n'
	reads --limit 10 try readline try readline skipline readline
	assert_status 0
	assert_output_is next
	assert_error_is "liu: step 1 (try readline): $overrun (tried)
liu: step 2 (try readline): $overrun (tried)"
}

# --- --chomp -----------------------------------------------------------------------

@test "--chomp prints lines without their end, and a newline after each" {
	serve 'one\r\ntwo\n\r\n\nlast\r'
	gives $'one\ntwo\n\n\nlast\r\n' --chomp readline 5
	gives $'one\ntwo\n' --chomp readline readline
}

# bats test_tags=pump
@test "--chomp prints without the separator, and a newline after each read" {
	serve 'a;b<>cdefg\2hi3:jkl,mno'
	gives $'a\nb\nc\nde\nfg\nhi\njkl\nmno\n' --chomp readuntil ';' or '<>' readuntil ';' or '<>' \
		readexactly 1 readexactly 2 readexactly 2 readframe u8 readframe netstring read
}

@test "--chomp: a newline after what a failed read had got, too" {
	serve 'abc'
	run_liu connect --chomp "$ADDRESS" try readexactly 10 info family
	assert_status 0
	assert_output_is $'abc\ninet'
	run_liu connect --chomp "$ADDRESS" readuntil ';'
	assert_status 7
	assert_output_is abc
}

@test "--chomp: a longer separator that ends with a shorter one" {
	serve 'line\r\nnext\n'
	reads --chomp readuntil '\r\n' readuntil '\n'
	assert_status 0
	assert_output_is $'line\nnext'
}

# --- --hex -------------------------------------------------------------------------

# bats test_tags=pump
@test "--hex prints each record whole, as a line of digits" {
	serve 'a\r\n\0\xff\n;b<>cd\2hi3:jkl,x\ny\nmno'
	gives $'610d0a\n00ff0a\n3b\n623c3e\n63\n64\n6869\n6a6b6c\n780a\n790a\n6d6e6f\n' --hex readline 2 readuntil ';' \
		readuntil '<>' readexactly 1 read 1 readframe u8 readframe netstring readmatch y read
	gives $'\n\n' --hex readexactly 0 skipuntil o read
}

# bats test_tags=pump
@test "--hex: a record in pieces is one line" {
	peer_plays drip abcdef hold
	reads --hex --limit 2 readexactly 5 read 1
	assert_status 0
	assert_output_is $'6162636465\n66'
	peer_plays drip abcdef
	reads --hex read
	assert_output_is 616263646566
}

# bats test_tags=pump
@test "--hex: so is what a failed read had got" {
	serve abc
	fails 7 $'616263\n' 'step 1 (readexactly 10): the peer closed after 3 bytes' --hex readexactly 10
	fails 7 $'616263\n' 'step 1 (readexactly 10): the peer closed after 3 bytes' --hex --limit 2 readexactly 10
	peer_plays send abc hold
	fails 6 $'616263\n' 'step 1 (read): timed out after 2 s (--step-timeout)' --hex --step-timeout 2 read
}

# bats test_tags=pump
@test "--hex is not for relay, info and expect" {
	serve 'one\ntwo\n'
	gives $'6f6e650a\ninet\ntwo\n' --hex readline expect '^one$' info family relay
	gives $'one\ntwo\n' --hex relay
	gives $'one\ntwo\n' --hex
}

# --- the skips ---------------------------------------------------------------------

# bats test_tags=pump
@test "the skips print nothing" {
	serve 'abcline1\nline2\nline3\nhead;tail'
	gives 'tail' skip 3 skipline skipline 2 skipuntil , or ';' read
	gives '' skip 0 skip 3 skipline
}

@test "a skip that gets less than asked is incomplete" {
	serve 'abc'
	fails 7 '' 'step 1 (skip 10): the peer closed after 3 bytes' skip 10
	fails 7 '' 'step 1 (skipuntil ;): the peer closed after 3 bytes' skipuntil ';'
	fails 7 '' 'step 2 (skipline): the peer closed after 0 bytes' skip 3 skipline
	gives '' skipline at-eof
	fails 7 '' 'step 1 (skipline 2): the peer closed after 3 bytes' skipline 2
}

# bats test_tags=pump
@test "the skips take little memory" {
	keep_nothing_freed
	truncate -s 100M "$BATS_TEST_TMPDIR/big"
	printf 'x\n' >>"$BATS_TEST_TMPDIR/big"
	start_liu listen -k 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/big" read
	local steps
	for steps in 'skip 104857602' 'skipline' 'skipuntil no or x skipline'; do
		# shellcheck disable=SC2086 # words by intention
		start "$LIU" connect "$ADDRESS" $steps info family read
		wait_for_line "$PID_OUT" '^inet$'
		small_memory "$PID"
	done
}

# --- at-eof ------------------------------------------------------------------------

@test "at-eof succeeds at the end, and fails at a byte" {
	serve 'x\n'
	gives $'x\n' readline at-eof
	gives $'x\n' readline at_eof at-eof
	fails 9 '' "step 1 (at-eof): the stream goes on with 'x'" at-eof
	serve '\0'
	fails 9 '' "step 1 (at-eof): the stream goes on with '\\x00'" at-eof
}

@test "at-eof takes nothing" {
	serve 'x\n'
	reads try at-eof readline
	assert_status 0
	assert_output_is x
	assert_error_is "liu: step 1 (try at-eof): the stream goes on with 'x' (tried)"
}

@test "at-eof waits for a byte or the end" {
	peer_plays go "$BATS_TEST_TMPDIR/go"
	start "$LIU" connect "$ADDRESS" info family at-eof info family
	wait_for_line "$PID_OUT" '^inet$'
	touch "$BATS_TEST_TMPDIR/go"
	wait_exit "$PID"
	assert_equal 0 "$status"
	assert_equal $'inet\ninet' "$(cat "$PID_OUT")"
}

# --- resets ------------------------------------------------------------------------

# resets TEXT PRINTED MESSAGE STEP...: of a connection that gets TEXT back, and then a reset.
resets() {
	local sent=$1 text=$2 message=$3 bytes
	shift 3
	# shellcheck disable=SC2059 # the escapes are those of the step write
	printf -v bytes "$sent"
	if [ -n "$sent" ]; then
		start_liu echo 127.0.0.1:0 --fault "reset-after=${#bytes}"
	else
		sent=x
		start_liu listen 127.0.0.1:0 skip 1 abort
	fi
	fails 1 "$text" "$message: connection reset by peer" write "$sent" "$@"
}

# bats test_tags=pump
@test "a reset is io for the read that meets it, and what it had is printed" {
	resets '' '' 'step 2 (read)' read
	resets abc abc 'step 2 (read)' read
	resets '' '' 'step 2 (read 5)' read 5
	resets '' '' 'step 2 (readline)' readline
	resets abc abc 'step 2 (readline)' readline
	resets abc abc 'step 2 (readexactly 5)' readexactly 5
	resets abc abc 'step 2 (readexactly 70000)' readexactly 70000
	resets abc abc 'step 2 (readuntil ;)' readuntil ';'
	resets '\5abc' abc 'step 2 (readframe u8)' readframe u8
	resets '' '' 'step 2 (readframe u8)' readframe u8
	resets abc '' 'step 2 (skip 5)' skip 5
	resets abc '' 'step 2 (skipline)' skipline
	resets abc '' 'step 2 (skipuntil ;)' skipuntil ';'
	resets '' '' 'step 2 (at-eof)' at-eof
}

@test "complete records before a reset are read first" {
	resets 'one\ntwo\npart' $'one\ntwo\npart' 'step 4 (readline)' readline readline readline
	resets 'one\ntwo\npart' $'one\ntwo\npart' 'step 2 (readline 3)' readline 3
	resets 'abcd' abcd 'step 4 (readexactly 2)' readexactly 2 readexactly 2 readexactly 2
	resets '\1a\1b' ab 'step 4 (readframe u8)' readframe u8 readframe u8 readframe u8
}

# bats test_tags=pump
@test "4096 bytes and a reset are not a clean end" {
	local text
	printf -v text '%04096d' 0
	resets "$text" "$text" 'step 2 (read)' read
}

# --- time --------------------------------------------------------------------------

@test "a step that times out under try loses nothing" {
	local step
	for step in readline 'readexactly 9' 'readuntil ,\n' 'readframe netstring'; do
		rm -f "$BATS_TEST_TMPDIR/go"
		peer_plays send '5:hel' go "$BATS_TEST_TMPDIR/go" send 'lo,\n' hold
		# shellcheck disable=SC2086 # words by intention
		start "$LIU" connect --step-timeout 0.3 "$ADDRESS" try $step loop
		wait_for_line "$PID_ERR" '\(tried\)$'
		touch "$BATS_TEST_TMPDIR/go"
		case $step in
		readframe*) wait_for_line "$PID_OUT" '^hello' ;;
		*) wait_for_line "$PID_OUT" '^5:hello,$' ;;
		esac
		assert_equal "liu: step 1 (try $step): timed out after 0.3 s (--step-timeout) (tried)" \
			"$(head -n 1 "$PID_ERR")"
	done
}

@test "a step that times out fails with exit 6, and what it had read stays unprinted" {
	peer_plays send hel hold
	fails 6 '' 'step 1 (readline): timed out after 0.2 s (--step-timeout)' --step-timeout 0.2 readline
	peer_plays send 'one\ntw' hold
	fails 6 $'one\n' 'step 1 (readline 2): timed out after 2 s (--step-timeout)' \
		--step-timeout 2000ms readline 2
}

# --- over other streams --------------------------------------------------------------

# bats test_tags=pump
@test "reads are the same over Unix sockets" {
	start_liu listen -k "unix:$BATS_TEST_TMPDIR/s" write 'one\ntwo;3:abc,rest'
	gives $'one\ntwo;abcrest' readline readuntil ';' readframe netstring read
	fails 7 $'one\ntwo;3:abc,rest' 'step 1 (readexactly 30): the peer closed after 18 bytes' readexactly 30
}

# bats test_tags=pump
@test "reads are the same over TLS" {
	make_certs
	start_liu listen -k --cert "$CERTS/server.pem" --key "$CERTS/server.key" tls:127.0.0.1:0 \
		write 'one\ntwo;3:abc,rest'
	gives $'one\ntwo;abcrest' --cacert "$CERTS/ca.pem" readline readuntil ';' readframe netstring read
	fails 7 $'one\ntwo;3:abc,rest' 'step 1 (readexactly 30): the peer closed after 18 bytes' \
		--cacert "$CERTS/ca.pem" readexactly 30
}

@test "a message comes after what was read before it" {
	serve abc
	capture sh -c 'exec "$0" connect "$1" readexactly 9 2>&1' "$LIU" "$ADDRESS"
	assert_status 7
	assert_output_is 'abcliu: step 1 (readexactly 9): the peer closed after 3 bytes'
}
