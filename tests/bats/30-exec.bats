#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 30-exec: a command for each connection: its bytes, its end, its surroundings.

load helpers
load clients
load peer

# --- Bytes -----------------------------------------------------------------------

# bats test_tags=pump
@test "the peer's bytes are the input, the output is the peer's, in both roles" {
	start_liu listen 127.0.0.1:0 exec 'echo first; tr a-z A-Z'
	clients 'c = dial(); c.sendall(b"hello\n"); c.shutdown(1); same(b"first\nHELLO\n", rest(c))'
	ends 0
	is "$SERVER_OUT" 'standard output' ''
	server_said ''
	peer 'c = accept(); c.sendall(b"hello\n"); c.shutdown(1); say(rest(c))'
	run_liu connect "127.0.0.1:$PEER_PORT" exec 'echo first; tr a-z A-Z'
	assert_status 0
	assert_error_is ''
	assert_output_is ''
	peer_says "b'first\\nHELLO\\n'"
}

# bats test_tags=pump
@test "what was read ahead reaches the command" {
	start_liu listen 127.0.0.1:0 readline exec cat
	clients 'c = dial(); c.sendall(b"one\ntwo\nthree"); c.shutdown(1); same(b"two\nthree", rest(c))'
	ends 0
	is "$SERVER_OUT" 'standard output' one
}

# bats test_tags=pump
@test "much data both ways is exact: TCP, Unix, TLS" {
	head -c 8000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	local address insecure
	for address in 127.0.0.1:0 "unix:$BATS_TEST_TMPDIR/s" tls:127.0.0.1:0; do
		start_liu listen "$address" exec cat
		[[ $address = tls:* ]] && insecure=(-q --insecure) || insecure=()
		run_liu connect "${insecure[@]}" "$ADDRESS" <"$BATS_TEST_TMPDIR/data"
		assert_status 0
		same "$BATS_TEST_TMPDIR/data" "$OUT" 'what came back'
		ends 0
	done
}

@test "splice(2) moves between a socket and the pipes, both ways" {
	local way
	start_liu listen -vvv 127.0.0.1:0 exec cat
	clients 'c = dial(); c.sendall(b"x" * 100000); c.shutdown(1); same(100000, len(rest(c)))'
	ends 0
	for way in up down; do
		has_line "$SERVER_ERR" "pump $way: splice\$" || fail "$(cat "$SERVER_ERR")"
		has_line "$SERVER_ERR" ": exec $way: flowing -> " || fail "$(cat "$SERVER_ERR")"
		! has_line "$SERVER_ERR" "pump $way: buffered" || fail "$(cat "$SERVER_ERR")"
	done
}

# bats test_tags=pump
@test "the peer that half-closes first gets the rest of the output" {
	start_liu listen 127.0.0.1:0 exec 'cat >/dev/null; head -c 3000000 /dev/zero; echo end'
	clients 'c = dial(); c.sendall(b"x" * 100000); c.shutdown(1)
same(b"\0" * 3000000 + b"end\n", rest(c))'
	ends 0
}

# bats test_tags=pump
@test "a command that reads nothing and exits: its output is complete" {
	start_liu listen -k 127.0.0.1:0 exec 'head -c 300000 /dev/zero; echo end'
	clients '
for i in range(5):
	c = dial()
	c.setblocking(False)
	left = 2000000
	data = b""
	while left or not data.endswith(b"end\n"):
		r, w, _ = select.select([c], [c] if left else [], [], DEADLINE)
		if r:
			data += c.recv(1 << 16)
		if w:
			left -= c.send(b"x" * min(left, 1 << 16))
	same(b"\0" * 300000 + b"end\n", data)
	c.close()'
	server_said ''
}

# bats test_tags=pump
@test "a command that closes its input: the rest is dropped, the output goes on" {
	start_liu listen 127.0.0.1:0 exec 'head -c 1; exec <&-; echo closed; while ! test -e '"$BATS_TEST_TMPDIR"'/go; do sleep 0.02; done; echo end'
	clients 'c = dial(); c.sendall(b"x" * 3000000); same(b"xclosed\n", got(c, 8)); open(sys.argv[2], "w")
same(b"end\n", rest(c))' "$BATS_TEST_TMPDIR/go"
	ends 0
	server_said ''
}

@test "a command that closes its input: bytes that come with the end, over TLS" {
	local size
	start_liu listen -k tls:127.0.0.1:0 exec 'exec <&-; sleep 0.1; echo end'
	for size in 70000 80000 90000 100000 120000 140000; do
		head -c "$size" /dev/zero >"$BATS_TEST_TMPDIR/data"
		run_liu connect -q --insecure "$ADDRESS" <"$BATS_TEST_TMPDIR/data"
		assert_status 0
		assert_output_is end
	done
}

# bats test_tags=pump
@test "a command that exits just after its output: a peer that resets at the end is in time" {
	local command="exec python3 -IS -c \"import os, time; os.write(1, b'out\\n'); os.close(1); time.sleep(0.02); os._exit(3)\""
	for _ in 1 2 3 4 5; do # a late machine is too late for it, now and then
		start_liu listen 127.0.0.1:0 exec "$command"
		clients 'c = dial(); print(name(c)); same(b"out\n", rest(c)); reset(c)'
		wait_exit "$SERVER"
		[ "$status" -ne 3 ] || break
	done
	assert_equal 3 "$status" 'exit status'
	server_said "liu: connection 1 ($(said 1)): step 1 (exec ${command:0:52}...): the command exited with status 3"
}

# bats test_tags=pump
@test "a command that closes its output: the peer sees the end, and is read on" {
	start_liu listen 127.0.0.1:0 exec "echo out; exec >&-; cat >'$BATS_TEST_TMPDIR/got'"
	clients 'c = dial(); same(b"out\n", rest(c)); c.sendall(b"late"); c.close()'
	ends 0
	is_bytes "$BATS_TEST_TMPDIR/got" 'what the command got' late
}

# bats test_tags=pump
@test "what the command leaves behind is not waited for" {
	local n
	for n in 'sleep 60 &' 'yes | tee /dev/null & sleep 0.1;'; do
		start_liu listen 127.0.0.1:0 exec "$n echo \$!; exit 0"
		clients 'c = dial(); data = rest(c); print(data.split(b"\n")[-2].decode() if data[:1] != b"y" else "")'
		ends 0
		pid=$(said 1)
		[ -z "$pid" ] || kill "$pid" || fail 'it was killed'
	done
}

@test "a command that never reads: memory is bounded, and a time limit ends it" {
	start_liu listen -w 3 127.0.0.1:0 exec 'exec sleep 60'
	clients 'c = dial(); c.setblocking(False)
import time
end = time.monotonic() + 0.3
sent = 0
while time.monotonic() < end:
	if select.select([], [c], [], 0.05)[1]:
		sent += c.send(b"x" * 1000000)
print(sent)
print([line.split()[1] for line in open("/proc/%s/status" % sys.argv[2]) if line.startswith("VmRSS")][0])
c.setblocking(True); c.settimeout(DEADLINE)
try: rest(c)
except ConnectionResetError: pass' "$SERVER"
	ends 6
	[ "$(said 2)" -lt 40000 ] || fail "$(said 2) KiB"
}

# --- Ends ------------------------------------------------------------------------

@test "the status of the command is the connection's, and so liu's" {
	local row command expected
	for row in 'exit 3|3|exited with status 3' 'exit 126|126|exited with status 126' \
		'/no/such 2>&-|127|exited with status 127' 'kill -9 $$|137|was killed by signal 9 (killed)'; do
		command=${row%%|*}
		expected=${row#*|}
		start_liu listen 127.0.0.1:0 exec "echo out; $command"
		clients 'c = dial(); print(name(c)); same(b"out\n", rest(c))'
		ends "${expected%|*}"
		server_said "liu: connection 1 ($(said 1)): step 1 (exec echo out; $command): the command ${expected#*|}"
		peer 'c = accept(); say(rest(c))'
		run_liu connect "127.0.0.1:$PEER_PORT" exec "echo out; $command"
		assert_status "${expected%|*}"
		assert_error_is "liu: step 1 (exec echo out; $command): the command ${expected#*|}"
		peer_says "b'out\\n'"
	done
}

@test "-k: a command that fails is a line, and the listener goes on; --accept has its status" {
	start_liu listen --accept 3 127.0.0.1:0 exec 'read status; exit $status'
	clients 'def lines(): return open(sys.argv[2]).read().count("\n")
for status, said in (b"0\n", 1), (b"5\n", 2), (b"4\n", 3):
	c = dial(); print(name(c)); c.sendall(status); same(b"", rest(c)); c.close()
	until(lambda: lines() == said) # the end of the output may come long before the exit' "$SERVER_ERR"
	ends 5
	server_said "liu: connection 2 ($(said 2)): step 1 (exec read status; exit \$status): the command exited with status 5
liu: connection 3 ($(said 3)): step 1 (exec read status; exit \$status): the command exited with status 4"
}

# Of several sizes, some end with bytes in liu's own buffer; the time is longer than closing has after
# other failures.
# bats test_tags=pump
@test "a slow peer gets all of the output of a command that failed" {
	start_liu listen -k "unix:$BATS_TEST_TMPDIR/s" exec 'head -c "$((LIU_CONN * 20000))" /dev/zero; exit 7'
	clients 'all = [dial_unix(sys.argv[2]) for i in range(25)]
select.select([], [], [], 3.2)
same([n * 20000 for n in range(1, 26)], sorted(len(rest(c)) for c in all))' "$BATS_TEST_TMPDIR/s"
}

# It leaves a file with the signals it gets, and one with what it started.
trapping='trap "echo TERM >>got; exit 1" TERM; sh -c "echo \$\$ >pids; echo ready; exec sleep 60" & wait'

# was_told: the command and what it started have got SIGTERM.
was_told() {
	wait_until has_line got TERM
	wait_until is_gone "$(cat pids)"
	rm got pids
}

# bats test_tags=pump
@test "after a reset the command and its group get SIGTERM" {
	cd "$BATS_TEST_TMPDIR"
	start_liu listen 127.0.0.1:0 exec "$trapping"
	clients 'c = dial(); print(name(c)); same(b"ready\n", got(c, 6)); reset(c)'
	ends 1
	server_said "liu: connection 1 ($(said 1)): step 1 (exec ${trapping:0:52}...): connection reset by peer"
	was_told
}

# bats test_tags=pump
@test "a reset is noticed though the command does not read, over TLS too" {
	local tls
	make_certs
	for tls in '' --tls; do
		start_liu listen ${tls:+--tls --cert "$CERTS/server.pem" --key "$CERTS/server.key"} 127.0.0.1:0 \
			exec 'echo $$; exec sleep 60'
		clients 'import ssl
c = dial(); print(name(c))
if len(sys.argv) > 2:
	context = ssl.create_default_context(cafile=sys.argv[2]); context.check_hostname = False
	c = context.wrap_socket(c)
print(c.makefile().readline(), end="")
c.settimeout(0.3)
try:
	while True: c.sendall(b"x" * 1000000)
except TimeoutError: pass
reset(c)' ${tls:+"$CERTS/ca.pem"}
		ends 1
		server_said "liu: connection 1 ($(said 1)): step 1 (exec echo \$\$; exec sleep 60): connection reset by peer"
		is_gone "$(said 2)"
	done
}

# What the command writes after the reset fails, which takes the error off the socket.
# bats test_tags=pump
@test "... and though sending has met it first" {
	local talking="echo \$\$; until test -e '$BATS_TEST_TMPDIR/go'; do sleep 0.02; done; echo late; exec sleep 60"
	start_liu listen 127.0.0.1:0 exec "$talking"
	clients 'c = dial(); print(name(c)); print(c.makefile().readline(), end=""); c.settimeout(0.3)
try:
	while True: c.sendall(b"x" * 1000000)
except TimeoutError: pass
reset(c); open(sys.argv[2], "w")' "$BATS_TEST_TMPDIR/go"
	ends 1
	server_said "liu: connection 1 ($(said 1)): step 1 (exec ${talking:0:52}...): connection reset by peer"
	is_gone "$(said 2)"
}

# It is silent for more than a second only because it is not read; one of the two has ended by then.
# bats test_tags=pump
@test "a peer that stops receiving and is sending: a slow command gets it all" {
	local slow='read go; echo out; sleep 1.2; cat >got$LIU_CONN'
	cd "$BATS_TEST_TMPDIR"
	head -c 3000000 /dev/urandom >data
	start_liu listen --accept 2 "unix:$BATS_TEST_TMPDIR/s" exec "$slow"
	clients 'data = open("data", "rb").read(); a, b = dial_unix("s"), dial_unix("s")
for c in a, b: c.shutdown(socket.SHUT_RD); c.sendall(b"go\n")
b.sendall(data[:70000]); b.close(); a.sendall(data); a.close()'
	ends 1
	sort "$SERVER_ERR" | is - 'standard error' "listening on $ADDRESS
liu: connection 1: step 1 (exec $slow): broken pipe
liu: connection 2: step 1 (exec $slow): broken pipe"
	same data got1 'what the command got'
	head -c 70000 data | cmp - got2
}

# bats test_tags=pump
@test "the limits of time end a command in the same way" {
	local limit
	cd "$BATS_TEST_TMPDIR"
	for limit in --timeout --step-timeout --idle-timeout; do
		start_liu listen $limit 2 127.0.0.1:0 exec "$trapping"
		clients 'c = dial(); print(name(c)); same(b"ready\n", got(c, 6)); same("reset", ends(c))'
		ends 6
		server_said "liu: connection 1 ($(said 1)): step 1 (exec ${trapping:0:52}...): timed out after 2 s ($limit)"
		was_told
	done
}

@test "... and what a command has left in the pipe is missing: a reset, though it has exited" {
	cat >"$BATS_TEST_TMPDIR/fill" <<-'EOF'
		import os, time
		os.set_blocking(1, False)
		last = time.monotonic()
		while time.monotonic() - last < 0.5:
		    try:
		        os.write(1, b"x" * 4096)
		        last = time.monotonic()
		    except BlockingIOError:
		        time.sleep(0.01)
	EOF
	start_liu listen --step-timeout 3 --pump buffered --high-water 4096 --low-water 1024 127.0.0.1:0 \
		exec "python3 -IS $BATS_TEST_TMPDIR/fill"
	clients 'c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
c.settimeout(DEADLINE); c.connect(("127.0.0.1", PORT))
until(lambda: b"timed out" in open(sys.argv[2], "rb").read())
try: rest(c); sys.exit("a clean end")
except ConnectionResetError: pass' "$SERVER_ERR"
	ends 6
}

@test "a command that ignores SIGTERM gets SIGKILL after --close-timeout" {
	start_liu listen -k -w 5 --close-timeout 0.2 127.0.0.1:0 exec 'trap "" TERM; echo $$; while :; do sleep 60; done'
	clients 'c = dial(); print(c.recv(100).decode(), end=""); same("reset", ends(c))'
	wait_until is_gone "$(said 1)"
	kill -0 "$SERVER"
}

@test "... and so does what it has started, though it has died of SIGTERM itself" {
	start_liu listen -k -w 5 --close-timeout 0.2 127.0.0.1:0 exec \
		'sh -c "trap \"\" TERM; echo \$\$; while :; do sleep 60; done"; true'
	clients 'c = dial(); print(c.recv(100).decode(), end="")'
	wait_until is_gone "$(said 1)"
	kill -0 "$SERVER"
}

@test "connect waits for the command that a limit has ended" {
	cd "$BATS_TEST_TMPDIR"
	peer 'c = accept(); say(rest(c))'
	run_liu connect -w 2 "127.0.0.1:$PEER_PORT" exec "$trapping"
	assert_status 6
	has_line got TERM
	wait_until is_gone "$(cat pids)" # the grandchild: it got the signal too, and init waits for it
}

# signalled SIGNAL WORDS...: liu with that command gets the signal; $status is its status.
signalled() {
	local signal=$1
	shift
	start_liu "$@" 127.0.0.1:0 exec "$trapping"
	start python3 -IS -c "$CLIENTS_PRELUDE"'c = dial(); print(got(c, 6), flush=True); rest(c)' "$PORT"
	wait_for_line "$PID_OUT" ready
	stop "$SERVER" "$signal"
}

@test "a signal that ends a listener ends its commands at once, and liu waits for them" {
	local line
	cd "$BATS_TEST_TMPDIR"
	for line in 'TERM 143 listen -k' 'TERM 143 listen' 'HUP 129 listen -k'; do
		read -r signal expected words <<<"$line"
		# shellcheck disable=SC2086 # words by intention
		signalled "$signal" $words
		assert_equal "$expected" "$status" "$line"
		has_line got TERM || fail 'no SIGTERM'
		wait_until is_gone "$(cat pids)" || fail 'its group lives on'
		rm got pids
	done
}

@test "a signal that ends connect ends its command" {
	cd "$BATS_TEST_TMPDIR"
	peer 'c = accept(); c.settimeout(20); say(c.recv(100)); say(rest(c))'
	start "$LIU" connect "127.0.0.1:$PEER_PORT" exec "$trapping"
	wait_for_line "$PEER_SAID" ready
	stop "$PID"
	assert_equal 143 "$status"
	has_line got TERM
	wait_until is_gone "$(cat pids)" # the grandchild: it got the signal too, and init waits for it
}

@test "SIGTERM that a command ignores: SIGKILL after --close-timeout, or with the second signal" {
	local limit
	for limit in 0.2 60; do
		start_liu listen -k --close-timeout $limit 127.0.0.1:0 exec 'trap "" TERM; echo $$; while :; do sleep 60; done'
		start python3 -IS -c "$CLIENTS_PRELUDE"'c = dial(); print(c.recv(100).decode(), flush=True); rest(c)' "$PORT"
		wait_for_line "$PID_OUT" '^[0-9]+$'
		pid=$REPLY
		kill "$SERVER"
		[ $limit = 0.2 ] || {
			wait_for_line "$SERVER_ERR" '^liu: finishing 1 connection,'
			kill "$SERVER"
		}
		wait_exit "$SERVER" 5
		assert_equal 143 "$status"
		is_gone "$pid"
	done
}

@test "a command that has moved to another process group is ended too" {
	local group='import os, time
os.setpgid(0, os.getpgid(os.getppid()))
print(os.getpid(), flush=True)
time.sleep(60)'
	start_liu listen -k 127.0.0.1:0 exec "exec python3 -IS -c '$group'"
	start python3 -IS -c "$CLIENTS_PRELUDE"'c = dial(); print(c.recv(100).decode(), flush=True); rest(c)' "$PORT"
	wait_for_line "$PID_OUT" '^[0-9]+$'
	pid=$REPLY
	stop "$SERVER"
	assert_equal 143 "$status"
	is_gone "$pid"
}

# --- Surroundings ----------------------------------------------------------------

# The variables about connections, sorted, with the client's and the server's ports as names.
list='env | grep -aE "^(PROTO|TCP|TLS_|LIU_(CONN|PEER))" | LC_ALL=C sort'

@test "the environment tells about the connection, and nothing of another" {
	export PROTO=x TCPREMOTEIP=x TCPREMOTEPORT=x TCPLOCALIP=x TCPLOCALPORT=x TCPREMOTEHOST=x TCPLOCALHOST=x \
		TCPREMOTEINFO=x LIU_CONN=x LIU_PEER=x TLS_VERSION=x TLS_CIPHER=x TLS_PEER_SUBJECT=x \
		TLS_PEER_SHA256=x TLS_PEER_PIN=x
	start_liu listen 127.0.0.1:0 exec "$list"
	clients 'c = dial(); port = c.getsockname()[1]; same(b"""LIU_CONN=1
LIU_PEER=127.0.0.1:%d
PROTO=TCP
TCPLOCALIP=127.0.0.1
TCPLOCALPORT=%d
TCPREMOTEIP=127.0.0.1
TCPREMOTEPORT=%d
""" % (port, PORT, port), rest(c))'
	start_liu listen "unix:$BATS_TEST_TMPDIR/s" exec "$list"
	clients 'c = dial_unix(sys.argv[2]); same(b"LIU_CONN=1\n", rest(c))' "$BATS_TEST_TMPDIR/s"
	need_ipv6
	start_liu listen '[::1]:0' exec "$list"
	clients 'c = dial("::1"); port = c.getsockname()[1]; same(b"""LIU_CONN=1
LIU_PEER=[::1]:%d
PROTO=TCP
TCPLOCALIP=::1
TCPLOCALPORT=%d
TCPREMOTEIP=::1
TCPREMOTEPORT=%d
""" % (port, PORT, port), rest(c))'
}

@test "the environment tells about TLS, on the side that dials too" {
	make_certs
	start_liu listen --cert "$CERTS/server.pem" --key "$CERTS/server.key" tls:127.0.0.1:0 info cipher exec "$list"
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" exec "cat >/dev/null; $list >&2"
	assert_status 0
	wait_exit "$SERVER"
	grep '^TLS_' "$ERR" >"$OUT"
	assert_output_is - < <(printf '%s\n' "TLS_CIPHER=$(cat "$SERVER_OUT")" \
		"TLS_PEER_PIN=sha256:$(openssl x509 -in "$CERTS/server.pem" -noout -pubkey |
			openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)" \
		"TLS_PEER_SHA256=$(openssl x509 -in "$CERTS/server.pem" -outform DER | sha256sum | cut -d' ' -f1)" \
		'TLS_PEER_SUBJECT=CN=localhost' TLS_VERSION=TLSv1.3)
}

@test "a command gets three descriptors, whatever liu has" {
	mkfifo "$BATS_TEST_TMPDIR/ready"
	capture harness '
s = listen()
s.set_inheritable(True)
ready = os.open(sys.argv[1], os.O_RDWR)
secret = os.open("/dev/null", os.O_RDWR)
liu = subprocess.Popen([LIU, "listen", "--json", "--ready-fd", str(ready), "--address", "unix:" + sys.argv[2], "fd:%d" % s.fileno(), "exec", "exec ls /proc/self/fd"],
	pass_fds=[s.fileno(), ready, secret], stdout=subprocess.DEVNULL)
c = socket.create_connection(s.getsockname())
said = rest(c)
c.close()
print(said.split(), liu.wait(20))' "$BATS_TEST_TMPDIR/ready" "$BATS_TEST_TMPDIR/s"
	assert_status 0
	assert_output_is "[b'0', b'1', b'2', b'3'] 0" # the fourth is how ls reads the directory
}

@test "a command gets the old limit of descriptors and default signals" {
	limited 500 -Sn
	LIU=$LIMITED start_liu listen -k 127.0.0.1:0 exec \
		'ulimit -S -n; sed -n "s/^Sig\(Blk\|Ign\):.*\(.......\)$/\1 \2/p" /proc/self/status'
	clients 'c = dial(); same(b"500\nBlk 0000000\nIgn 0000006\n", rest(c))' # a shell's background job
}

@test "what was ignored at start stays ignored" {
	start_liu_ignoring() {
		trap '' PIPE HUP
		start_liu "$@"
		trap - PIPE HUP
	}
	start_liu_ignoring listen -k 127.0.0.1:0 exec 'sed -n "s/^SigIgn:.*\(.......\)$/\1/p" /proc/self/status'
	clients 'c = dial(); same(b"0001007\n", rest(c))'
}

@test "standard error is liu's" {
	start_liu listen 127.0.0.1:0 exec 'echo complaint >&2'
	clients 'c = dial(); same(b"", rest(c))'
	ends 0
	server_said complaint
}

@test "exec runs where standard output is the stream, as under inetd" {
	capture harness '
s = listen()
c = socket.create_connection(s.getsockname())
a = accept()
liu = subprocess.Popen([LIU, "listen", "fd:0", "exec", "echo hi; cat"], stdin=a, stdout=a, stderr=subprocess.PIPE)
a.close()
c.sendall(b"more\n")
c.shutdown(socket.SHUT_WR)
print(rest(c), liu.wait(20), liu.stderr.read())'
	assert_output_is "b'hi\nmore\n' 0 b''"
}

@test "--json: one event with the bytes of the peer; a status" {
	start_liu listen --json --accept 2 127.0.0.1:0 exec 'cat; exit $((LIU_CONN - 1))'
	clients 'for i in range(2):
	c = dial(); c.sendall(b"hello"); c.shutdown(1); same(b"hello", rest(c)); c.close()'
	ends 1
	grep step "$SERVER_OUT" >"$BATS_TEST_TMPDIR/steps"
	is "$BATS_TEST_TMPDIR/steps" events - <<'END'
{"event":"step","conn":1,"index":1,"step":"exec","ok":true,"bytes":5}
{"event":"step","conn":2,"index":1,"step":"exec","ok":false,"error":"exec","status":1,"message":"step 1 (exec cat; exit $((LIU_CONN - 1))): the command exited with status 1","bytes":5}
END
}

# --- Failures of liu's own -------------------------------------------------------

@test "a /bin/sh that cannot be started is exit 11, and the listener goes on" {
	local shell
	shell=$(readlink -f /bin/sh)
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip 'only root can mount'
	[[ $shell != *bash ]] || skip 'bash is needed below'
	printf '#!/usr/bin/env bash\nmount --bind /dev/null "%s" && exec "%s" "$@"\n' "$shell" "$LIU_PROGRAM" \
		>"$BATS_TEST_TMPDIR/without-sh"
	chmod +x "$BATS_TEST_TMPDIR/without-sh"
	LIU=unshare start_liu -m "$BATS_TEST_TMPDIR/without-sh" listen --accept 2 127.0.0.1:0 exec cat
	clients 'for i in range(2):
	c = dial(); print(name(c)); same(b"", rest(c)); c.close()'
	ends 11
	server_said "liu: connection 1 ($(said 1)): step 1 (exec cat): cannot start /bin/sh: permission denied
liu: connection 2 ($(said 2)): step 1 (exec cat): cannot start /bin/sh: permission denied"
}

@test "lists and words that cannot work are refused" {
	local row
	while IFS='|' read -r words message; do
		eval "run_liu listen 0 $words"
		assert_status 2
		assert_output_is ''
		assert_error_is "liu: $message (see: liu listen --help)"
	done <<'END'
exec|exec: COMMAND is missing
exec ''|exec: the COMMAND is empty
try exec cat|try before exec, which ends the list
exec cat read|'read' after exec, which ends the list
exec cat file|unknown step 'file': a text of several words needs quotes: 'cat file'
exec cat -n|unknown step '-n': options stand before the first step, and those of COMMAND need quotes: 'cat -n'
exec 'cat -n' -k|unknown step '-k': options stand before the first step
write-eof exec cat|'exec cat' after write-eof: nothing can be sent then
END
}

# --- Many ------------------------------------------------------------------------

descriptors_of() {
	local all=("/proc/$1/fd/"*)
	echo "${#all[@]}"
}

has_descriptors() {
	[ "$(descriptors_of "$1")" -eq "$2" ]
}

@test "300 connections leave no descriptor and no zombie" {
	start_liu listen -k 127.0.0.1:0 exec 'case $((LIU_CONN % 3)) in 0) cat;; 1) exit 1;; 2) exec >&-; cat >/dev/null;; esac'
	local before
	before=$(descriptors_of "$SERVER")
	clients '
for turn in range(10):
	all = [dial() for i in range(30)]
	for i, c in enumerate(all):
		try:
			c.sendall(b"x" * 1000)
			if i % 5 == 0: reset(c)
			else: c.shutdown(1)
		except OSError: pass
	for c in all:
		try: rest(c)
		except OSError: pass
		c.close()'
	wait_until has_descriptors "$SERVER" "$before"
	wait_until childless "$SERVER"
}

childless() {
	[ -z "$(pgrep -P "$1")" ]
}
