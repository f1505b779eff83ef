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
    from isoview.model import Event
    from isoview.symbols import SymbolList
    from isoview.tui.journal import Step

Post = Callable[[Message], Any]


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
    """Decisions were written, taken back or seen to be others.

    ``changed`` are the fingerprints whose decision is another one now, None for any of them;
    ``step`` is what can be taken back.
    """

    def __init__(
        self,
        changed: frozenset[str] | None,
        said: str,
        step: Step | None = None,
        *,
        failed: bool = False,
    ) -> None:
        super().__init__()
        self.changed = changed
        self.said = said
        self.step = step
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
            self._services.decisions.look()
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

    def live(self, entry: Entry, post: Post) -> None:
        """Import the module in a child process and keep what it says."""
        try:
            live = Live("done", self._services.live(entry.path, self._stop))
        except IsoviewError as error:
            live = Live("failed", None, error.message, error.hint)
        post(LiveEnded(entry, live))
