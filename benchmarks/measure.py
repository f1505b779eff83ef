"""What a command costs: CPU time of it and all its children, wall time, peak memory.

Commands that are compared are run in turns, so that whatever else the machine does falls on all of
them; of the rounds the median is taken. Only ratios within one run mean anything.
"""

import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

COLUMNS, ROWS = 80, 24
"""Size of the terminal of a program that is measured until it has shown something."""


class Cost(NamedTuple):
    """One run, or the median of several: seconds, seconds, bytes."""

    cpu: float
    wall: float
    peak: int
    code: int = 0


class Command(NamedTuple):
    """Something to run. ``accepted`` are exit codes that say that the work was done."""

    argv: tuple[str, ...]
    accepted: tuple[int, ...] = (0,)
    marker: bytes = b""  # where set: the cost of a terminal program until it has shown this
    forget: Path | None = None  # a folder that is emptied before: what earlier runs have kept


def run(command: Command, environment: Mapping[str, str]) -> Cost:
    """The cost of one run. Raises :class:`RuntimeError` where it fails."""
    if command.forget is not None:
        shutil.rmtree(command.forget, ignore_errors=True)
    if command.marker:
        return _until_shown(command, environment)
    before = time.perf_counter()
    with subprocess.Popen(
        command.argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - before
    if process.returncode not in command.accepted:
        raise RuntimeError(f"{' '.join(command.argv)[:200]} ended with {process.returncode}")
    # The peak is that of the largest process among it and its children, in KiB (Linux).
    scale = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * scale, process.returncode)


def _until_shown(command: Command, environment: Mapping[str, str]) -> Cost:
    """What it costs until ``marker`` stands in what the program writes to its terminal."""
    before = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command.argv[0], command.argv, {**environment, "TERM": "xterm-256color"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    shown = b""
    try:
        while command.marker not in shown:
            left = 60 - (time.perf_counter() - before)
            ready, _, _ = select.select([terminal], [], [], max(left, 0))
            data = _read(terminal) if ready else b""
            if not data:
                what = f"{command.argv} ended, or never showed {command.marker!r}"
                raise RuntimeError(f"{what}: {shown[-300:].decode(errors='replace')}")
            shown = (shown + data)[-(1 << 18) :]
        cpu, peak = _of_process(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    return Cost(cpu, time.perf_counter() - before, peak)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the program has ended (Linux says EIO)
        return b""


def _of_process(pid: int) -> tuple[float, int]:
    """CPU seconds and peak memory of a running process (Linux; all its threads)."""
    threads = [
        Path(entry, "schedstat").read_text() for entry in Path(f"/proc/{pid}/task").iterdir()
    ]
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return sum(int(each.split()[0]) for each in threads) / 1e9, int(line.split()[1]) * 1024


def in_turns(
    commands: Mapping[str, Command], rounds: int, environment: Mapping[str, str]
) -> dict[str, Cost]:
    """The median cost of each command over ``rounds`` turns, after one turn that is not counted
    (where there is but one, it counts).
    """
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    uncounted = 1 if rounds > 1 else 0
    for turn in range(rounds + uncounted):
        for name, command in commands.items():
            cost = run(command, environment)
            if turn >= uncounted:
                costs[name].append(cost)
    return {name: _median(seen) for name, seen in costs.items()}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        round(statistics.median(cost.peak for cost in costs)),
    )
