# SPDX-License-Identifier: ISC
# hostile.py: peers that do not behave, for a listener with a plain and a TLS address.
#
# Each is a coroutine that returns once the peer is as bad as it gets, with what has to be kept meanwhile.
import asyncio
import contextlib
from typing import NamedTuple

from peers import NOISE, Client, client_hello, dial, reset

PLAIN, TLS = range(2)
HELLO = client_hello()


async def resets_at_once(target):
    reset(dial(target))


async def resets_after_bytes(target):
    peer = dial(target)
    peer.send(b"a line\nand half of one")
    await asyncio.sleep(0)
    reset(peer)


async def stalls(target):
    peer = dial(target)
    peer.send(b"half a line")
    return peer


async def never_handshakes(target):
    return dial(target)


async def stops_in_a_record(target):
    peer = dial(target)
    peer.send(HELLO[: len(HELLO) // 2])
    return peer


async def resets_in_the_handshake(target):
    peer = dial(target)
    peer.send(HELLO)
    await asyncio.sleep(0)
    reset(peer)


async def speaks_no_tls(target):
    peer = dial(target)
    peer.send(NOISE[:1000])
    return peer


async def floods(target):
    """Lines without end, and it reads no answer."""
    client = await Client.open(target, small=True)
    client.writer.transport.pause_reading()
    lines = (NOISE[:999] + b"\n") * 64

    async def send():
        try:
            while True:
                client.writer.write(lines)
                await client.writer.drain()
                await asyncio.sleep(0)  # drain() alone may not let the loop run
        except ConnectionError:
            pass
        finally:
            client.reset()

    return asyncio.ensure_future(send())


async def sends_a_huge_line(target):
    peer = dial(target)
    with contextlib.suppress(ConnectionError):
        await asyncio.get_running_loop().sock_sendall(peer, NOISE[:300000])
    return peer


async def stops_in_a_header(target):
    peer = dial(target._replace(greeting=b""))
    peer.send(b"PROXY TCP4 ")
    return peer


async def sends_no_header(target):
    peer = dial(target._replace(greeting=b""))
    peer.send(b"half a line\nand more of them")
    return peer


class Kind(NamedTuple):
    behave: object
    address: int
    stays: bool  # a connection, while the listener ends
    line: str | None = None  # what the listener says of it; {} is the step


RESET = "{}: connection reset by peer"
CUT = "the connection broke during the TLS handshake: connection reset by peer"

KINDS = [
    Kind(resets_at_once, PLAIN, False),  # a probe
    Kind(resets_after_bytes, PLAIN, False, RESET),
    Kind(stalls, PLAIN, True),
    Kind(never_handshakes, TLS, True),
    Kind(stops_in_a_record, TLS, True),
    Kind(resets_in_the_handshake, TLS, False, CUT),
    Kind(speaks_no_tls, TLS, False, "the peer does not speak TLS: it sent '.*'"),
    Kind(floods, PLAIN, True),
    Kind(floods, TLS, True),
    Kind(sends_a_huge_line, PLAIN, False, r"{}: no end within the limit of 65536 bytes \(--limit\)"),
]

# For a listener with --accept-proxy, beside those above, which send a header.
PROXY_KINDS = [
    Kind(stops_in_a_header, PLAIN, False),  # not yet a connection
    Kind(sends_no_header, PLAIN, False, "no PROXY header: the peer sent 'half a line.*'"),
]
