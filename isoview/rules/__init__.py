"""The rules: what there is (:mod:`isoview.rules.catalogue`), each in a file of its own."""

from isoview.inspectors.hints import TYPE_CHECKING
from isoview.rules.base import Rule
from isoview.rules.catalogue import EVERY, FILES, Entry

if TYPE_CHECKING:
    ALL_RULES: tuple[Rule, ...]
    """Every rule, by code."""
    FILE_RULES: tuple[Rule, ...]
    """Every rule that looks at a file, by code."""

ASKED: tuple[Entry, ...] = FILES
"""Every rule that looks at a file, by code, as entries that load it."""


def __getattr__(name: str) -> tuple[Rule, ...]:
    """``ALL_RULES`` and ``FILE_RULES`` are loaded when they are asked for."""
    if name not in {"ALL_RULES", "FILE_RULES"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    loaded = tuple(entry.rule for entry in (EVERY if name == "ALL_RULES" else FILES))
    globals()[name] = loaded
    return loaded


def find(code_or_name: str) -> Rule | None:
    """The rule of that code (``ISO101``) or name (``single-phase-init``), in any case."""
    wanted = code_or_name.strip().casefold()
    for entry in EVERY:
        if wanted in {entry.code.casefold(), entry.name}:
            rule: Rule = entry.rule
            return rule
    return None


__all__ = ["ALL_RULES", "ASKED", "EVERY", "FILE_RULES", "Entry", "Rule", "find"]
