"""The stable ABI: which names belong to it, and from which version on.

abi3info knows. It is slow to load (as long as reading a dozen modules takes), so what it says is
kept beside this file, made by ``.ci/stable_abi.py``, and itself is asked about names that are not there.
"""

import os
import re
from collections.abc import Iterable
from functools import cache

from isoview.inspectors.facts import Artifact

Version = tuple[int, int]
"""(major, minor) of Python."""


@cache
def _listed() -> dict[str, Version]:
    """What is kept: the version in which each name entered the stable ABI."""
    home = os.path.join(os.path.dirname(__file__), "stable_abi.txt")  # noqa: PTH118, PTH120
    with open(home, encoding="ascii") as file:
        lines = [line.split() for line in file]
    found: dict[str, Version] = {}
    for number, *names in lines:
        major, minor = number.split(".")
        found.update(dict.fromkeys(names, (int(major), int(minor))))
    return found


@cache
def _known() -> dict[str, Version]:
    """What abi3info says."""
    from abi3info import DATAS, FUNCTIONS

    return {
        entry.symbol.name: (entry.added.major, entry.added.minor)
        for table in (FUNCTIONS, DATAS)
        for entry in table.values()
    }


def added_in(imports: Iterable[str]) -> dict[str, Version]:
    """Of some imports those of the stable ABI, in their order: the version that each entered in."""
    names, listed = list(imports), _listed()
    if listed.keys() >= set(names):
        return {name: listed[name] for name in names}
    known = _known()
    return {name: known[name] for name in names if name in known}


def lowest_version(imports: Iterable[str]) -> str | None:
    """The lowest limited API that has all of ``imports``; None where one is in none of them."""
    names = list(imports)
    added = added_in(names)
    if len(added) < len(set(names)):
        return None
    major, minor = max(added.values(), default=(3, 2))
    return f"{major}.{minor}"


def newer_than(imports: Iterable[str], version: Version) -> dict[str, Version]:
    """The imports that the limited API of ``version`` does not have yet, and which one has them."""
    added = added_in(sorted(imports))
    return {name: since for name, since in added.items() if since > version}


def outside(imports: Iterable[str]) -> tuple[str, ...]:
    """The C-API imports that are in no version of the stable ABI."""
    names = [name for name in sorted(imports) if name.startswith(("Py", "_Py"))]
    added = added_in(names)
    return tuple([name for name in names if name not in added])


def declared_version(artifact: Artifact) -> Version | None:
    """The limited API that an abi3 file's wheel promises to need at most (``cp39-abi3``)."""
    if not (artifact.tag or "").startswith("abi3"):
        return None
    found = re.search(r"-cp3(\d+)-abi3t?-", artifact.container or "")
    return (3, int(found[1])) if found else None
