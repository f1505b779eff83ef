"""What the filter keeps: lines that hold every typed word. Plain data, no Textual."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from isoview.evidence import Subjects
from isoview.model import Finding
from isoview.readable import says
from isoview.tui.branch import Branch


class Filter:
    """Words separated by blanks, all of which must occur; capitals count where any is typed."""

    def __init__(self, text: str = "") -> None:
        self.text = text.strip()
        self._exact = self.text != self.text.casefold()
        self._words = self.text.split()

    def __bool__(self) -> bool:
        return bool(self._words)

    def keeps(self, text: str) -> bool:
        """Whether ``text`` holds every word."""
        looked_at = text if self._exact else text.casefold()
        return all(word in looked_at for word in self._words)

    def keeps_finding(self, finding: Finding) -> bool:
        """Whether a finding is about what was typed: rule, subject, message or decision."""
        parts = (
            finding.rule,
            finding.name,
            finding.where.symbol or "",
            finding.where.section or "",
            finding.message,
            says(finding),
            finding.fingerprint,
            finding.severity,
            finding.status,
        )
        return self.keeps(" ".join(parts))

    def branches(self, branches: Iterable[Branch], subjects: Subjects) -> Iterator[Branch]:
        """The branches that match, or hold one that does, with the way to it unfolded.

        A fact matches as well when a finding about it does.
        """
        for branch in branches:
            about = subjects.findings(branch.about)
            if self.keeps(f"{branch.name} {branch.value}") or any(map(self.keeps_finding, about)):
                yield branch
                continue
            kept = tuple(self.branches(branch.children(), subjects))
            if kept:
                yield replace(branch, grow=kept.__iter__, unfolded=True)
