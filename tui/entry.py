"""One opened file as the app knows it: what has arrived, what changed, what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

# The facts and the model are imported when the first event arrives: the first paint needs none.
if TYPE_CHECKING:
    from isoview.evidence import Subjects
    from isoview.model import Event, Finding, Report, TargetError
    from isoview.tui.branch import Branch


@dataclass
class Live:
    """What the loaded module said, as far as it was asked."""

    state: str = "not run"  # not run, running, done, failed
    report: dict[str, Any] | None = field(default=None, repr=False)
    message: str = ""
    hint: str = ""


@dataclass(eq=False)  # two targets are never the same one
class Entry:
    """The state of one target. Events change it; screens read it."""

    target: str
    arch: str = ""  # of a universal file: which slice is meant
    report: Report | None = field(default=None, repr=False)  # it may be of any size
    error: TargetError | None = None
    complete: bool = False
    reading: bool = True
    live: Live = field(default_factory=Live)
    subjects: Subjects = field(init=False, repr=False)  # set with the first report
    # The report that a new reading is compared with, and what its outline said.
    _earlier: Report | None = field(default=None, repr=False)
    _earlier_values: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """Where the file lies, once it was found."""
        return self.report.facts.artifact.path if self.report else self.target

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]

    def receive(self, event: Event) -> None:
        """Take in what the stream says about this target."""
        from isoview.model import Complete, Failed, Shape, Started

        match event:
            case Shape(report) | Complete(report) if self._is_another(report):
                pass
            case Started():
                self.reading = True
                self.error = None
            case Shape(report):
                # While a file is read again, the complete reading stays until the new one is too.
                if self._earlier is None:
                    self.take(report)
            case Complete(report):
                self.take(report)
                self.complete = True
                self.reading = False
            case Failed(error):
                self.error = error
                self.reading = False

    def _is_another(self, report: Report) -> bool:
        """Whether a report is about another slice of the file than the one that is meant."""
        artifact = report.facts.artifact
        return artifact.slice is not None and self.arch not in {"", artifact.arch}

    def take(self, report: Report) -> None:
        """Make ``report`` the one that is shown: a reading, or one with other decisions."""
        from isoview.evidence import Subjects

        self.report = report
        self.subjects = Subjects(report.facts, report.findings)

    def read_again(self) -> None:
        """Remember this reading, so that the next one shows what it changed."""
        from isoview.tui.outline import outline

        if self.report is not None and self.error is None:
            self._earlier = self.report
            self._earlier_values = values(outline(self.report, self.subjects))
        self.reading = True

    @property
    def new(self) -> frozenset[str]:
        """Fingerprints that the last reading did not have."""
        if self._earlier is None or self.report is None or self.report is self._earlier:
            return frozenset()
        before = {finding.fingerprint for finding in self._earlier.findings}
        return frozenset(f.fingerprint for f in self.report.findings) - before

    @property
    def gone(self) -> tuple[Finding, ...]:
        """Findings that only the last reading had."""
        if self._earlier is None or self.report is None:
            return ()
        now = {finding.fingerprint for finding in self.report.findings}
        return tuple(f for f in self._earlier.findings if f.fingerprint not in now)

    def changed(self, key: str, value: str) -> str | None:
        """What the last reading said at ``key``, where it said something else."""
        before = self._earlier_values.get(key)
        return before if before is not None and before != value else None


MASS = frozenset({"statics", "capi", "file"})
"""Branches of thousands of lines: their findings tell what changed, their lines are not compared."""


def values(branches: tuple[Branch, ...]) -> dict[str, str]:
    """The values of an outline by their keys."""
    found: dict[str, str] = {}
    waiting = list(branches)
    while waiting:
        branch = waiting.pop()
        found[branch.key] = branch.value
        if branch.key not in MASS:
            waiting.extend(branch.children())
    return found
