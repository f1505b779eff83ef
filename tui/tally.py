"""How many findings have which status: numbers that always add up to all of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isoview.model import Finding, Status

SHOWN: dict[Status, str] = {
    "open": "open",
    "confirmed": "confirmed",
    "intended": "intended",
    "false-positive": "false positive",
    "fixed": "fixed",
}
"""Every status, in the order of ``isoview.model.STATUSES``, as it is called here."""
SHORT: dict[Status, str] = {
    "open": "open",
    "confirmed": "conf.",
    "intended": "int.",
    "false-positive": "false",
    "fixed": "fixed",
}
MEANINGS: dict[Status, str] = {
    "open": "nobody has decided yet; it counts",
    "confirmed": "it is true and shall be mended; it counts until it is gone",
    "intended": "it is true and meant to be so; it counts no more",
    "false-positive": "it is not true; it counts no more",
    "fixed": "it is mended in the source; it counts no more",
}
"""What a decision says, for whoever makes it for the first time."""

NEEDS_REASON: frozenset[Status] = frozenset({"intended", "false-positive"})


def tally(findings: Iterable[Finding]) -> dict[Status, int]:
    """The number of findings of every status that occurs, in the order of the statuses."""
    counted = Counter(finding.status for finding in findings)
    return {status: counted[status] for status in SHOWN if counted[status]}


def tally_text(findings: Iterable[Finding], width: int = 200) -> str:
    """As words, the sum first: ``6: 4 open, 1 confirmed, 1 intended``; shorter words in little room."""
    numbers = tally(findings)
    total = sum(numbers.values())
    if len(numbers) < 2:
        return "".join(f"{number} {SHOWN[status]}" for status, number in numbers.items()) or "none"
    text = ", ".join(f"{number} {SHOWN[status]}" for status, number in numbers.items())
    if len(f"{total}: {text}") > width:
        text = " ".join(f"{number} {SHORT[status]}" for status, number in numbers.items())
    return f"{total}: {text}"
