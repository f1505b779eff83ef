"""ISO701."""

from collections.abc import Iterator, Sequence

from isoview.fingerprint import dotted_module, type_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.between.base import SharingRule
from isoview.rules.classes import is_helper

_SHARED_BY_DESIGN = ("SwigPyObject", "SwigPyPacked", "swigvarlink")


class ClassBuiltTwice(SharingRule):
    """Two extension modules build a class of the same qualified name.

    What it finds
        A class of the same dotted name in two different modules. Helper classes that a generator
        shares between its modules are not counted.

    Why it matters
        They are two classes: `isinstance` says no to an object of the other module, each copy has
        its own layout, and changes to one do not reach the other. It happens where a crate or a
        library that defines classes is linked into both modules.

    How to fix
        C: Build the class in one module. The other imports it (`PyImport_ImportModule`, then
        `PyObject_TypeCheck`), and reaches its C data through a capsule whose first field is a
        version.

        pybind11: Register the C++ type in one module and import that module in the other; use
        `py::module_local()` where each shall have a class of its own.

        nanobind: Register the C++ type in one module and import that module in the other.

        PyO3: Put the class into one extension module. Another crate gets at its data through a
        capsule that begins with a version, as PyO3's chapter on sharing classes shows, or calls
        its Python methods.

        Cython: Declare the class in a `.pxd` file and `cimport` it from the module that defines it.

    Guide
        pyo3-sharing-types
    """

    code = "ISO701"
    name = "class-built-twice"
    severity = "warning"
    guide = "pyo3-sharing-types"

    def compare(self, modules: Sequence[Facts]) -> Iterator[Finding]:
        places: dict[str, dict[str, Facts]] = {}
        for facts in modules:
            for entry in facts.types:
                if entry.kind == "template" or "." not in entry.name or is_helper(entry.name):
                    continue
                if entry.name.rpartition(".")[2] not in _SHARED_BY_DESIGN:
                    places.setdefault(entry.name, {}).setdefault(dotted_module(facts), facts)
        for name, found in sorted(places.items()):
            if len(found) < 2:
                continue
            yield self.finding(
                next(iter(found.values())),
                type_subject(name),
                f"{name} is built by {len(found)} modules: {', '.join(sorted(found))}",
                evidence=tuple(
                    Evidence("module", f"{module}: {facts.artifact.path}")
                    for module, facts in sorted(found.items())
                ),
            )
