"""ISO705."""

from collections.abc import Iterator

from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule
from isoview.rules.imports import imported

_PROTOCOLS = frozenset({
    "dltensor", "used_dltensor", "dltensor_versioned", "used_dltensor_versioned",
    "arrow_schema", "arrow_array", "arrow_array_stream", "arrow_device_array",
    "arrow_device_array_stream",
})  # fmt: skip
"""Capsules that hand over one object's data, in a form that DLPack or the Arrow PyCapsule interface
lays down: no table that somebody publishes."""
_REGISTRIES = ("__pybind11_",)
"""How the names begin of capsules in which a generator keeps its own registry."""
_TYPES_OF_SWIG = "_p_"
"""How SWIG's mangled names of pointer types begin: its capsules of descriptions, in its own cache."""


class CapsulePublished(Rule):
    """The module offers C data to other modules through a capsule.

    What it finds
        A capsule that this file makes. Whether its first field is a version that the other
        side reads is not seen in the file. Capsules of DLPack and Arrow, which hand over the
        data of one object in a published form, are left out, and so are SWIG's cached types
        and pybind11's registries.

    Why it matters
        Other modules read the struct behind the capsule as it was when they were compiled.
        If its layout changes and nobody compares versions, they call through the wrong
        pointer. What the struct points to is also shared by everyone who imports it.

    How to fix
        C: Begin the struct with a version and its size, let importers refuse what they do
        not know, only append fields, and keep one table per module object if it leads to
        objects.

        Cython: `cdef api` and `public` functions are published one by one, each with its
        signature as the name of its capsule, which Cython compares.

        PyO3: Begin the shared struct with an `extern "C"` function that returns its
        version, as the chapter on sharing classes shows.

    Guide
        pyo3-sharing-api-versioning
    """

    code = "ISO705"
    name = "capsule-published"
    severity = "note"
    guide = "pyo3-sharing-api-versioning"

    def check(self, facts: Facts) -> Iterator[Finding]:
        published = [entry for entry in facts.capsules if entry.role == "published"]
        by_swig = any(tool.name == "SWIG" for tool in facts.toolchains)
        for entry in published:
            if entry.name in _PROTOCOLS or entry.name.startswith(_REGISTRIES):
                continue
            if by_swig and entry.name.startswith(_TYPES_OF_SWIG):
                continue
            yield self.finding(
                facts,
                f"capsule:{entry.name}",
                f"makes the capsule {entry.name}; no version field was seen",
                where=Where(address=entry.address),
            )
        if not published and "PyCapsule_New" in facts.capi.imports:
            yield self.finding(
                facts,
                api_subject("PyCapsule_New"),
                "makes capsules, whose names were not read",
                evidence=imported("PyCapsule_New"),
                confidence="medium",
            )
