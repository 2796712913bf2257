# shellcheck shell=bash disable=SC2034 # variables are for the tests
# SPDX-License-Identifier: ISC
# timing.bash: for the files about limits, signals and ends. Load it after helpers and peer.

# timed ARGUMENT...: run_liu, and how long it took: $TOOK, milliseconds.
timed() {
	TOOK=$(now_ms)
	run_liu "$@"
	TOOK=$(($(now_ms) - TOOK))
}

# took MIN [MAX]: it took at least MIN milliseconds, and less than MAX (generous: 8 s). libevent's clock is a
# coarse one, by which a timer may fire some milliseconds early.
took() {
	[ "$TOOK" -ge $(($1 - 10)) ] && [ "$TOOK" -lt "${2:-8000}" ] && return
	fail "--- took $TOOK ms, not $1 to ${2:-8000} ---"
}

# A listener whose backlog is full takes no more: a black hole. full_backlog [HOST]; $FULL is its port.
full_backlog() {
	start python3 -IS -c "$PEER_PRELUDE"'
s = listen(0, sys.argv[1])
held = []
while True:
	c = socket.socket(s.family)
	c.setblocking(False)
	c.connect_ex(s.getsockname())
	held.append(c)
	if not select.select([], [c], [], 0.3)[1]: break
ready(s)
signal.pause()' "${1:-127.0.0.1}"
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	FULL=$REPLY
}

# A peer that accepts, sends nothing, reads nothing and stays.
silent_peer() {
	peer 'small(s)
c = [accept()]
while True: c.append(accept())'
}

# A peer that sends a byte now and then, to each connection after the other.
DRIPS='
while True:
	c = accept()
	try:
		while True:
			c.sendall(b".")
			wait(0.05)
	except OSError: pass'
