"""Addresses of words: which of many can be such."""

import sys
from array import array


def aligned(addresses: list[int], size: int) -> list[int]:
    """Those of some addresses at which a word can stand: nearly always all, which their last bytes
    tell faster than a look at each.
    """
    try:
        octets = array("Q", addresses).tobytes()
    except OverflowError:  # of a damaged file
        octets = b""
    last = octets[0 if sys.byteorder == "little" else 7 :: 8]
    if len(last) == len(addresses) and not last.translate(None, bytes(range(0, 256, size))):
        return addresses
    return [address for address in addresses if not address & (size - 1)]
