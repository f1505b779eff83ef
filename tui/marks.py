"""Marks: shapes first, then words, then colours; every mark on the screen comes from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from isoview.inspectors.record import Record

if TYPE_CHECKING:
    from isoview.model import Answer, Finding, Report

SEVERITY = {"error": "●", "warning": "◐", "note": "○"}
DECIDED = {"intended": "◇", "false-positive": "∅", "fixed": "✓"}
SCORE = {"met": "✓", "open": "●", "not-applicable": "·", "not-analysed": "?"}
NEW, GONE, DIFFERS = "+", "-", "≠"
MARKED, MARKED_SOME = "▌", "▎"
TIMES = "\N{MULTIPLICATION SIGN}"

TONES = {
    "error": "text-error",
    "warning": "text-warning",
    "note": "text-primary",
    "good": "text-success",
    "quiet": "foreground-muted",
}
"""What a colour is for, and the theme's variable for it."""


class Mark(Record):
    """A shape, the word beside it, and the tone both are drawn in."""

    shape: str
    word: str
    tone: str


class Told(NamedTuple):
    """What of an answer its mark is made from: what a list keeps of each module."""

    answer: str
    declared: str
    experiment: str
    observed: str


def finding_mark(finding: Finding) -> Mark:
    """The mark of one finding: its severity while it counts, else its decision."""
    if finding.status in DECIDED:
        return Mark(DECIDED[finding.status], finding.status, "quiet")
    return Mark(SEVERITY[finding.severity], finding.severity, finding.severity)


def answer_mark(answer: Answer | Told) -> Mark:
    """The mark of one question of the verdict."""
    if answer.experiment == "refused":
        return Mark("⊘", "refused", "note")
    if answer.answer == "contradiction":
        return Mark("✗", "contradicted", "error")
    if answer.answer == "yes":
        return Mark("✓", "yes", "good")
    if answer.answer == "no":
        return Mark("✗", _why_not(answer), "error")
    if answer.declared == "omitted":
        return Mark("◐", "undeclared", "warning")
    return Mark("?", "declared" if answer.declared == "yes" else "unknown", "warning")


def _why_not(answer: Answer | Told) -> str:
    if answer.observed in {"shares", "same-module", "overwrites"}:
        return "shares"
    if answer.declared == "no":
        return "says no"
    return "no"


def counts(report: Report, width: int = 200) -> str:
    """How many findings are open, and how many of the worst: ``23 open, 2 errors``.

    Once something is decided, the numbers of every status, and their sum.
    """
    if any(finding.status != "open" for finding in report.findings):
        from isoview.tui.tally import tally_text

        return tally_text(report.findings, width)
    left = report.findings
    if not left:
        return "none"
    worst = next(severity for severity in SEVERITY if any(f.severity == severity for f in left))
    number = sum(finding.severity == worst for finding in left)
    return f"{len(left)} open, {number} {worst}{'' if number == 1 else 's'}"
