"""ISO603."""

from collections.abc import Iterator

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import declares_gil_free
from isoview.rules.mutable_static import is_changed
from isoview.rules.object_in_static import no_globals, place

_LOCKS = ("PyMutex", "_PyMutex", "PyThread_acquire_lock", "PyCriticalSection")
_CHECKED_BY_COMPILER = frozenset({"PyO3", "Rust"})


class GilFreeStatics(Rule):
    """A module that declares itself free of the GIL changes statics, and no lock was seen.

    What it finds
        Statics that are written outside of initialization, in a module that declares
        `Py_MOD_GIL_NOT_USED`, imports no lock of the C API and has no lock in a static.
        Atomic instructions and locks of other libraries are not seen, so this asks for a
        look, and no more.

    Why it matters
        Two threads can run the function that writes at the same time. Without a lock or
        atomic access values are lost or torn.

    How to fix
        C: Guard the data with a `PyMutex` (3.13; a zeroed static one is fine), make it
        atomic, or move it into the module state and guard it there: state per module is
        still shared by threads.

        Cython: Guard the global with `cython.pymutex` (Cython 3.1 or later), or drop the
        directive `freethreading_compatible` until it is.

    Guide
        ft-protecting-internal-state
    """

    code = "ISO603"
    name = "gil-free-statics"
    severity = "note"
    guide = "ft-protecting-internal-state"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_globals(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.generator in _CHECKED_BY_COMPILER or not declares_gil_free(facts):
            return
        if any(entry.kind == "lock" for entry in facts.globals):
            return
        if facts.capi.has_like(*_LOCKS):
            return
        changing = [entry for entry in facts.globals if is_changed(facts, entry)]
        if changing:
            yield self.finding(
                facts,
                "module",
                f"{'1 static changes' if len(changing) == 1 else f'{len(changing)} statics change'} "
                "after initialization, and no lock was seen in the file",
                where=place(changing[0]),
                evidence=tuple(item for entry in changing[:4] for item in entry.evidence[:2]),
                confidence="medium",
            )
