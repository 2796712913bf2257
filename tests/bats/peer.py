#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""peer: one end of one connection, for what liu itself cannot do to the other.

    peer.py listen | listen-unix PATH | connect PORT  ACTION...

Listening prints the port (or the path) when it is ready. Actions, in turn:

    send TEXT       with Python's escapes
    drip TEXT       each byte in a packet of its own
    zeros N         N zero bytes
    receive N       exactly N bytes
    receive-all     up to the end; prints "end N" or "reset N", N bytes in all
    show            print all bytes received so far
    say TEXT        print a line
    go FILE         wait until FILE exists
    shut            close the sending half
    shut-read       close the receiving half: on a Unix socket writes to it fail
    close           close; unread bytes make that a reset
    reset           close with a reset
    hold            wait to be killed
"""

import os
import select
import signal
import socket
import struct
import sys
import time

DEADLINE = float(os.environ.get("LIU_TIMEOUT", "20"))


class Peer:
    def __init__(self, words):
        self.words = words
        self.received = bytearray()
        kind = self.take()
        if kind == "connect":
            self.socket = socket.create_connection(("127.0.0.1", int(self.take())), DEADLINE)
        elif kind == "listen-unix":
            self.accept(socket.AF_UNIX, self.take())
        else:
            self.accept(socket.AF_INET, ("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE)
        if self.socket.family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def take(self):
        return self.words.pop(0)

    def accept(self, family, address):
        with socket.socket(family) as listener:
            listener.settimeout(DEADLINE)
            listener.bind(address)
            listener.listen()
            print(address if family == socket.AF_UNIX else listener.getsockname()[1], flush=True)
            self.socket = listener.accept()[0]

    def text(self):
        return self.take().encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")

    def run(self):
        while self.words:
            getattr(self, "do_" + self.take().replace("-", "_"))()

    def do_send(self):
        self.socket.sendall(self.text())

    def do_drip(self):
        for byte in self.text():
            self.socket.sendall(bytes([byte]))

    def do_zeros(self):
        left = int(self.take())
        while left > 0:
            left -= self.socket.send(bytes(min(left, 65536)))

    def do_receive(self):
        want = len(self.received) + int(self.take())
        while len(self.received) < want:
            data = self.socket.recv(min(want - len(self.received), 65536))
            if not data:
                sys.exit("the end came after %d bytes" % len(self.received))
            self.received += data

    def do_receive_all(self):
        how = "end"
        try:
            while data := self.socket.recv(65536):
                self.received += data
        except ConnectionResetError:
            how = "reset"
        print(how, len(self.received), flush=True)

    def do_show(self):
        sys.stdout.buffer.write(self.received)
        sys.stdout.flush()

    def do_say(self):
        print(self.take(), flush=True)

    def do_go(self):
        path, end = self.take(), time.monotonic() + DEADLINE
        while not os.path.exists(path):
            if time.monotonic() > end:
                sys.exit("no " + path)
            select.select([], [], [], 0.01)

    def do_shut(self):
        self.socket.shutdown(socket.SHUT_WR)

    def do_shut_read(self):
        self.socket.shutdown(socket.SHUT_RD)

    def do_close(self):
        self.socket.close()

    def do_reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def do_hold(self):
        signal.pause()


if __name__ == "__main__":
    Peer(sys.argv[1:]).run()
