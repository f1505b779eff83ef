"""ISO402."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import no_specs, place, spec_types
from isoview.rules.imports import imported

_BY_CLASS = frozenset({"PyType_GetModule", "PyType_GetModuleState"})
_BY_DEFINITION = frozenset(
    {"PyType_GetModuleByDef", "PyType_GetModuleByToken", "PyType_GetBaseByToken"}
)
_METH_METHOD = 0x0200
_STATIC_OR_CLASS = 0x0030


class StateFromOwnType(Rule):
    """Methods of a class that can be subclassed may take the state of the wrong class.

    What it finds
        A heap type that Python code can subclass, none of whose methods receives its
        defining class (`METH_METHOD`), in a file that reaches module state through a class
        and never through the definition or token. Which class the code passes is not read.

    Why it matters
        `PyType_GetModuleState(Py_TYPE(self))` works until somebody subclasses the type: the
        subclass belongs to no module, and the call fails, or finds the state of another
        module.

    How to fix
        C: Give methods the defining class: `METH_METHOD | METH_FASTCALL | METH_KEYWORDS`
        (3.9). In slot methods, getters and setters use `PyType_GetModuleByDef` (3.11; in
        the limited API from 3.13). Or take `Py_TPFLAGS_BASETYPE` away.

    Guide
        module-state-access-from-regular-methods
    """

    code = "ISO402"
    name = "state-from-own-type"
    severity = "note"
    guide = "module-state-access-from-regular-methods"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        imports = facts.capi.names
        if not _BY_CLASS & imports or _BY_DEFINITION & imports:
            return
        for entry in spec_types(facts):
            methods = [method for method in entry.methods if not method.flags & _STATIC_OR_CLASS]
            if "BASETYPE" not in entry.flag_names or not methods:
                continue
            if any(method.flags & _METH_METHOD for method in methods):
                continue
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} can be subclassed, and "
                + (
                    "its one method does not get its"
                    if len(methods) == 1
                    else f"none of its {len(methods)} methods gets its"
                )
                + " defining class",
                where=place(entry, facts),
                evidence=imported(*sorted(_BY_CLASS & imports)),
                confidence="low",
            )
