"""ISO312."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import keeps_capsule, label, no_globals, place

_TABLE_PER_MODULE = ("multidict.",)


class CapsuleTableInStatic(Rule):
    """A static keeps the function table of another module.

    What it finds
        A static in which the result of `PyCapsule_Import` or `PyCapsule_GetPointer` is
        kept. It is a warning where the module that offers the table is known to make one
        per module object.

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
        taken = [entry.name for entry in facts.capsules if entry.role == "imported"]
        own_table = [name for name in taken if name.startswith(_TABLE_PER_MODULE)]
        for entry in facts.globals:
            if not keeps_capsule(entry):
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
