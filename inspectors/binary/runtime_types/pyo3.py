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
from isoview.inspectors.binary.code.instructions import Instruction
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.pyo3_builder import (
    Builder,
    Text,
    arguments,
    read_builder,
)
from isoview.inspectors.binary.runtime_types.pyo3_builder import text_at as _text
from isoview.inspectors.binary.runtime_types.pyo3_items import (
    Items,
    Table,
    read_items,
    stride_of,
    tables_at,
)
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import State, Value
from isoview.inspectors.binary.runtime_types.tracker import Site

_DOC_LIMIT = 1 << 16
_SIZE_LIMIT = 1 << 24
_PLAUSIBLE = 1 << 13
MAKERS = ("PyType_FromSpec", "PyType_FromSlots")


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
    tables: tuple[Table, ...]
    items: Items | None
    base_creator: int | None  # creator of the base, where that is a class of this file


class Classes(NamedTuple):
    """All classes whose making was found."""

    found: tuple[BuiltClass, ...]
    builders: tuple[int, ...]  # functions that call PyType_FromSpec
    unread: int  # call sites whose function the budget did not reach


def find_classes(code: Code, own_name: str | None = None) -> Classes:
    """Every class that the file makes through PyO3; ``own_name`` is that of its module."""
    makers = code.callers_of_import(MAKERS)
    builders = {f.start for site in makers if (f := code.functions.containing(site))}
    creators: dict[int, set[int]] = {}
    for site in code.calls.sites_of(builders):
        function = code.functions.containing(site)
        if function is not None and function.start not in builders:
            creators.setdefault(function.start, set()).add(site)
    if not creators:
        return Classes((), tuple(sorted(builders)), 0)
    builder = read_builder(code, builders)
    found: list[BuiltClass] = []
    unread = 0
    for start, sites in sorted(creators.items()):
        function = code.functions.at(start)
        decoded = code.decode(function)
        if decoded is None:
            unread += len(sites)
            continue
        found += _classes_in(code, function, decoded, sites, frozenset(creators), builder)
    found = _with_items(code, _without_contradictions(found))
    return Classes(tuple(_from_builder(found, builder, own_name)), tuple(sorted(builders)), unread)


def _with_items(code: Code, found: list[BuiltClass]) -> list[BuiltClass]:
    stride = stride_of(code.image, [table for entry in found for table in entry.tables])
    return [entry._replace(items=read_items(code.image, entry.tables, stride)) for entry in found]


def _without_contradictions(found: list[BuiltClass]) -> list[BuiltClass]:
    """One text has one length: where it has two, that argument is something else."""
    lengths: dict[int, set[str]] = {}
    for entry in found:
        if entry.module is not None:
            lengths.setdefault(entry.module.address, set()).add(entry.module.text)
    return [
        entry._replace(module=None, basicsize=None)
        if entry.module is not None and len(lengths[entry.module.address]) > 1
        else entry
        for entry in found
    ]


def _from_builder(
    found: list[BuiltClass], builder: Builder, own_name: str | None
) -> list[BuiltClass]:
    """What is the same for every class and so stands in the builder alone."""
    texts = set(builder.texts)
    if len(found) == 1 and found[0].name is None:
        modules = {text for text in texts if text.text in (own_name, "builtins")}
        names = texts - modules
        if len(names) == 1:
            found = [found[0]._replace(name=names.pop())]
            texts = modules
    if any(entry.module is not None or entry.in_builtins for entry in found):
        return found
    if len(texts) != 1:
        return found
    module = texts.pop()
    return [entry._replace(module=module) for entry in found]


def _classes_in(
    code: Code,
    function: Function,
    decoded: list[Instruction],
    sites: set[int],
    creators: frozenset[int],
    builder: Builder,
) -> Iterator[BuiltClass]:
    bases: list[int] = []  # creators that were mentioned so far
    for site in code.tracker.sites(function.start, function.end, decoded):
        if site.address in sites:
            yield _read_call(code, function, site, bases, builder)
        passed = (*site.state.registers.values(), site.target)
        others = creators - {function.start}
        bases += [value for value in passed if isinstance(value, int) and value in others]


def _read_call(
    code: Code, function: Function, site: Site, bases: list[int], builder: Builder
) -> BuiltClass:
    image = code.image
    values = arguments(code, site)
    place, after = _name_place(image, values, builder)
    name = module = None
    basicsize = None
    in_builtins = False
    traits: dict[int, Value | None] = {}
    if place is not None:
        traits = {index - place: value for index, value in enumerate(values[:place])}
        name = _text(image, values[place], _length(values, place, builder))
        in_builtins = values[after] == 0
        if in_builtins:
            basicsize = _size(image, values[after + 2])
        else:
            module = _text(image, values[after], _length(values, after, builder))
            alone = module is None or after in builder.lengths
            basicsize = _size(image, values[after + (1 if alone else 2)])
            if module is not None and not alone and not _is_number(values[after + 2]):
                module = None  # its length is the same for all classes, and this is the size
    return BuiltClass(
        site.address,
        function,
        name,
        module,
        in_builtins,
        next((v for value in values[:8] if (v := _base(value)) is not None), None),
        _flag(traits.get(-2)),
        *_options(traits),
        basicsize,
        _doc(image, traits),
        tables_at(image, _items_words(site.state, traits.get(-1))),
        None,
        bases[-1] if bases else None,
    )


def _length(values: list[Value | None], index: int, builder: Builder) -> Value | None:
    """Length of the text at ``index``: the next argument, or what the builder takes for all."""
    return builder.lengths.get(index, values[index + 1])


def _name_place(
    image: Image, values: list[Value | None], builder: Builder
) -> tuple[int | None, int]:
    """Where the name stands, and what comes after it: a pointer and a length that are an
    identifier, behind the items.

    Where arguments vanished, a doc and a flag can stand side by side and look like a name.
    """
    places = [
        index
        for index, value in enumerate(values[:-8])
        if (text := _text(image, value, _length(values, index, builder))) is not None
        and "." not in text.text
    ]
    behind = [place for place in places if place and isinstance(values[place - 1], tuple)]
    place = next(iter(behind or places), None)
    if place is None:
        return None, 0
    return place, place + (1 if place in builder.lengths else 2)


def _base(value: Value | None) -> Value | None:
    """An argument that can only be the base: an imported type, or an imported exception."""
    if isinstance(value, str) and value.startswith(("Py", "_Py")) and value.endswith("_Type"):
        return value
    if isinstance(value, tuple) and value[0] == "import" and value[1].startswith("PyExc_"):
        return value
    return None


def _flag(value: Value | None) -> bool | None:
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def _is_number(value: Value | None) -> bool:
    return isinstance(value, int) and 0 < value < _SIZE_LIMIT


def _size(image: Image, value: Value | None) -> int | None:
    """A size of instances; a number that is an address as well, and a large one, is none."""
    if not isinstance(value, int) or not 0 < value < _SIZE_LIMIT:
        return None
    return None if value > _PLAUSIBLE and image.segment_at(value) is not None else value


def _options(traits: dict[int, Value | None]) -> tuple[bool | None, bool | None]:
    """Whether instances have a ``__dict__``, and weak references: two options, each a tag and a
    value. Where not both tags are where they belong, an argument vanished, and neither is known.
    """
    tags = _flag(traits.get(-6)), _flag(traits.get(-4))
    return tags if None not in tags else (None, None)


def _doc(image: Image, traits: dict[int, Value | None]) -> str | None:
    """The class's doc, where it is known when compiling: a C string with its length. The options
    behind it may have vanished.
    """
    for place in (-8, -6, -4):
        address, length = traits.get(place), traits.get(place + 1)
        if not isinstance(address, int) or not isinstance(length, int) or address <= 0:
            continue
        if 0 < length < _DOC_LIMIT:
            raw = image.read(address, length)
            if len(raw) == length and raw[-1] == 0 and 0 not in raw[:-1]:
                return raw[:-1].decode("utf-8", "backslashreplace")
    return None


def _items_words(state: State, iterator: Value | None) -> list[int]:
    """Addresses in the iterator over the class's items, which lies on the stack."""
    words = (state.word(iterator, 8 * n) for n in range(3))
    return [word for word in words if isinstance(word, int) and word > 1]
