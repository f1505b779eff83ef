"""ISO304."""

from collections.abc import Iterator

from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.base import Rule

_FIND = "PyState_FindModule"


class PyStateFindModule(Rule):
    """The code looks its module up by definition.

    What it finds
        A file that calls `PyState_FindModule`.

    Why it matters
        The function returns the one module object that an interpreter registered for a definition.
        It ties the module to one object per interpreter, and for multi-phase modules, which are
        not registered, it returns NULL.

    How to fix
        C: Take the module from where it is known: functions get it as `self`, methods with
        `METH_METHOD` (3.9) get the defining class for `PyType_GetModuleState`, slot methods use
        `PyType_GetModuleByDef` (3.11). Drop `PyState_AddModule` and `PyState_RemoveModule` too.

        Cython: Comes from a build with module state that does not use multi-phase initialization;
        drop `-DCYTHON_PEP489_MULTI_PHASE_INIT=0`, or rebuild with Cython 3.1 or later.

    Guide
        module-state-access-from-functions
    """

    code = "ISO304"
    name = "pystate-find-module"
    severity = "warning"
    guide = "module-state-access-from-functions"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if _FIND in facts.capi.imports:
            related = facts.capi.like("PyState_")
            yield self.finding(
                facts,
                api_subject(_FIND),
                f"{_FIND} is called: one module object per interpreter is assumed",
                evidence=tuple(Evidence("import", f"imports {name}") for name in related),
            )
