"""Instructions of x86-64 and AArch64 in one form: what they do to registers and memory.

An instruction is a plain tuple, because hundreds of thousands are made for one file::

    (address, kind, size, reg, base, index, scale, disp, imm)

The same bytes stand in many places, so they are worked out once, to a *shared* instruction that
counts from where it stands: the length is in place of the address, a base of :data:`HERE` makes
``disp`` a distance, and the targets of ``CALL``, ``JUMP``, ``BRANCH`` and ``ADDRESS`` are distances
too. Where several share one address, only the last has a length. A tenth entry, the *form*, says
which way through it is short (see :func:`form_of`).

``size`` counts the bytes moved. A memory operand is ``[base + index * scale + disp]``; a base of
:data:`NONE` makes ``disp`` a link-time address (what is relative to the program counter has been
worked out). Registers: on x86-64 rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15 are 0 to 15; on
AArch64 x0 to x30 are 0 to 30 and the stack pointer is 31; vector registers follow from 32. What
does several things (a pair of loads, a base register that moves) gives several tuples with one
address. Flags are not followed.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate
from operator import itemgetter

from isoview.inspectors.binary.image import Image
from isoview.inspectors.hints import NamedTuple
from isoview.inspectors.record import Record

NONE = -1
VECTORS = 32
"""Number of the first vector register."""

HERE = -3
"""Base of a shared instruction's operand that counts from the instruction itself."""
PAGE = 4096
"""``size`` of a shared ``ADDRESS`` that counts from the page of the instruction."""

Instruction = tuple[int, int, int, int, int, int, int, int, int]
Shared = tuple[int, int, int, int, int, int, int, int, int, int]

# What happens to registers.
OTHER = 0  # nothing that is followed
CLOBBER = 1  # reg becomes unknown
MOVE = 2  # reg = base
CONST = 3  # reg = imm
ADDRESS = 4  # reg = imm, an address of this file (lea rip, adr, adrp)
ADD = 5  # reg = base + imm
SUM = 6  # reg = base + index * scale
LEA = 7  # reg = address of the memory operand
MERGE = 8  # reg = base, or stays (conditional move)
SHIFT = 9  # reg = base << imm
# What happens to memory.
LOAD = 10  # reg = memory; smaller than a register: zero- or sign-extended
STORE = 11  # memory = reg
STORE_CONST = 12  # memory = imm
UPDATE = 13  # memory += imm
MODIFY = 14  # memory is changed in another way
READ = 15  # memory is read; reg, where there is one, becomes unknown
EXCHANGE = 16  # memory and reg change places, perhaps under a condition
LOAD_HIGH = 17  # upper half of vector reg = memory
STORE_HIGH = 18  # memory = upper half of vector reg
# Upper half of vector reg = lower half of base, or all of general register base; where index is a
# vector, its lower half goes to the lower one of reg.
UNPACK = 19
WRITING = frozenset({STORE, STORE_CONST, UPDATE, MODIFY, EXCHANGE, STORE_HIGH})
# Comparisons.
COMPARE = 20  # reg with base
COMPARE_CONST = 21  # reg with imm; x86-64's test of a register with itself is one with 0
COMPARE_MEMORY = 22  # memory with reg, or with imm where there is no reg
# The stack.
PUSH = 25  # reg, or imm where there is none; with a size of 0 the memory operand
POP = 26
# Where control goes: imm is the target.
CALL = 40
CALL_REG = 41
CALL_MEMORY = 42
JUMP = 43
JUMP_REG = 44
JUMP_MEMORY = 45
BRANCH = 46  # under a condition; ``size`` says which, where it is one of these:
IF_ZERO = 1  # the register tested just before, or reg where there is one, is zero
IF_OTHER = 2  # it is not
RETURN = 47
STOP = 48  # a trap, or bytes that are no instruction

# Forms that are no kinds: the commonest cases of some. The registers are general ones.
LOAD_WORD = 30  # 8 bytes, from a base register without an index
LOAD_STATIC = 31  # 8 bytes, from an address of the file
STORE_WORD = 32  # 8 bytes, to a base register without an index
MOVE_WORD = 33  # 8 bytes
CLOBBER_WORD = 34
CLEAR = 35  # reg = 0
UPDATE_LOCKED = 36  # with x86-64's lock prefix


def form_of(ins: tuple[int, int, int, int, int, int, int, int, int]) -> int:
    """The form of a shared instruction: what a follower of values does with it. ``OTHER`` where that
    is nothing, else its kind or one of the narrower ones above.
    """
    _, kind, size, reg, base, index, _, _, imm = ins
    general = 0 <= reg < VECTORS
    if kind == CLOBBER:
        return CLOBBER_WORD if general else kind
    if kind == COMPARE_CONST:
        return kind if imm else OTHER  # numbers of elements are looked for
    if kind == CONST:
        return CLEAR if general and not imm else kind
    if size != 8 or not general or index != NONE:
        return kind
    if kind == LOAD:
        return LOAD_WORD if base >= 0 else LOAD_STATIC
    if kind == STORE:
        return STORE_WORD if base >= 0 else kind
    return MOVE_WORD if kind == MOVE and base < VECTORS else kind


class Listing(NamedTuple):
    """Code that was read, from the address ``start`` on; ``last`` is that of the last instruction."""

    start: int
    last: int
    instructions: list[Shared]

    def addresses(self) -> Iterator[int]:
        """Where the instructions stand, and then where the code behind them would."""
        return accumulate(map(_LENGTH, self.instructions), initial=self.start)


_LENGTH = itemgetter(0)


def absolute(listing: Listing) -> list[Instruction]:
    """The instructions of a listing, each with its own address and targets."""
    found: list[Instruction] = []
    add = found.append
    for at, ins in zip(listing.addresses(), listing.instructions):  # noqa: B905 - one more
        _, kind, size, reg, base, index, scale, disp, imm, _ = ins
        if base == HERE:
            add((at, kind, size, reg, NONE, index, scale, disp + at, imm))
        elif kind == ADDRESS:
            origin = at & -PAGE if size == PAGE else at
            add((at, kind, 8, reg, base, index, scale, disp, imm + origin))
        elif kind in (CALL, JUMP, BRANCH):
            add((at, kind, size, reg, base, index, scale, disp, imm + at))
        else:
            add((at, kind, size, reg, base, index, scale, disp, imm))
    return found


class Machine(Record):
    """One processor's code: how to read it, and its calling convention."""

    read: Callable[[bytes, int], Listing]  # the code that starts at an address
    arguments: tuple[int, ...]  # registers of the first integer arguments
    result: int
    kept: frozenset[int]  # registers that a call keeps
    stack: int  # the stack pointer
    frame: int  # the frame pointer
    link: int  # the return address' register, or NONE
    home: int = 0  # bytes kept free on the stack for the register arguments
    variadic_on_stack: bool = False  # variable arguments are never in registers

    def decode(self, code: bytes, start: int) -> list[Instruction]:
        """The instructions of ``code``, which stands at the link-time address ``start``."""
        return absolute(self.read(code, start))


# System V psABI; Microsoft x64 calling convention; AAPCS64, and Apple's variant of it.
_SYSTEM_V = ((7, 6, 2, 1, 8, 9), frozenset({3, 4, 5, 12, 13, 14, 15}))
_WINDOWS = (
    (1, 2, 8, 9),
    frozenset({3, 4, 5, 6, 7, 12, 13, 14, 15, *range(VECTORS + 6, VECTORS + 16)}),
)


def machine(image: Image) -> Machine | None:
    """How to read the code of ``image``; None for a processor that is not read."""
    if image.arch == "x86-64":
        from isoview.inspectors.binary.code.x86_64 import read

        arguments, kept = _WINDOWS if image.format == "pe" else _SYSTEM_V
        home = 32 if image.format == "pe" else 0
        return Machine(read, arguments, 0, kept, 4, 5, NONE, home)
    if image.arch == "aarch64" and image.endian == "little":
        from isoview.inspectors.binary.code.aarch64 import read as read_aarch64

        kept = frozenset({*range(19, 30), 31})
        apple = image.format == "mach-o"
        return Machine(read_aarch64, tuple(range(8)), 0, kept, 31, 29, 30, 0, apple)
    return None
