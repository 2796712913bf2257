# SPDX-License-Identifier: ISC
# server.py: a liu that listens, what the kernel says of it, and its end.
import os
import re
import select
import signal
import subprocess
import sys
import time

LIU = os.path.abspath(os.environ.get("LIU_PROGRAM") or os.environ.get("LIU") or "./liu")
SECONDS = float(os.environ.get("LIU_TIMEOUT", 20))
SANITIZED = b"__asan_init" in open(LIU, "rb").read()
os.environ.setdefault("UBSAN_OPTIONS", "exitcode=99:print_stacktrace=1")
# Freed memory that AddressSanitizer keeps back would pass for a leak of the process.
os.environ["ASAN_OPTIONS"] = (
    os.environ.get("ASAN_OPTIONS", "exitcode=99")
    + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
)
# A deadline of the caller's: let those who started servers end them.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class Failure(Exception):
    """What a test wanted did not come to pass."""


def processes_in(directory):
    """The ids of those whose working directory it is: the servers and their commands."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd") == directory:
                found.append(int(pid))
        except OSError:
            pass
    return found


def until(met, what):
    """Poll until `met()`, with a deadline."""
    end = time.monotonic() + SECONDS
    while not met():
        if time.monotonic() > end:
            raise Failure(f"still not after {SECONDS:g} s: {what}")
        time.sleep(0.01)


class Server:
    """A liu with `words`, which listens. Its standard error goes to the file NAME.err."""

    def __init__(self, directory, name, *words):
        self.name = name
        self.log = os.path.join(directory, name + ".err")
        ready, told = os.pipe()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [LIU, words[0], "--ready-fd", str(told), *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=[told],
                cwd=directory,
            )
        os.close(told)
        self.pid = self.process.pid
        self.terminated = time.monotonic()
        self.addresses = self._told(ready)

    def _told(self, ready):
        with open(ready, "rb") as lines:
            if not select.select([lines], [], [], SECONDS)[0]:
                raise Failure(f"{self.name}: not ready after {SECONDS:g} s")
            addresses = lines.read().decode().split()
        if not addresses:
            raise Failure(f"{self.name} does not listen: {self.said()}")
        return addresses

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def alive(self):
        return self.process.poll() is None

    def memory(self, what="VmRSS"):
        """In KiB."""
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(rf"^{what}:\s+(\d+)", status.read(), re.M)[1])

    def processor_time(self):
        """In seconds."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        """What each is, sorted."""
        names = []
        for number in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                names.append(os.readlink(f"/proc/{self.pid}/fd/{number}"))
            except FileNotFoundError:
                pass
        return sorted(names)

    def children(self):
        """Zombies too."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            return [int(child) for child in children.read().split()]

    def terminate(self):
        self.terminated = time.monotonic()
        self.process.send_signal(signal.SIGTERM)

    def ended(self):
        """Wait for its end: the exit status as Popen has it, and the seconds since terminate()."""
        try:
            status = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name}: it did not end within {SECONDS:g} s") from None
        return status, time.monotonic() - self.terminated

    def kill(self):
        if self.alive():
            self.process.kill()
            self.process.wait()
