#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 22-signals: SIGINT and SIGTERM, for those that dial and those that listen.

load helpers
load peer
load timing

# hold NAME PORT|PATH: a connection to the listener that says hello, and bye when $HOLD_PIPE is told so;
# $HOLDER_SAID is what it got.
hold() {
	HOLD_PIPE=$BATS_TEST_TMPDIR/hold-$1
	mkfifo "$HOLD_PIPE"
	start python3 -IS -c "$PEER_PRELUDE"'
where = sys.argv[1]
if where.startswith("/"):
	c = socket.socket(socket.AF_UNIX)
	c.connect(where)
else:
	c = socket.create_connection(("127.0.0.1", int(where)))
c.sendall(b"hello\n")
say(c.recv(100))
for word in open(sys.argv[2]):
	if word == "bye\n":
		c.sendall(b"bye\n")
		c.shutdown(socket.SHUT_WR)
		say(rest(c))
' "$2" "$HOLD_PIPE"
	HOLDER_SAID=$PID_ERR
	wait_for_line "$HOLDER_SAID" "^b'hello" || return
}

# --- connect and head ------------------------------------------------------------------

# stops_at_once SIGNAL STATUS STEP...: a connect that waits in a step dies of the signal.
stops_at_once() {
	local signal=$1 expected=$2
	peer 'c = accept(); c.sendall(b"partial"); say("there"); say(rest(c))'
	start "$LIU" connect "127.0.0.1:$PEER_PORT" "${@:3}"
	unset STDIN
	local liu=$PID out=$PID_OUT err=$PID_ERR
	wait_for_line "$PEER_SAID" there
	wait_for_text "$out" partial
	stop "$liu" "$signal"
	assert_equal "$expected" "$status" "exit status after SIG$signal"
	is "$out" 'standard output' - < <(printf partial)
	is "$err" 'standard error' ''
}

wait_for_text() {
	wait_until has_text "$1" "$2"
}

# bats test_tags=pump
@test "SIGTERM: connect stops at once and dies of it" {
	stops_at_once TERM 143 read
}

# bats test_tags=pump
@test "SIGINT: connect stops at once and dies of it" {
	# A shell starts what is in the background with SIGINT ignored.
	peer 'c = accept(); c.sendall(b"x"); say(rest(c))'
	capture harness '
signal.signal(signal.SIGINT, signal.default_int_handler)
p = subprocess.Popen([LIU, "connect", "127.0.0.1:" + sys.argv[1], "read"], stdout=subprocess.PIPE)
p.stdout.read(1)
p.send_signal(signal.SIGINT)
print(p.wait(20))' "$PEER_PORT"
	assert_status 0
	assert_output_is -2
	assert_error_is ''
	run_shell_status
}

# As the shell shows it: 130.
run_shell_status() {
	peer 'c = accept(); c.sendall(b"x"); rest(c)'
	capture harness '
code = """
trap : INT
"$LIU" connect 127.0.0.1:$1 read
echo $?
"""
p = subprocess.Popen(["bash", "-c", code, "x", sys.argv[1]], stdout=subprocess.PIPE, start_new_session=True,
	preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
assert p.stdout.read(1) == b"x"
os.killpg(p.pid, signal.SIGINT)
print(p.stdout.read().decode(), end="")' "$PEER_PORT"
	assert_status 0
	assert_output_is 130
}

@test "connect: a sleep is stopped too" {
	stops_at_once TERM 143 readexactly 7 sleep 60
}

# bats test_tags=pump
@test "connect: a relay is stopped too" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	STDIN=$BATS_TEST_TMPDIR/open
	ln -s /dev/fd/9 "$STDIN"
	exec 9<>"$BATS_TEST_TMPDIR/in"
	stops_at_once TERM 143
	exec 9>&-
}

@test "connect: an orderly close is stopped too" {
	big_writes
	peer 'small(s); c = accept(); signal.pause()'
	start "$LIU" connect -vv --close-timeout 60 "127.0.0.1:$PEER_PORT" "${WRITES[@]}" close
	wait_for_line "$PID_ERR" 'step 16: close'
	stop "$PID"
	assert_equal 143 "$status" "exit status"
}

@test "connect: a signal while it dials" {
	full_backlog
	start "$LIU" connect "127.0.0.1:$FULL"
	local liu=$PID err=$PID_ERR
	wait_until connecting_to "$FULL"
	stop "$liu"
	assert_equal 143 "$status" "exit status"
	is "$err" 'standard error' ''
}

# A third SYN to that port, beside the two of full_backlog.
connecting_to() {
	local hex
	hex=$(printf '%04X' "$1")
	[ "$(grep -c "0100007F:$hex 02 " /proc/net/tcp)" -ge 1 ] && [ -n "$(socket_of "$PID")" ]
}

socket_of() {
	find "/proc/$1/fd" -lname 'socket:*' 2>/dev/null | head -n 1
}

@test "head stops at once" {
	peer 'c = accept(); c.recv(1); say("asked"); say(rest(c)[:3])'
	start "$LIU" head "127.0.0.1:$PEER_PORT"
	local liu=$PID err=$PID_ERR
	wait_for_line "$PEER_SAID" asked
	stop "$liu"
	assert_equal 143 "$status" "exit status"
	is "$err" 'standard error' ''
}

# bats test_tags=pump
@test "what was printed before the signal is out" {
	peer 'c = accept(); c.sendall(b"line\n" * 1000); rest(c)'
	start "$LIU" connect "127.0.0.1:$PEER_PORT" readline 1000 read
	local liu=$PID out=$PID_OUT
	wait_until has_size "$out" 5000
	stop "$liu"
	assert_equal 143 "$status" "exit status"
	is "$out" 'standard output' "$(yes line | head -n 1000)"
}

STUCK_OUTPUT='
import fcntl
s = listen()
role, signals = sys.argv[1], int(sys.argv[2])
if role == "connect":
	p = subprocess.Popen([LIU, "connect", "127.0.0.1:%d" % s.getsockname()[1], "read"], stdout=subprocess.PIPE)
	c = accept()
else:
	p = subprocess.Popen([LIU, "listen", "--close-timeout", "60" if signals > 1 else "0.3", "127.0.0.1:0", "read"],
		stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	c = socket.create_connection(("127.0.0.1", int(p.stderr.readline().decode().rsplit(":", 1)[1])))
c.setblocking(False)
while select.select([], [c], [], 0.3)[1]: c.send(b"x" * 65536)
p.terminate()
if signals > 1:
	p.stderr.readline()
	p.terminate()
print(p.wait(20))'

# bats test_tags=pump
@test "a standard output that is not read does not keep it alive" {
	capture harness "$STUCK_OUTPUT" connect 1
	assert_error_is ''
	assert_output_is -15
	capture harness "$STUCK_OUTPUT" listen 1
	assert_error_is ''
	assert_output_is -15
	capture harness "$STUCK_OUTPUT" listen 2
	assert_error_is ''
	assert_output_is -15
}

# --- listeners -------------------------------------------------------------------------

@test "a listener without connections dies of the signal at once, silently" {
	start_liu listen -k 127.0.0.1:0 read
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS"
	start_liu echo 127.0.0.1:0
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS"
	start_liu listen 127.0.0.1:0
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS"
}

@test "a listener with connections stops accepting, finishes them, and then dies" {
	start_liu echo --close-timeout 60 127.0.0.1:0
	hold 1 "$PORT"
	local one=$HOLD_PIPE one_said=$HOLDER_SAID
	hold 2 "$PORT"
	kill -TERM "$SERVER"
	wait_for_line "$SERVER_ERR" finishing
	wait_until refuses "$PORT"
	echo bye >"$one"
	wait_for_line "$one_said" bye
	is_gone "$SERVER" && fail "it has not waited for the second connection"
	echo bye >"$HOLD_PIPE"
	wait_exit "$SERVER"
	assert_equal 143 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS
liu: finishing 2 connections, send the signal again to stop now"
	is "$one_said" 'what the first got' "b'hello\\n'
b'bye\\n'"
	wait_for_line "$HOLDER_SAID" bye
	is "$HOLDER_SAID" 'what the second got' "b'hello\\n'
b'bye\\n'"
}

refuses() {
	! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

@test "... one connection is singular" {
	start_liu echo --close-timeout 60 127.0.0.1:0
	hold 1 "$PORT"
	kill -TERM "$SERVER"
	wait_for_line "$SERVER_ERR" finishing
	echo bye >"$HOLD_PIPE"
	wait_exit "$SERVER"
	assert_equal 143 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS
liu: finishing 1 connection, send the signal again to stop now"
}

@test "... for at most --close-timeout" {
	local began
	start_liu echo --close-timeout 0.7 127.0.0.1:0
	hold 1 "$PORT"
	began=$(now_ms)
	kill -TERM "$SERVER"
	wait_exit "$SERVER"
	assert_equal 143 "$status" "exit status"
	[ $(($(now_ms) - began)) -ge 650 ] || fail "ended after $(($(now_ms) - began)) ms"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS
liu: finishing 1 connection, send the signal again to stop now"
}

@test "... though a peer does not read what is left" {
	local began
	truncate -s 50M "$BATS_TEST_TMPDIR/big"
	start_liu listen -k --close-timeout 0.7 127.0.0.1:0 writefile "$BATS_TEST_TMPDIR/big"
	start python3 -IS -c "$PEER_PRELUDE"'
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
say(len(c.recv(1)))
signal.pause()' "$PORT"
	wait_for_line "$PID_ERR" 1
	began=$(now_ms)
	kill -TERM "$SERVER"
	wait_exit "$SERVER"
	assert_equal 143 "$status" "exit status"
	[ $(($(now_ms) - began)) -ge 650 ] || fail "ended after $(($(now_ms) - began)) ms"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS
liu: finishing 1 connection, send the signal again to stop now"
}

@test "a second signal ends at once" {
	start_liu echo --close-timeout 60 127.0.0.1:0
	hold 1 "$PORT"
	kill -TERM "$SERVER"
	wait_for_line "$SERVER_ERR" finishing
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS
liu: finishing 1 connection, send the signal again to stop now"
}

@test "... and a connection that is cut then has its lines and its event" {
	big_writes # which the holder does not read: the connection is still there when the signal comes
	start_liu listen -kv --json --close-timeout 60 127.0.0.1:0 writeline hello read 1 "${WRITES[@]}" expect x
	hold 1 "$PORT"
	wait_for_text "$SERVER_OUT" expectation
	kill -TERM "$SERVER"
	wait_for_line "$SERVER_ERR" finishing
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	tail -n 1 "$SERVER_OUT" | sed 's/"sent":[0-9]*/"sent":N/; s/[0-9.]*}$//' | is - 'the last event' \
		'{"event":"close","conn":1,"sent":N,"received":6,"duration":'
	sed 's/([0-9.:]*)/(PEER)/' "$SERVER_ERR" | is - 'standard error' "listening on $ADDRESS
liu: connection 1 (PEER): accepted
liu: finishing 1 connection, send the signal again to stop now
liu: connection 1 (PEER): step 18 (expect x): got 'h', expected 'x'
liu: connection 1 (PEER): ended"
}

@test "SIGINT does to a listener what SIGTERM does" {
	capture harness '
p = subprocess.Popen([LIU, "echo", "--close-timeout", "60", "127.0.0.1:0"], stderr=subprocess.PIPE,
	preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
port = int(p.stderr.readline().decode().rsplit(":", 1)[1])
c = socket.create_connection(("127.0.0.1", port))
c.sendall(b"x")
c.recv(1)
p.send_signal(signal.SIGINT)
print(p.stderr.readline().decode(), end="")
c.sendall(b"y")
print(c.recv(1))
p.send_signal(signal.SIGINT)
print(p.wait(20), p.stderr.read())'
	assert_status 0
	assert_output_is "liu: finishing 1 connection, send the signal again to stop now
b'y'
-2 b''"
	assert_error_is ''
}

@test "SIGHUP and SIGQUIT end a listener at once and remove its socket file" {
	capture harness '
path = sys.argv[1]
for signo in signal.SIGHUP, signal.SIGQUIT:
	p = subprocess.Popen([LIU, "echo", "--close-timeout", "60", "unix:" + path], stderr=subprocess.PIPE,
		preexec_fn=lambda: signal.signal(signo, signal.SIG_DFL))
	p.stderr.readline()
	c = socket.socket(socket.AF_UNIX)
	c.connect(path)
	c.sendall(b"x")
	c.recv(1)
	p.send_signal(signo)
	print(p.wait(20), p.stderr.read(), os.path.exists(path))' "$BATS_TEST_TMPDIR/s"
	assert_error_is ''
	assert_output_is "-1 b'' False
-3 b'' False"
}

@test "SIGHUP counts beside SIGTERM, whichever is seen first" {
	start_liu echo --close-timeout 60 127.0.0.1:0
	hold 1 "$PORT"
	kill -STOP "$SERVER"
	kill -TERM "$SERVER"
	kill -HUP "$SERVER"
	kill -CONT "$SERVER"
	wait_exit "$SERVER"
	assert_equal 129 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' "listening on $ADDRESS"
}

@test "a signal that was ignored at the start stays ignored" {
	capture harness '
for signo in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT:
	p = subprocess.Popen([LIU, "echo", "127.0.0.1:0"], stderr=subprocess.PIPE,
		preexec_fn=lambda: signal.signal(signo, signal.SIG_IGN))
	c = socket.create_connection(("127.0.0.1", int(p.stderr.readline().decode().rsplit(":", 1)[1])))
	p.send_signal(signo)
	c.sendall(b"x")
	print(c.recv(1), end=" ")
	p.kill()
	print(p.wait(20), p.stderr.read())'
	assert_error_is ''
	assert_output_is "b'x' -9 b''
b'x' -9 b''
b'x' -9 b''
b'x' -9 b''"
}

@test "a one-shot listener finishes its connection too" {
	start_liu listen --close-timeout 60 127.0.0.1:0 readline write 'hello\n' readline write 'so long\n'
	hold 1 "$PORT"
	kill -TERM "$SERVER"
	wait_for_line "$SERVER_ERR" finishing
	echo bye >"$HOLD_PIPE"
	wait_exit "$SERVER"
	assert_equal 143 "$status" "exit status"
	wait_for_line "$HOLDER_SAID" 'so long'
	is "$SERVER_OUT" 'standard output' $'hello\nbye'
}

@test "-q hides the line about finishing" {
	local file=$BATS_TEST_TMPDIR/address address
	start "$LIU" echo -q --close-timeout 0.3 127.0.0.1:0 --address-file "$file"
	SERVER=$PID SERVER_ERR=$PID_ERR
	wait_until test -s "$file"
	read -r address <"$file"
	hold 1 "${address##*:}"
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	is "$SERVER_ERR" 'standard error' ''
}

@test "a listener that could not start, and whose event is not read, dies of the signal" {
	start_liu echo 127.0.0.1:0
	capture harness '
r, w = full_pipe()
p = subprocess.Popen([LIU, "listen", "--json", sys.argv[1]], stdin=subprocess.DEVNULL, stdout=w, stderr=subprocess.PIPE)
print(b"already in use" in p.stderr.readline())
wait(0.3)
print(p.poll())
p.terminate()
print(p.wait(20), p.stderr.read())' "$ADDRESS"
	assert_error_is ''
	assert_output_is $'True\nNone\n-15 b\'\''
}

# --- socket files ----------------------------------------------------------------------

@test "the socket file is removed when a signal ends a listener" {
	local path=$BATS_TEST_TMPDIR/s
	start_liu echo "unix:$path"
	[ -S "$path" ] || fail "there is no socket file"
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	[ ! -e "$path" ] || fail "the socket file is still there"
}

@test "... also with connections, by one signal and by two" {
	local path=$BATS_TEST_TMPDIR/s
	start_liu echo --close-timeout 0.3 "unix:$path" --address "unix:$path.2"
	hold 1 "$path"
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	[ ! -e "$path" ] && [ ! -e "$path.2" ] || fail "a socket file is still there"
	start_liu echo --close-timeout 60 "unix:$path" --address "unix:$path.2"
	hold 2 "$path"
	kill -TERM "$SERVER"
	wait_for_line "$SERVER_ERR" finishing
	stop "$SERVER"
	assert_equal 143 "$status" "exit status"
	[ ! -e "$path" ] && [ ! -e "$path.2" ] || fail "a socket file is still there"
}
