"""Following AArch64 code: what small functions call, store and return, and with which values.

Instructions are four bytes, and an address is put together from several of them, so the registers
are followed: each instruction is visited once, with what is known of the registers on the first
path that leads to it. What is not understood makes a register unknown.

Encodings: Arm Architecture Reference Manual for A-profile, chapter C4. Which registers a call
keeps: Procedure Call Standard (AAPCS64), x19 to x28 and the stack pointer.
"""

from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.binary.image import Image

STEP_LIMIT = 1 << 15
"""Instructions of one function that are followed."""
STACK = -1
"""What a register holds that points into the stack, wherever; an address is never negative."""
_MASK = (1 << 64) - 1
_LAST = 31  # this register number is the stack pointer or the zero register, by the instruction
_KEPT = frozenset({*range(19, 29), _LAST})
_STUB_LENGTH = 6  # bti c; adrp; ldr; add; br, and one more

Value = int | str
"""What a register holds: a number or a local address, or the name of an import."""
Registers = dict[int, Value]


class Event(NamedTuple):
    """Something a function does; ``registers`` are valid until the next event is asked for.

    ``kind`` is call (a jump out of the function too), store or return. ``value``: the name or
    local address that is called, or what is stored at ``target``; None where it is not known.
    """

    kind: str
    address: int
    registers: Registers
    value: Value | None = None
    target: int | None = None
    size: int = 0


class Branch(NamedTuple):
    """A branch: to an address, or to what a register holds."""

    kind: str  # call, jump, condition, return
    target: int | None = None
    register: int | None = None


def walk(image: Image, start: int, code: bytes) -> Iterator[Event]:
    """What the function at ``start`` does, following its branches within ``code``."""
    end = start + len(code) // 4 * 4
    pending: list[tuple[int, Registers]] = [(start, {_LAST: STACK})]
    visited: set[int] = set()
    while pending:
        at, registers = pending.pop()
        while start <= at < end and at not in visited and len(visited) < STEP_LIMIT:
            visited.add(at)
            word = int.from_bytes(code[at - start : at - start + 4], "little")
            branch = branch_of(word, at)
            if branch is None:
                yield from step(image, word, at, registers)
                at += 4
                continue
            if branch.kind == "return":
                yield Event("return", at, registers)
                break
            if branch.kind == "condition":
                pending.append((branch.target or 0, dict(registers)))
                at += 4
                continue
            reached = _reached(image, branch, registers)
            if branch.kind == "jump":
                if isinstance(reached, int) and start <= reached < end:
                    at = reached
                    continue
                yield Event("call", at, registers, reached)
                break
            yield Event("call", at, registers, reached)
            registers = {n: v for n, v in registers.items() if n in _KEPT}
            at += 4


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def branch_of(word: int, at: int) -> Branch | None:
    """The branch that ``word`` is; None for every other instruction."""
    if word & 0x7C000000 == 0x14000000:  # b, bl
        target = at + (_signed(word & 0x3FFFFFF, 26) << 2)
        return Branch("call" if word >> 31 else "jump", target)
    if word & 0xFE000000 == 0x54000000 or word & 0x7E000000 == 0x34000000:  # b.cond; cbz, cbnz
        return Branch("condition", at + (_signed(word >> 5 & 0x7FFFF, 19) << 2))
    if word & 0x7E000000 == 0x36000000:  # tbz, tbnz
        return Branch("condition", at + (_signed(word >> 5 & 0x3FFF, 14) << 2))
    if word & 0xFE000000 == 0xD6000000:  # br, blr, ret, and those that authenticate (bit 24)
        kind = {0: "jump", 1: "call"}.get(word >> 21 & 7, "return")
        return Branch(kind, None, word >> 5 & 31)
    return None


def _reached(image: Image, branch: Branch, registers: Registers) -> Value | None:
    if branch.target is None:
        return registers.get(branch.register or 0)
    return stub_target(image, branch.target) or branch.target


def stub_target(image: Image, address: int) -> str | None:
    """The imported function that a stub at ``address`` jumps to.

    ELF: ``[bti c]; adrp x16; ldr x17, [x16, #n]; add x16; br x17``. Mach-O and PE: ``adrp x16;
    ldr x16, [x16, #n]; br x16``, where the linker may make one ``ldr x16, literal`` of the first
    two, and arm64e signs the jump (``braa``).
    """
    code = image.read(address, 4 * _STUB_LENGTH)
    registers: Registers = {}
    for offset in range(0, len(code) - 3, 4):
        word = int.from_bytes(code[offset : offset + 4], "little")
        branch = branch_of(word, address + offset)
        if branch is None:
            for _ in step(image, word, address + offset, registers):
                return None  # a stub stores nothing
            continue
        if branch.kind != "jump" or branch.register is None:
            return None
        name = registers.get(branch.register)
        return name if isinstance(name, str) else None
    return None


def step(image: Image, word: int, at: int, registers: Registers) -> Iterator[Event]:
    """Follow one instruction that is no branch; what it stores comes back as events."""
    if word & 0x0A000000 == 0x08000000:
        yield from _memory(image, word, at, registers)
    elif word & 0xFFFFF01F != 0xD503201F:  # not nop, bti, paciasp, ...
        # In add and sub with an immediate (without flags) number 31 is the stack pointer.
        sum_ = word & 0x3F800000 == 0x11000000
        if sum_ or word & 31 != _LAST:
            _assign(registers, word & 31, _computed(word, at, registers))
        if registers.get(_LAST) != STACK:
            registers[_LAST] = STACK


def _assign(registers: Registers, number: int, value: Value | None) -> None:
    if value is None:
        registers.pop(number, None)
    else:
        registers[number] = value


def _computed(word: int, at: int, registers: Registers) -> Value | None:
    """The result of a data-processing instruction, where it is known."""
    wide = word >> 31
    limit = _MASK if wide else 0xFFFFFFFF
    if word & 0x1F000000 == 0x10000000:  # adr, adrp
        distance = _signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
        return ((at & ~0xFFF) + (distance << 12) if wide else at + distance) & _MASK
    if word & 0x3F800000 == 0x11000000:  # add, sub with an immediate
        base = registers.get(word >> 5 & 31)
        if not isinstance(base, int) or base == STACK:
            return base if base == STACK else None
        number = (word >> 10 & 0xFFF) << (12 if word >> 22 & 1 else 0)
        return (base - number if word >> 30 & 1 else base + number) & limit
    shift = 16 * (word >> 21 & 3)
    number = (word >> 5 & 0xFFFF) << shift
    if word & 0x7F800000 == 0x52800000:  # movz
        return number
    if word & 0x7F800000 == 0x12800000:  # movn
        return ~number & limit
    if word & 0x7F800000 == 0x72800000:  # movk
        known = registers.get(word & 31)
        if isinstance(known, int) and known != STACK:
            return known & ~(0xFFFF << shift) | number
        return None
    if word & 0x7FE0FFE0 == 0x2A0003E0:  # mov: orr with the zero register
        source = word >> 16 & 31
        value = 0 if source == _LAST else registers.get(source)
        return value & limit if isinstance(value, int) and value != STACK else value
    return None


class Access(NamedTuple):
    """A load or store at an immediate offset from its base register."""

    offset: int
    size: int  # bytes of each register that is loaded or stored
    numbers: tuple[int, ...]  # of these registers
    loads: bool
    moves_base: bool


def _access(word: int) -> Access | None:
    """What a load or store does to memory; None for kinds not looked into."""
    vector = word >> 26 & 1
    top = word >> 30
    if word & 0x3A000000 == 0x28000000:  # ldp, stp
        mode = word >> 23 & 3  # 1 after the access, 2 at an offset, 3 before it
        size = (4 << top) if vector else (8 if top == 2 else 4)
        offset = 0 if mode == 1 else _signed(word >> 15 & 0x7F, 7) * size
        numbers = (word & 31, word >> 10 & 31)
        return Access(offset, size, numbers, bool(word >> 22 & 1), mode in (1, 3))
    opcode = word >> 22 & 3
    size = 16 if vector and opcode >= 2 else 1 << top
    loads = bool(opcode & 1) if vector else opcode != 0
    if word & 0x3B000000 == 0x39000000:  # unsigned offset
        return Access((word >> 10 & 0xFFF) * size, size, (word & 31,), loads, moves_base=False)
    if word & 0x3B200000 == 0x38000000:  # unscaled, or with a base that moves
        mode = word >> 10 & 3
        offset = 0 if mode == 1 else _signed(word >> 12 & 0x1FF, 9)
        return Access(offset, size, (word & 31,), loads, mode in (1, 3))
    return None


def _memory(image: Image, word: int, at: int, registers: Registers) -> Iterator[Event]:
    """Follow one load or store."""
    vector = word >> 26 & 1
    if word & 0x3B000000 == 0x18000000:  # ldr, literal
        if not vector and word & 31 != _LAST:
            address = at + (_signed(word >> 5 & 0x7FFFF, 19) << 2)
            value = loaded(image, address & _MASK) if word >> 30 == 1 else None
            _assign(registers, word & 31, value)
        return
    access = _access(word)
    if access is None:
        yield from _other_memory(word, at, registers)
        return
    number = word >> 5 & 31
    base = registers.get(number)
    known = base + access.offset if isinstance(base, int) and base != STACK else None
    for index, register in enumerate(access.numbers):
        place = None if known is None else (known + index * access.size) & _MASK
        if not access.loads:
            if base != STACK:
                value = None if vector else _held(registers, register)
                yield Event("store", at, registers, value, place, access.size)
        elif not vector and register != _LAST:
            wide = place is not None and access.size == 8
            _assign(registers, register, loaded(image, place or 0) if wide else None)
    if access.moves_base and number != _LAST and base != STACK:
        registers.pop(number, None)


def _held(registers: Registers, number: int) -> Value | None:
    value = 0 if number == _LAST else registers.get(number)
    return None if value == STACK else value


def _other_memory(word: int, at: int, registers: Registers) -> Iterator[Event]:
    """Exclusive and atomic accesses, and those indexed by a register."""
    indexed = word & 0x3B200C00 == 0x38200800
    loads = indexed and word >> 22 & 3 != 0
    for number in (word & 31,) if indexed else (word & 31, word >> 10 & 31, word >> 16 & 31):
        if number != _LAST:
            registers.pop(number, None)
    if not loads:
        yield Event("store", at, registers)


def loaded(image: Image, address: int) -> Value | None:
    """What a 64-bit load from ``address`` gives: an import's name, a local address, a constant."""
    name = image.imports_at.get(address)
    if name is not None:
        return name
    target = image.pointers.get(address)
    if target is not None or image.is_writable(address):
        return target
    return image.unsigned(address, 8)
