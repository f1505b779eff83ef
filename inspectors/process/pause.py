"""Holding a process still for a moment, with ptrace.

Source: ptrace(2). ``PTRACE_SEIZE`` does not stop a thread and sends it no signal;
``PTRACE_INTERRUPT`` does stop it. A seized process whose tracer dies runs on by itself, which is
why SIGSTOP is never used here. All calls come from the thread that seized: the kernel wants it so.
"""

import ctypes
import errno
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from isoview.inspectors.process.memory import Forbidden, Vanished

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
PTRACE_EVENT_STOP = 128
WALL = 0x40000000  # __WALL: threads, too
ROUNDS = 10
STOP_SECONDS = 1.0
"""Longest wait for one thread to stop; one in an uninterruptible call does not."""


@cache
def _ptrace() -> Callable[..., int]:
    function: Any = ctypes.CDLL(None, use_errno=True).ptrace
    function.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    function.restype = ctypes.c_long
    return function  # type: ignore[no-any-return]  # ctypes functions are untyped


def _call(request: int, thread: int, data: int = 0) -> int:
    """0, or the error's number."""
    ctypes.set_errno(0)
    if _ptrace()(request, thread, None, data) >= 0:
        return 0
    return ctypes.get_errno()


class Pause:
    """All threads of a process, stopped for as long as the context lasts."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.seconds = 0.0
        self._began = 0.0
        self._seized: dict[int, int] = {}  # thread to the signal it has still to be given

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        try:
            self._stop_all()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def _threads(self) -> list[int]:
        try:
            return [int(entry.name) for entry in Path(f"/proc/{self.pid}/task").iterdir()]
        except OSError as error:
            raise Vanished(str(error)) from error

    def _stop_all(self) -> None:
        """Threads are made while others are being stopped: until none is new."""
        for _ in range(ROUNDS):
            new = [thread for thread in self._threads() if thread not in self._seized]
            if not new:
                return
            for thread in new:
                self._seize(thread)
            for thread in new:
                if thread in self._seized:
                    self._seized[thread] = self._await_stop(thread)

    def _seize(self, thread: int) -> None:
        code = _call(PTRACE_SEIZE, thread)
        if code == errno.ESRCH:
            return  # it ended meanwhile
        if code:
            raise Forbidden(os.strerror(code))
        self._seized[thread] = 0
        _call(PTRACE_INTERRUPT, thread)

    @staticmethod
    def _await_stop(thread: int) -> int:
        """Wait until the thread stands; returns a signal that was about to be given to it."""
        end = time.perf_counter() + STOP_SECONDS
        while time.perf_counter() < end:
            try:
                done, status = os.waitpid(thread, WALL | os.WNOHANG)
            except ChildProcessError:
                return 0
            if done == 0:
                time.sleep(0.0001)
                continue
            if not os.WIFSTOPPED(status):
                return 0  # it ended
            return 0 if status >> 16 == PTRACE_EVENT_STOP else os.WSTOPSIG(status)
        return 0

    def _release(self) -> None:
        """Let every thread go, whatever happened; a signal that we caught is handed on."""
        for thread, signal in self._seized.items():
            if _call(PTRACE_DETACH, thread, signal) == errno.ESRCH:
                # Not stopped (yet): only a stopped thread can be let go.
                held = self._await_stop(thread)
                _call(PTRACE_DETACH, thread, held)
        self._seized.clear()
        self.seconds = time.perf_counter() - self._began
