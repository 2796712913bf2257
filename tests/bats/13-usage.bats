#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 13-usage: command lines that are wrong: exit 2, one line, and nothing has been opened

# shellcheck disable=SC2016,SC1003 # a $ and backslashes in texts
load helpers

# assert_command_error MESSAGE WORD...: assert_usage_error where the first word is not a command.
assert_command_error() {
	local message=$1
	shift
	run_liu "$@"
	assert_status 2 && assert_output_is '' && assert_error_is "liu: $message (see: liu --help)" && return
	fail "of: liu $*"
}

# watch: a server that counts its connections. $ADDRESS is where.
watch() {
	start_liu listen -v -k 127.0.0.1:0 read
	WATCHED=$SERVER_ERR
}

# nobody_came: the next connection to it is its first.
nobody_came() {
	liu connect "$ADDRESS" write x
	wait_for_line "$WATCHED" '^liu: connection 1 \(.*\): ended$'
	[ "$(grep -c ': accepted$' "$WATCHED")" -eq 1 ] || fail "$(cat "$WATCHED")"
}

# on_socket FD MESSAGE COMMAND WORD...: assert_usage_error where descriptor FD is a connected socket.
on_socket() {
	local message=$2
	capture python3 -IS -c 'import os, socket, sys
one, other = socket.socketpair()
other.set_inheritable(True)
os.dup2(one.fileno(), int(sys.argv[1]))
os.execv(sys.argv[2], sys.argv[2:])' "$1" "$LIU" "${@:3}"
	assert_status 2 && assert_output_is '' && assert_error_is "liu: $message (see: liu $3 --help)"
}

# --- steps -------------------------------------------------------------------------

@test "words that are not steps, and what is missing after one" {
	watch
	assert_usage_error "unknown step 'readlin', did you mean readline?" connect "$ADDRESS" write x readlin
	assert_usage_error "unknown step 'frobnicate' ($(step_names))" connect "$ADDRESS" frobnicate
	assert_usage_error "unknown step '' ($(step_names))" connect "$ADDRESS" ''
	assert_usage_error "unknown step '-v': options stand before the first step" connect "$ADDRESS" read -v
	assert_usage_error 'write: TEXT is missing' connect "$ADDRESS" write
	assert_usage_error 'readexactly: N is missing' connect "$ADDRESS" write x readexactly
	assert_usage_error 'readuntil: SEP is missing' connect "$ADDRESS" readuntil x or
	assert_usage_error 'try needs a step after it' connect "$ADDRESS" read try
	nobody_came
}

@test "words that others use, a text without its quotes, a number below 0" {
	assert_usage_error "unknown step 'send', did you mean write?" connect 127.0.0.1:1 send x
	assert_usage_error "unknown step 'recv', did you mean read?" listen 127.0.0.1:0 try recv
	assert_usage_error "unknown step 'world': a text of several words needs quotes: 'hello world'" \
		connect 127.0.0.1:1 write hello world read
	assert_usage_error "unknown step '-1': a number cannot be negative, and may be left out: read" \
		connect 127.0.0.1:1 read -1
	assert_usage_error "unknown step '127.0.0.1:80', did you mean 'to 127.0.0.1:80'?" \
		listen -k 127.0.0.1:0 close 127.0.0.1:80
	assert_usage_error "unknown step './app', did you mean 'to ./app'?" listen -k 127.0.0.1:0 ./app
	assert_usage_error "unknown step 'UNIX-CONNECT:/app', did you mean: liu listen 127.0.0.1:0 to unix:/app" \
		listen 127.0.0.1:0 UNIX-CONNECT:/app
}

@test "a word with control characters is one line" {
	assert_usage_error "unknown step 'foo\\nbar\\e[1m' ($(step_names))" connect 127.0.0.1:1 $'foo\nbar\e[1m'
	assert_usage_error "'a\\nb' has no port: a\\nb:PORT" connect $'a\nb'
}

@test "invalid escapes and separators" {
	watch
	assert_usage_error 'write: invalid escape \q' connect "$ADDRESS" write 'a\qb'
	assert_usage_error 'writeline: invalid escape \x: two hexadecimal digits must follow' \
		connect "$ADDRESS" writeline '\x4'
	assert_usage_error 'write: invalid escape \400: at most \377' connect "$ADDRESS" write '\400'
	assert_usage_error 'write: lone \ at the end (write \\)' connect "$ADDRESS" write 'a\'
	assert_usage_error 'readuntil: invalid escape \z' connect "$ADDRESS" readuntil '\z'
	assert_usage_error 'readuntil: the separator is empty' connect "$ADDRESS" readuntil ''
	assert_usage_error 'skipuntil: the separator is empty' connect "$ADDRESS" skipuntil x or ''
	assert_usage_error "writehex: invalid pair of hexadecimal digits 'c'" connect "$ADDRESS" writehex abc
	assert_usage_error "writehex: invalid pair of hexadecimal digits 'g0'" connect "$ADDRESS" writehex '00 g0'
	nobody_came
}

@test "bad numbers" {
	watch
	assert_usage_error "read: invalid size '10x' (such as 100, 64K or 1M)" connect "$ADDRESS" read 10x
	assert_usage_error "readline: invalid COUNT '0' (1 or more)" connect "$ADDRESS" readline 0
	assert_usage_error "skipline: invalid COUNT '1K' (1 or more)" connect "$ADDRESS" skipline 1K
	assert_usage_error "readexactly: invalid size '-1' (such as 100, 64K or 1M)" connect "$ADDRESS" readexactly -1
	assert_usage_error "skip: invalid size '9223372036854775808': too large" \
		connect "$ADDRESS" skip 9223372036854775808
	assert_usage_error "sleep: invalid duration '0': must be above 0" connect "$ADDRESS" sleep 0
	assert_usage_error 'echo: N is above the limit of 10 bytes (--limit)' connect --limit 10 "$ADDRESS" \
		echo exactly 11
	nobody_came
}

@test "bad formats, keys and regular expressions" {
	watch
	local formats='u8, u16be, u16le, u32be, u32le, u64be, u64le, varint, netstring, octets or lsp'
	assert_usage_error "readframe: unknown frame format 'u128' ($formats)" connect "$ADDRESS" readframe u128
	assert_usage_error 'writeframe: TEXT of 256 bytes is too long for this format' connect "$ADDRESS" \
		writeframe u8 "$(printf '%0256d' 0)"
	assert_usage_error 'writeframe: TEXT of 0 bytes is too short for this format' \
		connect "$ADDRESS" writeframe octets ''
	assert_usage_error "info: unknown KEY 'peernam', did you mean peername?" connect "$ADDRESS" info peernam
	assert_usage_error "expect: invalid regular expression '(' (missing closing parenthesis after 1 byte)" \
		connect "$ADDRESS" read expect '('
	assert_usage_error "expect: invalid regular expression '(*UTF)a' (a verb is not supported, after 0 bytes)" \
		connect "$ADDRESS" read expect '(*UTF)a'
	nobody_came
}

@test "lists that cannot work" {
	watch
	local step
	assert_usage_error "'read' after close, which ends the list" connect "$ADDRESS" close read
	assert_usage_error "'write x' after abort, which ends the list" connect "$ADDRESS" abort write x
	assert_usage_error "'close' after relay, which ends the list" connect "$ADDRESS" relay close
	assert_usage_error "'read' after echo, which ends the list" connect "$ADDRESS" echo line read
	assert_usage_error "'read' after loop, which ends the list" connect "$ADDRESS" read loop read
	for step in 'write x' 'writeline x' 'writehex 00' 'writefile /dev/null' 'writeframe u8 x' relay echo; do
		# shellcheck disable=SC2086 # words by intention
		assert_usage_error "'$step' after write-eof: nothing can be sent then" \
			connect "$ADDRESS" write-eof read $step
	done
	assert_usage_error 'round the loop a step would send after write-eof' \
		connect "$ADDRESS" write x read write-eof loop
	assert_usage_error 'try before try' connect "$ADDRESS" try try read
	for step in close abort relay echo loop; do
		assert_usage_error "try before $step, which ends the list" connect "$ADDRESS" read try "$step"
	done
	assert_usage_error 'loop needs a step that reads' connect "$ADDRESS" write x loop
	assert_usage_error 'expect needs a read or info before it' connect "$ADDRESS" skipline expect x
	assert_usage_error "'writefile -' and 'relay' both use standard input" connect "$ADDRESS" writefile - relay
	nobody_came
}

@test "the connection and a standard descriptor cannot be one" {
	on_socket 0 "'relay' reads standard input, which is the connection" connect fd:0
	on_socket 0 "'writefile -' reads standard input, which is the connection" connect fd:0 writefile -
	on_socket 1 "'readline' prints on standard output, which is the connection" connect fd:1 write x readline
	on_socket 1 "'relay' prints on standard output, which is the connection" connect fd:1 relay
	on_socket 0 "'relay' reads standard input, which is the connection" listen fd:0
	on_socket 0 '--keep-open needs a listening socket, not a connected fd:N' listen -k fd:0 echo
}

@test "the line is checked as a whole before a file is opened" {
	watch
	cd "$BATS_TEST_TMPDIR"
	assert_usage_error "unknown step 'frobnicate' ($(step_names))" connect "$ADDRESS" writefile missing frobnicate
	assert_usage_error "unknown step 'frobnicate' ($(step_names))" \
		connect --cacert missing tls:localhost:1 frobnicate
	assert_usage_error "cannot open 'missing': no such file or directory" \
		connect "$ADDRESS" write x writefile missing
	assert_usage_error "cannot send '.': it is a directory" connect "$ADDRESS" writefile .
	assert_usage_error "cannot use CA file 'missing': no such file or directory" \
		connect --cacert missing tls:localhost:1 read
	nobody_came
}

@test "a listener that is refused makes no socket and no file" {
	cd "$BATS_TEST_TMPDIR"
	assert_usage_error "unknown step 'raed', did you mean read?" listen --address-file addr unix:s raed
	assert_usage_error "cannot open 'missing': no such file or directory" \
		listen --address-file addr unix:s writefile missing
	assert_usage_error "cannot use certificate 'missing': no such file or directory" \
		listen --address-file addr --cert missing tls:unix:s
	assert_usage_error "--accept: invalid count '0' (1 or more)" listen --address-file addr --accept 0 unix:s
	assert_usage_error 'writefile /dev/null: only a regular file can be sent to each connection (-k)' \
		listen -k --address-file addr unix:s writefile /dev/null
	[ ! -e addr ] && [ ! -e s ]
}

# --- addresses ---------------------------------------------------------------------

@test "bad ports" {
	assert_usage_error "invalid port '65536' (at most 65535)" connect 127.0.0.1:65536 read
	assert_usage_error "invalid port '99999999999999999999' (at most 65535)" connect 127.0.0.1:99999999999999999999
	assert_usage_error "invalid port 'nosuchservice': not a number and not a known service" \
		connect localhost:nosuchservice
	assert_usage_error "invalid port '80x': not a number and not a known service" listen 127.0.0.1:80x
	assert_usage_error "'127.0.0.1:0' has port 0, to which nothing can connect" connect 127.0.0.1:0
	assert_usage_error "'127.0.0.1' has no port: 127.0.0.1:PORT" connect 127.0.0.1
	assert_usage_error "'localhost' has no port: localhost:PORT" connect localhost read
	assert_usage_error "'localhost:' has no port" connect localhost:
	cd "$BATS_TEST_TMPDIR"
	touch sock
	assert_usage_error "'sock' is a file (a path begins with ./), and has no port" connect sock
}

@test "bad addresses" {
	assert_usage_error 'connect needs an ADDRESS' connect
	assert_usage_error 'listen needs an ADDRESS' listen -k
	assert_usage_error "'' is not an address" connect ''
	assert_usage_error "'::1:80' needs brackets: [::1]:80" connect ::1:80
	assert_usage_error "'http://localhost/' is a URL, not an address, did you mean: liu head http://localhost/" \
		connect http://localhost/
	assert_usage_error "'unix:' has no name" connect unix:
	assert_usage_error "'fd:x' is not fd:N" connect fd:x
	assert_usage_error "'sd:' is only for listening, did you mean: liu listen sd:" connect sd:
	assert_usage_error "'tls:tls:localhost:1' has tls: twice" connect tls:tls:localhost:1
	assert_usage_error "'b': echo takes one ADDRESS" echo a b c
}

@test "an unknown service is refused wherever an ADDRESS stands" {
	local unknown="invalid port 'nosuch': not a number and not a known service" address
	for address in localhost:nosuch 127.0.0.1:nosuch '[::1]:nosuch' tls:localhost:nosuch; do
		assert_usage_error "$unknown" connect "$address" read
		assert_usage_error "$unknown" listen --address-file "$BATS_TEST_TMPDIR/addr" "$address"
		assert_usage_error "$unknown" listen --address-file "$BATS_TEST_TMPDIR/addr" 0 --address "$address"
		assert_usage_error "to: $unknown" listen --address-file "$BATS_TEST_TMPDIR/addr" -k 0 to "$address"
	done
	assert_usage_error "--local-addr: $unknown" connect -s 127.0.0.1:nosuch localhost:80
	[ ! -e "$BATS_TEST_TMPDIR/addr" ]
}

@test "a block with bits beyond its length is answered with the block" {
	assert_usage_error "--allow: invalid block '10.0.0.1/8', did you mean 10.0.0.0/8?" echo --allow 10.0.0.1/8
	assert_usage_error "--deny: invalid block '2001:db8::1/32', did you mean 2001:db8::/32?" \
		listen 0 --deny 2001:db8::1/32
}

@test "a command that is missing or empty" {
	assert_usage_error '--run needs an argument: COMMAND' echo --run
	assert_usage_error '--run: the argument is empty' listen 0 --run ''
	assert_usage_error 'exec: COMMAND is missing' listen 0 exec
	assert_usage_error 'exec: the COMMAND is empty' connect 127.0.0.1:1 exec ''
}

@test "%n where nothing replaces it" {
	mkdir "$BATS_TEST_TMPDIR/none"
	cd "$BATS_TEST_TMPDIR/none"
	assert_usage_error "--address-file: 'ready.%n' has %n, which only writefile knows" \
		echo --address-file ready.%n
	assert_usage_error "--cacert: '%n.pem' has %n, which only writefile knows" \
		connect --cacert %n.pem tls:localhost:1
	assert_usage_error "--capath: 'ca%n' has %n, which only writefile knows" connect --capath ca%n tls:localhost:1
	assert_usage_error "'./s%n' has %n, which only writefile knows" listen -k ./s%n echo
	assert_usage_error "'unix:@%n' has %n, which only writefile knows" connect unix:@%n
	assert_usage_error "to: 'unix:app.%n' has %n, which only writefile knows" listen -k ./s to unix:app.%n
	assert_equal '' "$(ls)" 'files'
}

@test "a descriptor that is none, or no socket" {
	assert_usage_error 'cannot use fd:99: bad file descriptor' connect fd:99 read
	assert_usage_error 'cannot use fd:99: bad file descriptor' listen fd:99 read
	run_liu connect fd:0 write x <"$BATS_TEST_FILENAME"
	assert_status 2
	assert_equal 1 "$(wc -l <"$ERR")"
	assert_error_has 'fd:0'
	assert_error_has '(see: liu connect --help)'
}

@test "a Unix path that does not fit" {
	local path
	path=$(printf '/%0107d' 0)
	assert_usage_error "'$path' is too long for a Unix socket (at most 107 bytes)" connect "unix:$path"
	assert_usage_error "'$path' is too long for a Unix socket (at most 107 bytes)" listen "$path"
	# One less fits: there is just no such socket.
	run_liu connect "unix:${path%0}" read
	assert_status 4
}

@test "a literal of the family that is excluded" {
	assert_usage_error "'::1' is excluded by -4" connect -4 '[::1]:1'
	assert_usage_error "'127.0.0.1' is excluded by -6" connect -6 127.0.0.1:1
	assert_usage_error "'127.0.0.1' is excluded by -6" listen -6 127.0.0.1:0
	assert_usage_error '-4 and -6 exclude each other' connect -46 localhost:1
}

# --- options -----------------------------------------------------------------------

@test "unknown options" {
	assert_usage_error 'unknown option --limt, did you mean --limit?' connect --limt 3 127.0.0.1:1
	assert_usage_error 'unknown option --lim, did you mean --limit?' connect --lim 3 127.0.0.1:1
	assert_usage_error 'unknown option --nosuchthing' connect --nosuchthing 127.0.0.1:1
	assert_usage_error 'unknown option -Z' listen -Z :0
	assert_usage_error "unknown option -Z in '-qZ'" connect -qZ 127.0.0.1:1
	assert_usage_error '-k is not an option of connect (only of listen and echo)' connect -k 127.0.0.1:1
	assert_usage_error '-s is not an option of echo (only of connect and listen)' echo -s 127.0.0.1
	# Only before the first step are there options.
	assert_usage_error "unknown step '--chomp': options stand before the first step" \
		connect 127.0.0.1:1 readline --chomp
	assert_usage_error "unknown step '--limit': options stand before the first step" \
		connect 127.0.0.1:1 -- --limit
}

@test "options and their values" {
	assert_usage_error '--limit needs an argument: SIZE' connect 127.0.0.1:1 --limit
	assert_usage_error '--crlf takes no argument: '"'--crlf=yes'" connect --crlf=yes 127.0.0.1:1
	assert_usage_error "--limit: invalid size '0': must be above 0" connect --limit 0 127.0.0.1:1
	assert_usage_error "--limit: invalid size '' (such as 100, 64K or 1M)" connect --limit= 127.0.0.1:1
	assert_usage_error "--limit: invalid size '1T' (such as 100, 64K or 1M)" connect --limit 1T 127.0.0.1:1
	assert_usage_error "--limit: invalid size '-1' (such as 100, 64K or 1M)" connect --limit -1 127.0.0.1:1
	assert_usage_error "--limit: invalid size '99999999999G': too large" connect --limit 99999999999G 127.0.0.1:1
	assert_usage_error "-w: invalid duration '0': must be above 0" connect -w 0 127.0.0.1:1
	assert_usage_error "--timeout: invalid duration '1.5.2' (such as 5, 500ms or 2m)" \
		connect --timeout=1.5.2 127.0.0.1:1
	assert_usage_error "--step-timeout: invalid duration '1y' (such as 5, 500ms or 2m)" \
		connect --step-timeout 1y 127.0.0.1:1
	assert_usage_error "--idle-timeout: invalid duration '' (such as 5, 500ms or 2m)" \
		connect --idle-timeout '' 127.0.0.1:1
	assert_usage_error "-m: invalid count 'x' (1 or more)" listen -m x :0
	assert_usage_error "--color: invalid value 'x' (auto, always or never)" connect --color x 127.0.0.1:1
	assert_usage_error "--unix-mode: invalid mode '999' (octal, at most 0777)" listen --unix-mode 999 /tmp/x
	assert_usage_error "--pin: invalid pin 'sha256:00' (sha256: and 64 hexadecimal digits)" \
		connect --pin sha256:00 127.0.0.1:1
}

@test "options that do not go together" {
	local option
	assert_usage_error '--low-water (102400) is above --high-water (65536)' connect --low-water 100K 127.0.0.1:1
	assert_usage_error '--send-only and --recv-only exclude each other' \
		connect --send-only --recv-only 127.0.0.1:1
	assert_usage_error '--chomp and --hex exclude each other' connect --hex --chomp 127.0.0.1:1
	assert_usage_error '--line and --exactly exclude each other' echo --line --exactly 3
	assert_usage_error '--exactly (102400) is above --limit (65536)' echo --exactly 100K
	assert_usage_error '--until: the separator is empty' echo --until ''
	assert_usage_error '--until: invalid escape \q' echo --until '\q'
	for option in --cacert --capath --pin; do
		assert_usage_error "--insecure and $option exclude each other" \
			connect --insecure "$option" x tls:127.0.0.1:1
	done
	assert_usage_error '--key needs --cert' listen --key k tls:127.0.0.1:0
	assert_usage_error '--cert needs TLS (--tls, tls:ADDRESS or an https URL)' listen --cert c 127.0.0.1:0
	assert_usage_error '--server-name needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https URL)' \
		connect --server-name x 127.0.0.1:1
	assert_usage_error 'TLS to an address without a host needs --server-name, --pin or --insecure' \
		connect --tls unix:/x
}

@test "options that could have no effect" {
	local option
	for option in --send-only --recv-only --no-half-close --end-with-peer; do
		assert_usage_error "$option needs the step relay" connect "$option" 127.0.0.1:1 read
		assert_usage_error "$option is not an option of echo (only of connect and listen)" echo "$option"
	done
	assert_usage_error '--quit-after needs the step relay' listen --quit-after 1 127.0.0.1:0 echo
	assert_usage_error '--unix-mode needs the address of a Unix socket file' listen --unix-mode 600 127.0.0.1:0
	assert_usage_error '--unix-owner needs the address of a Unix socket file' echo --unix-owner 0
	assert_usage_error '--reuse-port needs a TCP address to listen on' \
		echo --reuse-port "unix:$BATS_TEST_TMPDIR/s"
	assert_usage_error '--no-reuse-addr needs a TCP address to listen on' \
		listen --no-reuse-addr "unix:$BATS_TEST_TMPDIR/s"
	assert_usage_error '--happy-eyeballs-delay needs the step to' listen --happy-eyeballs-delay 1 :0
	assert_usage_error '--connect-timeout needs the step to' listen --connect-timeout 1 :0 echo
	assert_usage_error '--cacert needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https URL)' \
		head --cacert x http://127.0.0.1:1/ 127.0.0.1:1
	# Those for reading, writing and output are for every list.
	run_liu connect --chomp -C --limit 1K --json -v --color never --nagle unix:/nonexistent/s close
	assert_status 4
}

@test "POSIXLY_CORRECT does not change where options may stand" {
	local command
	export POSIXLY_CORRECT=1
	for command in 'echo 127.0.0.1:0' 'listen 127.0.0.1:0'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu $command --accept-timeout 0.01
		assert_status 6
	done
	run_liu head 127.0.0.1:1 -X 'a b'
	assert_error_has "invalid method 'a b'"
}

@test "head and its URLs" {
	assert_usage_error "--fail takes its argument only after '=': --fail=200" head --fail 200 http://127.0.0.1:1
	assert_usage_error "--field: invalid header name 'etag:': only letters, digits and !#\$%&'*+-.^_\`|~" \
		head --field etag: http://127.0.0.1:1
	assert_usage_error 'head needs a URL' head
	assert_usage_error "invalid URL 'ftp://x/': only http and https are supported" head ftp://x/
	assert_usage_error "invalid header 'x': not 'Name: value', 'Name:' or 'Name;'" head -H x http://127.0.0.1:1
}

# --- first words -------------------------------------------------------------------

@test "a first word that is not a command" {
	assert_command_error "unknown command 'conect', did you mean connect?" conect 1
	assert_command_error "unknown command 'frobnicate' (connect, listen, echo, head or help)" frobnicate
	assert_command_error 'missing command (connect, listen, echo or head)'
	assert_command_error "unknown topic 'frobnicate' (steps, addresses, exit-status, options, help, connect, listen, echo or head)" help frobnicate
	assert_command_error "unknown topic 'readlin', did you mean readline?" help readlin
	assert_command_error "'line': help takes one word" help read line
}

@test "a step in the place of a command or an ADDRESS" {
	assert_command_error "'exec' is a step, which stands after a command and its ADDRESS" exec 8080 cat
	assert_command_error "'write_eof' is a step, which stands after a command and its ADDRESS" write_eof
	assert_usage_error "'readline' is a step, and listen needs an ADDRESS before it" listen -k readline write x
	assert_usage_error "'exec' is a step, and connect needs an ADDRESS before it" connect exec cat
}

@test "a command of --run without its quotes" {
	assert_usage_error "unknown option -x (if it is part of the COMMAND of --run, quote that)" \
		echo --run pytest -x
	assert_usage_error "unknown option -x in '-xv' (if it is part of the COMMAND of --run, quote that)" \
		echo --run=pytest -xv
	assert_usage_error "'tests/' is not HOST:PORT; a path begins with / or ./ (if it is part of the COMMAND of --run, quote that)" \
		listen --run pytest tests/ 0 readline
	assert_usage_error "'http://x' is a URL, not an address (if it is part of the COMMAND of --run, quote that)" \
		echo --run curl http://x
	assert_usage_error "'localhost' has no port: localhost:PORT" echo --run 'curl x' localhost
	assert_usage_error "unknown option -x" echo --run 'pytest y' 0 -x
}

@test "an address as the first word is short for connect" {
	local address
	start_liu echo 127.0.0.1:0 --address "unix:$BATS_TEST_TMPDIR/s"
	for address in "$ADDRESS" "$PORT" "$BATS_TEST_TMPDIR/s" "unix:$BATS_TEST_TMPDIR/s" ":$PORT"; do
		run_liu "$address" --chomp writeline 'hello there' readline
		assert_status 0
		assert_output_is 'hello there'
		assert_error_is ''
	done
	run_liu "$ADDRESS" <<<'as netcat does'
	assert_status 0
	assert_output_is 'as netcat does'
	run_liu 127.0.0.1:1 readlin
	assert_status 2
	assert_error_is "liu: unknown step 'readlin', did you mean readline? (see: liu connect --help)"
	run_liu 8080 -k
	assert_status 2
	assert_error_is 'liu: -k is not an option of connect (only of listen and echo) (see: liu connect --help)'
	run_liu connect --help
	cp "$OUT" "$BATS_TEST_TMPDIR/help"
	run_liu 8080 --help
	assert_status 0
	same "$BATS_TEST_TMPDIR/help" "$OUT" 'help'
}

@test "netcat's lines are answered with those of liu" {
	assert_command_error "'localhost' is not a command, did you mean: liu connect localhost 80" localhost 80
	assert_command_error "'sd:' is not a command, did you mean: liu listen sd: echo" sd: echo
	assert_command_error "'http://x/' is not a command, did you mean: liu head http://x/" http://x/
	assert_command_error "'-l' is not a command, did you mean: liu listen :8080" -l 8080
	assert_command_error "'-lk' is not a command, did you mean: liu listen -k :8080" -lk 8080
	assert_command_error "'-lvkp' is not a command, did you mean: liu listen -v -k :8080" -lvkp 8080
	assert_command_error "'-U' is not a command, did you mean: liu connect unix:/tmp/s" -U /tmp/s
	assert_command_error "'-u' is not a command: UDP is not supported, only byte streams (TCP, TLS, Unix)" \
		-u host 53
}

@test "habits of other programs are answered with a line of liu, wherever they stand" {
	assert_usage_error 'unknown option -p, did you mean: liu listen :8080' listen -p 8080
	assert_usage_error "unknown option -z in '-zv', did you mean: liu connect -v host 22 close" \
		connect -zv host 22
	assert_usage_error 'unknown option --ssl, did you mean: liu connect --tls h 443 read' connect h 443 --ssl read
	assert_usage_error 'unknown option -I, did you mean: liu head https://x/' head -I https://x/
	assert_usage_error '-k is not an option of head (only of listen and echo), did you mean: liu head --insecure https://x/' \
		head -k https://x/
	assert_usage_error "'TCP-LISTEN:8080' is an address of socat, did you mean: liu listen :8080" \
		listen TCP-LISTEN:8080
	assert_usage_error "'OPENSSL-LISTEN:8080' is an address of socat, did you mean: liu listen tls::8080 echo" \
		listen OPENSSL-LISTEN:8080 echo
	assert_usage_error 'unknown option -u: UDP is not supported, only byte streams (TCP, TLS, Unix)' \
		connect -u h 53
	assert_command_error "'nc' is not a command, did you mean: liu listen :8080" nc -l 8080
	assert_command_error "'ncat' is not a command, did you mean: liu listen --keep-open :1 exec 'cat -u'" \
		ncat --keep-open -l 1 --sh-exec 'cat -u'
	assert_command_error "'ncat' is not a command, did you mean: liu listen -k :8080 broker" ncat -l --broker 8080
	assert_command_error "'socat' is not a command, did you mean: liu listen -k :1 to host:2" \
		socat TCP-LISTEN:1,fork,reuseaddr TCP:host:2
	assert_command_error "'openssl' is not a command, did you mean: liu connect tls:h:443" openssl s_client -connect h:443
	# A host of such a name.
	run_liu connect tcp:tcp-listen:1 -w 0.001 close
	[ "$status" -ne 2 ] || fail "$(cat "$ERR")"
}
