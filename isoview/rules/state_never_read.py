"""ISO401."""

from collections.abc import Iterator

from isoview.core_build import is_core_build
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule

_READ = frozenset({"PyModule_GetState", "PyType_GetModuleState"})


class StateNeverRead(Rule):
    """Module state is declared and nothing reads it.

    What it finds
        A definition with `m_size` above zero in a file that imports none of the functions
        that lead to module state. CPython's own modules read it inline and are not judged.

    Why it matters
        The memory is allocated for each module object and stays empty: what should be in it
        stands somewhere else, most often in C statics that all copies share.

    How to fix
        C: Move the statics into the struct that `m_size` announces and reach it with
        `PyModule_GetState` or `PyType_GetModuleState`; if there is nothing to keep, set
        `m_size` to 0.

    Guide
        module-state-access-from-functions
    """

    code = "ISO401"
    name = "state-never-read"
    severity = "warning"
    guide = "module-state-access-from-functions"

    def cannot_run(self, facts: Facts) -> str | None:
        definition = facts.own_definition
        if definition is None or definition.m_size is None:
            return "the size of the module state is not in the file"
        if is_core_build(facts) or "_PyRuntime" in facts.capi.names:
            return "the file can read module state inline, with CPython's internal headers"
        if facts.libraries:
            return "a library beside it may read the state"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or (definition.m_size or 0) <= 0 or _READ & facts.capi.names:
            return
        yield self.finding(
            facts,
            "module",
            f"{definition.m_size} bytes of module state are declared, and nothing reads them",
            where=Where(address=definition.address),
            evidence=(Evidence("import", "imports no function that leads to module state"),),
        )
