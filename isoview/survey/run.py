"""One survey, from its source to its tables: begun, gone on with, or found to be complete."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isoview.inspectors.errors import IsoviewError
from isoview.survey.crews import Crew
from isoview.survey.engine import Ended, Engine, Fallen
from isoview.survey.engine_name import engine
from isoview.survey.lock import Lock, Refused
from isoview.survey.progress import SurveyProgress
from isoview.survey.sources import Item, Source
from isoview.survey.store import Held, Store, number_of_rows
from isoview.survey.worker import Task, fallen, peak_memory, refused

_KEEP_EVERY = 30.0
"""Seconds after which what is done is written, however little it is."""


class Settings(NamedTuple):
    """How a survey is made. ``seconds`` is the most that one module may take."""

    seconds: float = 300.0
    discard: bool = False
    live: tuple[str, ...] | None = None


class Summary(NamedTuple):
    """What a run came to. ``before`` were done when it began; ``errors`` are all there are."""

    wheels: int
    before: int
    modules: int
    errors: int
    seconds: float
    worker_peak: int
    own_peak: int
    later: tuple[tuple[str, str], ...]


class Survey:
    """A source, a folder for the tables, and a crew."""

    def __init__(self, source: Source, folder: Path, crew: Crew, settings: Settings) -> None:
        self._source = source
        self._folder = folder
        self._crew = crew
        self._settings = settings
        self._modules = self._peak = 0
        self._unwritten: list[str] = []

    def run(self) -> Summary:
        """Do what is not done yet; what was done is kept, whatever ends the run."""
        held = Held(self._folder)
        try:
            lock = Lock(self._folder, self._source.question, engine())
            store = Store(self._folder)
            done = store.done()
            progress = SurveyProgress("wheels", len(done))
            self._pass(store, progress, lock, done)
            if self._settings.live is not None:
                self._live(lock)
        finally:
            held.release()
        return Summary(
            progress.done, len(done), self._modules, number_of_rows(self._folder, "errors"),
            time.monotonic() - progress.began, self._peak, peak_memory(),
            tuple(self._source.later),
        )  # fmt: skip

    def _pass(
        self,
        store: Store,
        progress: SurveyProgress,
        lock: Lock,
        done: set[str],
        live: tuple[str, ...] | None = None,
    ) -> None:
        """One look at every wheel that is not ``done``."""
        flushed = time.monotonic()

        def keep(wheel: str, tables: Mapping[str, bytes]) -> None:
            nonlocal flushed
            progress.one(wheel, self._source.total(lock))
            if store.add(tables) or time.monotonic() - flushed > _KEEP_EVERY:
                store.flush()
                flushed = time.monotonic()
                self._discard()

        def tasks() -> Iterator[Task]:
            given = set(done)
            for item in self._source.items(lock, done):
                wheel = item.wheel if isinstance(item, Refused) else item.locked.wheel
                if wheel in given:
                    continue
                given.add(wheel)
                if isinstance(item, Refused):
                    if live is None:
                        keep(item.wheel, _refused(item))
                else:
                    yield self._task(item, live)

        try:
            for ended in Engine(self._crew).run(tasks()):
                wheel, tables = self._rows(ended, lock)
                keep(wheel, tables)
        finally:
            progress.clear()
            store.flush()
            store.ensure_readable()
            self._discard()

    def _task(self, item: Item, live: tuple[str, ...] | None) -> Task:
        locked = item.locked
        # A worker may have another working folder, or be on another host.
        path = os.path.abspath(item.path)  # noqa: PTH100 - a path as it came
        return Task(
            locked.wheel, path, locked.sha256, locked.size, locked.requested,
            self._settings.seconds, live=live,
        )  # fmt: skip

    def _rows(self, ended: Ended, lock: Lock) -> tuple[str, Mapping[str, bytes]]:
        if isinstance(ended, Fallen):
            if ended.task.live is not None:
                from isoview.survey.live import nothing_live

                return ended.task.wheel, nothing_live(ended.task, ended.why)
            return ended.task.wheel, fallen(ended.task, ended.why)
        if self._crew.foreign and ended.engine != engine():
            raise IsoviewError(
                f"a worker runs another isoview ({ended.engine}; this is {engine()})",
                "Install the same version, on the same Python, wherever workers run.",
            )
        self._modules += ended.modules
        self._peak = max(self._peak, ended.peak)
        if self._settings.discard and self._source.fetches and self._settings.live is None:
            self._unwritten.append(lock.locked[ended.wheel].wheel)
        return ended.wheel, ended.tables

    def _discard(self) -> None:
        """Wheels that were fetched, and whose rows are written: their hashes stand in the lock."""
        for wheel in self._unwritten:
            if wheel != os.path.basename(wheel):  # noqa: PTH119
                continue  # none of ours: a lock from elsewhere may name any path
            with suppress(OSError):
                (self._folder / "wheels" / wheel).unlink()
        self._unwritten.clear()

    def _live(self, lock: Lock) -> None:
        """The experiments: a pass of its own, a table of its own."""
        from isoview.survey.live import without_modules

        store = Store(self._folder, ("live",), "live")
        done = store.done() | without_modules(self._folder)
        progress = SurveyProgress("wheels tried", len(done))
        self._pass(store, progress, lock, done, self._settings.live)


def _refused(item: Refused) -> dict[str, bytes]:
    task = Task(item.wheel, "", "", 0, item.requested, 0.0)
    return refused(task, IsoviewError(item.error, item.hint))
