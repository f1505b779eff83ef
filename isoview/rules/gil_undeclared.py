"""ISO121."""

from collections.abc import Iterator

from isoview.claims import gil, is_multi_phase, unread
from isoview.inspectors.facts import Facts
from isoview.loads_on import free_threaded
from isoview.model import Finding, Where
from isoview.rules.base import Rule

SET_GIL = "PyUnstable_Module_SetGIL"


class GilUndeclared(Rule):
    """A module for the free-threaded build does not say whether it needs the GIL.

    What it finds
        A file built for the free-threaded ABI whose module has no `Py_mod_gil` slot, or, with
        single-phase initialization, does not call `PyUnstable_Module_SetGIL`.

    Why it matters
        Importing the module turns the GIL on for the whole process, with a RuntimeWarning, and
        takes away from every other module what the free-threaded build is for.

    How to fix
        C: When the module is thread-safe without the GIL, add `{Py_mod_gil, Py_MOD_GIL_NOT_USED}` to
        its slots. A single-phase module calls
        `PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED)` under `#ifdef Py_GIL_DISABLED`.

        Cython: `# cython: freethreading_compatible=True` (Cython 3.1 or later).

        pybind11: `PYBIND11_MODULE(name, m, py::mod_gil_not_used())` (pybind11 2.13 or later).

        nanobind: Give `nanobind_add_module` the option `FREE_THREADED` (nanobind 2.2 or later).

        PyO3: `#[pymodule(gil_used = false)]` (PyO3 0.23 or later; the default from 0.28).

        SWIG: Run SWIG 4.4 or later with `-nogil`.

    Guide
        ft-module-initialization
    """

    code = "ISO121"
    name = "gil-undeclared"
    severity = "warning"
    guide = "ft-module-initialization"

    def cannot_run(self, facts: Facts) -> str | None:
        if not free_threaded(facts):
            return None
        if facts.generator == "cffi" and facts.own_definition is None:
            return "_cffi_backend makes the module, and declares it for the module"
        return unread(facts, gil(facts))

    def check(self, facts: Facts) -> Iterator[Finding]:
        init, definition = facts.own_init, facts.own_definition
        if init is None or not free_threaded(facts):
            return
        if is_multi_phase(facts):
            missing = gil(facts) == "omitted"
        else:
            missing = init.phase == "single" and SET_GIL not in facts.capi.imports
        if missing:
            yield self.finding(
                facts,
                "module",
                "the module does not declare that it runs without the GIL: importing it turns the "
                "GIL on",
                where=Where(
                    symbol=init.symbol, address=definition.address if definition else init.address
                ),
            )
