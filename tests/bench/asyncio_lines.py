# SPDX-License-Identifier: ISC
# asyncio_lines.py PORT COUNT: read lines, as a peer in the benchmark.
import asyncio
import sys


async def main(port, count):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        line = await reader.readline()
        if not line.endswith(b"\n"):
            sys.exit("too few lines")
        sys.stdout.buffer.write(line)
    writer.close()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
