#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# openssl: versions, names, dates, authorities, pins and alerts, with s_client and s_server as the peers.

load ../bats/helpers
load programs

setup() {
	trace_the_test_alone
	need openssl
	make_certs expired other client
}

s_server() { # CERTIFICATE [OPTION...]: it sends every line back, reversed
	start_server openssl s_server -rev -accept 127.0.0.1:0 -cert "$CERTS/$1.pem" -key "$CERTS/$1.key" "${@:2}"
}

# s_client OPTION...: as a client of liu's, with the question as its input.
s_client() {
	capture timeout "$LIU_TIMEOUT" openssl s_client -quiet -ign_eof -verify_return_error \
		-CAfile "$CERTS/ca.pem" -connect "127.0.0.1:$PORT" "$@" <<<'question'
}

start_tls() { # [OPTION...]
	start_liu listen -k --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 \
		info tls-version readline write 'answer\n'
}

ask() { # OPTION...
	run_liu connect "tls:127.0.0.1:$PORT" "$@" write 'abc\n' readline
}

@test "s_server: TLS 1.3 and 1.2, and nothing older" {
	local version
	for version in 1_3 1_2; do
		s_server server -tls$version
		ask --cacert "$CERTS/ca.pem" info tls-version
		assert_status 0
		assert_output_is "TLSv${version/_/.}
cba"
		assert_error_is ''
	done
	for version in 1_1 1; do
		s_server server -tls$version -cipher ALL:@SECLEVEL=0
		ask --cacert "$CERTS/ca.pem"
		assert_status 5
		assert_output_is ''
		assert_error_is "liu: 127.0.0.1:$PORT: the peer ended TLS: no TLS version in common (alert 70)"
	done
}

two_lines() {
	[ "$(grep -c '^liu: ' "$SERVER_ERR")" = 2 ]
}

@test "s_client: TLS 1.3 and 1.2, and nothing older" {
	local version
	start_tls
	for version in 1_3 1_2; do
		s_client -tls$version
		assert_status 0
		assert_output_is answer
	done
	for version in 1_1 1; do
		s_client -tls$version -cipher ALL:@SECLEVEL=0
		assert_status 1
		assert_output_is ''
	done
	wait_until two_lines
	stop "$SERVER"
	is "$SERVER_OUT" 'what liu printed' 'TLSv1.3
question
TLSv1.2
question'
	assert_equal 2 "$(grep -c 'TLS failed: no TLS version in common$' "$SERVER_ERR")"
}

@test "s_server: names, dates, authorities, pins" {
	local pin
	s_server server
	ask --cacert "$CERTS/ca.pem" --server-name localhost
	assert_status 0
	ask --cacert "$CERTS/ca.pem" --server-name other.example
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is for DNS name 'localhost', IP address '127.0.0.1', IP address '::1', not for DNS name 'other.example'"
	ask --cacert "$CERTS/other.pem"
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate is signed by 'liu test CA', which is not trusted here: --cacert FILE trusts it"
	pin=sha256:$(openssl x509 -in "$CERTS/server.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -r | cut -d ' ' -f 1)
	ask --pin "$pin"
	assert_status 0
	assert_output_is cba
	assert_error_is ''
	s_server expired
	ask --cacert "$CERTS/ca.pem"
	assert_status 5
	assert_error_is "liu: 127.0.0.1:$PORT: certificate expired on 2020-02-01"
	ask --pin "$pin"
	assert_status 5
	assert_error_has 'which no --pin allows'
}

@test "s_server asks for a client certificate" {
	s_server server -Verify 1 -CAfile "$CERTS/ca.pem" -verify_return_error
	ask --cacert "$CERTS/ca.pem" --cert "$CERTS/client.pem" --key "$CERTS/client.key"
	assert_status 0
	assert_output_is cba
	assert_error_is ''
	ask --cacert "$CERTS/ca.pem"
	assert_status 5
	assert_output_is ''
	assert_error_is 'liu: step 2 (readline): the peer ended TLS: it requires a client certificate (alert 116)'
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=nobody \
		-keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/pem" 2>/dev/null
	ask --cacert "$CERTS/ca.pem" --cert "$BATS_TEST_TMPDIR/pem" --key "$BATS_TEST_TMPDIR/key"
	assert_status 5
	assert_output_is ''
	assert_error_has 'liu: step 2 (readline): the peer ended TLS: '
}

@test "s_client verifies liu's certificate and chain, and reads its name" {
	start_tls
	s_client -verify_hostname localhost -servername localhost
	assert_status 0
	s_client -verify_hostname other.example
	assert_status 1
	assert_output_is ''
	cat "$CERTS/server.pem" "$CERTS/ca.pem" "$CERTS/server.key" >"$BATS_TEST_TMPDIR/all"
	start_liu listen --tls --cert "$BATS_TEST_TMPDIR/all" 127.0.0.1:0 readline
	capture timeout "$LIU_TIMEOUT" openssl s_client -showcerts -connect "127.0.0.1:$PORT" </dev/null
	assert_equal 2 "$(grep -c 'BEGIN CERTIFICATE' "$OUT")" 'certificates in the chain'
}

@test "s_client: the self-made certificate verifies against itself" {
	start_liu listen -k --tls 127.0.0.1:0 write 'hi\n'
	capture timeout "$LIU_TIMEOUT" openssl s_client -connect "127.0.0.1:$PORT" </dev/null
	openssl x509 -in "$OUT" -out "$BATS_TEST_TMPDIR/pem"
	for name in '-verify_ip 127.0.0.1' '-verify_hostname localhost' '-verify_ip ::1'; do
		# shellcheck disable=SC2086 # words by intention
		capture timeout "$LIU_TIMEOUT" openssl s_client -quiet -verify_return_error \
			-CAfile "$BATS_TEST_TMPDIR/pem" $name -connect "127.0.0.1:$PORT" </dev/null
		assert_status 0
	done
	openssl x509 -in "$BATS_TEST_TMPDIR/pem" -noout -checkend $((29 * 86400))
	! openssl x509 -in "$BATS_TEST_TMPDIR/pem" -noout -checkend $((31 * 86400)) ||
		fail 'it is valid for longer than 30 days'
	assert_equal "$(sed -n 's/^certificate pin sha256://p' "$SERVER_ERR")" \
		"$(openssl x509 -in "$BATS_TEST_TMPDIR/pem" -noout -pubkey | openssl pkey -pubin -outform DER |
			openssl dgst -sha256 -r | cut -d ' ' -f 1)" pin
}
