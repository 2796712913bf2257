#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 14-listen: one connection or many, one failing beside others, thousands of them.

load helpers
load clients

# --- One connection --------------------------------------------------------------

@test "listen takes one connection and ends with its status" {
	start_liu listen 127.0.0.1:0 readline write 'ok\n'
	clients 'c = dial(); c.sendall(b"hello\n"); same(b"ok\n", rest(c))'
	ends 0
	is "$SERVER_OUT" 'standard output' hello
	server_said ''
}

@test "a failed connection is listen's failure: one line with the peer's name" {
	start_liu listen 127.0.0.1:0 readline
	clients 'c = dial(); print(name(c))'
	ends 7
	is "$SERVER_OUT" 'standard output' ''
	server_said "liu: connection 1 ($(said 1)): step 1 (readline): the peer closed after 0 bytes"
}

@test "the one connection counts from accept on: no other is accepted" {
	start_liu listen 127.0.0.1:0 readline write 'ok\n'
	clients 'c = dial()
if not refused(): sys.exit("a second connection is taken")
c.sendall(b"hello\n"); same(b"ok\n", rest(c))'
	ends 0
	server_said ''
}

@test "connections are told with -v, and numbered from 1" {
	start_liu listen -v -k 127.0.0.1:0 readline write '.'
	clients 'for i in range(2):
	c = dial(); print(name(c)); c.sendall(b"x\n"); same(b".", rest(c)); c.close()'
	wait_for_line "$SERVER_ERR" 'connection 2 .*: ended'
	server_said "liu: connection 1 ($(said 1)): accepted
liu: connection 1 ($(said 1)): ended
liu: connection 2 ($(said 2)): accepted
liu: connection 2 ($(said 2)): ended"
}

@test "-vv tells each step, too" {
	start_liu listen -vv -k 127.0.0.1:0 readline write '.'
	clients 'c = dial(); print(name(c)); c.sendall(b"x\n"); same(b".", rest(c)); c.close()'
	wait_for_line "$SERVER_ERR" 'connection 1 .*: ended'
	server_said "liu: connection 1 ($(said 1)): accepted
liu: connection 1 ($(said 1)): step 1: readline
liu: connection 1 ($(said 1)): step 2: write .
liu: connection 1 ($(said 1)): ended"
}

# --- -k --------------------------------------------------------------------------

# The best of several tries: a busy machine is not liu's fault.
@test "no pattern and no line makes other connections wait" {
	local row
	for row in '(a+)+b|b"a" * 65000|b"aab"' ' +$|b" " * 65000 + b"x"|b"a "'; do
		start_liu listen -k 127.0.0.1:0 readline expect "${row%%|*}" write 'ok\n'
		row=${row#*|}
		clients "bad = dial(); bad.sendall(${row%|*} + b'\n')
import time
best = 9
for i in range(5):
	start = time.monotonic()
	c = dial(); c.sendall(${row#*|} + b'\n'); same(b'ok\n', rest(c)); c.close()
	best = min(best, time.monotonic() - start)
if best > 0.5: sys.exit('served after %.2f s' % best)"
		stop "$SERVER"
	done
}

@test "-k serves connections side by side" {
	start_liu listen -k 127.0.0.1:0 readline write 'ok\n'
	clients 'a = dial(); b = dial(); c = dial()
for each, text in (c, b"three\n"), (a, b"one\n"), (b, b"two\n"):
	each.sendall(text); same(b"ok\n", rest(each))'
	wait_until has_lines "$SERVER_OUT" 3
	is "$SERVER_OUT" 'standard output' $'three\none\ntwo'
	stop "$SERVER"
	assert_equal 143 "$status" 'exit status'
	server_said ''
}

@test "-k: a failed connection is one line, and the listener goes on" {
	start_liu listen -k 127.0.0.1:0 readexactly 4 write 'ok\n'
	clients 'def end(data):
	c = dial(); print(name(c)); c.sendall(data); c.shutdown(socket.SHUT_WR); return rest(c)
same(b"", end(b"a"))
same(b"", end(b"abc"))
same(b"ok\n", end(b"abcd"))'
	wait_until has_text "$SERVER_OUT" aabcabcd
	printf aabcabcd | is "$SERVER_OUT" 'standard output' -
	server_said "liu: connection 1 ($(said 1)): step 1 (readexactly 4): the peer closed after 1 byte
liu: connection 2 ($(said 2)): step 1 (readexactly 4): the peer closed after 3 bytes"
	stop "$SERVER"
	assert_equal 143 "$status" 'exit status'
}

@test "what try catches is not a failure of the connection" {
	start_liu listen --accept 1 127.0.0.1:0 try readline write 'ok\n'
	clients 'c = dial(); print(name(c)); c.shutdown(socket.SHUT_WR); same(b"ok\n", rest(c))'
	ends 0
	server_said "liu: connection 1 ($(said 1)): step 1 (try readline): the peer closed after 0 bytes (tried)"
}

@test "a client that resets does not disturb the others" {
	start_liu echo 127.0.0.1:0
	clients 'a = dial(); a.sendall(b"one"); same(b"one", got(a, 3))
for i in range(20):
	b = dial(); b.sendall(b"x" * 1000); same(b"x", got(b, 1)); print(name(b)); reset(b)
	a.sendall(b"two"); same(b"two", got(a, 3))
a.shutdown(socket.SHUT_WR); same(b"", rest(a))
c = dial(); c.sendall(b"three"); same(b"three", got(c, 5))'
	awk '{ print "liu: connection " NR + 1 " (" $0 "): connection reset by peer" }' "$SAID" >"$BATS_TEST_TMPDIR/lines"
	server_said "$(cat "$BATS_TEST_TMPDIR/lines")"
}

@test "a connection reset before it is accepted is not a failure" {
	start_liu listen -k -m 1 127.0.0.1:0 readline write 'ok\n'
	clients 'a = dial(); a.sendall(b"on"); wait = [dial() for i in range(5)]
for c in wait: reset(c)
d = dial(); d.sendall(b"later\n")
a.sendall(b"e\n"); same(b"ok\n", rest(a)); a.close()
same(b"ok\n", rest(d))'
	wait_until has_lines "$SERVER_OUT" 2
	is "$SERVER_OUT" 'standard output' $'one\nlater'
	is_gone "$SERVER" && fail "the listener has ended"
	stop "$SERVER"
}

@test "a connection reset before it is accepted still has its peer's address, everywhere" {
	start_liu listen -v --json --accept 2 -m 1 127.0.0.1:0 info peername readline
	clients 'a = dial(); print(name(a)); b = dial(); print(name(b)); reset(b)
a.sendall(b"x\n"); same(b"", rest(a))'
	ends 1
	server_said "liu: connection 1 ($(said 1)): accepted
liu: 1 connection (--max-conns): new ones wait
liu: connection 1 ($(said 1)): ended
liu: connection 2 ($(said 2)): accepted
liu: connection 2 ($(said 2)): step 2 (readline): connection reset by peer
liu: connection 2 ($(said 2)): ended"
	grep '"conn":2' "$SERVER_OUT" | grep -c "$(said 2)" | is - 'events that name the peer' 2
}

@test "-w is for each connection, from its accept to its end" {
	start_liu listen -k -w 2 127.0.0.1:0 readline readline write 'ok\n'
	clients 'start = time.monotonic(); a = dial(); a.sendall(b"one\n"); print(name(a)); same(b"", rest(a)); first = time.monotonic() - start
start = time.monotonic(); b = dial(); print(name(b)); same(b"", rest(b)); second = time.monotonic() - start
for seconds in first, second:
	if not 1.9 < seconds < 8: sys.exit("ended after %s s" % seconds)
c = dial(); c.sendall(b"x\ny\n"); same(b"ok\n", rest(c))'
	wait_until has_lines "$SERVER_OUT" 3
	is "$SERVER_OUT" 'standard output' $'one\nx\ny'
	server_said "liu: connection 1 ($(said 1)): step 2 (readline): timed out after 2 s (--timeout)
liu: connection 2 ($(said 2)): step 1 (readline): timed out after 2 s (--timeout)"
}

@test "-w: a peer that drips bytes does not outlive it" {
	start_liu listen -w 0.5 127.0.0.1:0 readline
	clients 'start = time.monotonic(); c = dial(); print(name(c))
while time.monotonic() - start < 5:
	try: c.sendall(b"x")
	except OSError: break
	if select.select([c], [], [], 0.05)[0]: break
if not 0.4 < time.monotonic() - start < 4: sys.exit("ended after %s s" % (time.monotonic() - start))'
	ends 6
	server_said "liu: connection 1 ($(said 1)): step 1 (readline): timed out after 0.5 s (--timeout)"
}

# --- --accept, --accept-timeout ------------------------------------------------------

@test "--accept N ends with the status of the lowest-numbered one that failed" {
	start_liu listen --accept 4 --limit 4 127.0.0.1:0 readline write 'ok\n'
	clients 'a = dial(); b = dial(); c = dial(); d = dial()
for each in b, c: print(name(each))
c.sendall(b"x" * 9); same(b"", rest(c)); c.close()
until(lambda: b"within the limit" in open(sys.argv[2], "rb").read())
b.shutdown(socket.SHUT_WR); same(b"", rest(b))
for each in d, a: each.sendall(b"one\n"); same(b"ok\n", rest(each))' "$SERVER_ERR"
	ends 7
	server_said "liu: connection 3 ($(said 2)): step 1 (readline): no end within the limit of 4 bytes (--limit)
liu: connection 2 ($(said 1)): step 1 (readline): the peer closed after 0 bytes"
}

@test "--accept N is 0 when all went well, and takes no more than N" {
	start_liu listen --accept 2 127.0.0.1:0 readline write 'ok\n'
	clients 'a = dial(); b = dial()
if not refused(): sys.exit("a third connection is taken")
for each in b, a: each.sendall(b"x\n"); same(b"ok\n", rest(each))'
	ends 0
	server_said ''
}

@test "echo --accept N ends too" {
	start_liu echo --accept 2 127.0.0.1:0
	clients 'for i in range(2):
	c = dial(); c.sendall(b"x"); c.shutdown(socket.SHUT_WR); same(b"x", rest(c))'
	ends 0
	server_said ''
}

@test "--accept-timeout: exit 6 without a connection" {
	local begun
	begun=$(now_ms)
	start_liu listen --accept-timeout 0.3 127.0.0.1:0 readline
	ends 6
	[ $(($(now_ms) - begun)) -ge 290 ] || fail "too early"
	server_said 'liu: no connection within 0.3 s (--accept-timeout)'
}

@test "--accept-timeout: an event with --json" {
	start_liu listen --json --accept-timeout 0.1 127.0.0.1:0
	ends 6
	is "$SERVER_OUT" 'standard output' "{\"event\":\"listening\",\"address\":\"$ADDRESS\"}
{\"event\":\"error\",\"error\":\"timeout\",\"message\":\"no connection within 0.1 s (--accept-timeout)\"}"
}

@test "--accept-timeout: 6, but with --accept the status of a connection that failed before" {
	local row
	for row in -k/6 '--accept 3/7' '--accept 1/7'; do
		early_clients 'c = dial(); print(name(c)); c.sendall(b"x"); c.close()'
		# shellcheck disable=SC2086 # two words
		start_liu listen ${row%/*} --accept-timeout 2 --address-file "$EARLY" 127.0.0.1:0 readexactly 2
		early_clients_end
		ends "${row#*/}"
		has_line "$SERVER_ERR" '^liu: connection 1 .*: the peer closed after 1 byte$'
	done
}

# The client waits for the server, so that it is there in time.
@test "--accept-timeout does not touch a connection, and begins anew after it" {
	local client said
	start python3 -IS -c "$CLIENTS_PRELUDE"'def there():
	global c
	try: c = dial_unix(sys.argv[2])
	except OSError: return False
	return True
print("begun", flush=True); until(there)
if not silent(c, 2.5): sys.exit("ended while served")
c.sendall(b"x\n"); same(b"ok\n", rest(c))' 0 "$BATS_TEST_TMPDIR/s"
	client=$PID said=$PID_ERR
	wait_for_line "$PID_OUT" begun
	start_liu listen -k --accept-timeout 2 "unix:$BATS_TEST_TMPDIR/s" readline write 'ok\n'
	wait_exit "$client"
	is "$said" 'the client' ''
	assert_equal 0 "$status" 'exit status of the client'
	ends 6
	is "$SERVER_OUT" 'standard output' x
	server_said 'liu: no connection within 2 s (--accept-timeout)'
}

# --- How many at once ------------------------------------------------------------

@test "--max-conns: the rest waits, and that is said once" {
	start_liu echo -m 2 127.0.0.1:0
	clients 'def ask(c): c.sendall(b"x"); same(b"x", got(c, 1))
a = dial(); b = dial(); ask(a); ask(b)
c = dial(); d = dial(); c.sendall(b"y"); d.sendall(b"z")
if not silent(c) or not silent(d): sys.exit("more than two are served")
a.close(); same(b"y", got(c, 1))
if not silent(d): sys.exit("more than two are served")
b.close(); same(b"z", got(d, 1)); ask(c)'
	server_said 'liu: 2 connections (--max-conns): new ones wait'
}

@test "--max-conns: those that leave at once make room for all" {
	start_liu echo -m 3 127.0.0.1:0
	clients 'all = [dial() for i in range(50)]
for i, c in enumerate(all): c.sendall(b"%d" % i); c.shutdown(socket.SHUT_WR)
for i, c in enumerate(all): same(b"%d" % i, rest(c)); c.close()'
	server_said 'liu: 3 connections (--max-conns): new ones wait'
}

@test "users of standard input are served one at a time" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 7<>"$BATS_TEST_TMPDIR/in"
	STDIN=$BATS_TEST_TMPDIR/in start_liu listen -k 127.0.0.1:0
	exec 8>&7
	clients 'a = dial(); a.sendall(b"one\n"); b = dial(); b.sendall(b"two\n"); c = dial(); c.sendall(b"three\n")
os.write(os.open(sys.argv[2], os.O_WRONLY), b"to the first\n"); same(b"to the first\n", got(a, 13))
if not silent(b) or not silent(c): sys.exit("served side by side")
print(open(sys.argv[3]).read(), end="", flush=True)' "$BATS_TEST_TMPDIR/in" "$SERVER_OUT"
	is "$SAID" 'output while the first is served' one
	exec 7>&- 8>&-
	stop "$SERVER" || :
}

@test "a standard input without bytes: connections follow each other, and are not ended by us" {
	start_liu listen -k 127.0.0.1:0
	clients 'a = dial(); a.sendall(b"one\n"); b = dial(); b.sendall(b"two\n")
if not silent(a) or not silent(b): sys.exit("a connection was ended")
a.shutdown(socket.SHUT_WR); same(b"", rest(a)); a.close()
b.shutdown(socket.SHUT_WR); same(b"", rest(b))'
	is "$SERVER_OUT" 'standard output' $'one\ntwo'
	server_said ''
}

@test "writefile - sends what standard input has to the one connection" {
	printf 'a\0b\n' >"$BATS_TEST_TMPDIR/data"
	mkfifo "$BATS_TEST_TMPDIR/in"
	cat "$BATS_TEST_TMPDIR/data" >"$BATS_TEST_TMPDIR/in" &
	STDIN=$BATS_TEST_TMPDIR/in start_liu listen 127.0.0.1:0 writefile -
	clients 'same(b"a\0b\n", rest(dial()))'
	ends 0
	server_said ''
}

@test "writefile - sends a regular file whole to each connection" {
	seq 1 20000 >"$BATS_TEST_TMPDIR/in"
	STDIN=$BATS_TEST_TMPDIR/in start_liu listen -k 127.0.0.1:0 writefile -
	clients 'data = open(sys.argv[2], "rb").read()
for i in range(3): same(data, rest(dial()))' "$BATS_TEST_TMPDIR/in"
	server_said ''
}

@test "writefile of what can be read once only is refused with -k, and nothing listens" {
	run_liu listen -k 127.0.0.1:0 writefile - < <(echo)
	assert_status 2
	assert_output_is ''
	assert_equal 1 "$(wc -l <"$ERR")" 'lines on standard error'
	assert_error_has "(see: liu listen --help)"
}

# --- What a peer chose is not shown raw ----------------------------------------------

@test "control characters of a peer are visible in our lines" {
	start_liu listen -k 127.0.0.1:0 readline expect '^ok$'
	clients 'c = dial(); print(name(c)); c.sendall(b"\x1b[31mred\x07\x9b\xe2\x80\xae\r\n"); same(b"", rest(c))'
	wait_until has_lines "$SERVER_ERR" 2
	! LC_ALL=C grep -q $'[\001-\010\013-\037\177-\237]' <(tr -d '\n' <"$SERVER_ERR") ||
		fail "$(cat -A "$SERVER_ERR")"
	grep -qF '\e[31mred\x07' "$SERVER_ERR" || fail "$(cat -A "$SERVER_ERR")"
}

@test "control characters in the name of a peer's socket are visible" {
	local socket=$BATS_TEST_TMPDIR/s
	start_liu listen --accept 1 "unix:$socket" readline
	clients 'os.chdir(os.path.dirname(sys.argv[2]))
c = socket.socket(socket.AF_UNIX); c.settimeout(DEADLINE)
c.bind("./evil\x1b[31m\nliu: forged"); c.connect("./s"); c.shutdown(socket.SHUT_WR); same(b"", rest(c))' "$socket"
	server_said 'liu: connection 1 (unix:./evil\e[31m\nliu: forged): step 1 (readline): the peer closed after 0 bytes'
}

@test "a Unix peer without a name goes by its number" {
	start_liu listen --accept 2 "unix:$BATS_TEST_TMPDIR/s" readline
	clients 'for i in range(2): c = dial_unix(sys.argv[2]); c.shutdown(socket.SHUT_WR); same(b"", rest(c))' \
		"$BATS_TEST_TMPDIR/s"
	server_said 'liu: connection 1: step 1 (readline): the peer closed after 0 bytes
liu: connection 2: step 1 (readline): the peer closed after 0 bytes'
}

# --- Descriptors -------------------------------------------------------------------

@test "out of descriptors: said once, new connections wait, no spin, and all are served in the end" {
	[ -r /proc/self/stat ] || skip "no /proc"
	limited 24
	LIU=$LIMITED start_liu echo 127.0.0.1:0
	clients 'pid = sys.argv[2]
def ticks():
	fields = open("/proc/%s/stat" % pid).read().rpartition(")")[2].split()
	return int(fields[11]) + int(fields[12])
all = [dial() for i in range(60)]
for i, c in enumerate(all): c.sendall(b"%2d" % i)
same(b" 0", got(all[0], 2))
if not silent(all[59]): sys.exit("60 connections with 24 descriptors")
before = ticks(); time.sleep(2.2); used = ticks() - before
if used > 15: sys.exit("it spins: %d ticks in 2.2 s" % used)
for i, c in enumerate(all):
	if i: same(b"%2d" % i, got(c, 2))
	c.sendall(b"more"); same(b"more", got(c, 4)); c.close()' "$SERVER"
	server_said 'liu: out of descriptors: new connections wait'
	stop "$SERVER"
}

@test "out of descriptors: those that wait are served as soon as one leaves, not a second later" {
	limited 24
	LIU=$LIMITED start_liu echo 127.0.0.1:0
	clients 'for again in range(5):
	all = [dial() for i in range(60)]
	for c in all: c.sendall(b"x")
	late = 0
	for c in all:
		start = time.monotonic(); same(b"x", got(c, 1)); c.close()
		late += time.monotonic() - start > 0.7
	if late <= 1: break
else: sys.exit("waited %d times for the timer" % late)'
	server_said 'liu: out of descriptors: new connections wait'
}

@test "the commands of exec: accepting leaves descriptors for their pipes, and all are served in the end" {
	limited 60
	LIU=$LIMITED start_liu listen -k 127.0.0.1:0 exec cat
	clients 'all = [dial() for i in range(20)]
for i, c in enumerate(all): c.sendall(b"%2d" % i)
for i, c in enumerate(all): same(b"%2d" % i, got(c, 2)); c.shutdown(socket.SHUT_WR); same(b"", rest(c)); c.close()'
	server_said 'liu: 3 connections (the limit of descriptors): new ones wait'
}

# The limit is lowered while the listener runs.
@test "out of descriptors within a connection: it fails in a line, no spin, and the listener goes on" {
	local target step
	[ -r /proc/self/stat ] || skip "no /proc"
	start_liu echo 127.0.0.1:0
	target=$ADDRESS
	for step in 'exec cat' "to $target"; do
		start_liu listen -k 127.0.0.1:0 "${step%% *}" "${step#* }"
		clients 'import resource
pid = int(sys.argv[2])
def ticks():
	fields = open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()
	return int(fields[11]) + int(fields[12])
def ask(c): c.sendall(b"x"); same(b"x", got(c, 1))
first = dial(); ask(first) # what is opened once is open now
soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
used = set(int(fd) for fd in os.listdir("/proc/%d/fd" % pid))
free = min(set(range(len(used) + 1)) - used) # for the connection, and nothing else
resource.prlimit(pid, resource.RLIMIT_NOFILE, (free + 1, hard))
failed = dial()
same(b"", rest(failed))
spent = ticks(); time.sleep(0.5); spent = ticks() - spent
if spent > 5: sys.exit("it spins: %d ticks in 0.5 s" % spent)
failed.close()
resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
c = dial(); ask(c); c.close()' "$SERVER"
		wait_for_line "$SERVER_ERR" "^liu: connection 2 \(127\.0\.0\.1:[0-9]+\): step 1 \($step\): .*: too many open files\$"
		# accept(2) takes the descriptor before it looks for a connection.
		assert_equal 'liu: out of descriptors: new connections wait' "$(sed -n 2p "$SERVER_ERR")"
		! has_lines "$SERVER_ERR" 4 || fail "$(<"$SERVER_ERR")"
	done
}

@test "the soft limit of descriptors is raised to the hard one" {
	[ -r /proc/self/limits ] || skip "no /proc"
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 200 ] || skip "the hard limit is too low"
	local command
	limited 64 '-S -n'
	for command in listen echo; do
		LIU=$LIMITED start_liu "$command" 127.0.0.1:0
		awk '/^Max open files/ { exit $4 != $5 }' "/proc/$SERVER/limits" ||
			fail "$command: $(grep '^Max open files' "/proc/$SERVER/limits")"
	done
	clients 'all = [dial() for i in range(150)]
for c in all: c.sendall(b"x")
for c in all: same(b"x", got(c, 1))'
	server_said ''
}

# Connections at once: each has been accepted and has had an answer before the first leaves, and has
# its own bytes back.
@test "5,000 clients at once are served by one process" {
	local hard count=5000
	hard=$(ulimit -Hn)
	[ "$hard" = unlimited ] || [ "$hard" -ge 5100 ] || skip "the hard limit of descriptors is $hard"
	start_liu echo 127.0.0.1:0 --backlog 1000
	ulimit -n "$hard"
	LIU_TIMEOUT=60 clients 'import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]) + 100,) * 2)
count = int(sys.argv[2]); poll = selectors.DefaultSelector(); end = time.monotonic() + 60
texts = [(b"%d:" % i) * (1 + i % 40) for i in range(count)]
all = []
for i in range(count):
	c = dial(); c.setblocking(False); c.sendall(texts[i]); all.append(c)
	poll.register(c, selectors.EVENT_READ, i)
back = [b""] * count; left = count
for round in 1, 2:
	while left > 0:
		if time.monotonic() > end: sys.exit("round %d: %d have no answer" % (round, left))
		for key, mask in poll.select(1):
			i = key.data; data = key.fileobj.recv(1 << 16)
			if not data: sys.exit("client %d was closed" % i)
			back[i] += data
			left -= len(back[i]) == round * len(texts[i])
	if round == 1:
		left = count
		for i, c in enumerate(all): c.sendall(texts[i])
for i, c in enumerate(all):
	same(texts[i] * 2, back[i]); c.setblocking(True); c.shutdown(socket.SHUT_WR); same(b"", rest(c))' "$count"
	server_said ''
	stop "$SERVER"
}

@test "--json: accepting pauses while standard output is stuck, and nothing is lost" {
	clients 'import json, subprocess
r, w = os.pipe()
path = sys.argv[2] + "/s"
p = subprocess.Popen([sys.argv[3], "listen", "-q", "-k", "--json", "--backlog", "1", "unix:" + path, "readline"],
	stdout=w, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(w)
until(lambda: os.path.exists(path))
def connects(): # within two seconds
	end = time.monotonic() + 2
	while time.monotonic() < end:
		with socket.socket(socket.AF_UNIX) as c:
			c.setblocking(False)
			try: c.connect(path); return True
			except (BlockingIOError, ConnectionRefusedError): select.select([], [], [], 0.01)
	return False
done = 0
while done < 5000 and connects(): done += 1
if not 50 < done < 5000: sys.exit("%d connections are taken" % done)
seen = 0; left = b""
while seen < done:
	*lines, left = (left + os.read(r, 65536)).split(b"\n")
	seen += sum(json.loads(line)["event"] == "close" for line in lines)
p.terminate(); same(-15, p.wait(DEADLINE))' "$BATS_TEST_TMPDIR" "$LIU"
}

# --- Sockets -------------------------------------------------------------------------

# A Unix socket says at once when its backlog is full; as many as that and one more can wait.
waiting() {
	clients 'first = dial_unix(sys.argv[2]); first.sendall(b"served\n"); same(b".", got(first, 1))
waiting = []
while True:
	c = socket.socket(socket.AF_UNIX); c.setblocking(False)
	try: c.connect(sys.argv[2])
	except BlockingIOError: break
	waiting.append(c)
print(len(waiting))' "$1"
}

@test "--backlog: so many connections may wait; 100 without it" {
	start_liu listen -k -m 1 "unix:$BATS_TEST_TMPDIR/a" --backlog 3 readline write . readline
	waiting "$BATS_TEST_TMPDIR/a"
	assert_equal 4 "$(said 1)" 'waiting with --backlog 3'
	start_liu listen -k -m 1 "unix:$BATS_TEST_TMPDIR/b" readline write . readline
	waiting "$BATS_TEST_TMPDIR/b"
	assert_equal 101 "$(said 1)" 'waiting without --backlog'
}

@test "--reuse-port lets two processes share a port, and without it the second is refused" {
	start_liu echo --reuse-port 127.0.0.1:0
	start_liu echo --reuse-port "$ADDRESS"
	server_said ''
	clients 'for i in range(20): c = dial(); c.sendall(b"x"); same(b"x", got(c, 1))'
	run_liu echo "$ADDRESS"
	assert_status 4
	assert_output_is ''
	assert_error_is "liu: cannot listen on $ADDRESS: address already in use"
	start_liu echo 127.0.0.1:0
	run_liu echo --reuse-port "$ADDRESS"
	assert_status 4
	assert_error_is "liu: cannot listen on $ADDRESS: address already in use"
}

# The side that closes first keeps the port in TIME_WAIT.
@test "a port in TIME_WAIT can be listened on, but not with --no-reuse-addr" {
	start_liu listen 127.0.0.1:0 write x
	clients 'c = dial(); same(b"x", rest(c)); c.close()'
	ends 0
	run_liu listen --no-reuse-addr "$ADDRESS"
	assert_status 4
	assert_output_is ''
	assert_error_is "liu: cannot listen on $ADDRESS: address already in use"
	start_liu listen "$ADDRESS"
	server_said ''
}

@test "TCP_NODELAY is on, and --nagle leaves it off" {
	clients 'import subprocess
for words, wanted in ([], 1), (["--nagle"], 0):
	for command in "listen", "connect":
		s = socket.create_server(("127.0.0.1", 0)); a = socket.create_connection(s.getsockname()); b = s.accept()[0]
		done = subprocess.run([sys.argv[2], command, *words, "fd:%d" % b.fileno(), "write", "x"],
			pass_fds=[b.fileno()], stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
			preexec_fn=a.close)
		same((0, b"", b""), (done.returncode, done.stdout, done.stderr))
		same(wanted, int(b.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0))
		a.close()' "$LIU"
}

@test "fd:N that is connected is one connection without a listener" {
	clients 'import subprocess
a, b = socket.socketpair()
a.sendall(b"hello\n"); a.shutdown(socket.SHUT_WR)
done = subprocess.run([sys.argv[2], "listen", "fd:%d" % b.fileno(), "readline", "write", "ok\n"],
	pass_fds=[b.fileno()], stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
b.close()
same((0, b"hello\n", b""), (done.returncode, done.stdout, done.stderr))
same(b"ok\n", rest(a))' "$LIU"
}

@test "fd:N that is connected is refused where a listener is wanted" {
	clients 'import subprocess
a, b = socket.socketpair()
at = "fd:%d" % b.fileno()
for needs, *words in ["--keep-open needs", "listen", "-k", at, "readline"], \
	["--accept needs", "listen", "--accept", "2", at, "readline"], ["echo needs", "echo", at], \
	["--run needs", "listen", "--run", "true", at, "readline"], \
	["--backlog needs", "listen", "--backlog", "9", at, "readline"], ["--address needs", "listen", at, "--address", "127.0.0.1:0", "readline"], \
	["--accept-timeout needs", "listen", "--accept-timeout", "1", at, "readline"], \
	["--max-conns needs", "listen", "-m", "2", at, "readline"], \
	["--address-file needs", "listen", "--address-file", "ready", at, "readline"], \
	["--ready-fd needs", "listen", "--ready-fd", "2", at, "readline"]:
	done = subprocess.run([sys.argv[2], *words], pass_fds=[b.fileno()], stdin=subprocess.DEVNULL,
		capture_output=True, timeout=DEADLINE)
	message = "liu: %s a listening socket, not a connected fd:N (see: liu %s --help)\n" % (needs, words[0])
	same((2, b"", message.encode()), (done.returncode, done.stdout, done.stderr))' "$LIU"
}

@test "two addresses of which one is part of the other are exit 2, but for --reuse-port" {
	run_liu echo 0 --address :0
	assert_status 2
	assert_error_is 'liu: 127.0.0.1:0 is part of 0.0.0.0:0: listen on one of them (see: liu echo --help)'
	run_liu listen --accept-timeout 0.1 127.0.0.1:18 --address :18
	assert_status 2
	assert_error_is 'liu: 127.0.0.1:18 is part of 0.0.0.0:18: listen on one of them (see: liu listen --help)'
	run_liu listen --reuse-port --accept-timeout 0.1 127.0.0.1:0 --address :0
	assert_status 6
}

@test "--max-conns is for more than one connection" {
	run_liu listen -m 2 0
	assert_status 2
	assert_error_is 'liu: --max-conns needs -k, --accept, --run or --accept-proxy (see: liu listen --help)'
}

@test "the numbers of listen's options are checked, and nothing listens" {
	local words
	for words in '--backlog 0' '--backlog x' '-m 0' '--max-conns -1' '--accept 0' '--accept 1x' \
		'--accept-timeout 0' '--accept-timeout soon' '--unix-mode 888' '--unix-mode 1777'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu listen $words "unix:$BATS_TEST_TMPDIR/never.s" readline
		assert_status 2 || fail "listen $words"
		assert_output_is ''
		assert_equal 1 "$(wc -l <"$ERR")" "lines for $words"
		assert_error_has "${words%% *}" || fail "listen $words"
		assert_error_has '(see: liu listen --help)'
		[ ! -e "$BATS_TEST_TMPDIR/never.s" ] || fail "listen $words made a socket"
	done
}
