"""What takes time, as functions for worker threads: each ends by posting one message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event as StopEvent
from threading import Lock
from typing import TYPE_CHECKING, Any

from textual.message import Message

from isoview.inspectors.errors import IsoviewError, Unreadable
from isoview.tui.entry import Entry, Live
from isoview.tui.services import Services

if TYPE_CHECKING:
    from isoview.evidence import EvidenceSource
    from isoview.inspectors.binary.decode import Structure
    from isoview.inspectors.binary.parts import Parts
    from isoview.model import Event, Finding, Report, Status
    from isoview.symbols import SymbolList

Post = Callable[[Message], Any]
Steps = list[tuple[str, Any]]


class Decoded(Message):
    """Structures of the file were decoded."""

    def __init__(
        self, entry: Entry, subject: object, structures: tuple[Structure, ...], note: str
    ) -> None:
        super().__init__()
        self.entry = entry
        self.subject = subject
        self.structures = structures
        self.note = note


class Decided(Message):
    """Decisions were written or taken back; ``steps`` is what undo needs."""

    def __init__(
        self, entry: Entry, report: Report | None, steps: Steps, said: str, *, failed: bool = False
    ) -> None:
        super().__init__()
        self.entry = entry
        self.report = report
        self.steps = steps
        self.said = said
        self.failed = failed


class LiveEnded(Message):
    """The child process ended."""

    def __init__(self, entry: Entry, live: Live) -> None:
        super().__init__()
        self.entry = entry
        self.live = live


class Work:
    """Runs in worker threads, one lock for what must not run twice at once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sources: dict[int, EvidenceSource] = {}
        self._lock = Lock()
        self._stop = StopEvent()

    def events(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Event]]:
        """The stream's events, each with the entry it is about; targets come in their order."""
        from isoview.model import Failed, Started, TargetError

        waiting = list(entries)
        current = waiting[0]
        try:
            for event in self._services.stream([entry.path for entry in entries]):
                if isinstance(event, Started) and waiting:
                    current = waiting.pop(0)
                yield current, event
        except IsoviewError as error:
            # Before any target was opened: an isoview.toml that cannot be read, for one.
            for entry in waiting:
                yield entry, Failed(TargetError(entry.target, error.message, error.hint))

    def decode(self, entry: Entry, subject: Any, post: Post) -> None:
        """Decode what stands behind a finding or a fact."""
        report = entry.report
        if report is None:
            return
        structures: tuple[Structure, ...] = ()
        note = ""
        try:
            structures = self._source(entry).decode_for(report.facts, subject)
        except IsoviewError as error:
            note = f"{error.message}. {error.hint}"
        post(Decoded(entry, subject, structures, note))

    def _source(self, entry: Entry) -> EvidenceSource:
        with self._lock:
            source = self._sources.get(id(entry))
            if source is None:
                source = self._sources[id(entry)] = self._services.evidence(entry.path)
            return source

    def symbols(self, path: str, part: str | None) -> SymbolList:
        """The symbols of a file."""
        return self._services.symbols(path, part)

    def evidence(self, entry: Entry) -> EvidenceSource:
        """The bytes behind an entry."""
        return self._source(entry)

    def parts(self, entry: Entry) -> Parts:
        """The sections of a file that was read."""
        if entry.report is None:
            raise Unreadable("the file was not read", "R on the module reads it again.")
        return self._source(entry).parts(entry.report.facts)

    def forget(self, entry: Entry) -> None:
        """Let go of a file that is read again."""
        with self._lock:
            source = self._sources.pop(id(entry), None)
        if source is not None:
            source.close()

    def close(self) -> None:
        """Let go of every file, and end a child that still runs."""
        self._stop.set()
        for source in self._sources.values():
            source.close()
        self._sources.clear()

    def decide(
        self, entry: Entry, findings: Sequence[Finding], status: Status, reason: str, post: Post
    ) -> None:
        """Write a decision for each finding."""
        decisions = self._services.decisions
        steps: Steps = []
        number = len(findings)
        subject = "1 finding" if number == 1 else f"{number} findings"
        try:
            with self._lock:
                for finding in findings:
                    previous = decisions.decide(finding, status, reason)
                    steps.append((finding.fingerprint, previous))
            said = f"{subject}: {status}, written to {decisions.where()}. u takes it back."
            post(Decided(entry, self._applied(entry), steps, said))
        except IsoviewError as error:
            self._failed(entry, steps, error, post)

    def undo(self, entry: Entry, steps: Steps, post: Post) -> None:
        """Put back what decisions replaced, newest first."""
        decisions = self._services.decisions
        try:
            with self._lock:
                for fingerprint, previous in reversed(steps):
                    decisions.restore(fingerprint, previous)
            said = f"Taken back in {decisions.where()}."
            post(Decided(entry, self._applied(entry), [], said))
        except IsoviewError as error:
            self._failed(entry, steps, error, post)

    def _applied(self, entry: Entry) -> Report | None:
        return self._services.decisions.apply(entry.report) if entry.report else None

    def _failed(self, entry: Entry, steps: Steps, error: IsoviewError, post: Post) -> None:
        said = f"{error.message}. {error.hint}"
        post(Decided(entry, None, steps, said, failed=True))

    def live(self, entry: Entry, post: Post) -> None:
        """Import the module in a child process and keep what it says."""
        try:
            live = Live("done", self._services.live(entry.path, self._stop))
        except IsoviewError as error:
            live = Live("failed", None, error.message, error.hint)
        post(LiveEnded(entry, live))
