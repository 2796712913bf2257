#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 37-fault: an echo server that misbehaves on purpose, and what liu connect makes of it.

load helpers
load clients

# start_faulty ADDRESS KIND...: an echo server at ADDRESS with these faults. $TLS gets the options that
# connect needs for it.
start_faulty() {
	local address=$1 kind faults=()
	shift
	for kind; do
		faults+=(--fault "$kind")
	done
	TLS=()
	[[ $address != tls:* ]] || TLS=(-q --insecure)
	start_liu echo -v "$address" "${faults[@]}"
}

# fault_line: the line about a fault in the standard error of the server, once it is there; of no other kind.
fault_line() {
	wait_for_line "$SERVER_ERR" ' fault: ' || return
	REPLY=${REPLY##*: fault: }
}

# addresses: a place to listen of each kind, as words.
addresses() {
	echo "127.0.0.1:0 unix:$BATS_TEST_TMPDIR/s tls:127.0.0.1:0 tls:unix:$BATS_TEST_TMPDIR/t"
}

# fails_after KIND STATUS MESSAGE DONE [ADDRESS...]: connect gets `ab` of `abcd`, then fails so; the server does not.
fails_after() {
	local address
	for address in ${5:-$(addresses)}; do
		start_faulty "$address" "$1=2"
		run_liu connect "${TLS[@]}" -w 5 "$ADDRESS" write abcd readexactly 4
		assert_status "$2" || fail "$1 at $address"
		assert_output_bytes ab
		assert_error_is "liu: step 2 (readexactly 4): $3"
		fault_line
		assert_equal "$4 after 2 bytes" "$REPLY" "$1 at $address"
		wait_for_line "$SERVER_ERR" ': ended$'
		stop "$SERVER"
		! grep -vE '^listening on|^certificate pin|: (accepted|ended|TLSv1.3.*|fault: .*)$' "$SERVER_ERR" || fail "$1 at $address"
	done
}

# --- The ends of a connection ----------------------------------------------------------

@test "close-after: the peer gets so many bytes and an orderly end: exit 7" {
	fails_after close-after 7 'the peer closed after 2 bytes' closed
}

@test "reset-after over TCP: the peer gets so many bytes, then a reset: exit 1" {
	fails_after reset-after 1 'connection reset by peer' reset '127.0.0.1:0 tls:127.0.0.1:0'
}

@test "reset-after on a Unix socket, which has no reset: the end comes without more" {
	fails_after reset-after 7 'the peer closed after 2 bytes' reset "unix:$BATS_TEST_TMPDIR/s"
	fails_after reset-after 5 'the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)' \
		reset "tls:unix:$BATS_TEST_TMPDIR/s"
}

@test "truncate-after: the stream ends without close_notify: exit 5" {
	fails_after truncate-after 5 'the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)' \
		truncated "tls:127.0.0.1:0 tls:unix:$BATS_TEST_TMPDIR/t"
	start_faulty tls:127.0.0.1:0 truncate-after=2
	run_liu connect "${TLS[@]}" --allow-truncated "$ADDRESS" write abcd read
	assert_status 0
	assert_output_bytes ab
}

@test "truncate-after of a listener that has plain connections too is their end" {
	start_liu echo tls:127.0.0.1:0 --address "$BATS_TEST_TMPDIR/s" --fault truncate-after=2
	run_liu connect "$BATS_TEST_TMPDIR/s" write abcd read
	assert_status 0
	assert_output_bytes ab
}

@test "after 0 bytes: once the connection is open, before anything is sent" {
	local address
	for address in $(addresses); do
		start_faulty "$address" close-after=0
		run_liu connect "${TLS[@]}" "$ADDRESS" readline
		assert_status 7 || fail "$address"
		stop "$SERVER"
		start_faulty "$address" stall-after=0
		run_liu connect "${TLS[@]}" "$ADDRESS" --step-timeout 0.2 write x read
		assert_status 6 || fail "$address"
		assert_output_is ''
		fault_line
		assert_equal 'stalled after 0 bytes' "$REPLY" "$address"
		kill "$SERVER"
	done
	start_faulty 127.0.0.1:0 reset-after=0
	run_liu connect "$ADDRESS" readline
	assert_status 1
	assert_error_is 'liu: step 1 (readline): connection reset by peer'
	start_faulty tls:127.0.0.1:0 truncate-after=0
	run_liu connect "${TLS[@]}" "$ADDRESS" at-eof
	assert_status 5
}

@test "an end comes with the last byte before it, not with the next one" {
	start_faulty 127.0.0.1:0 close-after=4
	run_liu connect "$ADDRESS" write abcd readexactly 4 at-eof
	assert_status 0
	assert_output_bytes abcd
	run_liu connect "$ADDRESS" write abc write-eof read
	assert_status 0
	assert_output_bytes abc
}

@test "reset-after: a peer that reads late still gets the bytes before the reset, and costs little until then" {
	start_faulty 127.0.0.1:0 reset-after=100K
	clients 'def naps(): return int([l for l in open("/proc/%s/status" % sys.argv[2]) if l.startswith("voluntary")][0].split()[1])
c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
c.connect(("127.0.0.1", PORT)); c.sendall(b"x" * 102401); time.sleep(0.1)
before, began = naps(), time.monotonic(); time.sleep(0.2)
if naps() - before > 20 + 20 * (time.monotonic() - began): sys.exit("%d naps" % (naps() - before))
same(b"x" * 102400, got(c, 102400))
try: sys.exit("no reset: %r" % c.recv(1))
except ConnectionResetError: pass' "$SERVER"
	fault_line
	assert_equal 'reset after 102400 bytes' "$REPLY"
}

@test "reset-after: a peer that resets first ends it, though much of what it sent was not read" {
	start_liu echo --accept 1 127.0.0.1:0 --fault reset-after=100K
	clients 'c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
c.connect(("127.0.0.1", PORT)); c.setblocking(False)
while select.select([], [c], [], 1)[1]: c.send(bytes(65536))
reset(c)'
	ends 0
	server_said ''
}

@test "of several ends the one after fewest bytes comes, and of one kind the last counts" {
	start_faulty 127.0.0.1:0 reset-after=5 close-after=3 stall-after=9 close-after=2
	run_liu connect "$ADDRESS" write abcdef read
	assert_status 0
	assert_output_bytes ab
}

@test "close-after, truncate-after: a peer that resets early does not fail the connection" {
	local address kind
	for address in 127.0.0.1:0 tls:127.0.0.1:0; do
		for kind in close-after truncate-after; do
			[[ $address = tls:* || $kind = close-after ]] || continue
			start_liu echo -v --accept 1 "$address" --fault "$kind=100K"
			clients 'import ssl
c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096); c.settimeout(DEADLINE)
c.connect(("127.0.0.1", PORT))
if sys.argv[2].startswith("tls:"): c = ssl._create_unverified_context().wrap_socket(c)
c.sendall(b"x" * 102400); until(lambda: " fault: " in open(sys.argv[3]).read()); reset(c)' "$address" "$SERVER_ERR"
			ends 0
		done
	done
}

# --- Stalls ------------------------------------------------------------------------------

@test "stall-after: the peer gets so many bytes and waits: exit 6" {
	local address
	for address in $(addresses); do
		start_faulty "$address" stall-after=2
		run_liu connect "${TLS[@]}" --step-timeout 1 "$ADDRESS" write abcd readexactly 2 readexactly 2
		assert_status 6 || fail "$address"
		assert_output_bytes ab
		assert_error_is 'liu: step 3 (readexactly 2): timed out after 1 s (--step-timeout)'
		fault_line
		assert_equal 'stalled after 2 bytes' "$REPLY" "$address"
		kill "$SERVER"
	done
}

@test "a stall reads no more than --limit, and the peer's half-close ends nothing" {
	start_faulty 127.0.0.1:0 stall-after=1
	clients 'c = dial(); c.sendall(b"ab"); same(b"a", got(c, 1)); c.shutdown(socket.SHUT_WR)
if not silent(c, 0.2): sys.exit("%r" % c.recv(100))
c = dial(); c.sendall(b"x"); same(b"x", got(c, 1)); c.setblocking(False); sent = 0
while select.select([], [c], [], 0.3)[1] and sent < 100 << 20:
	try: sent += c.send(b"x" * 65536)
	except BlockingIOError: pass
if sent >= 100 << 20: sys.exit("100 MB were read")'
	wait_for_line "$SERVER_ERR" 'connection 1 .*fault: stalled after 1 byte$'
	wait_for_line "$SERVER_ERR" 'connection 2 .*fault: stalled after 1 byte$'
}

@test "a reset by the peer ends its stall and is not a failure" {
	start_liu echo -v --accept 1 127.0.0.1:0 --fault stall-after=0
	clients 'c = dial(); print(name(c)); c.sendall(b"x"); time.sleep(0.1); reset(c)'
	ends 0
	server_said "liu: connection 1 ($(said 1)): accepted
liu: connection 1 ($(said 1)): fault: stalled after 0 bytes
liu: connection 1 ($(said 1)): ended"
	start_liu echo -v --accept 1 127.0.0.1:0 --fault stall-after=100K
	clients 'c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
c.connect(("127.0.0.1", PORT)); c.sendall(b"x" * 102401); print(name(c)); until(lambda: " fault: " in open(sys.argv[2]).read()); reset(c)' "$SERVER_ERR"
	ends 0
	server_said "liu: connection 1 ($(said 1)): accepted
liu: connection 1 ($(said 1)): fault: stalled after 102400 bytes
liu: connection 1 ($(said 1)): ended"
}

@test "a peer that has closed a Unix socket ends its stall" {
	start_liu echo --accept 1 "unix:$BATS_TEST_TMPDIR/s" --fault stall-after=0
	clients 'c = dial_unix(sys.argv[2]); c.sendall(b"x"); c.close()' "$BATS_TEST_TMPDIR/s"
	ends 0
	server_said ''
}

@test "limits of time and signals end a stall" {
	local option
	for option in --timeout --step-timeout --idle-timeout; do
		start_liu echo --accept 1 127.0.0.1:0 --fault stall-after=0 "$option" 0.2
		clients 'c = dial(); print(name(c)); rest(c)'
		ends 6
		server_said "liu: connection 1 ($(said 1)): timed out after 0.2 s ($option)"
	done
	start_liu echo --close-timeout 0.2 --address-file "$BATS_TEST_TMPDIR/ready" 127.0.0.1:0 --fault stall-after=1
	start "$LIU" connect "$ADDRESS" write ab read
	wait_until has_text "$PID_OUT" a
	stop "$SERVER"
	assert_equal 143 "$status" 'exit status'
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS
liu: finishing 1 connection, send the signal again to stop now"
}

# --- What the steps make of it -----------------------------------------------------------

# column N KIND ADDRESS TIMEOUT: each step of TABLE ends with the status in its column N after `ab` and that fault.
column() {
	local row rows fields
	mapfile -t rows <<<"$TABLE"
	start_faulty "$3" "$2=2"
	for row in "${rows[@]}"; do
		IFS='|' read -ra fields <<<"$row"
		[[ ${fields[$1]} != *-* ]] || continue
		# shellcheck disable=SC2086 # words by intention
		run_liu connect "${TLS[@]}" -w "$4" "$ADDRESS" write abcd ${fields[0]}
		assert_status "${fields[$1]// /}" || fail "$2: ${fields[0]}"
	done
	kill "$SERVER"
}

@test "what every step makes of every fault: its exit status" {
	TABLE='read                | 0 | 1 | 5 | 6
read 2 abort        | 0 | 0 | 0 | -
readline            | 0 | 1 | 5 | 6
readline 2          | 7 | 1 | 5 | 6
readexactly 2 abort | 0 | 0 | 0 | -
readexactly 4       | 7 | 1 | 5 | 6
readuntil c         | 7 | 1 | 5 | 6
readframe u8        | 7 | 1 | 5 | 6
readmatch z         | 7 | 1 | 5 | 6
skip 4              | 7 | 1 | 5 | 6
skipline 2          | 7 | 1 | 5 | 6
skipuntil c         | 7 | 1 | 5 | 6
relay               | 0 | 1 | 5 | 6
echo                | 0 | 1 | 5 | 6'
	column 1 close-after 127.0.0.1:0 20
	column 2 reset-after 127.0.0.1:0 20
	column 3 truncate-after tls:127.0.0.1:0 20
	column 4 stall-after 127.0.0.1:0 0.1
}

@test "head: a reset is exit 1, a stall 6, an end 7, one without close_notify 5" {
	local row
	for row in reset-after:1 stall-after:6 close-after:7; do
		start_faulty 127.0.0.1:0 "${row%:*}=0"
		run_liu head -w 2 "http://$ADDRESS"
		assert_status "${row#*:}" || fail "$row"
		assert_output_is ''
		kill "$SERVER"
	done
	start_faulty tls:127.0.0.1:0 truncate-after=0
	run_liu head "${TLS[@]}" "https://127.0.0.1:$PORT"
	assert_status 5
	assert_error_has 'the peer ended the connection without close_notify'
}

# --- Pieces and times --------------------------------------------------------------------

# What the clients of a TLS server add.
OVER_TLS='import ssl
context = ssl._create_unverified_context()
plain = dial
def dial(): return context.wrap_socket(plain())
'

@test "delay: each piece comes back so late, and the next one need not wait for it" {
	local address
	for address in 127.0.0.1:0 tls:127.0.0.1:0; do
		start_faulty "$address" delay=1
		clients "${TLS[0]:+$OVER_TLS}"'c = dial(); began = time.monotonic(); sent = []
def at(): return time.monotonic() - began
for i in range(10): sent.append(at()); c.sendall(b"%d" % i); time.sleep(0.02)
for i in range(10):
	same(b"%d" % i, got(c, 1)); late = at() - sent[i]
	if late < 1: sys.exit("%d: %f s" % (i, late))
if at() > 8: sys.exit("each waited for the one before: %f s" % at())'
		stop "$SERVER"
	done
	start_faulty 127.0.0.1:0 delay=0.1
	run_liu connect "$ADDRESS" write abc write-eof read
	assert_status 0
	assert_output_bytes abc
}

@test "chunk: each piece is a packet, a TLS record and mostly a read of its own" {
	local address
	for address in 127.0.0.1:0 "unix:$BATS_TEST_TMPDIR/s"; do
		start_faulty "$address" chunk=2
		clients 'for again in range(20):
	c = dial() if PORT else dial_unix(sys.argv[2]); c.sendall(b"abcdefg" * 20); pieces = [c.recv(1000)]
	while sum(map(len, pieces)) < 140: pieces.append(c.recv(1000))
	same(b"abcdefg" * 20, b"".join(pieces))
	if len(pieces) > 1: break
else: sys.exit(repr(pieces))' "${ADDRESS#unix:}"
		stop "$SERVER"
	done
	start_faulty tls:127.0.0.1:0 chunk=2
	clients "$OVER_TLS"'c = dial(); c.sendall(b"abcdefg"); time.sleep(0.1)
same([b"ab", b"cd", b"ef", b"g"], [c.recv(100) for i in range(4)])'
}

@test "drop-rate: so many bytes a second at most" {
	local address
	for address in 127.0.0.1:0 tls:127.0.0.1:0; do
		start_faulty "$address" drop-rate=1000
		clients "${TLS[0]:+$OVER_TLS}"'c = dial(); began = time.monotonic(); c.sendall(b"x" * 400)
same(b"x" * 400, got(c, 400)); took = time.monotonic() - began
if took < 0.35: sys.exit("%f s" % took)'
		stop "$SERVER"
	done
}

@test "faults change no byte: 2 MB in chunks, late, at a high rate, over each kind of stream" {
	local address
	head -c 2000000 /dev/urandom >"$BATS_TEST_TMPDIR/big"
	for address in $(addresses); do
		start_faulty "$address" delay=1ms chunk=20K drop-rate=100M
		run_liu connect "${TLS[@]}" "$ADDRESS" <"$BATS_TEST_TMPDIR/big"
		assert_status 0 || fail "$address"
		cmp "$BATS_TEST_TMPDIR/big" "$OUT"
		stop "$SERVER"
	done
}

@test "kinds combine, and so do they with whole frames" {
	start_faulty 127.0.0.1:0 delay=50ms chunk=2 reset-after=5
	run_liu connect "$ADDRESS" write abcdef read 100 readexactly 3 readline
	assert_status 1
	assert_output_bytes abcde
	stop "$SERVER"
	start_liu echo --line 127.0.0.1:0 --fault close-after=6 --fault delay=50ms
	run_liu connect "$ADDRESS" write 'one\ntwo' readline write '\nthree\n' read
	assert_status 0
	assert_output_bytes $'one\ntw'
	stop "$SERVER"
	start_liu echo --exactly 4 127.0.0.1:0 --fault chunk=3
	run_liu connect "$ADDRESS" write abcdef readexactly 4 write-eof read
	assert_status 0
	assert_output_bytes abcdef
}

@test "a frame past the limit: those before it come back late, then the connection fails" {
	start_liu echo --line --limit 8 127.0.0.1:0 --fault delay=50ms
	clients 'c = dial(); print(name(c)); c.sendall(b"ab\n12345678\n123456789"); same(b"ab\n12345678\n", rest(c))'
	server_said "liu: connection 1 ($(said 1)): no end within the limit of 8 bytes (--limit)"
}

@test "a peer that breaks off while its bytes wait fails as ever" {
	start_liu echo 127.0.0.1:0 --fault delay=0.1
	clients 'c = dial(); print(name(c)); c.sendall(b"x"); time.sleep(0.02); reset(c)'
	wait_for_line "$SERVER_ERR" "^liu: connection 1 \\($(said 1)\\): connection reset by peer\$"
}

@test "with --json the step has succeeded, with all bytes of the peer" {
	start_liu echo --json --accept 1 127.0.0.1:0 --fault close-after=3
	run_liu connect "$ADDRESS" write abcdef read
	assert_status 0
	ends 0
	grep -qxF '{"event":"step","conn":1,"index":1,"step":"echo","ok":true,"bytes":6}' "$SERVER_OUT"
}

# --- The command line ----------------------------------------------------------------------

@test "what --fault does not take is exit 2, in a line that names what it takes" {
	assert_usage_error "--fault: unknown fault 'nonsense' (delay, chunk, drop-rate, stall-after, reset-after, close-after or truncate-after)" \
		echo --fault nonsense 127.0.0.1:0
	assert_usage_error "--fault: unknown fault 'dleay', did you mean delay?" echo --fault dleay=1 127.0.0.1:0
	assert_usage_error '--fault: delay needs a value: delay=D' echo --fault delay 127.0.0.1:0
	assert_usage_error '--fault: reset-after needs a value: reset-after=SIZE' \
		echo --fault reset-after= 127.0.0.1:0
	assert_usage_error "--fault: delay: invalid duration '0': must be above 0" echo --fault delay=0 127.0.0.1:0
	assert_usage_error "--fault: chunk: invalid size '0': must be above 0" echo --fault chunk=0 127.0.0.1:0
	assert_usage_error "--fault: stall-after: invalid size '1x' (such as 100, 64K or 1M)" \
		echo --fault stall-after=1x 127.0.0.1:0
	assert_usage_error '--fault truncate-after needs TLS (--tls or tls:ADDRESS)' \
		echo --fault truncate-after=1 127.0.0.1:0
	assert_usage_error '--fault is not an option of listen (only of echo)' listen --fault delay=1 127.0.0.1:0
}
