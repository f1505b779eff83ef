"""What an x86-64 opcode does to registers and memory, in the common form.

Encodings: Intel SDM volume 2, appendix A and the pages of the single instructions.
"""

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.hints import NamedTuple

Meaning = tuple[int, int, int, int, int]
"""(kind, size, reg, base where it is a register, imm)."""


class Head(NamedTuple):
    """The parts of an instruction's head that decide what it does."""

    opmap: int
    opcode: int
    size: int  # of the general operand: 2, 4 or 8
    pp: int
    vector: int
    third: bool
    mode: int  # 3: the operand is a register
    extension: int  # bits 3 to 5 of ModRM
    reg: int
    rm: int
    rex: int
    repeated: bool

    @property
    def register_form(self) -> bool:
        """Whether the operand is a register, and not in memory."""
        return self.mode == 3


_CONDITIONS = {0x74: i.IF_ZERO, 0x75: i.IF_OTHER}
_NOTHING: Meaning = (i.OTHER, 0, i.NONE, i.NONE, 0)


def meaning(head: Head) -> Meaning:
    """What the instruction does."""
    if head.opmap == 0:
        return _one_byte(head)
    if head.opmap == 1:
        return _two_byte(head)
    if head.opmap == 3 and head.opcode == 0x22 and head.pp == 0x66:
        # pinsrq: the immediate says which half; compilers build the upper one with it
        if head.register_form:
            return i.UNPACK, 8, i.VECTORS + head.reg, head.rm, 0
        if not head.third:
            return i.LOAD_HIGH, 8, i.VECTORS + head.reg, i.NONE, 0
    return _vector_result(head)


def _vector_result(head: Head) -> Meaning:
    """An instruction on vectors that is not followed: its result is unknown."""
    size = head.vector or 16
    if head.register_form:
        return i.CLOBBER, size, i.VECTORS + head.reg, i.NONE, 0
    if head.opmap == 3 and 0x14 <= head.opcode <= 0x17:  # pextr: the operand is written
        return i.MODIFY, 8, i.NONE, i.NONE, 0
    return i.READ, size, i.VECTORS + head.reg, i.NONE, 0


def _one_byte(head: Head) -> Meaning:
    opcode = head.opcode
    simple = _SIMPLE.get(opcode)
    if simple is not None:
        return simple
    if opcode < 0x40:
        return _arithmetic(head)
    high, low = opcode & 0xF8, opcode & 7 | (head.rex & 1) << 3
    if high == 0x50:
        return i.PUSH, 8, low, i.NONE, 0
    if high == 0x58:
        return i.POP, 8, low, i.NONE, 0
    if opcode & 0xF0 == 0x70 or 0xE0 <= opcode <= 0xE3:
        return i.BRANCH, _CONDITIONS.get(opcode, 0), i.NONE, i.NONE, 0
    if high == 0x90:
        return (i.CLOBBER, 8, low, i.NONE, 0) if low and not head.repeated else _NOTHING
    if high == 0xB8:
        return i.CONST, head.size, low, i.NONE, 0
    if high == 0xB0:
        return i.CLOBBER, 1, low if head.rex or low < 4 else low & 3, i.NONE, 0
    if opcode in _ONE:
        return _ONE[opcode](head)
    if high == 0xD8:  # x87: some store
        stores = head.extension in (2, 3, 7) or (opcode in (0xDB, 0xDD, 0xDF) and head.extension)
        if head.register_form:
            return (i.CLOBBER, 2, 0, i.NONE, 0) if opcode == 0xDF else _NOTHING
        kind = i.MODIFY if opcode & 1 and stores else i.READ
        return kind, 8, i.NONE, i.NONE, 0
    return _NOTHING


_SIMPLE: dict[int, Meaning] = {
    0x68: (i.PUSH, 8, i.NONE, i.NONE, 0),
    0x6A: (i.PUSH, 8, i.NONE, i.NONE, 0),
    0x98: (i.CLOBBER, 8, 0, i.NONE, 0),
    0x99: (i.CLOBBER, 8, 2, i.NONE, 0),
    0xA4: (i.MODIFY, 8, i.NONE, 7, 0),  # movs, through rdi
    0xA5: (i.MODIFY, 8, i.NONE, 7, 0),
    0xAA: (i.MODIFY, 8, i.NONE, 7, 0),  # stos
    0xAB: (i.MODIFY, 8, i.NONE, 7, 0),
    0xC2: (i.RETURN, 0, i.NONE, i.NONE, 0),
    0xC3: (i.RETURN, 0, i.NONE, i.NONE, 0),
    0xC9: (i.MOVE, 8, 4, 5, 0),  # leave: the frame's end; rbp is the caller's again
    0xCC: (i.STOP, 0, i.NONE, i.NONE, 0),
    0xE8: (i.CALL, 0, i.NONE, i.NONE, 0),
    0xE9: (i.JUMP, 0, i.NONE, i.NONE, 0),
    0xEB: (i.JUMP, 0, i.NONE, i.NONE, 0),
    0xF4: (i.STOP, 0, i.NONE, i.NONE, 0),
}


def _arithmetic(head: Head) -> Meaning:
    """add, or, adc, sbb, and, sub, xor, cmp: 00 to 3F."""
    group, column = head.opcode >> 3, head.opcode & 7
    size = head.size if column & 1 else 1
    if column >= 4:  # al or eax with an immediate
        if group == 7:
            return i.COMPARE_CONST, size, 0, i.NONE, 0
        if group in (0, 5) and size == 8:
            return i.ADD, size, 0, 0, -1 if group == 5 else 0
        return i.CLOBBER, size, 0, i.NONE, 0
    if head.register_form:
        target, source = (head.rm, head.reg) if column < 2 else (head.reg, head.rm)
        if group == 7:
            return i.COMPARE, size, target, source, 0
        if target == source and group in (5, 6) and size >= 4:
            return i.CONST, size, target, i.NONE, 0
        if group == 0 and size == 8:
            return i.SUM, size, target, source, 0
        return i.CLOBBER, size, _low(head, target, size), i.NONE, 0
    if group == 7:
        return i.COMPARE_MEMORY, size, head.reg, i.NONE, 0
    if column < 2:
        return i.MODIFY, size, i.NONE, i.NONE, 0
    return i.READ, size, _low(head, head.reg, size), i.NONE, 0


def _low(head: Head, register: int, size: int) -> int:
    """Register of an 8-bit operand: ah, ch, dh and bh are 4 to 7 without REX."""
    return register & 3 if size == 1 and not head.rex and register < 8 else register


def _immediate_group(head: Head) -> Meaning:
    """80, 81, 83: one of eight operations with an immediate."""
    size = 1 if head.opcode == 0x80 else head.size
    operation = head.extension
    if head.register_form:
        register = _low(head, head.rm, size)
        if operation == 7:
            return i.COMPARE_CONST, size, register, i.NONE, 0
        if operation in (0, 5) and size >= 4:
            return i.ADD, size, register, register, -1 if operation == 5 else 0
        if operation == 4 and register == 4:  # and rsp, -16: aligning the stack
            return _NOTHING
        return i.CLOBBER, size, register, i.NONE, 0
    if operation == 7:
        return i.COMPARE_MEMORY, size, i.NONE, i.NONE, 0
    if operation in (0, 5):
        return i.UPDATE, size, i.NONE, i.NONE, -1 if operation == 5 else 0
    return i.MODIFY, size, i.NONE, i.NONE, 0


def _move(head: Head) -> Meaning:
    """88 to 8B."""
    size = head.size if head.opcode & 1 else 1
    loads = head.opcode & 2
    if head.register_form:
        target, source = (head.reg, head.rm) if loads else (head.rm, head.reg)
        if size < 4:
            return i.CLOBBER, size, _low(head, target, size), i.NONE, 0
        return i.MOVE, size, target, source, 0
    return (i.LOAD if loads else i.STORE), size, _low(head, head.reg, size), i.NONE, 0


def _move_constant(head: Head) -> Meaning:
    """C6 and C7."""
    size = head.size if head.opcode & 1 else 1
    if head.register_form:
        return (i.CONST if size >= 4 else i.CLOBBER), size, head.rm, i.NONE, 0
    return i.STORE_CONST, size, i.NONE, i.NONE, 0


def _step_or_jump(head: Head) -> Meaning:
    """FE and FF: inc, dec, call, jmp, push."""
    size = head.size if head.opcode & 1 else 1
    operation = head.extension
    if operation in (0, 1):
        imm = 1 if operation == 0 else -1
        if head.register_form:
            kind = i.ADD if size >= 4 else i.CLOBBER
            return kind, size, head.rm, head.rm, imm
        return i.UPDATE, size, i.NONE, i.NONE, imm
    if operation in (2, 4):
        call = operation == 2
        if head.register_form:
            return (i.CALL_REG if call else i.JUMP_REG), 8, i.NONE, head.rm, 0
        return (i.CALL_MEMORY if call else i.JUMP_MEMORY), 8, i.NONE, i.NONE, 0
    if operation == 6:
        return (i.PUSH, 8, head.rm, i.NONE, 0) if head.register_form else _PUSHED
    return _NOTHING


_PUSHED: Meaning = (i.PUSH, 0, i.NONE, i.NONE, 0)


def _load_or_clobber(head: Head, size: int) -> Meaning:
    if head.register_form:
        return i.CLOBBER, size, head.reg, i.NONE, 0
    return i.LOAD, size, head.reg, i.NONE, 0


def _test_or_shift(head: Head) -> Meaning:
    """F6, F7 (test, not, neg, mul, div) and the shifts."""
    opcode = head.opcode
    size = head.size if opcode & 1 else 1
    if opcode in (0xF6, 0xF7):
        if head.extension < 2:
            return _NOTHING if head.register_form else (i.READ, size, i.NONE, i.NONE, 0)
        if head.extension > 3:  # into rdx:rax; rax is what is looked at most
            return i.CLOBBER if head.register_form else i.READ, size, 0, i.NONE, 0
    if head.register_form:
        if opcode == 0xC1 and head.extension == 4 and size == 8:
            return i.SHIFT, size, head.rm, head.rm, 0
        return i.CLOBBER, size, _low(head, head.rm, size), i.NONE, 0
    return i.MODIFY, size, i.NONE, i.NONE, 0


def _exchange(head: Head) -> Meaning:
    size = head.size if head.opcode & 1 else 1
    if head.register_form:
        return i.CLOBBER, size, head.reg, i.NONE, 0
    return i.EXCHANGE, size, head.reg, i.NONE, 0


def _test(head: Head) -> Meaning:
    size = head.size if head.opcode & 1 else 1
    if head.register_form and head.reg == head.rm and size == 8:
        return i.COMPARE_CONST, size, head.reg, i.NONE, 0
    return _NOTHING if head.register_form else (i.READ, size, i.NONE, i.NONE, 0)


def _multiply(head: Head) -> Meaning:
    if head.register_form:
        return i.CLOBBER, head.size, head.reg, i.NONE, 0
    return i.READ, head.size, head.reg, i.NONE, 0


def _pop_memory(head: Head) -> Meaning:
    if head.register_form:
        return i.POP, 8, head.rm, i.NONE, 0
    return i.MODIFY, 8, i.NONE, i.NONE, 0


_ONE = {
    0x63: lambda head: _load_or_clobber(head, 4),
    0x69: _multiply, 0x6B: _multiply,
    0x80: _immediate_group, 0x81: _immediate_group, 0x83: _immediate_group,
    0x84: _test, 0x85: _test, 0x86: _exchange, 0x87: _exchange,
    0x88: _move, 0x89: _move, 0x8A: _move, 0x8B: _move,
    0x8D: lambda head: (i.LEA if head.size == 8 else i.CLOBBER, 8, head.reg, i.NONE, 0),
    0x8F: _pop_memory,
    0xA8: lambda head: _NOTHING, 0xA9: lambda head: _NOTHING,  # noqa: ARG005
    0xC0: _test_or_shift, 0xC1: _test_or_shift, 0xC6: _move_constant, 0xC7: _move_constant,
    0xD0: _test_or_shift, 0xD1: _test_or_shift, 0xD2: _test_or_shift, 0xD3: _test_or_shift,
    0xF6: _test_or_shift, 0xF7: _test_or_shift, 0xFE: _step_or_jump, 0xFF: _step_or_jump,
}  # fmt: skip


def _two_byte(head: Head) -> Meaning:
    opcode = head.opcode
    if 0x80 <= opcode <= 0x8F:
        return i.BRANCH, _CONDITIONS.get(opcode - 0x10, 0), i.NONE, i.NONE, 0
    if opcode == 0x0B:
        return i.STOP, 0, i.NONE, i.NONE, 0
    if not head.vector:
        general = _two_byte_general(head)
        if general is not None:
            return general
    vector = i.VECTORS + head.reg
    size = head.vector or 16
    if (
        opcode in (0x28, 0x29)
        or (opcode in (0x10, 0x11) and head.pp in (0, 0x66))
        or (opcode in (0x6F, 0x7F) and head.pp in (0x66, 0xF3))
    ):  # movaps, movups, movdqa, movdqu and their kin
        stores = opcode in (0x29, 0x11, 0x7F)
        if head.register_form:
            target, source = (head.rm, head.reg) if stores else (head.reg, head.rm)
            return i.MOVE, size, i.VECTORS + target, i.VECTORS + source, 0
        return (i.STORE if stores else i.LOAD), size, vector, i.NONE, 0
    return _vector_parts(head, vector, size)


def _vector_parts(head: Head, vector: int, size: int) -> Meaning:
    """Instructions that move 8 bytes of a vector, or make it zero."""
    opcode, pp, wide = head.opcode, head.pp, bool(head.rex & 8)
    if opcode in (0x6E, 0x7E) and pp == 0x66:  # movd, movq with a general register or memory
        moved = 8 if wide else 4
        if head.register_form:
            into = (vector, head.rm) if opcode == 0x6E else (head.rm, vector)
            return (i.MOVE if wide else i.CLOBBER), moved, into[0], into[1], 0
        return (i.LOAD if opcode == 0x6E else i.STORE), moved, vector, i.NONE, 0
    if (
        (opcode == 0x7E and pp == 0xF3)
        or (opcode == 0xD6 and pp == 0x66)
        or (
            opcode in (0x12, 0x13) and pp in (0, 0x66) and not head.register_form and not head.third
        )
    ):  # movq, movlps
        if head.register_form:
            target, source = (head.rm, head.reg) if opcode == 0xD6 else (head.reg, head.rm)
            return i.MOVE, 8, i.VECTORS + target, i.VECTORS + source, 0
        stores = opcode in (0xD6, 0x13)
        return (i.STORE if stores else i.LOAD), 8, vector, i.NONE, 0
    if opcode in (0x16, 0x17) and pp in (0, 0x66) and not head.register_form and not head.third:
        return (i.LOAD_HIGH if opcode == 0x16 else i.STORE_HIGH), 8, vector, i.NONE, 0
    if (opcode == 0x6C and pp == 0x66) or (opcode == 0x16 and pp == 0 and head.register_form):
        if head.register_form:  # punpcklqdq, movlhps
            return i.UNPACK, 8, vector, i.VECTORS + head.rm, 0
        return _vector_result(head)
    if opcode in (0x57, 0xEF) and head.register_form and head.reg == head.rm:  # xorps, pxor
        return i.CONST, size, vector, i.NONE, 0
    if opcode in (0x10, 0x11, 0x13, 0x17, 0x2B, 0x7F, 0xD6, 0xE7):  # movss, movsd, movnt
        stores = opcode != 0x10
        if not head.register_form and stores:
            moved = 4 if pp == 0xF3 else 8 if pp == 0xF2 else size
            return i.MODIFY, moved, i.NONE, i.NONE, 0
    if opcode in (0x2C, 0x2D, 0x50, 0xC5, 0xD7):  # into a general register
        return (i.CLOBBER if head.register_form else i.READ), size, head.reg, i.NONE, 0
    if opcode == 0xAE:  # fences, and storing the control word
        return _NOTHING if head.register_form else (i.READ, 4, i.NONE, i.NONE, 0)
    return _vector_result(head)


def _two_byte_general(head: Head) -> Meaning | None:
    """The instructions of map 0F on general registers."""
    opcode = head.opcode
    if 0x40 <= opcode <= 0x4F:
        if head.register_form:
            return (i.MERGE if head.size == 8 else i.CLOBBER), head.size, head.reg, head.rm, 0
        return i.READ, head.size, head.reg, i.NONE, 0
    if 0x90 <= opcode <= 0x9F:
        if head.register_form:
            return i.CLOBBER, 1, _low(head, head.rm, 1), i.NONE, 0
        return i.MODIFY, 1, i.NONE, i.NONE, 0
    if opcode in (0xB6, 0xB7, 0xBE, 0xBF):
        return _load_or_clobber(head, 2 if opcode & 1 else 1)
    if opcode in (0xB0, 0xB1, 0xC0, 0xC1):  # cmpxchg, xadd
        size = head.size if opcode & 1 else 1
        if head.register_form:
            return i.CLOBBER, size, head.rm, i.NONE, 0
        if opcode >= 0xC0:
            return i.MODIFY, size, head.reg, i.NONE, 0
        return i.EXCHANGE, size, head.reg, i.NONE, 0
    if opcode in (0xAF, 0xBC, 0xBD, 0xB8, 0x02, 0x03):
        return _multiply(head)
    if opcode in (0xA3, 0xAB, 0xB3, 0xBB, 0xBA, 0xA4, 0xA5, 0xAC, 0xAD):
        only_tests = opcode == 0xA3 or (opcode == 0xBA and head.extension == 4)
        if head.register_form:
            return _NOTHING if only_tests else (i.CLOBBER, head.size, head.rm, i.NONE, 0)
        return (i.READ if only_tests else i.MODIFY), head.size, i.NONE, i.NONE, 0
    if opcode in (0xC3, 0xC7):  # movnti; cmpxchg8b and rdrand
        if head.register_form:
            return i.CLOBBER, head.size, head.rm, i.NONE, 0
        return i.MODIFY, head.size, i.NONE, i.NONE, 0
    if opcode & 0xF8 == 0xC8:  # bswap
        return i.CLOBBER, head.size, opcode & 7 | (head.rex & 1) << 3, i.NONE, 0
    if opcode in (0xA2, 0x31, 0x01):  # cpuid, rdtsc, xgetbv
        return i.CLOBBER, 8, 0, i.NONE, 0
    bare = (0x05, 0x08, 0x09, 0x0D, 0x0E, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x77,
            0xA0, 0xA1, 0xA8, 0xA9)  # fmt: skip
    return _NOTHING if opcode in bare else None
