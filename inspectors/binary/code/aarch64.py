"""Decoding AArch64 instructions into the common form.

Words repeat, so each different one is worked out once. Encodings: Arm Architecture Reference Manual
for A-profile, chapter C4.
"""

import sys
from array import array

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.instructions import HERE, NONE, PAGE, VECTORS, Listing, Shared

Part = tuple[int, int, int, int, int, int, int, int]
"""An instruction of the common form without its address; what counts from there, does so still."""

_SP = 31
_LENGTH = 4
_WORDS: dict[int, tuple[Shared, ...]] = {}
_STOP: tuple[Part, ...] = ((i.STOP, 0, NONE, NONE, NONE, 0, 0, 0),)
_NOTHING: tuple[Part, ...] = ((i.OTHER, 0, NONE, NONE, NONE, 0, 0, 0),)


def read(code: bytes, start: int) -> Listing:
    """The instructions of ``code``, which stands at the link-time address ``start``."""
    found: list[Shared] = []
    known = _WORDS
    words = array("I", code[: len(code) // _LENGTH * _LENGTH])
    if sys.byteorder != "little":
        words.byteswap()
    for word in words:
        parts = known.get(word)
        if parts is None:
            *first, last = _parts(word)
            parts = (*[_shared(0, part) for part in first], _shared(_LENGTH, last))
            known[word] = parts
        found += parts
    return Listing(start, start + _LENGTH * max(len(words) - 1, 0), found)


def _shared(length: int, part: Part) -> Shared:
    whole = (length, *part)
    return (*whole, i.form_of(whole))


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def _one(kind: int, size: int, reg: int, base: int = NONE, imm: int = 0) -> tuple[Part, ...]:
    return ((kind, size, reg, base, NONE, 0, 0, imm),)


def _parts(word: int) -> tuple[Part, ...]:
    top = word >> 25 & 15
    if top in (10, 11):
        return _branch(word)
    if top & 5 == 4:
        return _memory(word)
    if top in (8, 9):
        return _immediate(word)
    if top in (5, 13):
        return _register(word)
    if top in (7, 15):
        return _vector(word)
    return _STOP if word >> 16 == 0 else _NOTHING  # udf; SVE and the rest


def _branch(word: int) -> tuple[Part, ...]:
    if word & 0x7C000000 == 0x14000000:  # b, bl
        kind = i.CALL if word >> 31 else i.JUMP
        return _one(kind, 0, NONE, imm=_signed(word & 0x3FFFFFF, 26) << 2)
    if word & 0xFE000000 == 0x54000000:  # b.cond
        condition = {0: i.IF_ZERO, 1: i.IF_OTHER}.get(word & 15, 0)
        return _one(i.BRANCH, condition, NONE, imm=_signed(word >> 5 & 0x7FFFF, 19) << 2)
    if word & 0x7E000000 == 0x34000000:  # cbz, cbnz
        condition = i.IF_OTHER if word >> 24 & 1 else i.IF_ZERO
        register = word & 31 if word >> 31 and word & 31 != 31 else NONE
        condition = condition if register != NONE else 0
        return _one(i.BRANCH, condition, register, imm=_signed(word >> 5 & 0x7FFFF, 19) << 2)
    if word & 0x7E000000 == 0x36000000:  # tbz, tbnz
        return _one(i.BRANCH, 0, NONE, imm=_signed(word >> 5 & 0x3FFF, 14) << 2)
    if word & 0xFE000000 == 0xD6000000:  # br, blr, ret, and those that authenticate
        operation = word >> 21 & 7
        if operation > 1:
            return _one(i.RETURN, 0, NONE)
        return _one(i.CALL_REG if operation else i.JUMP_REG, 8, NONE, word >> 5 & 31)
    if word & 0xFFE0001F == 0xD4200000:  # brk
        return _STOP
    if word & 0xFFF00000 == 0xD5300000:  # mrs
        return _one(i.CLOBBER, 8, word & 31)
    return _NOTHING


def _immediate(word: int) -> tuple[Part, ...]:
    """Data processing with an immediate."""
    target, source, wide = word & 31, word >> 5 & 31, word >> 31
    size = 8 if wide else 4
    if word & 0x1F000000 == 0x10000000:  # adr, adrp
        distance = _signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
        if wide:
            return _one(i.ADDRESS, PAGE, target, imm=distance << 12)
        return _one(i.ADDRESS, 8, target, imm=distance)
    if word & 0x1F800000 == 0x11000000:  # add, sub; with flags cmp and cmn
        number = (word >> 10 & 0xFFF) << (12 if word >> 22 & 1 else 0)
        subtracts, flags = word >> 30 & 1, word >> 29 & 1
        if flags and target == 31:
            if subtracts:
                return _one(i.COMPARE_CONST, size, source, imm=number)
            return _NOTHING
        if not number and not flags:  # mov to or from the stack pointer
            return _one(i.MOVE, size, target, source)
        return _one(i.ADD, size, target, source, -number if subtracts else number)
    shift = 16 * (word >> 21 & 3)
    number = (word >> 5 & 0xFFFF) << shift
    if word & 0x7F800000 == 0x52800000:  # movz
        return _one(i.CONST, size, target, imm=number)
    if word & 0x7F800000 == 0x12800000:  # movn
        return _one(i.CONST, size, target, imm=~number)
    if word & 0xFFC00000 == 0xD3400000 and (word >> 10 & 63) == (word >> 16 & 63) - 1:  # lsl
        return _one(i.SHIFT, 8, target, source, 64 - (word >> 16 & 63))
    return _one(i.CLOBBER, size, target) if target != 31 else _NOTHING


def _register(word: int) -> tuple[Part, ...]:
    """Data processing with registers."""
    target, first, second = word & 31, word >> 5 & 31, word >> 16 & 31
    size = 8 if word >> 31 else 4
    if word & 0x7FE0FFE0 == 0x2A0003E0:  # mov
        if target == 31:
            return _NOTHING
        return _one(i.MOVE, size, target, second) if second != 31 else _one(i.CONST, size, target)
    if word & 0x7FE0001F == 0x6B00001F and not word >> 10 & 63:  # cmp
        return _one(i.COMPARE, size, first, second) if first != 31 != second else _NOTHING
    if target == 31 and word & 0x1F000000 in (0x0A000000, 0x0B000000):
        return _NOTHING  # tst, cmp, cmn
    if word & 0x1FE00000 == 0x1A400000:  # ccmp, ccmn
        return _NOTHING
    if word & 0xFFE00000 == 0x8B000000 or word & 0xFFE00000 == 0x8B200000:  # add
        extended = word >> 21 & 1
        amount = word >> 10 & (7 if extended else 63)
        if first != 31 or extended:
            return ((i.SUM, 8, target, first, second, 1 << min(amount, 8), 0, 0),)
    if word & 0xFFE00C00 == 0x9A800000 and first != 31 != second:  # csel
        merge = _one(i.MERGE, 8, target, first if target == second else second)
        return merge if target in (first, second) else (*_one(i.MOVE, 8, target, first), *merge)
    return _one(i.CLOBBER, size, target) if target != 31 else _NOTHING


def _vector(word: int) -> tuple[Part, ...]:
    """Instructions on vectors: moves of 8 bytes are followed."""
    target, source = word & 31, word >> 5 & 31
    if word & 0xFFFFFC00 == 0x9E670000:  # fmov d, x
        return _one(i.MOVE, 8, VECTORS + target, source)
    if word & 0xFFFFFC00 == 0x9E660000:  # fmov x, d
        return _one(i.MOVE, 8, target, VECTORS + source)
    if word & 0xFFFFFC00 == 0x4E181C00:  # ins v.d[1], x
        return _one(i.UNPACK, 8, VECTORS + target, source)
    if word & 0xFFFFFC00 == 0x6E180400:  # ins v.d[1], v.d[0]
        return _one(i.UNPACK, 8, VECTORS + target, VECTORS + source)
    if word & 0xFFFFFC00 == 0x4E080C00:  # dup v.2d, x
        return (
            (i.MOVE, 8, VECTORS + target, source, NONE, 0, 0, 0),
            (i.UNPACK, 8, VECTORS + target, source, NONE, 0, 0, 0),
        )
    if word & 0xFFE0FC00 == 0x4EA01C00 and source == word >> 16 & 31:  # mov v, v
        return _one(i.MOVE, 16, VECTORS + target, VECTORS + source)
    # movi 0, by bytes or (with bit 29 as mvni, which gives ones) by words
    zeros = word & 0x9FF8FC00 == 0x0F00E400 or word & 0xBFF8FC00 == 0x0F000400
    if zeros and not word & 0x000703E0:
        return _one(i.CONST, 16, VECTORS + target)
    general = word & 0x5F200000 == 0x1E200000 and word & 0xFC00 == 0  # fcvt, fmov into w or x
    if general or word & 0xBFE0EC00 == 0x0E002C00:  # umov, smov
        return (
            (i.CLOBBER, 8, target, NONE, NONE, 0, 0, 0),
            (i.CLOBBER, 16, VECTORS + target, NONE, NONE, 0, 0, 0),
        )
    return _one(i.CLOBBER, 16, VECTORS + target)


def _access(register: int, vector: int, size: int, *, loads: bool, base: int, disp: int) -> Part:
    """One load or store of one register; register 31 is the zero register here."""
    if vector:
        register += VECTORS
    elif register == 31:
        if loads:
            return (i.READ, size, NONE, base, NONE, 0, disp, 0)
        return (i.STORE_CONST, size, NONE, base, NONE, 0, disp, 0)
    return ((i.LOAD if loads else i.STORE), size, register, base, NONE, 0, disp, 0)


def _moved(base: int, amount: int) -> Part:
    return (i.ADD, 8, base, base, NONE, 0, 0, amount)


def _memory(word: int) -> tuple[Part, ...]:
    vector, top = word >> 26 & 1, word >> 30
    base, register = word >> 5 & 31, word & 31
    if word & 0x3B000000 == 0x18000000:  # ldr, literal
        disp = _signed(word >> 5 & 0x7FFFF, 19) << 2
        if top == 3 and not vector:
            return _NOTHING  # prfm
        size = (4 << top) if vector else (8 if top == 1 else 4)
        return (_access(register, vector, size, loads=True, base=HERE, disp=disp),)
    if word & 0x3A000000 == 0x28000000:  # ldp, stp
        return _pair(word)
    if word & 0x3B000000 == 0x39000000 or word & 0x3B200000 == 0x38000000:
        return _single(word)
    opcode = word >> 22 & 3
    size = 16 if vector and opcode >= 2 else 1 << top
    if word & 0x3B200C00 == 0x38200800:  # indexed by a register
        loads = bool(opcode & 1) if vector else opcode != 0
        scale = size if word >> 12 & 1 else 1
        if not vector and top == 3 and opcode == 2:
            return _NOTHING  # prfm
        kind, moved, number, _, _, _, _, imm = _access(
            register, vector, size, loads=loads, base=base, disp=0
        )
        return ((kind, moved, number, base, word >> 16 & 31, scale, 0, imm),)
    return _atomic(word, size)


def _atomic(word: int, size: int) -> tuple[Part, ...]:
    """Exclusive and ordered accesses, compare-and-swap, atomic arithmetic; vector structures."""
    base, register, other = word >> 5 & 31, word & 31, word >> 16 & 31
    if word >> 26 & 1:
        kind = i.READ if word >> 22 & 1 else i.MODIFY
        number = VECTORS + register if kind == i.READ else NONE
        return ((kind, 16, number, base, NONE, 0, 0, 0),)
    if word & 0x3F200C00 == 0x19000000:  # ldapur, stlur
        disp, opcode = _signed(word >> 12 & 0x1FF, 9), word >> 22 & 3
        return (_access(register, 0, size, loads=opcode != 0, base=base, disp=disp),)
    if word & 0x3FFFFC00 == 0x38BFC000:  # ldapr: what acquiring loads are from Armv8.3 on
        return (_access(register, 0, size, loads=True, base=base, disp=0),)
    ordered = word & 0x3F800000 == 0x08800000 and word >> 21 & 1 == 0
    if ordered:  # ldar, stlr
        loads = bool(word >> 22 & 1)
        return (_access(register, 0, size, loads=loads, base=base, disp=0),)
    if word & 0x3F800000 == 0x08000000 and word >> 21 & 1 == 0:  # ldxr, stxr
        if word >> 22 & 1:
            return (_access(register, 0, size, loads=True, base=base, disp=0),)
        store = _access(register, 0, size, loads=False, base=base, disp=0)
        return store, (i.CLOBBER, 4, other, NONE, NONE, 0, 0, 0)
    if word & 0x3FA07C00 == 0x08A07C00:  # cas
        moved = other if other != 31 else NONE
        return ((i.MODIFY, size, moved, base, NONE, 0, 0, 0),)
    if word & 0x3B20FC00 == 0x38208000 and other != 31:  # swp
        stored: Part = (i.STORE, size, other, base, NONE, 0, 0, 0)
        return (stored,) if register == 31 else (stored, *_one(i.CLOBBER, 8, register))
    number = register if register != 31 else NONE
    return ((i.MODIFY, size, number, base, NONE, 0, 0, 0),)


def _pair(word: int) -> tuple[Part, ...]:
    vector, top, mode = word >> 26 & 1, word >> 30, word >> 23 & 3
    base, loads = word >> 5 & 31, bool(word >> 22 & 1)
    size = (4 << top) if vector else (8 if top == 2 else 4)
    offset = _signed(word >> 15 & 0x7F, 7) * size
    registers = (word & 31, word >> 10 & 31)
    start = 0 if mode in (1, 3) else offset
    pair = [
        _access(register, vector, size, loads=loads, base=base, disp=start + n * size)
        for n, register in enumerate(registers)
    ]
    if loads and not vector and registers[0] == base:
        pair.reverse()  # the base is overwritten last
    if mode == 3:
        return (_moved(base, offset), *pair)
    return (*pair, _moved(base, offset)) if mode == 1 else tuple(pair)


def _single(word: int) -> tuple[Part, ...]:
    vector, top, opcode = word >> 26 & 1, word >> 30, word >> 22 & 3
    base, register = word >> 5 & 31, word & 31
    size = 16 if vector and opcode >= 2 else 1 << top
    loads = bool(opcode & 1) if vector else opcode != 0
    if not vector and top == 3 and opcode == 2:
        return _NOTHING  # prfm
    if word & 0x3B000000 == 0x39000000:  # unsigned offset
        disp = (word >> 10 & 0xFFF) * size
        return (_access(register, vector, size, loads=loads, base=base, disp=disp),)
    mode, disp = word >> 10 & 3, _signed(word >> 12 & 0x1FF, 9)
    if mode in (0, 2):  # unscaled; unprivileged
        return (_access(register, vector, size, loads=loads, base=base, disp=disp),)
    access = _access(register, vector, size, loads=loads, base=base, disp=0)
    return (_moved(base, disp), access) if mode == 3 else (access, _moved(base, disp))
