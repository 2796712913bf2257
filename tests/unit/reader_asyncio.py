#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# reader_asyncio: what Python's asyncio.StreamReader answers, for test_reader_asyncio.
"""
usage: reader_asyncio.py [SEQUENCES [SEED]]

Prints random sequences of questions with the real StreamReader's answers. One
event a line, bytes in hexadecimal ("-" when there are none):

    new LIMIT           a new stream
    feed HEX            bytes arrive
    eof | error         the stream ends, in good order or not
    ask NAME [ARG]...   a question: readline; readexactly N; readuntil HEX...;
                        read N (-1: to the end)
    wait                it is asked, and waits
    answer STATUS HEX MATCHED
                        it is asked, and answered; MATCHED is the length of the
                        separator that ended the record, or 0
    at_eof 0|1          what at_eof() says now

There is no event loop: a question is a coroutine that is run until it waits for
bytes, which are then fed.

The real reader is used as it is but for the differences that are documented:

- After an error asyncio answers nothing, not even what is buffered (gh-75044).
  Here complete records come first, so the real reader is told of an end, and
  the status of incomplete answers is ERROR. at_eof() is false after an error.
- readline past the limit drops what happens to be buffered. Here it takes
  nothing, so the buffer is put back.
- readline at the end returns the partial line; here its status is EOF.
- `consumed` depends on how the bytes came; here it is always limit + 1, which
  has to be asyncio's smallest.
- Several separators came with Python 3.13; before, its algorithm is run on the
  older reader.
"""

import asyncio
import random
import sys
import warnings

ALPHABET = b"aaab\n\r\0"


class Stream:
    def __init__(self, loop, limit):
        self.reader = asyncio.StreamReader(limit=limit, loop=loop)
        self.limit = limit
        self.fed = bytearray()
        self.taken = 0
        self.ended = self.broken = False

    def feed(self, data):
        self.fed += data
        self.reader.feed_data(data)

    def end(self, broken):
        self.ended, self.broken = True, broken
        self.reader.feed_eof()

    def put_back(self):
        self.reader._buffer[:] = self.fed[self.taken:]

    def over(self):
        return "ERROR" if self.broken else "EOF"


def hexed(data):
    return bytes(data).hex() or "-"


def matched(data, separators):
    return min((len(s) for s in separators if data.endswith(s)), default=0)


async def readuntil_several(reader, separators):
    """StreamReader.readuntil of Python 3.13 for a tuple."""
    if sys.version_info >= (3, 13):
        return await reader.readuntil(separators)
    separators = sorted(separators, key=len)
    shortest, longest = len(separators[0]), len(separators[-1])
    offset = 0
    while True:
        buffered = len(reader._buffer)
        if buffered - offset >= shortest:
            start = end = None
            for separator in separators:
                found = reader._buffer.find(separator, offset)
                if found != -1 and (end is None or found + len(separator) < end):
                    start, end = found, found + len(separator)
            if end is not None:
                break
            offset = max(0, buffered + 1 - longest)
            if offset > reader._limit:
                raise asyncio.LimitOverrunError("not found", offset)
        if reader._eof:
            chunk = bytes(reader._buffer)
            reader._buffer.clear()
            raise asyncio.IncompleteReadError(chunk, None)
        await reader._wait_for_data("readuntil")
    if start > reader._limit:
        raise asyncio.LimitOverrunError("found beyond", start)
    chunk = reader._buffer[:end]
    del reader._buffer[:end]
    return bytes(chunk)


async def readline(stream):
    try:
        data = await stream.reader.readline()
    except ValueError:
        stream.put_back()
        return "OVERRUN", b"", 0
    if data.endswith(b"\n"):
        return "OK", data, 1
    return stream.over(), data, 0


async def readuntil(stream, separators):
    try:
        if len(separators) == 1:
            data = await stream.reader.readuntil(separators[0])
        else:
            data = await readuntil_several(stream.reader, separators)
    except asyncio.LimitOverrunError as overrun:
        assert overrun.consumed > stream.limit
        return "OVERRUN", b"", 0
    except asyncio.IncompleteReadError as incomplete:
        return stream.over(), incomplete.partial, 0
    return "OK", data, matched(data, separators)


async def readexactly(stream, n):
    try:
        return "OK", await stream.reader.readexactly(n), 0
    except asyncio.IncompleteReadError as incomplete:
        assert incomplete.expected == n
        return stream.over(), incomplete.partial, 0


async def read(stream, n):
    data = await stream.reader.read(n)
    # To the end means that the end is what is met.
    met = n == 0 or (n > 0 and data)
    return "OK" if met else stream.over(), data, 0


def some_bytes(rng, least, most):
    return bytes(rng.choices(ALPHABET, k=rng.randint(least, most)))


def question(rng, stream):
    kind = rng.choices(("readline", "readuntil", "readexactly", "read"), (3, 6, 2, 1))[0]
    if kind == "readline":
        return "readline", readline(stream)
    if kind == "readuntil":
        separators = tuple(some_bytes(rng, 1, 3) for _ in range(rng.choice((1, 1, 2, 3))))
        words = " ".join(map(hexed, separators))
        return "readuntil " + words, readuntil(stream, separators)
    n = rng.randint(0, 9)
    if kind == "readexactly":
        return f"readexactly {n}", readexactly(stream, n)
    if rng.random() < 0.1:
        n = -1
    return f"read {n}", read(stream, n)


def arrive(rng, stream):
    if rng.random() < (0.03 if len(stream.fed) < 60 else 0.5):
        broken = rng.random() < 0.3
        stream.end(broken)
        print("error" if broken else "eof")
        return
    data = some_bytes(rng, 1, rng.choice((1, 3, 12)))
    stream.feed(data)
    print("feed", hexed(data))


def ask(rng, stream):
    words, coroutine = question(rng, stream)
    print("ask", words)
    while True:
        try:
            coroutine.send(None)
        except StopIteration as stop:
            status, data, length = stop.value
            break
        print("wait")
        arrive(rng, stream)
    stream.taken += len(data)
    assert stream.reader._buffer == stream.fed[stream.taken:]
    print("answer", status, hexed(data), length)
    at_eof = stream.reader.at_eof() and not stream.broken
    print("at_eof", int(at_eof))


def sequence(rng, loop):
    stream = Stream(loop, rng.randint(1, 12))
    print("new", stream.limit)
    for _ in range(rng.randint(4, 16)):
        while not stream.ended and rng.random() < 0.4:
            arrive(rng, stream)
        ask(rng, stream)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    # 3.8 and 3.9 do not like the loop argument, which here is one that never runs.
    warnings.simplefilter("ignore", DeprecationWarning)
    loop = asyncio.new_event_loop()
    for _ in range(count):
        sequence(rng, loop)
    loop.close()


main()
