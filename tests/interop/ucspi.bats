#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# ucspi: a command gets from exec what tcpserver gives it, and other clients get its output.

load ../bats/helpers
load ../bats/clients

# The variables of ucspi-tcp, without the client's port, then what the client sends.
list='env | grep -E "^(PROTO|TCP)" | sed "s/^TCPREMOTEPORT=[0-9]*$/TCPREMOTEPORT=PORT/; s/=$PORT$/=SERVER/" | LC_ALL=C sort; cat'

# talks PORT: what a client that half-closes gets.
talks() {
	PORT=$1 clients 'c = dial(); c.sendall(b"hello\n"); c.shutdown(1); sys.stdout.buffer.write(rest(c))'
}

@test "exec and tcpserver give a command the same environment and stream" {
	need tcpserver
	start tcpserver -1 -H -R -l '' 127.0.0.1 0 sh -c 'PORT=$TCPLOCALPORT; unset TCPLOCALHOST; '"$list"
	wait_for_line "$PID_OUT" '^[0-9]+$'
	talks "$REPLY"
	cp "$SAID" "$BATS_TEST_TMPDIR/theirs"
	start_liu listen 127.0.0.1:0 exec 'PORT=$TCPLOCALPORT; '"$list"
	talks "$PORT"
	same "$BATS_TEST_TMPDIR/theirs" "$SAID" 'what the command says'
	has_line "$SAID" '^TCPREMOTEIP=127.0.0.1$'
	has_line "$SAID" hello
}

# both_ways COMMAND...: as a client of exec, whose command speaks first, reads to the end and speaks last.
both_ways() {
	printf 'line %s\n' {1..1000} >"$BATS_TEST_TMPDIR/in"
	capture "$@" <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	{
		echo first
		cat "$BATS_TEST_TMPDIR/in"
		echo last
	} >"$BATS_TEST_TMPDIR/expected"
	same "$BATS_TEST_TMPDIR/expected" "$OUT" 'what the client prints'
}

@test "nc, ncat and socat as clients of exec, plain and with TLS" {
	need nc ncat socat
	start_liu listen -k 127.0.0.1:0 exec 'echo first; cat; echo last'
	both_ways nc -N 127.0.0.1 "$PORT"
	both_ways ncat 127.0.0.1 "$PORT"
	both_ways socat -t 10 - "TCP:127.0.0.1:$PORT"
	server_said ''
	start_liu listen tls:127.0.0.1:0 exec 'echo first; cat; echo last'
	both_ways socat -t 10 - "OPENSSL:127.0.0.1:$PORT,verify=0"
	ends 0
}
