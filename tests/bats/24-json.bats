#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 24-json: events as JSON lines, to the byte but for what varies: ports, durations, keys of TLS.

load helpers
load peer

# run_json ARGUMENT...: run_liu --json; in $OUT ports are PORT and durations are TIME.
run_json() {
	run_liu "$1" --json "${@:2}"
	settle "$OUT"
}

# What varies in FILE.
settle() {
	sed -i -E 's/(127\.0\.0\.1|\[::1\]):[0-9]+/\1:PORT/g; s/("duration"):[0-9]+\.[0-9]+\}/\1:TIME}/' "$1"
	python3 -IS -c 'import json, sys
for line in open(sys.argv[1]):
	json.loads(line.replace(":TIME}", ":1.0}"))' "$1" || fail "not JSON" || return
}

# Of connect, and of a listener.
OPEN='{"event":"open","conn":1,"address":"127.0.0.1:PORT","peername":"127.0.0.1:PORT","sockname":"127.0.0.1:PORT","tls":null}'
ACCEPTED='{"event":"open","conn":1,"peername":"127.0.0.1:PORT","sockname":"127.0.0.1:PORT","tls":null}'

# close SENT RECEIVED: the last line.
closed() {
	printf '{"event":"close","conn":%d,"sent":%d,"received":%d,"duration":TIME}' "${3:-1}" "$1" "$2"
}

# A peer that sends all at once what its argument evaluates to.
SENDS='c = accept(); c.sendall(eval(sys.argv[1])); c.shutdown(socket.SHUT_WR); rest(c); c.close()'

# printed(text): wait until liu has printed that; the script's first argument is the file.
PRINTED='
def printed(text):
	while text not in open(sys.argv[1], "rb").read(): wait(0.01)
'

@test "the exchange of the manual: open, write, readline, close" {
	peer 'c = accept(); c.sendall(c.recv(100)); c.close()'
	run_json connect "127.0.0.1:$PEER_PORT" write 'Hello World\n' readline
	assert_status 0
	assert_error_is ''
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"write","ok":true,"bytes":12}
{"event":"step","conn":1,"index":2,"step":"readline","ok":true,"bytes":12,"data":"Hello World\n"}
'"$(closed 12 12)"
}

@test "listening: the first line of a listener, then its connections" {
	start_liu listen --json 127.0.0.1:0 readline writeline back
	run_liu connect "$ADDRESS" write 'x\n' read
	wait_exit "$SERVER"
	assert_equal "{\"event\":\"listening\",\"address\":\"$ADDRESS\"}" "$(head -n 1 "$SERVER_OUT")"
	settle "$SERVER_OUT"
	is "$SERVER_OUT" 'standard output' '{"event":"listening","address":"127.0.0.1:PORT"}
'"$ACCEPTED"'
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":2,"data":"x\n"}
{"event":"step","conn":1,"index":2,"step":"writeline","ok":true,"bytes":5}
'"$(closed 5 2)"
}

@test "listening: one line a socket" {
	start_liu listen --json 127.0.0.1:0 --address "unix:$BATS_TEST_TMPDIR/s" close
	wait_until has_lines "$SERVER_ERR" 2
	wait_until has_lines "$SERVER_OUT" 2
	sed 's/^listening on \(.*\)/{"event":"listening","address":"\1"}/' "$SERVER_ERR" >"$BATS_TEST_TMPDIR/expected.2"
	same "$BATS_TEST_TMPDIR/expected.2" "$SERVER_OUT" 'standard output'
}

@test "open of a Unix socket" {
	start_liu listen --json "unix:$BATS_TEST_TMPDIR/s" close
	run_json connect "unix:$BATS_TEST_TMPDIR/s" close
	assert_output_is "{\"event\":\"open\",\"conn\":1,\"address\":\"unix:$BATS_TEST_TMPDIR/s\",\"peername\":\"unix:$BATS_TEST_TMPDIR/s\",\"sockname\":null,\"tls\":null}
{\"event\":\"step\",\"conn\":1,\"index\":1,\"step\":\"close\",\"ok\":true}
$(closed 0 0)"
}

@test "each kind of step: those that send have bytes, reads have data, the rest neither" {
	printf 'file' >"$BATS_TEST_TMPDIR/file"
	peer "$SENDS" 'b"line\npart-exact;skip|skipped line\nto;\x03fra\x05tail\n"'
	run_json connect "127.0.0.1:$PEER_PORT" write a writeline b writehex '00 ff' writefile "$BATS_TEST_TMPDIR/file" \
		writeframe u8 frame drain write-eof readline read 5 readexactly 5 readuntil ';' skip 5 skipline \
		skipuntil ';' readframe u8 expect fra info family info alpn sleep 1ms try readline read at-eof close
	assert_status 0
	assert_error_is ''
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"write","ok":true,"bytes":1}
{"event":"step","conn":1,"index":2,"step":"writeline","ok":true,"bytes":2}
{"event":"step","conn":1,"index":3,"step":"writehex","ok":true,"bytes":2}
{"event":"step","conn":1,"index":4,"step":"writefile","ok":true,"bytes":4}
{"event":"step","conn":1,"index":5,"step":"writeframe","ok":true,"bytes":6}
{"event":"step","conn":1,"index":6,"step":"drain","ok":true}
{"event":"step","conn":1,"index":7,"step":"write-eof","ok":true}
{"event":"step","conn":1,"index":8,"step":"readline","ok":true,"bytes":5,"data":"line\n"}
{"event":"step","conn":1,"index":9,"step":"read","ok":true,"bytes":5,"data":"part-"}
{"event":"step","conn":1,"index":10,"step":"readexactly","ok":true,"bytes":5,"data":"exact"}
{"event":"step","conn":1,"index":11,"step":"readuntil","ok":true,"bytes":1,"data":";"}
{"event":"step","conn":1,"index":12,"step":"skip","ok":true,"bytes":5}
{"event":"step","conn":1,"index":13,"step":"skipline","ok":true,"bytes":13}
{"event":"step","conn":1,"index":14,"step":"skipuntil","ok":true,"bytes":3}
{"event":"step","conn":1,"index":15,"step":"readframe","ok":true,"bytes":3,"data":"fra"}
{"event":"step","conn":1,"index":16,"step":"expect","ok":true}
{"event":"step","conn":1,"index":17,"step":"info","ok":true,"key":"family","data":"inet"}
{"event":"step","conn":1,"index":18,"step":"info","ok":true,"key":"alpn","data":null}
{"event":"step","conn":1,"index":19,"step":"sleep","ok":true}
{"event":"step","conn":1,"index":20,"step":"readline","ok":true,"bytes":6,"data":"\u0005tail\n"}
{"event":"step","conn":1,"index":21,"step":"read","ok":true,"bytes":0,"data":""}
{"event":"step","conn":1,"index":22,"step":"at-eof","ok":true}
{"event":"step","conn":1,"index":23,"step":"close","ok":true}
'"$(closed 15 47)"
}

@test "readmatch gives an event a line, all but the last with more" {
	peer "$SENDS" 'b"a\nb\nc"'
	run_json connect "127.0.0.1:$PEER_PORT" readmatch b try readmatch z
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readmatch","ok":true,"bytes":2,"data":"a\n","more":true}
{"event":"step","conn":1,"index":1,"step":"readmatch","ok":true,"bytes":2,"data":"b\n"}
{"event":"step","conn":1,"index":2,"step":"readmatch","ok":false,"error":"incomplete-read","message":"step 2 (try readmatch z): the peer closed after 1 byte","tried":true,"bytes":1,"data":"c"}
'"$(closed 0 5)"
}

@test "a loop is not an event of its own; abort is one" {
	peer 'c = accept(); c.sendall(b"a\nb\n"); c.close(); c = accept(); rest(c)'
	run_json connect "127.0.0.1:$PEER_PORT" readline loop
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":2,"data":"a\n"}
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":2,"data":"b\n"}
'"$(closed 0 4)"
	run_json connect "127.0.0.1:$PEER_PORT" abort
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"abort","ok":true}
'"$(closed 0 0)"
}

@test "data is a string for UTF-8 without NUL, else base64" {
	peer "$SENDS" '"grün 流 \U0001f600 \x7f\x1b\"\\/\t\n".encode() + b"\x00\n\xff\xfe\n\xc3\n\xed\xa0\x80\n\xc0\x80\n"'
	run_json connect "127.0.0.1:$PEER_PORT" readline readline readline readline readline readline
	assert_status 0
	python3 -IS -c 'import json, sys
for line in open(sys.argv[1]):
	e = json.loads(line.replace(":TIME", ":1"))
	if e["event"] == "step": print(list(e)[4:], e["bytes"], repr(e.get("data", e.get("base64"))))' "$OUT" >"$OUT.2"
	is "$OUT.2" events "['ok', 'bytes', 'data'] 22 'grün 流 😀 \\x7f\\x1b\"\\\\/\\t\\n'
['ok', 'bytes', 'base64'] 2 'AAo='
['ok', 'bytes', 'base64'] 3 '//4K'
['ok', 'bytes', 'base64'] 2 'wwo='
['ok', 'bytes', 'base64'] 4 '7aCACg=='
['ok', 'bytes', 'base64'] 3 'wIAK'"
}

@test "incomplete-read: expected, bytes, data" {
	peer "$SENDS" 'b"nine byte"'
	run_json connect "127.0.0.1:$PEER_PORT" readexactly 16
	assert_status 7
	assert_error_is 'liu: step 1 (readexactly 16): the peer closed after 9 bytes'
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readexactly","ok":false,"error":"incomplete-read","message":"step 1 (readexactly 16): the peer closed after 9 bytes","expected":16,"bytes":9,"data":"nine byte"}
'"$(closed 0 9)"
	peer "$SENDS" 'b"\xff\xff"'
	run_json connect "127.0.0.1:$PEER_PORT" readuntil ';'
	assert_status 7
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readuntil","ok":false,"error":"incomplete-read","message":"step 1 (readuntil ;): the peer closed after 2 bytes","bytes":2,"base64":"//8="}
'"$(closed 0 2)"
	peer "$SENDS" 'b""'
	run_json connect "127.0.0.1:$PEER_PORT" readline
	assert_status 7
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readline","ok":false,"error":"incomplete-read","message":"step 1 (readline): the peer closed after 0 bytes","bytes":0,"data":""}
'"$(closed 0 0)"
}

@test "incomplete-read of a frame: expected is its length" {
	peer "$SENDS" 'b"\x05abc"'
	run_json connect "127.0.0.1:$PEER_PORT" readframe u8
	assert_status 7
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readframe","ok":false,"error":"incomplete-read","message":"step 1 (readframe u8): the peer closed after 3 of 5 bytes","expected":5,"bytes":3,"data":"abc"}
'"$(closed 0 4)"
}

@test "separator: where several were given, the one that was met" {
	peer "$SENDS" 'b"one\r\ntwo\xff;three,"'
	run_json connect --limit 4 "127.0.0.1:$PEER_PORT" readuntil '\n' or '\r\n' readuntil '\xff' or '\n' readuntil ';' \
		try readuntil ';' or ',' read
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readuntil","ok":true,"bytes":4,"data":"one\r","more":true}
{"event":"step","conn":1,"index":1,"step":"readuntil","ok":true,"bytes":1,"data":"\n","separator":"\n"}
{"event":"step","conn":1,"index":2,"step":"readuntil","ok":true,"bytes":4,"base64":"dHdv/w==","separator_base64":"/w=="}
{"event":"step","conn":1,"index":3,"step":"readuntil","ok":true,"bytes":1,"data":";"}
{"event":"step","conn":1,"index":4,"step":"readuntil","ok":false,"error":"limit-overrun","message":"step 4 (try readuntil ; or ,): no end within the limit of 4 bytes (--limit)","tried":true,"limit":4,"consumed":5}
{"event":"step","conn":1,"index":5,"step":"read","ok":true,"bytes":6,"data":"three,","more":true}
{"event":"step","conn":1,"index":5,"step":"read","ok":true,"bytes":0,"data":""}
'"$(closed 0 16)"
	peer "$SENDS" 'b"a;b,"'
	run_json connect --chomp "127.0.0.1:$PEER_PORT" readuntil ';' or ',' expect '^a;$' readuntil , or ';'
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readuntil","ok":true,"bytes":1,"data":"a","separator":";"}
{"event":"step","conn":1,"index":2,"step":"expect","ok":true}
{"event":"step","conn":1,"index":3,"step":"readuntil","ok":true,"bytes":1,"data":"b","separator":","}
'"$(closed 0 4)"
}

@test "info: its key; without one an event for each fact, all but the last with more" {
	start_liu listen --json "unix:$BATS_TEST_TMPDIR/s" info
	run_json connect "unix:$BATS_TEST_TMPDIR/s" info expect "^peername: unix:$BATS_TEST_TMPDIR/s\nfamily: unix\$" info family info rtt
	assert_status 0
	assert_output_is '{"event":"open","conn":1,"address":"unix:'"$BATS_TEST_TMPDIR"'/s","peername":"unix:'"$BATS_TEST_TMPDIR"'/s","sockname":null,"tls":null}
{"event":"step","conn":1,"index":1,"step":"info","ok":true,"key":"peername","data":"unix:'"$BATS_TEST_TMPDIR"'/s","more":true}
{"event":"step","conn":1,"index":1,"step":"info","ok":true,"key":"family","data":"unix"}
{"event":"step","conn":1,"index":2,"step":"expect","ok":true}
{"event":"step","conn":1,"index":3,"step":"info","ok":true,"key":"family","data":"unix"}
{"event":"step","conn":1,"index":4,"step":"info","ok":true,"key":"rtt","data":null}
'"$(closed 0 0)"
}

# opened ADDRESS WORD...: connecting to WORD... gives an open event with this address.
opened() {
	run_liu connect --json "${@:2}" close
	assert_status 0
	assert_equal "{\"event\":\"open\",\"conn\":1,\"address\":\"$1\"" "$(sed '1s/,"peername".*//; q' "$OUT")"
}

@test "open: the address of connect as it was given, in one word" {
	need_ipv6
	start_liu listen -k --json 127.0.0.1:0 --address '[::1]:0' close
	local v6 word
	wait_until has_lines "$SERVER_ERR" 2
	v6=$(sed -n '2s/.*://p' "$SERVER_ERR")
	for word in "127.0.0.1:$PORT" "localhost:$PORT" "$PORT" "tcp:127.0.0.1:$PORT"; do
		opened "$word" "$word"
	done
	opened "localhost:$PORT" localhost "$PORT"
	opened "[::1]:$v6" ::1 "$v6"
	opened "[::1]:$v6" '[::1]' "$v6"
}

@test "a failure of a listener has the text without the connection, which conn tells" {
	start_liu listen --json 127.0.0.1:0 readexactly 2
	run_liu connect "$ADDRESS" write x
	wait_exit "$SERVER"
	sed -n 3p "$SERVER_OUT" >"$OUT"
	assert_output_is '{"event":"step","conn":1,"index":1,"step":"readexactly","ok":false,"error":"incomplete-read","message":"step 1 (readexactly 2): the peer closed after 1 byte","expected":2,"bytes":1,"data":"x"}'
}

@test "tried is for what try catches: not for the end by --timeout" {
	peer 'c = accept(); rest(c)'
	run_json connect -w 0.3 "127.0.0.1:$PEER_PORT" try readline
	assert_status 6
	sed -n 2p "$OUT" >"$OUT.2"
	is "$OUT.2" event '{"event":"step","conn":1,"index":1,"step":"readline","ok":false,"error":"timeout","message":"step 1 (try readline): timed out after 0.3 s (--timeout)"}'
}

@test "limit-overrun: limit and consumed" {
	peer "$SENDS" 'b"x" * 200000'
	run_json connect "127.0.0.1:$PEER_PORT" readuntil ';'
	assert_status 8
	sed -i 's/"received":[0-9]*/"received":N/' "$OUT"
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readuntil","ok":false,"error":"limit-overrun","message":"step 1 (readuntil ;): no end within the limit of 65536 bytes (--limit)","limit":65536,"consumed":65537}
{"event":"close","conn":1,"sent":0,"received":N,"duration":TIME}'
	peer "$SENDS" 'b"12345\n"'
	run_json connect --limit 4 "127.0.0.1:$PEER_PORT" try readline readexactly 6
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readline","ok":false,"error":"limit-overrun","message":"step 1 (try readline): no end within the limit of 4 bytes (--limit)","tried":true,"limit":4,"consumed":5}
{"event":"step","conn":1,"index":2,"step":"readexactly","ok":true,"bytes":4,"data":"1234","more":true}
{"event":"step","conn":1,"index":2,"step":"readexactly","ok":true,"bytes":2,"data":"5\n"}
'"$(closed 0 6)"
	peer "$SENDS" 'b"12345\n"'
	run_json connect --limit 4 "127.0.0.1:$PEER_PORT" try readline loop
	assert_status 8
	sed -n 3p "$OUT" >"$OUT.2"
	is "$OUT.2" event '{"event":"step","conn":1,"index":2,"step":"loop","ok":false,"error":"limit-overrun","message":"step 2 (loop): no progress in this round: step 1 (try readline): no end within the limit of 4 bytes (--limit)","limit":4,"consumed":5}'
}

@test "io: with errno; a failed step gives its step event only" {
	start_liu echo 127.0.0.1:0 --fault reset-after=4
	run_json connect "$ADDRESS" write half readexactly 4 readline
	assert_status 1
	assert_error_is 'liu: step 3 (readline): connection reset by peer'
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"write","ok":true,"bytes":4}
{"event":"step","conn":1,"index":2,"step":"readexactly","ok":true,"bytes":4,"data":"half"}
{"event":"step","conn":1,"index":3,"step":"readline","ok":false,"error":"io","errno":"ECONNRESET","message":"step 3 (readline): connection reset by peer","bytes":0,"data":""}
'"$(closed 4 4)"
}

@test "io: what a read had is in its event" {
	start_liu echo 127.0.0.1:0 --fault reset-after=4
	run_json connect "$ADDRESS" write half at-eof
	assert_status 9
	run_json connect "$ADDRESS" write half readexactly 16
	assert_status 1
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"write","ok":true,"bytes":4}
{"event":"step","conn":1,"index":2,"step":"readexactly","ok":false,"error":"io","errno":"ECONNRESET","message":"step 2 (readexactly 16): connection reset by peer","bytes":4,"data":"half"}
'"$(closed 4 4)"
}

@test "timeout and expectation" {
	peer 'c = accept(); c.sendall(b"x\n"); rest(c)'
	run_json connect --step-timeout 1 "127.0.0.1:$PEER_PORT" readline try expect y try at-eof readline
	assert_status 6
	sed -n '3,5p' "$OUT" >"$OUT.2"
	is "$OUT.2" events '{"event":"step","conn":1,"index":2,"step":"expect","ok":false,"error":"expectation","message":"step 2 (try expect y): got '\''x'\'', expected '\''y'\''","tried":true}
{"event":"step","conn":1,"index":3,"step":"at-eof","ok":false,"error":"timeout","message":"step 3 (try at-eof): timed out after 1 s (--step-timeout)","tried":true}
{"event":"step","conn":1,"index":4,"step":"readline","ok":false,"error":"timeout","message":"step 4 (readline): timed out after 1 s (--step-timeout)"}'
}

@test "read: pieces with more, the last with 0 bytes and empty data" {
	: >"$BATS_TEST_TMPDIR/out"
	peer "$PRINTED"'c = accept()
for part in b"one", b"two":
	c.sendall(part)
	printed(part)
c.close()' "$BATS_TEST_TMPDIR/out"
	run_json connect "127.0.0.1:$PEER_PORT" read
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"read","ok":true,"bytes":3,"data":"one","more":true}
{"event":"step","conn":1,"index":1,"step":"read","ok":true,"bytes":3,"data":"two","more":true}
{"event":"step","conn":1,"index":1,"step":"read","ok":true,"bytes":0,"data":""}
'"$(closed 0 6)"
}

@test "relay: the same; without a step too" {
	local words
	for words in '' relay; do
		: >"$BATS_TEST_TMPDIR/out"
		peer "$PRINTED"'c = accept(); rest(c); c.sendall(b"one"); printed(b"one"); c.sendall(b"two"); c.close()' \
			"$BATS_TEST_TMPDIR/out"
		# shellcheck disable=SC2086 # words by intention
		run_json connect "127.0.0.1:$PEER_PORT" $words < <(printf sent)
		assert_status 0
		assert_error_is ''
		assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"relay","ok":true,"bytes":3,"data":"one","more":true}
{"event":"step","conn":1,"index":1,"step":"relay","ok":true,"bytes":3,"data":"two","more":true}
{"event":"step","conn":1,"index":1,"step":"relay","ok":true,"bytes":0,"data":""}
'"$(closed 4 6)"
	done
}

@test "pieces are cut between characters" {
	local steps
	for steps in read relay 'readexactly 10' 'try readexactly 10'; do
		: >"$BATS_TEST_TMPDIR/out"
		peer "$PRINTED"'c = accept()
c.sendall(b"a\xe6")
printed(b"\"a\"")
c.sendall(b"\xb5")
wait(0.2)
c.sendall(b"\x81b\xf0\x9f")
printed(b"\xe6\xb5\x81b\"")
c.sendall(b"\x98\x80c")
c.close()' "$BATS_TEST_TMPDIR/out"
		# shellcheck disable=SC2086 # words by intention
		run_json connect --limit 8 "127.0.0.1:$PEER_PORT" $steps
		assert_status 0
		python3 -IS -c 'import json, sys
got = [json.loads(line.replace(":TIME", ":1")) for line in open(sys.argv[1])]
got = [e for e in got if e["event"] == "step"]
assert all(len(e["data"].encode()) == e["bytes"] for e in got), got
assert [e.get("more", False) for e in got] == [True] * (len(got) - 1) + [False], got
assert len(got) >= 3, got
print("".join(e["data"] for e in got))' "$OUT" >"$OUT.2"
		is "$OUT.2" "data of $steps" 'a流b😀c'
	done
}

@test "a character that the end cuts is base64, not lost" {
	peer "$SENDS" 'b"ab\xe6\xb5"'
	run_json connect "127.0.0.1:$PEER_PORT" read
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"read","ok":true,"bytes":2,"data":"ab","more":true}
{"event":"step","conn":1,"index":1,"step":"read","ok":true,"bytes":2,"base64":"5rU=","more":true}
{"event":"step","conn":1,"index":1,"step":"read","ok":true,"bytes":0,"data":""}
'"$(closed 0 4)"
	start_liu echo 127.0.0.1:0 --fault reset-after=4
	run_json connect "$ADDRESS" write 'ab\xe6\xb5' relay < <(exec sleep 30 3>&-)
	assert_status 1
	python3 -IS -c 'import base64, json, sys
got = b""
for line in open(sys.argv[1]):
	e = json.loads(line.replace(":TIME", ":1"))
	if e.get("step") == "relay":
		got += base64.b64decode(e["base64"]) if "base64" in e else e["data"].encode()
print(got, e)' "$OUT" >"$OUT.2"
	grep -qF "b'ab\\xe6\\xb5'" "$OUT.2" || fail "$(cat "$OUT" "$OUT.2")"
}

@test "... and what a failed read has begun is in its event" {
	: >"$BATS_TEST_TMPDIR/out"
	peer "$PRINTED"'c = accept()
c.sendall(b"ab\xe6\xb5")
printed(b"timeout")
c.sendall(b"c")
c.close()' "$BATS_TEST_TMPDIR/out"
	run_json connect --step-timeout 1.5 "127.0.0.1:$PEER_PORT" try read read
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"read","ok":true,"bytes":2,"data":"ab","more":true}
{"event":"step","conn":1,"index":1,"step":"read","ok":false,"error":"timeout","message":"step 1 (try read): timed out after 1.5 s (--step-timeout)","tried":true,"bytes":2,"base64":"5rU="}
{"event":"step","conn":1,"index":2,"step":"read","ok":true,"bytes":1,"data":"c","more":true}
{"event":"step","conn":1,"index":2,"step":"read","ok":true,"bytes":0,"data":""}
'"$(closed 0 5)"
}

@test "readline COUNT: one event a line, all but the last with more" {
	peer "$SENDS" 'b"one\ntwo\nthree"'
	run_json connect "127.0.0.1:$PEER_PORT" readline 3
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":4,"data":"one\n","more":true}
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":4,"data":"two\n","more":true}
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":5,"data":"three"}
'"$(closed 0 13)"
}

@test "a record of at most --limit is one event, a longer one is several" {
	peer "$SENDS" 'b"x" * 65536 + b"y" * 65537'
	run_json connect "127.0.0.1:$PEER_PORT" readexactly 65536 readexactly 65537
	assert_status 0
	python3 -IS -c 'import json, sys
got = [json.loads(line.replace(":TIME", ":1")) for line in open(sys.argv[1])][1:-1]
first = [e for e in got if e["index"] == 1]
second = [e for e in got if e["index"] == 2]
assert len(first) == 1 and first[0]["data"] == "x" * 65536 and "more" not in first[0]
assert len(second) > 1 and "".join(e["data"] for e in second) == "y" * 65537
assert [e.get("more", False) for e in second] == [True] * (len(second) - 1) + [False]
assert all(len(e["data"]) == e["bytes"] for e in got)' "$OUT" || fail "$(cut -c1-200 "$OUT")"
}

@test "echo: one event with totals" {
	start_liu listen --json 127.0.0.1:0 echo
	run_liu connect "$ADDRESS" write hello write-eof read
	assert_output_bytes hello
	wait_exit "$SERVER"
	settle "$SERVER_OUT"
	is "$SERVER_OUT" 'standard output' '{"event":"listening","address":"127.0.0.1:PORT"}
'"$ACCEPTED"'
{"event":"step","conn":1,"index":1,"step":"echo","ok":true,"bytes":5}
'"$(closed 5 5)"
}

@test "try counts as one with its step, whose name it has" {
	peer "$SENDS" 'b"x"'
	run_json connect "127.0.0.1:$PEER_PORT" try readexactly 2 try read at-eof
	assert_status 0
	assert_error_is 'liu: step 1 (try readexactly 2): the peer closed after 1 byte (tried)'
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readexactly","ok":false,"error":"incomplete-read","message":"step 1 (try readexactly 2): the peer closed after 1 byte","tried":true,"expected":2,"bytes":1,"data":"x"}
{"event":"step","conn":1,"index":2,"step":"read","ok":true,"bytes":0,"data":""}
{"event":"step","conn":1,"index":3,"step":"at-eof","ok":true}
'"$(closed 0 1)"
}

# --- TLS -------------------------------------------------------------------------------

@test "tls: its version, cipher, alpn, server_name and the peer's certificate" {
	make_certs
	local hash pin
	hash=$(openssl x509 -in "$CERTS/server.pem" -outform DER | sha256sum | cut -d' ' -f1)
	pin=$(openssl x509 -in "$CERTS/server.pem" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
	start_liu listen --json --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 close
	run_json connect --cacert "$CERTS/ca.pem" "tls:localhost:$PORT" close
	assert_status 0
	sed -i -E 's/"cipher":"TLS_[A-Z0-9_]+"/"cipher":"C"/' "$OUT" "$SERVER_OUT"
	assert_equal '{"event":"open","conn":1,"address":"tls:localhost:'"$PORT"'","peername":"127.0.0.1:PORT","sockname":"127.0.0.1:PORT","tls":{"version":"TLSv1.3","cipher":"C","alpn":null,"server_name":"localhost","peercert_sha256":"'"$hash"'","peercert_pin":"sha256:'"$pin"'"}}' \
		"$(head -n 1 "$OUT")"
	wait_exit "$SERVER"
	settle "$SERVER_OUT"
	is "$SERVER_OUT" 'standard output of the listener' '{"event":"listening","address":"tls:127.0.0.1:PORT"}
{"event":"open","conn":1,"peername":"127.0.0.1:PORT","sockname":"127.0.0.1:PORT","tls":{"version":"TLSv1.3","cipher":"C","alpn":null,"server_name":"localhost","peercert_sha256":null,"peercert_pin":null}}
{"event":"step","conn":1,"index":1,"step":"close","ok":true}
'"$(closed 0 0)"
}

@test "tls-truncated" {
	make_certs
	peer '
import ssl
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
c = context.wrap_socket(accept(), server_side=True)
c.sendall(b"cut")
os.close(c.detach())' "$CERTS/server.pem" "$CERTS/server.key"
	run_json connect --tls --cacert "$CERTS/ca.pem" "127.0.0.1:$PEER_PORT" readline
	assert_status 5
	sed -n 2p "$OUT" >"$OUT.2"
	is "$OUT.2" event '{"event":"step","conn":1,"index":1,"step":"readline","ok":false,"error":"tls-truncated","message":"step 1 (readline): the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)","bytes":3,"data":"cut"}'
}

# --- error events ----------------------------------------------------------------------

# an_error KIND TEXT: the only event is that error.
only_error() {
	local expected
	expected=$(TEXT=$2 python3 -IS -c 'import json, os, sys
print(json.dumps({"event": "error", "conn": 1, "error": sys.argv[1], "message": os.environ["TEXT"]},
	separators=(",", ":")))' "$1")
	assert_output_is "$expected"
}

@test "what fails outside of a step is an error event: connect, resolve, tls, timeout" {
	refused_port
	run_liu connect --json "127.0.0.1:$REFUSED"
	assert_status 4
	only_error connect "$(sed 's/^liu: //' "$ERR")"
	run_liu connect --json nowhere.invalid:80
	assert_status 3
	only_error resolve "$(sed 's/^liu: //' "$ERR")"
	peer 'c = accept(); c.sendall(b"no TLS\n" * 20); rest(c)'
	run_liu connect --json -q --insecure "tls:127.0.0.1:$PEER_PORT"
	assert_status 5
	only_error tls "$(sed 's/^liu: //' "$ERR")"
	peer 'c = accept(); rest(c)'
	run_liu connect --json -q -w 0.4 --insecure "tls:127.0.0.1:$PEER_PORT"
	assert_status 6
	only_error timeout "$(sed 's/^liu: //' "$ERR")"
}

@test "a listener's failed handshake is an error event of that connection, without open and close" {
	make_certs
	start_liu listen --json --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 close
	run_liu connect "127.0.0.1:$PORT" write 'this is no client hello at all, is it\n' read
	wait_exit "$SERVER"
	assert_equal 5 "$status" "exit status of the listener"
	settle "$SERVER_OUT"
	sed -i 's/"message":"[^"]*"/"message":"M"/' "$SERVER_OUT"
	is "$SERVER_OUT" 'standard output' '{"event":"listening","address":"tls:127.0.0.1:PORT"}
{"event":"error","conn":1,"error":"tls","message":"M"}'
}

@test "an error while closing is an error event, before close; none when a step had failed" {
	big_writes
	peer 'small(s); c = [accept()]; c.append(accept())
c[1].sendall(b"x\n"); accept()'
	run_json connect --close-timeout 0.3 "127.0.0.1:$PEER_PORT" "${WRITES[@]}"
	assert_status 6
	tail -n 2 "$OUT" | sed 's/"message":"[^"]*"/"message":"M"/; s/"sent":[0-9]*/"sent":N/' >"$OUT.2"
	is "$OUT.2" events '{"event":"error","conn":1,"error":"timeout","message":"M"}
{"event":"close","conn":1,"sent":N,"received":0,"duration":TIME}'
	run_json connect --close-timeout 0.3 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" readline expect y
	assert_status 9
	! grep '"event":"error"' "$OUT" || fail "a step had failed"
}

@test "an error of the system outside a step has errno" {
	big_writes
	peer 'small(s); c = accept(); c.recv(1); reset(c)'
	run_json connect "127.0.0.1:$PEER_PORT" "${WRITES[@]}"
	assert_status 1
	tail -n 2 "$OUT" | sed 's/"sent":[0-9]*/"sent":N/; s/[0-9]* bytes/N bytes/' >"$OUT.2"
	is "$OUT.2" events '{"event":"error","conn":1,"error":"io","errno":"ECONNRESET","message":"closing: connection reset by peer with N bytes unsent"}
{"event":"close","conn":1,"sent":N,"received":0,"duration":TIME}'
}

@test "close has succeeded when it is over, and fails as the step it is" {
	big_writes
	peer 'small(s); c = accept(); say(rest(c) and wait(0.3)); say("closed"); c.close()
c = accept(); accept()'
	run_json connect "127.0.0.1:$PEER_PORT" write x close
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"write","ok":true,"bytes":1}
{"event":"step","conn":1,"index":2,"step":"close","ok":true}
'"$(closed 1 0)"
	run_json connect --close-timeout 0.3 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" close
	assert_status 6
	grep -qxE 'liu: step 16 \(close\): [0-9]+ bytes could not be sent: the peer reads nothing' "$ERR" ||
		fail "$(cat "$ERR")"
	tail -n 2 "$OUT" | sed 's/"sent":[0-9]*/"sent":N/; s/): [0-9]* bytes/): N bytes/' >"$OUT.2"
	is "$OUT.2" events '{"event":"step","conn":1,"index":16,"step":"close","ok":false,"error":"timeout","message":"step 16 (close): N bytes could not be sent: the peer reads nothing"}
{"event":"close","conn":1,"sent":N,"received":0,"duration":TIME}'
}

@test "a listener that cannot bind: an error event without a connection" {
	start_liu echo 127.0.0.1:0
	run_liu listen --json "$ADDRESS"
	assert_status 4
	is "$OUT" 'standard output' "{\"event\":\"error\",\"error\":\"connect\",\"message\":\"$(sed 's/^liu: //' "$ERR")\"}"
}

@test "a wrong command line prints no JSON" {
	run_liu connect --json 127.0.0.1:1 readlin
	assert_status 2
	assert_output_is ''
}

# --- several ---------------------------------------------------------------------------

@test "events of several connections are whole lines, each numbered" {
	start_liu listen --json --accept 4 127.0.0.1:0 readline 200
	capture harness '
import threading
def talk(mark):
	c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	for i in range(200):
		for part in mark * 3000, mark * 4000, mark * 2999 + b"\n":
			c.sendall(part)
	c.shutdown(socket.SHUT_WR)
	rest(c)
threads = [threading.Thread(target=talk, args=(mark,)) for mark in (b"a", b"b", b"c", b"d")]
for t in threads: t.start()
for t in threads: t.join()' "$PORT"
	assert_error_is ''
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	python3 -IS -c 'import json, sys
got = {}
for line in open(sys.argv[1]):
	e = json.loads(line)
	got.setdefault(e.get("conn", 0), []).append(e)
assert sorted(got) == [0, 1, 2, 3, 4], sorted(got)
for conn in 1, 2, 3, 4:
	events = got[conn]
	assert [e["event"] for e in events] == ["open"] + ["step"] * 200 + ["close"], conn
	assert len({e["data"] for e in events[1:-1]}) == 1 and len(events[1]["data"]) == 10000
	assert [e.get("more", False) for e in events[1:-1]] == [True] * 199 + [False]
	assert (events[-1]["sent"], events[-1]["received"]) == (0, 2000000)' "$SERVER_OUT"
}

@test "steps that give nothing but events wait for a slow reader too" {
	keep_nothing_freed
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	capture harness '
reader = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
p = subprocess.Popen([LIU, "listen", "--json", "127.0.0.1:0", "skip", "1", "loop"], stdin=subprocess.DEVNULL,
	stdout=open(sys.argv[1], "wb"), stderr=subprocess.PIPE)
c = socket.create_connection(("127.0.0.1", int(p.stderr.readline().decode().rsplit(":", 1)[1])))
c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
c.setblocking(False)
left = 4000000
while left > 0 and select.select([], [c], [], 1)[1]: left -= c.send(b"x" * min(left, 65536))
for line in open("/proc/%d/status" % p.pid):
	if line.startswith("VmHWM:"): size = int(line.split()[1])
print(left > 0, size < 100 * 1024 or size)
p.kill()
p.wait()' "$BATS_TEST_TMPDIR/fifo"
	assert_error_is ''
	assert_output_is 'True True'
}

@test "--hex leaves the events as they are" {
	peer "$SENDS" 'b"line\nuntil;rest"'
	run_json connect --hex "127.0.0.1:$PEER_PORT" readline readuntil ';' read
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":5,"data":"line\n"}
{"event":"step","conn":1,"index":2,"step":"readuntil","ok":true,"bytes":6,"data":"until;"}
{"event":"step","conn":1,"index":3,"step":"read","ok":true,"bytes":4,"data":"rest","more":true}
{"event":"step","conn":1,"index":3,"step":"read","ok":true,"bytes":0,"data":""}
'"$(closed 0 15)"
}

@test "--chomp takes the end off the data" {
	peer "$SENDS" 'b"line\r\nuntil;"'
	run_json connect --chomp "127.0.0.1:$PEER_PORT" readline readuntil ';'
	assert_status 0
	assert_output_is "$OPEN"'
{"event":"step","conn":1,"index":1,"step":"readline","ok":true,"bytes":4,"data":"line"}
{"event":"step","conn":1,"index":2,"step":"readuntil","ok":true,"bytes":5,"data":"until"}
'"$(closed 0 12)"
}

@test "a step that a signal interrupts gives no event" {
	local step
	for step in readline 'exec cat'; do
		# shellcheck disable=SC2086 # words by intention
		start_liu listen -k --json --close-timeout 0.2 127.0.0.1:0 $step
		peer 'c = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); say(b"there"); rest(c)' "$PORT"
		wait_for_line "$SERVER_OUT" '"event":"open"'
		stop "$SERVER"
		assert_equal 143 "$status"
		settle "$SERVER_OUT"
		is "$SERVER_OUT" 'standard output' '{"event":"listening","address":"127.0.0.1:PORT"}
'"$ACCEPTED
$(closed 0 0)"
	done
}
