"""The names that a file imports, in order: what begins alike stands together."""

from bisect import bisect_left
from functools import lru_cache


@lru_cache(maxsize=2)
def in_order(names: frozenset[str]) -> list[str]:
    """``names``, sorted once for all that ask about one file."""
    return sorted(names)


def beginning(names: frozenset[str], start: str) -> list[str]:
    """Those of ``names`` that begin with ``start`` (one letter or more), in order."""
    ordered = in_order(names)
    first = bisect_left(ordered, start)
    return ordered[first : bisect_left(ordered, start[:-1] + chr(ord(start[-1]) + 1), first)]
