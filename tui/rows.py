"""The findings as rows: equal ones folded by rule, what to do first on top. Plain data."""

from collections.abc import Iterable

from isoview.fingerprint import subject_of
from isoview.inspectors.record import Record
from isoview.model import COUNTING, SEVERITIES, Finding
from isoview.readable import readable


class Row(Record):
    """A line of the findings table: one finding, or all findings of one rule folded."""

    key: str
    findings: tuple[Finding, ...]
    inside: bool = False  # a line of an unfolded rule
    folded: bool = True
    gone: bool = False

    @property
    def finding(self) -> Finding:
        """The finding that stands for the row: the worst open one."""
        return self.findings[0]

    @property
    def is_group(self) -> bool:
        return len(self.findings) > 1

    @property
    def count(self) -> int:
        """How many subjects the row stands for."""
        return sum(finding.count for finding in self.findings)

    @property
    def number(self) -> int:
        """What the row shows: findings of a folded rule, which add up to all; subjects of one."""
        return len(self.findings) if self.is_group else self.count


def importance(finding: Finding) -> tuple[bool, int, str, str]:
    """Order of the table: what counts first, then severity, then rule and subject."""
    subject = finding.where.symbol or finding.fingerprint
    return (
        finding.status not in COUNTING,
        SEVERITIES.index(finding.severity),
        finding.rule,
        subject,
    )


def rows(
    findings: Iterable[Finding], unfolded: frozenset[str], gone: Iterable[Finding] = ()
) -> tuple[Row, ...]:
    """The lines to show. A rule of several findings is one line until it is unfolded."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=importance):
        groups.setdefault(finding.rule, []).append(finding)
    lines: list[Row] = []
    seen: dict[str, int] = {}
    for rule, group in groups.items():
        if len(group) == 1:
            lines.append(Row(_unique(seen, group[0].fingerprint), tuple(group)))
            continue
        folded = rule not in unfolded
        lines.append(Row(f"rule {rule}", tuple(group), folded=folded))
        if not folded:
            lines += [Row(_unique(seen, f.fingerprint), (f,), inside=True) for f in group]
    lines += [Row(_unique(seen, f"gone {f.fingerprint}"), (f,), gone=True) for f in gone]
    return tuple(lines)


def _unique(seen: dict[str, int], key: str) -> str:
    """``key``, numbered where a file manages to make two equal fingerprints."""
    seen[key] = seen.get(key, 0) + 1
    return key if seen[key] == 1 else f"{key} #{seen[key]}"


def subject(finding: Finding) -> str:
    """What a finding is about, as short as it can be said."""
    kind, name = subject_of(finding.fingerprint)
    if kind not in {"symbol", "module"}:
        return name
    if finding.where.symbol:
        return readable(finding.where.symbol)
    # What is left is about the module itself: RULE:MODULE:module.
    return ":".join(finding.fingerprint.split(":")[1:-1]) or finding.fingerprint
