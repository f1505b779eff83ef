"""Starts experiments from the app, takes in what they say, and ends them when the app is left."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from isoview.tui.entry import Live
from isoview.tui.live_runs import LiveServices, Runs
from isoview.tui.services import decided

if TYPE_CHECKING:
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Entry

Cell = tuple[int, str]


class LiveControl:
    """The matrices of all entries. Everything here runs on the app's thread but the work itself."""

    def __init__(self, app: IsoviewApp, services: LiveServices | None = None) -> None:
        self._app = app
        self.services = services or LiveServices()
        self._runs: dict[int, Runs] = {}

    def runs_of(self, entry: Entry) -> Runs:
        """The matrix of an entry; it stays when its screen is left."""
        return self._runs.setdefault(id(entry), Runs())

    def prepare(self, entry: Entry) -> None:
        """Find the interpreters that fit, once."""
        runs = self.runs_of(entry)
        if not runs.pythons and entry.report is not None:
            runs.pythons = self.services.fitting(entry.report.facts)

    def open(self, entry: Entry) -> None:
        """Show the Live screen of an entry."""
        self._app.navigation.go("live", entry)

    def run(self, entry: Entry, cells: Sequence[Cell]) -> None:
        """Run the cells in a thread, one interpreter after the other."""
        runs = self.runs_of(entry)
        runs.begin(cells)
        self._show(entry, ended=False)
        job = partial(self._work, entry, sorted(cells, key=lambda cell: cell[0]))
        self._app.run_worker(job, group="experiments", thread=True, exit_on_error=False)

    def _work(self, entry: Entry, cells: Sequence[Cell]) -> None:
        runs, report = self.runs_of(entry), entry.report
        if report is None:
            return
        stop = runs.stop
        for index, group in groupby(cells, key=lambda cell: cell[0]):
            names = [name for _, name in group]

            def tell(
                _place: int, name: str, outcome: dict[str, Any] | None, index: int = index
            ) -> None:
                self._later(partial(self._changed, entry, (index, name), outcome), stop)

            live = self.services.run(report.facts, [runs.pythons[index]], names, tell, stop)
            self._later(partial(runs.take, [index], live), stop)
        self._later(partial(self._ended, entry), stop)

    def _later(self, call: Any, stop: Any) -> None:
        """On the app's thread; nowhere once the app is gone."""
        try:
            self._app.call_from_thread(call)
        except RuntimeError:  # the app is not running any more
            stop.set()

    def _changed(self, entry: Entry, cell: Cell, outcome: dict[str, Any] | None) -> None:
        self.runs_of(entry).change(cell, outcome)
        self._show(entry, ended=False)

    def _ended(self, entry: Entry) -> None:
        """Weigh what was seen: the verdict and the findings follow."""
        runs = self.runs_of(entry)
        runs.end()
        if runs.report is not None and entry.report is not None:
            entry.live = Live("done", runs.report)
            judged = self.services.judge(entry.report, runs.report)
            entry.take(decided(judged, self._app.services.decisions.kept))
            self._app.show_changes(entry)
        self._show(entry, ended=True)

    def _show(self, entry: Entry, *, ended: bool) -> None:
        for screen in self._app.standing():
            show = getattr(screen, "show_runs", None)
            if callable(show) and getattr(screen, "entry", None) is entry:
                show(ended=ended)

    def close(self) -> None:
        """End what runs: the app is being left."""
        for runs in self._runs.values():
            runs.stop.set()
