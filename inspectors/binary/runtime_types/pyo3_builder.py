"""The function that makes every PyO3 class: what its callers need not tell, because it knows.

An argument that is the same for every class of the file is removed from the calls and stands in
the builder: the length of all names, the module, with one class everything.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import Value
from isoview.inspectors.binary.runtime_types.tracker import Site

NAME_LIMIT = 256
ARGUMENT_LIMIT = 40
"""Arguments of one call that are looked at, 8 bytes each."""


class Text(NamedTuple):
    """A Rust string: where, and what."""

    address: int
    text: str


class Builder(NamedTuple):
    """What the builder holds itself."""

    lengths: dict[int, int]  # length of the text that an argument points to, by its index
    texts: frozenset[Text]  # names that it holds: a module, the name of the only class


def arguments(code: Code, site: Site) -> list[Value | None]:
    """The arguments of a call in their order: those in registers, then those on the stack."""
    registers = code.machine.arguments
    values = [site.state.registers.get(number) for number in registers]
    top = site.state.registers.get(code.machine.stack)
    if not isinstance(top, tuple) or top[0] != "stack":
        return values + [None] * ARGUMENT_LIMIT
    first = top[1] + _shadow(code)
    memory = site.state.memory
    return values + [memory.get(first + 8 * n) for n in range(ARGUMENT_LIMIT)]


def _shadow(code: Code) -> int:
    """Bytes between the stack pointer and the first argument: Windows keeps room for registers."""
    return 32 if code.image.format == "pe" and code.image.arch == "x86-64" else 0


def text_at(image: Image, address: Value | None, length: Value | None) -> Text | None:
    """The identifier of ``length`` bytes at ``address``: a class's name, or a dotted module."""
    if not isinstance(address, int) or not isinstance(length, int):
        return None
    if not 0 < length <= NAME_LIMIT or address <= 0 or image.in_code(address):
        return None
    raw = image.read(address, length)
    if len(raw) != length:
        return None
    text = raw.decode("utf-8", "replace")
    if not all(part.isidentifier() for part in text.split(".")):
        return None
    return Text(address, text)


def read_builder(code: Code, builders: set[int]) -> Builder:
    """What the functions at ``builders`` know of every class."""
    lengths: dict[int, set[int]] = {}
    paired: set[int] = set()
    texts: set[Text] = set()
    for start in builders:
        for value, length in _pairs(code, start):
            index = _index(code, value)
            if index is not None:
                if _index(code, length) == index + 1:
                    paired.add(index)
                elif (known := _constant(length)) is not None:
                    lengths.setdefault(index, set()).add(known)
                continue
            text = text_at(code.image, value, length)
            if text is not None and not text.text.startswith("__"):
                texts.add(text)
    sure = {
        index: seen.pop()
        for index, seen in lengths.items()
        if len(seen) == 1 and index not in paired
    }
    return Builder(sure, frozenset(texts))


def _index(code: Code, value: Value | None) -> int | None:
    """Which of the builder's own arguments ``value`` is, or is unless it is null."""
    if not isinstance(value, tuple):
        return None
    if value[0] == "argument":
        return int(value[1])
    if value[0] == "incoming":
        return len(code.machine.arguments) + (int(value[1]) - _shadow(code)) // 8
    if value[0] == "either":
        return next((i for v in value[1:] if (i := _index(code, v)) is not None), None)
    return None


def _constant(value: Value) -> int | None:
    """A length; of two that a conditional move chooses from, the one not of "builtins"."""
    if isinstance(value, int):
        return value if 0 < value <= NAME_LIMIT else None
    if value[0] == "either":
        other = [n for n in value[1:] if isinstance(n, int) and n != len("builtins")]
        return _constant(other[0]) if len(other) == 1 else None
    return None


def _pairs(code: Code, start: int) -> Iterator[tuple[Value, Value]]:
    """Neighbouring values wherever a function calls another: in argument registers, on the stack."""
    function = code.functions.at(start)
    for site in code.tracker.sites(start, function.end, code.decode(function) or ()):
        values = [site.state.registers.get(n) for n in code.machine.arguments]
        memory = site.state.memory
        pairs = list(pairwise(values))
        pairs += [(value, memory.get(offset + 8)) for offset, value in memory.items()]
        yield from ((a, b) for a, b in pairs if a is not None and b is not None)
