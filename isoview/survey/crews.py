"""Who does the work: a pool of processes here, or a Dask cluster. Both are executors.

An executor of :mod:`concurrent.futures` is all that the engine knows of. What differs stands
here: how many run at once, which exception says that a worker died, how a new executor is had
when the old one is of no more use, and how a wheel is tried with nothing beside it.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from typing import Any, Protocol

from isoview.inspectors.errors import IsoviewError
from isoview.survey import need
from isoview.survey.worker import Outcome, Task, work

_CONNECT = 20  # seconds that a scheduler has to answer
_ASK_AGAIN = 5.0  # seconds between two looks at how many workers there are
Work = Callable[[Task], Outcome]


class Crew(Protocol):
    """What the engine asks of whoever does the work."""

    died: tuple[type[BaseException], ...]
    """What a task's future raises where its worker died."""
    foreign: bool
    """Whether workers may run another isoview than this one."""
    function: Work
    """What is done to each task."""

    def width(self) -> int:
        """How many wheels are looked at at once."""

    def executor(self) -> Executor:
        """Where to submit."""

    def renew(self) -> None:
        """The executor is broken: the next one is to be another."""

    def alone(self, task: Task) -> Future[Outcome]:
        """One task with nothing beside it, done when this returns."""

    def alone_width(self) -> int:
        """How many calls of :meth:`alone` may run at once."""

    def stop(self) -> None:
        """Let everything go."""


class Pool:
    """Processes on this machine."""

    died: tuple[type[BaseException], ...] = (BrokenExecutor,)
    foreign = False

    def __init__(self, jobs: int, function: Work = work) -> None:
        self._jobs = jobs
        self.function = function
        self._executor: ProcessPoolExecutor | None = None

    def width(self) -> int:
        return self._jobs

    def executor(self) -> Executor:
        if self._executor is None:
            self._executor = _processes(self._jobs)
        return self._executor

    def renew(self) -> None:
        broken, self._executor = self._executor, None
        if broken is not None:
            broken.shutdown(wait=True, cancel_futures=True)

    def alone(self, task: Task) -> Future[Outcome]:
        # A pool of its own: when it breaks, there is no doubt about who broke it.
        with _processes(1) as executor:
            return executor.submit(self.function, task)

    def alone_width(self) -> int:
        return self._jobs

    def stop(self) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)
        # What runs is of no use to anybody any more (Ctrl-C): it does not hold us up.
        for process in multiprocessing.active_children():
            process.terminate()
            process.join()


class Cluster:
    """Workers of a Dask scheduler, here or anywhere; they may come and go while it runs."""

    foreign = True

    def __init__(self, address: str, function: Work = work) -> None:
        distributed = need("distributed")
        self.died: tuple[type[BaseException], ...] = (
            need("distributed.scheduler").KilledWorker,
            need("distributed.client").FutureCancelledError,
        )
        self.function = function
        # What goes wrong with the cluster is said by the engine, in a line.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL + 1)
        try:
            self._client: Any = distributed.Client(
                address, timeout=_CONNECT, set_as_default=False, name="isoview-survey"
            )
        except (OSError, ValueError) as error:
            raise IsoviewError(
                f"no Dask scheduler answers at {address}: {error}",
                "Start one with `dask scheduler`, and workers with `dask worker`.",
            ) from error
        self._address = address
        self._executor: Executor | None = None
        self._known = 0
        self._asked = 0.0

    def width(self) -> int:
        now = time.monotonic()
        if now - self._asked > _ASK_AGAIN or not self._known:
            self._asked = now
            self._known = sum(self._client.nthreads().values())
        return max(self._known, 1)

    def executor(self) -> Executor:
        if self._executor is None:
            # Asked once: later, all may be away for a moment, until they are started again.
            try:
                self._client.wait_for_workers(1, timeout=_CONNECT)
            except TimeoutError as error:
                raise IsoviewError(
                    f"the scheduler at {self._address} has no workers",
                    f"Start some: `dask worker {self._address} --nworkers auto --nthreads 1`.",
                ) from error
            # Not pure: results are written here, the cluster has nothing to remember.
            self._executor = self._client.get_executor(pure=False)
        return self._executor

    def renew(self) -> None:
        """The cluster starts its dead workers again by itself."""

    def alone(self, task: Task) -> Future[Outcome]:
        future = self.executor().submit(self.function, task)
        wait([future])
        return future

    def alone_width(self) -> int:
        return 1

    def stop(self) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)
        self._client.close(timeout=5)


def _processes(jobs: int) -> ProcessPoolExecutor:
    # Spawned, never forked: nothing of this process's threads and locks goes with them.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, context, initializer=_begin)


def _begin() -> None:
    """In each process of the pool, before its first task."""
    import gc

    gc.set_threshold(50_000, 20, 50)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to deal with
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A pool's process waits on a pipe that it keeps open itself: it would outlive a killed parent."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
