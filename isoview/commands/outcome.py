"""What comes out of the stream for `isoview check`: errors told at once, reports handed on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from isoview.commands import ExitCode
from isoview.commands.complaint import complain
from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.hints import TYPE_CHECKING, cast
from isoview.inspectors.record import Record, replace
from isoview.model import (
    COUNTING,
    SEVERITIES,
    Complete,
    Event,
    Failed,
    Finding,
    Nothing,
    Report,
    Severity,
    TargetError,
)
from isoview.reports.words import counted
from isoview.stream import LIBRARY

if TYPE_CHECKING:
    from isoview.triage import Decisions

REQUIRED = {
    "copies": "multiple_module_objects",
    "shared-gil": "shared_gil",
    "own-gil": "own_gil",
    "free-threaded": "free_threaded",
}


class Wanted(Record):
    """What the command line asks of each report."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    known: Mapping[str, int] | None = None  # the baseline
    hashed: bool = False
    fail_on: str = "error"
    required: Sequence[str] = ()


class Outcome:
    """Consumes the stream; says at the end what all of it amounts to."""

    def __init__(
        self, events: Iterable[Event], wanted: Wanted, quiet: Callable[[], None] = lambda: None
    ) -> None:
        self._events = events
        self._wanted = wanted
        self._quiet = quiet  # takes away a line of progress before something is said
        self.errors: list[TargetError] = []
        self.interrupted = False
        self._libraries = 0
        self.known = 0  # findings that the baseline has
        self.modules: set[str] = set()  # what was looked at in full, for stale decisions
        self.fingerprints: set[str] = set()
        self._found = self._refused = self._taken_any = False
        grave = 0 if wanted.fail_on == "never" else _rank(wanted.fail_on) + 1
        self._failing = SEVERITIES[:grave]
        self._chooses = bool(wanted.select or wanted.ignore or wanted.known is not None)

    def reports(self) -> Iterator[Report]:
        """Each report as it is complete; Ctrl-C ends them, and what is done stays."""
        try:
            for event in self._events:
                if isinstance(event, Failed):
                    self.errors.append(event.error)
                    self._say(event.error.error, event.error.hint)
                elif isinstance(event, Nothing):
                    self._nothing(event)
                elif isinstance(event, Complete):
                    yield self._taken(event.report)
        except KeyboardInterrupt:
            self.interrupted = True
            if self._taken_any:
                self._say("interrupted", "What was done until then is reported.")
        self._miss_a_module()
        if self._libraries:
            what = counted(self._libraries, "shared library", "shared libraries")
            self._say(f"{what} without an init function left out", None)
        self._quiet()

    def _miss_a_module(self) -> None:
        """A required answer that no module was there to give is no *yes*."""
        if self._wanted.required and not (self._taken_any or self.errors or self.interrupted):
            self._refused = True
            for question in self._wanted.required:
                self._say(f"{question} is required, and no extension module is there to ask", None)

    def _nothing(self, event: Nothing) -> None:
        if event.reason == LIBRARY:
            self._libraries += 1
        else:
            self._say(f"{event.path} {event.reason}", None)

    def _say(self, what: str, hint: str | None) -> None:
        self._quiet()
        complain(what, hint)

    def _taken(self, report: Report) -> Report:
        self._taken_any = True
        self._remember(report)
        if self._chooses:
            findings = tuple(filter(self._is_wanted, report.findings))
            if len(findings) != len(report.findings):
                report = replace(report, findings=findings)
        if self._wanted.hashed:
            report = self._hashed(report)
        self._found = self._found or any(
            finding.status in COUNTING and finding.severity in self._failing
            for finding in report.summed
        )
        for question in self._wanted.required:
            unmet = _unmet(report, question)
            if unmet:
                self._refused = True
                self._say(unmet, None)
        return report

    def _hashed(self, report: Report) -> Report:
        try:
            return _with_hash(report)
        except (IsoviewError, OSError) as error:  # it went away after it was read
            path = report.facts.artifact.path
            why = error.message if isinstance(error, IsoviewError) else f"{path}: {error.strerror}"
            wrong = TargetError(path, f"no hash of what was read: {why}", "Run it again.")
            self.errors.append(wrong)
            self._say(wrong.error, wrong.hint)
            return report

    def _remember(self, report: Report) -> None:
        if report.facts.stage == "code":
            from isoview.fingerprint import dotted_module

            self.modules.add(dotted_module(report.facts))
            self.fingerprints |= {finding.fingerprint for finding in report.findings}

    def _is_wanted(self, finding: Finding) -> bool:
        wanted = self._wanted
        if wanted.select and not finding.rule.startswith(wanted.select):
            return False
        if wanted.ignore and finding.rule.startswith(wanted.ignore):
            return False
        if wanted.known is None:
            return True
        from isoview.baseline import is_new

        if is_new(finding, wanted.known):
            return True
        self.known += 1
        return False

    def stale(self, decisions: "Decisions | None") -> tuple[str, ...]:
        """Decisions for modules that were looked at, about what is there no more."""
        if not decisions:
            return ()
        from isoview.triage import stale

        return stale(decisions, self.modules, self.fingerprints)

    def exit_code(self) -> int:
        """What all of it amounts to."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.errors:
            return ExitCode.NOT_ANALYSED
        return ExitCode.FINDINGS if self._found or self._refused else ExitCode.CLEAN


def _rank(severity: str) -> int:
    return [*SEVERITIES].index(cast("Severity", severity))


def _unmet(report: Report, question: str) -> str | None:
    """Why a required question is not answered with yes; None where it is."""
    path = report.facts.artifact.path
    if not report.facts.artifact.is_extension or report.verdict is None:
        return f"{path}: {question} is required, and this is no extension module"
    answer = getattr(report.verdict, REQUIRED[question])
    if answer.answer == "yes":
        return None
    return f"{path}: {question} is required, and the answer is {answer.answer}"


def _with_hash(report: Report) -> Report:
    import hashlib

    artifact = report.facts.artifact
    if artifact.container is not None and artifact.member is not None:
        from isoview.wheels import read_member

        digest = hashlib.sha256(read_member(artifact.container, artifact.member)).hexdigest()
    else:
        from isoview.inspectors.binary.source import open_regular

        with open_regular(artifact.path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(report, facts=replace(report.facts, artifact=replace(artifact, sha256=digest)))
