# SPDX-License-Identifier: ISC
# tap.py: test cases for automake's driver.
import traceback

from server import Failure


class Tap:
    """`with tap.case(NAME):` is a test case; an exception fails it."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def case(self, name):
        return Case(self, name)

    def done(self):
        """The exit status of the program."""
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


class Case:
    def __init__(self, tap, name):
        self.tap = tap
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.tap.count += 1
        verdict = "ok" if error is None else "not ok"
        print(f"{verdict} {self.tap.count} - {self.name}", flush=True)
        if error is None:
            return False
        self.tap.failed += 1
        text = str(error)
        if not isinstance(error, Failure):
            text = "".join(traceback.format_exception(kind, error, trace))
        for line in text.splitlines():
            print("#", line, flush=True)
        return isinstance(error, Exception)


def expect(met, *what):
    if not met:
        raise Failure("\n".join(map(str, what)))
