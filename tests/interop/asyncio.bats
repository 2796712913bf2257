#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# asyncio: the four examples of asyncio's streams document, each against the real asyncio.

load ../bats/helpers

# asyncio_server KIND CODE: CODE defines `async def handle(reader, writer)`. KIND is tcp, tls or a path.
# $ADDRESS is where it listens, as liu takes it.
asyncio_server() {
	start python3 -IS -u -c 'import asyncio, ssl, sys
kind, code, certs = sys.argv[1:]
exec(code)
async def main():
    if kind.startswith("/"):
        server = await asyncio.start_unix_server(handle, kind)
        print("unix:" + kind)
    else:
        context = None
        if kind == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certs + "/server.pem", certs + "/server.key")
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        print("%s:127.0.0.1:%d" % (kind, server.sockets[0].getsockname()[1]))
    async with server:
        await server.serve_forever()
asyncio.run(main())' "$1" "$2" "$CERTS"
	PEER_SAID=$PID_OUT
	PEER_ERR=$PID_ERR
	wait_for_line "$PID_OUT" '^(tcp|tls|unix):' || return
	ADDRESS=$REPLY
}

# asyncio_client CODE: CODE is the body of a coroutine with `reader` and `writer` connected to $ADDRESS.
asyncio_client() {
	capture python3 -IS -u -c 'import asyncio, ssl, sys
address, certs, code = sys.argv[1:]
exec("async def talk(reader, writer):\n    " + code.replace("\n", "\n    "))
async def main():
    if address.startswith("unix:"):
        streams = await asyncio.open_unix_connection(address[5:])
    elif address.startswith("tls:"):
        context = ssl.create_default_context(cafile=certs + "/ca.pem")
        streams = await asyncio.open_connection("127.0.0.1", int(address.split(":")[-1]), ssl=context)
    else:
        streams = await asyncio.open_connection("127.0.0.1", int(address.split(":")[-1]))
    await talk(*streams)
asyncio.run(main())' "$ADDRESS" "$CERTS" "$1"
}

setup() {
	trace_the_test_alone
	make_certs
	KINDS=(tcp tls "$BATS_TEST_TMPDIR/s")
}

# What liu needs to trust the server, and nothing for the other kinds.
trust() {
	TRUST=()
	case $ADDRESS in
	tls:*) TRUST=(--cacert "$CERTS/ca.pem") ;;
	esac
}

# listen_options KIND: where liu is to listen.
listen_options() {
	case $1 in
	tcp) LISTEN=(127.0.0.1:0) ;;
	tls) LISTEN=(tls:127.0.0.1:0 --cert "$CERTS/server.pem" --key "$CERTS/server.key") ;;
	/*) LISTEN=("unix:$1") ;;
	esac
}

# The server of the document, with its print() as it is but for the address.
ECHO_SERVER='async def handle(reader, writer):
    data = await reader.read(100)
    message = data.decode()
    print(f"Received {message!r}")
    print(f"Send: {message!r}")
    writer.write(data)
    await writer.drain()
    print("Close the connection")
    writer.close()
    await writer.wait_closed()'

ECHO_CLIENT='print(f"Send: {message!r}")
writer.write(message.encode())
await writer.drain()
data = await reader.read(100)
print(f"Received: {data.decode()!r}")
print("Close the connection")
writer.close()
await writer.wait_closed()'

@test "the echo client is one liu command, against asyncio's echo server" {
	local kind
	for kind in "${KINDS[@]}"; do
		asyncio_server "$kind" "$ECHO_SERVER"
		trust
		run_liu connect "$ADDRESS" "${TRUST[@]}" write 'Hello World!' read 100
		assert_status 0
		assert_output_bytes 'Hello World!'
		assert_error_is ''
		wait_for_line "$PEER_SAID" '^Close'
		sed 1d "$PEER_SAID" | is /dev/stdin "what the server of $kind says" "Received 'Hello World!'
Send: 'Hello World!'
Close the connection"
		is "$PEER_ERR" "the server's standard error" ''
	done
}

@test "the echo server is one liu command, for asyncio's echo client" {
	local kind
	for kind in "${KINDS[@]}"; do
		listen_options "$kind"
		start_liu echo --accept 1 "${LISTEN[@]}"
		asyncio_client "message = 'Hello World!'
$ECHO_CLIENT"
		assert_status 0
		assert_output_is "Send: 'Hello World!'
Received: 'Hello World!'
Close the connection"
		assert_error_is ''
		wait_exit "$SERVER"
		assert_equal 0 "$status" 'exit status of the server'
		assert_equal 1 "$(wc -l <"$SERVER_ERR")" "lines from the server of $kind" || cat "$SERVER_ERR"
	done
}

@test "the example to get HTTP headers is liu head, against an asyncio server" {
	local kind url
	for kind in tcp tls; do
		asyncio_server "$kind" 'async def handle(reader, writer):
    request = await reader.readuntil(b"\r\n\r\n")
    print(request.decode("latin-1").splitlines()[0])
    writer.write(b"HTTP/1.1 200 OK\r\nServer: asyncio\r\nContent-Type: text/html\r\n\r\n")
    await writer.drain()
    await reader.read()
    writer.close()'
		trust
		url=http${ADDRESS#tcp}
		url=${url/#httptls:/https:}
		url=${url/:127/:\/\/127}
		run_liu head "${TRUST[@]}" "$url/path/page.html"
		assert_status 0
		assert_output_is 'HTTP/1.1 200 OK
Server: asyncio
Content-Type: text/html'
		assert_error_is ''
		assert_equal 'HEAD /path/page.html HTTP/1.1' "$(sed 1d "$PEER_SAID")"
	done
}

@test "the document's HTTP client gets its headers from a liu listener" {
	start_liu listen -k 127.0.0.1:0 readuntil '\r\n\r\n' \
		write 'HTTP/1.0 200 OK\r\nServer: liu\r\n\r\n'
	asyncio_client "writer.write(b'HEAD / HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n')
while True:
    line = await reader.readline()
    if not line:
        break
    line = line.decode('latin1').rstrip()
    if line:
        print(f'HTTP header> {line}')
writer.close()"
	assert_status 0
	assert_output_is 'HTTP header> HTTP/1.0 200 OK
HTTP header> Server: liu'
	stop "$SERVER"
	printf 'HEAD / HTTP/1.0\r\nHost: localhost\r\n\r\n' | is "$SERVER_OUT" 'the request' -
}

@test "the example to register an open socket: connect fd:3 with a socketpair" {
	capture python3 -IS -c 'import asyncio, os, socket, subprocess, sys
async def main():
    rsock, wsock = socket.socketpair()
    child = await asyncio.create_subprocess_exec("/bin/sh", "-c", "exec \"$0\" \"$@\" 3<&%d" % rsock.fileno(),
        sys.argv[1], "connect", "fd:3", "read", "100", pass_fds=[rsock.fileno()], stdin=subprocess.DEVNULL)
    rsock.close()
    asyncio.get_running_loop().call_soon(wsock.send, "abc".encode())
    status = await child.wait()
    wsock.close()
    sys.exit(status)
asyncio.run(main())' "$LIU"
	assert_status 0
	assert_output_bytes abc
	assert_error_is ''
}

@test "asyncio registers the other end: open_connection(sock=) with liu listen fd:N" {
	capture python3 -IS -c 'import asyncio, socket, subprocess, sys
async def main():
    ours, theirs = socket.socketpair()
    child = await asyncio.create_subprocess_exec(sys.argv[1], "listen", "fd:%d" % theirs.fileno(), "echo",
        pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(b"through a socketpair")
    writer.write_eof()
    print(await reader.read())
    writer.close()
    sys.exit(await child.wait())
asyncio.run(main())' "$LIU"
	assert_status 0
	assert_output_is "b'through a socketpair'"
	assert_error_is ''
}

@test "readline, readexactly and readuntil agree on both sides" {
	local kind
	for kind in "${KINDS[@]}"; do
		asyncio_server "$kind" 'async def handle(reader, writer):
    print(await reader.readline(), await reader.readexactly(5), await reader.readuntil(b"--"))
    writer.write(b"line\n12345until--rest")
    writer.close()'
		trust
		run_liu connect "$ADDRESS" "${TRUST[@]}" write 'one\n2345\0three--' readline readexactly 5 readuntil --
		assert_status 0
		assert_output_bytes $'line\n12345until--'
		assert_error_is ''
		wait_for_line "$PEER_SAID" '^b'
		assert_equal "b'one\\n' b'2345\\x00' b'three--'" "$(sed 1d "$PEER_SAID")"
	done
}

@test "megabytes through liu echo: every byte comes back while it is sent" {
	local kind
	for kind in "${KINDS[@]}"; do
		listen_options "$kind"
		start_liu echo "${LISTEN[@]}"
		asyncio_client 'import os
data = os.urandom(5000000)
async def send():
    for i in range(0, len(data), 70000):
        writer.write(data[i:i + 70000])
        await writer.drain()
sending = asyncio.create_task(send())
back = await reader.readexactly(len(data))
await sending
print(back == data)
writer.close()
await writer.wait_closed()'
		assert_status 0
		assert_output_is True
		assert_error_is ''
	done
}

@test "megabytes through asyncio's echo: a relay of liu gets every byte back, half-close and all" {
	local kind
	head -c 5000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	for kind in tcp "$BATS_TEST_TMPDIR/s"; do
		asyncio_server "$kind" 'async def handle(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()'
		run_liu connect "$ADDRESS" <"$BATS_TEST_TMPDIR/data"
		assert_status 0
		assert_error_is ''
		cmp "$BATS_TEST_TMPDIR/data" "$OUT"
	done
}

@test "asyncio's TLS server ends at our close_notify: the hint, and --no-half-close gets the answer" {
	asyncio_server tls 'async def handle(reader, writer):
    data = await reader.readline()
    await asyncio.sleep(0.5)
    writer.write(b"late " + data)
    await writer.drain()
    writer.close()'
	trust
	printf 'question\n' >"$BATS_TEST_TMPDIR/in"
	run_liu connect "$ADDRESS" "${TRUST[@]}" <"$BATS_TEST_TMPDIR/in"
	assert_output_is ''
	assert_error_has 'the peer ended without a byte after our close_notify: if it takes that for the end of everything, use --no-half-close'
	run_liu connect "$ADDRESS" "${TRUST[@]}" --no-half-close <"$BATS_TEST_TMPDIR/in"
	assert_status 0
	assert_output_is 'late question'
	assert_error_is ''
}

@test "an answer 1 s after the end of our input is not lost" {
	local kind
	printf 'question\n' >"$BATS_TEST_TMPDIR/in"
	for kind in tcp "$BATS_TEST_TMPDIR/s"; do
		asyncio_server "$kind" 'async def handle(reader, writer):
    data = await reader.read()
    await asyncio.sleep(1)
    writer.write(b"late " + data)
    writer.close()'
		run_liu connect "$ADDRESS" <"$BATS_TEST_TMPDIR/in"
		assert_status 0
		assert_output_is 'late question'
		assert_error_is ''
	done
}

@test "IncompleteReadError and LimitOverrunError have their exit statuses" {
	asyncio_server tcp 'async def handle(reader, writer):
    writer.write(b"x" * 70000)
    writer.close()'
	run_liu connect "$ADDRESS" readuntil '\n'
	assert_status 8
	run_liu connect "$ADDRESS" readexactly 70001
	assert_status 7
	assert_equal 70000 "$(wc -c <"$OUT")" 'bytes of the partial read'
	assert_error_is 'liu: step 1 (readexactly 70001): the peer closed after 70000 bytes'
}
