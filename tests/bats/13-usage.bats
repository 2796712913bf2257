#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 13-usage: command lines that are wrong: exit 2, one line, and nothing has been opened

# shellcheck disable=SC2016,SC1003 # a $ and backslashes in texts
load helpers

# refuse MESSAGE COMMAND WORD...: that line and no other.
refuse() {
	local message=$1
	shift
	run_liu "$@"
	assert_status 2 && assert_output_is '' &&
		assert_error_is "liu: $message (see: liu $1 --help)" && return
	fail "of: liu $*"
}

# refuse_first MESSAGE WORD...: the same where the first word is not a command.
refuse_first() {
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

# on_socket FD MESSAGE COMMAND WORD...: the same where descriptor FD is a connected socket.
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
	refuse "unknown step 'readlin', did you mean readline?" connect "$ADDRESS" write x readlin
	refuse "unknown step 'frobnicate' ($(step_names))" connect "$ADDRESS" frobnicate
	refuse "unknown step '' ($(step_names))" connect "$ADDRESS" ''
	refuse "unknown step '-v': options stand before the first step" connect "$ADDRESS" read -v
	refuse 'write: TEXT is missing' connect "$ADDRESS" write
	refuse 'readexactly: N is missing' connect "$ADDRESS" write x readexactly
	refuse 'readuntil: SEP is missing' connect "$ADDRESS" readuntil x or
	refuse 'try needs a step after it' connect "$ADDRESS" read try
	nobody_came
}

@test "words that others use, a text without its quotes, a number below 0" {
	refuse "unknown step 'send', did you mean write?" connect 127.0.0.1:1 send x
	refuse "unknown step 'recv', did you mean read?" listen 127.0.0.1:0 try recv
	refuse "unknown step 'world': a text of several words needs quotes: 'hello world'" \
		connect 127.0.0.1:1 write hello world read
	refuse "unknown step '-1': a number is not negative and may be left out: read" \
		connect 127.0.0.1:1 read -1
	refuse "unknown step '127.0.0.1:80', did you mean 'to 127.0.0.1:80'?" listen -k 127.0.0.1:0 close 127.0.0.1:80
	refuse "unknown step './app', did you mean 'to ./app'?" listen -k 127.0.0.1:0 ./app
	refuse "unknown step 'UNIX-CONNECT:/app', did you mean: liu listen 127.0.0.1:0 to unix:/app" listen 127.0.0.1:0 UNIX-CONNECT:/app
}

@test "a word with control characters is one line" {
	refuse "unknown step 'foo\\nbar\\e[1m' ($(step_names))" connect 127.0.0.1:1 $'foo\nbar\e[1m'
	refuse "'a\\nb' has no port: a\\nb:PORT" connect $'a\nb'
}

@test "invalid escapes and separators" {
	watch
	refuse 'write: invalid escape \q' connect "$ADDRESS" write 'a\qb'
	refuse 'writeline: invalid escape \x: two hexadecimal digits must follow' connect "$ADDRESS" writeline '\x4'
	refuse 'write: invalid escape \400: at most \377' connect "$ADDRESS" write '\400'
	refuse 'write: lone \ at the end (write \\)' connect "$ADDRESS" write 'a\'
	refuse 'readuntil: invalid escape \z' connect "$ADDRESS" readuntil '\z'
	refuse 'readuntil: the separator is empty' connect "$ADDRESS" readuntil ''
	refuse 'skipuntil: the separator is empty' connect "$ADDRESS" skipuntil x or ''
	refuse "writehex: invalid pair of hexadecimal digits 'c'" connect "$ADDRESS" writehex abc
	refuse "writehex: invalid pair of hexadecimal digits 'g0'" connect "$ADDRESS" writehex '00 g0'
	nobody_came
}

@test "bad numbers" {
	watch
	refuse "read: invalid size '10x' (such as 100, 64K or 1M)" connect "$ADDRESS" read 10x
	refuse "readline: invalid COUNT '0' (1 or more)" connect "$ADDRESS" readline 0
	refuse "skipline: invalid COUNT '1K' (1 or more)" connect "$ADDRESS" skipline 1K
	refuse "readexactly: invalid size '-1' (such as 100, 64K or 1M)" connect "$ADDRESS" readexactly -1
	refuse "skip: invalid size '9223372036854775808': too large" connect "$ADDRESS" skip 9223372036854775808
	refuse "sleep: invalid duration '0': must be above 0" connect "$ADDRESS" sleep 0
	refuse 'echo: N is above the limit of 10 bytes (--limit)' connect --limit 10 "$ADDRESS" echo exactly 11
	nobody_came
}

@test "bad formats, keys and regular expressions" {
	watch
	local formats='u8, u16be, u16le, u32be, u32le, u64be, u64le, varint, netstring, octets or lsp'
	refuse "readframe: unknown frame format 'u128' ($formats)" connect "$ADDRESS" readframe u128
	refuse 'writeframe: TEXT of 256 bytes is too long for this format' connect "$ADDRESS" \
		writeframe u8 "$(printf '%0256d' 0)"
	refuse 'writeframe: TEXT of 0 bytes is too short for this format' connect "$ADDRESS" writeframe octets ''
	refuse "info: unknown KEY 'peernam', did you mean peername?" connect "$ADDRESS" info peernam
	refuse "expect: invalid regular expression '(' (missing closing parenthesis after 1 byte)" \
		connect "$ADDRESS" read expect '('
	refuse "expect: invalid regular expression '(*UTF)a' (a verb is not supported, after 0 bytes)" \
		connect "$ADDRESS" read expect '(*UTF)a'
	nobody_came
}

@test "lists that cannot work" {
	watch
	local step
	refuse "'read' after close, which ends the list" connect "$ADDRESS" close read
	refuse "'write x' after abort, which ends the list" connect "$ADDRESS" abort write x
	refuse "'close' after relay, which ends the list" connect "$ADDRESS" relay close
	refuse "'read' after echo, which ends the list" connect "$ADDRESS" echo line read
	refuse "'read' after loop, which ends the list" connect "$ADDRESS" read loop read
	for step in 'write x' 'writeline x' 'writehex 00' 'writefile /dev/null' 'writeframe u8 x' relay echo; do
		# shellcheck disable=SC2086 # words by intention
		refuse "'$step' after write-eof: nothing can be sent then" connect "$ADDRESS" write-eof read $step
	done
	refuse 'round the loop a step would send after write-eof' connect "$ADDRESS" write x read write-eof loop
	refuse 'try before try' connect "$ADDRESS" try try read
	for step in close abort relay echo loop; do
		refuse "try before $step, which ends the list" connect "$ADDRESS" read try "$step"
	done
	refuse 'loop needs a step that reads' connect "$ADDRESS" write x loop
	refuse 'expect needs a read or info before it' connect "$ADDRESS" skipline expect x
	refuse "'writefile -' and 'relay' both use standard input" connect "$ADDRESS" writefile - relay
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
	refuse "unknown step 'frobnicate' ($(step_names))" connect "$ADDRESS" writefile missing frobnicate
	refuse "unknown step 'frobnicate' ($(step_names))" connect --cacert missing tls:localhost:1 frobnicate
	refuse "cannot open 'missing': no such file or directory" connect "$ADDRESS" write x writefile missing
	refuse "cannot send '.': it is a directory" connect "$ADDRESS" writefile .
	refuse "cannot use CA file 'missing': no such file or directory" connect --cacert missing tls:localhost:1 read
	nobody_came
}

@test "a listener that is refused makes no socket and no file" {
	cd "$BATS_TEST_TMPDIR"
	refuse "unknown step 'raed', did you mean read?" listen --address-file addr unix:s raed
	refuse "cannot open 'missing': no such file or directory" listen --address-file addr unix:s writefile missing
	refuse "cannot use certificate 'missing': no such file or directory" listen --address-file addr --cert missing tls:unix:s
	refuse "--accept: invalid count '0' (1 or more)" listen --address-file addr --accept 0 unix:s
	refuse 'writefile /dev/null: only a regular file can be sent to each connection (-k)' \
		listen -k --address-file addr unix:s writefile /dev/null
	[ ! -e addr ] && [ ! -e s ]
}

# --- addresses ---------------------------------------------------------------------

@test "bad ports" {
	refuse "invalid port '65536' (1 to 65535)" connect 127.0.0.1:65536 read
	refuse "invalid port '99999999999999999999' (1 to 65535)" connect 127.0.0.1:99999999999999999999
	refuse "invalid port 'nosuchservice': not a number and not a known service" connect localhost:nosuchservice
	refuse "invalid port '80x': not a number and not a known service" listen 127.0.0.1:80x
	refuse "'127.0.0.1:0' has port 0, to which nothing can connect" connect 127.0.0.1:0
	refuse "'127.0.0.1' has no port: 127.0.0.1:PORT" connect 127.0.0.1
	refuse "'localhost' has no port: localhost:PORT" connect localhost read
	refuse "'localhost:' has no port" connect localhost:
	cd "$BATS_TEST_TMPDIR"
	touch sock
	refuse "'sock' is a file (a path begins with ./), and has no port" connect sock
}

@test "bad addresses" {
	refuse 'connect needs an ADDRESS' connect
	refuse 'listen needs an ADDRESS' listen -k
	refuse "'' is not an address" connect ''
	refuse "'::1:80' needs brackets: [::1]:80" connect ::1:80
	refuse "'http://localhost/' is a URL, not an address, did you mean: liu head http://localhost/" connect http://localhost/
	refuse "'unix:' has no name" connect unix:
	refuse "'fd:x' is not fd:N" connect fd:x
	refuse "'sd:' is only for listening, did you mean: liu listen sd:" connect sd:
	refuse "'tls:tls:localhost:1' has tls: twice" connect tls:tls:localhost:1
	refuse "'b': echo takes one ADDRESS" echo a b c
}

@test "an unknown service is refused wherever an ADDRESS stands" {
	local unknown="invalid port 'nosuch': not a number and not a known service" address
	for address in localhost:nosuch 127.0.0.1:nosuch '[::1]:nosuch' tls:localhost:nosuch; do
		refuse "$unknown" connect "$address" read
		refuse "$unknown" listen --address-file "$BATS_TEST_TMPDIR/addr" "$address"
		refuse "$unknown" listen --address-file "$BATS_TEST_TMPDIR/addr" 0 --address "$address"
		refuse "to: $unknown" listen --address-file "$BATS_TEST_TMPDIR/addr" -k 0 to "$address"
	done
	refuse "--local-addr: $unknown" connect -s 127.0.0.1:nosuch localhost:80
	[ ! -e "$BATS_TEST_TMPDIR/addr" ]
}

@test "a block with bits beyond its length is answered with the block" {
	refuse "--allow: invalid block '10.0.0.1/8', did you mean 10.0.0.0/8?" echo --allow 10.0.0.1/8
	refuse "--deny: invalid block '2001:db8::1/32', did you mean 2001:db8::/32?" listen 0 --deny 2001:db8::1/32
}

@test "a command that is missing or empty" {
	refuse '--run needs an argument: COMMAND' echo --run
	refuse '--run: the argument is empty' listen 0 --run ''
	refuse 'exec: COMMAND is missing' listen 0 exec
	refuse 'exec: the COMMAND is empty' connect 127.0.0.1:1 exec ''
}

@test "%n where nothing replaces it" {
	mkdir "$BATS_TEST_TMPDIR/none"
	cd "$BATS_TEST_TMPDIR/none"
	refuse "--address-file: 'ready.%n' has %n, which only writefile knows" echo --address-file ready.%n
	refuse "--cacert: '%n.pem' has %n, which only writefile knows" connect --cacert %n.pem tls:localhost:1
	refuse "--capath: 'ca%n' has %n, which only writefile knows" connect --capath ca%n tls:localhost:1
	refuse "'./s%n' has %n, which only writefile knows" listen -k ./s%n echo
	refuse "'unix:@%n' has %n, which only writefile knows" connect unix:@%n
	refuse "to: 'unix:app.%n' has %n, which only writefile knows" listen -k ./s to unix:app.%n
	assert_equal '' "$(ls)" 'files'
}

@test "a descriptor that is none, or no socket" {
	refuse 'cannot use fd:99: bad file descriptor' connect fd:99 read
	refuse 'cannot use fd:99: bad file descriptor' listen fd:99 read
	run_liu connect fd:0 write x <"$BATS_TEST_FILENAME"
	assert_status 2
	assert_equal 1 "$(wc -l <"$ERR")"
	assert_error_has 'fd:0'
	assert_error_has '(see: liu connect --help)'
}

@test "a Unix path that does not fit" {
	local path
	path=$(printf '/%0107d' 0)
	refuse "'$path' is too long for a Unix socket: 107 bytes" connect "unix:$path"
	refuse "'$path' is too long for a Unix socket: 107 bytes" listen "$path"
	# One less fits: there is just no such socket.
	run_liu connect "unix:${path%0}" read
	assert_status 4
}

@test "a literal of the family that is excluded" {
	refuse "'::1' is excluded by -4" connect -4 '[::1]:1'
	refuse "'127.0.0.1' is excluded by -6" connect -6 127.0.0.1:1
	refuse "'127.0.0.1' is excluded by -6" listen -6 127.0.0.1:0
	refuse '-4 and -6 exclude each other' connect -46 localhost:1
}

# --- options -----------------------------------------------------------------------

@test "unknown options" {
	refuse 'unknown option --limt, did you mean --limit?' connect --limt 3 127.0.0.1:1
	refuse 'unknown option --lim, did you mean --limit?' connect --lim 3 127.0.0.1:1
	refuse 'unknown option --nosuchthing' connect --nosuchthing 127.0.0.1:1
	refuse 'unknown option -Z' listen -Z :0
	refuse "unknown option -Z in '-qZ'" connect -qZ 127.0.0.1:1
	refuse '-k is not an option of connect (only of listen and echo)' connect -k 127.0.0.1:1
	refuse '-s is not an option of echo (only of connect and listen)' echo -s 127.0.0.1
	# Only before the first step are there options.
	refuse "unknown step '--chomp': options stand before the first step" connect 127.0.0.1:1 readline --chomp
	refuse "unknown step '--limit': options stand before the first step" connect 127.0.0.1:1 -- --limit
}

@test "options and their values" {
	refuse '--limit needs an argument: SIZE' connect 127.0.0.1:1 --limit
	refuse '--crlf takes no argument: '"'--crlf=yes'" connect --crlf=yes 127.0.0.1:1
	refuse "--limit: invalid size '0': must be above 0" connect --limit 0 127.0.0.1:1
	refuse "--limit: invalid size '' (such as 100, 64K or 1M)" connect --limit= 127.0.0.1:1
	refuse "--limit: invalid size '1T' (such as 100, 64K or 1M)" connect --limit 1T 127.0.0.1:1
	refuse "--limit: invalid size '-1' (such as 100, 64K or 1M)" connect --limit -1 127.0.0.1:1
	refuse "--limit: invalid size '99999999999G': too large" connect --limit 99999999999G 127.0.0.1:1
	refuse "-w: invalid duration '0': must be above 0" connect -w 0 127.0.0.1:1
	refuse "--timeout: invalid duration '1.5.2' (such as 5, 500ms or 2m)" connect --timeout=1.5.2 127.0.0.1:1
	refuse "--step-timeout: invalid duration '1y' (such as 5, 500ms or 2m)" connect --step-timeout 1y 127.0.0.1:1
	refuse "--idle-timeout: invalid duration '' (such as 5, 500ms or 2m)" connect --idle-timeout '' 127.0.0.1:1
	refuse "-m: invalid count 'x' (1 or more)" listen -m x :0
	refuse "--color: invalid value 'x' (auto, always or never)" connect --color x 127.0.0.1:1
	refuse "--unix-mode: invalid mode '999' (octal, at most 0777)" listen --unix-mode 999 /tmp/x
	refuse "--pin: invalid pin 'sha256:00' (sha256: and 64 hexadecimal digits)" connect --pin sha256:00 127.0.0.1:1
}

@test "options that do not go together" {
	local option
	refuse '--low-water (102400) is above --high-water (65536)' connect --low-water 100K 127.0.0.1:1
	refuse '--send-only and --recv-only exclude each other' connect --send-only --recv-only 127.0.0.1:1
	refuse '--chomp and --hex exclude each other' connect --hex --chomp 127.0.0.1:1
	refuse '--line and --exactly exclude each other' echo --line --exactly 3
	refuse '--exactly (102400) is above --limit (65536)' echo --exactly 100K
	refuse '--until: the separator is empty' echo --until ''
	refuse '--until: invalid escape \q' echo --until '\q'
	for option in --cacert --capath --pin; do
		refuse "--insecure and $option exclude each other" connect --insecure "$option" x tls:127.0.0.1:1
	done
	refuse '--key needs --cert' listen --key k tls:127.0.0.1:0
	refuse '--cert needs TLS (--tls, tls:ADDRESS or an https URL)' listen --cert c 127.0.0.1:0
	refuse '--server-name needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https URL)' connect --server-name x 127.0.0.1:1
	refuse 'TLS to an address without a host needs --server-name, --pin or --insecure' connect --tls unix:/x
}

@test "options that could have no effect" {
	local option
	for option in --send-only --recv-only --no-half-close --end-with-peer; do
		refuse "$option needs the step relay" connect "$option" 127.0.0.1:1 read
		refuse "$option is not an option of echo (only of connect and listen)" echo "$option"
	done
	refuse '--quit-after needs the step relay' listen --quit-after 1 127.0.0.1:0 echo
	refuse '--unix-mode needs the address of a Unix socket file' listen --unix-mode 600 127.0.0.1:0
	refuse '--unix-owner needs the address of a Unix socket file' echo --unix-owner 0
	refuse '--reuse-port needs a TCP address to listen on' echo --reuse-port "unix:$BATS_TEST_TMPDIR/s"
	refuse '--no-reuse-addr needs a TCP address to listen on' listen --no-reuse-addr "unix:$BATS_TEST_TMPDIR/s"
	refuse '--happy-eyeballs-delay needs the step to' listen --happy-eyeballs-delay 1 :0
	refuse '--connect-timeout needs the step to' listen --connect-timeout 1 :0 echo
	refuse '--cacert needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https URL)' head --cacert x http://127.0.0.1:1/ 127.0.0.1:1
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
	refuse "--fail takes its argument only after '=': --fail=200" head --fail 200 http://127.0.0.1:1
	refuse "--field: invalid header name 'etag:': only letters, digits and !#\$%&'*+-.^_\`|~" \
		head --field etag: http://127.0.0.1:1
	refuse 'head needs a URL' head
	refuse "invalid URL 'ftp://x/': only http and https are supported" head ftp://x/
	refuse "invalid header 'x': not 'Name: value', 'Name:' or 'Name;'" head -H x http://127.0.0.1:1
}

# --- first words -------------------------------------------------------------------

@test "a first word that is not a command" {
	refuse_first "unknown command 'conect', did you mean connect?" conect 1
	refuse_first "unknown command 'frobnicate' (connect, listen, echo, head or help)" frobnicate
	refuse_first 'missing command (connect, listen, echo or head)'
	refuse_first "unknown topic 'frobnicate' (steps, addresses, exit-status, options, help, connect, listen, echo or head)" help frobnicate
	refuse_first "unknown topic 'readlin', did you mean readline?" help readlin
	refuse_first "'line': help takes one word" help read line
}

@test "a step in the place of a command or an ADDRESS" {
	refuse_first "'exec' is a step, which stands after a command and its ADDRESS" exec 8080 cat
	refuse_first "'write_eof' is a step, which stands after a command and its ADDRESS" write_eof
	refuse "'readline' is a step, and listen needs an ADDRESS before it" listen -k readline write x
	refuse "'exec' is a step, and connect needs an ADDRESS before it" connect exec cat
}

@test "a command of --run without its quotes" {
	refuse "unknown option -x (if it is part of the COMMAND of --run, quote that)" echo --run pytest -x
	refuse "unknown option -x in '-xv' (if it is part of the COMMAND of --run, quote that)" echo --run=pytest -xv
	refuse "'tests/' is not HOST:PORT; a path begins with / or ./ (if it is part of the COMMAND of --run, quote that)" \
		listen --run pytest tests/ 0 readline
	refuse "'http://x' is a URL, not an address (if it is part of the COMMAND of --run, quote that)" \
		echo --run curl http://x
	refuse "'localhost' has no port: localhost:PORT" echo --run 'curl x' localhost
	refuse "unknown option -x" echo --run 'pytest y' 0 -x
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
	refuse_first "'localhost' is not a command, did you mean: liu connect localhost 80" localhost 80
	refuse_first "'sd:' is not a command, did you mean: liu listen sd: echo" sd: echo
	refuse_first "'http://x/' is not a command, did you mean: liu head http://x/" http://x/
	refuse_first "'-l' is not a command, did you mean: liu listen :8080" -l 8080
	refuse_first "'-lk' is not a command, did you mean: liu listen -k :8080" -lk 8080
	refuse_first "'-lvkp' is not a command, did you mean: liu listen -v -k :8080" -lvkp 8080
	refuse_first "'-U' is not a command, did you mean: liu connect unix:/tmp/s" -U /tmp/s
	refuse_first "'-u' is not a command: UDP is not supported, only byte streams (TCP, TLS, Unix)" -u host 53
}

@test "habits of other programs are answered with a line of liu, wherever they stand" {
	refuse 'unknown option -p, did you mean: liu listen :8080' listen -p 8080
	refuse "unknown option -z in '-zv', did you mean: liu connect -v host 22 close" connect -zv host 22
	refuse 'unknown option --ssl, did you mean: liu connect --tls h 443 read' connect h 443 --ssl read
	refuse 'unknown option -I, did you mean: liu head https://x/' head -I https://x/
	refuse '-k is not an option of head (only of listen and echo), did you mean: liu head --insecure https://x/' \
		head -k https://x/
	refuse "'TCP-LISTEN:8080' is an address of socat, did you mean: liu listen :8080" listen TCP-LISTEN:8080
	refuse 'unknown option -u: UDP is not supported, only byte streams (TCP, TLS, Unix)' connect -u h 53
	refuse_first "'nc' is not a command, did you mean: liu listen :8080" nc -l 8080
	refuse_first "'ncat' is not a command, did you mean: liu listen --keep-open :1 exec 'cat -u'" \
		ncat --keep-open -l 1 --sh-exec 'cat -u'
	refuse_first "'ncat' is not a command, did you mean: liu listen -k :8080 broker" ncat -l --broker 8080
	refuse_first "'socat' is not a command, did you mean: liu listen -k :1 to host:2" \
		socat TCP-LISTEN:1,fork,reuseaddr TCP:host:2
	refuse_first "'openssl' is not a command, did you mean: liu connect tls:h:443" openssl s_client -connect h:443
	# A host of such a name.
	run_liu connect tcp:tcp-listen:1 -w 0.001 close
	[ "$status" -ne 2 ] || fail "$(cat "$ERR")"
}
