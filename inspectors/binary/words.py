"""Words of a file, and addresses of words: which of many can be such."""

import sys
from array import array
from collections.abc import Callable
from functools import lru_cache
from struct import Struct

from isoview.inspectors.hints import Any

_MULTIPLES = {size: bytes(range(0, 256, size)) for size in (4, 8)}
"""The last bytes of addresses at which a word of so many bytes can stand."""


def aligned(addresses: list[int], size: int) -> list[int]:
    """Those of some addresses at which a word can stand: nearly always all, which their last bytes
    tell faster than a look at each.
    """
    try:
        octets = array("Q", addresses).tobytes()
    except OverflowError:  # of a damaged file
        octets = b""
    last = octets[0 if sys.byteorder == "little" else 7 :: 8]
    if len(last) == len(addresses) and not last.translate(None, _MULTIPLES[size]):
        return addresses
    return [address for address in addresses if not address & (size - 1)]


def integers(raw: memoryview, size: int, endian: str) -> "memoryview[int] | array[int]":
    """``raw`` as unsigned integers of ``size`` bytes (4 or 8) in the file's byte order; bytes
    beyond the last whole one are left out.
    """
    usable = raw[: len(raw) // size * size] if len(raw) % size else raw
    if endian == sys.byteorder:
        return usable.cast("Q") if size == 8 else usable.cast("I")
    swapped = array("Q" if size == 8 else "I", bytes(usable))
    swapped.byteswap()
    return swapped


@lru_cache(maxsize=256)
def words_from(endian: str, size: int, count: int) -> Callable[[memoryview, int], tuple[int, ...]]:
    """What reads ``count`` words from a place in a buffer: for few the fastest way."""
    unpack: Any = Struct(f"{'<' if endian == 'little' else '>'}{count}{'Q' if size == 8 else 'I'}")
    return unpack.unpack_from  # type: ignore[no-any-return]
