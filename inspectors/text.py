"""Bytes of a file become text here, once.

Names come from files that anyone may have written: they are decoded as UTF-8 with
``backslashreplace``, so that no lone surrogate can ever reach an output, and cut at a bound.
Making them safe to *show* is the output edge's work (``isoview.visible``).
"""

from bisect import bisect_left

NAME_LIMIT = 4096
"""Longest name taken from a file, in bytes; C++ symbol names of 3,000 bytes do occur."""


def decode(raw: bytes, limit: int = NAME_LIMIT) -> str:
    r"""Text of ``raw``, cut after ``limit`` bytes; bytes that are not UTF-8 become ``\xNN``."""
    if len(raw) > limit:
        return raw[:limit].decode("utf-8", "backslashreplace") + "…"
    return raw.decode("utf-8", "backslashreplace")


def begins(ordered: list[str], start: str) -> bool:
    """Whether one of some sorted names begins with ``start``."""
    first = bisect_left(ordered, start)
    return first < len(ordered) and ordered[first].startswith(start)


def beginning(ordered: list[str], start: str) -> list[str]:
    """Those of some sorted names that begin with ``start`` (one letter or more), in their order."""
    first = bisect_left(ordered, start)
    return ordered[first : bisect_left(ordered, start[:-1] + chr(ord(start[-1]) + 1), first)]
