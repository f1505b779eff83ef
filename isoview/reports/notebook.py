"""A report in a notebook: the verdict as a table, findings to unfold, everything else below.

Self-contained HTML without scripts and without a style sheet: colours are set so that they can be
read on a light and on a dark page, and every mark is a shape and a word first.
"""

from collections.abc import Iterable
from html import escape

from isoview.model import COUNTING, QUESTIONS, SEVERITIES, Finding, Report
from isoview.readable import says
from isoview.reports.lines import Line, laid_out
from isoview.reports.text import report_lines
from isoview.reports.words import LABELS, MARKS
from isoview.visible import visible

_COLOURS = {
    "error": "#c62828",
    "warning": "#b26a00",
    "note": "#1976d2",
    "good": "#2e7d32",
    "unknown": "#7b1fa2",
}
_BOLD = frozenset({"title", "heading", "error", "code"})
_WIDTH = 100


def html(report: Report) -> str:
    """The report as a fragment of HTML."""
    name = report.facts.artifact.path.replace("\\", "/").rpartition("/")[2]
    parts = [f"<div><strong>{_safe(name)}</strong>"]
    if report.verdict is not None:
        rows = (_row(report, question) for question in QUESTIONS)
        parts.append(f"<table>{''.join(rows)}</table>")
    for severity in SEVERITIES:
        found = [
            finding
            for finding in report.findings
            if finding.severity == severity and finding.status in COUNTING
        ]
        if found:
            parts.append(_findings(severity, found))
    parts.append(f"<details><summary>full report</summary>{_pre(report_lines(report))}</details>")
    return "".join([*parts, "</div>"])


def _row(report: Report, question: str) -> str:
    answer = getattr(report.verdict, question)
    mark, style = MARKS[answer.answer]
    said = f"{mark} {answer.answer}"
    return (
        f"<tr><th style='text-align:left'>{_safe(LABELS[question])}</th>"
        f"<td style='{_style(style)};text-align:left'>{_safe(said)}</td>"
        f"<td style='text-align:left'>{_safe(answer.summary)}</td></tr>"
    )


def _findings(severity: str, found: list[Finding]) -> str:
    items = "".join(
        f"<li><code>{_safe(finding.rule)}</code> {_safe(says(finding))}{_times(finding)}</li>"
        for finding in found
    )
    number = sum(finding.count for finding in found)
    title = f"{number} {severity}{'' if number == 1 else 's'}"
    unfolded = " open" if severity == "error" else ""
    return (
        f"<details{unfolded}><summary style='{_style(severity)}'>{_safe(title)}</summary>"
        f"<ul>{items}</ul></details>"
    )


def _times(finding: Finding) -> str:
    return f" ({finding.count} times)" if finding.count > 1 else ""


def _pre(lines: Iterable[Line]) -> str:
    rows = [
        "".join(
            f"<span style='{_style(style)}'>{escape(text)}</span>"
            if _style(style)
            else escape(text)
            for text, style in row
        )
        for row in laid_out(lines, _WIDTH)
    ]
    return "<pre style='line-height:1.3'>" + "\n".join(rows) + "</pre>"


def _style(style: str) -> str:
    rules = [f"color:{_COLOURS[style]}"] if style in _COLOURS else []
    rules += ["font-weight:bold"] if style in _BOLD else []
    rules += ["opacity:0.7"] if style == "dim" else []
    return ";".join(rules)


def _safe(text: str) -> str:
    return escape(visible(text))
