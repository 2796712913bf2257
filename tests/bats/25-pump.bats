#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 25-pump: which pump moves the bytes, and that no byte depends on it.

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
	peer 'while True: c = accept(); c.sendall(b"got " + all_of(c)); c.close()'
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

# --- pipes of our own ----------------------------------------------------------------

# Twelve connections at once, and when they have ended four more; the numbers of the pumps are
# printed for both.
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
	return said.count(b"pump down: splice"), said.count(b"pump down: buffered")
until(1, b"\n")
address = ("127.0.0.1", int(said.split(b"\n")[0].rsplit(b":", 1)[1]))
def dial(count):
	return [socket.create_connection(address) for i in range(count)]
clients = dial(12)
until(12, b"pump down")
print(*chosen())
for i, c in enumerate(clients): c.sendall(bytes([65 + i]) * 300000)
for c in clients:
	c.shutdown(socket.SHUT_WR)
	all_of(c)
got = open(sys.argv[1], "rb").read()
print(len(got), set(got.count(bytes([65 + i])) for i in range(12)))
clients = dial(4)
until(16, b"pump down")
print(*chosen())
p.terminate()
p.wait(20)'

@test "at most eight connections have a pipe of their own, and give it back" {
	capture harness "$TWELVE" "$BATS_TEST_TMPDIR/all"
	assert_error_is ''
	if [ "${LIU_PUMP:-splice}" = splice ]; then
		assert_output_is $'8 4\n3600000 {300000}\n12 4'
	else
		assert_output_is $'0 12\n3600000 {300000}\n0 16'
	fi
}
