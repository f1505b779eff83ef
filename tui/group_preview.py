"""What a decision for a group would cover, before it is written. Plain data, no Textual."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, NamedTuple

from isoview.model import Finding
from isoview.tui.rows import importance

if TYPE_CHECKING:
    from isoview.triage import Group
    from isoview.tui.entry import Entry


class Covered(NamedTuple):
    """A finding that the patterns fit; ``stays`` says why the decision would not reach it."""

    finding: Finding
    stays: str


class Preview(NamedTuple):
    """The findings that the patterns fit, those that would change first, and all in a sentence."""

    covered: tuple[Covered, ...]
    sentence: str


def preview(group: Group, entries: Iterable[Entry], decided: Container[str]) -> Preview:
    """Lay ``group`` over every finding that is known; ``decided`` have decisions of their own."""
    covered = []
    files = 0
    for entry in entries:
        report = entry.report
        if report is None:
            continue
        fits = [finding for finding in report.findings if group.fits(finding)]
        files += bool(fits)
        covered += [Covered(f, _stays(f, decided)) for f in fits]
    covered.sort(key=lambda item: (bool(item.stays), importance(item.finding)))
    changing = sum(not item.stays for item in covered)
    return Preview(tuple(covered), _sentence(changing, len(covered) - changing, files))


def _stays(finding: Finding, decided: Container[str]) -> str:
    """A decision that is there already wins: one for the finding itself, or an earlier group's."""
    if finding.status == "open" and finding.fingerprint not in decided:
        return ""
    return f"stays {finding.status}"


def _sentence(changing: int, staying: int, files: int) -> str:
    if not changing and not staying:
        return "These patterns fit no finding that is known here."
    where = "this file" if files == 1 else f"{files} files"
    said = f"Covers {changing} open finding{'' if changing == 1 else 's'} of {where}"
    if staying:
        said += f"; {staying} decided already, which stay{'s' if staying == 1 else ''} as it is"
    return said + ". Findings that fit later are covered as well."
