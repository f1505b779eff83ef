"""ISO111."""

from collections.abc import Iterator

from isoview.claims import interpreters, is_multi_phase, unread
from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class InterpretersUndeclared(Rule):
    """The module does not say whether it supports sub-interpreters.

    What it finds
        A multi-phase module without a `Py_mod_multiple_interpreters` slot, in a file that no
        interpreter older than 3.12 can load. (Older interpreters refuse the slot as unknown, so a
        file for them cannot have it.)

    Why it matters
        A missing slot is a claim: the interpreter takes it as "supported in interpreters that
        share the GIL" and imports the module there, isolated or not. Interpreters with a GIL of
        their own refuse it.

    How to fix
        C: Add `{Py_mod_multiple_interpreters, ...}` to the slots: `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED`
        once nothing process-wide is left, `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED` if it needs the
        shared GIL, `Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED` until then.

        Cython: Cython emits the slot only with module state: Cython 3.1 or later, compiled with
        `-DCYTHON_USE_MODULE_STATE=1`, and `# cython: subinterpreters_compatible=own_gil` (or
        `shared_gil`, or `no`) in the source. Without module state the directive is ignored
        silently.

        pybind11: pybind11 3.0 and later always emit the slot; rebuild with it and pass
        `py::multiple_interpreters::per_interpreter_gil()` or another of its tags as the last
        argument of `PYBIND11_MODULE`.

        nanobind: nanobind 2.8 and later declare that sub-interpreters are not supported; rebuild.

        PyO3: PyO3 has no option for this slot. Since 0.28 it emits a multi-phase module without
        it, so the module loads in a second interpreter with classes that both share. Record the
        decision with its reason.

        SWIG: SWIG 4.4 emits a multi-phase module without the slot and has no option for it.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO111"
    name = "interpreters-undeclared"
    severity = "warning"
    guide = "making-modules-safe-with-multiple-interpreters"

    def cannot_run(self, facts: Facts) -> str | None:
        return unread(facts, interpreters(facts))

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or not is_multi_phase(facts) or interpreters(facts) != "omitted":
            return
        yield self.finding(
            facts,
            "module",
            "Py_mod_multiple_interpreters is missing: taken as supported with a shared GIL, "
            "refused where an interpreter has its own",
            where=Where(address=definition.address),
        )
