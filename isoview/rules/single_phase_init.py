"""ISO101."""

from collections.abc import Iterator

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule

_CREATE = frozenset({"PyModule_Create2", "PyModule_Create2TraceRefs"})


class SinglePhaseInit(Rule):
    """The init function returns a finished module object.

    What it finds
        An init function that creates the module itself (`PyModule_Create`) and returns it,
        instead of returning its definition to the interpreter.

    Why it matters
        With single-phase initialization the interpreter sees the module only when it is done. It
        cannot make a second, independent module object from it: it hands out copies of the first
        one's dictionary, or calls the init function again with whatever the C statics hold by
        then. Such a module cannot declare support for sub-interpreters; from Python 3.12 on,
        interpreters with a GIL of their own refuse to import it.

    How to fix
        C: Give the PyModuleDef an `m_slots` table, move the body of the init function into a
        `Py_mod_exec` function and end the init function with `return PyModuleDef_Init(&def);`.
        `m_size` must not be negative any more. From 3.15 a slot array returned by
        `PyModExport_<name>` does the same without a PyModuleDef (PEP 793).

        Cython: Cython uses multi-phase initialization by default. Drop
        `-DCYTHON_PEP489_MULTI_PHASE_INIT=0` from the C compiler's options, and rebuild with
        Cython 3 where an old release made the file.

        pybind11: Rebuild with pybind11 3.0 or later: `PYBIND11_MODULE` makes a multi-phase
        module there.

        nanobind: Rebuild with nanobind 2.8 or later: `NB_MODULE` makes a multi-phase module there.

        PyO3: Rebuild with PyO3 0.28 or later: `#[pymodule]` makes a multi-phase module there. Its
        classes stay in process-wide statics, so multi-phase init alone does not isolate them.

        SWIG: Regenerate with SWIG 4.4 or later, which emits multi-phase initialization.

        cffi: Modules in API mode are created by `_cffi_backend`, which uses single-phase
        initialization; no option of cffi changes that. Record the decision with its reason.

        mypyc: mypyc emits multi-phase initialization only for the free-threaded build; no option
        changes that for the default build. Record the decision with its reason.

    Guide
        managing-per-module-state
    """

    code = "ISO101"
    name = "single-phase-init"
    severity = "error"
    guide = "managing-per-module-state"

    def cannot_run(self, facts: Facts) -> str | None:
        init = facts.own_init
        if init is None:
            return "no init function belongs to the file's name"
        if init.phase in {"unknown", "delegated"}:
            return init.reason or "the file does not tell how the module is initialized"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        init = facts.own_init
        if init is None or init.phase != "single":
            return
        yield self.finding(
            facts,
            "module",
            f"{init.symbol} {_how(facts)} (single-phase initialization)",
            where=Where(symbol=init.symbol, address=init.address),
            evidence=(
                Evidence("init", f"decided by: {init.phase_source}", init.address, init.symbol),
            ),
        )


def _how(facts: Facts) -> str:
    if facts.generator == "cffi" and not _CREATE & facts.capi.names:
        return "has _cffi_backend create the module"
    return "creates the module itself"
