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
    in_builtins: bool  # made without a module: PyO3 then says "builtins"
    base: Value | None
    subclassable: bool | None
    has_dict: bool | None
    has_weakrefs: bool | None
    basicsize: int | None
    doc: str | None
    items: Items | None
    base_creator: int | None  # creator of the base, where that is a class of this file
    pointers: tuple[tuple[int, int], ...]  # (offset, value) of constants among the arguments


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
    if any(entry.name is None for entry in found):
        found = _named_by_builder(code, found, builders)
    if found and all(entry.module is None and not entry.in_builtins for entry in found):
        module = _common_module(code, builders)
        found = [entry._replace(module=module) for entry in found]
    return Classes(tuple(found), tuple(sorted(builders)), unread)


def _pairs(code: Code, start: int) -> Iterator[tuple[Value, Value]]:
    """Neighbouring values wherever a function calls another: in argument registers, on the stack."""
    function = code.functions.at(start)
    for site in code.tracker.sites(start, function.end, code.decode(function) or ()):
        values = [site.state.registers.get(n) for n in code.machine.arguments]
        memory = site.state.memory
        pairs = list(zip(values, values[1:], strict=False))
        pairs += [(value, memory.get(offset + 8)) for offset, value in memory.items()]
        yield from ((a, b) for a, b in pairs if a is not None and b is not None)


def _named_by_builder(code: Code, found: list[BuiltClass], builders: set[int]) -> list[BuiltClass]:
    """Names whose length is the same for every class and so stands in the builder alone."""
    lengths: dict[int, set[int]] = {}
    for start in builders:
        for value, length in _pairs(code, start):
            if isinstance(value, tuple) and value[0] == "incoming" and isinstance(length, int):
                lengths.setdefault(value[1], set()).add(length)
    known = {offset: seen.pop() for offset, seen in lengths.items() if len(seen) == 1}
    named: list[BuiltClass] = []
    for entry in found:
        texts = [
            text
            for offset, value in entry.pointers
            if (text := _text(code.image, value, known.get(offset))) is not None
        ]
        if entry.name is None and texts:
            module = texts[1] if len(texts) > 1 else None
            named.append(entry._replace(name=texts[0], module=module))
        else:
            named.append(entry)
    return named


def _common_module(code: Code, builders: set[int]) -> Text | None:
    """The module of all classes, where the builder itself holds it: its only dotted name."""
    found = {
        text
        for start in builders
        for pair in _pairs(code, start)
        if (text := _text(code.image, *pair)) is not None and "." in text.text
    }
    return found.pop() if len(found) == 1 else None


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
        module is None and traits.get(16) == 0,
        base,
        _flag(traits.get(-16)),
        _flag(traits.get(-48)),
        _flag(traits.get(-32)),
        _size(traits.get(32 if module or traits.get(16) == 0 else 16)),
        _doc(image, traits.get(-64), traits.get(-56)),
        read_items(image, _items_words(state, traits.get(-8))),
        bases[-1] if bases else None,
        tuple((offset, value) for offset, value in arguments if isinstance(value, int)),
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
    """Where the name stands: a pointer and a length that are an identifier, behind the items.

    Where arguments vanished, a doc and a flag can stand side by side and look like a name.
    """
    known = dict(arguments)
    places = [
        offset
        for offset, value in arguments
        if _text(image, value, known.get(offset + 8)) is not None
    ]
    behind = [place for place in places if isinstance(known.get(place - 8), tuple)]
    return next(iter(behind or places), None)


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
