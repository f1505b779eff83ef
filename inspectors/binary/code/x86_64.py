"""Decoding x86-64 instructions into the common form.

What an instruction does follows from its prefixes, opcode, ModRM and SIB bytes: its *head*
(``x86_64_shapes``). Whole instructions repeat, so each different one is worked out once and found
again by its bytes; only those that count from where they stand have a displacement that is read every
time. That makes this cheaper than asking a library for the same fields. Encodings: Intel SDM
volume 2.
"""

from struct import Struct

from isoview.inspectors.binary.code.instructions import (
    ADDRESS,
    BRANCH,
    CALL,
    CONST,
    HERE,
    LEA,
    NONE,
    STOP,
    UPDATE,
    UPDATE_LOCKED,
    Listing,
    Shared,
    form_of,
)
from isoview.inspectors.binary.code.x86_64_shapes import HEAD_LIMIT, RIP, Shape, shape_of

_KNOWN: dict[bytes, Shared] = {}
"""Instructions by their bytes. By fewer of them, what to look at: a *step*, whose length says how
many bytes tell more; or all but the last four bytes, a *stem*. What stands under some bytes holds
for all code that begins with them.
"""
KNOWN_LIMIT = 1 << 16
"""So many are kept; then all are forgotten."""
_STEP, _DISP_STEM, _IMM_STEM = -1, -2, -3
"""In place of a kind. A stem's kind is in place of its displacement."""
_STEPS: list[Shared] = [
    (length, _STEP, 0, 0, 0, 0, 0, 0, 0, 0) for length in range(HEAD_LIMIT + 16)
]
# How many bytes to look at first, by the first byte: prefixes, escapes and ModRM make it long.
_FIRST = [2] * 256
for _byte in (*range(0x40, 0x50), 0x0F, 0xC5):
    _FIRST[_byte] = 3
for _byte in (0x66, 0xF0, 0xF2, 0xF3, 0x2E, 0x3E, 0x26, 0x36, 0x64, 0x65, 0x67):
    _FIRST[_byte] = 4
_FIRST[0xC4], _FIRST[0x62] = 5, 6
for _byte in (*range(0x50, 0x60), 0x90, 0xC3, 0xC9, 0xCC, 0xE8, 0xE9, 0xF4):
    _FIRST[_byte] = 1
for _byte in range(0xB8, 0xC0):
    _FIRST[_byte] = 5
_INT32 = Struct("<i").unpack_from
_PADDING = bytes(HEAD_LIMIT + 16)
"""Room for a head at the end, and for what would stand behind it."""
_LOCK = 0xF0
_NOWHERE = -1 << 63
"""How far bytes lead that look like a branch, with a prefix that no branch has."""
_END = 1 << 40
"""Length of bytes that are no instruction: nothing is read behind them."""
_CUT: Shared = (0, STOP, 0, NONE, NONE, NONE, 0, 0, 0, STOP)
"""What stands for an instruction that goes on behind the end of the code."""


def read(code: bytes, start: int) -> Listing:
    """The instructions of ``code``, which stands at the link-time address ``start``.

    Reading is linear and ends at the first byte that begins no instruction.
    """
    found: list[Shared] = []
    add = found.append
    ins = _CUT
    known, first = _KNOWN.get, _FIRST
    at, end = 0, len(code)
    code += _PADDING
    while at < end:
        ins = known(code[at : at + first[code[at]]]) or _learn(code, at)
        if ins[1] < 0:
            while ins[1] == _STEP:
                ins = known(code[at : at + ins[0]]) or _learn(code, at)
            if ins[1] < 0:
                length, stem, size, reg, base, index, scale, kind, number, form = ins
                last = _INT32(code, at + length - 4)[0]
                if stem == _DISP_STEM:
                    disp = last + length if base == HERE else last
                    ins = (length, kind, size, reg, base, index, scale, disp, number, form)
                else:
                    ins = (length, kind, size, reg, base, index, scale, 0, last + number, form)
        add(ins)
        at += ins[0]
    if at > end:
        found[-1] = _CUT
    return Listing(start, start + at - ins[0], found)


def _learn(code: bytes, at: int) -> Shared:
    """Work out the instruction at ``at`` and remember it."""
    if len(_KNOWN) > KNOWN_LIMIT:
        _KNOWN.clear()
    raw = code[at : at + len(_PADDING)]
    shape, lengths = shape_of(raw)
    looked = _FIRST[raw[0]]
    if len(lengths) == 3 and raw[lengths[0]] >> 6 == 1:
        lengths = lengths[:2]  # ModRM tells the whole length: what SIB is can be seen with the rest
    for length in lengths:
        if length > looked:
            _KNOWN.setdefault(raw[:looked], _STEPS[length])
            looked = length
    locked = raw[0] == _LOCK
    stem = _stem(shape, locked)
    if stem is not None:
        _KNOWN[raw[:looked]] = stem
        return stem
    length = shape[1]
    if length > looked:
        _KNOWN.setdefault(raw[:looked], _STEPS[length])
        looked = length
    ins = _KNOWN[raw[:looked]] = _whole(shape, raw, locked)
    return ins


def _stem(shape: Shape, locked: bool) -> Shared | None:
    """What is kept of an instruction that ends with a displacement or an immediate of four bytes:
    they are too many to be remembered.
    """
    _, length, kind, size, reg, base, index, scale, disp_size, imm_size, imm = shape
    if disp_size == 4 and not imm_size and kind != BRANCH:
        if base == RIP and kind == LEA:
            return (length, _IMM_STEM, size, reg, NONE, index, scale, ADDRESS, length, ADDRESS)
        base = HERE if base == RIP else base
        form = _form((length, kind, size, reg, base, index, scale, 0, imm), locked)
        return (length, _DISP_STEM, size, reg, base, index, scale, kind, imm, form)
    if imm_size == 4 and not disp_size and (imm >= 0 or kind == CONST):
        number = length if kind >= CALL else 0
        return (length, _IMM_STEM, size, reg, base, index, scale, kind, number, kind)
    return None


def _form(ins: tuple[int, int, int, int, int, int, int, int, int], locked: bool) -> int:
    return UPDATE_LOCKED if locked and ins[1] == UPDATE else form_of(ins)


def _whole(shape: Shape, raw: bytes, locked: bool) -> Shared:
    """The instruction with the displacement and the immediate that stand in ``raw``."""
    head, length, kind, size, reg, base, index, scale, disp_size, imm_size, imm = shape
    where = head + disp_size
    disp = int.from_bytes(raw[head:where], "little", signed=True) if disp_size else 0
    if imm_size:
        behind = raw[where : where + (2 if imm_size == 3 else imm_size)]
        number = int.from_bytes(behind, "little", signed=True)
        subtracted = imm < 0 and kind != CONST
        # Targets are counted from the next instruction.
        imm = number + length if kind >= CALL else -number if subtracted else number
    elif kind == BRANCH:
        imm = _NOWHERE
    elif kind == STOP and not length:
        length = _END
    if base == RIP:
        base, disp = HERE, disp + length
        if kind == LEA:
            kind, base, imm, disp = ADDRESS, NONE, disp, 0
    ins = (length, kind, size, reg, base, index, scale, disp, imm)
    return (*ins, _form(ins, locked))
