"""ISO201."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import place, static_types


class StaticType(Rule):
    """A class is a C static.

    What it finds
        A statically allocated `PyTypeObject` that the module makes into a class.

    Why it matters
        There is one such object per process. Every module object and every interpreter uses the
        same class: its subclasses, its cached attributes and, where interpreters do not share the
        GIL, its unprotected fields. Code in a static type also has no way from the class to the
        module object it belongs to, and so none to the module's state.

    How to fix
        C: Describe the class by a `PyType_Spec`, create it in the exec function with
        `PyType_FromModuleAndSpec(module, &spec, NULL)` and keep the pointer in the module's state.
        Add `Py_TPFLAGS_IMMUTABLETYPE` to keep it immutable, and
        `Py_TPFLAGS_DISALLOW_INSTANTIATION` where the static type had no `tp_new` (both from 3.10);
        give it the GC flag and a traverse function that visits `Py_TYPE(self)`.

        Cython: Extension types become heap types with module state: Cython 3.1 or later, compiled
        with `-DCYTHON_USE_MODULE_STATE=1`; `-DCYTHON_USE_TYPE_SPECS=1` alone makes them heap types
        that still live in statics.

        SWIG: Rebuild with SWIG 4.4 or later, which makes its own classes heap types on Python
        3.12 and later.

        cffi: The classes belong to `_cffi_backend`; no option of cffi changes them. Record the
        decision with its reason.

        pybind11: pybind11 creates its classes at run time; a static type in the file is either a
        helper of pybind11 or comes from C code next to it. For the latter follow the paragraph
        for C.

    Guide
        heap-types
    """

    code = "ISO201"
    name = "static-type"
    severity = "warning"
    guide = "heap-types"

    def cannot_run(self, facts: Facts) -> str | None:
        types = facts.completeness.types
        if types.level == "none" and not facts.types:
            return types.reason or "no types could be read"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in static_types(facts):
            where = place(entry, facts)
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} is a static type: one object for the whole process",
                where=where,
                evidence=(
                    Evidence("type", "PyTypeObject in the file's data", entry.address),
                    *entry.evidence,
                ),
            )
