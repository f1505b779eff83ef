"""PyO3's classes: one call of one library function for each, with everything known by then.

``create_type_object::<T>`` is compiled once for each class and calls ``inner``, the only function
that calls ``PyType_FromSpec``. Its arguments are the class's traits. Where they lie was read from
PyO3's sources and holds from 0.20 to 0.30 in relation to the name (a pointer and a length, as all
Rust strings): the items 8 bytes before it, ``is_basetype`` 16, the options for weak references and
a ``__dict__`` 32 and 48 (a tag, then the offset), ``doc`` 64 where it is a constant; behind it the
module (pointer, length) and the size of an instance. An argument that is the same for every class
is removed by the compiler; what is not there is unknown. What a class is *not* shown to have is
left open as well: ``frozen`` and ``unsendable`` leave no mark.
"""

from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.pyo3_items import Items, read_items
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.tracker import Site, State, Value

MAKERS = ("PyType_FromSpec", "PyType_FromSlots")
NAME_LIMIT = 256
_WINDOW = 512  # bytes of stack arguments that are looked through


class Text(NamedTuple):
    """A Rust string: where, and what."""

    address: int
    text: str


class BuiltClass(NamedTuple):
    """What one call says of the class it makes."""

    site: int
    creator: Function
    name: Text | None
    module: Text | None
    base: Value | None
    subclassable: bool | None
    has_dict: bool | None
    has_weakrefs: bool | None
    basicsize: int | None
    doc: str | None
    items: Items | None
    base_creator: int | None  # creator of the base, where that is a class of this file


class Classes(NamedTuple):
    """All classes whose making was found."""

    found: tuple[BuiltClass, ...]
    builders: tuple[int, ...]  # functions that call PyType_FromSpec
    unread: int  # call sites whose function the budget did not reach


def find_classes(code: Code) -> Classes:
    """Every class that the file makes through PyO3."""
    makers = code.callers_of_import(MAKERS)
    builders = {f.start for site in makers if (f := code.functions.containing(site))}
    creators: dict[int, set[int]] = {}
    for site in code.calls.sites_of(builders):
        function = code.functions.containing(site)
        if function is not None and function.start not in builders:
            creators.setdefault(function.start, set()).add(site)
    found: list[BuiltClass] = []
    unread = 0
    for start, sites in sorted(creators.items()):
        function = code.functions.at(start)
        decoded = code.decode(function)
        if decoded is None:
            unread += len(sites)
            continue
        found += _classes_in(code, function, decoded, sites, frozenset(creators))
    return Classes(tuple(found), tuple(sorted(builders)), unread)


def _classes_in(
    code: Code, function: Function, decoded: list, sites: set[int], creators: frozenset[int]
) -> Iterator[BuiltClass]:
    bases: list[int] = []
    for site in code.tracker.sites(function.start, function.end, decoded):
        if site.address in sites:
            yield _read_call(code, function, site, bases)
        for value in (*site.state.registers.values(), site.target):
            if isinstance(value, int) and value in creators and value != function.start:
                bases.append(value)


def _read_call(code: Code, function: Function, site: Site, bases: list[int]) -> BuiltClass:
    state, image = site.state, code.image
    arguments = list(_stack_arguments(code, site))
    place = _name_place(image, arguments)
    registers = code.machine.arguments
    base = next(
        (v for n in registers if (v := _base(state.registers.get(n))) is not None), None
    )
    name = module = None
    traits: dict[int, Value | None] = {}
    if place is not None:
        traits = {offset - place: value for offset, value in arguments}
        name = _text(image, traits.get(0), traits.get(8))
        module = _text(image, traits.get(16), traits.get(24))
    else:
        name, module = _name_in_registers(image, [state.registers.get(n) for n in registers])
    return BuiltClass(
        site.address,
        function,
        name,
        module,
        base,
        _flag(traits.get(-16)),
        _flag(traits.get(-48)),
        _flag(traits.get(-32)),
        _size(traits.get(32 if module else 16)),
        _doc(image, traits.get(-64), traits.get(-56)),
        read_items(image, _items_words(state, traits.get(-8))),
        bases[-1] if bases else None,
    )


def _stack_arguments(code: Code, site: Site) -> Iterator[tuple[int, Value]]:
    """(offset, value) of what lies where the callee looks for its stack arguments."""
    top = site.state.registers.get(code.machine.stack)
    if not isinstance(top, tuple) or top[0] != "stack":
        return
    for offset, value in sorted(site.state.memory.items()):
        if 0 <= offset - top[1] < _WINDOW:
            yield offset - top[1], value


def _name_place(image: Image, arguments: list[tuple[int, Value]]) -> int | None:
    """Where the name stands: the first pair of a pointer and a length that is an identifier."""
    known = dict(arguments)
    for offset, value in arguments:
        text = _text(image, value, known.get(offset + 8))
        if text is not None:
            return offset
    return None


def _name_in_registers(
    image: Image, values: list[Value | None]
) -> tuple[Text | None, Text | None]:
    """Name and module where both are passed in registers (0.20.0): two pairs, one after the other."""
    found = [
        text
        for first, second in zip(values, values[1:], strict=False)
        if (text := _text(image, first, second)) is not None
    ]
    return (found[0] if found else None), (found[1] if len(found) > 1 else None)


def _text(image: Image, address: Value | None, length: Value | None) -> Text | None:
    """The identifier of ``length`` bytes at ``address``: a class's name, or a dotted module."""
    if not isinstance(address, int) or not isinstance(length, int):
        return None
    if not 0 < length <= NAME_LIMIT or image.in_code(address):
        return None
    raw = image.read(address, length)
    if len(raw) != length:
        return None
    text = raw.decode("utf-8", "replace")
    if not all(part.isidentifier() for part in text.split(".")):
        return None
    return Text(address, text)


def _base(value: Value | None) -> Value | None:
    """An argument that can only be the base: an imported type, or an imported exception."""
    if isinstance(value, str) and value.startswith(("Py", "_Py")) and value.endswith("_Type"):
        return value
    if isinstance(value, tuple) and value[0] == "import" and value[1].startswith("PyExc_"):
        return value
    return None


def _flag(value: Value | None) -> bool | None:
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def _size(value: Value | None) -> int | None:
    return value if isinstance(value, int) and 0 < value < 1 << 24 else None


def _doc(image: Image, address: Value | None, length: Value | None) -> str | None:
    """The class's doc, a C string with its length, where it is known when compiling."""
    if not isinstance(address, int) or not isinstance(length, int) or not 0 < length < 1 << 16:
        return None
    raw = image.read(address, length)
    if len(raw) != length or raw[-1] != 0 or 0 in raw[:-1]:
        return None
    return raw[:-1].decode("utf-8", "backslashreplace")


def _items_words(state: State, iterator: Value | None) -> list[int]:
    """Addresses in the iterator over the class's items, which lies on the stack."""
    words = (state.word(iterator, 8 * n) for n in range(3))
    return [word for word in words if isinstance(word, int) and word > 1]
