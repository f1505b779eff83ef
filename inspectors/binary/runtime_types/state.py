"""What is known at one place in a function: values of registers, and words of the stack.

Values: an ``int`` is a number or a link-time address; a ``str`` the address of an import; a tuple
begins with what it is: ``("stack", offset)`` an address on the stack, counted from where the stack
pointer stood at the start; ``("argument", n)``, and ``("incoming", offset)`` for those on the
stack; ``("result", site)`` of the call there; ``("variable", address)`` the content of a word that
is written at run time; ``("import", name)`` the content of an imported variable; ``("field", value,
offset)`` a word read through a value, and ``("at", value, offset)`` its address; ``("either",
value, value)`` the result of a conditional move; ``("bytes", number, size)`` what is left of a number that
was written over in part. ``("joined", parts)`` and ``("stream", parts)`` see :mod:`joined_names`.
"""

from isoview.inspectors.hints import Any

Value = int | str | tuple[Any, ...]
MASK = (1 << 64) - 1
_RUN = 64
"""Longest piece of the stack that is forgotten word by word."""


class State:
    """What is known of registers (general ones, and halves of vectors) and of the stack."""

    __slots__ = ("memory", "odd", "registers", "upper")

    def __init__(self) -> None:
        self.registers: dict[int, Value] = {}
        self.upper: dict[int, Value] = {}  # upper halves of vectors
        self.memory: dict[int, Value] = {}  # words of the stack by their offset
        self.odd: set[int] = set()  # those of the offsets that are no multiple of 8

    def copy(self) -> "State":
        """A state that can go its own way from here."""
        new = State()
        new.registers = self.registers.copy()
        new.upper = self.upper.copy()
        new.memory = self.memory.copy()
        new.odd = self.odd.copy()
        return new

    def meet(self, other: "State") -> None:
        """Keep what both know alike."""
        for mine, theirs in (
            (self.registers, other.registers),
            (self.upper, other.upper),
            (self.memory, other.memory),
        ):
            for key in [key for key, value in mine.items() if theirs.get(key) != value]:
                both = _string(key, mine[key], theirs.get(key)) if mine is self.memory else None
                if both is None:
                    del mine[key]
                else:
                    mine[key] = both

    def word(self, base: Value | None, offset: int) -> Value | None:
        """The word that was stored at ``base + offset`` on the stack."""
        if isinstance(base, tuple) and base[0] == "stack":
            return self.memory.get(base[1] + offset)
        return None

    def forget(self, base: Value | None, size: int) -> None:
        """Somebody else wrote ``size`` bytes at ``base`` on the stack, or may have."""
        if isinstance(base, tuple) and base[0] == "stack":
            self._drop(base[1], size)

    def _drop(self, offset: int, size: int) -> None:
        memory = self.memory
        if offset % 8:
            for key in range(offset - 7, offset):
                self._cut(key, offset - key)
        if size <= _RUN:
            for key in range(offset, offset + size, 1 if offset % 8 else 8):
                memory.pop(key, None)
        else:
            for key in [key for key in memory if offset <= key < offset + size]:
                del memory[key]
        if self.odd:  # words that do not stand at a multiple of 8
            for key in [key for key in self.odd if offset - 8 < key < offset + size]:
                if key < offset:
                    self._cut(key, offset - key)
                else:
                    self.odd.discard(key)
                    memory.pop(key, None)

    def _cut(self, key: int, size: int) -> None:
        """What lies at ``key`` is left up to ``size`` bytes: of a number, the piece of a text."""
        value = self.memory.get(key)
        if isinstance(value, tuple) and value[0] == "bytes" and value[2] <= size:
            return
        number = value[1] if isinstance(value, tuple) and value[0] == "bytes" else value
        if isinstance(number, int):
            self.memory[key] = ("bytes", number & (1 << 8 * size) - 1, size)
        else:
            self.memory.pop(key, None)

    def store(self, offset: int, size: int, value: Value | None) -> None:
        """``size`` bytes are stored at an offset of the stack; None: it is not known which."""
        self._drop(offset, size)
        if value is not None:
            if offset % 8:
                self.odd.add(offset)
            self.memory[offset] = value & (1 << 8 * size) - 1 if isinstance(value, int) else value


def _string(offset: int, first: Value, second: Value | None) -> Value | None:
    """The characters of a ``std::string`` at ``offset`` that was moved there: a short one was
    copied to its own room, the address of a long one's was taken over.
    """
    for own, other in ((first, second), (second, first)):
        if own == ("stack", offset + 16) and isinstance(other, tuple) and other[0] == "joined":
            return other
    return None


def put(values: dict[int, Value], register: int, value: Value | None) -> None:
    """Set what a register holds, or that it is not known."""
    if value is None:
        values.pop(register, None)
    else:
        values[register] = value


def plus(value: Value | None, amount: int) -> Value | None:
    """``value + amount``, where that can be told."""
    if amount == 0:
        return value
    if isinstance(value, int):
        return value + amount & MASK
    if isinstance(value, tuple):
        if value[0] == "stack":
            return ("stack", value[1] + amount)
        if value[0] == "at":
            return ("at", value[1], value[2] + amount)
        if value[0] == "either":
            if isinstance(value[1], int) and isinstance(value[2], int):
                return ("either", value[1] + amount, value[2] + amount)
            return None
        return ("at", value, amount)
    return None
