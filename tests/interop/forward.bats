#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# forward: the step `to` between other programs' clients and servers, to the byte, with TLS on each side.
# Without nc: one that listens closes when its peer has ended, whatever it has still to send.

load ../bats/helpers
load programs

SIZE=20000000

setup_file() {
	head -c $SIZE /dev/urandom >"$BATS_FILE_TMPDIR/up"
	head -c $SIZE /dev/urandom >"$BATS_FILE_TMPDIR/down"
}

setup() {
	trace_the_test_alone
	make_certs
	UP=$BATS_FILE_TMPDIR/up     # what the client sends
	DOWN=$BATS_FILE_TMPDIR/down # what the server sends
	LIU_TIMEOUT=60
}

# between SERVER-COMMAND... -- OPTION...: start the server, which sends $DOWN, and a liu in front of it, on
# $PORT. $TO is tls: or nothing.
between() {
	local server=()
	while [ "$1" != -- ]; do
		server+=("$1")
		shift
	done
	STDIN=$DOWN start_server "${server[@]}"
	start_liu listen "${@:2}" 127.0.0.1:0 to "${TO-}127.0.0.1:$PORT"
	TARGET_OUT=$PEER_OUT
	PORT=${ADDRESS##*:}
}

# joined CLIENT-COMMAND...: both ways at once, and everything has ended well.
joined() {
	capture timeout -k 5 "$LIU_TIMEOUT" "$@" <"$UP"
	assert_status 0
	cmp "$DOWN" "$OUT"
	wait_exit "$PEER"
	cmp "$UP" "$TARGET_OUT"
	wait_exit "$SERVER"
	assert_equal 0 "$status" 'the exit status of liu' || fail "$(cat "$SERVER_ERR")"
	assert_equal 1 "$(wc -l <"$SERVER_ERR")" 'lines from liu'
}

@test "socat to socat" {
	need socat
	between socat -t 60 TCP-LISTEN:0,bind=127.0.0.1 - --
	joined socat -t 60 - "TCP:127.0.0.1:$PORT"
}

@test "a TLS front: socat with TLS to socat without" {
	need socat
	between socat -t 60 TCP-LISTEN:0,bind=127.0.0.1 - -- --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key"
	joined socat -t 60 - "OPENSSL:127.0.0.1:$PORT,cafile=$CERTS/ca.pem"
}

@test "TLS to the target: socat without to socat with" {
	need socat
	TO=tls: between socat -t 60 "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$CERTS/server.pem,key=$CERTS/server.key,verify=0" - \
		-- --cacert "$CERTS/ca.pem"
	joined socat -t 60 - "TCP:127.0.0.1:$PORT"
}

@test "s_client to s_server, in the clear between them" {
	start_server openssl s_server -rev -accept 127.0.0.1:0 -cert "$CERTS/server.pem" -key "$CERTS/server.key"
	start_liu listen -k --cacert "$CERTS/ca.pem" 127.0.0.1:0 to "tls:127.0.0.1:$PORT"
	start_liu listen -k --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" 127.0.0.1:0 to "$ADDRESS"
	capture timeout "$LIU_TIMEOUT" openssl s_client -quiet -ign_eof -verify_return_error -CAfile "$CERTS/ca.pem" \
		-connect "127.0.0.1:$PORT" <<<$'question\nCLOSE' # which makes it close
	assert_output_is noitseuq
	assert_equal 1 "$(wc -l <"$SERVER_ERR")" 'lines from liu'
}

@test "asyncio's client to its server, with TLS on both sides and 50 at once" {
	start python3 -IS -c '
import asyncio, ssl, sys
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line[:-1][::-1] + b"\n")
        await writer.drain()
    writer.close()
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())' "$CERTS/server.pem" "$CERTS/server.key"
	wait_for_line "$PID_OUT" '^[0-9]+$'
	start_liu listen -k --tls --cert "$CERTS/server.pem" --key "$CERTS/server.key" --cacert "$CERTS/ca.pem" \
		127.0.0.1:0 to "tls:127.0.0.1:$REPLY"
	capture timeout "$LIU_TIMEOUT" python3 -IS -c '
import asyncio, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
async def ask(i):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context)
    for j in range(20):
        question = b"%d " % (i * j) * 500
        writer.write(question + b"\n")
        if await reader.readline() != question[::-1] + b"\n": sys.exit("wrong")
    writer.close()
    await writer.wait_closed()
async def main():
    await asyncio.gather(*[ask(i) for i in range(50)])
asyncio.run(main())' "$PORT" "$CERTS/ca.pem"
	assert_status 0
	assert_error_is ''
	assert_equal 1 "$(wc -l <"$SERVER_ERR")" 'lines from liu' || fail "$(cat "$SERVER_ERR")"
}
