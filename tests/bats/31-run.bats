#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 31-run: --run, a listener for as long as a command runs.

load helpers
load clients
load peer

# run_it OPTION... COMMAND: liu echo on a port of 127.0.0.1 with --run.
run_it() {
	run_liu echo "${@:1:$#-1}" 127.0.0.1:0 --run "${!#}"
}

# --- What it gets ----------------------------------------------------------------

@test "a client in the command is never refused, and liu ends with it" {
	export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 # which would double the time
	capture timeout "$((5 * LIU_TIMEOUT))" sh -c 'for i in $(seq 250); do
	"$0" echo -q --run "exec \"$0\" connect \"\$LIU_ADDRESS\" writeline \"\$0\" readline" || exit
done' "$LIU"
	assert_status 0
	assert_error_is ''
	assert_output_is - < <(printf 'sh\n%.0s' {1..250})
}

# addresses ADDRESS: what the command is told, with the port as PORT.
addresses() {
	run_liu echo -q "$@" --run 'echo "$LIU_ADDRESS|${LIU_HOST-unset}|${LIU_PORT-unset}|${LIU_PIN-unset}" |
		sed "s/${LIU_PORT:-none}/PORT/g"'
	assert_status 0
	TOLD=$(cat "$OUT")
}

@test "LIU_ADDRESS, LIU_HOST and LIU_PORT are what a client can reach" {
	export LIU_HOST=stale LIU_PORT=stale LIU_PIN=stale
	addresses
	assert_equal '127.0.0.1:PORT|127.0.0.1|PORT|unset' "$TOLD"
	addresses :0
	assert_equal '127.0.0.1:PORT|127.0.0.1|PORT|unset' "$TOLD"
	addresses "unix:$BATS_TEST_TMPDIR/s" --address 127.0.0.1:0
	assert_equal "unix:$BATS_TEST_TMPDIR/s|unset|unset|unset" "$TOLD"
	need_ipv6
	local words
	for words in '-6 :0' '[::]:0' '[::1]:0'; do
		# shellcheck disable=SC2086 # words by intention
		addresses $words
		assert_equal '[::1]:PORT|::1|PORT|unset' "$TOLD" "$words"
	done
}

@test "LIU_PIN is the pin of the self-signed certificate" {
	addresses tls:127.0.0.1:0
	[[ $TOLD =~ ^tls:127\.0\.0\.1:PORT\|127\.0\.0\.1\|PORT\|sha256:[0-9a-f]{64}$ ]] || fail "$TOLD"
	run_liu echo -q tls::0 --run '"$LIU" connect --pin "$LIU_PIN" "$LIU_ADDRESS" writeline hello readline'
	assert_error_is ''
	assert_output_is hello
}

@test "the command has liu's standard descriptors and its process group, and no other descriptor" {
	printf 'from standard input\n' >"$BATS_TEST_TMPDIR/in"
	capture harness '
r, w = os.pipe()
os.set_blocking(w, False)
try:
	while True: os.write(w, b"x" * 4096)
except BlockingIOError: pass
liu = subprocess.run([LIU, "echo", "127.0.0.1:0", "--ready-fd", str(w), "--run", "cat; set -- $(cat /proc/$$/stat); echo $5 >&2; exec ls /proc/self/fd"],
	stdin=open(sys.argv[1]), stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[w], process_group=0 if sys.version_info >= (3, 11) else None)
print(liu.returncode, liu.stdout.split(b"\n")[:-1], len(liu.stderr.split(b"\n")[1]) > 0)' "$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_is "0 [b'from standard input', b'0', b'1', b'2', b'3'] True"
	run_it 'set -- $(cat /proc/$$/stat); group=$5; set -- $(cat /proc/$PPID/stat); test $group = $5 && echo same'
	assert_output_is same
}

@test "the command comes after the ready line and the address file" {
	run_it --address-file "$BATS_TEST_TMPDIR/ready" 'echo command >&2; cat '"$BATS_TEST_TMPDIR/ready"
	assert_status 0
	sed 's/:[0-9]*$/:PORT/' "$ERR" >"$BATS_TEST_TMPDIR/said"
	is "$BATS_TEST_TMPDIR/said" 'standard error' $'listening on 127.0.0.1:PORT\ncommand'
	assert_equal "$(sed -n 's/^listening on //p' "$ERR")" "$(cat "$OUT")"
	[ ! -e "$BATS_TEST_TMPDIR/ready" ]
}

# --- Its end is liu's ------------------------------------------------------------

@test "liu exits with the status of the command" {
	local row
	for row in 'exit 0|0' 'exit 3|3' '/no/such 2>&-|127' 'kill -KILL $$|137' 'kill -TERM $$|143'; do
		run_it -q "${row%|*}"
		assert_status "${row#*|}"
		assert_error_is ''
	done
}

@test "if that is 0, with the status of the first connection that failed; probes do not count" {
	local row
	for row in 'exit 0|7' 'exit 3|3'; do
		capture "$LIU" listen -q 127.0.0.1:0 --run "
			\"\$LIU\" connect \"\$LIU_ADDRESS\" close &&
			\"\$LIU\" connect \"\$LIU_ADDRESS\" writeline fine &&
			\"\$LIU\" connect \"\$LIU_ADDRESS\" write 'no line end, and' write-eof read;
			${row%|*}" readline readexactly 1 </dev/null
		assert_status "${row#*|}"
	done
	run_liu listen -q 127.0.0.1:0 --run '"$LIU" connect "$LIU_ADDRESS" close' readline
	assert_status 0
	assert_error_is ''
}

@test "--accept N: liu ends with the command, and listens no more after N" {
	run_it -q --accept 1 '"$LIU" connect "$LIU_ADDRESS" writeline one readline
		while "$LIU" connect -q "$LIU_ADDRESS" close 2>&-; do :; done; echo refused; exit 4'
	assert_status 4
	assert_output_is $'one\nrefused'
}

@test "connections under way get --close-timeout when the command has exited" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	start_liu listen --close-timeout 20 127.0.0.1:0 --run 'read line <'"$BATS_TEST_TMPDIR/fifo"'; exit 5' \
		write ready read
	clients 'c = dial(); same(b"ready", got(c, 5)); open(sys.argv[2], "w").write("\n")
until(lambda: b"finishing" in open(sys.argv[3], "rb").read()); c.sendall(b"late"); c.close()' \
		"$BATS_TEST_TMPDIR/fifo" "$SERVER_ERR"
	ends 5
	is_bytes "$SERVER_OUT" 'standard output' late
	server_said 'liu: finishing 1 connection, send SIGTERM to stop now'
}

@test "a command of exec that is ended then has not failed" {
	local ends
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for ends in 'sleep 60' 'trap "exit 3" TERM; sleep 60 & wait'; do
		start_liu listen 127.0.0.1:0 --run 'read line <'"$BATS_TEST_TMPDIR/fifo" exec "echo ready; $ends"
		clients 'c = dial(); same(b"ready\n", got(c, 6)); open(sys.argv[2], "w").write("\n"); same("reset", ends(c))' \
			"$BATS_TEST_TMPDIR/fifo"
		ends 0
		server_said 'liu: finishing 1 connection, send SIGTERM to stop now'
	done
}

# --- Signals ---------------------------------------------------------------------

@test "SIGTERM is passed on, and liu dies of it once the command has exited" {
	start_liu echo 127.0.0.1:0 --run 'trap "echo got TERM; exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	wait_for_line "$SERVER_OUT" ready
	stop "$SERVER"
	assert_equal 143 "$status"
	is "$SERVER_OUT" 'standard output' $'ready\ngot TERM'
}

@test "a command that ignores SIGTERM gets SIGKILL after --close-timeout, or with the second signal" {
	local limit
	for limit in 0.2 60; do
		start_liu echo -vvv --close-timeout $limit 127.0.0.1:0 --run 'trap "" TERM; echo $$; while :; do sleep 0.1; done'
		wait_for_line "$SERVER_OUT" '^[0-9]+$'
		pid=$REPLY
		kill "$SERVER"
		[ $limit = 0.2 ] || {
			wait_for_line "$SERVER_ERR" 'server: accepting -> finishing'
			kill -0 "$SERVER"
			kill "$SERVER"
		}
		wait_exit "$SERVER" 5
		assert_equal 143 "$status"
		is_gone "$pid"
	done
}

# A shell starts what is in the background with SIGINT ignored.
@test "SIGINT is the command's: passed on, and liu goes on until it ends" {
	capture harness '
liu = subprocess.Popen([LIU, "echo", "-q", "127.0.0.1:0", "--run", "trap \"echo INT\" INT; trap \"exit 6\" TERM; echo ready; while :; do sleep 0.05; done"],
	stdout=subprocess.PIPE, text=True, start_new_session=True)
liu.stdout.readline()
for i in range(3):
	liu.send_signal(signal.SIGINT)
	print(liu.stdout.readline().strip())
liu.send_signal(signal.SIGTERM)
print(liu.wait(20))
liu = subprocess.Popen([LIU, "echo", "-q", "127.0.0.1:0", "--run", "echo ready; exec sleep 60"], stdout=subprocess.PIPE, text=True, start_new_session=True)
liu.stdout.readline()
liu.send_signal(signal.SIGINT)
print(liu.wait(20))'
	assert_status 0
	assert_output_is $'INT\nINT\nINT\n-15\n-2'
}

@test "SIGINT after SIGTERM ends everything at once" {
	capture harness '
liu = subprocess.Popen([LIU, "echo", "-q", "--close-timeout", "60", "127.0.0.1:0", "--run", "trap \"\" INT; trap \"echo TERM\" TERM; echo ready; while :; do sleep 0.05; done"],
	stdout=subprocess.PIPE, text=True, start_new_session=True)
print(liu.stdout.readline().strip())
liu.send_signal(signal.SIGTERM)
print(liu.stdout.readline().strip())
liu.send_signal(signal.SIGINT)
print(liu.wait(20))'
	assert_status 0
	assert_output_is $'ready\nTERM\n-2'
}

@test "the terminal's SIGINT reaches the command once" {
	export COUNT='from signal import *
import sys
pthread_sigmask(SIG_BLOCK, {SIGINT})
print("ready", flush=True)
wait = 20
while sigtimedwait({SIGINT}, wait):
	print("INT", flush=True)
	wait = 0.5
print("end", flush=True)
sys.exit(4)'
	capture harness '
import pty
pid, terminal = pty.fork()
if pid == 0:
	os.execv(LIU, [LIU, "echo", "-q", "127.0.0.1:0", "--run", "exec python3 -IS -c \"$COUNT\""])
said = b""
while b"ready" not in said: said += os.read(terminal, 1000)
os.kill(pid, signal.SIGSTOP) # two at a time would look like one
os.write(terminal, b"\3")
while b"INT" not in said: said += os.read(terminal, 1000)
os.kill(pid, signal.SIGCONT)
try:
	while b"end" not in said: said += os.read(terminal, 1000)
except OSError: pass
print(said.count(b"INT"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))'
	assert_status 0
	assert_output_is '1 4'
}

@test "SIGHUP ends liu and the command" {
	start_liu echo 127.0.0.1:0 --run 'trap "echo got TERM; exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	wait_for_line "$SERVER_OUT" ready
	stop "$SERVER" HUP
	assert_equal 129 "$status"
	has_line "$SERVER_OUT" 'got TERM'
}

# --- What cannot work ------------------------------------------------------------

@test "--run without a command, with a step that reads standard input, with a connected fd: exit 2" {
	run_liu echo --run ''
	assert_status 2
	assert_error_is 'liu: --run: the argument is empty (see: liu echo --help)'
	run_liu listen 0 --run
	assert_status 2
	assert_error_is 'liu: --run needs an argument: COMMAND (see: liu listen --help)'
	run_liu listen 0 --run true
	assert_status 2
	assert_error_is "liu: 'relay', as no step is given, reads standard input, which the command of --run has (see: liu listen --help)"
	run_liu listen --run true 0 writefile -
	assert_status 2
	assert_error_is "liu: 'writefile -' reads standard input, which the command of --run has (see: liu listen --help)"
	run_liu echo --run true --accept-timeout 3
	assert_status 2
	assert_error_is 'liu: --run and --accept-timeout exclude each other (see: liu echo --help)'
	run_liu connect 80 --run true
	assert_status 2
	assert_error_is 'liu: --run is not an option of connect (only of listen and echo) (see: liu connect --help)'
	run_liu listen -q --recv-only --run true 127.0.0.1:0
	assert_status 0
}

@test "--run: the command does not start when an address cannot be bound or /bin/sh is missing" {
	refused_port
	run_liu echo "127.0.0.1:$REFUSED" --no-reuse-addr --run 'echo run'
	assert_status 4
	assert_output_is ''
	local shell
	shell=$(readlink -f /bin/sh)
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip 'only root can mount'
	[[ $shell != *bash ]] || skip 'bash is needed below'
	capture unshare -m bash -c 'mount --bind /dev/null "$0" && exec "$@"' "$shell" "$LIU" echo -q --run true
	assert_status 11
	assert_error_is 'liu: --run: cannot start /bin/sh: permission denied'
}
