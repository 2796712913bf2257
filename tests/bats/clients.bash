# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2154 # status is of helpers.bash
# clients.bash: the clients of a listener, in Python, for the files about listen and echo.

# What every script of clients begins with, after PYTHON_PRELUDE: dial() connects to the port that is the first
# argument, got(c, n) receives exactly n bytes, silent(c) that nothing comes for a while, refused() that the
# listener has gone.
CLIENTS_PRELUDE=$PYTHON_PRELUDE'
import errno, selectors
PORT = int(sys.argv[1] or 0)
DEADLINE = float(os.environ.get("LIU_TIMEOUT", 20))
def dial(host="127.0.0.1", port=None):
    c = socket.create_connection((host, port or PORT), timeout=DEADLINE)
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return c
def dial_unix(path):
    c = socket.socket(socket.AF_UNIX)
    c.settimeout(DEADLINE)
    c.connect(path)
    return c
def got(c, n):
    data = bytearray()
    while len(data) < n:
        piece = c.recv(n - len(data))
        if not piece:
            break
        data += piece
    return bytes(data)
def silent(c, seconds=0.15):
    return not select.select([c], [], [], seconds)[0]
def until(met):
    end = time.monotonic() + DEADLINE
    while not met():
        if time.monotonic() > end:
            sys.exit("still not")
        select.select([], [], [], 0.02)
def refused(host="127.0.0.1"):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            socket.create_connection((host, PORT), timeout=DEADLINE).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass
        select.select([], [], [], 0.02)
    return False
def ends(c):
    """How: with an end, or with a reset."""
    try:
        return "end" if c.recv(1) == b"" else "more"
    except ConnectionResetError:
        return "reset"
def name(c):
    return "%s:%d" % c.getsockname()[:2]
def same(expected, actual):
    if expected != actual:
        sys.exit("expected %.200r\nactual   %.200r" % (expected, actual))
'

# clients SCRIPT [ARGUMENT...]: run a script with $PORT as its first argument; it must succeed without
# a word on standard error. What it prints is in $SAID.
clients() {
	SAID=$BATS_TEST_TMPDIR/said
	LIU_TIMEOUT=$LIU_TIMEOUT timeout -k 5 "$((2 * LIU_TIMEOUT))" \
		python3 -IS -c "$CLIENTS_PRELUDE$1" "${PORT:-0}" "${@:2}" >"$SAID" 2>"$SAID.err" </dev/null 3>&- ||
		fail "--- the clients failed ($?) ---" "$(cat "$SAID" "$SAID.err")" \
			"--- the server said ---" "$(cat "${SERVER_ERR:-/dev/null}")" || return
	[ ! -s "$SAID.err" ] || fail "$(cat "$SAID.err")"
}

# early_clients SCRIPT [ARGUMENT...]: start a script before its listener, which writes the file $EARLY
# (--address-file): for a listener that does not wait for Python. dial_to_the_end(data) dials and sends that
# again and again, until nothing listens any more.
early_clients() {
	EARLY=$BATS_TEST_TMPDIR/early
	rm -f "$EARLY"
	start python3 -IS -c "$CLIENTS_PRELUDE"'
def dial_to_the_end(data):
	end = time.monotonic() + DEADLINE
	while time.monotonic() < end:
		try: c = dial(); c.sendall(data)
		except OSError: return
		select.select([c], [], [], 0.02); c.close()
	sys.exit("still listening")
print("begun", flush=True)
until(lambda: os.path.exists(sys.argv[2])); PORT = int(open(sys.argv[2]).read().rsplit(":", 1)[1])
'"$1" 0 "$EARLY" "${@:2}"
	EARLY_CLIENTS=$PID EARLY_ERR=$PID_ERR
	wait_for_line "$PID_OUT" begun
}

# early_clients_end: they have succeeded, without a word on standard error.
early_clients_end() {
	wait_exit "$EARLY_CLIENTS" && is "$EARLY_ERR" 'what the clients say' '' &&
		assert_equal 0 "$status" 'exit status of the clients'
}

# said N: line N of what the clients printed.
said() {
	sed -n "$1p" "$SAID"
}

# server_said TEXT: the whole standard error of $SERVER, after its first line, which says where it
# listens. A line about a connection comes when the peer has ended too.
server_said() {
	local expected="listening on $ADDRESS" newlines
	[ -z "$1" ] || expected+=$'\n'$1
	newlines=${expected//[!$'\n']/}
	wait_until has_lines "$SERVER_ERR" $((${#newlines} + 1)) || :
	is "$SERVER_ERR" 'standard error of the server' "$expected"
}

# ends WANTED: the server ends by itself with this status.
ends() {
	wait_exit "$SERVER" || return
	assert_equal "$1" "$status" 'exit status of the server' || fail "$(cat "$SERVER_ERR")"
}

# limited N [-S|-H]: a program that is liu with that limit on descriptors.
limited() {
	LIMITED=$BATS_TEST_TMPDIR/limited
	printf '#!/bin/sh\nulimit %s %s && exec "%s" "$@"\n' "${2:--n}" "$1" "$LIU" >"$LIMITED"
	chmod +x "$LIMITED"
}
