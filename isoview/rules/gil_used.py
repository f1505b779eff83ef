"""ISO122."""

from collections.abc import Iterator

from isoview.claims import GIL_SLOT, GIL_USED, gil, unread
from isoview.inspectors.facts import Evidence, Facts
from isoview.loads_on import free_threaded
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class GilUsed(Rule):
    """A module for the free-threaded build declares that it needs the GIL.

    What it finds
        `Py_mod_gil` with the value 0, `Py_MOD_GIL_USED`, in a file built for the free-threaded ABI.

    Why it matters
        Importing the module turns the GIL on for the whole process: no other module runs in
        parallel from then on.

    How to fix
        C: Protect what several threads can reach (module state, statics, instances) with a
        `PyMutex`, critical sections or atomics, then declare `Py_MOD_GIL_NOT_USED`.

        Cython: `# cython: freethreading_compatible=True` (Cython 3.1 or later), after the
        module's own data is protected, for example with `cython.critical_section`.

        pybind11: `PYBIND11_MODULE(name, m, py::mod_gil_not_used())` (pybind11 2.13 or later).

        nanobind: Give `nanobind_add_module` the option `FREE_THREADED` (nanobind 2.2 or later).

        PyO3: Replace `gil_used = true` by `gil_used = false` in `#[pymodule(...)]` (PyO3 0.23 or
        later).

        SWIG: Run SWIG 4.4 or later with `-nogil`.

    Guide
        ft-module-initialization
    """

    code = "ISO122"
    name = "gil-used"
    severity = "warning"
    guide = "ft-module-initialization"

    def cannot_run(self, facts: Facts) -> str | None:
        return unread(facts, gil(facts)) if free_threaded(facts) else None

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or gil(facts) != GIL_USED:
            return
        yield self.finding(
            facts,
            "module",
            "the module declares that it needs the GIL, and importing it turns the GIL on: port it, or "
            "record that it stays so",
            where=Where(address=definition.address),
            evidence=(Evidence("slot", f"{GIL_SLOT} = 0", definition.address),),
        )
