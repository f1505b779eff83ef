"""ISO310."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import no_symbols, object_sort, object_statics, place


class FreeList(Rule):
    """Instances are kept for reuse in a list for the whole process.

    What it finds
        A static that is named as a free list and holds objects. Files without a symbol
        table are not judged.

    Why it matters
        An object that one interpreter put aside is handed out in another, with the memory,
        the type and the reference count of the first. Without the GIL two threads can take
        the same object.

    How to fix
        C: Drop the free list: the allocator of current Pythons is fast for small objects.
        If measurements ask for one, keep it in the module state and guard it where the GIL
        may be off.

        Cython: `@cython.freelist(N)` keeps its list in a static unless the build has module
        state (`-DCYTHON_USE_MODULE_STATE=1`, Cython 3.1 or later); leave the directive out.

    Guide
        enter-per-module-state
    """

    code = "ISO310"
    name = "free-list"
    severity = "warning"
    guide = "enter-per-module-state"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_symbols(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in object_statics(facts):
            if object_sort(entry) == "free list":
                yield self.finding(
                    facts,
                    symbol_subject(entry.symbol, "list"),
                    f"{entry.symbol} keeps unused instances for the whole process",
                    where=place(entry),
                    evidence=entry.evidence,
                )
