"""One child process from start to end, whatever it does: bounded in time and in what it says.

The child gets a pipe of its own to answer on; stdout and stderr belong to the module under test.
It is started and ended by ``supervisor.py``, which leaves no descendant of it behind, also when
this process is killed.
"""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ANSWER_LIMIT = 16 << 20
"""Bytes a child may say on the answer pipe; more is no answer."""
STDERR_KEPT = 4000
"""Last bytes of stderr that are kept."""
STATUS_KEPT = 4096
"""Last bytes of the supervisor's reports that are kept."""
LATE_LIMIT = 1 << 20
"""Bytes taken from a pipe after the child ended: another process may hold it and go on."""
POLL = 0.05
"""Seconds between looks where the system has no process descriptors, or a stop may be asked for."""
REAP_TIMEOUT = 5.0
SUPERVISOR = Path(__file__).parent / "supervisor.py"


@dataclass(frozen=True)
class Ended:
    """How the child ended and what it left.

    ``returncode`` is negative for a signal, and None where the child had to be ended or nobody
    saw its end. ``strays`` are processes that had left its process group and were ended.
    """

    said: bytes
    flooded: bool
    stderr: str
    stdout_bytes: int
    returncode: int | None
    timed_out: bool
    seconds: float
    strays: int = 0
    stopped: bool = False  # the caller asked for it
    unwatched: bool = False  # the child ended the process that watched over it


class _Pipe:
    """The read end of a pipe and what is kept of it."""

    def __init__(self, descriptor: int, keep: Callable[[bytes], None]) -> None:
        self.descriptor = descriptor
        self.keep = keep
        os.set_blocking(descriptor, False)

    def take(self) -> int | None:
        """Bytes taken now; 0 when nothing is there; None at the end."""
        try:
            data = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return 0
        if data:
            self.keep(data)
        return len(data) or None


class _Child:
    def __init__(
        self, command: Callable[[int], Sequence[str]], environment: Mapping[str, str]
    ) -> None:
        self.said = bytearray()
        self.stderr = bytearray()
        self.status = bytearray()
        self.stdout_bytes = 0
        self._answers, answers = os.pipe()
        self._status, status = os.pipe()
        held, self._control = os.pipe()  # read there, held open here
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", str(SUPERVISOR), str(status), str(held),
                 *command(answers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(answers, status, held),
                start_new_session=True,
                env=dict(environment),
            )  # fmt: skip
        except BaseException:
            self._close_all(self._answers, self._status, self._control)
            raise
        finally:
            self._close_all(answers, status, held)
        assert self.process.stdout is not None  # noqa: S101  # PIPE was asked for
        assert self.process.stderr is not None  # noqa: S101
        self.pipes = (
            _Pipe(self._answers, self._keep_answer),
            _Pipe(self._status, self._keep_status),
            _Pipe(self.process.stdout.fileno(), self._count_stdout),
            _Pipe(self.process.stderr.fileno(), self._keep_stderr),
        )

    @staticmethod
    def _close_all(*descriptors: int) -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    def _keep_answer(self, data: bytes) -> None:
        self.said += data[: ANSWER_LIMIT + 1 - len(self.said)]

    def _keep_status(self, data: bytes) -> None:
        self.status = (self.status + data)[-STATUS_KEPT:]

    def _count_stdout(self, data: bytes) -> None:
        self.stdout_bytes += len(data)

    def _keep_stderr(self, data: bytes) -> None:
        self.stderr = (self.stderr + data)[-STDERR_KEPT:]

    @property
    def flooded(self) -> bool:
        return len(self.said) > ANSWER_LIMIT

    def converse(self, deadline: float, stop: threading.Event | None) -> bool:
        """Listen until the child ended (True), or time, patience or the caller's wish is over."""
        with selectors.DefaultSelector() as selector, _process_descriptor(self.process.pid) as gone:
            for pipe in self.pipes:
                selector.register(pipe.descriptor, selectors.EVENT_READ, pipe)
            if gone is not None:
                selector.register(gone, selectors.EVENT_READ, None)
            patient = gone is not None and stop is None
            while not self.flooded and not (stop is not None and stop.is_set()):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in selector.select(left if patient else min(left, POLL)):
                    if key.data is None:
                        return True
                    if key.data.take() is None:
                        selector.unregister(key.fd)
                if gone is None and self.process.poll() is not None:
                    return True
        return False

    def finish(self) -> None:
        """Have everything ended and collected, and take what is left in the pipes."""
        self._close_all(self._control)
        try:
            self.process.wait(REAP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: let it be
                self.process.wait(REAP_TIMEOUT)
        for pipe in self.pipes:
            taken = 0
            while taken < LATE_LIMIT and (got := pipe.take()):
                taken += got

    def close(self) -> None:
        self._close_all(self._answers, self._status)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def read_status(raw: bytes) -> dict[str, tuple[int, ...]]:
    """The supervisor's lines: the first ``pid``, and the last ``error`` and ``ended``. A module that
    runs as the same user can find the pipe and write to it: what makes no sense is left out.
    """
    found: dict[str, tuple[int, ...]] = {}
    for match in re.finditer(_STATUS, raw):
        word, *fields = match.group().decode("ascii").split()
        if word != "pid" or (word not in found and int(fields[0]) > 1):
            found[word] = tuple(map(int, fields))
    return found


_STATUS = rb"(?m)^(?:pid \d{1,9}|error \d{1,9}|ended (?:-1|\d{1,9}) \d{1,9})$"


@contextlib.contextmanager
def _process_descriptor(pid: int) -> Iterator[int | None]:
    """A descriptor that becomes readable when the process ends; None where there is none."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def run_child(
    command: Callable[[int], Sequence[str]],
    environment: Mapping[str, str],
    timeout: float,
    stop: threading.Event | None = None,
) -> Ended:
    """Run ``command(descriptor to answer on)`` to its end, or to ``timeout`` seconds.

    Raises OSError where it cannot be started at all. Safe in threads: nothing runs between fork
    and exec that Python would have to be asked for.
    """
    started = time.monotonic()
    child = _Child(command, environment)
    try:
        ended = False
        try:
            ended = child.converse(started + timeout, stop)
        finally:
            child.finish()
        told = read_status(bytes(child.status))
        if "ended" not in told and "pid" in told:  # nobody watches any more: end what we can reach
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(told["pid"][0], signal.SIGKILL)
        if "error" in told:
            raise OSError(told["error"][0], os.strerror(told["error"][0]))
        how, strays = told.get("ended", (-1, 0))
        stopped = stop is not None and stop.is_set() and not ended
        return Ended(
            said=bytes(child.said),
            flooded=child.flooded,
            stderr=child.stderr.decode("utf-8", "backslashreplace"),
            stdout_bytes=child.stdout_bytes,
            returncode=os.waitstatus_to_exitcode(how) if ended and how >= 0 else None,
            timed_out=not ended and not child.flooded and not stopped,
            seconds=time.monotonic() - started,
            strays=strays,
            stopped=stopped,
            unwatched=ended and how < 0,
        )
    finally:
        child.close()
