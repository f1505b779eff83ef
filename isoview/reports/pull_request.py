"""Markdown for a comment on a pull request: the answers in a table, findings folded away.

Text from files is made visible and then escaped (:mod:`isoview.reports.escaping`).
"""

from collections.abc import Sequence

from isoview.model import COUNTING, QUESTIONS, SEVERITIES, Finding, Report, TargetError
from isoview.readable import says
from isoview.reports.escaping import in_html, in_markdown
from isoview.reports.findings import subject
from isoview.reports.place import relative
from isoview.reports.words import LABELS, counted, listed
from isoview.visible import visible

_LIMIT = 60_000  # GitHub takes 65,536 characters in one comment
_MARKS = {"yes": "✅", "no": "❌", "unknown": "❔", "contradiction": "⚠️"}
_SHOWN = 6


def document(
    reports: Sequence[Report], errors: Sequence[TargetError], stale: Sequence[str] = ()
) -> str:
    """The comment; what does not fit is said to be left out."""
    judged = [report for report in reports if report.verdict is not None]
    parts = ["## isoview\n\n", *_table(judged)]
    parts += _errors(errors)
    for report in judged:
        parts += _findings(report)
    if stale:
        names = ", ".join(_code(each) for each in stale[:_SHOWN])
        parts.append(f"\n{counted(len(stale), 'decision')} match nothing any more: {names}\n")
    return _cut(parts)


def _cut(parts: Sequence[str]) -> str:
    text, left = "", 0
    for part in parts:
        if len(text) + len(part) <= _LIMIT:
            text += part
        else:
            left += 1
    return text + (f"\n{counted(left, 'part')} did not fit in a comment.\n" if left else "")


def _table(reports: Sequence[Report]) -> list[str]:
    if not reports:
        return ["No extension module was looked at.\n"]
    heads = " | ".join(LABELS[question] for question in QUESTIONS)
    rows = [f"| module | {heads} | open |\n", f"|---|{'---|' * (len(QUESTIONS) + 1)}\n"]
    for report in reports:
        answers = " | ".join(
            f"{_MARKS[answer.answer]} {answer.answer}"
            for answer in (getattr(report.verdict, question) for question in QUESTIONS)
        )
        artifact = report.facts.artifact
        part = f" ({artifact.slice})" if artifact.slice else ""
        rows.append(f"| {_code(relative(artifact.path) + part)} | {answers} | {_open(report)} |\n")
    return rows


def _open(report: Report) -> str:
    numbers = dict.fromkeys(SEVERITIES, 0)
    for finding in report.findings:
        if finding.status in COUNTING:
            numbers[finding.severity] += finding.count
    words = [counted(number, severity) for severity, number in numbers.items() if number]
    return ", ".join(words) or "nothing"


def _errors(errors: Sequence[TargetError]) -> list[str]:
    if not errors:
        return []
    rows = [f"- {in_markdown(error.error)}. {in_markdown(error.hint)}\n" for error in errors]
    return [f"\n### {counted(len(errors), 'target')} could not be analysed\n\n", *rows]


def _findings(report: Report) -> list[str]:
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.status in COUNTING:
            key = (SEVERITIES.index(finding.severity), finding.rule)
            groups.setdefault(key, []).append(finding)
    if not groups:
        return []
    summary = in_html(f"{relative(report.facts.artifact.path)}: {_open(report)}")
    rows = []
    for _key, group in sorted(groups.items(), key=lambda item: item[0]):
        first = group[0]
        number = sum(finding.count for finding in group)
        times = f", {number} times" if number > 1 else ""
        more = [in_markdown(subject(finding)) for finding in group[1:]]
        also = f" Also {listed(more, _SHOWN)}." if more else ""
        rows.append(
            f"- **{first.severity}** `{first.rule}` {in_markdown(first.name)}{times}: "
            f"{in_markdown(says(first))}.{also}\n"
        )
    body = "".join(rows)
    return [f"\n<details><summary>{summary}</summary>\n\n{body}\n</details>\n"]


def _code(text: str) -> str:
    """A code span; a bar would end the cell of the table, a back quote the span."""
    safe = visible(text).replace("`", "'").replace("|", "\\|")
    return f"`{safe}`"
