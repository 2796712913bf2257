#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2153 # scripts for other shells; PORT and SERVER are of helpers.bash
# 18-addresses: every form of ADDRESS, to listen on and to connect to.

load helpers
load clients
load peer

setup() {
	trace_the_test_alone
	cd "$BATS_TEST_TMPDIR" || return
}

# serve_echo WORD...: an echo server there.
serve_echo() {
	start_liu echo "$@"
}

# ready_on TEXT: the whole of what the server says.
ready_on() {
	wait_until has_lines "$SERVER_ERR" "$(wc -l <<<"$1")" || :
	is "$SERVER_ERR" 'ready lines' "$1"
}

# reached WORD...: connect with these words gets an answer.
reached() {
	run_liu connect "$@" write 'hello\n' readline
	assert_status 0 || fail "connect $*" || return
	assert_output_is hello || return
	assert_error_is ''
}

# not_reached STATUS TEXT WORD...: connect ends with that status and line.
not_reached() {
	run_liu connect "${@:3}" write x
	assert_status "$1" || fail "connect ${*:3}" || return
	assert_output_is '' || return
	assert_error_is "liu: $2"
}

# --- TCP ---------------------------------------------------------------------------------

@test "HOST:PORT" {
	serve_echo 127.0.0.1:0
	ready_on "listening on 127.0.0.1:$PORT"
	reached "127.0.0.1:$PORT"
	reached "localhost:$PORT"
	reached "tcp:localhost:$PORT"
	reached "tcp://127.0.0.1:$PORT"
	reached "TCP:127.0.0.1:$PORT"
	serve_echo localhost:0
	reached "localhost:$PORT"
	serve_echo tcp:127.0.0.1:0
	ready_on "listening on 127.0.0.1:$PORT"
	serve_echo tcp://127.0.0.1:0
	ready_on "listening on 127.0.0.1:$PORT"
}

@test "[V6]:PORT, and an IPv6 address without brackets is refused" {
	need_ipv6
	serve_echo '[::1]:0'
	ready_on "listening on [::1]:$PORT"
	reached "[::1]:$PORT"
	reached "[0:0::1]:$PORT"
	assert_usage_error "'::1:80' needs brackets: [::1]:80" connect ::1:80
	assert_usage_error "'::1:80' needs brackets: [::1]:80" listen ::1:80
	assert_usage_error "'::1:80' needs brackets: [::1]:80" listen 0 --address ::1:80
	assert_usage_error "'::1' has no port: [::1]:PORT" connect ::1
	assert_usage_error "'[::1]80' is not [IPV6]:PORT" connect '[::1]80'
	assert_usage_error "'[127.0.0.1]:80' is not [IPV6]:PORT" connect '[127.0.0.1]:80'
	assert_usage_error "'::g' is not an IPv6 address" connect '[::g]:80'
}

@test "HOST PORT as two words" {
	serve_echo 127.0.0.1 0
	ready_on "listening on 127.0.0.1:$PORT"
	reached 127.0.0.1 "$PORT"
	reached localhost "$PORT"
	need_ipv6
	serve_echo ::1 0
	ready_on "listening on [::1]:$PORT"
	reached ::1 "$PORT"
	reached '[::1]' "$PORT"
}

@test "HOST PORT: options may stand between and behind" {
	start_liu listen 127.0.0.1 0 -k echo
	reached 127.0.0.1 "$PORT"
	run_liu connect --chomp 127.0.0.1 "$PORT" --step-timeout 10 write 'a\n' readline
	assert_status 0
	assert_output_is a
}

@test "HOST PORT: the next word is taken only where it can be the port" {
	assert_usage_error "unknown step '5' ($(step_names))" listen 8080 5
	assert_usage_error "unknown step '5' ($(step_names))" listen 127.0.0.1:0 5
	assert_usage_error "unknown step '5' ($(step_names))" listen unix:s 5
	assert_usage_error "unknown step '5' ($(step_names))" listen ./s 5
	assert_usage_error "'tcp:localhost' has no port: localhost:PORT" listen tcp:localhost 80
	assert_usage_error "'localhost' has no port: localhost:PORT" connect localhost write x
	assert_usage_error "'localhost' has no port: localhost:PORT" connect localhost http
	assert_usage_error "invalid port '80x': not a number and not a known service" connect localhost 80x
	assert_usage_error "'127.0.0.1' has no port: 127.0.0.1:PORT" listen 0 --address 127.0.0.1 0
	assert_usage_error "'localhost' has no port: localhost:PORT" connect localhost
}

@test "PORT is loopback only, both families" {
	serve_echo 0
	if [ "$(wc -l <"$SERVER_ERR")" -gt 1 ] || python3 -IS -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))'; then
		ready_on "listening on 127.0.0.1:$PORT
listening on [::1]:$PORT"
		reached "[::1]:$PORT"
	else
		ready_on "listening on 127.0.0.1:$PORT"
	fi
	reached "127.0.0.1:$PORT"
	reached "$PORT"
	not_reached 4 "cannot connect to 127.0.0.2:$PORT: connection refused" "127.0.0.2:$PORT"
}

@test "PORT: connect finds who listens on one family only" {
	serve_echo 127.0.0.1:0
	reached "$PORT"
	need_ipv6
	serve_echo '[::1]:0'
	reached "$PORT"
}

@test ":PORT and *:PORT are every interface to listen, loopback to connect" {
	need_ipv6
	serve_echo :0
	ready_on "listening on 0.0.0.0:$PORT
listening on [::]:$PORT"
	reached "127.0.0.2:$PORT"
	reached "[::1]:$PORT"
	reached ":$PORT"
	reached "*:$PORT"
	reached "0.0.0.0:$PORT"
	reached "[::]:$PORT"
	serve_echo '*:0'
	ready_on "listening on 0.0.0.0:$PORT
listening on [::]:$PORT"
	serve_echo 127.0.0.1:0
	reached ":$PORT"
	reached "*:$PORT"
}

@test "[::]:PORT is IPv6 only" {
	need_ipv6
	local port
	serve_echo '[::]:0'
	ready_on "listening on [::]:$PORT"
	port=$PORT
	reached "[::1]:$port"
	not_reached 4 "cannot connect to 127.0.0.1:$port: connection refused" "127.0.0.1:$port"
	serve_echo "0.0.0.0:$port"
	ready_on "listening on 0.0.0.0:$port"
	reached "127.0.0.1:$port"
}

@test "a service name is its number; an unknown one is exit 2" {
	getent services tcpmux/tcp >/dev/null || skip "no services"
	not_reached 4 "cannot connect to 127.0.0.1:1: connection refused" 127.0.0.1:tcpmux
	assert_usage_error "invalid port 'nosuch': not a number and not a known service" connect 127.0.0.1:nosuch
	assert_usage_error "invalid port 'nosuch': not a number and not a known service" listen 127.0.0.1:nosuch
	assert_usage_error "invalid port 'nosuch': not a number and not a known service" listen :nosuch
}

@test "zone ids" {
	need_ipv6
	serve_echo '[::1%lo]:0'
	reached "[::1%lo]:$PORT"
	reached "[::1%1]:$PORT"
	reached "::1%lo" "$PORT"
	assert_usage_error "'fe80::1%nosuch' does not name an interface of this machine" connect '[fe80::1%nosuch]:80'
	assert_usage_error "'fe80::1%nosuch' does not name an interface of this machine" listen '[fe80::1%nosuch]:80'
	run_liu listen '[fe80::1%lo]:0' readline
	assert_status 4
	assert_error_is 'liu: cannot listen on [fe80::1%lo]:0: cannot assign requested address (this machine has no such address)'
	run_liu connect '[fe80::1%lo]:1' write x
	assert_status 4
	grep -qE '^liu: cannot connect to \[fe80::1%lo\]:1: [a-z ]+$' "$ERR" || fail "$(cat "$ERR")"
}

@test "names: one that is unknown is exit 3 and shown, an internationalised one in its ASCII form" {
	not_reached_name connect nosuch.invalid:80 nosuch.invalid
	not_reached_name listen nosuch.invalid:80 nosuch.invalid
	not_reached_name connect bücher.invalid:80 xn--bcher-kva.invalid
	not_reached_name connect Bücher.invalid:80 xn--bcher-kva.invalid
	not_reached_name listen bücher.invalid:0 xn--bcher-kva.invalid
	not_reached_name connect tcp:tls:80 tls
	not_reached_name connect tcp:unix:80 unix
}

@test "names: libidn2 is loaded for those that are not ASCII, and missed by them alone" {
	local dir=$BATS_TEST_TMPDIR/broken
	mkdir "$dir"
	: >"$dir/libidn2.so.0"
	export LD_LIBRARY_PATH=$dir
	run_liu connect bücher.invalid:80 write x
	assert_status 2
	assert_error_is "liu: invalid host name 'bücher.invalid': it is not ASCII, and libidn2.so.0 cannot be loaded (use the form with xn--) (see: liu connect --help)"
	not_reached_name connect xn--bcher-kva.invalid:80 xn--bcher-kva.invalid
}

# The resolver's own words differ.
not_reached_name() {
	run_liu "$1" "$2" write x
	assert_status 3 || fail "$1 $2" || return
	assert_output_is '' || return
	assert_equal 1 "$(wc -l <"$ERR")" 'lines on standard error' || return
	grep -q "^liu: cannot resolve $3: " "$ERR" || fail "$(cat "$ERR")"
}

@test "what is not an address is exit 2" {
	local word
	assert_usage_error "':' has no port" connect :
	assert_usage_error "'127.0.0.1:' has no port" connect 127.0.0.1:
	assert_usage_error "invalid port '65536' (at most 65535)" connect 127.0.0.1:65536
	assert_usage_error "invalid port '65536' (at most 65535)" connect 65536
	assert_usage_error "'127.0.0.1:0' has port 0, to which nothing can connect" connect 127.0.0.1:0
	assert_usage_error "'1:2:3' is not HOST:PORT: it has several colons" connect 1:2:3
	assert_usage_error "'http://x/' is a URL, not an address, did you mean: liu head http://x/" connect http://x/
	assert_usage_error "'x/y' is not HOST:PORT; a path begins with / or ./" connect x/y
	assert_usage_error "'tls:' is not an address" connect tls:
	assert_usage_error "'tls:tls:80' has tls: twice" connect tls:tls:80
	assert_usage_error "'127.1' is not an IPv4 address: four numbers from 0 to 255" connect 127.1:80
	assert_usage_error "'0x7f.1' is not an IPv4 address: four numbers from 0 to 255" connect 0x7f.1:80
	assert_usage_error "'256.1.1.1' is not an IPv4 address: four numbers from 0 to 255" connect 256.1.1.1:80
	assert_usage_error "'a..b' is not a host name" connect a..b:80
	assert_usage_error "'a b' is not a host name" connect 'a b:80'
	for word in 127.0.0.1:-1 127.0.0.1:+80 127.0.0.1:0x50 '127.0.0.1:80 ' '127.0.0.1: 80' \
		127.0.0.1:80x 127.0.0.1:99999999999999999999; do
		run_liu connect "$word" write x
		assert_status 2 || fail "connect '$word'"
		assert_equal 1 "$(wc -l <"$ERR")" "lines for $word"
	done
	run_liu connect '' write x
	assert_status 2
	assert_error_is "liu: '' is not an address (see: liu connect --help)"
}

@test "control characters of an address are visible in its message" {
	assert_usage_error "'a\\e[31mb' is not a host name" connect $'a\e[31mb:80'
	assert_usage_error "invalid port '\\n': not a number and not a known service" connect $'127.0.0.1:\n'
}

# --- -4 and -6 ---------------------------------------------------------------------------

@test "-4 and -6 choose the family" {
	need_ipv6
	serve_echo -4 0
	ready_on "listening on 127.0.0.1:$PORT"
	reached -4 "$PORT"
	not_reached 4 "cannot connect to localhost:$PORT: [::1]:$PORT: connection refused" -6 "$PORT"
	serve_echo -6 0
	ready_on "listening on [::1]:$PORT"
	reached -6 "$PORT"
	not_reached 4 "cannot connect to localhost:$PORT: 127.0.0.1:$PORT: connection refused" -4 "$PORT"
	serve_echo -4 :0
	ready_on "listening on 0.0.0.0:$PORT"
	serve_echo -6 '*:0'
	ready_on "listening on [::]:$PORT"
	serve_echo -4 localhost:0
	ready_on "listening on 127.0.0.1:$PORT"
}

@test "a literal of the family that is excluded is exit 2" {
	assert_usage_error "'::1' is excluded by -4" connect -4 '[::1]:80'
	assert_usage_error "'127.0.0.1' is excluded by -6" connect -6 127.0.0.1:80
	assert_usage_error "'::1' is excluded by -4" listen -4 '[::1]:0'
	assert_usage_error "'127.0.0.1' is excluded by -6" listen -6 127.0.0.1:0
	assert_usage_error "'127.0.0.1' is excluded by -6" echo -6 127.0.0.1:0
	assert_usage_error "'::1' is excluded by -4" listen -4 127.0.0.1:0 --address '[::1]:0'
	assert_usage_error "'127.0.0.1' is excluded by -6" connect -6 tls:127.0.0.1:80
	assert_usage_error "'::1' is excluded by -4" connect -4 ::1 80
	assert_usage_error "-4 and -6 exclude each other" connect -4 -6 80
}

@test "a family that the machine lacks is left out of PORT, :PORT and names, and a literal of it is exit 4" {
	need unshare
	local bare=(unshare -n sh -c 'ip link set lo up 2>/dev/null ||
		python3 -IS -c "import fcntl, socket, struct
s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack(\"16sh22x\", b\"lo\", 1))" || exit 99
		echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || exit 99; exec timeout 20 "$@"' sh)
	capture "${bare[@]}" "$LIU" --version
	[ "$status" -eq 0 ] || skip "no network namespace of our own"
	capture "${bare[@]}" "$LIU" listen -v --accept-timeout 0.1 0
	assert_status 6
	grep -qx 'listening on 127\.0\.0\.1:[0-9]*' "$ERR"
	grep -q '^liu: not listening on \[::1\]:[0-9]*: the system has no IPv6$' "$ERR" || fail "$(cat "$ERR")"
	assert_equal 3 "$(wc -l <"$ERR")" 'lines on standard error'
	capture "${bare[@]}" sh -c 'for address in "" 0 :0 localhost:0; do
		"$0" echo --accept 1 --address-file ready $address & wait=$!
		until [ -s ready ]; do :; done
		"$0" connect "$(tail -n 1 ready)" write hello write-eof read
		wait $wait || exit
	done' "$LIU"
	assert_status 0
	assert_output_bytes hellohellohellohello
	assert_equal 4 "$(wc -l <"$ERR")" 'sockets' || fail "$(cat "$ERR")"
	capture "${bare[@]}" "$LIU" listen '[::1]:0'
	assert_status 4
	assert_error_is 'liu: cannot listen on [::1]:0: cannot assign requested address (this machine has no such address)'
	capture "${bare[@]}" "$LIU" listen -6 0
	assert_status 4
	assert_equal 1 "$(wc -l <"$ERR")" 'lines on standard error'
	capture "${bare[@]}" "$LIU" listen -6 :0
	assert_status 4
	assert_error_is 'liu: cannot listen on [::]:0: address family not supported by protocol'
}

# --- Several addresses, port 0 -------------------------------------------------------------

@test "port 0: one number serves all families and addresses" {
	serve_echo 0 --address 127.0.0.2:0 --address 127.0.0.3:0 --address "unix:$PWD/s"
	wait_for_line "$SERVER_ERR" 'unix:'
	sed -i '/\[::1\]/d' "$SERVER_ERR"
	ready_on "listening on 127.0.0.1:$PORT
listening on 127.0.0.2:$PORT
listening on 127.0.0.3:$PORT
listening on unix:$PWD/s"
	local host
	for host in 127.0.0.1 127.0.0.2 127.0.0.3; do
		reached "$host:$PORT"
	done
	reached "./s"
}

@test "port 0 with TLS and without: a number each, which all families share" {
	local row
	for row in '127.0.0.1:0 tls:127.0.0.1:0' '0 tls:0' ':0 tls:127.0.0.1:0' 'tls:127.0.0.1:0 0' \
		'127.0.0.1:0 tls:127.0.0.1:0 tls:0 0'; do
		# shellcheck disable=SC2086 # words
		serve_echo ${row//" "/" --address "} --address-file ready
		wait_until test -s ready
		sed -n 's/^tls:.*:/tls /p; t; s/.*:/plain /p' ready | sort -u >ports
		assert_equal 'plain tls' "$(cut -d ' ' -f 1 ports | paste -sd ' ')" "$row: $(cat ready)"
		assert_equal 2 "$(cut -d ' ' -f 2 ports | sort -u | wc -l)" "$row: $(cat ready)"
		stop "$SERVER"
	done
}

@test "an address given twice is one socket" {
	serve_echo 127.0.0.1:0 --address 127.0.0.1:0 --address tcp:127.0.0.1:0
	reached "127.0.0.1:$PORT"
	ready_on "listening on 127.0.0.1:$PORT"
	mkdir d
	ln -s d link
	serve_echo ./d/s --address "$PWD/d/s" --address ./link/s
	ready_on 'listening on unix:./d/s'
}

@test "an address given with TLS and without is exit 2" {
	local address
	mkdir d
	ln -s d link
	serve_echo 127.0.0.1:0
	for address in "$ADDRESS" unix:./d/s "unix:@liu-test-$$"; do
		# --reuse-port would let both have the port.
		run_liu listen -k --accept-timeout 0.1 "$address" --address "tls:$address" --address 127.0.0.1:0 --reuse-port
		assert_status 2
		assert_output_is ''
		assert_equal "liu: $address is given with TLS and without (see: liu listen --help)" "$(grep -v '^certificate pin ' "$ERR")" 'standard error'
	done
	run_liu listen -k --accept-timeout 0.1 ./d/s --address tls:./link/s
	assert_status 2
	[ ! -e d/s ] || fail "a socket file is left"
}

@test "when one address cannot be bound it is exit 4, and nothing listens" {
	local used
	serve_echo 127.0.0.1:0
	used=$ADDRESS
	run_liu listen -k "unix:$PWD/s" --address 127.0.0.2:0 --address "$used"
	assert_status 4
	assert_output_is ''
	assert_error_is "liu: cannot listen on $used: address already in use"
	[ ! -e s ] || fail "a socket file is left"
	run_liu listen -k "$used" --address "unix:$PWD/s"
	assert_status 4
	[ ! -e s ] || fail "a socket file is left"
	run_liu listen --json "$used"
	assert_status 4
	assert_output_is "{\"event\":\"error\",\"error\":\"connect\",\"message\":\"cannot listen on $used: address already in use\"}"
	run_liu listen 192.0.2.1:0
	assert_status 4
	assert_error_is 'liu: cannot listen on 192.0.2.1:0: cannot assign requested address (this machine has no such address)'
	reached "$used"
}

@test "PORT that is taken in one family is exit 4 for both" {
	need_ipv6
	for _ in 1 2 3 4 5; do # the number may be that of a client of another test, in the other family
		serve_echo '[::1]:0'
		run_liu listen "$PORT"
		[[ $(<"$ERR") == *" 127.0.0.1:"* ]] || break
	done
	assert_status 4
	assert_error_is "liu: cannot listen on $ADDRESS: address already in use"
}

# --- Unix --------------------------------------------------------------------------------

@test "unix:PATH, and what begins with /, ./ or ../" {
	mkdir d
	serve_echo unix:a
	ready_on 'listening on unix:a'
	reached unix:a
	reached ./a
	reached "$PWD/a"
	reached "unix:$PWD/a"
	reached "unix://$PWD/a"
	reached unix://a
	serve_echo "$PWD/b"
	ready_on "listening on unix:$PWD/b"
	reached ./b
	serve_echo ./c
	ready_on 'listening on unix:./c'
	reached unix:c
	serve_echo d/../../"${PWD##*/}"/d/e 2>/dev/null && fail "a path without a mark is taken"
	serve_echo "../${PWD##*/}/d/e"
	reached unix:d/e
	serve_echo 'unix:a b:80'
	ready_on 'listening on unix:a b:80'
	reached './a b:80'
}

@test "unix: a path of 107 bytes fits, one more is exit 2" {
	local path
	path=./$(printf '%0105d' 0)
	serve_echo "$path"
	ready_on "listening on unix:$path"
	reached "$path"
	assert_usage_error "'${path}1' is too long for a Unix socket (at most 107 bytes)" listen "${path}1"
	assert_usage_error "'${path}1' is too long for a Unix socket (at most 107 bytes)" connect "unix:${path}1"
}

@test "unix: a file that is not a socket, or not there, is exit 4" {
	touch file
	mkdir d
	python3 -IS -c 'import socket; socket.socket(socket.AF_UNIX).bind("stale")'
	python3 -IS -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("datagram")'
	not_reached 4 'cannot connect to unix:./file: not a socket' ./file
	not_reached 4 'cannot connect to unix:d: not a socket' unix:d
	not_reached 4 'cannot connect to unix:./none: no such file or directory' ./none
	not_reached 4 'cannot connect to unix:./file/x: not a directory' ./file/x
	not_reached 4 'cannot connect to unix:./stale: connection refused' ./stale
	assert_usage_error "'unix:' has no name" connect unix:
	assert_usage_error "'unix:@' has no name" connect unix:@
	run_liu listen ./none/s
	assert_status 4
	assert_error_is 'liu: cannot listen on unix:./none/s: no such file or directory'
}

@test "unix:@NAME is an abstract socket, without a file" {
	local name=liu-test-$$-$BATS_TEST_NUMBER-$RANDOM
	serve_echo "unix:@$name"
	ready_on "listening on unix:@$name"
	reached "unix:@$name"
	assert_equal '' "$(find . -type s)" files
	run_liu listen "unix:@$name"
	assert_status 4
	assert_error_is "liu: cannot listen on unix:@$name: address already in use"
	stop "$SERVER"
	not_reached 4 "cannot connect to unix:@$name: connection refused" "unix:@$name"
}

# --- TLS ---------------------------------------------------------------------------------

@test "tls:ADDRESS is that address with TLS, --tls all of them" {
	local words
	need_ipv6
	for words in 'tls:0' '--tls 0' 'tls://0'; do
		# shellcheck disable=SC2086 # words by intention
		serve_echo $words
		wait_until has_lines "$SERVER_ERR" 3
		sed -i 1d "$SERVER_ERR"
		ready_on "listening on tls:127.0.0.1:$PORT
listening on tls:[::1]:$PORT"
	done
	run_liu connect -q --insecure "tls:$PORT" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	serve_echo 127.0.0.1:0 --address tls:unix:s
	wait_until has_lines "$SERVER_ERR" 3
	sed -i 1d "$SERVER_ERR"
	ready_on "listening on $ADDRESS
listening on tls:unix:s"
	reached "$ADDRESS"
	run_liu connect -q --insecure tls:./s write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	run_liu connect -q --insecure --tls unix:s write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	run_liu connect -q --insecure "tls:tcp:$ADDRESS" write 'hello\n' readline
	assert_status 5
}

# --- fd: and sd: ---------------------------------------------------------------------------

# with_sockets NAMES WORD...: liu with four listening sockets as descriptors 3 to 6 and
# systemd's variables; each of them that answers is told by its place.
with_sockets() {
	clients 'import subprocess
names, words = sys.argv[3], sys.argv[4:]
sockets = [socket.create_server(("127.0.0.1", 0)) for i in range(4)]
for s in sockets: s.setblocking(False)
def child():
	moved = [os.dup2(s.fileno(), 50 + i) for i, s in enumerate(sockets)]
	for i in range(4): os.dup2(50 + i, 3 + i)
	for fd in range(7, 60): # the copies
		try: os.close(fd)
		except OSError: pass
	os.dup2(os.open("said-by-liu", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), 2)
	os.environ["LISTEN_PID"] = str(os.getpid())
	os.environ["LISTEN_FDS"] = "4"
	if names != "-": os.environ["LISTEN_FDNAMES"] = names
	os.execvpe(sys.argv[2], [sys.argv[2], *words], os.environ)
pid = os.fork()
if pid == 0:
	try: child()
	finally: os._exit(98)
ports = [s.getsockname()[1] for s in sockets]
print(*ports)
asked = [socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) for port in ports]
for c in asked: c.sendall(b"x")
end = time.monotonic() + DEADLINE
served = set()
while time.monotonic() < end and len(served) < int(os.environ["WANTED"]):
	for c in select.select(asked, [], [], 0.05)[0]: served.add(asked.index(c)); same(b"x", got(c, 1))
	if os.waitpid(pid, os.WNOHANG)[0]: sys.exit("liu has ended")
silent(asked[0], 0.1)
served |= {asked.index(c) for c in select.select(asked, [], [], 0)[0]}
print(*sorted(served))
if any(os.get_blocking(s.fileno()) for s in sockets): sys.exit("a flag was changed")
for c in asked: c.close()
os.kill(pid, 15); status = os.waitpid(pid, 0)[1]
same(15, status)
for s in sockets: s.close()' "$LIU" "$@"
}

@test "fd:N is an inherited socket that listens" {
	WANTED=1 with_sockets - echo fd:4
	assert_equal 1 "$(said 2)" 'sockets served'
	WANTED=2 with_sockets - echo fd:3 --address fd:6
	assert_equal '0 3' "$(said 2)" 'sockets served'
}

@test "sd: is every socket of systemd's, sd:NAME those of that name" {
	WANTED=4 with_sockets - echo sd:
	assert_equal '0 1 2 3' "$(said 2)" 'sockets served'
	WANTED=4 with_sockets a:b:a: echo sd:
	assert_equal '0 1 2 3' "$(said 2)" 'sockets served'
	WANTED=2 with_sockets a:b:a: echo sd:a
	assert_equal '0 2' "$(said 2)" 'sockets served'
	WANTED=1 with_sockets aa:b:a:bb echo sd:b
	assert_equal 1 "$(said 2)" 'sockets served'
	WANTED=2 with_sockets x:y:z:w echo sd:x --address sd:w
	assert_equal '0 3' "$(said 2)" 'sockets served'
}

@test "sd: without sockets, for another process, or without such a name is exit 2" {
	run_liu listen sd:
	assert_status 2
	assert_error_is 'liu: no sockets were passed to this process for sd: (see: liu listen --help)'
	LISTEN_PID=1 LISTEN_FDS=1 run_liu listen sd:
	assert_status 2
	assert_error_is 'liu: no sockets were passed to this process for sd: (see: liu listen --help)'
	capture sh -c 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a exec "$0" listen sd:b' "$LIU"
	assert_status 2
	assert_output_is ''
	assert_error_is "liu: no socket named 'b' was passed for sd: (see: liu listen --help)"
	capture sh -c 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" listen sd:' "$LIU"
	assert_status 2
	assert_error_is 'liu: descriptor 3 is not a stream socket (see: liu listen --help)'
	assert_usage_error "'sd:' is only for listening, did you mean: liu listen sd:" connect sd:
}

@test "sd: under systemd-socket-activate" {
	need systemd-socket-activate
	start systemd-socket-activate -l "$PWD/s" "$LIU" listen --accept 2 sd: echo
	wait_until test -S s
	local server=$PID
	reached ./s
	reached ./s
	wait_exit "$server"
	assert_equal 0 "$status" 'exit status'
	[ -S s ] || fail "an inherited socket's file was removed"
}

@test "fd:N that is not a stream socket, or not open, is exit 2" {
	assert_usage_error 'cannot use fd:0: not a stream socket' listen fd:0
	assert_usage_error 'cannot use fd:99: bad file descriptor' listen fd:99
	assert_usage_error "'fd:x' is not fd:N" connect fd:x
	assert_usage_error "'fd:' is not fd:N" connect fd:
	assert_usage_error "'fd:-1' is not fd:N" connect fd:-1
	assert_usage_error 'cannot use fd:99: bad file descriptor' connect fd:99 write x
	clients 'import subprocess
for kind, state in (socket.SOCK_DGRAM, "datagram"), (socket.SOCK_STREAM, "unconnected"):
	s = socket.socket(socket.AF_INET, kind)
	for command in "connect", "listen":
		done = subprocess.run([sys.argv[2], command, "fd:%d" % s.fileno(), "write", "x"], pass_fds=[s.fileno()],
			stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
		same((state, command, 2, b"", 1), (state, command, done.returncode, done.stdout, done.stderr.count(b"\n")))' "$LIU"
}

@test "connect fd:N speaks on a connected socket and leaves its flags alone" {
	clients 'import subprocess
a, b = socket.socketpair()
a.sendall(b"hello\n")
done = subprocess.run([sys.argv[2], "connect", "fd:%d" % b.fileno(), "readline", "write", "ok\n", "info", "family"],
	pass_fds=[b.fileno()], stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
same((0, b"hello\nunix\n", b""), (done.returncode, done.stdout, done.stderr))
same(True, os.get_blocking(b.fileno())); b.close()
same(b"ok\n", rest(a))' "$LIU"
}

@test "--local-addr: connections come from there, from its port if it has one" {
	serve_echo 127.0.0.1:0
	run_liu connect "$ADDRESS" -s 127.0.0.9 info sockname
	assert_status 0
	[[ $(<"$OUT") == 127.0.0.9:* ]] || fail "$(<"$OUT")"
	# The port that the listener has on another address.
	run_liu connect "$ADDRESS" "--local-addr=127.0.0.9:$PORT" info sockname
	assert_output_is "127.0.0.9:$PORT"
	local port=$PORT
	serve_echo '[::1]:0'
	run_liu connect "$ADDRESS" -s "[::1]:$port" info sockname
	assert_output_is "[::1]:$port"
}

# --- vsock -------------------------------------------------------------------------------

@test "vsock:PORT listens, port 0 too, and vsock:CID:PORT connects" {
	python3 -IS -c 'import socket; s = socket.socket(socket.AF_VSOCK); s.bind((-1 % 2**32, -1 % 2**32)); s.listen()' \
		2>/dev/null || skip "no vsock"
	serve_echo vsock:0
	[[ $ADDRESS =~ ^vsock:[0-9]+:[1-9][0-9]*$ ]] || fail "ready on $ADDRESS"
	python3 -IS -c 'import socket; s = socket.socket(socket.AF_VSOCK); s.bind((1, -1 % 2**32))' \
		2>/dev/null || skip "no vsock on loopback"
	reached "$ADDRESS"
}

@test "vsock: a port that nothing listens on is exit 4" {
	[ "$(python3 -IS -c 'import socket
s = socket.socket(socket.AF_VSOCK); s.settimeout(1)
print(s.connect_ex((2, 1)))' 2>/dev/null)" = 104 ] || skip "no vsock of the host"
	run_liu connect vsock:2:1 read
	assert_status 4
	assert_error_is 'liu: cannot connect to vsock:2:1: connection reset by peer'
}

@test "vsock: what is wrong with it is exit 2" {
	assert_usage_error "'vsock:80' is not vsock:CID:PORT" connect vsock:80
	assert_usage_error "'vsock:x:y' is not vsock:CID:PORT" connect vsock:x:y
	assert_usage_error "'vsock:' is not vsock:PORT or vsock:CID:PORT" listen vsock:
	assert_usage_error "'vsock:1:0' has port 0, to which nothing can connect" connect vsock:1:0
}

@test "a peer that resets at once has connected: exit 1, each time" {
	peer 'while True: reset(accept())'
	local i
	for ((i = 0; i < 40; i++)); do
		run_liu connect "127.0.0.1:$PEER_PORT" readline
		assert_status 1
		assert_error_is 'liu: step 1 (readline): connection reset by peer'
	done
}
