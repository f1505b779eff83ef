"""The guide beside one module: its outline with marks, and what belongs to a section or a rule.

Plain data, no Textual. Which rules belong to a section is what the rules say (``Rule.guide``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from isoview.guide import SOURCES, Section, search, sections
from isoview.model import COUNTING
from isoview.tui.marks import SCORE

if TYPE_CHECKING:
    from isoview.model import Finding, Report
    from isoview.rules import Rule


class Line(NamedTuple):
    """A line of the outline: the name of a source, or a section with its mark."""

    title: str
    section: str | None = None
    score: str | None = None
    findings: int = 0  # that count


@dataclass(frozen=True)
class Link:
    """Something that a section or a rule leads to: one of the four."""

    finding: Finding | None = None
    rule: str | None = None
    section: str | None = None
    source: str | None = None


@cache
def rules_by_section() -> dict[str, tuple[Rule, ...]]:
    """The rules that lead to each section."""
    from isoview.rules import ALL_RULES

    found: dict[str, list[Rule]] = {}
    for rule in ALL_RULES:
        found.setdefault(rule.guide, []).append(rule)
    return {section: tuple(rules) for section, rules in found.items()}


def outline(report: Report | None, words: str = "") -> list[Line]:
    """Every section under the name of its source; with ``words``, those that hold all of them."""
    chosen = search(words) if words.strip() else sections()
    left = (
        Counter(f.guide for f in report.findings if f.status in COUNTING) if report else Counter()
    )
    scores = report.scorecard if report else {}
    lines: list[Line] = []
    for source, name in SOURCES.items():
        group = [entry for entry in chosen if entry.source == source]
        if group:
            lines.append(Line(name))
        lines += [
            Line(entry.title, entry.id, scores.get(entry.id), left[entry.id]) for entry in group
        ]
    return lines


def score_text(report: Report | None, *, short: bool = False) -> str:
    """How many sections are met, open, and so on; they add up to the scorecard."""
    if report is None or not report.scorecard:
        return ""
    counted = Counter(report.scorecard.values())
    words = {"not-applicable": "not applicable", "not-analysed": "not analysed"}
    order = ("open", "met", "not-analysed", "not-applicable")
    if short:
        parts = [f"{SCORE[mark]} {counted[mark]}" for mark in order if counted[mark]]
        return f"{sum(counted.values())} asked  {'  '.join(parts)}"
    parts = [f"{counted[mark]} {words.get(mark, mark)}" for mark in order if counted[mark]]
    return f"{sum(counted.values())} asked: {', '.join(parts)}"


def links_of_section(section: Section, report: Report | None) -> Iterator[Link]:
    """The findings of a section, the rules that lead to it, and where it comes from."""
    if report is not None:
        yield from (Link(finding=f) for f in report.findings if f.guide == section.id)
    yield from (Link(rule=rule.code) for rule in rules_by_section().get(section.id, ()))
    yield Link(source=section.url)


def links_of_rule(rule: Rule, report: Report | None) -> Iterator[Link]:
    """The section of a rule, and what it found."""
    yield Link(section=rule.guide)
    if report is not None:
        yield from (Link(finding=f) for f in report.findings if f.rule == rule.code)
