# SPDX-License-Identifier: ISC
# processes.py: start programs, wait until they listen, and end them.
import os
import re
import select
import socket
import subprocess
import tempfile
import time

READY_SECONDS = 10
RUN_SECONDS = 120
POLL_SECONDS = 0.002
LISTENING = re.compile(rb"^listening on (?:tls:)?(?:127\.0\.0\.1|unix):(\S+)\n", re.M)


class Failure(Exception):
    """A program did not do what it was started for."""


def free_port():
    """A port for programs that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """Is there a listening socket on the port? A connection would be taken for a client."""
    wanted = f":{port:04X}"
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(path) as table:
            next(table)
            for row in table:
                fields = row.split(None, 4)
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    return True
    return False


class Programs:
    """The programs of one measurement; leaving the block ends those that still run."""

    def __init__(self):
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in reversed(self.running):
            end(program)

    def start(self, argv, **streams):
        """In a process group of its own, since socat and ncat have children."""
        for name in ("stdin", "stdout", "stderr"):
            streams.setdefault(name, subprocess.DEVNULL)
        program = subprocess.Popen(argv, start_new_session=True, **streams)
        self.running.append(program)
        return program

    def serve(self, argv, port=None, **streams):
        """Start a server; the program, and its port or path once it listens. "{port}" in argv
        becomes a free port. Without it the server announces its own, or listens on `port`."""
        if not port and not any("{port}" in word for word in argv):
            # Not a pipe: nobody reads on, and who logs every connection would fill it.
            with tempfile.TemporaryFile() as errors:
                program = self.start(argv, stderr=errors, **streams)
                return program, announced(program, errors)
        port = port or free_port()
        program = self.start([word.replace("{port}", str(port)) for word in argv], **streams)
        deadline = time.monotonic() + READY_SECONDS
        while not listens(port):
            if time.monotonic() > deadline or program.poll() is not None:
                raise Failure(f"{argv[0]} does not listen")
            time.sleep(POLL_SECONDS)
        return program, str(port)


def announced(program, errors):
    """The port or path behind "listening on " in a file with its standard error."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        exited = program.poll() is not None
        text = os.pread(errors.fileno(), 4096, 0)
        if found := LISTENING.search(text):
            return found[1].decode()
        if exited or time.monotonic() > deadline:
            raise Failure(f"{program.args[0]} does not listen: {text.decode()}")
        time.sleep(POLL_SECONDS)


def end(program):
    for stream in (program.stdin, program.stdout, program.stderr):
        if stream:
            stream.close()
    try:
        os.killpg(program.pid, 9)
    except ProcessLookupError:
        pass
    program.wait()


def finish(program, seconds=RUN_SECONDS, may_fail=False):
    """Wait for the end of a program. The time is often measured with it, and Popen.wait() with a
    timeout looks only every 50 ms."""
    handle = os.pidfd_open(program.pid)
    try:
        if not select.select([handle], [], [], seconds)[0]:
            raise Failure(f"{program.args[0]} takes more than {seconds} s")
    finally:
        os.close(handle)
    status = program.wait()
    if status and not may_fail:
        raise Failure(f"{program.args[0]} has failed: {status}")


def output(argv, seconds=RUN_SECONDS):
    """What a program prints that must succeed."""
    with Programs() as programs:
        program = programs.start(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            text, errors = program.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{argv[0]} takes more than {seconds} s")
        if program.returncode:
            raise Failure(f"{' '.join(argv[:3])}: {errors.decode().strip()}")
        return text.decode()


def first_line(program, seconds=RUN_SECONDS):
    """One line of a program's standard output, which stays open."""
    if not select.select([program.stdout], [], [], seconds)[0]:
        raise Failure(f"{program.args[0]} says nothing for {seconds} s")
    return program.stdout.readline().decode()


def own_memory(pid):
    """The resident bytes that a process and its children have written and share with nobody.
    Not clean pages: those of a library are its own until another program maps it too."""
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            for row in rollup:
                if row.startswith("Private_Dirty:"):
                    total += int(row.split()[1]) * 1024
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return total + sum(own_memory(int(child)) for child in children.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return total


def processor_time(pid):
    """Seconds of processor time of a process and its children, including those reaped."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            below = sum(processor_time(int(child)) for child in children.read().split())
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + below
    except (FileNotFoundError, ProcessLookupError):
        return 0
