"""Damage of any file: truncated, bits flipped, blocks moved. The same seed gives the same bytes."""

import random
import struct
from collections.abc import Iterator

EXTREMES = {
    1: (0, 1, 0x7F, 0xFF),
    2: (0, 1, 0x7FFF, 0xFFFF),
    4: (0, 1, 0x7FFFFFFF, 0xFFFFFFFF),
    8: (0, 1, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF),
}
_FORMAT = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}

Bad = tuple[str, bytes, str]
"""Name of the file, its bytes, what was done to it."""


def patched(data: bytes, offset: int, size: int, value: int) -> bytes:
    """``data`` with one little-endian field of ``size`` bytes set."""
    raw = struct.pack(_FORMAT[size], value & ((1 << 8 * size) - 1))
    return data[:offset] + raw + data[offset + size :]


def anywhere(family: str, end: str, data: bytes, seed: int, count: int, hot: int) -> Iterator[Bad]:
    """Truncations, ``count`` files with random damage (``hot`` bytes of headers), blocks gone."""
    size, chance = len(data), random.Random(f"{family} {seed}")
    cuts = (1, 4, 15, 16, 40, 63, 64, 120, 512, 4096, size // 4, size // 2, size * 3 // 4,
            size - 4096, size - 64, size - 1)  # fmt: skip
    for cut in cuts:
        if 0 < cut < size:
            yield f"{family}-trunc-{cut:08d}.{end}", data[:cut], f"first {cut} of {size} bytes"
    hot = min(hot, size)
    for number in range(count):
        copy = bytearray(data)
        if number % 4 == 0:
            where = chance.randrange(hot)
            copy[where] ^= 1 << chance.randrange(8)
            what = f"one bit at {where}"
        elif number % 4 == 1:
            for _ in range(8):
                copy[chance.randrange(hot)] ^= 1 << chance.randrange(8)
            what = f"8 bits in the first {hot} bytes"
        elif number % 4 == 2:
            for _ in range(200):
                copy[chance.randrange(size)] = chance.randrange(256)
            what = "200 random bytes anywhere"
        else:
            length = min(size // 8, 4096)
            source, target = chance.randrange(size - length), chance.randrange(size - length)
            copy[target : target + length] = copy[source : source + length]
            what = f"{length} bytes moved {source}->{target}"
        yield f"{family}-flip-{number:03d}.{end}", bytes(copy), what
    head = data[:4] + bytes(min(4092, size - 4)) + data[4096:]
    yield f"{family}-zeroed-head.{end}", head, "zero bytes 4..4096"
    yield f"{family}-doubled.{end}", data + data, "the file twice"
