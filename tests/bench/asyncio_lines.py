# SPDX-License-Identifier: ISC
# asyncio_lines.py PORT|PATH COUNT: read lines, as a peer in the benchmark.
import asyncio
import sys

LIMIT = 1 << 20


async def main(where, count):
    if where.isdigit():
        opening = asyncio.open_connection("127.0.0.1", int(where), limit=LIMIT)
    else:
        opening = asyncio.open_unix_connection(where, limit=LIMIT)
    reader, writer = await opening
    for _ in range(count):
        line = await reader.readline()
        if not line.endswith(b"\n"):
            sys.exit("too few lines")
        sys.stdout.buffer.write(line)
    writer.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
