"""ISO706."""

from collections.abc import Iterator, Sequence

from isoview.fingerprint import dotted_module
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.between.base import SharingRule


class RegistriesDisagree(SharingRule):
    """Modules of one generator use different versions of its registry.

    What it finds
        Modules made by pybind11, nanobind or SWIG whose files name different registries: the key
        contains the version of the generator's internals, and for C++ the compiler's ABI.

    Why it matters
        Each key is a registry of its own. A module does not find the classes of another: passing
        such an object ends with `TypeError: incompatible function arguments`, and a base class of
        the other module is "not registered". If the modules never meet, nothing is wrong.

    How to fix
        C: Nothing: this is about generated modules.

        pybind11: Build both with versions that have the same internals version, and with the same
        compiler family and standard library. From 2.13.6 and 3.0 on, `_pybind11_conduit_v1_` lets
        them exchange pointers across versions.

        nanobind: Build both with the same nanobind ABI version and compiler ABI.

        SWIG: Build both with SWIG versions whose runtime version is the same (4 up to SWIG 4.3, 5
        from 4.4).

    Guide
        isolated-module-objects
    """

    code = "ISO706"
    name = "registries-disagree"
    severity = "note"
    guide = "isolated-module-objects"

    def compare(self, modules: Sequence[Facts]) -> Iterator[Finding]:
        keys: dict[str, dict[str, list[Facts]]] = {}
        for facts in modules:
            for generator, key in registries(facts):
                keys.setdefault(generator, {}).setdefault(key, []).append(facts)
        for generator, found in sorted(keys.items()):
            if len(found) < 2:
                continue
            yield self.finding(
                next(iter(found.values()))[0],
                f"registry:{generator}",
                f"{generator}: {len(found)} registries that do not see each other's classes",
                evidence=tuple(
                    Evidence("registry", f"{key}: {', '.join(sorted(map(dotted_module, users)))}")
                    for key, users in sorted(found.items())
                ),
            )


_MARKS = {
    "pybind11": "__pybind11_internals_v",
    "nanobind": "__nb_internals_",
    "SWIG": "swig_runtime_data",
}


def registries(facts: Facts) -> Iterator[tuple[str, str]]:
    """(generator, key) of each registry that the file names."""
    for tool in facts.toolchains:
        mark = _MARKS.get(tool.name)
        if mark is None:
            continue
        for item in tool.evidence:
            _, found, rest = item.text.partition(mark)
            if found:
                yield tool.name, mark + rest.partition('"')[0].partition(" ")[0]
                break
