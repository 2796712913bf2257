#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 21-stdio: standard descriptors and inherited ones: closed, full, slow, shared.

load helpers
load peer

# --- closed ----------------------------------------------------------------------------

# bats test_tags=pump
@test "standard descriptors may be closed, in any combination" {
	local closed
	for closed in '0' '1' '2' '0 1' '0 2' '1 2' '0 1 2'; do
		peer 'c = accept(); say(rest(c)); c.sendall(b"reply\n"); c.close()'
		# shellcheck disable=SC2086 # words by intention
		closed_run $closed
		assert_status 0
		case $closed in
		*1*) assert_output_is '' ;;
		*) assert_output_is reply ;;
		esac
		assert_error_is ''
		peer_says "b'x'"
	done
}

# Run a connect with these descriptors closed.
closed_run() {
	local redirections='' fd
	for fd; do redirections+=" $fd>&-"; done
	capture sh -c "exec \"\$0\" \"\$@\" $redirections" \
		"$LIU" connect "127.0.0.1:$PEER_PORT" write x write-eof read
}

@test "no socket lands where a standard descriptor was closed" {
	capture harness '
s = listen()
p = subprocess.Popen(["sh", "-c", "exec \"$LIU\" connect 127.0.0.1:$1 readline <&- >&- 2>&-", "x",
	str(s.getsockname()[1])])
c = accept()
c.sendall(b"no end")
wait(0.3)
print(*[os.readlink("/proc/%d/fd/%d" % (p.pid, fd)) for fd in (0, 1, 2)])
c.sendall(b"\n")
c.close()
print(p.wait(20))'
	assert_error_is ''
	assert_status 0
	assert_output_is $'/dev/null /dev/null /dev/null\n0'
}

@test "an error with standard error closed still is its exit status, and goes nowhere else" {
	refused_port
	capture sh -c 'exec "$LIU" connect "127.0.0.1:$0" 2>&-' "$REFUSED"
	assert_status 4
	assert_output_is ''
	capture sh -c 'exec "$LIU" connect 2>&- >&-'
	assert_status 2
}

# --- full ------------------------------------------------------------------------------

# bats test_tags=pump
@test "/dev/full is exit 1 and a message: connect" {
	peer 'c = accept(); c.sendall(b"reply\n"); c.close()'
	capture sh -c 'exec "$LIU" connect "127.0.0.1:$0" read >/dev/full' "$PEER_PORT"
	assert_status 1
	assert_error_is 'liu: writing to standard output: no space left on device'
}

# bats test_tags=pump
@test "/dev/full is exit 1 and a message: relay, listen, head, help" {
	peer 'c = accept(); c.sendall(b"reply\n"); c.close()'
	capture sh -c 'exec "$LIU" connect "127.0.0.1:$0" >/dev/full </dev/null' "$PEER_PORT"
	assert_status 1
	assert_error_is 'liu: writing to standard output: no space left on device'
	peer 'c = accept(); c.sendall(b"HTTP/1.1 200 OK\r\n\r\n"); c.close()'
	capture sh -c 'exec "$LIU" head "127.0.0.1:$0" >/dev/full' "$PEER_PORT"
	assert_status 1
	assert_error_is 'liu: writing to standard output: no space left on device'
	capture sh -c 'exec "$LIU" --help >/dev/full'
	assert_status 1
	assert_error_is 'liu: writing to standard output: no space left on device'
	capture sh -c 'exec "$LIU" --version >/dev/full'
	assert_status 1
	assert_error_is 'liu: writing to standard output: no space left on device'
}

# bats test_tags=pump
@test "/dev/full: a listener says so and ends" {
	full_liu() { exec "$LIU" "$@" >/dev/full; }
	start full_liu listen -k 127.0.0.1:0 readline write 'never\n'
	SERVER=$PID SERVER_ERR=$PID_ERR
	wait_for_line "$SERVER_ERR" '^listening on '
	ADDRESS=$(sed -n 's/^listening on //p' "$SERVER_ERR")
	run_liu connect "$ADDRESS" write 'x\n' read
	wait_exit "$SERVER"
	assert_equal 1 "$status" "exit status of the listener"
	grep -qx 'liu: writing to standard output: no space left on device' "$SERVER_ERR" || fail "$(cat "$SERVER_ERR")"
}

# --- states ----------------------------------------------------------------------------

@test "-vvv logs each change of state of the program" {
	peer 'while True: c = accept(); c.sendall(b"reply\n"); c.close()'
	run_liu connect -vvv "127.0.0.1:$PEER_PORT" read
	assert_status 0
	grep 'program' "$ERR" >"$ERR.program"
	is "$ERR.program" 'states' 'liu: program: working -> flushing
liu: program: flushing -> over'
	capture sh -c 'exec "$LIU" connect -vvv "127.0.0.1:$0" read >/dev/full' "$PEER_PORT"
	assert_status 1
	grep 'program' "$ERR" >"$ERR.program"
	is "$ERR.program" 'states' 'liu: program: working -> stopping
liu: program: stopping -> over'
}

# --- no reader ----------------------------------------------------------------------

@test "help that nobody reads: SIGPIPE, without a message" {
	local words
	for words in --help --version 'help steps' 'echo --help'; do
		capture harness 'r, w = os.pipe(); os.close(r)
print(subprocess.run([LIU] + sys.argv[1].split(), stdout=w).returncode == -signal.SIGPIPE)' "$words"
		assert_output_is True
		assert_error_is ''
	done
}

# bats test_tags=pump
@test "when the reader of standard output is gone, liu dies of SIGPIPE, also while idle" {
	peer 'c = accept(); c.sendall(b"one\n"); say(rest(c))'
	capture harness '
p = subprocess.Popen([LIU, "connect", "127.0.0.1:" + sys.argv[1], "read"], stdout=subprocess.PIPE)
assert p.stdout.read(4) == b"one\n"
p.stdout.close()
print(p.wait(20) == -signal.SIGPIPE)' "$PEER_PORT"
	assert_output_is True
	assert_error_is ''
	assert_status 0
}

# bats test_tags=pump
@test "... 141 in the shell, for relay, a listener, and one that waits for connections" {
	peer 'c = accept(); c.sendall(b"one\ntwo\n"); say(rest(c))'
	capture bash -c '"$LIU" connect "127.0.0.1:$0" 2>"$1" < <(exec sleep 30) | head -n 1; echo ${PIPESTATUS[0]}' \
		"$PEER_PORT" "$BATS_TEST_TMPDIR/e"
	assert_output_is $'one\n141'
	is "$BATS_TEST_TMPDIR/e" 'standard error' ''
	capture harness '
def listener(steps):
	p = subprocess.Popen([LIU, "listen", "-k", "127.0.0.1:0"] + steps, stdout=subprocess.PIPE,
		stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
	return p, int(p.stderr.readline().decode().rsplit(":", 1)[1])
def end(p):
	p.stdout.close()
	print(p.wait(20), p.stderr.read())
p, port = listener(["readline"])
end(p)
p, port = listener(["readline", "sleep", "60"])
c = socket.create_connection(("127.0.0.1", port))
c.sendall(b"line\n")
assert p.stdout.readline() == b"line\n"
end(p)
p, port = listener([])
c = socket.create_connection(("127.0.0.1", port))
c.sendall(b"line\n")
assert p.stdout.readline() == b"line\n"
end(p)'
	assert_status 0
	assert_output_is $'-13 b\'\'\n-13 b\'\'\n-13 b\'\''
}

# bats test_tags=pump
@test "a socket as standard output whose other end is gone: SIGPIPE" {
	peer 'c = accept(); c.sendall(b"one\n"); rest(c); c.sendall(b"two\n"); c.close()'
	capture harness '
a, b = socket.socketpair()
p = subprocess.Popen([LIU, "connect", "127.0.0.1:" + sys.argv[1]], stdin=subprocess.PIPE, stdout=b)
b.close()
assert a.recv(100) == b"one\n"
a.close()
p.stdin.close()
print(p.wait(20))' "$PEER_PORT"
	assert_output_is -13
	assert_error_is ''
}

# bats test_tags=pump
@test "... also while idle, and not for data that comes to it nor for its half-close" {
	peer 'c = accept(); c.sendall(b"one\n"); rest(c)'
	capture harness '
a, b = socket.socketpair()
p = subprocess.Popen([LIU, "connect", "127.0.0.1:" + sys.argv[1], "read"], stdin=subprocess.DEVNULL, stdout=b)
b.close()
assert a.recv(100) == b"one\n"
a.sendall(b"nobody asked")
a.shutdown(socket.SHUT_WR)
def ticks(): return sum(map(int, open("/proc/%d/stat" % p.pid).read().rsplit(")", 1)[1].split()[11:13]))
before = ticks()
wait(0.5)
print(p.poll(), ticks() - before < 10)
a.close()
print(p.wait(20))' "$PEER_PORT"
	assert_error_is ''
	assert_output_is $'None True\n-13'
}

# bats test_tags=pump
@test "... but one that is standard input too, or fd:N, is read to its end first" {
	peer 'c = accept(); say(len(rest(c))); c.close()'
	capture harness '
def run(*words):
	a, b = socket.socketpair()
	p = subprocess.Popen([LIU] + list(words), stdin=b, stdout=b)
	b.close()
	a.sendall(b"x" * 100000)
	a.close()
	return p.wait(20)
print(run("connect", "127.0.0.1:" + sys.argv[1]))
print(run("connect", "fd:1", "skip", "100000", "at-eof"), run("listen", "fd:0", "skip", "100000", "at-eof"))' "$PEER_PORT"
	assert_error_is ''
	assert_output_is $'0\n0 0'
	peer_says 100000
}

# --- flags -----------------------------------------------------------------------------

# bats test_tags=pump
@test "flags of inherited descriptors are unchanged: pipes, sockets, terminals, files" {
	capture harness '
import fcntl, pty, tty
def flags(fd):
	return fcntl.fcntl(fd, fcntl.F_GETFL)
def terminal():
	master, slave = pty.openpty()
	tty.setraw(slave)
	return master, slave
def through(pair_in, pair_out, name):
	feed, stdin = pair_in
	take, stdout = pair_out
	s = listen()
	before = flags(stdin), flags(stdout)
	p = subprocess.Popen([LIU, "connect", "127.0.0.1:%d" % s.getsockname()[1]], stdin=stdin, stdout=stdout)
	c = s.accept()[0]
	os.write(feed, b"up")
	while c.recv(1) != b"p": pass
	during = flags(stdin), flags(stdout)
	c.sendall(b"down")
	got = b""
	while len(got) < 4: got += os.read(take, 10)
	after = flags(stdin), flags(stdout)
	p.terminate()
	p.wait(20)
	print(name, before == during == after == (flags(stdin), flags(stdout)), got)
def sockets():
	a, b = socket.socketpair()
	return a.detach(), b.detach()
def pipe_in():
	r, w = os.pipe()
	return w, r
through(pipe_in(), os.pipe(), "pipes")
through(sockets(), sockets(), "sockets")
through(terminal(), terminal(), "terminals")
m, t = terminal()
through((m, t), (m, t), "one terminal")
a, b = sockets()
through((a, b), (a, b), "one socket")'
	assert_error_is ''
	assert_status 0
	assert_output_is "pipes True b'down'
sockets True b'down'
terminals True b'down'
one terminal True b'down'
one socket True b'down'"
}

@test "fd:N keeps its flags, blocking or not" {
	capture harness '
for blocking in True, False:
	a, b = socket.socketpair()
	b.setblocking(blocking)
	p = subprocess.Popen([LIU, "connect", "fd:%d" % b.fileno(), "write", "hello\\n", "readline"],
		pass_fds=[b.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
	got = a.recv(100)
	during = os.get_blocking(b.fileno())
	a.sendall(b"reply\n")
	a.shutdown(socket.SHUT_WR)
	print(got, p.communicate(timeout=20)[0], p.returncode, during == blocking == os.get_blocking(b.fileno()))
s = listen()
p = subprocess.Popen([LIU, "listen", "fd:%d" % s.fileno(), "readline"], pass_fds=[s.fileno()],
	stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
c = socket.create_connection(s.getsockname())
c.sendall(b"line\n")
c.shutdown(socket.SHUT_WR)
print(p.communicate(timeout=20)[0], p.returncode, os.get_blocking(s.fileno()))'
	assert_error_is ''
	assert_status 0
	assert_output_is "b'hello\\n' b'reply\\n' 0 True
b'hello\\n' b'reply\\n' 0 True
b'line\\n' 0 True"
}

@test "fd:N: connected to listen, not connected, not a socket, not open" {
	capture harness '
def run(command, fd, *steps):
	p = subprocess.run([LIU, command, "fd:%d" % fd] + list(steps), pass_fds=[fd], stdin=subprocess.DEVNULL,
		capture_output=True, timeout=20)
	print(command, p.stdout, p.stderr.replace(b"fd:%d" % fd, b"fd:N"), p.returncode)
a, b = socket.socketpair()
a.sendall(b"line\n")
a.shutdown(socket.SHUT_WR)
run("listen", b.fileno(), "readline")
run("connect", socket.socket().detach(), "read")
run("connect", listen().detach(), "read")
r, w = os.pipe()
run("connect", r, "read")
run("listen", r, "read")
run("connect", os.open("/dev/null", os.O_RDWR), "read")'
	assert_status 0
	assert_error_is ''
	assert_output_is "listen b'line\\n' b'' 0
connect b'' b'liu: cannot use fd:N: transport endpoint is not connected (see: liu connect --help)\\n' 2
connect b'' b'liu: cannot use fd:N: transport endpoint is not connected (see: liu connect --help)\\n' 2
connect b'' b'liu: cannot use fd:N: not a stream socket (see: liu connect --help)\\n' 2
listen b'' b'liu: cannot use fd:N: not a stream socket (see: liu listen --help)\\n' 2
connect b'' b'liu: cannot use fd:N: not a stream socket (see: liu connect --help)\\n' 2"
}

@test "fd:0 and fd:1: lists that use the same descriptor are refused" {
	local words
	for words in 'fd:0' 'fd:0 relay' 'fd:0 writefile -' 'fd:1 read' 'fd:1 readline' 'fd:1' 'fd:1 info family'; do
		# shellcheck disable=SC2086 # words by intention
		capture harness '
a, b = socket.socketpair()
p = subprocess.run([LIU, "connect"] + sys.argv[1:], stdin=b, stdout=b, timeout=20)
b.close()
print(p.returncode, rest(a))' $words
		assert_output_is "2 b''"
		[ "$(wc -l <"$ERR")" -eq 1 ] || fail "$words: $(cat "$ERR")"
		assert_error_has '(see: liu connect --help)'
	done
	capture harness '
a, b = socket.socketpair()
p = subprocess.run([LIU, "connect", "fd:0", "write", "x", "skipline"], input=None, stdin=b, timeout=20) if a.send(b"line\n") else 0
b.close()
print(p.returncode, rest(a))'
	assert_output_is "0 b'x'"
	assert_error_is ''
}

@test "inetd's way: what prints is refused, and the peer is told; what does not print works" {
	capture harness '
for words in ["listen", "fd:0", "readline"], ["listen", "fd:0", "skipline", "info", "family"], ["listen", "fd:0", "echo"]:
	a, b = socket.socketpair()
	a.sendall(b"hello\n")
	a.shutdown(socket.SHUT_WR)
	p = subprocess.Popen([LIU] + words, stdin=b, stdout=b, stderr=b)
	b.close()
	print(rest(a).decode(), end="")
	print(p.wait(20))'
	assert_error_is ''
	assert_output_is "liu: 'readline' prints on standard output, which is the connection (see: liu listen --help)
2
liu: 'info family' prints on standard output, which is the connection (see: liu listen --help)
2
hello
0"
}

@test "fd:1: what the peer had sent before a write failed is not sent back to it" {
	capture harness '
a, b = socket.socketpair()
a.sendall(b"said")
a.shutdown(socket.SHUT_RDWR)
p = subprocess.run([LIU, "connect", "fd:1", "write", "x", "write-eof"], stdin=subprocess.DEVNULL, stdout=b, timeout=20)
print(p.returncode)'
	assert_output_is 1
	assert_error_is 'liu: step 2 (write-eof): broken pipe'
}

# bats test_tags=pump
@test "an inherited blocking socket as fd:N does not block the rest" {
	# The peer reads nothing: what is written waits, and what is read is printed all the same.
	capture harness '
a, b = socket.socketpair()
p = subprocess.Popen([LIU, "connect", "fd:%d" % b.fileno(), "relay"], pass_fds=[b.fileno()],
	stdin=open("/dev/zero", "rb"), stdout=subprocess.PIPE)
b.close()
wait(0.3)
a.sendall(b"through\n")
print(p.stdout.readline())
p.kill()
p.wait()'
	assert_error_is ''
	assert_output_is "b'through\\n'"
}

# --- slow, and of every kind -----------------------------------------------------------

# bats test_tags=pump
@test "standard output may be a file, a pipe, a socket, /dev/null, a file opened to append" {
	peer 'while True: c = accept(); c.sendall(b"x" * 3000000); c.close()'
	capture "$LIU" connect "127.0.0.1:$PEER_PORT" read
	assert_status 0
	assert_equal 3000000 "$(wc -c <"$OUT")" "bytes in a file"
	echo start >"$BATS_TEST_TMPDIR/append"
	liu connect "127.0.0.1:$PEER_PORT" read >>"$BATS_TEST_TMPDIR/append"
	assert_equal 3000006 "$(wc -c <"$BATS_TEST_TMPDIR/append")" "bytes in a file opened to append"
	assert_equal 3000000 "$(liu connect "127.0.0.1:$PEER_PORT" read | wc -c)" "bytes in a pipe"
	liu connect "127.0.0.1:$PEER_PORT" read >/dev/null
	capture harness '
a, b = socket.socketpair()
p = subprocess.Popen([LIU, "connect", "127.0.0.1:" + sys.argv[1], "read"], stdout=b)
b.close()
print(len(rest(a)), p.wait(20))' "$PEER_PORT"
	assert_output_is '3000000 0'
	assert_error_is ''
}

@test "records of several connections are not mixed" {
	start_liu listen --accept 4 127.0.0.1:0 readline 300
	capture harness '
import threading
def talk(mark):
	c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	line = mark * 9999 + b"\n"
	for i in range(300):
		for part in line[:3000], line[3000:7000], line[7000:]:
			c.sendall(part)
	c.shutdown(socket.SHUT_WR)
	rest(c)
threads = [threading.Thread(target=talk, args=(mark,)) for mark in (b"a", b"b", b"c", b"d")]
for t in threads: t.start()
for t in threads: t.join()' "$PORT"
	assert_error_is ''
	assert_status 0
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	capture python3 -IS -c 'import collections, sys
lines = collections.Counter(open(sys.argv[1]).read().splitlines())
print(sorted((line[:2], len(line), count) for line, count in lines.items()))' "$SERVER_OUT"
	assert_output_is "[('aa', 9999, 300), ('bb', 9999, 300), ('cc', 9999, 300), ('dd', 9999, 300)]"
}

# The most memory that a run took while 60 MB went through it, in KiB; $1: connect or listen, $2: what reads
# its standard output (slow or fast), then the steps. Prints the bytes that came out, and the status.
MEASURE='
role, speed, steps = sys.argv[1], sys.argv[2], sys.argv[3:]
total = 60 * 1000 * 1000
def peak(pid):
	for line in open("/proc/%d/status" % pid):
		if line.startswith("VmHWM:"): return int(line.split()[1])
	return 0
pipes = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
if role == "connect":
	s = listen()
	p = subprocess.Popen([LIU, "connect", "127.0.0.1:%d" % s.getsockname()[1]] + steps, **pipes)
	c = accept()
else:
	p = subprocess.Popen([LIU, "listen", "127.0.0.1:0"] + steps, **pipes)
	c = socket.create_connection(("127.0.0.1", int(p.stderr.readline().decode().rsplit(":", 1)[1])))
import threading
def feed():
	global most
	piece = b"x" * 65536
	left = total
	while left > 0:
		c.sendall(piece[:min(left, len(piece))])
		left -= len(piece)
		if left // 65536 % 16 == 0: most = max(most, peak(p.pid))
	c.shutdown(socket.SHUT_WR)
most = 0
feeder = threading.Thread(target=feed)
feeder.start()
got = 0
if speed == "slow": wait(0.5)
while True:
	piece = os.read(p.stdout.fileno(), 1 << 20)
	if not piece: break
	got += len(piece)
	if speed == "slow" and got % 100 == 0: wait(0.001)
feeder.join()
print(got, p.wait(20), p.stderr.read())
print("peak", most, file=sys.stderr)'

# A sanitizer keeps what is freed: its memory says nothing.
is_sanitized() {
	ldd "$LIU_PROGRAM" 2>/dev/null | grep -qE 'lib(a|ub|t|m)san' ||
		grep -qaE '__(a|t|m)san_init' "$LIU_PROGRAM"
}

# bounded ROLE SPEED BYTES STEP...: BYTES come out, and less than 20 MiB were ever resident.
bounded() {
	local expected=$3 peak
	capture harness "$MEASURE" "$1" "$2" "${@:4}"
	assert_status 0
	assert_output_is "$expected 0 b''"
	is_sanitized && return
	peak=$(sed -n 's/^peak //p' "$ERR")
	[ "$peak" -gt 0 ] || fail "nothing was measured"
	[ "$peak" -lt 20480 ] || fail "$peak KiB were resident: $*"
}

@test "60 MB pass in bounded memory: readexactly" {
	bounded connect slow 60000000 readexactly 60000000
	bounded listen fast 60000000 readexactly 60000000
}

# bats test_tags=pump
@test "60 MB pass in bounded memory: read" {
	bounded connect slow 60000000 read
	bounded listen fast 60000000 read
}

# bats test_tags=pump
@test "60 MB pass in bounded memory: relay" {
	bounded connect fast 60000000
	bounded listen slow 60000000
}

@test "60 MB pass in bounded memory: skip" {
	bounded connect fast 0 skip 60000000
	bounded listen fast 0 skip 60000000
}

# The same upwards: 60 MB from standard input to a peer that starts late.
MEASURE_UP='
s = listen()
p = subprocess.Popen([LIU, "connect", "127.0.0.1:%d" % s.getsockname()[1]] + sys.argv[1:], stdin=subprocess.PIPE,
	stdout=subprocess.DEVNULL)
c = accept()
import threading
def feed():
	piece = b"x" * 63 + b"\n"
	for i in range(60): p.stdin.write(piece * 15625)
	p.stdin.close()
threading.Thread(target=feed).start()
wait(0.5)
got = most = 0
while True:
	for line in open("/proc/%d/status" % p.pid):
		if line.startswith("VmHWM:"): most = int(line.split()[1])
	piece = c.recv(1 << 20)
	if not piece: break
	got += len(piece)
c.close()
print(got, p.wait(20), "bounded" if os.environ["SANITIZED"] or 0 < most < 20480 else most)'

# bats test_tags=pump
@test "60 MB pass in bounded memory: relay and writefile, upwards" {
	export SANITIZED=
	is_sanitized && SANITIZED=yes
	capture harness "$MEASURE_UP" relay
	assert_error_is ''
	assert_output_is '60000000 0 bounded'
	capture harness "$MEASURE_UP" --crlf relay
	assert_error_is ''
	assert_output_is '60937500 0 bounded'
	capture harness "$MEASURE_UP" writefile -
	assert_error_is ''
	assert_output_is '60000000 0 bounded'
}

# Standard output is not read; the peer sends for as long as it can.
STUCK='
s = listen()
p = subprocess.Popen([LIU, "connect", "127.0.0.1:%d" % s.getsockname()[1]] + sys.argv[1:], stdin=subprocess.DEVNULL,
	stdout=subprocess.PIPE)
c = accept()
c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
c.setblocking(False)
sent = 0
while sent < 200 * 1000 * 1000 and select.select([], [c], [], 1)[1]:
	sent += c.send(b"x" * 65536)
c.setblocking(True)
print("stopped" if sent < 100 * 1000 * 1000 else "took %d" % sent)
c.shutdown(socket.SHUT_WR)
print("whole" if len(p.stdout.read()) == sent else "lost", p.wait(20))'

# bats test_tags=pump
@test "reading stops while standard output is stuck, and nothing is lost" {
	local steps
	for steps in read relay 'try readexactly 900M'; do
		# shellcheck disable=SC2086 # words by intention
		capture harness "$STUCK" $steps
		assert_status 0
		assert_output_is $'stopped\nwhole 0'
	done
}

# bats test_tags=pump
@test "a standard error without a reader does not stop --timeout" {
	peer 'c = accept(); rest(c)'
	capture harness '
r, w = full_pipe()
p = subprocess.Popen([LIU, "connect", "-vv", "-w", "0.5", "127.0.0.1:" + sys.argv[1], "read"], stdin=subprocess.DEVNULL, stderr=w)
print(p.wait(15))' "$PEER_PORT"
	assert_error_is ''
	assert_output_is 6
}

@test "... nor a listener" {
	capture harness '
r, w = full_pipe()
ready = sys.argv[1]
p = subprocess.Popen([LIU, "listen", "-k", "--address-file", ready, "127.0.0.1:0", "readline"], stdin=subprocess.DEVNULL,
	stdout=subprocess.PIPE, stderr=w)
while not os.path.exists(ready): wait(0.02)
port = int(open(ready).read().rsplit(":", 1)[1])
for i in range(20):
	socket.create_connection(("127.0.0.1", port)).close() # a line each
c = socket.create_connection(("127.0.0.1", port))
c.sendall(b"served\n")
print(select.select([p.stdout], [], [], 15)[0] and p.stdout.readline())
p.terminate()
print(p.wait(15))' "$BATS_TEST_TMPDIR/ready"
	assert_error_is ''
	assert_output_is $'b\'served\\n\'\n-15'
}

@test "standard input is not read unless a step does" {
	echo kept >"$BATS_TEST_TMPDIR/in"
	peer 'c = accept(); c.sendall(b"x\n"); rest(c); c.close()'
	capture connect_and_cat <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_is $'x\nkept'
}

connect_and_cat() {
	liu connect "127.0.0.1:$PEER_PORT" readline && cat
}
