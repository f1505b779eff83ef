"""ISO112."""

from collections.abc import Iterator

from isoview.claims import INTERPRETERS_SLOT, NOT_SUPPORTED, interpreters, unread
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class InterpretersRefused(Rule):
    """The module declares that it does not support sub-interpreters.

    What it finds
        `Py_mod_multiple_interpreters` with the value 0, `Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED`.

    Why it matters
        The module is honest, and interpreters that check (those with their own GIL, and every
        sub-interpreter of the free-threaded build) refuse it with an ImportError. The declaration
        does not stop legacy sub-interpreters of the default build, such as those of mod_wsgi: they
        do not check and import the module anyway.

    How to fix
        C: Move the process-wide state that the other findings name into module state, then raise
        the value to `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED` (1) or
        `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED` (2). To stop legacy sub-interpreters as well, add
        the guide's opt-out check to the exec function.

        Cython: With `-DCYTHON_USE_MODULE_STATE=1` the value 0 is the default; say
        `# cython: subinterpreters_compatible=own_gil` or `shared_gil` when the module is ready.

        pybind11: 0 is the default. Pass `py::multiple_interpreters::shared_gil()` or
        `py::multiple_interpreters::per_interpreter_gil()` as the last argument of
        `PYBIND11_MODULE` (pybind11 3.0) when the module is ready.

        nanobind: nanobind always declares 0; no option changes it. Record the decision with its
        reason.

        mypyc: mypyc declares 0 in its free-threaded builds; no option changes it. Record the
        decision with its reason.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO112"
    name = "interpreters-refused"
    severity = "warning"
    guide = "making-modules-safe-with-multiple-interpreters"

    def cannot_run(self, facts: Facts) -> str | None:
        return unread(facts, interpreters(facts))

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or interpreters(facts) != NOT_SUPPORTED:
            return
        yield self.finding(
            facts,
            "module",
            "the module declares that it does not support sub-interpreters: port it, or record that it "
            "stays so",
            where=Where(address=definition.address),
            evidence=(Evidence("slot", f"{INTERPRETERS_SLOT} = 0", definition.address),),
        )
