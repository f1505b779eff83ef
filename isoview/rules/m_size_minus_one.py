"""ISO102."""

from collections.abc import Iterator

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class MSizeMinusOne(Rule):
    """The definition says that the module keeps its state in C statics.

    What it finds
        A PyModuleDef whose `m_size` is -1.

    Why it matters
        -1 tells the interpreter that the module has global state. Importing it a second time does
        not run it again: the new module object gets a copy of the first one's dictionary, and with
        it the very same functions, classes and other objects, in whatever interpreter asks.

    How to fix
        C: Move what the statics hold into a struct, set `m_size` to its size and read it with
        `PyModule_GetState`; set `m_size` to 0 where no state is left. Multi-phase initialization
        refuses -1, so this step comes with it.

        pybind11: Rebuild with pybind11 3.0 or later, which initializes in two phases with
        `m_size` 0.

        nanobind: Rebuild with nanobind 2.8 or later, which initializes in two phases.

        SWIG: Regenerate with SWIG 4.4 or later, which initializes in two phases with `m_size` 0.

        cffi: The definition is made by `_cffi_backend`; no option of cffi changes it. Record the
        decision with its reason.

        mypyc: The shared library of a group (`<name>__mypyc`) uses -1 on the default build; no
        option changes that. Record the decision with its reason.

    Guide
        isolated-module-objects
    """

    code = "ISO102"
    name = "m-size-minus-one"
    severity = "warning"
    guide = "isolated-module-objects"

    def cannot_run(self, facts: Facts) -> str | None:
        definition = facts.own_definition
        if definition is None or definition.m_size is None:
            return facts.completeness.definitions.reason or "the file does not hold the definition"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or definition.m_size != -1:
            return
        yield self.finding(
            facts,
            "module",
            "m_size is -1: the module says that its state is global",
            where=Where(address=definition.address),
            evidence=(Evidence("definition", "PyModuleDef.m_size = -1", definition.address),),
        )
