#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 32-to: the step that joins a connection with another one.

# bats file_tags=pump

load helpers
load clients

# A script has all three: the peer, liu, and the target.
JOIN='
import atexit, hashlib, re, subprocess, threading
LIU, TMP = os.environ["LIU"], os.environ["BATS_TEST_TMPDIR"]
PIECE = bytes(range(256)) * 256
class Liu:
    """A liu in the background, its standard error in a file."""
    count = 0
    def __init__(self, *words, **more):
        Liu.count += 1
        self.path = "%s/liu-%d" % (TMP, Liu.count)
        self.process = subprocess.Popen([LIU, *words], stdin=subprocess.DEVNULL, stderr=open(self.path, "wb"), **more)
        atexit.register(self.process.kill)
    def said(self, pattern):
        """The first line that matches, waited for."""
        until(lambda: re.search(pattern, self.text(), re.M))
        return re.search(pattern, self.text(), re.M).group(0)
    def text(self):
        return open(self.path).read()
    def status(self):
        return self.process.wait(DEADLINE)
    def stop(self):
        self.process.terminate()
        return self.status()
class Front(Liu):
    """A liu that joins each peer with a target of the test."""
    def __init__(self, *options, steps=(), unix=False, keep=True, target=None, to=None, **more):
        self.unix = unix
        if target is None:
            target = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
            target.bind(TMP + "/target" if unix else ("127.0.0.1", 0))
            target.listen(1024)
            target.settimeout(DEADLINE)
        self.target = target
        if to is None:
            to = "unix:" + TMP + "/target" if unix else "127.0.0.1:%d" % target.getsockname()[1]
        self.to = to
        self.listens = "unix:" + TMP + "/front" if unix else "127.0.0.1:0"
        super().__init__("listen", *["-k"][:keep], *options, self.listens, *steps, "to", to, **more)
        ready = self.said("^listening on .*")
        self.port = None if unix else int(ready.rsplit(":", 1)[1])
    def dial(self):
        return dial_unix(TMP + "/front") if self.unix else dial(port=self.port)
    def accept(self):
        c = self.target.accept()[0]
        c.settimeout(DEADLINE)
        return c
    def pair(self):
        peer = self.dial()
        return peer, self.accept()
def both(size, a, b):
    """So many bytes from a to b, and its end; returns the digests of what was sent and what came."""
    digests = [hashlib.sha256(), hashlib.sha256()]
    def send():
        for i in range(0, size, len(PIECE)):
            digests[0].update(PIECE)
            a.sendall(PIECE)
        a.shutdown(socket.SHUT_WR)
    def receive():
        while piece := b.recv(1 << 20):
            digests[1].update(piece)
    threads = [threading.Thread(target=send), threading.Thread(target=receive)]
    for t in threads: t.start()
    return threads, digests
'

# join SCRIPT [ARGUMENT...]: run it with these; what it prints is in $SAID.
join() {
	LIU=$LIU clients "$JOIN$1" "${@:2}"
}

# --- both ways -----------------------------------------------------------------------

@test "what each side sends arrives on the other, and so do both ends" {
	join 'for unix in False, True:
	front = Front(unix=unix)
	peer, target = front.pair()
	peer.sendall(b"question"); same(b"question", got(target, 8))
	target.sendall(b"answer"); same(b"answer", got(peer, 6))
	peer.shutdown(socket.SHUT_WR); same(b"", rest(target))
	target.sendall(b"last word"); target.close(); same(b"last word", rest(peer))
	peer, target = front.pair()
	target.sendall(b"hello"); target.shutdown(socket.SHUT_WR); same(b"hello", rest(peer))
	peer.sendall(b"much later"); peer.close(); same(b"much later", rest(target))
	front.stop(); same(1, front.text().count("\n"))'
}

@test "large transfers both ways at the same time" {
	join 'for unix in False, True:
	front = Front(unix=unix)
	peer, target = front.pair()
	up, down = both(40 << 20, peer, target), both(40 << 20, target, peer)
	for t in up[0] + down[0]: t.join()
	for way in up, down: same(way[1][0].digest(), way[1][1].digest())'
}

@test "what steps have left over, and what came while dialling, goes first" {
	join 'front = Front(steps=["readline", "write", "ready\n"], stdout=subprocess.PIPE)
peer = front.dial()
peer.sendall(b"name\nquestion"); peer.shutdown(socket.SHUT_WR)
target = front.accept()
same(b"question", rest(target))
target.close()
same(b"ready\n", rest(peer))
front.stop(); same(b"name\n", front.process.stdout.read())'
}

@test "connect joins two streams that it has opened" {
	start_liu echo 127.0.0.1:0
	join 'a = socket.create_server(("127.0.0.1", 0))
liu = Liu("connect", "127.0.0.1:%d" % a.getsockname()[1], "writeline", "hello", "to", "127.0.0.1:%d" % PORT)
c = a.accept()[0]; c.settimeout(DEADLINE)
same(b"hello\n", got(c, 6))
c.sendall(b"there and back"); c.shutdown(socket.SHUT_WR); same(b"there and back", rest(c))
same(0, liu.status()); same("", liu.text())'
}

@test "it works where standard output is the stream" {
	join 'a, b = socket.socketpair()
target = socket.create_server(("127.0.0.1", 0))
liu = subprocess.Popen([LIU, "connect", "fd:0", "to", "127.0.0.1:%d" % target.getsockname()[1]], stdin=b, stdout=b)
b.close()
a.sendall(b"question"); a.shutdown(socket.SHUT_WR)
c = target.accept()[0]; same(b"question", rest(c)); c.sendall(b"answer"); c.close()
same(b"answer", rest(a)); same(0, liu.wait(DEADLINE))'
}

# --- what is told --------------------------------------------------------------------

@test "one event for the step, with what the peer has sent" {
	join 'import json
front = Front("--json", keep=False, stdout=subprocess.PIPE)
peer, target = front.pair()
peer.sendall(b"12345"); peer.shutdown(socket.SHUT_WR); rest(target)
target.sendall(b"123"); target.close(); rest(peer)
same(0, front.status())
events = [json.loads(line) for line in front.process.stdout]
same(["listening", "open", "step", "close"], [e["event"] for e in events])
same({"event": "step", "conn": 1, "index": 1, "step": "to", "ok": True, "bytes": 5}, events[2])
same((3, 5), (events[3]["sent"], events[3]["received"]))'
}

@test "-v names the addresses, -vvv the pumps, and every line the connection" {
	join 'front = Front("-vvv", *sys.argv[2:])
peer, target = front.pair()
who = "liu: connection 1 (%s): " % name(peer)
peer.sendall(b"question"); got(target, 8)
target.sendall(PIECE); got(peer, len(PIECE))
peer.close(); rest(target); target.close()
front.said("^%sended" % re.escape(who))
lines = front.text().split("\n")
for line in "connecting to " + front.to, "connected to " + front.to, "to up: flowing -> flushing", "to down: flushing -> shut":
	if who + line not in lines: sys.exit("not said: " + line)
for end in "", front.to + ": ":
	if who + end + "socket: reading: open -> ended" not in lines: sys.exit("not said of " + end)
same([], [line for line in lines if not re.match("listening|liu: server: |$|" + re.escape(who), line)])
print(*[line.rsplit(" ", 1)[1] for line in lines if ": pump " in line])'
	# Through the kernel from the first bulk on.
	[ -n "${LIU_PUMP-}" ] || set -- ' splice'
	is "$SAID" 'pumps' "buffered buffered${1-}"
}

# --- a target that cannot be reached ---------------------------------------------------

@test "a failed dial is that connection's failure, and its peer gets an orderly end" {
	refused_port
	join 'front = Front(to="127.0.0.1:" + sys.argv[2])
for i in 1, 2:
	peer = front.dial(); peer.sendall(PIECE)
	same("end", ends(peer)); print(name(peer)); peer.close()
	front.said("^liu: connection %d" % i)
front.stop(); print(front.text().split("\n", 1)[1], end="")' "$REFUSED"
	is "$SAID" 'what was said' "$(said 1)
$(said 2)
liu: connection 1 ($(said 1)): step 1 (to 127.0.0.1:$REFUSED): cannot connect to 127.0.0.1:$REFUSED: connection refused
liu: connection 2 ($(said 2)): step 1 (to 127.0.0.1:$REFUSED): cannot connect to 127.0.0.1:$REFUSED: connection refused"
}

@test "the exit status is the kind of failure" {
	refused_port
	join 'for to, status in ("127.0.0.1:" + sys.argv[2], 4), ("nosuch.invalid:80", 3), (TMP + "/nosuch", 4):
	front = Front(keep=False, to=to)
	peer = front.dial()
	same("end", ends(peer)); peer.close()
	same(status, front.status())' "$REFUSED"
}

# The backlog of a Unix socket is full: connecting waits.
FULL='full = socket.socket(socket.AF_UNIX); full.bind(TMP + "/full"); full.listen(0)
dial_unix(TMP + "/full")
'

@test "--connect-timeout ends a dial, and the peer gets an orderly end" {
	join "$FULL"'front = Front("--connect-timeout", "0.2", keep=False, to="unix:" + TMP + "/full")
peer = front.dial(); peer.sendall(b"question")
same("end", ends(peer)); peer.close()
same(6, front.status())
front.said("connection 1 .*: step 1 .to unix:.*: connecting to unix:.*/full .*: timed out after 0.2 s .--connect-timeout.$")'
}

@test "a peer that resets while the target is being connected to ends it" {
	join "$FULL"'front = Front(keep=False, to="unix:" + TMP + "/full")
peer = front.dial(); peer.sendall(b"question"); reset(peer)
same(1, front.status())
front.said("connection 1 .*: step 1 .to unix:.*: connection reset by peer$")'
}

@test "while it dials no more is read than the limit" {
	join "$FULL"'front = Front(to="unix:" + TMP + "/full")
peer = front.dial(); peer.setblocking(False)
while select.select([], [peer], [], 0.2)[1]: peer.send(PIECE)
rss = int(re.search(r"VmRSS:\s+(\d+)", open("/proc/%d/status" % front.process.pid).read()).group(1))
if rss > 32 << 10: sys.exit("%d KiB" % rss)'
}

# --- resets, and ends that are none ------------------------------------------------------

@test "a reset of the target comes after what it had sent" {
	join 'front = Front()
peer, target = front.pair()
peer.sendall(b"question"); got(target, 8)
target.sendall(PIECE); reset(target)
same(PIECE, got(peer, len(PIECE))); same("reset", ends(peer))
front.said("connection 1 .*: step 1 .to .*: reading from the target: connection reset by peer$")'
}

@test "a reset of the peer comes after what it had sent" {
	join 'front = Front()
peer, target = front.pair()
peer.sendall(PIECE); reset(peer)
same(PIECE, got(target, len(PIECE))); same("reset", ends(target))
front.said("connection 1 .*: step 1 .to .*: connection reset by peer$")'
}

@test "a reset of the peer closes a target that is a Unix socket" {
	join 'target = socket.socket(socket.AF_UNIX)
target.bind(TMP + "/target"); target.listen(); target.settimeout(DEADLINE)
front = Front(target=target, to="unix:" + TMP + "/target")
peer, target = front.pair()
peer.sendall(PIECE); reset(peer)
same(PIECE, rest(target))
front.said("connection 1 .*: step 1 .to .*: connection reset by peer$")'
}

@test "a target that stops receiving after its answer: the answer arrives, and the peer can finish" {
	join 'front = Front(unix=True)
peer, target = front.pair()
peer.sendall(b"question"); got(target, 8)
target.shutdown(socket.SHUT_RD); target.sendall(b"answer")
peer.sendall(PIECE * 2)
same(b"answer", got(peer, 6)); target.close()
same(b"", rest(peer))
front.said("connection 1.*: step 1 .to .*: sending to the target: broken pipe$")'
}

# It is silent for more than a second only because it is not read.
@test "a peer that stops receiving and is sending: a slow target gets it all" {
	join 'front = Front(unix=True)
peer, target = front.pair()
peer.shutdown(socket.SHUT_RD); target.sendall(b"answer")
send = threading.Thread(target=lambda: (peer.sendall(PIECE * 6), peer.close())); send.start()
select.select([], [], [], 1.3)
same(PIECE * 6, rest(target)); send.join()
front.said("connection 1.*: step 1 .to .*: broken pipe$")'
}

@test "a target that answers and resets: the answer arrives" {
	join 'front = Front()
peer, target = front.pair()
peer.sendall(PIECE); got(target, 10)
target.sendall(b"answer"); target.close() # with bytes unread: that resets
same(b"answer", got(peer, 6)); same("reset", ends(peer))'
}

# A TCP peer that has closed resets the connection when it is asked; here it does so by itself.
@test "when the side that has ended has gone, and the other is silent, both connections end" {
	join 'def sockets(front): return sum(link.startswith("socket:") for link in descriptors(front.process.pid))
def half_close(gone, stays):
	gone.sendall(b"all"); gone.shutdown(socket.SHUT_WR); same(b"all", rest(stays))
fronts = [Front(unix=False), Front(unix=True)]
before = [sockets(front) for front in fronts]
all = []; kept = [front.pair() for front in fronts]
for front in fronts:
	for i in range(5): all += [front.pair(), front.pair()[::-1]]
for pair in kept + all: half_close(*pair)
for gone, stays in all: reset(gone)
for front, sockets_before in zip(fronts, before): until(lambda: sockets(front) == sockets_before + 2)
for front, (peer, target) in zip(fronts, kept):
	target.sendall(b"answer"); target.close(); same(b"answer", rest(peer))
	front.stop(); same(1, front.text().count("\n"))'
}

@test "a time limit is not passed on as an end of either side" {
	join 'for option in "-w", "--step-timeout", "--idle-timeout":
	front = Front(option, "1", keep=False)
	peer, target = front.pair()
	peer.sendall(b"question"); same(b"question", got(target, 8))
	target.sendall(b"answer"); same(b"answer", got(peer, 6))
	same(("reset", "reset"), (ends(peer), ends(target)))
	same(6, front.status())'
}

# What was read ahead leaves for the target alone, while nothing comes from the peer.
@test "--idle-timeout counts what moves on either connection" {
	join 'front = Front("--pump", "buffered", "--limit", "2M", "--high-water", "2M", "--idle-timeout", "1.5", unix=True, keep=False)
peer, target = front.pair()
peer.sendall(PIECE * 20)
for i in range(12): select.select([], [], [], 0.15); got(target, len(PIECE))
got(target, len(PIECE) * 8); target.sendall(b"answer"); same(b"answer", got(peer, 6))
same(("end", "end"), (ends(peer), ends(target))); same(6, front.status())'
}

@test "a signal that ends it, too" {
	join 'front = Front("--close-timeout", "0.1")
peer, target = front.pair()
front.process.terminate()
same(("reset", "reset"), (ends(peer), ends(target)))
same(-15, front.status())'
}

# --- many, and slow ones -----------------------------------------------------------------

@test "a slow reader does not make it use more memory" {
	! grep -q __asan_init "$LIU_PROGRAM" || skip 'a sanitizer keeps what is freed'
	join 'front = Front()
pairs = [front.pair() for i in range(40)]
def memory():
	return int(re.search(r"VmRSS:\s+(\d+)", open("/proc/%d/status" % front.process.pid).read()).group(1))
for peer, target in pairs:
	target.setblocking(False); peer.setblocking(False)
# Every kernel buffer is full when nothing can be sent any more.
sources = [target for _, target in pairs[::2]] + [peer for peer, _ in pairs[1::2]]
while ready := select.select([], sources, [], 0.3)[1]:
	for c in ready:
		try: c.send(PIECE)
		except BlockingIOError: pass
if memory() > 48 << 10: sys.exit("%d KiB" % memory())'
}

@test "a thousand connections at once, through a few pipes" {
	join 'import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
front = Front()
before = len(descriptors(front.process.pid))
pairs = [front.pair() for i in range(1000)]
for i in range(2):
	for peer, _ in pairs: peer.sendall(b"question")
	for _, target in pairs: same(b"question", got(target, 8)); target.sendall(b"answer")
	for peer, _ in pairs: same(b"answer", got(peer, 6))
now = descriptors(front.process.pid)
pipes = sum("pipe:" in d for d in now) - 1 # standard error is not
if pipes > 16: sys.exit("%d ends of pipes" % pipes)
if len(now) - pipes > before + 2001: sys.exit("%d descriptors" % len(now))
for peer, target in pairs: peer.close(); target.close()
until(lambda: len(descriptors(front.process.pid)) <= before + 16)
same(1, front.text().count("\n"))'
}

@test "without descriptors for all of them, some wait to be accepted, and none fails" {
	limited 100
	join 'LIU = sys.argv[2]
front = Front()
def one():
	peer = front.dial(); peer.sendall(b"question"); same(b"answer", got(peer, 6)); peer.close()
threads = [threading.Thread(target=one) for i in range(100)]
for t in threads: t.start()
for i in range(100):
	c = front.accept(); got(c, 8); c.sendall(b"answer"); rest(c); c.close()
for t in threads: t.join()
same("liu: 26 connections (the limit of descriptors): new ones wait", front.text().split("\n")[1]); same(2, front.text().count("\n"))' "$LIMITED"
}

# --- the side that dials -------------------------------------------------------------------

@test "-s is the address that the target sees" {
	join 'front = Front("-s", "127.0.0.2", "--happy-eyeballs-delay", "1")
peer, target = front.pair()
same("127.0.0.2", target.getpeername()[0]); same("127.0.0.1", peer.getpeername()[0])'
}

@test "addresses that cannot be dialled are exit 2" {
	local row
	for row in "fd:3|'fd:3' is open already: ADDRESS must be one to connect to" "sd:|'sd:' is only for listening" \
		"localhost|'localhost' has no port: localhost:PORT" \
		"localhost:htpx|invalid port 'htpx': not a number and not a known service"; do
		run_liu listen 127.0.0.1:0 to "${row%%|*}"
		assert_status 2
		assert_output_is ''
		assert_error_is "liu: to: ${row#*|} (see: liu listen --help)"
	done
}

# --- TLS -------------------------------------------------------------------------------------

# tls SCRIPT [ARGUMENT...]: a script with certificates, whose targets and peers can have TLS.
tls() {
	make_certs other client
	join '
import ssl
CERTS = sys.argv[2]
CERT, KEY, CA = CERTS + "/server.pem", CERTS + "/server.key", CERTS + "/ca.pem"
def secure_target(cert="server"):
    """A context for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("%s/%s.pem" % (CERTS, cert), "%s/%s.key" % (CERTS, cert))
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context
def secure_peer(c):
    return ssl.create_default_context(cafile=CA).wrap_socket(c, server_hostname="localhost", suppress_ragged_eofs=False)
def secure_front(*options, server=("--tls",), client=True, cert="server", **more):
    """Encrypted towards the peer, where it serves so, and the target."""
    target = socket.create_server(("127.0.0.1", 0), backlog=1024)
    target.settimeout(DEADLINE)
    to = "%s127.0.0.1:%d" % ("tls:" if client else "", target.getsockname()[1])
    own = ["--tls", "--cert", CERT, "--key", KEY] if server else []
    front = Front(*options, *own, target=target, to=to, **more)
    front.server, front.client, front.context = server, client, secure_target(cert)
    return front
def secure_pair(front):
    ends = []
    def accept():
        c = front.accept()
        ends.append(front.context.wrap_socket(c, server_side=True, suppress_ragged_eofs=False) if front.client else c)
    t = threading.Thread(target=accept); t.start()
    peer = front.dial()
    if front.server: peer = secure_peer(peer)
    t.join()
    return peer, ends[0]
def finish(c):
    """Half-close: Python cannot do that over TLS, but send close_notify and wait for the other one."""
    if isinstance(c, ssl.SSLSocket): return threading.Thread(target=c.unwrap)
    return threading.Thread(target=lambda: c.shutdown(socket.SHUT_WR))
'"$1" "$CERTS" "${@:2}"
}

@test "TLS towards the peer, towards the target, and both" {
	tls 'for server, client in (True, False), (False, True), (True, True):
	front = secure_front(*["--cacert", CA][:2 * client], server=server, client=client, keep=False)
	peer, target = secure_pair(front)
	peer.sendall(PIECE * 40); same(PIECE * 40, got(target, len(PIECE) * 40))
	target.sendall(PIECE * 40); same(PIECE * 40, got(peer, len(PIECE) * 40))
	ends = finish(peer), finish(target)
	ends[0].start(); same(b"", target.recv(1)); ends[1].start()
	for t in ends: t.join()
	peer.close(); target.close()
	same(0, front.status())'
}

@test "a TLS stream of the target that was cut off is not complete for the peer" {
	tls 'for server in True, False:
	front = secure_front("--cacert", CA, server=server, keep=False)
	peer, target = secure_pair(front)
	target.sendall(b"half of it"); target.shutdown(socket.SHUT_WR)
	same(b"half of it", got(peer, 10))
	try: same("no end", peer.recv(1))
	except (ssl.SSLEOFError, ConnectionResetError): pass
	target.close(); peer.close()
	same(5, front.status())
	front.said("step 1 .to tls:.*: reading from the target: the peer ended the connection without close_notify")'
}

@test "a TLS stream of the peer that was cut off is not complete for the target" {
	tls 'for client in True, False:
	front = secure_front(*["--cacert", CA][:2 * client], client=client, keep=False)
	peer, target = secure_pair(front)
	peer.sendall(b"half of it"); peer.shutdown(socket.SHUT_WR)
	same(b"half of it", got(target, 10))
	try: same("no end", target.recv(1))
	except (ssl.SSLEOFError, ConnectionResetError): pass
	target.close(); peer.close()
	same(5, front.status())'
}

@test "--allow-truncated is for both sides" {
	tls 'front = secure_front("--cacert", CA, "--allow-truncated", keep=False)
peer, target = secure_pair(front)
peer.sendall(b"all"); peer.shutdown(socket.SHUT_WR)
same(b"all", got(target, 3)); same(b"", target.recv(1))
target.sendall(b"all"); target.shutdown(socket.SHUT_WR)
if len(rest(peer)) < 3: sys.exit("no answer") # after shutdown() Python does not decrypt
target.close(); peer.close()
same(0, front.status())'
}

@test "the target's name is checked, and the peer gets an orderly end" {
	tls 'front = secure_front("--cacert", CA, server=False, keep=False, cert="other")
peer = front.dial()
try: front.context.wrap_socket(front.accept(), server_side=True)
except (ssl.SSLError, ConnectionError): pass
same("end", ends(peer)); peer.close()
same(5, front.status())
front.said("step 1 .to tls:127.*: 127.0.0.1:.*other.example")
front = secure_front("--cacert", CA, "--server-name", "other.example", server=False, keep=False, cert="other")
peer, target = secure_pair(front)'
}

@test "a target without a host needs a name, a pin or --insecure, which warns once" {
	tls 'path = TMP + "/tls"
target = socket.socket(socket.AF_UNIX); target.bind(path); target.listen(5); target.settimeout(DEADLINE)
front = Front("--insecure", target=target, to="tls:unix:" + path)
front.server, front.client, front.context = False, True, secure_target()
for i in 1, 2:
	peer, c = secure_pair(front); c.sendall(b"hello"); same(b"hello", got(peer, 5))
same(1, front.text().count("--insecure: "))'
	run_liu listen 127.0.0.1:0 to tls:unix:/nosuch
	assert_status 2
	assert_error_is 'liu: TLS to an address without a host needs --server-name, --pin or --insecure (see: liu listen --help)'
}

@test "to presents no certificate, and --cert is the listener's" {
	tls 'front = secure_front("--cacert", CA)
peer, target = secure_pair(front)
same(None, target.getpeercert())
first = secure_front("--insecure", server=False, keep=False)
liu = Liu("connect", "--cert", CERTS + "/client.pem", "--key", CERTS + "/client.key", "--cacert", CA,
	"tls:127.0.0.1:%d" % first.target.getsockname()[1], "to", "tls:127.0.0.1:%d" % front.target.getsockname()[1])
own = first.context.wrap_socket(first.accept(), server_side=True)
other = front.context.wrap_socket(front.accept(), server_side=True)
if not own.getpeercert(): sys.exit("ADDRESS gets none")
same(None, other.getpeercert())'
}

@test "with two TLS addresses --server-name is refused" {
	run_liu connect --server-name x tls:127.0.0.1:1 to tls:127.0.0.1:2
	assert_status 2
	assert_error_is "liu: --server-name is for one address, but ADDRESS and that of 'to' both have TLS (see: liu connect --help)"
}

@test "-v describes the TLS of the target" {
	tls 'front = secure_front("-v", "--cacert", CA, server=False)
peer, target = secure_pair(front)
front.said("^liu: connection 1 .%s.: target: TLSv1.3, TLS_[A-Z0-9_]+, peer CN ?= ?localhost, [0-9]+ days left$" % re.escape(name(peer)))'
}

@test "--connect-timeout covers the handshake of the target" {
	join 'target = socket.create_server(("127.0.0.1", 0)); to = "tls:127.0.0.1:%d" % target.getsockname()[1]
front = Front("--insecure", "--connect-timeout", "0.2", keep=False, target=target, to=to)
peer = front.dial(); same("end", ends(peer)); peer.close()
same(6, front.status())
front.said("step 1 .to tls:.*: TLS handshake with 127.*: timed out after 0.2 s .--connect-timeout.$")'
}
