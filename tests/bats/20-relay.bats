#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 20-relay: the stream joined with standard input and output, and how that ends.

# bats file_tags=pump

load helpers
load peer

# --- the end of input, and the end of the peer ---------------------------------------

# The peer answers when it has seen our end: what it got, and then a tail.
ANSWERS_AT_END='
c = accept()
if len(sys.argv) > 1:
    import ssl
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    c = context.wrap_socket(c, server_side=True)
c.sendall(b"got " + rest(c) + b"tail\n")
c.close()'

@test "the end of input closes the sending half and reading goes on: TCP" {
	peer "$ANSWERS_AT_END"
	run_liu connect "127.0.0.1:$PEER_PORT" < <(printf 'a question\n')
	assert_status 0
	assert_error_is ''
	assert_output_is $'got a question\ntail'
}

@test "the end of input closes the sending half and reading goes on: Unix" {
	start_liu listen "unix:$BATS_TEST_TMPDIR/s" readuntil '?' at-eof write 'answer\n'
	run_liu connect "unix:$BATS_TEST_TMPDIR/s" < <(printf 'question?')
	assert_status 0
	assert_error_is ''
	assert_output_is answer
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	is "$SERVER_OUT" "output of the listener" - < <(printf 'question?')
}

@test "the end of input closes the sending half and reading goes on: TLS" {
	make_certs
	start_liu listen --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 \
		readuntil '?' at-eof write 'answer\n'
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" < <(printf 'question?')
	assert_status 0
	assert_error_is ''
	assert_output_is answer
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	is "$SERVER_OUT" "output of the listener" - < <(printf 'question?')
}

@test "the end of the peer is passed on to standard output, while input is still open" {
	capture harness '
s = listen()
for kind in "pipe", "socket", "JSON":
	r, w = os.pipe()
	if kind == "socket":
		a, b = socket.socketpair()
		r, w = a.detach(), b.detach()
	words = ["--json"] if kind == "JSON" else []
	p = subprocess.Popen([LIU, "connect", "-q"] + words + ["127.0.0.1:%d" % s.getsockname()[1]], stdin=subprocess.PIPE, stdout=w)
	os.close(w)
	c = accept()
	c.sendall(b"bye\n")
	c.shutdown(socket.SHUT_WR)
	said = b""
	while piece := os.read(r, 100):
		said += piece
		if kind == "JSON" and said.count(b"\n") == 2: break
	print(kind, said.decode() if kind != "JSON" else "", p.poll(), select.select([r], [], [], 0.1)[0] == [r])
	p.stdin.write(b"more")
	p.stdin.close()
	print(rest(c), p.wait(20))
	os.close(r)'
	assert_error_is ''
	assert_output_is "pipe bye
 None True
b'more' 0
socket bye
 None True
b'more' 0
JSON  None False
b'more' 0"
}

@test "relay as a step is what no step is, after other steps too" {
	peer 'c = accept(); c.sendall(b"hello\nrest\n"); say(rest(c)); c.close()'
	run_liu connect "127.0.0.1:$PEER_PORT" write 'first\n' skipline relay < <(echo second)
	assert_status 0
	assert_error_is ''
	assert_output_is rest
	peer_says "b'first\\nsecond\\n'"
}

@test "it ends when both directions have ended, not before" {
	peer 'c = accept()
rest(c)
wait(0.3)
c.sendall(b"late\n")
wait(0.3)
c.close()'
	run_liu connect "127.0.0.1:$PEER_PORT"
	assert_status 0
	assert_error_is ''
	assert_output_is late
}

@test "a peer that ends first still gets the whole of standard input" {
	peer 'c = accept()
c.shutdown(socket.SHUT_WR)
say(len(rest(c)))'
	run_liu connect -q "127.0.0.1:$PEER_PORT" < <(head -c 5000000 /dev/zero)
	assert_status 0
	assert_error_is ''
	assert_output_is ''
	peer_says 5000000
}


# It ends its sending half, and is gone a little later: when liu has seen the end.
GOES='c = accept()
c.sendall(b"bye\n")
c.shutdown(socket.SHUT_WR)
for i in range(40): c.recv(5); wait(0.02)
reset(c)'

@test "a peer that is gone: exit 1 with the number of bytes sent" {
	peer "$GOES"
	capture "$LIU" connect "127.0.0.1:$PEER_PORT" < <(feed_while_read)
	assert_status 1
	assert_output_is bye
	sed -i 's/after [0-9]* bytes\{0,1\} sent/after N bytes sent/; s/connection reset by peer/broken pipe/' "$ERR"
	assert_error_is 'liu: after N bytes sent: broken pipe'
}

# Something to say every moment, for as long as there is a reader.
feed_while_read() {
	exec 3>&-
	while echo more; do pause; done 2>/dev/null
}

# Both are there before liu looks: it is stopped meanwhile.
AT_ONCE='
def run(stdout, end):
	p = subprocess.Popen([LIU, "connect", "127.0.0.1:%d" % s.getsockname()[1]], stdin=subprocess.PIPE,
		stdout=stdout, stderr=subprocess.PIPE)
	c = accept()
	c.sendall(b"bye")
	if p.stdout: p.stdout.read(3)
	while struct.unpack("I", __import__("fcntl").ioctl(c, 0x5411, b"\0" * 4))[0]: wait(0.01)
	wait()
	os.kill(p.pid, signal.SIGSTOP)
	end(c)
	p.stdin.close()
	wait(0.02)
	os.kill(p.pid, signal.SIGCONT)
	print(p.wait(20), p.stderr.read().decode(), end="")
def half_close_and_reset(c):
	c.shutdown(socket.SHUT_WR)
	reset(c)
s = listen()
for end in reset, half_close_and_reset:
	for stdout in subprocess.PIPE, subprocess.DEVNULL, open("into", "wb"):
		run(stdout, end)'

@test "the end of input and a reset at once" {
	cd "$BATS_TEST_TMPDIR" || return
	capture harness "$AT_ONCE"
	assert_error_is ''
	assert_status 0
	sed -i 's/after [0-9] bytes sent: //; s/broken pipe/connection reset by peer/' "$OUT"
	assert_output_is "$(for _ in 1 2 3 4 5 6; do echo '1 liu: connection reset by peer'; done)"
}

@test "a failed upload still prints what the peer had sent" {
	peer 'c = accept()
c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
c.recv(1)
c.sendall(b"x" * 200000 + b"the reason\n")
while c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
	sent = struct.unpack("I", __import__("fcntl").ioctl(c, 0x5411, b"\0" * 4))[0]
	if sent == 0: break
	wait(0.01)
reset(c)'
	capture "$LIU" connect "127.0.0.1:$PEER_PORT" < <(yes 2>/dev/null)
	assert_status 1
	{ head -c 200000 /dev/zero | tr '\0' x; echo 'the reason'; } | assert_output_is -
	[ "$(wc -l <"$ERR")" -eq 1 ] || fail "$(cat "$ERR")"
	grep -qE '^liu: (after [0-9]+ bytes? sent: )?(connection reset by peer|broken pipe)$' "$ERR" ||
		fail "$(cat "$ERR")"
}

@test "... however slow standard output is" {
	capture harness '
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
def run(*steps):
	p = subprocess.Popen([LIU, "connect", "--close-timeout", "1", "unix:" + sys.argv[1], *steps],
		stdin=subprocess.PIPE, stdout=subprocess.PIPE)
	c = s.accept()[0]
	c.shutdown(socket.SHUT_RD)
	p.stdin.write(b"for nothing")
	p.stdin.close()
	if os.fork() == 0:
		c.sendall(b"x" * 4000000)
		os._exit(0)
	c.close()
	wait(2)
	print(len(p.stdout.read()), p.wait(20))
run()
run("sleep", "0.3", "write", "a", "sleep", "0.3", "write", "b")' "$BATS_TEST_TMPDIR/s"
	assert_output_is $'4000000 1\n4000000 1'
	assert_error_is $'liu: after 0 bytes sent: broken pipe\nliu: step 4 (write b): broken pipe'
}

@test "on a terminal the end of the peer ends it" {
	peer 'c = accept(); c.sendall(b"bye\n"); c.close()'
	LIU_ARGS="connect 127.0.0.1:$PEER_PORT" capture harness '
import pty, tty
master, slave = pty.openpty()
tty.setraw(slave)
p = subprocess.run([LIU] + os.environ["LIU_ARGS"].split(), stdin=slave, timeout=20)
sys.exit(p.returncode)'
	assert_status 0
	assert_output_is bye
	assert_error_is ''
}

@test "with --end-with-peer the end of the peer ends it" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	peer 'c = accept(); c.sendall(b"bye\n"); c.shutdown(socket.SHUT_WR); say(rest(c))'
	run_liu connect --end-with-peer "127.0.0.1:$PEER_PORT" <>"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_is bye
	assert_error_is ''
	peer_says "b''"
}

@test "otherwise a line says once, after 2 s without input, that the peer has closed" {
	local in=$BATS_TEST_TMPDIR/in began
	mkfifo "$in"
	peer 'c = accept(); c.shutdown(socket.SHUT_WR); say(rest(c))'
	exec 8<>"$in"
	began=$(now_ms)
	STDIN=$in start_reader "$LIU" connect "127.0.0.1:$PEER_PORT"
	wait_for_line "$PID_ERR" .
	[ $(($(now_ms) - began)) -ge 1900 ] || fail "said after $(($(now_ms) - began)) ms"
	echo more >&8
	pause 2.3
	exec 8>&-
	wait_exit "$PID"
	assert_equal 0 "$status" "exit status"
	is "$PID_ERR" 'standard error' 'liu: the peer has closed; still waiting for the end of input'
	peer_says "b'more\\n'"
}

# start, without the descriptor that keeps the fifo open.
start_reader() {
	start "$@" 8>&-
}

@test "the line waits while input comes" {
	local in=$BATS_TEST_TMPDIR/in
	mkfifo "$in"
	peer 'c = accept(); c.shutdown(socket.SHUT_WR); say(rest(c).count(b"more"))'
	exec 8<>"$in"
	STDIN=$in start_reader "$LIU" connect "127.0.0.1:$PEER_PORT"
	for _ in {1..15}; do
		echo more >&8
		pause 0.2
	done
	exec 8>&-
	wait_exit "$PID"
	assert_equal 0 "$status" "exit status"
	is "$PID_ERR" 'standard error' ''
	peer_says 15
}

# --- options -------------------------------------------------------------------------

@test "--no-half-close does not pass on the end of input" {
	peer 'c = accept()
c.recv(3)
say("end" if select.select([c], [], [], 0.3)[0] else "open")
c.sendall(b"reply\n")
c.close()'
	run_liu connect --no-half-close "127.0.0.1:$PEER_PORT" < <(printf ask)
	assert_status 0
	assert_error_is ''
	assert_output_is reply
	peer_says open
}

@test "without it the same peer sees the end" {
	peer 'c = accept()
c.recv(3)
say("end" if select.select([c], [], [], 10)[0] else "open")
c.sendall(b"reply\n")
c.close()'
	run_liu connect "127.0.0.1:$PEER_PORT" < <(printf ask)
	assert_status 0
	assert_output_is reply
	peer_says end
}

@test "--quit-after D ends in order D after the end of input" {
	local began
	peer 'c = accept()
rest(c)
wait(0.1)
c.sendall(b"in time\n")
while c.recv(1): pass
s.accept()'
	began=$(now_ms)
	run_liu connect --quit-after 3 "127.0.0.1:$PEER_PORT" < <(printf ask)
	assert_status 0
	assert_error_is ''
	assert_output_is 'in time'
	[ $(($(now_ms) - began)) -ge 3000 ] || fail "ended early"
	is_gone "$PEER" && fail "the peer has ended"
	return 0
}

@test "--quit-after 0 ends at the end of input, and loses nothing that was sent" {
	peer 'c = accept()
wait(0.5)
say(len(rest(c)))
s.accept()'
	run_liu connect --quit-after 0 "127.0.0.1:$PEER_PORT" < <(head -c 3000000 /dev/zero)
	assert_status 0
	assert_error_is ''
	assert_output_is ''
	wait_for_line "$PEER_SAID" '^3000000$'
}

@test "--send-only prints nothing and ends with standard input" {
	peer 'c = accept()
c.sendall(b"not wanted\n")
say(rest(c))
s.accept()'
	run_liu connect --send-only "127.0.0.1:$PEER_PORT" < <(printf 'a file')
	assert_status 0
	assert_error_is ''
	assert_output_is ''
	wait_for_line "$PEER_SAID" "^b'a file'\$"
}

@test "--send-only goes on when the peer has ended, and says nothing of it" {
	peer 'c = accept()
c.shutdown(socket.SHUT_WR)
say(len(rest(c)))'
	run_liu connect --send-only "127.0.0.1:$PEER_PORT" < <(pause 2.3; head -c 100000 /dev/zero)
	assert_status 0
	assert_error_is ''
	peer_says 100000
}

@test "--send-only: a reset is a failure all the same" {
	peer 'c = accept(); c.recv(1); reset(c); say("reset")'
	mkfifo "$BATS_TEST_TMPDIR/in"
	STDIN=$BATS_TEST_TMPDIR/in start "$LIU" connect --send-only "127.0.0.1:$PEER_PORT"
	exec 5>"$BATS_TEST_TMPDIR/in"
	echo x >&5
	wait_for_line "$PEER_SAID" reset
	exec 5>&-
	wait_exit "$PID"
	assert_equal 1 "$status" 'exit status'
	[[ $(<"$PID_ERR") == *"connection reset by peer"* ]] || fail "$(<"$PID_ERR")"
}

@test "--recv-only does not read standard input and ends with the peer" {
	echo kept >"$BATS_TEST_TMPDIR/in"
	peer 'c = accept()
say("end" if select.select([c], [], [], 0.5)[0] else "open")
c.sendall(b"for you\n")
c.shutdown(socket.SHUT_WR)
say(rest(c))'
	capture both_read <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_error_is ''
	assert_output_is $'for you\nkept'
	peer_says $'open\nb\'\''
}

both_read() {
	liu connect --recv-only "127.0.0.1:$PEER_PORT" && cat
}

@test "-C and --crlf: lines relayed end in CR LF, and a CR LF is left alone" {
	local option
	for option in -C --crlf; do
		peer 'c = accept(); say(rest(c)); c.close()'
		run_liu connect "$option" "127.0.0.1:$PEER_PORT" < <(printf 'a\nb\r\n\n\r\r\nc\rd\n\ne')
		assert_status 0
		assert_error_is ''
		assert_output_is ''
		peer_says "b'a\\r\\nb\\r\\n\\r\\n\\r\\r\\nc\\rd\\r\\n\\r\\ne'"
	done
}

@test "--crlf: CR and LF may come in different reads" {
	capture harness '
s = listen()
p = subprocess.Popen([LIU, "connect", "-C", "127.0.0.1:%d" % s.getsockname()[1]], stdin=subprocess.PIPE)
c = accept()
got = b""
for piece in b"a\r", b"\nb\r", b"\n", b"\n", b"\r", b"c", b"\n":
	p.stdin.write(piece); p.stdin.flush()
	now = c.recv(100)
	while not now.endswith(piece): now += c.recv(100)
	got += now
p.stdin.close()
c.close()
print(got, p.wait(20))'
	assert_status 0
	assert_output_is "b'a\\r\\nb\\r\\n\\r\\n\\rc\\r\\n' 0"
	assert_error_is ''
}

@test "--crlf leaves what the peer sends as it is" {
	peer 'c = accept(); c.sendall(b"a\nb\r\n"); c.close()'
	run_liu connect -C "127.0.0.1:$PEER_PORT"
	assert_status 0
	assert_output_bytes $'a\nb\r\n'
}

# --- listening -----------------------------------------------------------------------

@test "listen without a step: a listener's output and input are the peer's" {
	STDIN=$BATS_TEST_TMPDIR/in
	printf 'from the listener\n' >"$STDIN"
	start_liu listen 127.0.0.1:0
	run_liu connect "$ADDRESS" < <(printf 'from the client\n')
	assert_status 0
	assert_error_is ''
	assert_output_is 'from the listener'
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	is "$SERVER_OUT" "output of the listener" 'from the client'
	is "$SERVER_ERR" "standard error of the listener" "listening on $ADDRESS"
}

KEEPS_OPEN='
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
c.sendall(b"hello\n")
say("end" if select.select([c], [], [], 0.3)[0] else "open")
c.shutdown(socket.SHUT_WR)
say(rest(c))'

@test "a listener with /dev/null as standard input keeps its sending half open" {
	start_liu listen 127.0.0.1:0
	capture harness "$KEEPS_OPEN" "$PORT"
	assert_status 0
	assert_error_is $'open\nb\'\''
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	is "$SERVER_OUT" "output of the listener" hello
}

@test "a listener whose standard input is closed keeps its sending half open" {
	cat >"$BATS_TEST_TMPDIR/liu-closed" <<-'END'
		#!/bin/sh
		exec "$LIU_REAL" "$@" <&-
	END
	chmod +x "$BATS_TEST_TMPDIR/liu-closed"
	export LIU_REAL=$LIU
	LIU=$BATS_TEST_TMPDIR/liu-closed start_liu listen 127.0.0.1:0
	capture harness "$KEEPS_OPEN" "$PORT"
	assert_status 0
	assert_error_is $'open\nb\'\''
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	is "$SERVER_OUT" "output of the listener" hello
}

@test "an empty standard input other than /dev/null is an end, for a listener too" {
	: >"$BATS_TEST_TMPDIR/empty"
	STDIN=$BATS_TEST_TMPDIR/empty start_liu listen 127.0.0.1:0
	capture harness '
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(rest(c))
c.close()' "$PORT"
	assert_status 0
	assert_output_is "b''"
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
}

@test "to connect /dev/null is an end of input" {
	peer 'c = accept(); say(rest(c)); c.sendall(b"seen\n"); c.close()'
	capture "$LIU" connect "127.0.0.1:$PEER_PORT" </dev/null
	assert_status 0
	assert_output_is seen
	peer_says "b''"
}

@test "with -k and relay one connection is served at a time" {
	start_liu listen -k 127.0.0.1:0
	capture harness '
def dial():
	return socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def printed():
	return open(sys.argv[2], "rb").read()
def until(text):
	while not printed().endswith(text): wait(0.01)
a, b = dial(), dial()
b.sendall(b"second\n")
b.shutdown(socket.SHUT_WR)
a.sendall(b"first\n")
until(b"first\n")
wait(0.3)
assert printed() == b"first\n", printed()
a.sendall(b"still first\n")
until(b"still first\n")
a.close()
until(b"second\n")
assert rest(b) == b""
print(printed())' "$PORT" "$SERVER_OUT"
	assert_error_is ''
	assert_status 0
	assert_output_is "b'first\\nstill first\\nsecond\\n'"
	is_gone "$SERVER" && fail "the listener has ended"
	stop "$SERVER"
	assert_equal 143 "$status" "exit status of the listener"
}

@test "with -k and --recv-only connections are served side by side, and standard input is left alone" {
	capture harness '
r, w = os.pipe()
os.write(w, b"kept")
p = subprocess.Popen([LIU, "listen", "--recv-only", "--accept", "2", "127.0.0.1:0"], stdin=r, stdout=subprocess.PIPE,
	stderr=subprocess.PIPE)
address = ("127.0.0.1", int(p.stderr.readline().decode().rsplit(":", 1)[1]))
first, second = socket.create_connection(address), socket.create_connection(address)
def printed(): return p.stdout.readline() if select.select([p.stdout], [], [], 15)[0] else None
for c in second, first, second:
	c.sendall(b"line\n")
	print(printed())
first.close(), second.close()
print(p.wait(20), os.read(r, 100))'
	assert_error_is ''
	assert_output_is $'b\'line\\n\'\nb\'line\\n\'\nb\'line\\n\'\n0 b\'kept\''
}

# --- TLS -----------------------------------------------------------------------------

ENDS_AT_CLOSE_NOTIFY='
import ssl
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
c = context.wrap_socket(accept(), server_side=True)
if len(sys.argv) > 3: c.sendall(sys.argv[3].encode())
while c.recv(1000): pass
c = c.unwrap()
c.close()'

@test "TLS: a peer that ends after our close_notify without a byte is named with a hint" {
	make_certs
	peer "$ENDS_AT_CLOSE_NOTIFY" "$CERTS/server.pem" "$CERTS/server.key"
	run_liu connect --tls --cacert "$CERTS/ca.pem" "127.0.0.1:$PEER_PORT" < <(echo question)
	assert_status 0
	assert_output_is ''
	assert_error_is 'liu: the peer ended without a byte after our close_notify: if it takes that for the end of everything, use --no-half-close'
}

@test "TLS: a peer that has sent a byte is not, nor one that ends by itself" {
	make_certs
	peer "$ENDS_AT_CLOSE_NOTIFY" "$CERTS/server.pem" "$CERTS/server.key" 'x'
	run_liu connect --tls --cacert "$CERTS/ca.pem" "127.0.0.1:$PEER_PORT" < <(echo question)
	assert_status 0
	assert_output_bytes x
	assert_error_is ''
	start_liu listen --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 readline
	run_liu connect --end-with-peer --cacert "$CERTS/ca.pem" "$ADDRESS" \
		< <(echo question; exec sleep 30 3>&-)
	assert_status 0
	assert_error_is ''
}

@test "TLS: no hint where no close_notify was sent: a listener's /dev/null, --recv-only" {
	make_certs
	start_liu listen --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0
	run_liu connect --cacert "$CERTS/ca.pem" "$ADDRESS" close
	assert_status 0
	wait_exit "$SERVER"
	assert_equal 0 "$status" "exit status of the listener"
	is "$SERVER_ERR" "standard error of the listener" "listening on $ADDRESS"
	start_liu listen --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 close
	run_liu connect --recv-only --cacert "$CERTS/ca.pem" "$ADDRESS"
	assert_status 0
	assert_error_is ''
}

@test "TLS: --no-half-close gets the answer of a peer that takes close_notify for the end" {
	make_certs
	peer '
import asyncio
import ssl
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
async def answer(reader, writer):
	data = await reader.readline()
	await asyncio.sleep(0.2)
	writer.write(b"answer to " + data)
	writer.close()
async def main():
	server = await asyncio.start_server(answer, sock=s, ssl=context)
	await server.serve_forever()
asyncio.run(main())' "$CERTS/server.pem" "$CERTS/server.key"
	run_liu connect --no-half-close --tls --cacert "$CERTS/ca.pem" "127.0.0.1:$PEER_PORT" < <(echo question)
	assert_status 0
	assert_output_is 'answer to question'
	assert_error_is ''
	run_liu connect --tls --cacert "$CERTS/ca.pem" "127.0.0.1:$PEER_PORT" <<<question
	assert_output_is ''
	assert_error_has '--no-half-close'
}

# --- bulk ----------------------------------------------------------------------------

# Both ends have a slow reader and send 20 MB at once. Three words: what connects.
BOTH_WAYS='
import hashlib, threading
args = sys.argv[1:]
blocks = [hashlib.sha512(b"%d" % i).digest() * 16 for i in range(64)]
data = b"".join(blocks[(i * 7 + i // 61) % 64] for i in range(20 * 1000 * 1000 // 1024))
def run(words, **more):
	return subprocess.Popen([LIU] + words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
server = run(["listen"] + args[0].split(), stderr=subprocess.PIPE)
address = ""
while not address.startswith("listening on "):
	address = server.stderr.readline().decode()
client = run(["connect"] + args[1].split() + [address.split()[-1]])
def feed(p):
	p.stdin.write(data)
	p.stdin.close()
def check(p, results, i):
	got = hashlib.sha256()
	size = 0
	while True:
		piece = os.read(p.stdout.fileno(), 65536)
		if not piece: break
		got.update(piece)
		size += len(piece)
		wait(0.002)
	results[i] = (size, got.digest() == hashlib.sha256(data).digest())
results = [None, None]
threads = [threading.Thread(target=feed, args=(p,)) for p in (server, client)]
threads += [threading.Thread(target=check, args=(p, results, i)) for i, p in enumerate((server, client))]
for t in threads: t.start()
for t in threads: t.join()
print(len(data), results, server.wait(), client.wait(), server.stderr.read())'

@test "20 MB both ways at once with slow readers: TCP" {
	capture harness "$BOTH_WAYS" 127.0.0.1:0 ''
	assert_status 0
	assert_error_is ''
	assert_output_is "19999744 [(19999744, True), (19999744, True)] 0 0 b''"
}

@test "20 MB both ways at once with slow readers: Unix" {
	capture harness "$BOTH_WAYS" "unix:$BATS_TEST_TMPDIR/s" ''
	assert_status 0
	assert_error_is ''
	assert_output_is "19999744 [(19999744, True), (19999744, True)] 0 0 b''"
}

@test "20 MB both ways at once with slow readers: TLS" {
	make_certs
	capture harness "$BOTH_WAYS" \
		"--tls --cert $CERTS/server.pem --key $CERTS/server.key 127.0.0.1:0" "--cacert $CERTS/ca.pem"
	assert_status 0
	assert_error_is ''
	assert_output_is "19999744 [(19999744, True), (19999744, True)] 0 0 b''"
}

# --- -vvv ----------------------------------------------------------------------------

@test "-vvv logs each change of state of both directions" {
	peer 'c = accept(); rest(c); c.close()'
	run_liu connect -vvv "127.0.0.1:$PEER_PORT" < <(echo x)
	assert_status 0
	grep 'relay ' "$ERR" >"$ERR.relay"
	is "$ERR.relay" 'states' 'liu: connection 1: relay up: flowing -> flushing
liu: connection 1: relay up: flushing -> shut
liu: connection 1: relay down: flowing -> shut'
	peer "$GOES"
	capture "$LIU" connect -vvv "127.0.0.1:$PEER_PORT" < <(feed_while_read)
	assert_status 1
	grep 'relay ' "$ERR" >"$ERR.relay"
	is "$ERR.relay" 'states' 'liu: connection 1: relay down: flowing -> shut
liu: connection 1: relay up: flowing -> broken'
}
