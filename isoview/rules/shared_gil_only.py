"""ISO113."""

from collections.abc import Iterator

from isoview.claims import INTERPRETERS_SLOT, SHARED_GIL, interpreters, unread
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class SharedGilOnly(Rule):
    """The module declares sub-interpreters, but only those that share the GIL.

    What it finds
        `Py_mod_multiple_interpreters` with the value 1, `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED`.

    Why it matters
        Interpreters with a GIL of their own, which are what the standard library's `interpreters`
        module and `InterpreterPoolExecutor` make, refuse the module.

    How to fix
        C: If the module touches nothing process-wide, or guards what it touches with its own lock,
        raise the value to `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED` (2).

        Cython: `# cython: subinterpreters_compatible=own_gil` (Cython 3.1 or later, with
        `-DCYTHON_USE_MODULE_STATE=1`).

        pybind11: Pass `py::multiple_interpreters::per_interpreter_gil()` instead of `shared_gil()`
        to `PYBIND11_MODULE` (pybind11 3.0).

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO113"
    name = "shared-gil-only"
    severity = "note"
    guide = "making-modules-safe-with-multiple-interpreters"

    def cannot_run(self, facts: Facts) -> str | None:
        return unread(facts, interpreters(facts))

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or interpreters(facts) != SHARED_GIL:
            return
        yield self.finding(
            facts,
            "module",
            "the module supports sub-interpreters only where they share the GIL",
            where=Where(address=definition.address),
            evidence=(Evidence("slot", f"{INTERPRETERS_SLOT} = 1", definition.address),),
        )
