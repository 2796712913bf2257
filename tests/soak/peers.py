# SPDX-License-Identifier: ISC
# peers.py: the other end of a connection: those that behave, and those that do not.
import asyncio
import contextlib
import os
import socket
import ssl
import struct
import time
from typing import NamedTuple

TLS = ssl.create_default_context()
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE

NOISE = os.urandom(1 << 20).replace(b"\n", b"\r").replace(b"\x16", b"\x17")


def client_hello():
    """The first TLS record of a client."""
    sent = ssl.MemoryBIO()
    try:
        TLS.wrap_bio(ssl.MemoryBIO(), sent).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return sent.read()


def endpoint(address):
    """(family, address as socket.connect() takes it, whether TLS) of a ready line."""
    tls = address.startswith("tls:")
    address = address.removeprefix("tls:")
    if address.startswith("unix:"):
        return socket.AF_UNIX, address.removeprefix("unix:"), tls
    host, port = address.rsplit(":", 1)
    return socket.AF_INET, (host, int(port)), tls


class Target(NamedTuple):
    """Where to connect, the host to come from, and what to send first, before TLS."""

    address: str
    source: str | None = None
    greeting: bytes = b""


def dial(target, small=False):
    """A connected socket without TLS, whatever the address says. `small`: it takes little that it does not
    read."""
    family, where, _ = endpoint(target.address)
    peer = socket.socket(family)
    if target.source:
        peer.bind((target.source, 0))
    if small:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(where)
    peer.setblocking(False)
    if target.greeting:
        peer.send(target.greeting)
    return peer


def linger_not(peer):
    """Closing it then resets the connection."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset(peer):
    linger_not(peer)
    peer.close()


class Client:
    """A client that behaves. Every answer has to be the one expected."""

    @classmethod
    async def open(cls, target, small=False):
        self = cls()
        family, _, self.tls = endpoint(target.address)
        self.socket = dial(target, small)
        options = {"sock": self.socket}
        if self.tls:
            options |= {"ssl": TLS, "server_hostname": "localhost"}
        if family == socket.AF_UNIX:
            opened = asyncio.open_unix_connection(**options)
        else:
            opened = asyncio.open_connection(**options)
        self.reader, self.writer = await opened
        return self

    async def ask(self, question, answer):
        """The seconds until the whole answer was there."""
        start = time.monotonic()
        if question:
            self.writer.write(question)  # of any length: the answer is read meanwhile
        got = await self.reader.readexactly(len(answer))
        if got != answer:
            raise ValueError("a wrong answer")
        return time.monotonic() - start

    def reset(self):
        with contextlib.suppress(OSError):  # it may have been closed
            linger_not(self.socket)
        self.writer.transport.abort()

    async def end(self):
        """Close the sending half where there is one; nothing may come any more."""
        if not self.tls:
            self.writer.write_eof()
            if await self.reader.read():
                raise ValueError("more than the answer")
        self.writer.close()
        await self.writer.wait_closed()
