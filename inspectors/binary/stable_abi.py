"""The stable ABI: which names belong to it, and from which version (``abi3info``'s tables)."""

from collections.abc import Iterable
from functools import cache


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
