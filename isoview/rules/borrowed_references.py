"""ISO601."""

from collections.abc import Iterator

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import declares_gil_free, imported

_BORROWED = frozenset({
    "PyCell_GET", "PyDict_GetItem", "PyDict_GetItemString", "PyDict_GetItemWithError",
    "PyDict_SetDefault", "PyImport_AddModule", "PyImport_AddModuleObject", "PyList_GetItem",
    "PyWeakref_GetObject", "PySys_GetObject", "_PyDict_GetItemWithError",
})  # fmt: skip


class BorrowedReferences(Rule):
    """A module that declares itself free of the GIL uses borrowed references.

    What it finds
        Calls that return a reference the container owns, in a module that declares
        `Py_MOD_GIL_NOT_USED`. All of them are one finding; the macros (`PyList_GET_ITEM`)
        leave no trace and are not seen.

    Why it matters
        Without the GIL another thread can drop the item from its container before the
        caller has taken a reference of its own, and the caller then holds freed memory.
        Where the container belongs to one thread, nothing can happen.

    How to fix
        C: `PyDict_GetItemRef`, `PyDict_GetItemStringRef`, `PyDict_SetDefaultRef`,
        `PyList_GetItemRef`, `PyWeakref_GetRef`, `PyImport_AddModuleRef` (all 3.13) return a
        reference of your own; `pythoncapi-compat` has them for older versions.

    Guide
        ft-borrowed-references
    """

    code = "ISO601"
    name = "borrowed-references"
    severity = "note"
    guide = "ft-borrowed-references"

    def check(self, facts: Facts) -> Iterator[Finding]:
        found = [name for name in facts.capi.imports if name in _BORROWED]
        if found and declares_gil_free(facts):
            yield self.finding(
                facts,
                "module",
                "declared free of the GIL, with "
                + (
                    "a function that lends"
                    if len(found) == 1
                    else f"{len(found)} functions that lend"
                )
                + " references: "
                + ", ".join(found[:4])
                + ("..." if len(found) > 4 else ""),
                evidence=imported(*found),
            )
