# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# peer.bash: the other end of a connection, and what runs liu, in Python.

# What every script begins with, after PYTHON_PRELUDE: accept() takes a connection of the listener `s`,
# small() gives it small buffers, full_pipe() is one that takes no more, wait() is a moment.
PEER_PRELUDE=$PYTHON_PRELUDE'
def listen(backlog=5, host="127.0.0.1"):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.bind((host, 0))
    s.listen(backlog)
    return s
def ready(s):
    print(s.getsockname()[1], flush=True)
def accept():
    c = s.accept()[0]
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return c
def small(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
def wait(seconds=0.05):
    select.select([], [], [], seconds)
def full_pipe():
    r, w = os.pipe()
    os.set_blocking(w, False)
    try:
        while True: os.write(w, b"x" * 4096)
    except BlockingIOError: pass
    os.set_blocking(w, True)
    return r, w
def say(*words):
    print(*words, file=sys.stderr, flush=True)
'

# peer SCRIPT [ARGUMENT...]: start a Python peer that listens as `s`. $PEER is its process, $PEER_PORT
# its port, $PEER_SAID the file with what it says.
peer() {
	start python3 -IS -c "$PEER_PRELUDE
s = listen()
ready(s)
$1" "${@:2}"
	PEER=$PID
	PEER_SAID=$PID_ERR
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	# shellcheck disable=SC2034 # for the tests
	PEER_PORT=$REPLY
}

# peer_says TEXT: the peer has ended well and has said so much.
peer_says() {
	wait_exit "$PEER" || return
	is "$PEER_SAID" "what the peer says" "$1" || return
	# shellcheck disable=SC2154 # wait_exit sets it
	assert_equal 0 "$status" "exit status of the peer"
}

# peer_plays ACTION...: start peer.py, which plays these to one connection. $ADDRESS is where, $PEER_OUT what it
# prints after its port.
peer_plays() {
	start python3 -IS "$TOP/tests/bats/peer.py" listen "$@"
	PEER_OUT=$PID_OUT
	wait_for_line "$PEER_OUT" '^[0-9]+$' || return
	# shellcheck disable=SC2034 # for the tests
	ADDRESS=127.0.0.1:$REPLY
}

# big_writes: $WRITES, steps that queue 1.5 MB and never wait.
big_writes() {
	local text
	printf -v text '%0100000d' 0
	WRITES=()
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		WRITES+=(write "$text")
	done
}

# harness SCRIPT ARGUMENT...: run a Python script that runs liu itself. capture it to look at the result.
harness() {
	timeout -k 5 "$((2 * LIU_TIMEOUT))" python3 -IS -c "$PEER_PRELUDE
import subprocess
LIU = os.environ[\"LIU\"]
$1" "${@:2}"
}
export LIU

# What harness needs to run liu with a terminal as its standard output and standard error, and to print what is
# shown there. Words in front, stdout=FILE and stderr=FILE, say where else one of them goes.
TERMINAL='
import pty, termios
master, slave = pty.openpty()
mode = termios.tcgetattr(slave)
mode[1] &= ~termios.OPOST
termios.tcsetattr(slave, termios.TCSANOW, mode)
words = sys.argv[1:]
to = {"stdout": slave, "stderr": slave}
while "=" in words[0]:
	name, path = words.pop(0).split("=")
	to[name] = os.open(path, os.O_WRONLY | os.O_CREAT)
p = subprocess.Popen([LIU] + words, stdin=subprocess.DEVNULL, **to)
os.close(slave)
while True:
	try: data = os.read(master, 4096)
	except OSError: break
	if not data: break
	os.write(1, data)
sys.exit(p.wait())'

# on_terminal [stdout=FILE] [stderr=FILE] WORD...: capture liu on a terminal; what is shown is in $OUT.
on_terminal() {
	capture harness "$TERMINAL" "$@"
}
