"""What the judge says: findings, the verdict, the report. Plain frozen data.

Field names are those of the JSON report, version 1.
"""

from collections.abc import Callable

from isoview.inspectors.facts import Evidence, Facts
from isoview.inspectors.hints import Any, Literal
from isoview.inspectors.late import Late, LateField
from isoview.inspectors.record import Record

Severity = Literal["error", "warning", "note"]
Confidence = Literal["high", "medium", "low"]
Status = Literal["open", "confirmed", "intended", "false-positive", "fixed"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
STATUSES: tuple[Status, ...] = ("open", "confirmed", "intended", "false-positive", "fixed")
COUNTING: frozenset[str] = frozenset({"open", "confirmed"})
"""Findings with one of these statuses count towards ``--fail-on``."""

QUESTIONS = ("multiple_module_objects", "shared_gil", "own_gil", "free_threaded")


class Where(Record):
    """A place in the file: link-time address, symbol, section, and source line where known."""

    symbol: str | None = None
    address: int | None = None
    section: str | None = None
    file: str | None = None
    line: int | None = None

    # Written out, as in the facts, for the records that reports have by the thousand.
    def __init__(
        self,
        symbol: str | None = None,
        address: int | None = None,
        section: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        state = self.__dict__
        state["symbol"] = symbol
        state["address"] = address
        state["section"] = section
        state["file"] = file
        state["line"] = line


class Finding(Record):
    """One thing a rule found. ``count`` is how many unnamed subjects it folds."""

    rule: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    guide: str
    fingerprint: str
    where: Where = Where()
    evidence: tuple[Evidence, ...] = ()
    count: int = 1
    related: tuple[Where, ...] = ()
    status: Status = "open"
    reason: str | None = None

    def __init__(
        self,
        rule: str,
        name: str,
        severity: Severity,
        confidence: Confidence,
        message: str,
        guide: str,
        fingerprint: str,
        where: Where = Where(),  # noqa: B008 - frozen
        evidence: tuple[Evidence, ...] = (),
        count: int = 1,
        related: tuple[Where, ...] = (),
        status: Status = "open",
        reason: str | None = None,
    ) -> None:
        state = self.__dict__
        state["rule"] = rule
        state["name"] = name
        state["severity"] = severity
        state["confidence"] = confidence
        state["message"] = message
        state["guide"] = guide
        state["fingerprint"] = fingerprint
        state["where"] = where
        state["evidence"] = evidence
        state["count"] = count
        state["related"] = related
        state["status"] = status
        state["reason"] = reason


class NotRun(Record):
    """A rule that could not look, and why: silence is not a verdict."""

    rule: str
    reason: str


class Answer(Record):
    """One question of the verdict: declared / evidence / experiment / observed."""

    declared: Literal["yes", "no", "omitted", "cannot-say", "unknown"]
    evidence: Literal["none-found", "partial", "against", "not-analysed"]
    experiment: Literal["ok", "refused", "failed", "crashed", "timed-out", "not-run"]
    observed: Literal["isolated", "shares", "same-module", "overwrites", "turned-gil-on"] | None
    answer: Literal["yes", "no", "unknown", "contradiction"]
    applies_to: tuple[int, ...]
    decided_by: tuple[str, ...]
    summary: str


class Verdict(Record):
    """The answers to the four questions."""

    multiple_module_objects: Answer
    shared_gil: Answer
    own_gil: Answer
    free_threaded: Answer


class Report(Late):
    """Facts, what the rules found in them, and what it amounts to.

    ``findings`` may be put off until somebody asks for them: there are thousands in the modules of
    an environment, and who sums these up needs no more than ``summed``. So may ``scorecard``.
    """

    facts: Facts
    verdict: Verdict | None
    scorecard: dict[str, str]
    findings: tuple[Finding, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    rules_run: int = 0
    live: dict[str, Any] | None = None
    _late = ("findings", "scorecard")

    @property
    def summed(self) -> tuple[Finding, ...]:
        """The findings, where one may stand for many that only their subject tells apart: enough
        to count them and to weigh them.
        """
        summed: tuple[Finding, ...] | None = self.__dict__.get("_summed")
        return self.findings if summed is None else summed

    def with_sum(
        self, summed: tuple[Finding, ...], make: Callable[[], tuple[Finding, ...]]
    ) -> "Report":
        """The same report, with findings that ``make`` makes when they are first asked for."""
        self.put_off(findings=make)
        self.__dict__["_summed"] = summed
        return self

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from isoview.reports.notebook import html

        return html(self)

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        """The same for front ends that choose, with the plain text for those without HTML."""
        from isoview.reports.lines import plain
        from isoview.reports.text import report_lines

        return {"text/html": self._repr_html_(), "text/plain": plain(report_lines(self))}


Report.findings = LateField("findings")  # type: ignore[assignment]
Report.scorecard = LateField("scorecard")  # type: ignore[assignment]


class TargetError(Record):
    """A target that could not be analysed: one line, one hint."""

    path: str
    error: str
    hint: str


class Started(Record):
    """The target is being opened."""

    path: str


class Shape(Record):
    """The first stage is done: everything that needs no instruction decoded."""

    report: Report


class Complete(Record):
    """Both stages are done."""

    report: Report


class Failed(Record):
    """A target that could not be analysed."""

    error: TargetError


class Nothing(Record):
    """A target with nothing in it to analyse, which is no error: a wheel of Python code."""

    path: str
    reason: str


Event = Started | Shape | Complete | Failed | Nothing
