#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 16-tls: how the peer is verified, how TLS begins and how it ends, in both roles.

load helpers

setup() {
	trace_the_test_alone
	make_certs expired other client
}

# A TLS listener with the certificate of localhost.
start_tls() { # COMMAND [ARGUMENT...]: the ADDRESS is ours
	local command=$1
	shift
	start_liu "$command" --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" \
		127.0.0.1:0 "$@"
}

# tls_server CODE: a TLS server in Python for one connection. In CODE `c` is the accepted socket, and
# shake() makes it `t`, with hands shaken. $PORT is where it listens.
tls_server() {
	start python3 -IS -c 'import select, socket, ssl, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(sys.argv[1] + "/server.pem", sys.argv[1] + "/server.key")
c, _ = s.accept()
def shake():
    return ctx.wrap_socket(c, server_side=True, suppress_ragged_eofs=False)
exec(sys.argv[2])' "$CERTS" "$1"
	wait_for_line "$PID_OUT" '^[0-9]+$' || return
	PEER=$PID
	PORT=$REPLY
}

# start_cut N: an echo server that ends each stream after N bytes, without close_notify.
start_cut() {
	start_tls echo --fault "truncate-after=$1"
}

# tls_client CODE: the same as a client of $PORT. Run by capture or start.
tls_client() {
	timeout "$LIU_TIMEOUT" python3 -IS -c 'import select, socket, ssl, sys
ctx = ssl.create_default_context(cafile=sys.argv[1] + "/ca.pem")
c = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
def shake():
    return ctx.wrap_socket(c, server_hostname="localhost", suppress_ragged_eofs=False)
exec(sys.argv[3])' "$CERTS" "$PORT" "$1"
}

# server_says STATUS TEXT: it ends with STATUS, and said TEXT after its ready lines. PEER stands for the
# connection and the address of the peer.
server_says() {
	wait_exit "$SERVER" || return
	assert_equal "$1" "$status" "the listener's exit status" || return
	server_said "$2"
}

server_said() {
	sed -E -e '/^(listening on|certificate pin) /d' -e 's/^(liu: )connection [0-9]+ \(127\.0\.0\.1:[0-9]+\): /\1PEER: /' \
		"$SERVER_ERR" >"$BATS_TEST_TMPDIR/said"
	is "$BATS_TEST_TMPDIR/said" "the listener's standard error" "$1"
}

pin_of() { # CERTIFICATE
	printf 'sha256:'
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1
}

# --- Who the peer is ---------------------------------------------------------------

@test "a certificate of a trusted authority with the right name: nothing to say" {
	start_tls echo
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	assert_error_is ''
	run_liu connect --tls 127.0.0.1 "$PORT" --cacert "$CERTS/ca.pem" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	assert_error_is ''
	server_said ''
}

@test "without --cacert the system's store decides" {
	start_tls listen -k readline
	SSL_CERT_FILE=$CERTS/ca.pem run_liu connect "$ADDRESS" write 'hello\n'
	assert_status 0
	assert_error_is ''
	mkdir "$BATS_TEST_TMPDIR/store"
	cp "$CERTS/ca.pem" "$BATS_TEST_TMPDIR/store/$(openssl x509 -hash -noout -in "$CERTS/ca.pem").0"
	SSL_CERT_FILE=/dev/null SSL_CERT_DIR=$BATS_TEST_TMPDIR/store run_liu connect "$ADDRESS" write 'hello\n'
	assert_status 0
	assert_error_is ''
	SSL_CERT_FILE=$CERTS/other.pem run_liu connect "$ADDRESS" write 'hello\n'
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is signed by 'liu test CA', which is not trusted here: --cacert FILE trusts it"
}

@test "an unknown authority is exit 5, named, in both roles" {
	start_tls listen readline
	SSL_CERT_FILE=/dev/null run_liu connect "$ADDRESS" write 'hello\n' read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is signed by 'liu test CA', which is not trusted here: --cacert FILE trusts it"
	server_says 5 'liu: PEER: the peer ended TLS: it does not trust the issuer of our certificate (alert 48)'
	[ ! -s "$SERVER_OUT" ]
}

@test "--cacert replaces the system's store" {
	start_tls listen readline
	SSL_CERT_FILE=$CERTS/ca.pem run_liu connect "$ADDRESS" --cacert "$CERTS/other.pem" read
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is signed by 'liu test CA', which is not trusted here: --cacert FILE trusts it"
}

@test "--capath trusts the authorities of a directory" {
	start_tls echo
	mkdir "$BATS_TEST_TMPDIR/trust" "$BATS_TEST_TMPDIR/empty"
	cp "$CERTS/ca.pem" "$BATS_TEST_TMPDIR/trust"
	openssl rehash "$BATS_TEST_TMPDIR/trust"
	run_liu connect "$ADDRESS" --capath "$BATS_TEST_TMPDIR/trust" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	assert_error_is ''
	run_liu connect "$ADDRESS" --capath "$BATS_TEST_TMPDIR/empty" write 'hello\n' readline
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is signed by 'liu test CA', which is not trusted here: --cacert FILE trusts it"
}

@test "an expired certificate is exit 5 with its date" {
	start_liu listen --tls --cert "$CERTS/expired.pem" --key "$CERTS/expired.key" 127.0.0.1:0 readline
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: certificate expired on 2020-02-01"
	server_says 5 'liu: PEER: the peer ended TLS: it considers our certificate expired (alert 45)'
}

@test "a certificate of the future is exit 5 with its date" {
	cd "$CERTS"
	[ -e early.pem ] || make_cert early localhost IP:127.0.0.1 20900101000000Z 20991231235959Z
	start_liu listen --tls --cert early.pem --key early.key 127.0.0.1:0 readline
	run_liu connect "$ADDRESS" --cacert ca.pem write 'hello\n' read
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is not valid before 2090-01-01: is the clock right?"
}

@test "a wrong name is exit 5 with the wanted name and the certificate's" {
	start_liu listen -k --tls --cert "$CERTS/other.pem" --key "$CERTS/other.key" 127.0.0.1:0 readline
	run_liu connect "tls:localhost:$PORT" -4 --cacert "$CERTS/ca.pem" write 'hello\n' read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: localhost:$PORT: certificate is for DNS name 'other.example', not for DNS name 'localhost'"
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' read
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is for DNS name 'other.example', not for IP address '127.0.0.1'"
}

@test "--server-name is the name that is checked, and that is asked for" {
	start_liu listen -k --tls --cert "$CERTS/other.pem" --key "$CERTS/other.key" 127.0.0.1:0 \
		info server-name
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --server-name other.example read
	assert_status 0
	assert_error_is ''
	wait_for_line "$SERVER_OUT" '^other\.example$'
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --server-name third.example read
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is for DNS name 'other.example', not for DNS name 'third.example'"
}

@test "IP literals are checked against IP names and are not sent as SNI" {
	cd "$CERTS"
	# The address as a DNS name is not the address.
	[ -e dnsip.pem ] || make_cert dnsip 127.0.0.1 DNS:127.0.0.1 20200101000000Z 20991231235959Z
	start_liu listen --tls --cert dnsip.pem --key dnsip.key 127.0.0.1:0 readline
	run_liu connect "$ADDRESS" --cacert ca.pem read
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is for DNS name '127.0.0.1', not for IP address '127.0.0.1'"
	start_tls listen info server-name
	run_liu connect "$ADDRESS" --cacert ca.pem info server-name read
	assert_status 0
	assert_output_bytes $'\n'
	wait_exit "$SERVER"
	printf '\n' | is "$SERVER_OUT" 'the name that was asked for' -
}

@test "for PORT and :PORT the name is localhost" {
	local address
	start_liu listen -k --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 0 info server-name
	for address in "tls:$PORT" "tls::$PORT" "tls:*:$PORT"; do
		run_liu connect "$address" --cacert "$CERTS/ca.pem" info server-name read
		assert_status 0
		assert_output_is localhost
		assert_error_is ''
	done
	stop "$SERVER"
	printf 'localhost\nlocalhost\nlocalhost\n' | is "$SERVER_OUT" 'the names asked for' -
	start_liu listen --tls --cert "$CERTS/other.pem" --key "$CERTS/other.key" 0
	run_liu connect "tls:$PORT" --cacert "$CERTS/ca.pem"
	assert_status 5
	assert_error_has "certificate is for DNS name 'other.example', not for DNS name 'localhost'"
}

@test "an internationalised name is asked for and checked in its ASCII form" {
	start_liu listen --tls --cert "$CERTS/other.pem" --key "$CERTS/other.key" 127.0.0.1:0
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --server-name 'bücher.example'
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is for DNS name 'other.example', not for DNS name 'xn--bcher-kva.example'"
}

@test "a self-signed certificate is exit 5 and the line says how to trust it" {
	local pin
	start_liu listen -k --tls 127.0.0.1:0 write 'hi\n'
	pin=$(sed -n 's/^certificate pin //p' "$SERVER_ERR")
	run_liu connect "$ADDRESS" read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is self-signed: --cacert FILE or --pin $pin trusts it"
	run_liu connect "$ADDRESS" --pin "$pin" read
	assert_status 0
	assert_output_is hi
	assert_error_is ''
}

@test "--cacert with the self-signed certificate itself trusts it, name and all" {
	local pem=$BATS_TEST_TMPDIR/pem
	start_liu listen -k --tls 127.0.0.1:0 write 'hi\n'
	run_liu connect "$ADDRESS" --insecure info peercert
	cp "$OUT" "$pem"
	run_liu connect "$ADDRESS" --cacert "$pem" read
	assert_status 0
	assert_output_is hi
	assert_error_is ''
	run_liu connect "$ADDRESS" --cacert "$pem" --server-name other.example read
	assert_status 5
	assert_error_has "not for DNS name 'other.example'"
}

@test "a pin decides alone: no chain, no name, no date" {
	local pin
	pin=$(pin_of "$CERTS/expired.pem")
	start_liu echo --tls --cert "$CERTS/expired.pem" --key "$CERTS/expired.key" 127.0.0.1:0
	run_liu connect "$ADDRESS" --pin "$pin" --server-name third.example write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	assert_error_is ''
}

@test "another key than the pinned one is exit 5, and its pin is shown" {
	start_tls listen readline
	run_liu connect "$ADDRESS" --pin "$(pin_of "$CERTS/other.pem")" write 'hello\n' read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: the peer's key is $(pin_of "$CERTS/server.pem"), which no --pin allows"
	wait_exit "$SERVER"
	assert_equal 5 "$status" "the listener's exit status"
	[ ! -s "$SERVER_OUT" ]
}

@test "--pin is repeatable, and case does not matter" {
	local pin
	pin=$(pin_of "$CERTS/server.pem")
	pin=${pin#sha256:}
	start_tls echo
	run_liu connect "$ADDRESS" --pin "$(pin_of "$CERTS/other.pem")" --pin "sha256:${pin^^}" \
		write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	assert_error_is ''
}

@test "with --cacert beside --pin both must hold" {
	local good bad
	good=$(pin_of "$CERTS/server.pem")
	bad=$(pin_of "$CERTS/other.pem")
	start_tls echo
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --pin "$good" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --pin "$bad" write 'hello\n' readline
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: the peer's key is $good, which no --pin allows"
	run_liu connect "$ADDRESS" --cacert "$CERTS/other.pem" --pin "$good" write 'hello\n' readline
	assert_status 5
	assert_error_has "certificate is signed by 'liu test CA', which is not trusted here"
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --pin "$good" --server-name third.example \
		write 'hello\n' readline
	assert_status 5
	assert_error_has "not for DNS name 'third.example'"
}

@test "--insecure takes any certificate and is said" {
	start_liu echo --tls --cert "$CERTS/expired.pem" --key "$CERTS/expired.key" 127.0.0.1:0
	run_liu connect "$ADDRESS" --insecure --server-name third.example write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	assert_error_is "liu: --insecure: the peer's certificate is not checked"
}

@test "what a certificate says is never shown raw" {
	local dir=$BATS_TEST_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj $'/CN=evil\e[31m\nCA' -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj $'/CN=na\e[2Jme' \
		-addext $'subjectAltName=DNS:x\e[2Jy' -keyout "$dir/x.key" -out "$dir/x.csr" 2>/dev/null
	openssl x509 -req -in "$dir/x.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial \
		-copy_extensions copy -out "$dir/x.pem" 2>/dev/null
	start_liu listen -k --tls --cert "$dir/x.pem" --key "$dir/x.key" 127.0.0.1:0 write 'hi\n'
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" read
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is signed by 'evil\\e[31m\\nCA', which is not trusted here: --cacert FILE trusts it"
	run_liu connect "$ADDRESS" --cacert "$dir/ca.pem" read
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is for DNS name 'x\\e[2Jy', not for IP address '127.0.0.1'"
	run_liu connect "$ADDRESS" --insecure info peercert-subject info peercert-names info peercert-issuer
	assert_status 0
	! grep -q $'\e' "$OUT" || fail 'an escape sequence on standard output'
}

# --- What must be given --------------------------------------------------------------

@test "unix: and fd: have no name to check: one of three options, else exit 2" {
	local address
	for address in tls:unix:/nonexistent tls:fd:0 tls:./nonexistent tls:unix:@nonexistent; do
		run_liu connect "$address"
		assert_status 2
		assert_output_is ''
		assert_error_is 'liu: TLS to an address without a host needs --server-name, --pin or --insecure (see: liu connect --help)'
	done
}

@test "TLS over a Unix socket, with each of the three" {
	start_liu echo --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" "unix:$BATS_TEST_TMPDIR/s"
	assert_equal "tls:unix:$BATS_TEST_TMPDIR/s" "$ADDRESS"
	run_liu connect "$ADDRESS" --server-name localhost --cacert "$CERTS/ca.pem" write 'one\n' readline
	assert_status 0
	assert_output_is one
	assert_error_is ''
	run_liu connect "$ADDRESS" --pin "$(pin_of "$CERTS/server.pem")" write 'two\n' readline
	assert_status 0
	assert_output_is two
	assert_error_is ''
	run_liu connect "$ADDRESS" --insecure write 'three\n' readline
	assert_status 0
	assert_output_is three
	assert_error_is "liu: --insecure: the peer's certificate is not checked"
	run_liu connect "$ADDRESS" --server-name third.example --cacert "$CERTS/ca.pem" write 'four\n' readline
	assert_status 5
	assert_error_has "not for DNS name 'third.example'"
}

@test "TLS over an inherited socket, both roles" {
	capture python3 -IS -c 'import socket, subprocess, sys
a, b = socket.socketpair()
liu, certs = sys.argv[1:]
server = subprocess.Popen([liu, "listen", "--tls", "--cert", certs + "/server.pem",
    "--key", certs + "/server.key", "fd:%d" % a.fileno(), "readline", "write", "answer\n"],
    pass_fds=[a.fileno()], stdin=subprocess.DEVNULL)
client = subprocess.Popen([liu, "connect", "tls:fd:%d" % b.fileno(), "--server-name", "localhost",
    "--cacert", certs + "/ca.pem", "write", "question\n", "read"],
    pass_fds=[b.fileno()], stdin=subprocess.DEVNULL)
a.close(); b.close()
sys.exit(server.wait() * 16 + client.wait())' "$LIU" "$CERTS"
	assert_status 0
	assert_error_is ''
	printf 'answer\nquestion\n' | is <(sort "$OUT") 'what both printed' -
}

@test "files that cannot be used are exit 2, before the network is touched" {
	local dir=$BATS_TEST_TMPDIR
	refused_port
	run_liu connect "tls:127.0.0.1:$REFUSED" --cacert "$dir/none"
	assert_status 2
	assert_output_is ''
	assert_error_is "liu: cannot use CA file '$dir/none': no such file or directory (see: liu connect --help)"
	run_liu connect "tls:127.0.0.1:$REFUSED" --cacert /dev/null
	assert_status 2
	assert_error_is "liu: cannot use CA file '/dev/null': there is no PEM certificate in it (see: liu connect --help)"
	run_liu connect "tls:127.0.0.1:$REFUSED" --capath "$dir/none"
	assert_status 2
	assert_error_is "liu: cannot use CA directory '$dir/none': no such file or directory (see: liu connect --help)"
	run_liu connect "tls:127.0.0.1:$REFUSED" --capath "$CERTS/ca.pem"
	assert_status 2
	assert_error_is "liu: cannot use CA directory '$CERTS/ca.pem': not a directory (see: liu connect --help)"
	run_liu connect "tls:127.0.0.1:$REFUSED" --cert "$dir/none"
	assert_status 2
	assert_error_is "liu: cannot use certificate '$dir/none': no such file or directory (see: liu connect --help)"
	run_liu head https://127.0.0.1:"$REFUSED"/ --cacert "$dir/none"
	assert_status 2
	assert_error_is "liu: cannot use CA file '$dir/none': no such file or directory (see: liu head --help)"
	# With the files in order it is the network's turn.
	run_liu connect "tls:127.0.0.1:$REFUSED" --cacert "$CERTS/ca.pem"
	assert_status 4
}

@test "a listener's files that cannot be used are exit 2 and nothing listens" {
	local command dir=$BATS_TEST_TMPDIR
	for command in listen echo; do
		run_liu $command tls:127.0.0.1:0 --cert "$dir/none" --key "$CERTS/server.key"
		assert_status 2
		assert_output_is ''
		assert_error_is "liu: cannot use certificate '$dir/none': no such file or directory (see: liu $command --help)"
		run_liu $command tls:127.0.0.1:0 --cert "$CERTS/server.pem" --key "$dir/none"
		assert_status 2
		assert_error_is "liu: cannot use key '$dir/none': no such file or directory (see: liu $command --help)"
		run_liu $command tls:127.0.0.1:0 --cert "$CERTS/server.pem"
		assert_status 2
		assert_error_is "liu: cannot use key '$CERTS/server.pem': there is no PEM private key in it (see: liu $command --help)"
		run_liu $command tls:127.0.0.1:0 --cert "$CERTS/server.pem" --key "$CERTS/other.key"
		assert_status 2
		assert_error_is "liu: cannot use key '$CERTS/other.key': it does not belong to the certificate (see: liu $command --help)"
		run_liu $command tls:127.0.0.1:0 --key "$CERTS/server.key"
		assert_status 2
		assert_error_is "liu: --key needs --cert (see: liu $command --help)"
		run_liu $command 127.0.0.1:0 --cert "$CERTS/server.pem" --key "$CERTS/server.key"
		assert_status 2
		assert_error_is "liu: --cert needs TLS (--tls, tls:ADDRESS or an https URL) (see: liu $command --help)"
	done
}

@test "an encrypted key is exit 2, without a question for the passphrase" {
	openssl pkey -in "$CERTS/server.key" -aes128 -passout pass:secret -out "$BATS_TEST_TMPDIR/key"
	run_liu listen tls:127.0.0.1:0 --cert "$CERTS/server.pem" --key "$BATS_TEST_TMPDIR/key"
	assert_status 2
	assert_error_is "liu: cannot use key '$BATS_TEST_TMPDIR/key': it is encrypted with a passphrase (see: liu listen --help)"
}

@test "the options of the side that dials are none of a listener" {
	local option command
	for command in listen echo; do
		for option in --insecure "--cacert=$CERTS/ca.pem" "--capath=$CERTS" --server-name=x \
			"--pin=$(pin_of "$CERTS/ca.pem")"; do
			run_liu $command tls:127.0.0.1:0 "$option"
			assert_status 2
			assert_output_is ''
			assert_error_has "${option%%=*}"
			assert_equal 1 "$(wc -l <"$ERR")" 'lines'
		done
	done
}

@test "TLS options without TLS are exit 2" {
	local option
	for option in --insecure "--cacert=$CERTS/ca.pem" "--capath=$CERTS" --server-name=x "--pin=$(pin_of "$CERTS/ca.pem")"; do
		run_liu connect 127.0.0.1:1 "$option"
		assert_status 2
		assert_error_is "liu: ${option%%=*} needs TLS on the side that dials (tls:ADDRESS, to tls:ADDRESS, an https URL) (see: liu connect --help)"
	done
	for option in --allow-truncated "--cert=$CERTS/client.pem"; do
		run_liu connect 127.0.0.1:1 "$option"
		assert_status 2
		assert_error_is "liu: ${option%%=*} needs TLS (--tls, tls:ADDRESS or an https URL) (see: liu connect --help)"
	done
}

@test "a malformed pin is exit 2" {
	local pin
	for pin in sha256:12 sha256: "md5:$(printf '%064d' 0)" "sha256:$(printf '%065d' 0)" \
		"sha256:$(printf '%063dg' 0)"; do
		run_liu connect tls:127.0.0.1:1 --pin "$pin"
		assert_status 2
		assert_error_is "liu: --pin: invalid pin '$pin' (sha256: and 64 hexadecimal digits) (see: liu connect --help)"
	done
}

# --- Certificates of the listener ----------------------------------------------------

@test "without --cert a certificate is made, and its pin is printed before the ready line" {
	local pin
	start_liu echo --tls 127.0.0.1:0
	pin=$(sed -n '1s/^certificate pin //p' "$SERVER_ERR")
	[[ $pin =~ ^sha256:[0-9a-f]{64}$ ]] || fail "no pin: $pin"
	is "$SERVER_ERR" 'ready lines' "certificate pin $pin
listening on tls:127.0.0.1:$PORT"
	run_liu connect "$ADDRESS" --pin "$pin" info peercert-pin write 'hello\n' readline
	assert_status 0
	assert_output_is "$pin
hello"
	assert_error_is ''
}

@test "the certificate that is made names the machine and lasts 30 days" {
	start_liu listen -k --tls 127.0.0.3:0 --address tls:127.0.0.4:0
	PORT=$(sed -n 's/^listening on tls:127.0.0.3://p' "$SERVER_ERR")
	run_liu connect "tls:127.0.0.3:$PORT" --insecure info peercert-names info peercert-days-left
	assert_status 0
	grep -qxE '29|30' <(tail -n 1 "$OUT") || fail "days left: $(tail -n 1 "$OUT")"
	sed '$d' "$OUT" >"$BATS_TEST_TMPDIR/names"
	{
		printf 'localhost\n127.0.0.1\n::1\n'
		[ "$(hostname)" = localhost ] || hostname
		printf '127.0.0.3\n127.0.0.4\n'
	} | is "$BATS_TEST_TMPDIR/names" 'the names in the certificate' -
}

@test "each listener makes a key of its own" {
	start_liu echo --tls 127.0.0.1:0
	cp "$SERVER_ERR" "$BATS_TEST_TMPDIR/first"
	start_liu echo --tls 127.0.0.1:0
	! grep -qxFf <(grep pin "$BATS_TEST_TMPDIR/first") "$SERVER_ERR" || fail 'the same key twice'
}

@test "the pin line goes with -q" {
	local file=$BATS_TEST_TMPDIR/address
	start "$LIU" echo -q --tls 127.0.0.1:0 --address-file "$file"
	wait_until test -s "$file"
	is "$PID_ERR" 'standard error with -q' ''
}

@test "with --cert no pin is printed" {
	start_tls echo
	is "$SERVER_ERR" 'ready lines' "listening on tls:127.0.0.1:$PORT"
}

@test "certificate and key may stand in one file, and the chain is sent" {
	local pem=$BATS_TEST_TMPDIR/both.pem
	cat "$CERTS/server.key" "$CERTS/server.pem" "$CERTS/ca.pem" >"$pem"
	start_liu echo --tls --cert "$pem" 127.0.0.1:0
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	# The authority came with it: that alone does not make it trusted.
	SSL_CERT_FILE=/dev/null run_liu connect "$ADDRESS" write 'hello\n' readline
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is signed by 'liu test CA', which is not trusted here: --cacert FILE trusts it"
}

@test "one listener can have TLS on one address and none on the other" {
	start_liu echo --cert "$CERTS/server.pem" --key "$CERTS/server.key" tls:127.0.0.1:0 \
		--address "unix:$BATS_TEST_TMPDIR/plain"
	run_liu connect "tls:127.0.0.1:$(sed -n 's/^listening on tls:127.0.0.1://p' "$SERVER_ERR")" \
		--cacert "$CERTS/ca.pem" write 'tls\n' readline
	assert_status 0
	assert_output_is tls
	run_liu connect "unix:$BATS_TEST_TMPDIR/plain" write 'plain\n' readline
	assert_status 0
	assert_output_is plain
}

@test "a client certificate is shown to a server that asks for one" {
	tls_server 'ctx.verify_mode = ssl.CERT_REQUIRED
ctx.load_verify_locations(sys.argv[1] + "/ca.pem")
t = shake()
t.sendall(repr(t.getpeercert()["subject"]).encode() + b"\n")
t.unwrap()'
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" --cert "$CERTS/client.pem" \
		--key "$CERTS/client.key" read
	assert_status 0
	assert_output_is "((('commonName', 'client'),),)"
	assert_error_is ''
}

@test "a server that requires a client certificate: its alert is explained" {
	local code='ctx.verify_mode = ssl.CERT_REQUIRED
ctx.load_verify_locations(sys.argv[1] + "/ca.pem")
try:
    shake()
except ssl.SSLError:
    c.shutdown(socket.SHUT_WR)
    c.recv(1)'
	tls_server "$code"
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" readline
	assert_status 5
	assert_output_is ''
	# TLS 1.3: the handshake is over for us before the server has looked.
	assert_error_is 'liu: step 1 (readline): the peer ended TLS: it requires a client certificate (alert 116)'
	tls_server "ctx.maximum_version = ssl.TLSVersion.TLSv1_2
$code"
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" readline
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: the peer ended TLS: it accepts nothing that we offer (alert 40)"
}

# --- The handshake -------------------------------------------------------------------

@test "info has the facts of TLS in both roles, and the JSON open event too" {
	local sha
	sha=$(openssl x509 -in "$CERTS/server.pem" -outform DER | sha256sum | cut -d ' ' -f 1)
	start_tls listen -k info tls-version info cipher info alpn info server-name info peercert-subject
	run_liu connect "tls:localhost:$PORT" -4 --cacert "$CERTS/ca.pem" info tls-version info server-name \
		info alpn info peercert-subject info peercert-issuer info peercert-names info peercert-not-after \
		info peercert-sha256 info peercert-pin read
	assert_status 0
	assert_error_is ''
	assert_output_is "TLSv1.3
localhost

CN=localhost
CN=liu test CA
localhost
127.0.0.1
::1
2099-12-31T23:59:59Z
$sha
$(pin_of "$CERTS/server.pem")"
	run_liu connect "tls:localhost:$PORT" -4 --cacert "$CERTS/ca.pem" --json info cipher info alpn
	assert_status 0
	python3 -IS - "$OUT" "$sha" "$(pin_of "$CERTS/server.pem")" <<'CODE'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
tls = lines[0]["tls"]
assert lines[0]["event"] == "open", lines
assert list(tls) == ["version", "cipher", "alpn", "server_name", "peercert_sha256", "peercert_pin"], tls
assert tls["version"] == "TLSv1.3" and tls["alpn"] is None and tls["server_name"] == "localhost", tls
assert tls["peercert_sha256"] == sys.argv[2] and tls["peercert_pin"] == sys.argv[3], tls
assert lines[1]["data"].rstrip("\n") == tls["cipher"], lines
assert lines[2]["data"] is None, lines
CODE
	stop "$SERVER"
	sed -E 's/^TLS_[A-Z0-9_]+$/CIPHER/' "$SERVER_OUT" >"$BATS_TEST_TMPDIR/facts"
	printf 'TLSv1.3\nCIPHER\n\nlocalhost\n\n%.0s' 1 2 | is "$BATS_TEST_TMPDIR/facts" "the listener's facts" -
}

@test "TLS 1.2 is spoken, and nothing older" {
	start_tls echo
	capture tls_client 'ctx.maximum_version = ssl.TLSVersion.TLSv1_2
t = shake()
t.sendall(b"old\n")
print(t.recv(9), t.version())
t.unwrap()'
	assert_status 0
	assert_output_is "b'old\\n' TLSv1.2"
	capture tls_client 'ctx.minimum_version = ssl.TLSVersion.TLSv1
ctx.maximum_version = ssl.TLSVersion.TLSv1_1
ctx.set_ciphers("ALL:@SECLEVEL=0")
try:
    shake()
    print("it took TLS 1.1")
except ssl.SSLError as error:
    print(error.reason)'
	assert_output_is TLSV1_ALERT_PROTOCOL_VERSION
	wait_for_line "$SERVER_ERR" '^liu: '
	server_said 'liu: PEER: TLS failed: no TLS version in common'
}

@test "a server of TLS 1.1 is refused" {
	tls_server 'ctx.minimum_version = ssl.TLSVersion.TLSv1
ctx.maximum_version = ssl.TLSVersion.TLSv1_1
ctx.set_ciphers("ALL:@SECLEVEL=0")
try:
    shake()
except ssl.SSLError:
    c.shutdown(socket.SHUT_WR)
    c.recv(1)'
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: the peer ended TLS: no TLS version in common (alert 70)"
}

@test "a silent server: --handshake-timeout is exit 6" {
	start_liu listen 127.0.0.1:0 read
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" --handshake-timeout 0.3 read
	assert_status 6
	assert_output_is ''
	assert_error_is "liu: TLS handshake with 127.0.0.1:$PORT: timed out after 0.3 s (--handshake-timeout)"
}

@test "--connect-timeout and -w cover the handshake" {
	start_liu listen -k 127.0.0.1:0 skip 100000 at-eof
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" --connect-timeout 0.3 read
	assert_status 6
	assert_error_is "liu: TLS handshake with 127.0.0.1:$PORT: timed out after 0.3 s (--connect-timeout)"
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" -w 0.3 read
	assert_status 6
	assert_error_is "liu: TLS handshake with 127.0.0.1:$PORT: timed out after 0.3 s (--timeout)"
}

@test "a silent client: --handshake-timeout is exit 6 in the listener" {
	start_tls listen --handshake-timeout 0.3 read
	run_liu connect "127.0.0.1:$PORT" read
	server_says 6 'liu: PEER: TLS handshake: timed out after 0.3 s (--handshake-timeout)'
}

@test "a silent client does not block the others" {
	local silent
	start_tls echo
	start "$LIU" connect "127.0.0.1:$PORT" read
	silent=$PID
	start "$LIU" connect "127.0.0.1:$PORT" writehex 16 read
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	! is_gone "$silent" || fail 'the silent client has been dropped'
	server_said ''
}

@test "a server that speaks no TLS is exit 5 and its first bytes are shown" {
	start_liu listen -k 127.0.0.1:0 write 'SSH-2.0-OpenSSH_\e[31m9\r\nmore' skip 100000
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: the peer does not speak TLS: it sent 'SSH-2.0-OpenSSH_\\e[31m9'"
}

@test "a server that closes before the handshake is exit 5" {
	start_liu listen -k 127.0.0.1:0 read 1
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: the peer closed the connection without a TLS handshake"
}

@test "a server that resets during the handshake is exit 5" {
	start_liu listen -k 127.0.0.1:0 read 1 abort
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" read
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: 127.0.0.1:$PORT: the connection broke during the TLS handshake: connection reset by peer"
}

@test "a plain client of a TLS listener is exit 5, and what it sent is shown" {
	start_tls listen read
	run_liu connect "127.0.0.1:$PORT" write 'GET /\e HTTP/1.0\r\n\r\n' read
	assert_status 0
	server_says 5 "liu: PEER: the peer does not speak TLS: it sent 'GET /\\e HTTP/1.0'"
	is "$SERVER_OUT" 'what the listener printed' ''
}

@test "a client that closes before the handshake is exit 5" {
	start_tls listen read
	run_liu connect "127.0.0.1:$PORT"
	assert_status 0
	server_says 5 'liu: PEER: the peer closed the connection without a TLS handshake'
}

@test "with -k a failed handshake is one line and the listener goes on" {
	start_tls echo
	run_liu connect "127.0.0.1:$PORT" write 'hello\n' read
	wait_for_line "$SERVER_ERR" '^liu: '
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
	server_said "liu: PEER: the peer does not speak TLS: it sent 'hello'"
}

@test "a failed handshake counts for --accept" {
	start_tls listen --accept 2 readline
	run_liu connect "127.0.0.1:$PORT" write 'hello\n' read
	wait_for_line "$SERVER_ERR" '^liu: '
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'second\n'
	assert_status 0
	server_says 5 "liu: PEER: the peer does not speak TLS: it sent 'hello'"
	is "$SERVER_OUT" 'what the listener printed' second
}

@test "a broken record after the handshake is exit 5" {
	tls_server 't = shake()
t.sendall(b"whole\n")
s = socket.socket(fileno=t.detach())
s.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
while s.recv(4096):
    pass'
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" readline readline
	assert_status 5
	assert_output_is whole
	assert_error_has 'liu: step 2 (readline): '
	assert_equal 1 "$(wc -l <"$ERR")" lines
}

@test "read takes all that has arrived, whatever --limit is, on every transport" {
	local address bytes trust=()
	bytes=$(printf '%01001d' 0)
	for address in 127.0.0.1:0 "unix:$BATS_TEST_TMPDIR/s" tls:127.0.0.1:0; do
		start_liu listen "$address" write "$bytes" read
		[ "$address" != tls:127.0.0.1:0 ] || trust=(--insecure)
		run_liu connect -q "$ADDRESS" ${trust[@]+"${trust[@]}"} --limit 10 readexactly 1 read 2000
		assert_status 0
		assert_output_bytes "$bytes"
	done
}

# --- How TLS ends ------------------------------------------------------------------

@test "an end without close_notify is tls-truncated: what came is printed, exit 5" {
	start_cut 7
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'one\ntwo' read
	assert_status 5
	assert_output_bytes $'one\ntwo'
	assert_error_is 'liu: step 2 (read): the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)'
}

@test "every read that meets the cut says so and prints what it has" {
	local step
	start_cut 7
	for step in 'readline 3' 'readexactly 10' 'readuntil X'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'one\ntwo' $step
		assert_status 5
		assert_output_bytes $'one\ntwo'
		assert_error_is "liu: step 2 ($step): the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)"
	done
	start_cut 0
	for step in 'readline' 'read 10' 'readframe u8'; do
		# shellcheck disable=SC2086 # words by intention
		run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" $step
		assert_status 5
		assert_output_is ''
		assert_error_is "liu: step 1 ($step): the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)"
	done
}

@test "complete records before the cut are unaffected" {
	local text='one\ntwo\nthree'
	start_cut 13
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write "$text" readline readexactly 4 readuntil ee
	assert_status 0
	assert_output_bytes $'one\ntwo\nthree'
	assert_error_is ''
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write "$text" readline 2 readline
	assert_status 5
	assert_output_bytes $'one\ntwo\nthree'
	assert_error_has 'step 3 (readline): the peer ended the connection without close_notify'
}

@test "--json names the cut tls-truncated" {
	start_cut 3
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --json write two readline
	assert_status 5
	assert_equal '{"event":"step","conn":1,"index":2,"step":"readline","ok":false,"error":"tls-truncated","message":"step 2 (readline): the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)","bytes":3,"data":"two"}' \
		"$(sed -n 3p "$OUT")"
}

@test "--allow-truncated takes the cut for the end" {
	start_cut 7
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --allow-truncated write 'one\ntwo' read
	assert_status 0
	assert_output_bytes $'one\ntwo'
	assert_error_is ''
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --allow-truncated write 'one\ntwo' readline 3
	assert_status 7
	assert_output_bytes $'one\ntwo'
}

@test "relay: a cut is exit 5, and with --allow-truncated none" {
	start_cut 7
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --no-half-close < <(printf 'one\ntwo')
	assert_status 5
	assert_output_bytes $'one\ntwo'
	assert_error_is 'liu: the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)'
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" --no-half-close --allow-truncated < <(printf 'one\ntwo')
	assert_status 0
	assert_output_bytes $'one\ntwo'
	assert_error_is ''
}

@test "a listener sees the cut too, and --allow-truncated" {
	# TLS 1.2: no session ticket comes after the handshake, which would make the close a reset.
	local cut='ctx.maximum_version = ssl.TLSVersion.TLSv1_2
t = shake()
t.sendall(b"one\ntwo")
t.close()'
	start_tls listen read
	capture tls_client "$cut"
	assert_status 0
	server_says 5 'liu: PEER: step 1 (read): the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)'
	printf 'one\ntwo' | is "$SERVER_OUT" 'what the listener printed' -
	start_tls listen --allow-truncated read
	capture tls_client "$cut"
	assert_status 0
	server_says 0 ''
	printf 'one\ntwo' | is "$SERVER_OUT" 'what the listener printed' -
}

@test "echo: a cut is one line, and it goes on" {
	start_tls echo
	capture tls_client 't = shake()
t.sendall(b"one")
print(t.recv(3), flush=True)
t = socket.socket(fileno=t.detach())
t.shutdown(socket.SHUT_WR)
while t.recv(4096):
    pass'
	assert_status 0
	assert_output_is "b'one'"
	wait_for_line "$SERVER_ERR" '^liu: '
	server_said 'liu: PEER: the peer ended the connection without close_notify: the data may be cut (--allow-truncated accepts this)'
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' readline
	assert_status 0
	assert_output_is hello
}

@test "close_notify is an orderly end in both directions" {
	start_tls listen readline write 'two\n'
	capture tls_client 't = shake()
t.sendall(b"one\n")
print(t.recv(9), t.recv(9))
t.unwrap()
print("unwrapped")'
	assert_status 0
	assert_output_is "b'two\\n' b''
unwrapped"
	server_says 0 ''
}

@test "write-eof sends close_notify and reading goes on" {
	start_tls listen read write 'late answer\n'
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'question\n' write-eof read
	assert_status 0
	assert_output_is 'late answer'
	assert_error_is ''
	server_says 0 ''
	is "$SERVER_OUT" 'what the listener printed' question
}

@test "what write-eof sends is close_notify, and no end of TCP instead of it" {
	tls_server 't = shake()
try:
    while t.recv(9):
        pass
    print("close_notify", flush=True)
    t.sendall(b"late\n")
    t.unwrap()
except OSError as error:
    print(error, flush=True)'
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" write 'x' write-eof read
	assert_status 0
	assert_output_is late
	assert_error_is ''
	wait_exit "$PEER"
	assert_equal close_notify "$(sed 1d "$PID_OUT")"
}

@test "the listener may end its side first" {
	start_tls listen write 'all I have to say\n' write-eof read
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" read write 'and I go on\n'
	assert_status 0
	assert_output_is 'all I have to say'
	assert_error_is ''
	server_says 0 ''
	is "$SERVER_OUT" 'what the listener printed' 'and I go on'
}

@test "a relay passes megabytes both ways at once and half-closes, to the byte" {
	local dir=$BATS_TEST_TMPDIR
	head -c 5000000 /dev/urandom >"$dir/up"
	head -c 7000000 /dev/urandom >"$dir/down"
	STDIN=$dir/down start_tls listen
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" <"$dir/up"
	assert_status 0
	assert_error_is ''
	server_says 0 ''
	cmp "$dir/down" "$OUT"
	cmp "$dir/up" "$SERVER_OUT"
}

@test "a peer that cuts its own side at once still receives everything" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/big"
	tls_server 'import os
t = shake()
socket.socket.shutdown(socket.socket(fileno=os.dup(t.fileno())), socket.SHUT_WR)
n = 0
try:
    while data := t.recv(65536):
        n += len(data)
        select.select([], [], [], 0.002)
except OSError as error:
    print(error)
print(n)'
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" writefile "$BATS_TEST_TMPDIR/big"
	assert_status 0
	assert_error_is ''
	wait_exit "$PEER"
	assert_equal 3000000 "$(sed 1d "$PID_OUT")" 'bytes that the peer received'
}

@test "session tickets left unread cost the peer nothing" {
	local big=$BATS_TEST_TMPDIR/big
	head -c 3000000 /dev/urandom >"$big"
	start_tls listen read
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" writefile "$big"
	assert_status 0
	assert_error_is ''
	server_says 0 ''
	cmp "$big" "$SERVER_OUT"
}

@test "a client that closes without having read anything loses nothing" {
	start_tls listen read
	capture tls_client 't = shake()
t.sendall(b"one")
t.setblocking(False)
try:
    t.unwrap()
except ssl.SSLWantReadError:
    pass
t.close()'
	assert_status 0
	server_says 0 ''
	printf one | is "$SERVER_OUT" 'what the listener printed' -
}

@test "a peer that ends right after our close_notify, without a byte: the hint" {
	# What asyncio's TLS servers do.
	tls_server 't = shake()
while t.recv(9):
    pass
t.unwrap()'
	printf 'question\n' >"$BATS_TEST_TMPDIR/in"
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_is ''
	assert_error_is 'liu: the peer ended without a byte after our close_notify: if it takes that for the end of everything, use --no-half-close'
}

@test "no hint when the peer has sent anything" {
	tls_server 't = shake()
while t.recv(9):
    pass
t.sendall(b"x")
t.unwrap()'
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem"
	assert_status 0
	assert_output_bytes x
	assert_error_is ''
}

@test "no hint without TLS" {
	start_liu listen 127.0.0.1:0 read
	run_liu connect "$ADDRESS"
	assert_status 0
	assert_error_is ''
}

@test "--no-half-close sends no close_notify before the peer has ended" {
	tls_server 't = shake()
while b"\n" not in t.recv(9):
    pass
readable, _, _ = select.select([t], [], [], 0.3)
t.sendall(b"silence\n" if not readable else b"it said more\n")
t.unwrap()'
	printf 'question\n' >"$BATS_TEST_TMPDIR/in"
	run_liu connect "tls:127.0.0.1:$PORT" --cacert "$CERTS/ca.pem" --no-half-close <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_is silence
	assert_error_is ''
}

@test "a reset is io, not the end" {
	start_tls listen readline abort
	run_liu connect "$ADDRESS" --cacert "$CERTS/ca.pem" write 'x\n' read
	assert_status 1
	assert_error_is 'liu: step 2 (read): connection reset by peer'
}

# --- head ------------------------------------------------------------------------------

@test "head checks certificates like connect" {
	start_tls listen -k readuntil '\r\n\r\n' write 'HTTP/1.1 200 OK\r\n\r\n'
	run_liu head "https://127.0.0.1:$PORT/"
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: https://127.0.0.1:$PORT/: 127.0.0.1:$PORT: certificate is signed by 'liu test CA', which is not trusted here: --cacert FILE trusts it"
	run_liu head --cacert "$CERTS/ca.pem" "https://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
	assert_error_is ''
	run_liu head --cacert "$CERTS/ca.pem" --server-name third.example "https://127.0.0.1:$PORT/"
	assert_status 5
	assert_error_is "liu: https://127.0.0.1:$PORT/: 127.0.0.1:$PORT: certificate is for DNS name 'localhost', IP address '127.0.0.1', IP address '::1', not for DNS name 'third.example'"
	run_liu head --pin "$(pin_of "$CERTS/server.pem")" "https://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
	assert_error_is ''
	run_liu head --insecure "https://127.0.0.1:$PORT/"
	assert_status 0
	assert_output_is 'HTTP/1.1 200 OK'
	assert_error_is "liu: --insecure: the peer's certificate is not checked"
}

@test "head: a silent TLS server, and one that speaks none" {
	start_liu listen 127.0.0.1:0 read
	run_liu head --handshake-timeout 0.3 "https://127.0.0.1:$PORT/"
	assert_status 6
	assert_output_is ''
	assert_error_is "liu: https://127.0.0.1:$PORT/: TLS handshake with 127.0.0.1:$PORT: timed out after 0.3 s (--handshake-timeout)"
	start_liu listen 127.0.0.1:0 write 'HTTP/1.1 400 Bad Request\r\n\r\n' skip 100000
	run_liu head "https://127.0.0.1:$PORT/"
	assert_status 5
	assert_output_is ''
	assert_error_is "liu: https://127.0.0.1:$PORT/: 127.0.0.1:$PORT: the peer does not speak TLS: it sent 'HTTP/1.1 400 Bad Request'"
}

# --- OpenSSL ---------------------------------------------------------------------------

@test "OpenSSL without providers is exit 5" {
	printf '%s\n' 'openssl_conf = a' '[a]' 'providers = b' '[b]' 'none = c' '[c]' 'activate = 0' \
		>"$BATS_TEST_TMPDIR/openssl.cnf"
	OPENSSL_CONF=$BATS_TEST_TMPDIR/openssl.cnf run_liu connect tls:127.0.0.1:1
	assert_status 5
	assert_output_is ''
	assert_error_has 'liu: cannot use OpenSSL: '
	assert_equal 1 "$(wc -l <"$ERR")" lines
}

# --- -v, -vvv ----------------------------------------------------------------------

# days_left NAME: of that certificate, rounded down.
days_left() {
	local end
	end=$(openssl x509 -in "$CERTS/$1.pem" -noout -enddate)
	echo $((($(date -d "${end#*=}" +%s) - $(date +%s)) / 86400))
}

@test "-v: one line about TLS on either side" {
	start_tls listen -v readline
	run_liu connect -v "$ADDRESS" --cacert "$CERTS/ca.pem" writeline x
	assert_status 0
	assert_output_is ''
	assert_error_is "liu: connecting to 127.0.0.1:$PORT
liu: connected to 127.0.0.1:$PORT
liu: TLSv1.3, TLS_AES_256_GCM_SHA384, peer CN=localhost, $(days_left server) days left"
	server_says 0 'liu: PEER: accepted
liu: PEER: TLSv1.3, TLS_AES_256_GCM_SHA384
liu: PEER: ended'
}

@test "-vvv logs each change of state" {
	start_tls echo
	run_liu connect -vvv "$ADDRESS" --cacert "$CERTS/ca.pem" write 'hello\n' readline
	assert_status 0
	grep -E 'TLS: (handshake|open|close_notify)' "$ERR" >"$ERR.tls"
	is "$ERR.tls" 'states' "liu: 127.0.0.1:$PORT: TLS: handshake -> open
liu: 127.0.0.1:$PORT: TLS: open -> sending ended"
	run_liu connect -vvv "$ADDRESS" --cacert "$CERTS/other.pem" readline
	assert_status 5
	grep -E 'TLS: (handshake|open|close_notify)' "$ERR" >"$ERR.tls"
	is "$ERR.tls" 'states' "liu: 127.0.0.1:$PORT: TLS: handshake -> handshake failed"
}
