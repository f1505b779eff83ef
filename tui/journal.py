"""What was decided in this session, step by step, so that it can be taken back and done again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from isoview.triage import Decision, Group


class Step(NamedTuple):
    """One change of the decisions file: what stood there before, and what stands there since.

    ``group`` is a decision for a group that the step wrote, or ``removes``.
    """

    said: str  # "3 findings: intended"
    before: Mapping[str, Decision | None]
    after: Mapping[str, Decision | None]
    group: Group | None = None
    removes: bool = False


class Journal:
    """Steps that were done, and steps that were taken back; a new step ends the second list."""

    def __init__(self) -> None:
        self.done: list[Step] = []
        self.undone: list[Step] = []

    def add(self, step: Step) -> None:
        self.done.append(step)
        self.undone.clear()

    def why_not(self, action: str) -> str | None:
        """Why there is nothing to take back, or to do again."""
        if action == "undo" and not self.done:
            return "no decision was made since the app started"
        if action == "redo" and not self.undone:
            return "no decision was taken back"
        return None
