"""What the app asks the judge for, as callables: the real ones, or what a test puts in place."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event as StopEvent

    from isoview.evidence import EvidenceSource
    from isoview.model import Event, Report
    from isoview.symbols import SymbolList
    from isoview.targets import Scope
    from isoview.triage import Decision, Decisions, Group
    from isoview.tui.scanning import Scan


class DecisionStore(Protocol):
    """Where decisions are kept."""

    @property
    def kept(self) -> Decisions:
        """What was there at the last look."""

    def where(self) -> str:
        """The file that a decision would be written to."""

    def has_changed(self) -> bool:
        """Whether the file is another one than at the last look."""

    def look(self) -> None:
        """Read what is there now."""

    def change(
        self, wanted: Mapping[str, Decision | None], seen: Mapping[str, Decision | None]
    ) -> Mapping[str, Decision | None]:
        """Set decisions, but for those that are not as they were ``seen``; returns what was there."""

    def add_group(self, group: Group) -> None:
        """Write a decision for a group."""

    def remove_group(self, group: Group) -> bool:
        """Take a decision for a group away; False where there is none."""


class ProjectDecisions:
    """Decisions in the nearest ``isoview.toml`` at or above the working folder."""

    def __init__(self) -> None:
        self._kept: Decisions | None = None
        self._signature: object = None

    @property
    def kept(self) -> Decisions:
        if self._kept is None:
            from isoview.triage import Decisions

            self._kept = Decisions()
        return self._kept

    def _file(self) -> Path:
        from pathlib import Path

        from isoview.triage import decisions_file

        return decisions_file(Path.cwd())

    def where(self) -> str:
        return self._file().name

    def _sign(self) -> object:
        """What tells one state of the file from another: every writer makes a new file."""
        path = self._file()
        try:
            state = path.stat()
        except OSError:
            return None
        return path, state.st_mtime_ns, state.st_size, state.st_ino

    def has_changed(self) -> bool:
        return self._sign() != self._signature

    def look(self) -> None:
        from isoview.triage import load

        # Signed first: what is written while it is read is seen at the next look.
        self._signature = self._sign()
        self._kept = load(self._file())

    def change(
        self, wanted: Mapping[str, Decision | None], seen: Mapping[str, Decision | None]
    ) -> Mapping[str, Decision | None]:
        from isoview.decision_file import change

        before = change(self._file(), wanted, seen)
        self.look()
        return before

    def add_group(self, group: Group) -> None:
        from isoview.decision_file import add_group

        add_group(self._file(), group)
        self.look()

    def remove_group(self, group: Group) -> bool:
        from isoview.decision_file import remove_group

        removed = remove_group(self._file(), group)
        self.look()
        return removed


def decided(report: Report, decisions: Decisions) -> Report:
    """The report with these decisions laid over it, and no others."""
    from isoview.triage import apply, with_statuses

    if any(f.status != "open" or f.reason for f in report.findings):
        findings = tuple(replace(f, status="open", reason=None) for f in report.findings)
        report = with_statuses(report, findings)
    return apply(report, decisions)


def scan_targets(scope: Scope) -> Scan:
    """Reads many files in another process, with the cache; of an empty scope an environment."""
    from isoview.tui.scanning import ScanProcess

    return ScanProcess(scope)


LARGE = 16_000_000
"""Bytes from which a file is read by another process: in this one its tables would hold up keys."""


def stream_targets(targets: Iterable[str]) -> Iterator[Event]:
    """The one stream of the judge."""
    from isoview.stream import stream

    for target in targets:
        try:
            status = os.stat(target)  # noqa: PTH116 - as it came
        except (OSError, ValueError):
            status = None
        if status is None or status.st_size < LARGE:
            yield from stream([target])
        else:
            yield from _stream_apart(target, status)


def _stream_apart(target: str, status: os.stat_result) -> Iterator[Event]:
    """A large file, read by a worker process; what is there only comes whole."""
    from isoview.cache import Cache
    from isoview.parallel import spread
    from isoview.stream import current_decisions
    from isoview.targets import Place, identity

    place = Place(target, identity=identity(status), size=status.st_size, named=True)
    return spread([place], current_decisions(), jobs=1, cache=Cache(quick=False))


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


def compare_files(paths: Sequence[str], stop: StopEvent) -> dict[str, Any]:
    """Put modules side by side, in another process that ends when ``stop`` is set."""
    from isoview.tui.sharing_lines import compare_files

    return compare_files(paths, stop)


@dataclass(frozen=True)
class Services:
    """Everything outside the app that its screens reach, none of it opened by a widget."""

    stream: Callable[[Iterable[str]], Iterator[Event]] = stream_targets
    scan: Callable[[Scope], Scan] = scan_targets
    evidence: Callable[[str], EvidenceSource] = open_evidence
    symbols: Callable[[str, str | None], SymbolList] = open_symbols
    decisions: DecisionStore = field(default_factory=ProjectDecisions)
    live: Callable[[str, StopEvent], dict[str, Any]] = run_live
    sharing: Callable[[Sequence[str], StopEvent], dict[str, Any]] = compare_files
    python: str = f"Python {sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"
    """The interpreter that a live run uses, as it is named before it is asked for."""
