"""The processes that look at many files, and the threads that wait for them.

Each worker is a process of its own that is spoken to in plain JSON. Threads here only wait for
them. What was listed later is looked at while something large holds up the front, but no further
ahead than a window, so that memory stays bounded. One worker keeps to the order, so that there is
always something to show; the others take the largest first, so that no large file is left for the
end, when there is nothing else to do beside it.
"""

import json
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import TYPE_CHECKING

from isoview.model import TargetError
from isoview.targets import Place

if TYPE_CHECKING:
    import subprocess

    from isoview.cache import Cache

_WINDOW = 256
_HEAD = 8


class Crew:
    """The workers, what they have yet to do, and what they have done that nobody took yet."""

    def __init__(
        self,
        places: Sequence[Place],
        *,
        quick: bool,
        cache: "Cache | None",
        done: Callable[[Place], None],
    ) -> None:
        self._places = places
        self._quick = quick
        self._cache = cache
        self._done = done
        self._changed = Condition()
        self._results: dict[int, bytes | TargetError] = {}
        self._waiting = list(range(len(places)))  # not handed out yet
        self._taken = 0
        self._stopped = False
        self._processes: set[subprocess.Popen[bytes]] = set()

    def start(self, number: int) -> None:
        for worker in range(number):
            Thread(target=self._work, args=(worker > 0,), daemon=True).start()

    def next(self) -> bytes | TargetError:
        """The result of the next place in order; waits for it."""
        with self._changed:
            while self._taken not in self._results:
                self._changed.wait(0.5)  # with a limit, so that Ctrl-C is heard on every system
            result = self._results.pop(self._taken)
            self._taken += 1
            self._changed.notify_all()
        return result

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            processes = list(self._processes)
        for process in processes:
            process.kill()
            process.wait()

    def _work(self, largest: bool) -> None:
        """One thread: hands places to its process until there are none left."""
        from isoview.stream import fault

        worker = _Worker(self._quick, self._processes)
        try:
            while (number := self._take(largest=largest)) is not None:
                try:
                    result = self._result(self._places[number], worker)
                except Exception as error:  # noqa: BLE001  # whoever waits must hear of it
                    result = fault(self._places[number].path, error)
                with self._changed:
                    self._results[number] = result
                    self._changed.notify_all()
                self._done(self._places[number])
        finally:
            worker.end()

    def _take(self, *, largest: bool) -> int | None:
        """The number of a place within the window: the first, or the largest."""
        with self._changed:
            while not self._stopped and self._waiting:
                near = self._waiting[: bisect_left(self._waiting, self._taken + _WINDOW)]
                if near:
                    number = max(near, key=self._size) if largest else near[0]
                    self._waiting.remove(number)
                    return number
                self._changed.wait(0.5)
        return None

    def _size(self, number: int) -> int:
        return self._places[number].size

    def _result(self, place: Place, worker: "_Worker") -> bytes | TargetError:
        cached = self._cache.get(place) if self._cache else None
        if cached is not None:
            return cached
        result = worker.look(place)
        if self._cache and isinstance(result, bytes) and b'"errors":[]' in result[-20:]:
            self._cache.put(place, result)
        return result


class _Worker:
    """One process, started when it is first needed and again when a file brought it down."""

    def __init__(self, quick: bool, processes: "set[subprocess.Popen[bytes]]") -> None:
        self._quick = quick
        self._processes = processes
        self._process: subprocess.Popen[bytes] | None = None

    def look(self, place: Place) -> bytes | TargetError:
        process = self._process or self._started()
        request = json.dumps({"place": vars(place), "quick": self._quick})
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
            head = process.stdout.read(_HEAD)
            length = int.from_bytes(head, "big")
            body = process.stdout.read(length)
        except (OSError, ValueError):
            head = body = b""
            length = 1
        if len(head) == _HEAD and len(body) == length:
            return body
        return self._fallen(place)

    def end(self) -> None:
        """Let the process go: it leaves when there is nothing more to read."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None  # noqa: S101
            assert process.stdout is not None  # noqa: S101
            try:
                process.stdin.close()
            except OSError:
                process.kill()
            process.wait()
            process.stdout.close()
            self._processes.discard(process)

    def _started(self) -> "subprocess.Popen[bytes]":
        import subprocess

        # -P: the working folder is no place to import from (it may hold anything).
        command = [sys.executable, "-P", "-m", "isoview.worker"]
        # A process group of its own: Ctrl-C is for this process, which ends the others.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        self._process = process
        self._processes.add(process)
        return process

    def _fallen(self, place: Place) -> TargetError:
        process = self._process
        self.end()
        code = process.returncode if process is not None else None
        return TargetError(
            place.path,
            f"{place.path}: the process that read it ended ({_ending(code)})",
            "Everything else is reported; look at it alone with `isoview check --debug`.",
        )


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        import signal

        return signal.Signals(-code).name if -code in [*signal.Signals] else f"signal {-code}"
    return f"exit code {code}"
