#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 36-repeated: what depends on which of two comes first, hundreds of times: listeners that become ready, that
# start under one path, that look for a port.

load helpers

# driver SCRIPT ARGUMENT...: run it in Python; the arguments are in sys.argv. liu(WORD...) starts one, within(p)
# is its status and what was not read of its standard error, same(a, b) compares.
driver() {
	export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 # which would double the time
	capture timeout -k 5 "$((5 * LIU_TIMEOUT))" python3 -IS -c 'import atexit, os, select, signal, socket, subprocess, sys
LIU = sys.argv.pop(1)
running = set()
atexit.register(lambda: [p.kill() for p in running])
def liu(*words, **more):
	p = subprocess.Popen([LIU, *words], stdin=subprocess.DEVNULL, **more)
	running.add(p)
	return p
def within(p, seconds=20):
	status = p.wait(seconds)
	running.remove(p)
	return status, p.stderr.read() if p.stderr else b""
def same(expected, actual):
	if expected != actual: sys.exit("expected %r\nactual   %r" % (expected, actual))
'"$1" "$LIU" "${@:2}"
	assert_status 0 && assert_error_is ''
}

# Four are told of each start in a way of their own, and each connects at once.
@test "a client that has been told that liu listens is never refused: 1,000 times" {
	driver '
os.chdir(sys.argv[1])
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("notify")
def dial(address):
	if address.startswith("unix:"):
		c = socket.socket(socket.AF_UNIX)
		c.connect(address[5:])
		return c
	host, _, port = address.rpartition(":")
	return socket.create_connection((host, int(port)))
def addresses(text):
	if not text.endswith("\n"): sys.exit("not whole: %r" % text)
	return text.split("\n")[:-1]
def line():
	text = os.read(p.stderr.fileno(), 4096).decode()
	return [a.removeprefix("listening on ") for a in addresses(text)]
def told():
	same(b"READY=1", notify.recv(100))
	return ["unix:s"]
def ready_fd():
	return addresses(os.read(r, 4096).decode())
def address_file():
	return addresses(open("ready").read())
for round in range(250):
	r, w = os.pipe()
	p = liu("listen", "--accept", "4", "--address-file", "ready", "--ready-fd", str(w), "127.0.0.1:0",
		"--address", "unix:s", "read", stderr=subprocess.PIPE, pass_fds=[w],
		env=dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify")))
	os.close(w)
	ways = {p.stderr.fileno(): line, r: ready_fd, notify.fileno(): told}
	clients = []
	poll = select.poll()
	for fd in ways: poll.register(fd, select.POLLIN)
	file = False
	while len(clients) < 4:
		for fd, _ in poll.poll(0 if not file else 20000):
			clients.append(dial(ways[fd]()[-1 if round % 2 else 0]))
			poll.unregister(fd)
		if not file and os.path.exists("ready"):
			clients.append(dial(address_file()[0 if round % 2 else -1]))
			file = True
	os.close(r)
	for c in clients: c.close()
	same(0, within(p)[0])' "$BATS_TEST_TMPDIR"
}

@test "of two that start at once on a stale socket file one wins, and the other is exit 4: 100 times" {
	driver '
os.chdir(sys.argv[1])
for round in range(100):
	with socket.socket(socket.AF_UNIX) as s: s.bind("s")
	both = [liu("listen", "./s", "write", "hello", stderr=subprocess.PIPE) for i in range(2)]
	lines = [p.stderr.readline() for p in both]
	one = lines.index(b"listening on unix:./s\n")
	same((4, b""), within(both[1 - one]))
	same(b"liu: cannot listen on unix:./s: another process is already listening there\n", lines[1 - one])
	with socket.socket(socket.AF_UNIX) as c:
		c.connect("s")
		same(b"hello", c.recv(100))
	same((0, b""), within(both[one]))
	if os.path.exists("s"): sys.exit("the socket file is left")' "$BATS_TEST_TMPDIR"
}

# Of 100 ports another process has half for itself, others each moment, some of them listening.
@test "one port serves every family and address, though others take ports meanwhile: 100 times" {
	need unshare
	unshare -n sh -c 'exec 2>/dev/null; echo 40000 40099 >/proc/sys/net/ipv4/ip_local_port_range' ||
		skip "no network namespace of our own"
	driver '
import ctypes, fcntl, random, struct
CLONE_NEWNET = 0x40000000
same(0, ctypes.CDLL(None).unshare(CLONE_NEWNET))
lo = socket.socket()
SIOCSIFFLAGS = 0x8914
fcntl.ioctl(lo, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", 1))
open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("40000 40099")
random.seed(1)
def take(port):
	host = random.choice(["127.0.0.1", "127.0.0.2", "::1"])
	s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
	try:
		s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, port % 3 > 0)
		s.bind((host, port))
		if port % 2: s.listen()
		return s
	except OSError:
		s.close()
kept = [take(port) for port in range(40000, 40100) if random.random() < 0.5]
taker = os.fork()
if taker == 0:
	while os.getppid() != 1: [take(random.randrange(40000, 40100)) for i in range(10)]
try:
	for round in range(100):
		p = liu("echo", "0", "--address", "127.0.0.2:0", stderr=subprocess.PIPE)
		lines = [p.stderr.readline().decode() for i in range(3)]
		port = lines[0].strip().rpartition(":")[2]
		same(["listening on %s:%s\n" % (host, port) for host in ("127.0.0.1", "[::1]", "127.0.0.2")], lines)
		for host in "127.0.0.1", "127.0.0.2", "::1":
			c = socket.create_connection((host, int(port)))
			c.sendall(b"x"); same(b"x", c.recv(1)); c.close()
		p.terminate()
		same(-signal.SIGTERM, within(p)[0])
finally:
	os.kill(taker, signal.SIGKILL)
	os.wait()'
}
