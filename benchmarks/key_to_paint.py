"""From a key to what it paints, in a pseudo-terminal: ``python benchmarks/key_to_paint.py``.

Two things are measured of the real command, with nothing else in between:

* the seconds from writing a key into the terminal until the last byte of the paint it causes came
  back (a paint is over when nothing more comes for a while, and nobody works on more);
* the processor time that the whole process took for it, which other work on the machine does not
  change much.

The tables are made here: a library of many symbols from assembler, a folder of many copies of an
extension of this interpreter. Files that are given are opened as well, in the Module screen.
"""

import argparse
import fcntl
import importlib.util
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import NamedTuple

QUIET = 0.06  # seconds without a byte: the paint is over
IDLE = 0.001  # seconds of work in that time that mean no paint
BAR = 0.05  # seconds that 95 of 100 keys must stay below


class Key(NamedTuple):
    """What a key took: seconds until it was painted (None: nothing was), processor seconds."""

    seconds: float | None
    cpu: float


class App:
    """isoview in a pseudo-terminal of a given size."""

    def __init__(self, arguments: list[str], home: Path, columns: int, rows: int) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            names = ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
            os.environ.update({name: str(home) for name in names})
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(sys.executable, [sys.executable, "-P", "-m", "isoview", *arguments])
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)
        self.seen = b""

    def cpu(self) -> float:
        """Seconds that the threads of the process ran so far, to the nanosecond where Linux tells."""
        try:
            ran = (task.joinpath("schedstat").read_text().split()[0] for task in self._tasks())
            return sum(map(int, ran)) / 1e9
        except (OSError, IndexError):  # a thread that just ended, a kernel without this
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _tasks(self) -> Iterator[Path]:
        return Path(f"/proc/{self.pid}/task").iterdir()

    def read(self, seconds: float) -> bytes:
        """What comes within ``seconds``."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        data = os.read(self._terminal, 1 << 16) if ready else b""
        self.seen = (self.seen + data)[-200_000:]
        return data

    def wait_for(self, word: str, seconds: float) -> None:
        """Wait until a word is painted."""
        end = time.monotonic() + seconds
        while word.encode() not in self.seen:
            if time.monotonic() > end:
                sys.exit(f"{word!r} was not painted within {seconds:.0f} s")
            self.read(0.2)

    def rest(self, seconds: float = 0.4) -> None:
        """Wait until it paints no more."""
        while self.read(seconds):
            pass

    def calm(self) -> None:
        """Wait until it paints no more, works no more, and nobody works for it."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        before = -1.0
        while before < self.cpu() - 0.02 or children.read_text().strip():
            before = self.cpu()
            self.rest()
            time.sleep(0.6)

    def press(self, key: str) -> Key:
        """Write a key, and wait until it is painted and nothing is done about it any more."""
        before, begin = self.cpu(), time.perf_counter()
        os.write(self._terminal, key.encode())
        painted, worked = None, before
        while True:
            if self.read(1.0 if painted is None else QUIET):
                painted = time.perf_counter() - begin
                continue
            worked, last = self.cpu(), worked
            if worked - last < IDLE:
                return Key(painted, worked - before)

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


@contextmanager
def app(arguments: list[str], home: Path, size: tuple[int, int]) -> Iterator[App]:
    opened = App(arguments, home, *size)
    try:
        yield opened
    finally:
        opened.close()


def measure(name: str, opened: App, keys: Iterable[str]) -> bool:
    """Press the keys, say what they took; whether 95 of 100 stayed below the bar."""
    taken = [opened.press(key) for key in keys]
    seconds = sorted(key.seconds for key in taken if key.seconds is not None)
    silent = len(taken) - len(seconds)
    if not seconds:
        sys.exit(f"{name}: no key painted anything")
    middle, late = statistics.median(seconds), seconds[int(len(seconds) * 0.95)]
    cpu = sum(key.cpu for key in taken) / len(taken)
    print(
        f"{name:<44} {len(taken):>4} keys  p50 {middle * 1000:5.1f}  p95 {late * 1000:5.1f}  "
        f"max {seconds[-1] * 1000:5.1f} ms  CPU {cpu * 1000:4.1f} ms a key"
        + (f"  {silent} painted nothing" if silent else "")
    )
    return late < BAR


def library(folder: Path, number: int) -> Path | None:
    """A shared library of ``number`` symbols; None where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    source = folder / "symbols.s"
    with source.open("w") as file:
        file.write(".data\n.globl PyInit_many\nPyInit_many: .quad 0\n")
        for index in range(number):
            name = f"_ZN7library{len(str(index)) + 6}member{index}Ev" if index % 2 else f"entry_{index}"  # fmt: skip
            file.write(f".globl {name}\n.type {name}, @object\n{name}: .byte 0\n.size {name}, 1\n")
    built = folder / "many.so"
    subprocess.run([compiler, "-shared", "-nostdlib", "-o", built, source], check=True)
    return built


def copies(folder: Path, number: int) -> Path | None:
    """A folder of ``number`` copies of a small extension of this interpreter."""
    origins = (
        spec.origin
        for spec in map(importlib.util.find_spec, ("_bisect", "_heapq", "_random", "_queue"))
        if spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
    )
    origin = next(origins, None)
    if origin is None:
        return None
    for index in range(number):
        place = folder / "many" / f"package{index // 10:03}"
        place.mkdir(parents=True, exist_ok=True)
        name = Path(origin).name
        shutil.copy(origin, place / f"module{index % 10}{name[name.index('.') :]}")
    return folder / "many"


MOVES = [*"jjjjjkkk", "\x1b[6~", "\x1b[6~", "\x1b[5~", "G", "g"]


def moves(number: int) -> list[str]:
    return [MOVES[index % len(MOVES)] for index in range(number)]


def on_symbols(target: Path, home: Path, arguments: argparse.Namespace) -> bool:
    with app([str(target)], home, arguments.size) as opened:
        opened.wait_for("copies", 60)
        opened.calm()
        opened.press("2")
        opened.calm()
        good = measure(f"symbols ({arguments.symbols}): moving", opened, moves(arguments.keys))
        opened.press("/")
        typed = [*"entry_12", *["\x7f"] * 8] * max(arguments.keys // 16, 1)
        return measure(f"symbols ({arguments.symbols}): filter", opened, typed) and good


def on_workspace(target: Path, home: Path, arguments: argparse.Namespace) -> bool:
    with app([str(target)], home, arguments.size) as opened:
        opened.wait_for(f"of {arguments.modules} files", 600)
        opened.calm()
        good = measure("workspace, by package: moving", opened, moves(arguments.keys))
        opened.press("E")
        name = f"workspace, flat ({arguments.modules})"
        good = measure(f"{name}: moving", opened, moves(arguments.keys)) and good
        good = measure(f"{name}: sorting", opened, ["s"] * 32) and good
        opened.press("/")
        typed = [*"module12", *["\x7f"] * 8] * max(arguments.keys // 32, 1)
        return measure(f"{name}: filter", opened, typed) and good


def on_module(target: str, home: Path, arguments: argparse.Namespace) -> bool:
    with app([target], home, arguments.size) as opened:
        opened.wait_for("findings", 120)
        opened.calm()
        name = Path(target).name[:24]
        good = measure(f"findings ({name}): moving", opened, moves(arguments.keys))
        opened.press("\x1b[Z")
        return measure(f"facts ({name}): moving", opened, moves(arguments.keys)) and good


def main() -> None:
    """Measure every table that can be made here."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", help="extensions to open as well")
    parser.add_argument("--symbols", type=int, default=600_000)
    parser.add_argument("--modules", type=int, default=500)
    parser.add_argument("--keys", type=int, default=130)
    parser.add_argument("--only", choices=("symbols", "workspace", "files"))
    parser.add_argument("--columns", type=int, default=140)
    parser.add_argument("--rows", type=int, default=40)
    arguments = parser.parse_args()
    arguments.size = (arguments.columns, arguments.rows)
    print(f"load {os.getloadavg()[0]:.1f}, {arguments.columns}x{arguments.rows}")
    good = True
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        home = folder / "home"
        home.mkdir()
        if arguments.only in {None, "symbols"}:
            made = library(folder, arguments.symbols)
            good = (on_symbols(made, home, arguments) if made else good) and good
        if arguments.only in {None, "workspace"}:
            tree = copies(folder, arguments.modules)
            good = (on_workspace(tree, home, arguments) if tree else good) and good
        for file in arguments.files:
            good = on_module(file, home, arguments) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
