"""Rules about several modules at once, loaded when several are compared."""

from typing import TYPE_CHECKING

from isoview.rules.between.base import SharingRule
from isoview.rules.catalogue import SHARING

if TYPE_CHECKING:
    SHARING_RULES: tuple[SharingRule, ...]
    """Every rule about several modules, by code."""


def __getattr__(name: str) -> tuple[SharingRule, ...]:
    if name != "SHARING_RULES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    loaded = tuple(entry.rule for entry in SHARING)
    globals()[name] = loaded
    return loaded


__all__ = ["SHARING_RULES", "SharingRule"]
