"""What the app asks the judge for, as callables: the real ones, or what a test puts in place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event as StopEvent

    from isoview.evidence import EvidenceSource
    from isoview.model import Event, Finding, Report, Status
    from isoview.symbols import SymbolList
    from isoview.tui.scanning import Scan


class Decisions(Protocol):
    """Where decisions are kept. ``decide`` returns what stood there before, for ``restore``."""

    def where(self) -> str:
        """The file that a decision would be written to."""

    def apply(self, report: Report) -> Report:
        """The report with every decision laid over it."""

    def decide(self, finding: Finding, status: Status, reason: str) -> Any:
        """Write one decision."""

    def restore(self, fingerprint: str, previous: Any) -> None:
        """Put back what ``decide`` replaced."""


class ProjectDecisions:
    """Decisions in the nearest ``isoview.toml`` at or above the working folder."""

    def _file(self) -> Path:
        from pathlib import Path

        from isoview.triage import decisions_file

        return decisions_file(Path.cwd())

    def where(self) -> str:
        return self._file().name

    def apply(self, report: Report) -> Report:
        from isoview.triage import apply, load

        return apply(undecided(report), load(self._file()))

    def decide(self, finding: Finding, status: Status, reason: str) -> Any:
        from isoview.triage import decide

        return decide(self._file(), finding, status, reason)

    def restore(self, fingerprint: str, previous: Any) -> None:
        from isoview.triage import restore

        restore(self._file(), fingerprint, previous)


def undecided(report: Report) -> Report:
    """The report as the rules left it: decisions are laid over it anew after each change."""
    findings = tuple(replace(f, status="open", reason=None) for f in report.findings)
    return replace(report, findings=findings)


def scan_targets(targets: Sequence[str], python: str | None) -> Scan:
    """Reads many files in another process, with the cache; without targets, an environment."""
    from isoview.tui.scanning import ScanProcess

    return ScanProcess(targets, python)


def stream_targets(targets: Iterable[str]) -> Iterator[Event]:
    """The one stream of the judge."""
    from isoview.stream import stream

    return stream(targets)


def open_evidence(path: str) -> EvidenceSource:
    """The bytes behind a file's facts; nothing is read before something is asked."""
    from isoview.evidence import EvidenceSource

    return EvidenceSource(path)


def open_symbols(path: str, part: str | None) -> SymbolList:
    """The symbols of a file, or of one slice of it."""
    from isoview import symbols

    return symbols.open_symbols(path, part)


def run_live(path: str, stop: StopEvent) -> dict[str, Any]:
    """Import the module in a child process and look at it (this runs the module's code).

    The child is ended when ``stop`` is set: nobody waits for it when the app is left.
    """
    from isoview.inspectors.live.runner import run

    return run(path, ("info",), stop=stop)


@dataclass(frozen=True)
class Services:
    """Everything outside the app that its screens reach, none of it opened by a widget."""

    stream: Callable[[Iterable[str]], Iterator[Event]] = stream_targets
    scan: Callable[[Sequence[str], str | None], Scan] = scan_targets
    evidence: Callable[[str], EvidenceSource] = open_evidence
    symbols: Callable[[str, str | None], SymbolList] = open_symbols
    decisions: Decisions = field(default_factory=ProjectDecisions)
    live: Callable[[str, StopEvent], dict[str, Any]] = run_live
    python: str = f"Python {sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"
    """The interpreter that a live run uses, as it is named before it is asked for."""
