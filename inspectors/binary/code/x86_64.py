"""Decoding x86-64 instructions into the common form.

What an instruction does follows from its prefixes, opcode, ModRM and SIB bytes: its *head*. Heads
repeat, so each different one is worked out once (``x86_64_shapes``) and found again by its bytes;
only the displacement and the immediate behind it are read every time. That makes this cheaper than
asking a library for the same fields. Encodings: Intel SDM volume 2.
"""

from struct import Struct

from isoview.inspectors.binary.code.instructions import (
    ADDRESS,
    CALL,
    CONST,
    LEA,
    NONE,
    STOP,
    Instruction,
)
from isoview.inspectors.binary.code.x86_64_shapes import HEAD_LIMIT, LONGER, RIP, Shape, shape_of

_HEADS: dict[bytes, Shape] = {}
"""Shape by head; where its length is negative, the head has so many bytes at least."""
# How many bytes to look at first, by the first byte: prefixes, escapes and ModRM make it long.
_FIRST = [2] * 256
for _byte in (*range(0x40, 0x50), 0x0F, 0xC5):
    _FIRST[_byte] = 3
for _byte in (0x66, 0xF0, 0xF2, 0xF3, 0x2E, 0x3E, 0x26, 0x36, 0x64, 0x65, 0x67):
    _FIRST[_byte] = 4
_FIRST[0xC4], _FIRST[0x62] = 5, 6
for _byte in (*range(0x50, 0x60), *range(0x70, 0x80), 0x90, *range(0xB0, 0xC0), 0xC2, 0xC3, 0xC9,
              0xCC, 0xE8, 0xE9, 0xEB, 0xF4):  # fmt: skip
    _FIRST[_byte] = 1
_INT32 = Struct("<i").unpack_from
_INT16 = Struct("<h").unpack_from
_INT64 = Struct("<q").unpack_from
_PADDING = bytes(HEAD_LIMIT)


def decode(code: bytes, start: int) -> list[Instruction]:
    """The instructions of ``code``, which stands at the link-time address ``start``.

    Decoding is linear and ends at the first byte that begins no instruction.
    """
    found: list[Instruction] = []
    add = found.append
    heads, first = _HEADS, _FIRST
    at, end = 0, len(code)
    code += _PADDING  # so that a head at the end can be looked at
    while at < end:
        shape = heads.get(code[at : at + first[code[at]]])
        while shape is not None and shape[1] < 0:
            shape = heads.get(code[at : at - shape[1]])
        if shape is None:
            shape = _learn(code, at)
        head, length, kind, size, reg, base, index, scale, disp_size, imm_size, imm = shape
        following = at + length
        if following > end:
            add((start + at, STOP, 0, NONE, NONE, NONE, 0, 0, 0))
            break
        disp = 0
        if disp_size:
            if disp_size == 4:
                disp = _INT32(code, at + head)[0]
            else:
                disp = code[at + head]
                if disp > 127:
                    disp -= 256
        if imm_size:
            where = at + head + disp_size
            if imm_size == 1:
                imm = code[where]
                if imm > 127:
                    imm -= 256
            elif imm_size == 4:
                imm = _INT32(code, where)[0]
            elif imm_size == 8:
                imm = _INT64(code, where)[0]
            else:
                imm = _INT16(code, where)[0]
            if kind >= CALL:  # relative to the next instruction
                imm += start + following
            elif shape[10] < 0 and kind != CONST:  # subtracted
                imm = -imm
        if base == RIP:
            base = NONE
            disp += start + following
            if kind == LEA:
                kind, imm, disp = ADDRESS, disp, 0
        add((start + at, kind, size, reg, base, index, scale, disp, imm))
        if kind == STOP and length == 0:
            break
        at = following
    return found


def _learn(code: bytes, at: int) -> Shape:
    """Work out the head at ``at`` and remember it under its own bytes."""
    raw = code[at : at + HEAD_LIMIT]
    shape, lengths = shape_of(raw)
    looked = _FIRST[raw[0]]
    for length in lengths:
        if length > looked:
            _HEADS.setdefault(raw[:looked], LONGER[length])
            looked = length
    _HEADS[raw[:looked]] = shape
    return shape
