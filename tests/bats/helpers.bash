# shellcheck shell=bash disable=SC2034 # variables are for the tests
# SPDX-License-Identifier: ISC
# helpers.bash: what every bats file uses. First line of each: load helpers (interop: load ../bats/helpers)
#
# Nothing here waits without a deadline, and nothing sleeps for a time that is only likely to be long
# enough. A test that starts something needs no teardown of its own: stop_all does it. A file that has
# a setup calls trace_the_test_alone in it, one that has a teardown calls stop_all.
#
# A program started costs a thousand times what a builtin does, and there are thousands of assertions: what
# they do when nothing is wrong, they do in bash itself.

# absolute PATH: set $REPLY to it as seen from everywhere. Each test loads this file: it forks nothing.
absolute() {
	REPLY=$1
	case $1 in
	/*) ;;
	*) REPLY=$PWD/$1 ;;
	esac
}

# The program under test; make passes it.
absolute "${LIU_PROGRAM:-${LIU:-${BATS_TEST_DIRNAME:-.}/../../liu}}"
LIU=$REPLY
LIU_PROGRAM=$LIU
# The tree with the sources.
absolute "${srcdir:-${BATS_TEST_DIRNAME:-.}/../..}"
TOP=$REPLY

# By itself liu takes the fastest pump. A file NAME-buffered.bats is a link to NAME.bats: the tests tagged
# `pump` with the buffered one. Tag the tests that read, writefile or relay. (By hand:
# bats --filter-tags pump NAME-buffered.bats)
case ${BATS_TEST_FILENAME-} in
*-buffered.bats) LIU_PUMP=buffered ;;
esac
if [ -n "${LIU_PUMP-}" ]; then
	export LIU_PUMP LIU_PROGRAM
	LIU=$TOP/tests/bats/with-pump
fi

# Seconds for whatever is waited for, and for a whole test: bats ends what hangs in it.
LIU_TIMEOUT=${LIU_TIMEOUT:-20}
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT-120}
# Sanitizers: a report must not pass for one of liu's own exit statuses.
export ASAN_OPTIONS=${ASAN_OPTIONS-exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-exitcode=99:print_stacktrace=1}
# What the caller's surroundings would change.
unset NO_COLOR SSLKEYLOGFILE NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_FDNAMES
export LC_ALL=C.UTF-8

STARTED=() # the process ids of what runs in the background

setup() {
	trace_the_test_alone
}

# trace_the_test_alone: bats runs a function before each command, to know the place of the one that fails.
# Leave that to the commands of the test itself: half of the processor time went there. In the functions
# which it calls the place is noted when something has failed.
trace_the_test_alone() {
	set +T
	trap 'bats_error_trap; trap - DEBUG; note_place' ERR
}

# One function more: bats_capture_stack_trace takes no notice of its caller.
note_place() {
	bats_capture_stack_trace
}

# Three functions of bats, made cheaper. Its watchdog is a shell with a sleep. The sleep outlives a test that ends
# before the shell has set its trap, and holds the output open. This one is a single process without a trap, which
# SIGKILL ends at any moment. Descriptors 3 and 4 are the output.
bats_start_timeout_countdown() {
	local test=$$
	nothing_ever
	trap 'bats_timeout_trap' ABRT
	(
		read -r -t "$1" <>"$REPLY" || :
		kill -ABRT "$test" && pkill -P "$test"
	) >/dev/null 2>&1 3>&- 4>&- &
	disown
}

# Up to 1.12 the process is an argument.
bats_abort_timeout_countdown() {
	kill -KILL "${1:-$BATS_killer_pid}" 2>/dev/null || :
}

# From 1.10 on the result goes to the variable that is named.
get_mills_since_epoch() {
	local ms=$((${EPOCHREALTIME/./} / 1000))
	if [ $# -gt 0 ]; then printf -v "$1" %d "$ms"; else echo "$ms"; fi
}

teardown() {
	stop_all
}

# --- Running -------------------------------------------------------------------

liu() {
	"$LIU" "$@"
}

# capture COMMAND...: run it. $status is its exit status; its output is, to the byte, in the files $OUT
# and $ERR. Standard input is the caller's: capture "$LIU" connect ... <file
capture() {
	OUT=$BATS_TEST_TMPDIR/out
	ERR=$BATS_TEST_TMPDIR/err
	status=0
	"$@" >"$OUT" 2>"$ERR" 3>&- || status=$?
}

# step_names: "write, writeline, ... or abort", as an unknown step is answered.
step_names() {
	liu help --table | awk -F '\t' '$1 == "step" {
		names = names separator last
		separator = last == "" ? "" : ", "
		last = $2
	} END { print names " or " last }'
}

# run_liu ARGUMENT...: capture "$LIU", with an empty standard input unless one is redirected to it.
run_liu() {
	if [ -p /dev/stdin ] || [ -f /dev/stdin ] || [ -S /dev/stdin ]; then
		capture "$LIU" "$@"
	else
		capture "$LIU" "$@" </dev/null
	fi
}

# --- Comparing -----------------------------------------------------------------

# fail TEXT...: say why and fail the test.
fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# same EXPECTED-FILE ACTUAL-FILE WHAT: equal to the byte, else show both.
same() {
	cmp -s -- "$1" "$2" && return
	{
		printf -- '--- %s expected ---\n' "$3"
		cat -A -- "$1"
		printf -- '\n--- %s actual ---\n' "$3"
		cat -A -- "$2"
		printf -- '\n---\n'
	} >&2
	return 1
}

# is FILE WHAT TEXT: FILE holds TEXT and a newline; nothing at all for an empty TEXT. With `-` for TEXT it
# holds what standard input has, to the byte; `-` for FILE is standard input.
is() {
	local file=$1
	if [ "$file" = - ]; then
		file=$BATS_TEST_TMPDIR/actual
		cat >"$file"
	fi
	if [ "$3" = - ]; then
		cat >"$BATS_TEST_TMPDIR/expected"
		same "$BATS_TEST_TMPDIR/expected" "$file" "$2"
	else
		is_bytes "$file" "$2" "${3:+$3$'\n'}"
	fi
}

# is_bytes FILE WHAT TEXT: FILE holds TEXT and nothing else.
is_bytes() {
	local actual
	# A NUL, which no variable can hold, ends the reading with success.
	{ ! IFS= read -r -d '' actual; } <"$1" && [ "$actual" = "$3" ] && return
	printf '%s' "$3" >"$BATS_TEST_TMPDIR/expected"
	same "$BATS_TEST_TMPDIR/expected" "$1" "$2"
}

# has_text FILE TEXT: TEXT is somewhere in it.
has_text() {
	local part
	while IFS= read -r -d '' part || [ -n "$part" ]; do
		[[ $part != *"$2"* ]] || return 0
	done <"$1"
	return 1
}

# assert_status N: what the last capture ended with.
assert_status() {
	[ "$status" -eq "$1" ] && return
	echo "--- exit status: expected $1, actual $status ---" >&2
	show_captured
	return 1
}

# assert_output_is TEXT|-, assert_error_is TEXT|-: the whole output of the last capture.
assert_output_is() {
	is "$OUT" 'standard output' "$1" || { show_captured; return 1; }
}

assert_error_is() {
	is "$ERR" 'standard error' "$1" || { show_captured; return 1; }
}

# assert_output_bytes TEXT, assert_error_bytes TEXT: the same without a newline after it: $'a\r\nb'.
assert_output_bytes() {
	is_bytes "$OUT" 'standard output' "$1" || { show_captured; return 1; }
}

assert_error_bytes() {
	is_bytes "$ERR" 'standard error' "$1" || { show_captured; return 1; }
}

# assert_output_has TEXT, assert_error_has TEXT: TEXT is somewhere in it. Where the whole is known,
# compare the whole.
assert_output_has() {
	has_text "$OUT" "$1" && return
	echo "--- standard output lacks: $1" >&2
	show_captured
	return 1
}

assert_error_has() {
	has_text "$ERR" "$1" && return
	echo "--- standard error lacks: $1" >&2
	show_captured
	return 1
}

# assert_usage_error MESSAGE COMMAND WORD...: run this command line: it exits with 2, and all it prints is
# MESSAGE, with a pointer to the help of COMMAND.
assert_usage_error() {
	local message=$1
	shift
	run_liu "$@"
	assert_status 2 && assert_output_is '' && assert_error_is "liu: $message (see: liu $1 --help)" && return
	fail "of: liu $*"
}

# assert_equal EXPECTED ACTUAL [WHAT]: two strings.
assert_equal() {
	[ "$1" = "$2" ] && return
	fail "--- ${3:-value} ---" "expected: $1" "actual:   $2"
}

show_captured() {
	{
		echo "--- standard output ---"
		head -c 4000 -- "$OUT"
		echo "--- standard error ---"
		head -c 4000 -- "$ERR"
		echo "---"
	} >&2
}

# --- Waiting -------------------------------------------------------------------

# What is polled forks nothing: a test that waits takes no processor time from the others.

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# pause [SECONDS]: let them pass (0.01): a read that nothing ever answers. For a moment between two looks,
# and for what must not happen meanwhile.
pause() {
	nothing_ever
	read -r -t "${1:-0.01}" <>"$REPLY" || :
}

# nothing_ever: set $REPLY to a file that never has anything to read.
nothing_ever() {
	REPLY=$BATS_FILE_TMPDIR/never
	[ -p "$REPLY" ] || mkfifo "$REPLY" 2>/dev/null || [ -p "$REPLY" ]
}

# wait_until [-t SECONDS] COMMAND...: until COMMAND succeeds; fails when the time is over.
wait_until() {
	local seconds=$LIU_TIMEOUT end
	if [ "$1" = -t ]; then
		seconds=$2
		shift 2
	fi
	end=$((${EPOCHREALTIME/./} + seconds * 1000000))
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || fail "still not after $seconds s: $*" || return
		pause
	done
}

# wait_for_line FILE REGEX [SECONDS]: until FILE has a line that matches, which is in $REPLY.
wait_for_line() {
	wait_until -t "${3:-$LIU_TIMEOUT}" has_line "$1" "$2" && return
	fail "--- $1 has no line that matches $2 ---" "$(cat -A -- "$1")"
}

# has_line FILE REGEX: set $REPLY to the first line of FILE that matches; fails while there is none.
has_line() {
	[ -e "$1" ] || return
	while read -r || [ -n "$REPLY" ]; do
		[[ ! $REPLY =~ $2 ]] || return 0
	done <"$1"
	return 1
}

# has_lines FILE N: it has so many lines, or more.
has_lines() {
	local lines
	mapfile -t lines <"$1"
	[ "${#lines[@]}" -ge "$2" ]
}

# has_size FILE N: it has exactly so many bytes.
has_size() {
	[ "$(stat -c %s -- "$1")" -eq "$2" ]
}

# is_gone PID: it has ended, though its parent may not have waited for it yet. Fails without a PID: a test
# may have lost it.
is_gone() {
	local stat
	[ -n "$1" ] || return
	kill -0 "$1" 2>/dev/null || return 0
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	stat=${stat##*) } # the name before it may hold anything
	[ "${stat:0:1}" = Z ]
}

# wait_exit PID [SECONDS]: until a process started here ends; $status is its exit status.
wait_exit() {
	wait_until -t "${2:-$LIU_TIMEOUT}" is_gone "$1" || return
	status=0
	wait "$1" || status=$?
}

# --- In the background -----------------------------------------------------------

# start COMMAND...: run it in the background. $PID is its process, its output goes to the files
# $PID_OUT and $PID_ERR, its standard input comes from $STDIN (/dev/null).
start() {
	local n=${#STARTED[@]}
	PID_OUT=$BATS_TEST_TMPDIR/start-$n.out
	PID_ERR=$BATS_TEST_TMPDIR/start-$n.err
	# Empty the files here: after a start in a subshell they may hold what the one before has said.
	: >"$PID_OUT" 2>"$PID_ERR"
	# bats waits until its descriptor 3 is closed everywhere.
	"$@" <"${STDIN:-/dev/null}" >"$PID_OUT" 2>"$PID_ERR" 3>&- &
	PID=$!
	STARTED+=("$PID")
}

# start_liu ARGUMENT...: start a liu that listens and wait for its ready line. $SERVER is its process,
# $SERVER_OUT and $SERVER_ERR are its output, $ADDRESS is what the first ready line names, $PORT its
# port (empty for a Unix socket). A second one overwrites them all: keep what is needed.
start_liu() {
	start "$LIU" "$@"
	SERVER=$PID
	SERVER_OUT=$PID_OUT
	SERVER_ERR=$PID_ERR
	wait_until is_ready || return
	has_line "$SERVER_ERR" '^listening on ' ||
		fail "--- no ready line from: liu $* ---" "$(cat -A -- "$SERVER_ERR")" || return
	ADDRESS=${REPLY#listening on }
	case $ADDRESS in
	*unix:*) PORT= ;;
	*) PORT=${ADDRESS##*:} ;;
	esac
}

is_ready() {
	has_line "$SERVER_ERR" '^listening on ' || is_gone "$SERVER"
}

# stop PID [SIGNAL]: end it and wait; $status is its exit status. No deadline is passed: after
# LIU_TIMEOUT it is killed, and that is a failure.
stop() {
	kill "-${2:-TERM}" "$1" 2>/dev/null || :
	wait_exit "$1" && return
	kill -KILL "$1" 2>/dev/null || :
	wait "$1" || :
	return 1
}

# stop_all: end whatever start has started, at once.
stop_all() {
	local pid
	for pid in ${STARTED[@]+"${STARTED[@]}"}; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	for pid in ${STARTED[@]+"${STARTED[@]}"}; do
		wait "$pid" 2>/dev/null || :
	done
	STARTED=()
}

# keep_nothing_freed: AddressSanitizer keeps 256 MB of freed memory otherwise.
keep_nothing_freed() {
	export ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1
}

# small_memory PID: its largest size so far is far below what has gone through it.
small_memory() {
	local kib
	kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$1/status")
	[ "$kib" -lt $((100 * 1024)) ] || fail "$kib KiB of memory"
}

# need PROGRAM...: skip the test where one is missing.
need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# need_ipv6: skip the test unless ::1 is an address of this machine.
need_ipv6() {
	has_line /proc/net/if_inet6 '^0{31}1 ' || skip 'no IPv6'
}

# refused_port: a loopback port that refuses connections for as long as the test runs: bound, and
# never listening. $REFUSED is the port.
refused_port() {
	start python3 -IS -c 'import signal, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); signal.pause()'
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	REFUSED=$REPLY
}

# --- Python ----------------------------------------------------------------------

# What the scripts of clients.bash and peer.bash begin with: rest(c) receives all up to the end, reset(c) closes
# with a reset.
PYTHON_PRELUDE='
import os, select, signal, socket, struct, sys, time
def rest(c):
    data = bytearray()
    while True:
        piece = c.recv(1 << 16)
        if not piece:
            return bytes(data)
        data += piece
def descriptors(pid):
    """What each is: "socket:[1]", "pipe:[2]", a path. Some are closed while they are listed."""
    links = []
    for number in os.listdir("/proc/%d/fd" % pid):
        try: links.append(os.readlink("/proc/%d/fd/%s" % (pid, number)))
        except FileNotFoundError: pass
    return links
def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()
'

# --- Certificates ----------------------------------------------------------------

# make_certs [NAME...]: once per file, in $CERTS: ca.pem (trust this one), server.pem and server.key
# (localhost, 127.0.0.1, ::1), and the same of each NAME: expired (the same names), other (other.example),
# client.
make_certs() {
	CERTS=$BATS_FILE_TMPDIR/certs
	[ -e "$CERTS/complete" ] && return
	mkdir -p "$CERTS"
	(
		set -e
		cd "$CERTS"
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
			-subj '/CN=liu test CA' -keyout ca.key -out ca.pem
		: >index.txt
		printf '[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes
default_md = sha256\npolicy = p\nunique_subject = no\ncopy_extensions = copy\n[p]\ncommonName = supplied\n' >ca.cnf
		own=DNS:localhost,IP:127.0.0.1,IP:::1
		for name in server "$@"; do
			case $name in
			server) make_cert server localhost "$own" 20200101000000Z 20991231235959Z ;;
			expired) make_cert expired localhost "$own" 20200101000000Z 20200201000000Z ;;
			other) make_cert other other.example DNS:other.example 20200101000000Z 20991231235959Z ;;
			client) make_cert client client DNS:client.example 20200101000000Z 20991231235959Z ;;
			esac
		done
		touch complete
	) >"$CERTS/log" 2>&1 || fail "$(cat "$CERTS/log")"
}

# make_cert FILE NAME ALTERNATIVE-NAMES FROM TO: within make_certs.
make_cert() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
		-addext "subjectAltName=$3" -keyout "$1.key" -out "$1.csr"
	openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key \
		-startdate "$4" -enddate "$5" -in "$1.csr" -out "$1.pem"
}
