"""ISO210."""

from collections.abc import Iterator

from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import imported

_MAKERS = frozenset({"_PyObject_New", "_PyObject_NewVar"})


class PyobjectNew(Rule):
    """Instances of heap types are made with `PyObject_New`.

    What it finds
        A file that imports what `PyObject_New` and `PyObject_NewVar` expand to, and whose
        own types are all heap types. Which type is passed is not read.

    Why it matters
        `PyObject_New` goes around `tp_alloc`, does not clear the memory, and must not be
        used for a type that takes part in garbage collection.

    How to fix
        C: Call `type->tp_alloc(type, 0)`; for a collected type that is allocated by hand
        use `PyObject_GC_New` and track it when it is complete.

    Guide
        avoiding-pyobject-new
    """

    code = "ISO210"
    name = "pyobject-new"
    severity = "note"
    guide = "avoiding-pyobject-new"

    def cannot_run(self, facts: Facts) -> str | None:
        if not _MAKERS & facts.capi.names:
            return None
        types = facts.completeness.types
        return None if types.level == "full" else types.reason or "not every type was found"

    def check(self, facts: Facts) -> Iterator[Finding]:
        kinds = {entry.kind for entry in facts.types}
        for name in facts.capi.imports:
            if name in _MAKERS and kinds == {"spec"}:
                yield self.finding(
                    facts,
                    api_subject(name),
                    f"{name} is called, and every type of this file is a heap type",
                    evidence=imported(name),
                    confidence="medium",
                )
