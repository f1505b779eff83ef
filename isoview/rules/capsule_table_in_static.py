"""ISO312."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts, Global
from isoview.loads_on import minors
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import (
    FROM_CAPSULES,
    OWN_CAPSULE,
    keeps_capsule,
    label,
    no_globals,
    place,
)

_TABLE_PER_MODULE = (
    ("multidict.", 0, 99),
    ("pyexpat.", 12, 99),
    ("_socket.", 12, 99),
    ("unicodedata.", 11, 13),
)
"""Publishers that make a table for each module object, and the minors in which they do (compared
by importing each of them twice, 3.9 to 3.15)."""
_ONE_TABLE = ("datetime.", "_curses.")
"""Publishers whose table is one for the process."""
_THROUGH_CAPSULES = frozenset({"pybind11", "nanobind", "SWIG"})
"""Generators that find the registry of their own modules through a capsule as well."""
_OWN_OF_SWIG = "SWIG_"
"""SWIG's prefix for what it adds: its lazily looked up descriptors come from its own cache."""


class CapsuleTableInStatic(Rule):
    """A static keeps the function table of another module.

    What it finds
        A static in which the result of `PyCapsule_Import` or `PyCapsule_GetPointer` is
        kept. It is a warning where the module that offers the table is known to make one
        per module object. The registry in which pybind11, nanobind and SWIG find the modules
        of their own kind is not counted.

    Why it matters
        The table belongs to the module object that the importing interpreter has. Most
        modules keep one table for the process and then sharing it is harmless; where the
        table is made for each module object, the static leads one interpreter to the data
        of another.

    How to fix
        C: Import the capsule in the exec function and keep the pointer in the module state.
        `PyDateTime_IMPORT` fills a static of its header; with the full API, the functions
        of the `datetime` module reached through `PyImport_ImportModule` do without it.

        Cython: `cimport` of a module with a C API (numpy, datetime) keeps such tables;
        nothing to do while the publisher has one table for the process.

    Guide
        managing-global-state
    """

    code = "ISO312"
    name = "capsule-table-in-static"
    severity = "warning"
    guide = "managing-global-state"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_globals(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        # What comes out of a capsule is found in the code.
        if facts.stage != "code" or FROM_CAPSULES.isdisjoint(facts.statics_evidence):
            return
        taken = _of_others(facts)
        own_table = [name for name in taken if _is_per_module(facts, name)]
        for entry in facts.globals:
            if not keeps_capsule(entry) or _is_registry(facts, entry, taken):
                continue
            sure = len(own_table) == 1 == len(taken)
            yield self.finding(
                facts,
                symbol_subject(entry.symbol, "capsule"),
                f"{label(entry)} keeps what a capsule of another module points to"
                + (f" ({own_table[0]}), which exists once per module object" if sure else ""),
                where=place(entry),
                evidence=entry.evidence,
                severity="warning" if sure else "note",
            )


def _is_per_module(facts: Facts, name: str) -> bool:
    """Whether some version that loads the file makes that table anew for each module object."""
    return any(
        name.startswith(publisher) and any(low <= minor <= high for minor in minors(facts))
        for publisher, low, high in _TABLE_PER_MODULE
    )


def shares_known_tables_only(facts: Facts) -> bool:
    """Every table that the file takes over is known to be one for the process."""
    taken = _of_others(facts)
    return bool(taken) and all(name.startswith(_ONE_TABLE) for name in taken)


def _of_others(facts: Facts) -> list[str]:
    """Names of imported capsules that the file does not also make: those are its registry's."""
    own = {entry.name for entry in facts.capsules if entry.role == "published"}
    return [
        entry.name for entry in facts.capsules if entry.role == "imported" and entry.name not in own
    ]


def _is_registry(facts: Facts, entry: Global, taken: list[str]) -> bool:
    """Whether the pointer leads to the registry of the generator's own modules (ISO703's): whoever
    comes first makes it, so that the function that looks for it makes a capsule too.
    """
    if not any(tool.name in _THROUGH_CAPSULES for tool in facts.toolchains):
        return False
    made_here = any(item.kind == OWN_CAPSULE for item in entry.evidence)
    return made_here or not taken or _OWN_OF_SWIG in (entry.symbol or "")
