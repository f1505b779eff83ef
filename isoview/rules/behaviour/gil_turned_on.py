"""ISO810."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import turned_gil_on
from isoview.rules.behaviour.base import LiveRule, evidence, under


class GilTurnedOn(LiveRule):
    """Importing the module turned the GIL on in a free-threaded interpreter.

    What it finds
        A free-threaded build in which the GIL was off before the import and on after it.

    Why it matters
        One such module takes free threading away from the whole process, for good. The interpreter
        warns once, on stderr.

    How to fix
        C: Make the module safe without the GIL, then say so: `{Py_mod_gil, Py_MOD_GIL_NOT_USED}` in
        the slots, or `PyUnstable_Module_SetGIL` with single-phase initialization. Build it for the
        free-threaded ABI.

        Cython: Set the directive `freethreading_compatible=True` (Cython 3.1 or later).

        pybind11: Pass `py::mod_gil_not_used()` to `PYBIND11_MODULE`.

        nanobind: Pass `FREE_THREADED` to `nanobind_add_module`.

        PyO3: From 0.28 on modules declare it unless they ask for the GIL; up to then
        `#[pymodule(gil_used = false)]`.

    Guide
        managing-global-state
    """

    code = "ISO810"
    name = "gil-turned-on"
    severity = "warning"
    guide = "managing-global-state"
    experiments = ("free-threaded",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        seen = self.seen(live, turned_gil_on)
        if not seen:
            return
        outcome = seen[0].outcome
        who = outcome.get("turned_on_by")
        other = who is not None and who != outcome.get("module")
        yield self.finding(
            facts,
            "module",
            f"importing it turned the GIL on{f' (for {who})' if other else ''} {under(seen)}",
            # A module that it imports did it: nothing to fix in this file.
            severity="note" if other else None,
            evidence=evidence(seen, "the GIL was off before, and on after"),
        )
