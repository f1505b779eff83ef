"""Rules about what live runs showed (ISO8xx, ISO9xx, and what only a loaded module tells).

Loaded when there is a live report to judge, or when somebody asks for one.
"""

from typing import TYPE_CHECKING

from isoview.rules.behaviour.base import LiveRule
from isoview.rules.catalogue import LIVE

if TYPE_CHECKING:
    LIVE_RULES: tuple[LiveRule, ...]
    """Every rule about live runs, by code."""


def __getattr__(name: str) -> tuple[LiveRule, ...]:
    if name != "LIVE_RULES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    loaded = tuple(entry.rule for entry in LIVE)
    globals()[name] = loaded
    return loaded


__all__ = ["LIVE_RULES", "LiveRule"]
