#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 33-broker: what one peer sends goes to all others, and none of them holds up the rest.

load helpers
load clients

# join(): a client that is a member when this returns, since the list writes a byte before broker.
# alive(a, b): bytes still go from one to the other. probed(c): the other end asks whether it is there.
MEMBERS='
def member(c): same(b".", got(c, 1)); return c
def join(): return member(dial())
def probed(c):
	ends = ["%04X" % a[1] for a in (c.getpeername(), c.getsockname())]
	rows = [l.split() for l in open("/proc/net/tcp")]
	return any([r[1][-4:], r[2][-4:], r[5][:2]] == ends + ["02"] for r in rows)
def alive(a, b): a.sendall(b"still"); same(b"still", got(b, 5))
'

start_broker() {
	start_liu listen -k "$@" 127.0.0.1:0 write . broker
}

@test "broker: all others get what one sends, and it does not" {
	start_broker
	clients "$MEMBERS"'cs = [join() for _ in range(5)]
for i, c in enumerate(cs):
	said = b"%d: \0\xff\n" % i
	c.sendall(said)
	for other in cs:
		if other is not c: same(said, got(other, len(said)))
for c in cs: same(True, silent(c, 0.02))'
	is "$SERVER_OUT" 'standard output' ''
	server_said ''
}

@test "broker: 12 peers speak at once, and each line of each arrives whole and in order" {
	start_broker
	clients "$MEMBERS"'N = 12; LINES = 300
cs = [join() for _ in range(N)]
lines = [[b"%d %d\n" % (i, j) for j in range(LINES)] for i in range(N)]
heard = [bytearray() for _ in cs]
want = [sum(len(l) for j in range(N) if j != i for l in lines[j]) for i in range(N)]
for j in range(LINES):
	for i, c in enumerate(cs): c.sendall(lines[i][j])
for i, c in enumerate(cs):
	all = got(c, want[i]).splitlines(True)
	for k in range(N):
		same(lines[k] if k != i else [], [l for l in all if l.startswith(b"%d " % k)])'
	server_said ''
}

@test "broker: 20 MB reach every other peer as they were sent" {
	start_broker
	clients "$MEMBERS"'import threading
data = os.urandom(1 << 20) * 20
a, bs = join(), [join() for _ in range(3)]
heard = {}
def hear(i, c): heard[i] = got(c, len(data))
threads = [threading.Thread(target=hear, args=x) for x in enumerate(bs)]
for t in threads: t.start()
a.sendall(data)
for t in threads: t.join()
for i in range(3): same(True, heard[i] == data)'
	server_said ''
}

@test "broker: what was read ahead by the step before goes out too" {
	start_liu listen -k 127.0.0.1:0 write . readline broker
	clients "$MEMBERS"'a, b = join(), join()
b.sendall(b"name of b\nfirst")
until(lambda: "name of b" in open(sys.argv[2]).read())
same(True, silent(a, 0.05))
a.sendall(b"name of a\n")
until(lambda: "name of a" in open(sys.argv[2]).read())
alive(b, a)
b.sendall(b" second"); same(b" second", got(a, 7))' "$SERVER_OUT"
	is "$SERVER_OUT" 'standard output' $'name of b\nname of a'
	server_said ''
}

@test "broker: peers over TCP, TLS and a Unix socket are together" {
	make_certs
	start_liu listen -k --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 \
		--address "unix:$BATS_TEST_TMPDIR/s" --address tls:127.0.0.2:0 write . broker
	wait_for_line "$SERVER_ERR" 'listening on tls:'
	clients "$MEMBERS"'import ssl
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); tls.load_verify_locations(sys.argv[2])
cs = [join(), member(dial_unix(sys.argv[3])), member(tls.wrap_socket(dial("127.0.0.2", sys.argv[4]), server_hostname="localhost"))]
for size in 1, 2048, 2049, 300000:
	for c in cs:
		said = os.urandom(size); c.sendall(said)
		for other in cs:
			if other is not c: same(True, said == got(other, size))' \
		"$CERTS/ca.pem" "$BATS_TEST_TMPDIR/s" "${REPLY##*:}"
}

@test "broker: liu as a client, with an empty standard input, hears the others until it is killed" {
	start_broker
	start "$LIU" connect "$ADDRESS"
	local heard=$PID_OUT
	wait_until has_text "$heard" .
	capture "$LIU" connect --close-timeout 100ms "$ADDRESS" skip 1 writeline hello
	assert_status 0
	wait_until has_text "$heard" hello
	is "$heard" 'what is heard' .hello
	server_said ''
}

@test "broker: a peer that has ended sending still hears, and when it is gone leaves without a word" {
	start_liu listen -k --json 127.0.0.1:0 write . broker
	clients "$MEMBERS"'a, b, c = join(), join(), join()
b.sendall(b"bye"); b.shutdown(socket.SHUT_WR)
same(b"bye", got(a, 3)); same(b"bye", got(c, 3))
alive(a, b); same(b"still", got(c, 5))
b.close()
gone = lambda: "\"conn\":2,\"sent\"" in open(sys.argv[2]).read()
until(lambda: (alive(a, c), gone())[1])' "$SERVER_OUT"
	grep '"step":"broker"' "$SERVER_OUT" | is - 'the events' \
		'{"event":"step","conn":2,"index":2,"step":"broker","ok":true,"bytes":3}'
	server_said ''
}

@test "broker: a peer that reads nothing is dropped, and the others get all of a flood in bounded memory" {
	ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=64 start_liu listen -k --json 127.0.0.1:0 write . broker
	clients "$MEMBERS"'import threading
def memory(): return int([l for l in open("/proc/%s/status" % sys.argv[2]) if l.startswith("VmHWM")][0].split()[1])
data = os.urandom(1 << 20) * 30
slow, a, bs = join(), join(), [join(), join()]
before = memory(); heard = {}
def hear(i, c): heard[i] = got(c, len(data))
threads = [threading.Thread(target=hear, args=x) for x in enumerate(bs)]
for t in threads: t.start()
a.sendall(data)
for t in threads: t.join()
for i in range(2): same(True, heard[i] == data)
if memory() - before > 16384: sys.exit("%d KB more" % (memory() - before))
try: rest(slow); sys.exit("no reset")
except ConnectionResetError: pass
alive(bs[0], a); same(b"still", got(bs[1], 5))
print(name(slow))' "$SERVER"
	# Which comes first, its backlog or its silence, depends on the machine.
	local dropped
	wait_for_line "$SERVER_ERR" ' dropped: the peer (reads too slowly, and more than 1048576 bytes wait for it|has read nothing for 2 s, and a sender waits for it)$'
	dropped="step 2 (broker): dropped: ${REPLY#*: dropped: }"
	grep '"step":"broker"' "$SERVER_OUT" | is - 'the events' \
		"{\"event\":\"step\",\"conn\":1,\"index\":2,\"step\":\"broker\",\"ok\":false,\"error\":\"io\",\"message\":\"$dropped\",\"bytes\":0}"
	server_said "liu: connection 1 ($(said 1)): $dropped"
	stop "$SERVER" KILL || :
}

@test "broker: a slow peer does not delay the messages of others" {
	start_broker --high-water 16M
	clients "$MEMBERS"'slow, a, b = join(), join(), join()
alive(slow, a); same(b"still", got(b, 5)) # without a byte it would be a probe
a.setblocking(False); piece = bytes(65536)
said = heard = 0
while heard < 24 << 20:
	try: said += a.send(piece)
	except BlockingIOError: pass
	if not silent(b, 0): heard += len(b.recv(1 << 20))
a.settimeout(DEADLINE)
same(said - heard, len(got(b, said - heard)))
start = time.monotonic()
for i in range(200): alive(a, b); alive(b, a)
took = time.monotonic() - start
if took > 10: sys.exit("%f s" % took)
print(name(slow))'
	server_said "liu: connection 1 ($(said 1)): step 2 (broker): connection reset by peer"
}

@test "broker: to peers that all take their time a flood comes at their pace, and complete" {
	start_broker --high-water 4K
	clients "$MEMBERS"'import threading
data = os.urandom(1 << 20) * 16
a, b = join(), join()
sender = threading.Thread(target=a.sendall, args=(data,)); sender.start()
same(True, got(b, 1000) == data[:1000])
select.select([], [], [], 0.1)
same(True, sender.is_alive())
same(True, got(b, len(data) - 1000) == data[1000:])
sender.join()'
	server_said ''
}

@test "broker: a peer that reads nothing is dropped when a sender waits for it alone" {
	start_broker
	clients "$MEMBERS"'a, dead = join(), join()
alive(dead, a)
a.sendall(bytes(20 << 20))
print(name(dead))
try: rest(dead); sys.exit("no reset")
except ConnectionResetError: pass'
	server_said "liu: connection 2 ($(said 1)): step 2 (broker): dropped: the peer has read nothing for 2 s, and a sender waits for it"
}

# The kernel holds so much for the slow one that it takes nothing more from liu all the while.
@test "broker: ... and one that reads slowly but steadily stays, and gets all" {
	start_broker
	clients "$MEMBERS"'import threading
data = os.urandom(1 << 20) * 20
slow = socket.socket(); slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
slow.settimeout(DEADLINE); slow.connect(("127.0.0.1", PORT)); member(slow)
a, dead = join(), join()
alive(dead, a); same(b"still", got(slow, 5)); print(name(dead))
sender = threading.Thread(target=a.sendall, args=(data,)); sender.start()
heard = bytearray()
def dropped():
	heard.extend(got(slow, 6000))
	return "dropped" in open(sys.argv[2]).read()
until(dropped)
heard += got(slow, len(data) - len(heard))
same(True, heard == data); sender.join()' "$SERVER_ERR"
	server_said "liu: connection 3 ($(said 1)): step 2 (broker): dropped: the peer has read nothing for 2 s, and a sender waits for it"
}

@test "broker: the limit of a backlog follows --high-water, but is 64 KiB at least" {
	start_broker --high-water 1K
	clients "$MEMBERS"'slow, a, b = join(), join(), join()
data = bytes(4000)
while "dropped" not in open(sys.argv[2]).read(): a.sendall(data); got(b, len(data))
print(name(slow))' "$SERVER_ERR"
	server_said "liu: connection 1 ($(said 1)): step 2 (broker): dropped: the peer reads too slowly, and more than 65536 bytes wait for it"
}

@test "broker: a peer that resets is gone, with one line, and the others go on" {
	start_broker
	clients "$MEMBERS"'a, b, c = join(), join(), join()
alive(b, a); same(b"still", got(c, 5))
print(name(b)); reset(b)
alive(a, c); alive(c, a)'
	server_said "liu: connection 2 ($(said 1)): step 2 (broker): connection reset by peer"
}

@test "broker: peers that come and go do not pile up, even if nobody sends" {
	start_liu listen -k "unix:$BATS_TEST_TMPDIR/s" --address 127.0.0.1:0 write . broker
	wait_for_line "$SERVER_ERR" '127.0.0.1:'
	clients "$MEMBERS"'def count(): return len(os.listdir("/proc/%s/fd" % sys.argv[2]))
a = member(dial_unix(sys.argv[3])); a.shutdown(socket.SHUT_WR)
b = member(dial(port=int(sys.argv[4]))); b.shutdown(socket.SHUT_WR)
until(lambda: probed(b)); before = count()
for i in range(50): member(dial_unix(sys.argv[3])).close()
for i in range(50): c = member(dial(port=int(sys.argv[4]))); c.shutdown(socket.SHUT_WR); silent(c, 0.01); reset(c)
until(lambda: count() == before)
c = member(dial(port=int(sys.argv[4]))); alive(c, a); same(b"still", got(b, 5))' "$SERVER" "$BATS_TEST_TMPDIR/s" "${REPLY##*:}"
}

@test "broker: --idle-timeout ends a peer that neither speaks nor hears" {
	start_broker --idle-timeout 150ms
	clients "$MEMBERS"'a = join(); a.shutdown(socket.SHUT_WR); print(name(a)); same(b"", rest(a))'
	server_said "liu: connection 1 ($(said 1)): step 2 (broker): timed out after 0.15 s (--idle-timeout)"
}

@test "broker: SIGTERM ends it, with its peers, after --close-timeout" {
	start_broker --close-timeout 2
	clients "$MEMBERS"'import signal
a, b = join(), join()
os.kill(int(sys.argv[2]), signal.SIGTERM); until(lambda: "finishing" in open(sys.argv[3]).read()); alive(a, b); same(b"", rest(a)); same(b"", rest(b))' "$SERVER" "$SERVER_ERR"
	ends 143
	server_said 'liu: finishing 2 connections, send the signal again to stop now'
}

@test "help broker: its example is a line that works" {
	run_liu help broker
	assert_status 0
	assert_output_is 'Step broker: (listen -k) send each peer what the others send.
No step may follow it.

Returns nothing; the other peers get what this one sends
Fails   io if the peer reads too slowly or sending fails, tls or timeout
Example liu listen -k localhost:8888 broker'
}

@test "broker where it cannot work is refused" {
	assert_usage_error 'broker needs listen -k: one connection has no others' connect 1 broker
	assert_usage_error 'broker needs listen -k: one connection has no others' listen 0 broker
	assert_usage_error "'read' after broker, which ends the list" listen -k 0 broker read
	assert_usage_error "'broker' after write-eof: nothing can be sent then" listen -k 0 write-eof broker
	assert_usage_error 'try before broker, which ends the list' listen -k 0 try broker
	assert_usage_error "unknown step 'x'$(printf ' (%s)' "$(step_names)")" listen -k 0 broker x
}
