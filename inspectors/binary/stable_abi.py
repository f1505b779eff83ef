"""The stable ABI: which names belong to it, and from which version (``abi3info``'s tables)."""

import re
from collections.abc import Iterable
from functools import cache

from isoview.inspectors.facts import Artifact


@cache
def added_in() -> dict[str, tuple[int, int]]:
    """Version (major, minor) in which each name entered the stable ABI."""
    from abi3info import DATAS, FUNCTIONS

    return {
        entry.symbol.name: (entry.added.major, entry.added.minor)
        for table in (FUNCTIONS, DATAS)
        for entry in table.values()
    }


def lowest_version(imports: Iterable[str]) -> str | None:
    """The lowest limited API that has all of ``imports``; None where one is in none of them."""
    table = added_in()
    versions = [table.get(name) for name in imports]
    if any(version is None for version in versions):
        return None
    known = [version for version in versions if version is not None]
    major, minor = max(known, default=(3, 2))
    return f"{major}.{minor}"


def newer_than(imports: Iterable[str], version: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """The imports that the limited API of ``version`` does not have yet, and which one has them."""
    table = added_in()
    found = {name: table[name] for name in sorted(imports) if name in table}
    return {name: added for name, added in found.items() if added > version}


def outside(imports: Iterable[str]) -> tuple[str, ...]:
    """The C-API imports that are in no version of the stable ABI."""
    table = added_in()
    return tuple(
        name for name in sorted(imports) if name.startswith(("Py", "_Py")) and name not in table
    )


def declared_version(artifact: Artifact) -> tuple[int, int] | None:
    """The limited API that an abi3 file's wheel promises to need at most (``cp39-abi3``)."""
    if not (artifact.tag or "").startswith("abi3"):
        return None
    found = re.search(r"-cp3(\d+)-abi3t?-", artifact.container or "")
    return (3, int(found[1])) if found else None
