"""What attaching costs, on both sides: ``python -m benchmarks.attached [PYTHON ...]``.

For each interpreter a process is started that has numpy and pandas loaded (or, where they are not
installed, much of the standard library), and two things are measured:

* the CPU time of the first reading from outside, of the whole reader with its start, and that of
  a refresh;
* how the target's loop rate changes while it is read again and again without pausing. Machines are
  not steady, so windows of a fifth of a second come in groups of four, without, with, with, and
  without a reader: whatever changes slowly cancels out within a group. The median over the groups
  is given, with the interval that holds it in 95 of 100 drawings with replacement. The reader
  needs a processor of its own: where the machine has other work, it takes turns with the target,
  and only the loops in a second of the target's own CPU time tell how reading disturbs it.
  ``--idle`` does all this without a reader, and shows what the method alone makes of a machine.

Linux only, as attaching is.
"""

import argparse
import math
import random
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

WINDOW = 0.2
"""Seconds in which the target counts."""
BARS = {"first": 1.5, "refresh": 0.5, "rate": 0.05}
"""CPU seconds, CPU seconds, and share of the loop rate that may be lost."""
_PAUSE = 0.16  # seconds after a window with the reader, for a reading that is under way

_TARGET = f"""
import sys, time
try:
    import numpy, pandas
except ImportError:
    import asyncio, concurrent.futures, ctypes, decimal, email.mime.text, http.server, json
    import logging.handlers, multiprocessing.pool, sqlite3, ssl, unittest, xml.dom.minidom
    import xml.etree.ElementTree, xmlrpc.client, zipfile
print(len(sys.modules), flush=True)
for line in sys.stdin:
    number, begin, used = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < {WINDOW}:
        for _ in range(2000):
            number += 1
            held = [number]
            named = {{"a": number}}
    begin, used = time.perf_counter() - begin, time.process_time() - used
    print(number / begin, number / used, flush=True)
"""


class Target:
    """A process that counts loops when it is told to."""

    def __init__(self, python: str) -> None:
        command = [python, "-c", _TARGET]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._ask: IO[str] = self._process.stdin
        self._hear: IO[str] = self._process.stdout
        self.modules = int(self._hear.readline() or 0)

    def rates(self) -> tuple[float, float]:
        """Loops in a second, and in a second of the target's CPU time."""
        self._ask.write("count\n")
        self._ask.flush()
        by_wall, by_cpu = map(float, self._hear.readline().split())
        return by_wall, by_cpu

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def target(python: str) -> Iterator[Target]:
    started = Target(python)
    try:
        yield started
    finally:
        started.close()


class Reading(NamedTuple):
    """Of one reader: CPU seconds, what was found, and peak memory in MB."""

    first: float
    refresh: float
    modules: int
    types: int
    unread: int
    memory: float


def read_once(pid: int) -> Reading:
    """Runs in a process of its own: what it used is what a reading costs."""
    from isoview.attach import Attached

    attached = Attached(pid)
    walk = attached.read().walk
    first = time.process_time()
    attached.read()
    refresh = time.process_time() - first
    modules = [module for each in walk.interpreters for module in each.modules]
    return Reading(
        first,
        refresh,
        len(modules),
        len({entry.address for module in modules for entry in module.types}),
        walk.unread_count,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def reading(pid: int, rounds: int) -> Reading:
    """The median of some readers, each with its own start."""
    command = [sys.executable, "-m", "benchmarks.attached", "--pid", str(pid)]
    seen = []
    for _ in range(rounds):
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seen.append(Reading(*map(float, said.split())))  # type: ignore[arg-type]
    return Reading(*map(statistics.median, zip(*seen, strict=True)))


class Reader:
    """Reads a process over and over, while ``on``."""

    def __init__(self, pid: int) -> None:
        from isoview.inspectors.process.session import Session

        self._session = Session(pid)
        self._session.read()
        self.on = self._ended = False
        self.readings = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended:
            if self.on:
                self._session.read()
                self.readings += 1
            else:
                time.sleep(0.005)

    def close(self) -> None:
        self._ended = True
        self._thread.join()


class Change(NamedTuple):
    """Of a rate, as shares: the median over the groups, and the interval around it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:+.1%} ({self.low:+.1%} to {self.high:+.1%})"


def changes(watched: Target, groups: int, *, idle: bool) -> tuple[Change, Change, int]:
    """How the target's two rates change while it is read (``idle``: while it is not), and how
    often it was read.
    """
    reader = Reader(watched.pid)

    def window(*, on: bool) -> tuple[float, float]:
        reader.on = on and not idle
        time.sleep(0.01)
        found = watched.rates()
        reader.on = False
        time.sleep(_PAUSE if on else 0.01)
        return found

    try:
        seen = [[window(on=on) for on in (False, True, True, False)] for _ in range(groups)]
    finally:
        reader.close()
    wall, cpu = (
        _change([math.log(b[kind] * c[kind] / (a[kind] * d[kind])) / 2 for a, b, c, d in seen])
        for kind in (0, 1)
    )
    return wall, cpu, reader.readings


def _change(logarithms: list[float]) -> Change:
    drawn = sorted(
        statistics.median(random.choices(logarithms, k=len(logarithms))) for _ in range(2000)
    )
    middle = statistics.median(logarithms)
    return Change(math.expm1(middle), math.expm1(drawn[50]), math.expm1(drawn[-51]))


def main() -> int:
    """Measure with every interpreter; 1 where a bar is missed beyond doubt."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attached", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", default=[sys.executable])
    parser.add_argument("--groups", type=int, default=40, help="of four windows each")
    parser.add_argument("--rounds", type=int, default=5, help="readers, for their CPU time")
    parser.add_argument("--idle", action="store_true", help="no reader: what the method shows then")
    parser.add_argument("--pid", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.pid is not None:
        print(*read_once(asked.pid))
        return 0
    missed = False
    print("| interpreter | modules, types | unread | first reading, CPU | refresh, CPU "
          "| memory | loops in a second | in a CPU second |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for python in asked.pythons:
        with target(python) as watched:
            cost = reading(watched.pid, asked.rounds)
            wall, cpu, readings = changes(watched, asked.groups, idle=asked.idle)
        missed |= cost.first > BARS["first"] or cost.refresh > BARS["refresh"]
        missed |= wall.high < -BARS["rate"]
        version = subprocess.run(
            [python, "-VV"], check=True, capture_output=True, text=True
        ).stdout.split("(")[0]
        print(
            f"| {version.strip()} | {cost.modules:.0f}, {cost.types:.0f} | {cost.unread:.0f} "
            f"| {cost.first:.2f} s | {cost.refresh:.2f} s | {cost.memory:.0f} MB | "
            f"{wall}, {readings} readings | {cpu} |",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
