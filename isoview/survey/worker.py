"""What a worker does with one wheel. Plain data in, packed rows out; run in any process or host."""

import hashlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import NamedTuple

from isoview.inspectors.errors import IsoviewError
from isoview.model import Complete, Failed
from isoview.survey.names import wheel_name
from isoview.survey.packing import Packer
from isoview.survey.rows import Row, answers, module_rows, worst_answers
from isoview.targets import Place
from isoview.wheels import Bad, Wheel

_TOO_LONG = 70
"""Exit code of a worker that was too long at one module (EX_SOFTWARE)."""
_CHUNK = 1 << 20
AGAIN = "Put it right and survey into a new folder; everything else is in the tables."


class Task(NamedTuple):
    """One wheel to look at. ``data`` is its content where the worker cannot read ``path``."""

    wheel: str
    path: str
    sha256: str
    size: int
    requested: str
    seconds: float
    """The most that one module may take."""
    data: bytes | None = None
    live: tuple[str, ...] | None = None
    """Not to be read but installed and run, under these interpreters."""


class Outcome(NamedTuple):
    """What became of one wheel: a packed table each. ``elsewhere``: the worker has no such file."""

    wheel: str
    engine: str
    tables: dict[str, bytes]
    modules: int = 0
    peak: int = 0
    elsewhere: bool = False


def work(task: Task) -> Outcome:
    """Look at one wheel; whatever it holds ends as rows."""
    from isoview.survey.engine_name import engine

    if task.data is None and not _is_here(task):
        return Outcome(task.wheel, engine(), {}, elsewhere=True)
    if task.live is not None:
        from isoview.survey.live import live_tables

        return Outcome(task.wheel, engine(), live_tables(task, task.live))
    if task.data is None:
        return _Reading(task, task.path).outcome(engine())
    if hashlib.sha256(task.data).hexdigest() != task.sha256:
        return Outcome(task.wheel, engine(), fallen(task, "it changed after it was locked"))
    with TemporaryDirectory(prefix="isoview-") as folder:
        path = os.path.join(folder, "sent.whl")  # noqa: PTH118 - never a name from outside
        with open(path, "wb") as file:
            file.write(task.data)
        return _Reading(task, path).outcome(engine())


def digest(path: str) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_here(task: Task) -> bool:
    """Whether the very wheel lies here, too: a path says little on another host."""
    try:
        return os.path.getsize(task.path) == task.size and digest(task.path) == task.sha256  # noqa: PTH202
    except OSError:
        return False


class _Reading:
    """One wheel being read."""

    def __init__(self, task: Task, path: str) -> None:
        self._task = task
        self._path = path
        self._packer = Packer()
        self._answers: list[dict[str, str]] = []
        self._errors = 0
        self._unpacked = 0

    def outcome(self, engine: str) -> Outcome:
        wall, cpu = time.perf_counter(), time.process_time()
        for member, size in self._contents():
            with _no_longer_than(self._task.seconds):
                self._look(member, size)
        self._packer.add("distributions", self._distribution())
        rows = self._packer.number
        peak = peak_memory()
        seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
        worker = f"{socket.gethostname()}:{os.getpid()}"
        self._packer.add(
            "costs", (self._task.wheel, seconds, cpu, self._unpacked, rows, peak, worker)
        )
        return Outcome(self._task.wheel, engine, self._packer.packed(), len(self._answers), peak)

    def _contents(self) -> list[tuple[str, int]]:
        """(member, its size) of everything to look at; what is wrong with the rest becomes rows."""
        found: list[tuple[str, int]] = []
        try:
            with Wheel(self._path) as wheel:
                for entry in wheel.contents():
                    if isinstance(entry, Bad):
                        self._failed(entry.member or None, entry.error, entry.hint)
                    else:
                        found.append((entry, wheel.size(entry)))
        except IsoviewError as error:
            self._failed(None, error.message, error.hint)
        except OSError as error:
            self._failed(None, f"{self._path}: {error.strerror or error}", "Check the file.")
        return found

    def _look(self, member: str, size: int) -> None:
        from isoview.stream import look

        self._unpacked += size
        for event in look(Place(f"{self._path}/{member}", self._path, member, size=size), None):
            if isinstance(event, Complete):
                self._packer.extend(module_rows(self._task.wheel, event.report))
                if event.report.verdict is not None:
                    self._answers.append(answers(event.report))
            elif isinstance(event, Failed):
                self._failed(member, event.error.error, event.error.hint)

    def _failed(self, member: str | None, error: str, hint: str) -> None:
        self._errors += 1
        # Said of the wheel, not of wherever it lay when it was read.
        said = error.replace(self._path, self._task.wheel)
        self._packer.add("errors", (self._task.wheel, member, "read", said, hint))

    def _distribution(self) -> Row:
        kind = "compiled" if self._answers else "unreadable" if self._errors else "pure"
        worst = worst_answers(self._answers, errors=self._errors > 0)
        return distribution(self._task, kind, len(self._answers), self._errors, worst)


def distribution(
    task: Task, kind: str, modules: int, errors: int, worst: dict[str, str | None]
) -> Row:
    """The row of one wheel in ``distributions``."""
    name = wheel_name(task.wheel)
    return (
        task.wheel, task.requested, name.name, name.version, name.python, name.abi, name.platform,
        task.sha256, task.size, kind, modules, errors, *worst.values(),
    )  # fmt: skip


def fallen(task: Task, why: str) -> dict[str, bytes]:
    """The rows of a wheel that brought its worker down."""
    packer = Packer()
    packer.add("errors", (task.wheel, None, "worker", why, AGAIN))
    packer.add("distributions", distribution(task, "unreadable", 0, 1, worst_answers((), errors=True)))  # fmt: skip
    return packer.packed()


def refused(task: Task, error: IsoviewError) -> dict[str, bytes]:
    """The rows of what was asked for and could not be had."""
    packer = Packer()
    packer.add("errors", (task.wheel, None, "resolve", error.message, error.hint))
    packer.add("distributions", distribution(task, "missing", 0, 1, worst_answers((), errors=True)))  # fmt: skip
    return packer.packed()


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """End this process where the block takes longer: whoever waits sees a worker that died."""
    timer = threading.Timer(seconds, os._exit, (_TOO_LONG,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def peak_memory() -> int:
    """The most memory that this process has held, in bytes (0: not told)."""
    if sys.platform == "win32":
        return 0  # the standard library does not tell
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
