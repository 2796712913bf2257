# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# programs.bash: for the files that run liu against other programs. Load it after ../bats/helpers.

# listening_port PID: the TCP port on which that process listens; fails while there is none.
listening_port() {
	local sockets port
	sockets=$(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null)
	port=$(sockets=$sockets awk '$4 == "0A" && index(ENVIRON["sockets"], "[" $10 "]") {
		split($2, local, ":"); print local[2]; exit }' /proc/net/tcp /proc/net/tcp6)
	[ -n "$port" ] || return
	echo $((16#$port))
}

listens_or_is_gone() {
	listening_port "$1" >/dev/null 2>&1 || is_gone "$1"
}

# start_server COMMAND...: start a program that listens on a port of the kernel's choice. $PEER is its
# process, $PEER_OUT and $PEER_ERR are its output, $PORT its port.
start_server() {
	start "$@"
	PEER=$PID
	PEER_OUT=$PID_OUT
	PEER_ERR=$PID_ERR
	wait_until listens_or_is_gone "$PEER" || return
	PORT=$(listening_port "$PEER") || fail "it does not listen: $*" "$(cat -A -- "$PEER_ERR")"
}

# free_port: one that was free a moment ago.
free_port() {
	python3 -IS -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_on_free_port FUNCTION [ARGUMENT...]: for programs that cannot do port 0. FUNCTION is called with a
# port that was free a moment ago and its arguments; it execs the program. Another port is tried when the
# program ends without having listened.
start_on_free_port() {
	local try
	for try in 1 2 3 4 5; do
		PORT=$(free_port)
		start "$1" "$PORT" "${@:2}"
		PEER=$PID
		PEER_OUT=$PID_OUT
		PEER_ERR=$PID_ERR
		wait_until listens_or_is_gone "$PEER" || return
		! listening_port "$PEER" >/dev/null || return 0
	done
	fail "it does not start ($try times): $*" "$(cat -A -- "$PEER_ERR" "$PEER_OUT")"
}

# start_on_path PATH COMMAND...: start a program that listens on a Unix socket, and wait for that.
start_on_path() {
	local path=$1
	start "${@:2}"
	PEER=$PID
	PEER_OUT=$PID_OUT
	PEER_ERR=$PID_ERR
	wait_until path_listens_or_is_gone "$path" || return
	path_listens "$path" || fail "it does not listen: ${*:2}" "$(cat -A -- "$PEER_ERR")"
}

path_listens() {
	# 00010000: the socket accepts connections.
	grep -qE "^[^ ]+ [0-9A-F]+ [0-9A-F]+ 00010000 .* $1\$" /proc/net/unix
}

path_listens_or_is_gone() {
	path_listens "$1" || is_gone "$PEER"
}

# peer_ended_well: what start has started last ends with exit status 0.
peer_ended_well() {
	wait_exit "$PEER" || return
	assert_equal 0 "$status" "the peer's exit status" || fail "$(cat -A -- "$PEER_ERR")"
}
