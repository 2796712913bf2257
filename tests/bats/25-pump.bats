#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 25-pump: which pump moves the bytes, and that no byte depends on it.

# bats file_tags=pump

load helpers
load peer

# --- which ---------------------------------------------------------------------------

# says_pumps FILE TEXT: FILE, a standard error, says of pumps so much.
says_pumps() {
	sed -n 's/^liu: \(connection .*: pump .*\)$/\1/p' "$1" >"$1.pumps"
	is "$1.pumps" 'pumps' "$2"
}

@test "from a file or a pipe, and to one: in the kernel" {
	local both out=$BATS_TEST_TMPDIR/to
	both="connection 1: pump up: ${LIU_PUMP:-splice}
connection 1: pump down: ${LIU_PUMP:-splice}"
	peer 'while True: c = accept(); c.sendall(b"got " + rest(c)); c.close()'
	echo question >"$BATS_TEST_TMPDIR/file"
	liu connect -vvv "127.0.0.1:$PEER_PORT" <"$BATS_TEST_TMPDIR/file" >"$out" 2>"$out.err"
	is "$out" 'from a file to a file' 'got question'
	says_pumps "$out.err" "$both"
	echo question | liu connect -vvv "127.0.0.1:$PEER_PORT" 2>"$out.err" | cat >"$out"
	is "$out" 'from a pipe to a pipe' 'got question'
	says_pumps "$out.err" "$both"
	liu connect -vvv "127.0.0.1:$PEER_PORT" writefile "$BATS_TEST_TMPDIR/file" write-eof read \
		>"$out" 2>"$out.err"
	is "$out" 'by steps' 'got question'
	says_pumps "$out.err" "$both"
}

# --- borrowed pipes ------------------------------------------------------------------

# Twelve connections at once, and when they have ended four more; the numbers of the pumps and of the
# pipes that were opened are printed for both.
TWELVE='
p = subprocess.Popen([LIU, "listen", "-k", "-vvv", "127.0.0.1:0", "read"], stdin=subprocess.DEVNULL,
	stdout=open(sys.argv[1], "wb"), stderr=subprocess.PIPE)
os.set_blocking(p.stderr.fileno(), False)
said = b""
def until(times, what):
	global said
	while said.count(what) < times:
		select.select([p.stderr], [], [], 15)
		said += p.stderr.read() or b""
def chosen():
	return said.count(b"pump down: splice"), said.count(b"pump down: buffered"), pipes() - inherited
def pipes():
	return len(set(link for link in descriptors(p.pid) if link.startswith("pipe:")))
until(1, b"\n")
inherited = pipes()
address = ("127.0.0.1", int(said.split(b"\n")[0].rsplit(b":", 1)[1]))
def dial(count):
	return [socket.create_connection(address) for i in range(count)]
clients = dial(12)
until(12, b"pump down")
print(*chosen())
for i, c in enumerate(clients): c.sendall(bytes([65 + i]) * 300000)
for c in clients:
	c.shutdown(socket.SHUT_WR)
	rest(c)
while os.path.getsize(sys.argv[1]) < 3600000: wait(0.01)
got = open(sys.argv[1], "rb").read()
print(len(got), set(got.count(bytes([65 + i])) for i in range(12)))
clients = dial(4)
until(16, b"pump down")
print(*chosen())
p.terminate()
p.wait(20)'

@test "connections share few pipes: each one borrows one for its turn" {
	capture harness "$TWELVE" "$BATS_TEST_TMPDIR/all"
	assert_error_is ''
	if [ "${LIU_PUMP:-splice}" = splice ]; then
		assert_output_is $'12 0 1\n3600000 {300000}\n16 0 1'
	else
		assert_output_is $'0 12 0\n3600000 {300000}\n0 16 0'
	fi
}

# --- sources -------------------------------------------------------------------------

TAKES='while True: c = accept(); say(len(rest(c))); c.close()'

@test "standard input may be a file, a FIFO, a terminal, a file of /proc, an empty one" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo fifo
	head -c 3000000 /dev/zero >file
	peer "$TAKES"
	run_liu connect "127.0.0.1:$PEER_PORT" <file
	assert_status 0
	{ head -c 100000 file; tail -c +100001 file; } >fifo 3>&- &
	run_liu connect "127.0.0.1:$PEER_PORT" <fifo
	assert_status 0
	run_liu connect "127.0.0.1:$PEER_PORT" </proc/sys/kernel/ostype
	assert_status 0
	: >empty
	run_liu connect "127.0.0.1:$PEER_PORT" <empty
	assert_status 0
	capture harness '
import pty
master, slave = pty.openpty()
p = subprocess.Popen([LIU, "connect", "127.0.0.1:" + sys.argv[1]], stdin=slave)
for i in range(100): os.write(master, b"typed %02d\n" % i)
os.write(master, b"\4")
print(p.wait(20))' "$PEER_PORT"
	assert_output_is 0
	assert_error_is ''
	wait_for_line "$PEER_SAID" '^900$'
	is "$PEER_SAID" 'what the peer took' $'3000000\n3000000\n6\n0\n900'
}

@test "a source without end stops when the peer is gone" {
	peer 'while True: c = accept(); c.recv(1000000); reset(c)'
	run_liu connect "127.0.0.1:$PEER_PORT" writefile /dev/zero
	assert_status 1
	grep -qxE 'liu: step 1 \(writefile /dev/zero\): (broken pipe|connection reset by peer)' "$ERR" ||
		fail "$(cat "$ERR")"
	truncate -s 500M "$BATS_TEST_TMPDIR/large"
	run_liu connect "127.0.0.1:$PEER_PORT" writefile "$BATS_TEST_TMPDIR/large"
	assert_status 1
	grep -qxE 'liu: step 1 \(writefile .*/large\): (broken pipe|connection reset by peer)' "$ERR" ||
		fail "$(cat "$ERR")"
}

# Linux before 6.5 took a short file for the begin of more, and kept it back for 200 ms.
@test "what was sent of a file does not wait for more of it" {
	local began steps=()
	echo question >"$BATS_TEST_TMPDIR/file"
	for _ in {1..20}; do steps+=(writefile "$BATS_TEST_TMPDIR/file" skipline); done
	peer 'c = accept()
for i in range(20): c.recv(9, socket.MSG_WAITALL); c.sendall(b"reply\n")
c.close()'
	began=$(now_ms)
	run_liu connect "127.0.0.1:$PEER_PORT" "${steps[@]}"
	assert_status 0
	[ $(($(now_ms) - began)) -lt 3000 ] || fail "20 replies took $(($(now_ms) - began)) ms"
}

# --- ends ----------------------------------------------------------------------------

@test "a peer that resets midway: what came before is there, and the error is named" {
	start_liu echo 127.0.0.1:0 --fault reset-after=100000
	mkfifo "$BATS_TEST_TMPDIR/open"
	run_liu connect "$ADDRESS" write "$(printf '%0100000d' 0)" relay 0<>"$BATS_TEST_TMPDIR/open"
	assert_status 1
	assert_error_is 'liu: step 2 (relay): connection reset by peer'
	assert_equal 100000 "$(wc -c <"$OUT")" 'bytes printed'
}

@test "bytes that a pump moves are traffic for --idle-timeout, silence is not" {
	local out
	peer 'while True:
	c = accept()
	for i in range(8): c.sendall(b"x"); wait(0.2)
	if c.recv(1): c.recv(1)
	c.close()'
	printf xx >"$BATS_TEST_TMPDIR/in"
	run_liu connect --idle-timeout 1.5 "127.0.0.1:$PEER_PORT" <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_bytes xxxxxxxx
	run_liu connect --idle-timeout 1.5 "127.0.0.1:$PEER_PORT" read
	assert_status 6
	assert_output_bytes xxxxxxxx
	assert_error_is 'liu: step 1 (read): timed out after 1.5 s (--idle-timeout)'
	out=$(liu connect --idle-timeout 1.5 "127.0.0.1:$PEER_PORT" read 2>"$BATS_TEST_TMPDIR/e" | cat)
	assert_equal xxxxxxxx "$out"
	is "$BATS_TEST_TMPDIR/e" 'standard error' 'liu: step 1 (read): timed out after 1.5 s (--idle-timeout)'
}

@test "an inherited pipe keeps its size, and a slow reader gets everything" {
	peer 'while True: c = accept(); c.sendall(b"x" * 1000000); c.close()'
	capture harness '
import fcntl
r, w = os.pipe()
before = fcntl.fcntl(w, 1031, 8192), fcntl.fcntl(w, 1032)
p = subprocess.Popen([LIU, "connect", "127.0.0.1:" + sys.argv[1], "read"], stdin=subprocess.DEVNULL, stdout=w)
got = 0
for i in range(50): got += len(os.read(r, 1000)); wait(0.01)
during = fcntl.fcntl(w, 1032)
os.close(w)
while True:
	piece = os.read(r, 100000)
	if not piece: break
	got += len(piece)
print(got, before[1] == during == fcntl.fcntl(r, 1032), p.wait(20))' "$PEER_PORT"
	assert_error_is ''
	assert_output_is '1000000 True 0'
}
