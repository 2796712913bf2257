#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2153 # scripts for other shells; PORT and SERVER are of helpers.bash
# 19-unix-ready: whose a socket file is, and how others learn that we listen.

load helpers
load clients

setup() {
	trace_the_test_alone
	cd "$BATS_TEST_TMPDIR" || return
}

# A socket file without a listener.
make_stale() {
	python3 -IS -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"
}

# answers PATH: the echo server there does.
answers() {
	run_liu connect "unix:$1" write 'hello\n' readline
	assert_status 0 || return
	assert_output_is hello || return
	assert_error_is ''
}

# --- What is in the way ----------------------------------------------------------------------

@test "a stale socket file is replaced" {
	local before
	make_stale s
	before=$(stat -c %i s)
	ln s other-name # so that the number is not given again
	start_liu echo ./s
	[ "$(stat -c %i s)" != "$before" ] || fail "it is the same file"
	answers s
	server_said ''
}

@test "the file of a listener that was killed is replaced" {
	start_liu echo ./s
	kill -KILL "$SERVER"
	wait_exit "$SERVER"
	[ -S s ] || fail "there is nothing to replace"
	start_liu echo ./s
	answers s
}

@test "a live socket is not touched" {
	local before
	start_liu echo ./s
	before=$(stat -c %i s)
	run_liu listen ./s readline
	assert_status 4
	assert_output_is ''
	assert_error_is 'liu: cannot listen on unix:./s: another process is already listening there'
	assert_equal "$before" "$(stat -c %i s)" 'the socket file'
	answers s
}

@test "a second start makes no connection to a live socket" {
	start_liu listen ./s readline
	run_liu listen ./s readline
	assert_status 4
	run_liu connect ./s write 'mine\n'
	assert_status 0
	wait_exit "$SERVER"
	assert_equal 0 "$status" 'exit status of the first'
	is "$SERVER_OUT" 'what the first got' mine
}

@test "a live socket with a full backlog is not touched" {
	local before
	start python3 -IS -c 'import socket, signal
s = socket.socket(socket.AF_UNIX); s.bind("s"); s.listen(0); waiting = []
while True:
	c = socket.socket(socket.AF_UNIX); c.setblocking(False)
	try: c.connect("s")
	except BlockingIOError: break
	waiting.append(c)
print("full", flush=True); signal.pause()'
	wait_for_line "$PID_OUT" full
	before=$(stat -c %i s)
	run_liu listen ./s readline
	assert_status 4
	assert_error_is 'liu: cannot listen on unix:./s: another process is already listening there'
	assert_equal "$before" "$(stat -c %i s)" 'the socket file'
}

@test "a file that is not a socket is never touched" {
	local name
	echo content >file
	mkdir directory
	mkfifo fifo
	ln -s nowhere dangling
	make_stale stale
	ln -s stale link
	for name in file directory fifo dangling link; do
		run_liu listen "./$name" readline
		assert_status 4 || fail "$name"
		assert_output_is ''
		assert_error_is "liu: cannot listen on unix:./$name: the file exists and is not a socket"
	done
	is file file content
	[ -d directory ] && [ -p fifo ] && [ -L dangling ] && [ -L link ] && [ -S stale ] && [ ! -e nowhere ]
}

@test "a socket of another kind is not touched" {
	start python3 -IS -c 'import socket, signal
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("s"); print("bound", flush=True); signal.pause()'
	wait_for_line "$PID_OUT" bound
	run_liu listen ./s readline
	assert_status 4
	assert_error_is 'liu: cannot listen on unix:./s: another process has a socket of another kind there'
	[ -S s ]
}

@test "of several that start under one path at once exactly one wins" {
	local round i file winners pids
	for round in 1 2 3 4; do
		[ $((round % 2)) = 0 ] || make_stale s
		pids=()
		for i in 1 2 3 4 5 6; do
			start "$LIU" echo ./s
			pids+=("$PID:$PID_ERR")
		done
		wait_until all_but_one_gone "${pids[@]}"
		winners=0
		for i in "${pids[@]}"; do
			file=${i#*:}
			if is_gone "${i%%:*}"; then
				wait_exit "${i%%:*}"
				assert_equal 4 "$status" 'status of one that lost'
				is "$file" 'standard error' \
					'liu: cannot listen on unix:./s: another process is already listening there'
			else
				winners=$((winners + 1))
				wait_for_line "$file" '^listening on unix:./s$'
				answers s
				stop "${i%%:*}"
			fi
		done
		assert_equal 1 "$winners" winners
		[ ! -e s ] || fail "the socket file is left"
	done
}

all_but_one_gone() {
	local i left=0
	for i; do
		is_gone "${i%%:*}" || left=$((left + 1))
	done
	[ "$left" -le 1 ]
}

# --- Mode and owner --------------------------------------------------------------------------

@test "--unix-mode" {
	start_liu echo ./s --unix-mode 640
	assert_equal 640 "$(stat -c %a s)" mode
	answers s
	start_liu echo ./t --unix-mode 0
	assert_equal 0 "$(stat -c %a t)" mode
	umask 027
	start_liu echo ./u
	assert_equal 750 "$(stat -c %a u)" 'mode without the option'
	start_liu echo ./v --unix-mode 777
	assert_equal 777 "$(stat -c %a v)" 'mode in spite of umask'
}

@test "--unix-owner" {
	[ "$(id -u)" = 0 ] || skip "only root can give files away"
	local user group
	user=$(getent passwd nobody | cut -d : -f 1)
	group=$(getent group 1 | cut -d : -f 1)
	[ -n "$user" ] && [ -n "$group" ] || skip "no nobody"
	start_liu echo ./s --unix-owner "$user"
	assert_equal "$user $(id -gn)" "$(stat -c '%U %G' s)" owner
	start_liu echo ./t --unix-owner "$user:$group" --unix-mode 600
	assert_equal "$user $group 600" "$(stat -c '%U %G %a' t)" owner
	start_liu echo ./u --unix-owner 12345:54321
	assert_equal '12345 54321' "$(stat -c '%u %g' u)" owner
	answers u
}

@test "mode and owner are set between bind and listen" {
	need strace
	[ "$(id -u)" = 0 ] || skip "only root can give files away"
	strace -qq -o trace true || skip "strace does not work here"
	# LeakSanitizer does not work under strace.
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 capture timeout 30 strace -f -o trace -e signal=none \
		-e trace=bind,listen,/chmod,/chown "$LIU" listen --accept-timeout 0.1 --unix-mode 600 --unix-owner 1:1 ./s
	assert_status 6
	assert_equal 'bind chmod chown listen' "$(grep -v ' = -1' trace |
		grep -oE '\b(bind|listen|[fl]?chmod(at2?)?|[fl]?chown(at)?)\(' |
		sed -E 's/.*(chmod|chown).*/\1/; s/\(//' | paste -sd ' ')" 'order of calls' || fail "$(cat trace)"
}

@test "an unknown owner, or mode and owner without a file, are exit 2" {
	local name=liu-test-$$-$RANDOM
	run_liu listen ./s --unix-owner no-such-name
	assert_status 2
	assert_error_is "liu: --unix-owner: unknown user 'no-such-name' (see: liu listen --help)"
	run_liu listen ./s -qq --unix-owner 0:no-such-name
	assert_status 2
	assert_error_is "liu: --unix-owner: unknown group 'no-such-name' (see: liu listen --help)"
	[ ! -e s ] || fail "a socket file is left"
	run_liu listen "unix:@$name" --unix-mode 600
	assert_status 2
	assert_error_is "liu: --unix-mode needs the address of a Unix socket file (see: liu listen --help)"
}

# --- The end ---------------------------------------------------------------------------------

@test "the socket file is removed at the end, also by a signal" {
	local signal
	start_liu listen ./s readline
	clients 'c = dial_unix("s"); c.sendall(b"x\n"); same(b"", rest(c))'
	ends 0
	[ ! -e s ] || fail "left after one connection"
	for signal in TERM HUP; do
		start_liu echo ./s
		[ -S s ]
		stop "$SERVER" "$signal"
		[ ! -e s ] || fail "left after SIG$signal"
	done
	assert_equal 129 "$status" 'exit status'
	start_liu echo ./s --address "unix:$PWD/t"
	answers t
	stop "$SERVER"
	assert_equal 143 "$status" 'exit status'
	[ ! -e s ] && [ ! -e t ] || fail "one of two is left"
}

@test "the socket file is removed as soon as no more is accepted" {
	start_liu listen ./s readline
	clients 'c = dial_unix("s"); until(lambda: not os.path.exists("s")); c.sendall(b"x\n"); same(b"", rest(c))'
	ends 0
}

@test "the file of another program is not removed at the end" {
	start_liu echo ./s
	mv s ours
	make_stale s
	stop "$SERVER"
	[ -S s ] || fail "a strange socket was removed"
	[ -S ours ] || fail "a name that we did not make was removed"
	start_liu echo ./t
	rm t
	echo mine >t
	stop "$SERVER"
	is t file mine
	start_liu echo ./u
	rm u
	stop "$SERVER"
	assert_equal 143 "$status" 'exit status'
}

# --- Ready -----------------------------------------------------------------------------------

@test "-q hides the ready line, and -qq failures too, but not that the command line is wrong" {
	run_liu listen -q --accept-timeout 0.1 127.0.0.1:0
	assert_status 6
	assert_output_is ''
	assert_error_is 'liu: no connection within 0.1 s (--accept-timeout)'
	run_liu listen -qq --accept-timeout 0.1 127.0.0.1:0
	assert_status 6
	assert_output_is ''
	assert_error_is ''
	run_liu listen -q -q --accept-timeout 0.1 tls:127.0.0.1:0
	assert_status 6
	assert_error_is ''
	run_liu listen -qqq 127.0.0.1:0 writefile ./none
	assert_status 2
	assert_error_is "liu: cannot open './none': no such file or directory (see: liu listen --help)"
}

@test "ready lines: one a socket, and each can be connected to as it is" {
	local address
	start_liu echo 127.0.0.1:0 --address ./s --address 127.0.0.2:0
	wait_until has_lines "$SERVER_ERR" 3
	is "$SERVER_ERR" 'standard error' "listening on 127.0.0.1:$PORT
listening on unix:./s
listening on 127.0.0.2:$PORT"
	while read -r address; do
		run_liu connect "$address" write 'hello\n' readline </dev/null
		assert_status 0
		assert_output_is hello
	done < <(sed 's/^listening on //' "$SERVER_ERR")
}

@test "--json: a listening event for each socket" {
	start_liu echo --json 127.0.0.1:0 --address ./s
	wait_until has_lines "$SERVER_OUT" 2
	is "$SERVER_OUT" 'standard output' "{\"event\":\"listening\",\"address\":\"127.0.0.1:$PORT\"}
{\"event\":\"listening\",\"address\":\"unix:./s\"}"
}

@test "--address-file gets one address a line" {
	start_liu echo 127.0.0.1:0 --address ./s --address-file ready
	wait_until test -e ready
	is ready 'address file' "127.0.0.1:$PORT
unix:./s"
	assert_equal $'ready\ns' "$(find . -newer "$0" -printf '%f\n' | grep -E '^(ready.*|s)$' | sort)" files
	stop "$SERVER"
	start_liu echo ./s --address-file "$PWD/ready"
	wait_until grep -qx unix:./s ready
	is ready 'address file' unix:./s
	stop "$SERVER"
	[ ! -e ready ] || fail 'left after the end'
	start "$LIU" echo -qq ./t --address-file ready2 # which prints no ready line
	wait_until test -e ready2
	is ready2 'address file' unix:./t
}

@test "--address-file: an old one is removed before anything listens, another's at the end is not" {
	start_liu echo ./s --address-file ready
	wait_until test -e ready
	echo other >new
	mv new ready
	stop "$SERVER"
	is ready 'address file of another program' other
	touch file
	run_liu echo ./file --address-file ready
	assert_status 4
	[ ! -e ready ] || fail 'an old file misleads'
	umask 027
	start_liu echo ./s --address-file ready
	wait_until test -e ready
	assert_equal 640 "$(stat -c %a ready)" mode
}

# A program that polls sees no file, the old one, or the new one: never a part, never nothing.
@test "--address-file: one listener after another with the same file: it is the last one's" {
	local first
	start_liu echo 127.0.0.1:0 --address-file ready
	first=$SERVER
	wait_until has_line ready "^$ADDRESS\$"
	start_liu echo 127.0.0.1:0 --address-file ready # ext4 gives it the inode that has been freed
	wait_until has_line ready "^$ADDRESS\$"
	stop "$first"
	is ready 'address file' "$ADDRESS"
	stop "$SERVER"
	[ ! -e ready ]
}

@test "--address-file appears whole" {
	clients 'import subprocess, threading
path = "ready"; wrong = []; looks = [0]; stop = []
def look():
	while not stop:
		try: text = open(path).read()
		except FileNotFoundError: continue
		looks[0] += 1
		if text != "old\n" and not (text.startswith("127.0.0.1:") and text.endswith("unix:./s19\n") and text.count("\n") == 21):
			wrong.append(text)
thread = threading.Thread(target=look); thread.start()
words = [sys.argv[2], "echo", "-qq", "127.0.0.1:0", "--address-file", path]
for i in range(20): words += ["--address", "./s%d" % i]
for round in range(8):
	if round % 2: open(path + ".tmp", "w").write("old\n"); os.rename(path + ".tmp", path)
	elif os.path.exists(path): os.unlink(path)
	p = subprocess.Popen(words, stdin=subprocess.DEVNULL)
	def there():
		try: return open(path).read() != "old\n"
		except FileNotFoundError: return False
	until(there); p.terminate(); same(-15, p.wait(DEADLINE))
stop.append(1); thread.join()
if wrong: sys.exit("seen: %r" % wrong[0])
if looks[0] < 20: sys.exit("only %d looks" % looks[0])
same([], [name for name in os.listdir(".") if name.startswith("ready.")])' "$LIU"
}

@test "--ready-fd gets one address a line, and is closed" {
	clients 'import subprocess
r, w = os.pipe()
p = subprocess.Popen([sys.argv[2], "echo", "-qq", "./s", "--address", "./t", "--ready-fd", str(w)], pass_fds=[w],
	stdin=subprocess.DEVNULL)
os.close(w)
if not select.select([r], [], [], DEADLINE)[0]: sys.exit("nothing comes")
c = None; text = b""
while True:
	if not select.select([r], [], [], DEADLINE)[0]: sys.exit("it is not closed")
	piece = os.read(r, 1000)
	if not piece: break
	if not text: dial_unix("s"); dial_unix("t") # ready means ready
	text += piece
same(b"unix:./s\nunix:./t\n", text)
same(None, p.poll()); p.terminate(); same(-15, p.wait(DEADLINE))' "$LIU"
}

@test "NOTIFY_SOCKET gets READY=1 once we listen" {
	clients 'import subprocess
for name in "notify", "\0liu-test-%d" % os.getpid():
	n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.settimeout(DEADLINE)
	n.bind(name if name[0] == "\0" else os.path.abspath(name))
	p = subprocess.Popen([sys.argv[2], "echo", "-qq", "./s"], stdin=subprocess.DEVNULL,
		env=dict(os.environ, NOTIFY_SOCKET=name.replace("\0", "@") if name[0] == "\0" else os.path.abspath(name)))
	same(b"READY=1", n.recv(1000)); dial_unix("s")
	p.terminate(); same(-15, p.wait(DEADLINE)); n.settimeout(0.05)
	try: sys.exit("and then %r" % n.recv(1000))
	except TimeoutError: pass' "$LIU"
}

@test "a full NOTIFY_SOCKET or --ready-fd keeps nothing from working, and gets its message in the end" {
	clients 'import subprocess
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.settimeout(DEADLINE); n.bind("notify")
filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); filler.setblocking(False)
r, w = os.pipe()
os.set_blocking(w, False)
for fill in lambda: filler.sendto(b"x", "notify"), lambda: os.write(w, b"x" * 4096):
	try:
		while True: fill()
	except BlockingIOError: pass
os.set_blocking(w, True)
def there():
	global c
	try: c = dial_unix("s")
	except OSError: return False
	return True
for round in range(2):
	p = subprocess.Popen([sys.argv[2], "echo", "-qq", "./s", "--ready-fd", str(w)], pass_fds=[w],
		stdin=subprocess.DEVNULL, env=dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify")))
	until(there); c.sendall(b"x"); same(b"x", got(c, 1)); c.close()
	if round == 1:
		os.close(w); text = b""
		while (got_now := n.recv(1000)) != b"READY=1": same(b"x", got_now)
		while piece := os.read(r, 4096): text += piece
		same(b"unix:./s\n", text.lstrip(b"x"))
	p.terminate(); same(-15, p.wait(DEADLINE))' "$LIU"
}

@test "a NOTIFY_SOCKET that is not there is no failure" {
	NOTIFY_SOCKET=$PWD/none start_liu echo ./s
	answers s
	wait_until has_lines "$SERVER_ERR" 2
	server_said 'liu: cannot notify NOTIFY_SOCKET: no such file or directory'
	NOTIFY_SOCKET=nonsense start_liu echo ./t
	answers t
	server_said ''
}

@test "an --address-file or --ready-fd that cannot be used is exit 2, and nothing listens" {
	local words
	mkdir d
	mkfifo fifo
	for words in '--address-file none/ready' '--address-file d' '--address-file fifo' '--address-file file/ready' \
		'--ready-fd 99' '--ready-fd x' '--ready-fd -1'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu listen ./s --accept-timeout 0.1 $words
		assert_status 2 || fail "listen $words"
		assert_output_is ''
		assert_equal 1 "$(wc -l <"$ERR")" "lines for $words"
		assert_error_has "${words%% *}"
		[ ! -e s ] || fail "listen $words made a socket"
	done
	run_liu listen ./s --accept-timeout 0.1 --ready-fd 5 5</dev/null
	assert_status 2
	assert_error_has '--ready-fd: descriptor 5 is not for writing'
	run_liu listen ./s --accept-timeout 0.1 --address-file ''
	assert_status 2
	assert_error_has --address-file
	[ -p fifo ] && [ -d d ] && [ ! -e s ]
}

@test "an --address-file that is a link, such as /dev/stdout, is exit 2, and the link stays" {
	: >target
	ln -s target link
	run_liu listen ./s --accept-timeout 0.1 --address-file link
	assert_status 2
	assert_error_is "liu: --address-file: 'link' is a symbolic link (see: liu listen --help)"
	[ -L link ] && [ -f target ] && [ ! -e s ]
}

@test "an --address-file that the line names elsewhere is exit 2, and the file stays" {
	: >key.pem
	run_liu echo --tls --cert none.pem --key key.pem --address-file ./key.pem 0
	assert_status 2
	assert_error_is "liu: --address-file: './key.pem' is the file of --key (see: liu echo --help)"
	[ -e key.pem ]
	run_liu listen --address-file ./key.pem 0 writefile "$PWD/key.pem"
	assert_status 2
	assert_error_is "liu: --address-file: './key.pem' is the file of 'writefile $PWD/key.pem' (see: liu listen --help)"
	[ -e key.pem ]
	run_liu listen --address-file ./key.pem 0 --address :0
	assert_status 2
	[ -e key.pem ]
}

@test "an --address-file under the socket's own path is exit 2, and nothing listens" {
	local words
	mkdir d
	ln -s d link
	for words in './s --address-file s' "./s --address-file $PWD/s" '127.0.0.1:0 --address ./d/s --address-file link/s'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu listen --accept-timeout 0.1 $words
		assert_status 2 || fail "listen $words"
		assert_output_is ''
		assert_error_is "liu: --address-file: '${words##* }' is the socket's own file (see: liu listen --help)"
	done
	start_liu echo ./s --address-file d/s --address unix:@s-$$
	answers s
}

@test "a --ready-fd that is the listening socket is exit 2" {
	clients 'import subprocess
s = socket.create_server(("127.0.0.1", 0)); n = str(s.fileno())
p = subprocess.run([sys.argv[2], "listen", "fd:" + n, "--ready-fd", n], pass_fds=[s.fileno()], stdin=subprocess.DEVNULL,
	capture_output=True, timeout=DEADLINE)
same((2, b"", b"liu: --ready-fd: descriptor %s is a listening socket (see: liu listen --help)\n" % n.encode()),
	(p.returncode, p.stdout, p.stderr))' "$LIU"
}

@test "a --ready-fd that cannot be written is exit 1" {
	run_liu echo ./s --ready-fd 5 5>/dev/full
	assert_status 1
	assert_error_is "liu: writing to descriptor 5 (--ready-fd): no space left on device"
	[ ! -e s ] || fail "the socket file is left"
}

@test "an --address-file that cannot be written after all is exit 1" {
	[ "$(id -u)" = 0 ] && command -v unshare >/dev/null || skip "only root can mount"
	mkdir full
	capture unshare -m sh -c 'mount -t tmpfs -o size=4k,nr_inodes=2 none full && : >full/a || exit 99
		exec timeout 20 "$0" listen ./s --accept-timeout 0.1 --address-file full/ready' "$LIU"
	[ "$status" -ne 99 ] && ! grep -q unshare "$ERR" || skip "no mount of our own"
	assert_status 1
	assert_error_is "liu: cannot write 'full/ready': no space left on device"
	[ ! -e s ] || fail "the socket file is left"
}

@test "without /proc a mode is set and a file is sent to each connection" {
	[ "$(id -u)" = 0 ] && command -v unshare >/dev/null || skip "only root can mount"
	echo content >file
	mkfifo ready
	! grep -q __asan_init "$LIU_PROGRAM" || skip "AddressSanitizer needs /proc"
	capture unshare -m bash -c 'mount -t tmpfs none /proc || exit 99
"$1" listen -k --unix-mode 600 --ready-fd 3 ./s writefile file 3>ready &
read -r address <ready
stat -c %a s
"$1" connect "$address" read
"$1" connect "$address" read
kill $!' bash "$LIU"
	[ "$status" -ne 99 ] && ! grep -q unshare "$ERR" || skip "no mount of our own"
	assert_error_is 'listening on unix:./s'
	assert_output_is $'600\ncontent\ncontent'
}
