"""What the head of an x86-64 instruction says: its length, and what it does in the common form.

Every opcode map is measured in full, so that decoding never loses its step; what an instruction
does is told only as far as pointers and counters are concerned. Encodings: Intel SDM volume 2,
appendix A.
"""

from functools import cache

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.x86_64_meaning import Head, meaning
from isoview.inspectors.hints import NamedTuple

RIP = -2
"""Base of an operand that is relative to the next instruction."""

_LEGACY = frozenset({0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3})


Shape = tuple[int, int, int, int, int, int, int, int, int, int, int]
"""A decoded head: (head, length, kind, size, reg, base, index, scale, disp_size, imm_size, imm).
``imm`` is the immediate where the opcode implies it; -1 where the one that follows is to be
subtracted.
"""
HEAD_LIMIT = 24
"""More bytes than a head can have: 12 prefixes, REX, EVEX, opcode, ModRM and SIB. (Processors take
no instruction of more than 15 bytes; what stands in code need not be one.)
"""
_NONE_SEEN: frozenset[int] = frozenset()


def _prefixes(raw: bytes) -> tuple[int, frozenset[int], int]:
    """(length, legacy prefixes, REX byte)."""
    at = 0
    while at < 12 and raw[at] in _LEGACY:
        at += 1
    seen = frozenset(raw[:at]) if at else _NONE_SEEN
    if raw[at] & 0xF0 == 0x40:
        return at + 1, seen, raw[at]
    return at, seen, 0


_IMMEDIATES: dict[int, tuple[bool, int | str]] = {
    0x68: (False, "z"), 0x69: (True, "z"), 0x6A: (False, 1), 0x6B: (True, 1),
    0x80: (True, 1), 0x81: (True, "z"), 0x83: (True, 1), 0xA8: (False, 1), 0xA9: (False, "z"),
    0xC0: (True, 1), 0xC1: (True, 1), 0xC2: (False, 2), 0xC6: (True, 1), 0xC7: (True, "z"),
    0xC8: (False, 3), 0xCA: (False, 2), 0xCD: (False, 1), 0xE8: (False, 4), 0xE9: (False, 4),
    0xEB: (False, 1), 0xF6: (True, "b3"), 0xF7: (True, "z3"),
}  # fmt: skip


@cache
def _one_byte(opcode: int) -> tuple[bool, int | str] | None:
    """(has ModRM, immediate bytes) of a one-byte opcode; "z" is 2 or 4, "v" 2, 4 or 8."""
    if opcode < 0x40:
        column = opcode & 7
        if column < 4:
            return True, 0
        return None if column > 5 else (False, 1 if column == 4 else "z")
    high = opcode >> 4
    if high in (5, 7, 9) and opcode != 0x9A:
        return False, 1 if high == 7 else 0
    if high == 0xB:
        return False, 1 if opcode < 0xB8 else "v"
    if opcode in (0x63, *range(0x84, 0x90), *range(0xD0, 0xD4), *range(0xD8, 0xE0), 0xFE, 0xFF):
        return True, 0
    if opcode in _IMMEDIATES:
        return _IMMEDIATES[opcode]
    if 0xA0 <= opcode <= 0xA3:
        return False, 8
    if 0xE0 <= opcode <= 0xE7:
        return False, 1
    bare = (*range(0x6C, 0x70), *range(0xA4, 0xA8), *range(0xAA, 0xB0), 0xC3, 0xC9, 0xCB, 0xCC,
            0xCF, 0xD7, *range(0xEC, 0xF0), 0xF1, 0xF4, 0xF5, *range(0xF8, 0xFE))  # fmt: skip
    return (False, 0) if opcode in bare else None


_TWO_BARE = frozenset({
    0x05, 0x06, 0x07, 0x08, 0x09, 0x0B, 0x0E, *range(0x30, 0x38), 0x77, 0xA0, 0xA1, 0xA2, 0xA8,
    0xA9, 0xAA, *range(0xC8, 0xD0),
})  # fmt: skip
_TWO_IMMEDIATE = frozenset({
    0x0F, 0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6,
})  # fmt: skip


@cache
def _two_byte(opcode: int) -> tuple[bool, int | str] | None:
    if 0x80 <= opcode <= 0x8F:
        return False, 4
    if opcode in _TWO_BARE:
        return False, 0
    if opcode in (0x04, 0x0A, 0x0C, 0x24, 0x25, 0x26, 0x27, 0x36, 0x39, 0x3B, *range(0x3C, 0x40)):
        return None
    return True, 1 if opcode in _TWO_IMMEDIATE else 0


class _Opcode(NamedTuple):
    end: int  # where ModRM would stand
    opmap: int  # 0 one byte, 1 0F, 2 0F38, 3 0F3A, 4 and up EVEX's own
    opcode: int
    rex: int
    pp: int  # 0, 0x66, 0xF3, 0xF2
    seen: frozenset[int]
    vector: int  # bytes of a vector; 0 without VEX or EVEX
    third: bool  # there is a third operand
    form: tuple[bool, int | str] | None
    source: int = 0  # the third operand's register, where there is one


_PP = (0, 0x66, 0xF3, 0xF2)


_OPCODES: dict[bytes, _Opcode] = {}
"""Opcodes by the bytes up to them, where these are two or three."""


def _opcode(raw: bytes) -> _Opcode:
    """The opcode at the start of ``raw``: worked out once for all that differ only behind it."""
    found = _OPCODES.get(raw[:2]) or _OPCODES.get(raw[:3])
    if found is None:
        found = _read_opcode(raw)
        if found.end <= 3:
            _OPCODES[raw[: max(found.end, 2)]] = found
    return found


def _read_opcode(raw: bytes) -> _Opcode:
    at, seen, rex = _prefixes(raw)
    byte = raw[at]
    pp = 0
    if seen:
        pp = 0xF3 if 0xF3 in seen else 0xF2 if 0xF2 in seen else 0x66 if 0x66 in seen else 0
    if byte == 0x0F:
        second = raw[at + 1]
        if second in (0x38, 0x3A):
            opmap = 2 if second == 0x38 else 3
            form = (True, 0 if opmap == 2 else 1)
            return _Opcode(at + 3, opmap, raw[at + 2], rex, pp, seen, 0, False, form)
        return _Opcode(at + 2, 1, second, rex, pp, seen, 0, False, _two_byte(second))
    if byte in (0xC4, 0xC5, 0x62):
        return _vector_opcode(raw, at)
    return _Opcode(at + 1, 0, byte, rex, pp, seen, 0, False, _one_byte(byte))


def _vector_opcode(raw: bytes, at: int) -> _Opcode:
    """VEX (C4, C5) and EVEX (62): the bits of REX are stored inverted."""
    lead, first = raw[at], raw[at + 1]
    if lead == 0xC5:
        rex = 0x40 | (0 if first & 0x80 else 4)
        opmap, last, end = 1, first, at + 3
        opcode, vector = raw[at + 2], 32 if first & 4 else 16
    else:
        evex = lead == 0x62
        bits = ~first >> 5 & 7
        last = raw[at + 2]
        rex = 0x40 | (bits & 4) | (bits & 2) | (bits & 1) | (8 if last & 0x80 else 0)
        opmap = first & (7 if evex else 31)
        end = at + (5 if evex else 4)
        opcode = raw[end - 1]
        vector = 16 << (raw[at + 3] >> 5 & 3) if evex else (32 if last & 4 else 16)
    third = last >> 3 & 15 != 15
    if opmap == 1:
        form = _two_byte(opcode) if opcode == 0x77 else (True, int(opcode in _TWO_IMMEDIATE))
    elif opmap in (2, 3, 5, 6):
        form = (True, 1 if opmap == 3 else 0)
    else:
        form = None
    pp = _PP[last & 3]
    source = ~last >> 3 & 15
    return _Opcode(end, opmap, opcode, rex, pp, frozenset(), vector, third, form, source)


_INVALID: Shape = (1, 0, i.STOP, 0, i.NONE, i.NONE, i.NONE, 0, 0, 0, 0)


Found = tuple[Shape, tuple[int, ...]]
"""A shape, and how long its head is without ModRM, with it, and with SIB, as far as it has them."""
_SHAPES: dict[bytes, Found] = {}
SHAPE_LIMIT = 1 << 16
"""So many are kept; then all are forgotten."""


def shape_of(raw: bytes) -> Found:
    """The shape of the instruction at the start of ``raw``, which is HEAD_LIMIT bytes at least."""
    op = _opcode(raw)
    if op.form is None:
        return _INVALID, (op.end,)
    length = op.end
    if op.form[0]:
        length += 2 if raw[length] < 0xC0 and raw[length] & 7 == 4 else 1
    head = raw[:length]
    found = _SHAPES.get(head)
    if found is None:
        if len(_SHAPES) >= SHAPE_LIMIT:
            _SHAPES.clear()
        found = _SHAPES[head] = _worked_out(op, op.form, raw)
    return found


def _worked_out(op: _Opcode, form: tuple[bool, int | str], raw: bytes) -> Found:
    has_modrm, immediate = form
    wide = bool(op.rex & 8)
    size = 8 if wide else 2 if 0x66 in op.seen else 4
    at = op.end
    modrm = raw[at] if has_modrm else 0
    disp_size = 0
    base, index, scale = i.NONE, i.NONE, 0
    mode, reg, rm = modrm >> 6, modrm >> 3 & 7 | (op.rex & 4) << 1, modrm & 7
    if has_modrm:
        at += 1
        if mode == 3:
            base = rm | (op.rex & 1) << 3
        elif rm == 4:
            sib = raw[at]
            at += 1
            index = sib >> 3 & 7 | (op.rex & 2) << 2
            scale = 1 << (sib >> 6)
            index, scale = (i.NONE, 0) if index == 4 else (index, scale)
            base = sib & 7 | (op.rex & 1) << 3
            if sib & 7 == 5 and mode == 0:
                base, disp_size = i.NONE, 4
        elif rm == 5 and mode == 0:
            base, disp_size = RIP, 4
        else:
            base = rm | (op.rex & 1) << 3
        if mode in (1, 2):
            disp_size = 1 if mode == 1 else 4
    imm_size = _immediate(immediate, size, modrm >> 3 & 7, 0x67 in op.seen)
    head = Head(op.opmap, op.opcode, size, op.pp, op.vector, op.third, mode, modrm >> 3 & 7,
                reg, base, op.rex, bool(op.seen & {0xF2, 0xF3}))  # fmt: skip
    kind, moved, register, other, imm = meaning(head)
    in_memory = has_modrm and mode != 3
    if not in_memory:
        base, index, scale = other, i.NONE, 0
        if kind == i.UNPACK and op.vector:
            index = i.VECTORS + op.source
    elif base == RIP and kind in (i.OTHER, i.CLOBBER):
        base = i.NONE
    segment = op.seen & {0x64, 0x65}  # thread-local data, the stack guard: not this file's
    if in_memory and segment:
        kind, base, index, scale, register = _elsewhere(kind, register)
    shape = (
        at, at + disp_size + imm_size, kind, moved, register, base, index, scale,
        disp_size, imm_size, imm,
    )  # fmt: skip
    return shape, tuple(range(op.end, at + 1))


def _elsewhere(kind: int, register: int) -> tuple[int, int, int, int, int]:
    """An access through fs or gs: only what it does to a register counts."""
    if kind in (i.LOAD, i.READ, i.EXCHANGE) and register != i.NONE:
        return i.CLOBBER, i.NONE, i.NONE, 0, register
    if kind in (i.CALL_MEMORY, i.JUMP_MEMORY):
        return kind, i.NONE, i.NONE, 0, register
    return i.OTHER, i.NONE, i.NONE, 0, i.NONE


def _immediate(immediate: int | str, size: int, extension: int, short_address: bool) -> int:
    if isinstance(immediate, int):
        return 4 if immediate == 8 and short_address else immediate
    if immediate == "v":
        return size
    if immediate.endswith("3"):  # only test, /0 and /1, has one
        if extension > 1:
            return 0
        if immediate == "b3":
            return 1
    return 2 if size == 2 else 4
