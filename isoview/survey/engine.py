"""Tasks in, outcomes out: a bounded number in flight, and nothing lost when a worker dies.

Which task killed a worker cannot be told when several were in flight: all of them are suspects,
and each is tried again with nothing beside it. One that kills its worker then, too, is
:class:`Fallen`; the others were bystanders, and their outcomes are like any other.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ThreadPoolExecutor,
    wait,
)
from typing import NamedTuple

from isoview.inspectors.errors import IsoviewError
from isoview.survey import EXTRA
from isoview.survey.crews import Crew
from isoview.survey.worker import Outcome, Task

_AHEAD = 2
"""Tasks in flight for each worker: one at work, one that waits for it."""
_SEND_LIMIT = 1 << 30
"""The largest wheel that is sent to a worker that has no such file."""


class Fallen(NamedTuple):
    """A task without an outcome: it brought its worker down twice, or cannot be handed on."""

    task: Task
    why: str


Ended = Outcome | Fallen


class Engine:
    """Runs tasks on a crew."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._waiting: dict[Future[Outcome], Task] = {}
        self._suspects: list[Task] = []
        self._sends = False

    def run(self, tasks: Iterable[Task]) -> Iterator[Ended]:
        """The outcome of each task, in the order in which they are done."""
        source = iter(tasks)
        try:
            while True:
                while len(self._waiting) < self._crew.width() * _AHEAD:
                    task = next(source, None)
                    if task is None:
                        break
                    yield from self._submit(task)
                if not self._waiting:
                    break
                yield from self._done()
            yield from self._tried_alone()
        finally:
            for future in self._waiting:
                future.cancel()

    def _submit(self, task: Task) -> Iterator[Fallen]:
        loaded = _loaded(task) if self._sends else task
        if isinstance(loaded, Fallen):
            yield loaded
            return
        for _ in range(2):
            try:
                future = self._crew.executor().submit(self._crew.function, loaded)
            except self._crew.died:
                self._crew.renew()  # it broke while nobody looked: those in flight say so, too
            else:
                self._waiting[future] = task
                return
        self._suspects.append(task)

    def _done(self) -> Iterator[Ended]:
        done, _ = wait(self._waiting, return_when=FIRST_COMPLETED)
        died = False
        for future in done:
            task = self._waiting.pop(future)
            try:
                ended = _result(future, task)
            except self._crew.died:
                died = True
                self._suspects.append(task)
                continue
            if isinstance(ended, Outcome) and ended.elsewhere:
                # Workers on other hosts that share no folder with this one: send what they lack.
                self._sends = True
                yield from self._submit(task)
            else:
                yield ended
        if died:
            self._crew.renew()

    def _tried_alone(self) -> Iterator[Ended]:
        """Suspects, each by itself; as many at once as can be kept apart."""
        suspects, self._suspects = self._suspects, []
        if suspects:
            with ThreadPoolExecutor(self._crew.alone_width()) as threads:
                yield from threads.map(self._alone, suspects)

    def _alone(self, task: Task) -> Ended:
        loaded = _loaded(task) if self._sends else task
        if isinstance(loaded, Fallen):
            return loaded
        try:
            return _result(self._crew.alone(loaded), task)
        except self._crew.died:
            return Fallen(
                task,
                "the worker that read it died, and so did the next one, which had nothing else "
                f"to do: a crash, too much memory, or over {task.seconds:.0f} s at one module",
            )


def _result(future: Future[Outcome], task: Task) -> Ended:
    """What became of a task; a fault of ours at one wheel is that wheel's own."""
    try:
        return future.result()
    except (BrokenExecutor, IsoviewError):
        raise
    except CancelledError as error:
        raise IsoviewError(
            "the scheduler is gone, and the wheels that it had with it",
            "Start it again and give the same command: what is written is not read again.",
        ) from error
    except ImportError as error:
        raise IsoviewError(
            f"a worker cannot import what it needs: {error}",
            f"Install {EXTRA}, of the same version, wherever workers run.",
        ) from error
    except Exception as error:
        if type(error).__module__.startswith("distributed"):
            raise  # what the cluster says of itself: a dead worker, a lost scheduler
        return Fallen(task, f"internal error: {type(error).__name__}: {error}")


def _loaded(task: Task) -> Task | Fallen:
    """The task with its wheel's bytes in it."""
    if task.size > _SEND_LIMIT:
        return Fallen(task, f"no worker has the file, and {task.size >> 20} MB are not sent")
    try:
        with open(task.path, "rb") as file:
            return task._replace(data=file.read())
    except OSError as error:
        return Fallen(task, f"it cannot be read: {error.strerror or error}")
