"""What a rule about several modules is: it compares their facts."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule


class SharingRule(Rule, abstract=True):
    """Base class. On one file alone such a rule has nothing to say."""

    reads: ClassVar[str] = "it compares several files: isoview sharing FILE FILE..."

    def cannot_run(self, facts: Facts) -> str | None:  # noqa: ARG002
        return self.reads

    def check(self, facts: Facts) -> Iterator[Finding]:  # noqa: ARG002
        return iter(())

    def compare(self, modules: Sequence[Facts]) -> Iterator[Finding]:
        """What the facts of several modules show together."""
        raise NotImplementedError
