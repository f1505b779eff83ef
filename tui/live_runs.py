"""The experiments of one file while they run: what each cell says, and who is asked to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

from isoview.inspectors.live import EXPERIMENTS

if TYPE_CHECKING:
    from isoview.inspectors.facts import Facts
    from isoview.model import Report

Tell = Callable[[int, str, dict[str, Any] | None], None]
Runner = Callable[["Facts", Sequence[str], Sequence[str], Tell, Event], dict[str, Any]]


def _run_cells(
    facts: Facts, pythons: Sequence[str], experiments: Sequence[str], tell: Tell, stop: Event
) -> dict[str, Any]:
    """Really run them: importing runs the module's code, in child processes."""
    from isoview.matrix import run_matrix

    return run_matrix(facts, pythons, experiments, tell, stop)


def _fitting(facts: Facts) -> list[str]:
    """Interpreters that can load the file."""
    from isoview.matrix import interpreters

    return interpreters(facts)


def _judge(report: Report, live: dict[str, Any]) -> Report:
    """The report with the runs weighed in."""
    from isoview.run_live import with_live

    return with_live(report, live)


@dataclass(frozen=True)
class LiveServices:
    """What the Live screen asks for: the real ones, or what a test puts in place."""

    fitting: Callable[[Facts], list[str]] = _fitting
    run: Runner = _run_cells
    judge: Callable[[Report, dict[str, Any]], Report] = _judge


@dataclass
class Runs:
    """The matrix of one entry; it outlives the screen that shows it."""

    pythons: list[str] = field(default_factory=list)
    outcomes: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    running: set[tuple[int, str]] = field(default_factory=set)
    waiting: set[tuple[int, str]] = field(default_factory=set)
    report: dict[str, Any] | None = None
    stop: Event = field(default_factory=Event)

    @property
    def busy(self) -> bool:
        """Whether something runs or waits to."""
        return bool(self.running or self.waiting)

    def begin(self, cells: Sequence[tuple[int, str]]) -> None:
        """These cells are asked for anew."""
        self.stop = Event()
        self.waiting = set(cells)
        for cell in cells:
            self.outcomes.pop(cell, None)

    def change(self, cell: tuple[int, str], outcome: dict[str, Any] | None) -> None:
        """A cell began (no outcome) or ended."""
        self.waiting.discard(cell)
        if outcome is None:
            self.running.add(cell)
        else:
            self.running.discard(cell)
            self.outcomes[cell] = outcome

    def take(self, indices: Sequence[int], report: dict[str, Any]) -> None:
        """What was run for these interpreters, into the one report on all of them."""
        whole = self.report or {**report, "runs": []}
        runs = list(whole["runs"])
        while len(runs) < len(self.pythons):
            runs.append({"python": None, "experiments": {}})
        for place, index in enumerate(indices):
            fresh = report["runs"][place]
            cells = {**runs[index]["experiments"], **fresh["experiments"]}
            runs[index] = {
                "python": fresh["python"] or runs[index]["python"],
                "experiments": {name: cells[name] for name in EXPERIMENTS if name in cells},
            }
        self.report = {**whole, "runs": runs}

    def end(self) -> None:
        """Nothing runs any more."""
        self.running.clear()
        self.waiting.clear()

    def label(self, index: int) -> str:
        """The interpreter's version once it is known, else the end of its path."""
        from isoview.observed import label

        runs = (self.report or {}).get("runs", ())
        if index < len(runs) and runs[index]["python"]:
            return label(runs[index]["python"])
        parts = self.pythons[index].replace("\\", "/").rstrip("/").split("/")
        inside = len(parts) > 2 and parts[-2] in {"bin", "Scripts"}
        return parts[-3] if inside and parts[-3] != "usr" else parts[-1]
