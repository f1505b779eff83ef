"""Annotations of GitHub Actions: lines that the runner turns into marks on a pull request.

Source: the workflow commands ``::error file=,line=,title=::message``. The runner shows at most
ten of each kind in one step, so findings of one rule in one file are one line.
"""

from collections.abc import Sequence

from isoview.model import COUNTING, SEVERITIES, Finding, Report, TargetError
from isoview.readable import says
from isoview.reports.findings import subject
from isoview.reports.place import relative, spot
from isoview.reports.words import listed
from isoview.visible import visible

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_SHOWN = 5


def document(
    reports: Sequence[Report], errors: Sequence[TargetError], stale: Sequence[str] = ()
) -> str:
    """One line for each rule in each file, the gravest first."""
    rows: list[tuple[int, str]] = []
    for error in errors:
        message = f"{error.error}. {error.hint}"
        rows.append((0, _row("error", relative(error.path), None, "isoview", message)))
    for report in reports:
        rows += _of_report(report)
    for each in stale:
        message = f"A decision matches nothing any more: {each}"
        rows.append((len(SEVERITIES), _row("notice", "isoview.toml", None, "isoview", message)))
    rows.sort(key=lambda row: row[0])
    return "".join(text for _rank, text in rows)


def _of_report(report: Report) -> list[tuple[int, str]]:
    groups: dict[tuple[str, str, int | None], list[Finding]] = {}
    for finding in report.findings:
        if finding.status in COUNTING:
            at = spot(report, finding)
            groups.setdefault((finding.rule, at.path, at.line), []).append(finding)
    rows = []
    for (rule, path, line), group in groups.items():
        first = min(group, key=lambda finding: SEVERITIES.index(finding.severity))
        more = [subject(finding) for finding in group if finding is not first]
        message = f"{says(first)}. Also {listed(more, _SHOWN)}." if more else f"{says(first)}."
        title = f"{rule} {first.name}"
        command = _COMMANDS[first.severity]
        rank = SEVERITIES.index(first.severity)
        rows.append((rank, _row(command, path, line, title, message)))
    return rows


def _row(command: str, path: str, line: int | None, title: str, message: str) -> str:
    place = f"file={_property(path)}" + (f",line={line}" if line else "")
    return f"::{command} {place},title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
