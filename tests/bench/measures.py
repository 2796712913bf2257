# SPDX-License-Identifier: ISC
# measures.py: how each kind of work is measured. One call, one figure.
import os
import resource
import socket
import statistics
import subprocess
import time

from processes import (READY_SECONDS, Failure, Programs, finish, first_line, free_port, output,
                       own_memory, processor_time)

LATENCY_LINES = 200


class Place:
    """Where everything is, and how much of each work is done: `size` is for bytes, lines and
    repetitions, `seconds` for work that is done as often as it can be."""

    def __init__(self, words, size, seconds):
        self.words = words  # "{liu}" -> "/usr/bin/liu", for fill()
        self.size = size
        self.seconds = seconds

    def fill(self, line, **more):
        """A command line into words, with the names in braces replaced; {port} stays."""
        names = {"port": "{port}", **self.words, **more}
        return [word.format(**names) for word in line.split()]


def file_transfer(name):
    """GB/s from that file of the place through a connection to /dev/null."""
    def measure(place, peer):
        receiver_line, sender_line = peer
        with Programs() as programs, open(place.words[name], "rb") as file:
            receiver, port = programs.serve(place.fill(receiver_line))
            start = time.monotonic()
            sender = programs.start(place.fill(sender_line, port=port), stdin=file)
            # ncat as a receiver takes the end of ncat's TLS for a failure. That all was taken,
            # the sender's success says.
            finish(receiver, may_fail=True)
            taken = time.monotonic() - start
            finish(sender)
            return os.fstat(file.fileno()).st_size / taken / 1e9
    return measure


def pipe_transfer(place, peer):
    """GB/s from a pipe through a connection to a pipe."""
    receiver_line, sender_line = peer
    size = os.path.getsize(place.words["half"])
    with Programs() as programs:
        receiver, port = programs.serve(place.fill(receiver_line), stdout=subprocess.PIPE)
        consumer = programs.start(
            place.fill("{load} consume"), stdin=receiver.stdout, stdout=subprocess.PIPE)
        receiver.stdout.close()
        start = time.monotonic()
        producer = programs.start(
            place.fill("{load} produce {size}", size=size), stdout=subprocess.PIPE)
        programs.start(place.fill(sender_line, port=port), stdin=producer.stdout)
        producer.stdout.close()
        finish(consumer)
        taken = time.monotonic() - start
        if int(first_line(consumer)) != size:
            raise Failure("bytes were lost")
    return size / taken / 1e9


def figure(text):
    value = float(text)
    if not value > 0:  # NaN, too
        raise Failure("nothing was done")
    return value


def serve(place, programs, peer, backend=None):
    """Start a server; one that forwards, to the port `backend`. A peer is a command line, or a pair
    of it and the text of the file {config}."""
    line, text = (peer, None) if isinstance(peer, str) else peer
    names = {"backend": backend, "config": f"{place.words['directory']}/config"}
    if not text:
        return programs.serve(place.fill(line, **names))
    port = free_port()
    with open(names["config"], "w") as config:
        config.write(text.format(**place.words, **names, port=port))
    return programs.serve(place.fill(line, **names), port=port)


def serve_echo(place, programs, peer):
    """Start a server that forwards to an echo server."""
    return serve(place, programs, peer, programs.serve(place.fill("{echo}"))[1])


def client_rate(load_line, start=serve):
    """What a subcommand of load prints, as the client of a server."""
    def measure(place, peer):
        with Programs() as programs:
            _, port = start(place, programs, peer)
            line = place.fill(load_line, port=port, seconds=place.seconds,
                              size=os.path.getsize(place.words["half"]))
            return figure(output(line))
    return measure


def forwarded_file(name, sender_line):
    """GB/s from that file of the place through a forwarder to /dev/null."""
    def measure(place, peer):
        with Programs() as programs, open(place.words[name], "rb") as file:
            receiver, backend = programs.serve(place.fill("{splice} listen"))
            _, port = serve(place, programs, peer, backend)
            start = time.monotonic()
            sender = programs.start(place.fill(sender_line, port=port), stdin=file)
            finish(receiver)
            taken = time.monotonic() - start
            finish(sender)
            return os.fstat(file.fileno()).st_size / taken / 1e9
    return measure


def handshakes(place, peer):
    """TLS connections, each with a byte and its echo, for each second of the server's processor
    time."""
    with Programs() as programs:
        server, port = serve_echo(place, programs, peer)
        before = processor_time(server.pid)
        line = place.fill("{load} handshakes {port} {seconds}", port=port, seconds=place.seconds)
        count = figure(output(line))
        return count / (processor_time(server.pid) - before)


def idle_memory(connections, tls="", start=serve):
    """Resident bytes for each connection that has said something and says nothing more."""
    def measure(place, peer):
        with Programs() as programs:
            server, port = start(place, programs, peer)
            before = own_memory(server.pid)
            hold(place, programs, port, connections, tls)
            return (own_memory(server.pid) - before) / connections
    return measure


def hold(place, programs, port, connections, tls=""):
    idle = programs.start(
        place.fill("{load} idle {port} {count} {tls}", port=port, count=connections, tls=tls),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if first_line(idle) != "ready\n":
        raise Failure(f"only some of {connections} connections were echoed")


def rate_beside_idle(place, peer):
    """Messages/s of ten connections while others idle."""
    server_line, connections = peer
    with Programs() as programs:
        _, port = programs.serve(place.fill(server_line))
        if connections:
            hold(place, programs, port, connections)
        line = place.fill("{load} pingpong {port} 10 64 {seconds}", port=port,
                          seconds=place.seconds)
        return figure(output(line))


def start_up(server_line, times):
    """Milliseconds from start to exit, of a client of that server."""
    def measure(place, client_line):
        with Programs() as programs:
            _, port = programs.serve(place.fill(server_line))
            count = max(5, round(times * place.size))
            line = place.fill("{load} spawn {count} " + client_line, port=port, count=count)
            return figure(output(line))
    return measure


def lines(place, client_line):
    """Million lines/s to /dev/null, process start and all."""
    count = round(2_000_000 * place.size)
    with Programs() as programs:
        _, port = programs.serve(place.fill("{load} lines {count} 60", count=count))
        start = time.monotonic()
        finish(programs.start(
            ["sh", "-c", " ".join(place.fill(client_line, port=port, count=count))]))
        return count / (time.monotonic() - start) / 1e6


def line_latency(place, client_line):
    """Microseconds until a line that comes alone is on standard output: the median of some."""
    line, taken = b"x" * 59 + b"\n", []
    with socket.create_server(("127.0.0.1", 0)) as listener, Programs() as programs:
        listener.settimeout(READY_SECONDS)
        program = programs.start(
            place.fill(client_line, port=listener.getsockname()[1], count=LATENCY_LINES),
            stdout=subprocess.PIPE)
        with listener.accept()[0] as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(LATENCY_LINES):
                start = time.monotonic()
                connection.sendall(line)
                if first_line(program, READY_SECONDS).encode() != line:
                    raise Failure("not the line that was sent")
                taken.append(time.monotonic() - start)
    return statistics.median(taken) * 1e6


def dripping_line(place, peer):
    """Seconds that the program computes for a line of so many KiB that arrives a byte at a time.
    By the clock, and in the kernel, most of it is the scheduler's."""
    client_line, kib = peer
    length = round(kib * 1024 * place.size)
    with Programs() as programs:
        path = f"{place.words['directory']}/drip.{time.monotonic_ns()}"
        programs.serve(place.fill("{load} drip {path} {length}", path=path, length=length))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        finish(programs.start(place.fill(client_line, path=path)))
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
