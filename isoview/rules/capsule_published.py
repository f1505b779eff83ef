"""ISO705."""

import re
from collections.abc import Iterator

from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule

_OF_GENERATORS = (
    r"swig_runtime_data|__pybind11_|__nb_|.*__mypyc\.((init|exec)_|exports\Z|ensure_deps\Z)"
)
"""Registries of generators (ISO703), and what a mypyc group gives to its own modules."""


class CapsulePublished(Rule):
    """The module offers C data to other modules through a capsule.

    What it finds
        A capsule that this file makes under a name by which others can import it. Whether its
        first field is a version that the other side reads is not seen in the file. Capsules
        that only hand over one object's data (those of DLPack and Arrow among them) have no
        such name, and what generators make for themselves is left out.

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

    def cannot_run(self, facts: Facts) -> str | None:
        read = any(entry.role == "published" for entry in facts.capsules)
        if read or "PyCapsule_New" not in facts.capi.imports:
            return None
        return "capsules are made, and their names were not read"

    def check(self, facts: Facts) -> Iterator[Finding]:
        published = [entry for entry in facts.capsules if entry.role == "published"]
        for entry in published:
            if not _importable(facts, entry.name) or re.match(_OF_GENERATORS, entry.name):
                continue
            yield self.finding(
                facts,
                f"capsule:{entry.name}",
                f"makes the capsule {entry.name}; no version field was seen",
                where=Where(address=entry.address),
            )


def _importable(facts: Facts, name: str) -> bool:
    """Whether others can import a capsule of that name: ``module.attribute``, as PyCapsule_Import
    wants it, or what says that it is an API. (NumPy's `_ARRAY_API` has no name, but an attribute.)
    """
    owner, _, attribute = name.rpartition(".")
    init = facts.own_init
    own = init is not None and init.module == owner.rpartition(".")[2]
    return own or attribute.upper().endswith("API")
