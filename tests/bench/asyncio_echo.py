# SPDX-License-Identifier: ISC
# asyncio_echo.py: the echo server of the asyncio manual, as a peer in the benchmark; with an
# argument, asyncio or uvloop, one that prints the lines that it echoes.
import asyncio
import resource
import sys

CHUNK = 65536


async def echo(reader, writer):
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def echo_lines(reader, writer):
    try:
        while line := await reader.readline():
            sys.stdout.buffer.write(line)
            writer.write(line)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = await asyncio.start_server(echo_lines if sys.argv[1:] else echo, "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    print(f"listening on 127.0.0.1:{port}", file=sys.stderr, flush=True)
    await server.serve_forever()


if sys.argv[1:] == ["uvloop"]:
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
