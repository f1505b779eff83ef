"""Loops that walk over arrays: a pointer that moves on before a jump backward."""

from isoview.inspectors.binary.code.record import Array, Record
from isoview.inspectors.binary.code.values import FROM, INSIDE, STATIC, Node, Value

STRIDE_LIMIT = 512
"""Bytes between elements beyond which a moving pointer is no walk over an array."""


COUNT_LIMIT = 1 << 16
"""A larger number that an index is compared with is no count of elements."""


class _Bump:
    """A register that held an address and was moved on by a constant."""

    __slots__ = ("at", "by", "end", "start")

    def __init__(self, at: int, start: Node, by: int) -> None:
        self.at = at
        self.start = start
        self.by = by
        self.end: int | None = None


class Loops:
    """The walks over arrays in one function."""

    def __init__(self, record: Record, function: int) -> None:
        self.record = record
        self.function = function
        self.bumps: dict[int, _Bump] = {}
        self.indexes: dict[int, Array] = {}

    def bump(self, at: int, register: int, value: Value, by: int) -> None:
        """``register``, which held ``value``, moves on by ``by`` bytes."""
        if value is None or not 0 < by <= STRIDE_LIMIT:
            return
        if value[0] in (STATIC, FROM):
            self.bumps[register] = _Bump(at, value[1], by)
        elif value[0] == INSIDE:
            start = (INSIDE, value[1], value[2]) if value[2] else value[1]
            self.bumps[register] = _Bump(at, start, by)

    def compared(self, register: int, value: Value) -> None:
        """``register`` is compared with an address: perhaps the end of what it walks over."""
        bump = self.bumps.get(register)
        if bump is not None and value is not None and value[0] == STATIC:
            bump.end = value[1]

    def indexed(self, at: int, register: int, place: Value, scale: int) -> None:
        """A static at ``place`` is reached through an index; a compiler would not keep a constant
        one in a register, so even where its value is known, it is a loop's first.
        """
        assert place is not None  # noqa: S101 - the caller has looked
        if scale < 8:
            return
        array = Array(place[1], scale, None, at, self.function)
        self.record.arrays.append(array)
        self.indexes[register] = array

    def counted(self, register: int, number: int) -> None:
        """``register`` is compared with a number: perhaps how many elements there are."""
        array = self.indexes.pop(register, None)
        if array is not None and isinstance(array.start, int) and 1 < number <= COUNT_LIMIT:
            array.end = array.start + number * array.stride

    def back(self, at: int, target: int) -> None:
        """A jump from ``at`` back to ``target``: what moved in between is a walk."""
        for bump in self.bumps.values():
            if target <= bump.at <= at:
                self.record.arrays.append(
                    Array(bump.start, bump.by, bump.end, target, self.function)
                )
