"""Findings in the report for a person: folded by rule, worst first."""

from collections.abc import Sequence

from isoview.fingerprint import stable_symbol, subject_of
from isoview.model import COUNTING, SEVERITIES, Finding, Report
from isoview.readable import as_written, readable, says
from isoview.reports.lines import Line, line
from isoview.reports.words import listed, named

_MARKS = {"error": "●", "warning": "◐", "note": "○"}
_SHOWN = 4  # subjects named for a rule that found many
_HANG = 4


def finding_lines(report: Report, *, verbose: bool) -> list[Line]:
    """What still counts, folded by rule; then what was decided."""
    counting = [finding for finding in report.findings if finding.status in COUNTING]
    decided = [finding for finding in report.findings if finding.status not in COUNTING]
    lines: list[Line] = []
    if counting:
        lines += [line(), line(("Findings", "heading"))]
        for group in _groups(counting):
            lines += _each(group) if verbose else _folded(group)
    if decided:
        lines += [line(), line(("Decided", "heading"))]
        for group in _groups(decided):
            lines += _each(group) if verbose else _settled(group)
    return lines


def worst(report: Report) -> Finding | None:
    """The finding that a maintainer should see first."""
    counting = [finding for finding in report.findings if finding.status in COUNTING]
    return min(counting, key=_rank) if counting else None


def subject(finding: Finding) -> str:
    """What the finding is about, as short as can be: the last part of its fingerprint."""
    kind, name = subject_of(finding.fingerprint)
    if kind == "symbol":
        return named(_symbol(finding.where.symbol, name))
    if kind in {"type", "api", "capsule", "registry"}:
        return named(name)
    if kind == "unnamed":
        return f"without a name ({name})"
    return named(finding.where.symbol or "the module")


def subjects(findings: Sequence[Finding], most: int) -> str:
    """The subjects of several findings, each name once: generics and closures give many alike."""
    number: dict[str, int] = {}
    for finding in findings:
        name = subject(finding)
        number[name] = number.get(name, 0) + 1
    named_once = [
        name + (f" ({times} times)" if times > 1 else "") for name, times in number.items()
    ]
    return listed(named_once, most)


def _symbol(symbol: str | None, stable: str) -> str:
    """The name in a fingerprint as it was written. Rust's names point back into themselves, so
    they are only whole with the hashes that the fingerprint leaves out.
    """
    written = readable(stable)
    if written == stable and symbol and symbol.startswith(("_R", "__R")):
        return readable(symbol) if stable_symbol(symbol) == stable else stable
    return written


def _rank(finding: Finding) -> tuple[int, str]:
    return SEVERITIES.index(finding.severity), finding.rule


def _groups(findings: Sequence[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[int, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((*_rank(finding), finding.status), []).append(finding)
    return [groups[key] for key in sorted(groups)]


def _title(finding: Finding, number: int) -> Line:
    style = finding.severity
    times = f", {number} times" if number > 1 else ""
    status = "" if finding.status == "open" else f", {finding.status}"
    return line(
        (f"{_MARKS[style]} {style:<8}", style),
        (f"{finding.rule} {finding.name}", "title"),
        f"{times}{status}",
        indent=2,
        hang=_HANG,
    )


def _folded(group: Sequence[Finding]) -> list[Line]:
    first = group[0]
    lines = [
        _title(first, sum(finding.count for finding in group)),
        line(says(first), indent=_HANG),
    ]
    if len(group) > 1:
        lines.append(line(f"Also {subjects(group[1:], _SHOWN)}.", indent=_HANG))
    return lines + _reason(first)


def _settled(group: Sequence[Finding]) -> list[Line]:
    first = group[0]
    about = line(subjects(group, _SHOWN), indent=_HANG)
    return [_title(first, sum(finding.count for finding in group)), about, *_reason(first)]


def _reason(finding: Finding) -> list[Line]:
    return [line(f"Decision: {finding.reason}", indent=_HANG)] if finding.reason else []


def _each(group: Sequence[Finding]) -> list[Line]:
    """Every finding with its evidence, for ``--verbose``."""
    lines: list[Line] = []
    for finding in group:
        lines += [_title(finding, finding.count), line(says(finding), indent=_HANG)]
        lines += [
            line(f"{evidence.kind}: {as_written(evidence.text)}", indent=_HANG, hang=_HANG + 2)
            for evidence in finding.evidence
        ]
        lines += _place(finding)
        lines += _reason(finding)
    return lines


def _place(finding: Finding) -> list[Line]:
    where = finding.where
    words = [f"at {where.address:#x}"] if where.address is not None else []
    words += [f"in {named(where.section)}"] if where.section else []
    words += [f"{where.file}:{where.line}"] if where.file else []
    words += [f"confidence {finding.confidence}"]
    return [
        line((", ".join(words), "dim"), indent=_HANG, hang=_HANG + 2),
        line(("fingerprint ", "dim"), finding.fingerprint, indent=_HANG, hang=_HANG + 2),
    ]
