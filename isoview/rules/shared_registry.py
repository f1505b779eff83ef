"""ISO703."""

from collections.abc import Iterator

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule

REGISTRIES = {
    "pybind11": "pybind11 keeps its types in one registry per interpreter, for all its modules",
    "nanobind": "nanobind keeps its types in one registry per interpreter and domain",
    "SWIG": "SWIG keeps one table of types for all its modules",
    "Cython": "Cython's helper types are shared by all modules of its version",
}


class SharedRegistry(Rule):
    """The module enters its types in a registry that other modules use too.

    What it finds
        A module made by a generator whose modules find each other at run time: pybind11,
        nanobind, SWIG, and Cython with its shared helper types. One finding for each
        generator, with its version where the file tells.

    Why it matters
        Modules built with the same version of the registry exchange objects of their C++
        types; modules of another version do not see them and say "incompatible". Two copies
        of one module enter the same types twice.

    How to fix
        C: Nothing: this is about generated modules.

        pybind11: Build modules that exchange objects with the same pybind11 internals
        version and compiler ABI. `py::module_local()` keeps a class out of the registry.

        nanobind: Build them with the same nanobind ABI version and the same `NB_DOMAIN`;
        another domain keeps them apart.

        SWIG: The table is `swig_runtime_data` with the runtime version; define
        `SWIG_TYPE_TABLE` to keep a group of modules to itself.

        Cython: The helper types are shared by all modules of one Cython version on purpose;
        nothing to do.

    Guide
        isolated-module-objects
    """

    code = "ISO703"
    name = "shared-registry"
    severity = "note"
    guide = "isolated-module-objects"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for tool in facts.toolchains:
            if tool.name in REGISTRIES:
                version = f" (version {tool.version})" if tool.version else ""
                yield self.finding(
                    facts,
                    f"registry:{tool.name}",
                    f"{REGISTRIES[tool.name]}{version}",
                    evidence=tool.evidence,
                )
