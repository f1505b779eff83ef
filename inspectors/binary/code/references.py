"""Who takes the address of something: found without decoding everything.

x86-64: the ``lea`` (``mov``) instructions with a displacement from the instruction pointer.
AArch64: ``adrp`` of the right page with an ``add`` (``ldr``) of the offset soon behind it, or one
``adr``.
"""

import re
from collections.abc import Collection, Iterator

from isoview.inspectors.binary.image import Image

_ADR = rb"[\x10\x30\x50\x70\x90\xb0\xd0\xf0]"  # the top byte of adr and adrp
_REACH = 12
"""Instructions behind an ``adrp`` among which its ``add`` is looked for."""


def references(
    image: Image, targets: Collection[int], *, loads: bool = False
) -> list[tuple[int, int]]:
    """(site, target) of the instructions that form one of the addresses ``targets``, sorted;
    with ``loads`` those that load the word there (a GOT entry).
    """
    wanted = frozenset(targets)
    found: list[tuple[int, int]] = []
    for region in image.regions:
        if not region.executable or region.zero_fill or not wanted:
            continue
        code = image.read(region.address, region.size)
        if image.arch == "x86-64":
            found += _relative(region.address, code, wanted, b"\x8b" if loads else b"\x8d")
        elif image.arch == "aarch64":
            found += _pages(region.address, code, wanted, loads)
    return sorted(found)


def _relative(
    start: int, code: bytes, wanted: frozenset[int], opcode: bytes
) -> Iterator[tuple[int, int]]:
    number = int.from_bytes
    at = code.find(opcode, 1)
    while at >= 0:
        if code[at + 1 : at + 2] and code[at + 1] & 0xC7 == 5:
            target = start + at + 6 + number(code[at + 2 : at + 6], "little", signed=True)
            if target in wanted:
                yield start + at - 1, target
        at = code.find(opcode, at + 1)


def _pages(
    start: int, code: bytes, wanted: frozenset[int], loads: bool
) -> Iterator[tuple[int, int]]:
    words = memoryview(code[: len(code) // 4 * 4]).cast("I")
    pages = {target & ~0xFFF for target in wanted}
    for match in re.finditer(_ADR, code[3::4]):
        index = match.start()
        word = words[index]
        value = (word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3
        if value >> 20:
            value -= 1 << 21
        site = start + 4 * index
        if word >> 31 == 0:  # adr
            if site + value in wanted:
                yield site, site + value
            continue
        page = (site & ~0xFFF) + (value << 12)
        if page not in pages:
            continue
        for following in words[index + 1 : index + 1 + _REACH]:
            # add x, x, #imm (64 bits, no shift) or ldr x, [x, #imm], from adrp's register
            opcode = 0xF9400000 if loads else 0x91000000
            if following & 0xFFC00000 == opcode and following >> 5 & 31 == word & 31:
                target = page + (following >> 10 & 0xFFF) * (8 if loads else 1)
                if target in wanted:
                    yield site, target
                break
