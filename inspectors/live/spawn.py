"""One child process from start to end, whatever it does: bounded in time and in what it says.

The child gets a pipe of its own to answer on; stdout and stderr belong to the module under test.
It leads a session, so the whole process group can be ended with it.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

ANSWER_LIMIT = 16 << 20
"""Bytes a child may say on the answer pipe; more is no answer."""
STDERR_KEPT = 4000
"""Last bytes of stderr that are kept."""
LATE_LIMIT = 1 << 20
"""Bytes taken from a pipe after the child ended: another process may hold it and go on."""
POLL = 0.05
"""Seconds between looks at the child where the system has no process descriptors."""
REAP_TIMEOUT = 5.0


@dataclass(frozen=True)
class Ended:
    """How the child ended and what it left.

    ``returncode`` is negative for a signal, and None where the child had to be ended.
    """

    said: bytes
    flooded: bool
    stderr: str
    stdout_bytes: int
    returncode: int | None
    timed_out: bool
    seconds: float


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
        self.stdout_bytes = 0
        answers, theirs = os.pipe()
        try:
            self.process = subprocess.Popen(
                command(theirs),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(theirs,),
                start_new_session=True,
                env=dict(environment),
            )
        except BaseException:
            os.close(answers)
            raise
        finally:
            os.close(theirs)
        assert self.process.stdout is not None  # noqa: S101  # PIPE was asked for
        assert self.process.stderr is not None  # noqa: S101
        self._answers = answers
        self.pipes = (
            _Pipe(answers, self._keep_answer),
            _Pipe(self.process.stdout.fileno(), self._count_stdout),
            _Pipe(self.process.stderr.fileno(), self._keep_stderr),
        )

    def _keep_answer(self, data: bytes) -> None:
        self.said += data[: ANSWER_LIMIT + 1 - len(self.said)]

    def _count_stdout(self, data: bytes) -> None:
        self.stdout_bytes += len(data)

    def _keep_stderr(self, data: bytes) -> None:
        self.stderr = (self.stderr + data)[-STDERR_KEPT:]

    @property
    def flooded(self) -> bool:
        return len(self.said) > ANSWER_LIMIT

    def converse(self, deadline: float) -> bool:
        """Listen until the child ended (True), or time or patience is over (False)."""
        with selectors.DefaultSelector() as selector, _process_descriptor(self.process.pid) as gone:
            for pipe in self.pipes:
                selector.register(pipe.descriptor, selectors.EVENT_READ, pipe)
            if gone is not None:
                selector.register(gone, selectors.EVENT_READ, None)
            while not self.flooded:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in selector.select(left if gone is not None else min(left, POLL)):
                    if key.data is None:
                        return True
                    if key.data.take() is None:
                        selector.unregister(key.fd)
                if gone is None and _has_ended(self.process.pid):
                    return True
        return False

    def finish(self) -> int | None:
        """End the whole group, collect the child, take what is left in the pipes."""
        # The leader is not collected yet, so its number still names this group and no other.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: let it be
            self.process.wait(REAP_TIMEOUT)
        for pipe in self.pipes:
            taken = 0
            while taken < LATE_LIMIT and (got := pipe.take()):
                taken += got
        return self.process.returncode

    def close(self) -> None:
        os.close(self._answers)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


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


def _has_ended(pid: int) -> bool:
    """Whether the child has ended, without collecting it (its group must still be ended)."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except (AttributeError, ChildProcessError):
        return True


def run_child(
    command: Callable[[int], Sequence[str]], environment: Mapping[str, str], timeout: float
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
            ended = child.converse(started + timeout)
        finally:
            returncode = child.finish()
        return Ended(
            said=bytes(child.said),
            flooded=child.flooded,
            stderr=child.stderr.decode("utf-8", "backslashreplace"),
            stdout_bytes=child.stdout_bytes,
            returncode=returncode if ended else None,
            timed_out=not ended and not child.flooded,
            seconds=time.monotonic() - started,
        )
    finally:
        child.close()
