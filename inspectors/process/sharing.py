"""What more than one interpreter of a process holds: modules, types, objects of their dicts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from isoview.inspectors.process.facts import Module, Shared, Sharing
from isoview.inspectors.process.memory import Unread
from isoview.inspectors.process.objects import ObjectReader, Torn

PLAIN = frozenset({
    "str", "int", "float", "complex", "bytes", "bool", "NoneType", "ellipsis", "NotImplementedType",
    "tuple", "frozenset", "range", "slice", "code",
})  # fmt: skip
"""Types whose instances cannot change: sharing them shares a reference count at most."""
OBJECT_LIMIT = 5000


class Holdings(NamedTuple):
    """What one interpreter holds."""

    interpreter: int
    modules: Mapping[str, Module]
    tables: Mapping[str, Sequence[tuple[int, int]]]  # by module name: key and value addresses


def find_sharing(
    reader: ObjectReader, holdings: Sequence[Holdings], low: int, high: int
) -> Sharing:
    """What is at one address in several interpreters; ``low`` to ``high`` is the interpreter's own
    image, whose objects are made to be shared.
    """
    if len(holdings) < 2:
        return Sharing()
    modules: dict[int, _Place] = {}
    types: dict[int, _Place] = {}
    statics: dict[int, bool] = {}
    for held in holdings:
        for name, module in held.modules.items():
            _place(modules, module.address, name).add(held.interpreter)
            for row in module.types:
                _place(types, row.address, row.name).add(held.interpreter)
                statics[row.address] = row.static
    objects, plain = _objects(reader, holdings, {*modules, *types}, low, high)
    return Sharing(
        modules=_rows(modules, "module", low, high, {}),
        types=_rows(types, "type", low, high, statics),
        objects=objects,
        plain_objects=plain,
    )


class _Place:
    """One address, the first name it was met by, and who holds it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.holders: set[int] = set()

    def add(self, interpreter: int) -> None:
        self.holders.add(interpreter)


def _place(places: dict[int, _Place], address: int, name: str) -> _Place:
    found = places.get(address)
    if found is None:
        found = places[address] = _Place(name)
    return found


def _rows(
    places: Mapping[int, _Place], kind: str, low: int, high: int, statics: Mapping[int, bool]
) -> tuple[Shared, ...]:
    return tuple(
        Shared(
            place.name, kind, address, tuple(sorted(place.holders)), statics.get(address),
            low <= address < high,
        )
        for address, place in sorted(places.items(), key=lambda item: item[1].name)
        if len(place.holders) > 1
    )  # fmt: skip


def _objects(
    reader: ObjectReader, holdings: Sequence[Holdings], known: set[int], low: int, high: int
) -> tuple[tuple[Shared, ...], int]:
    """Other objects that the modules' dicts of several interpreters lead to."""
    seen: set[int] = set()
    common: set[int] = set()
    for held in holdings:
        values = {value for pairs in held.tables.values() for _key, value in pairs}
        common |= seen & values
        seen |= values
    common = {address for address in common - known if not low <= address < high}
    places: dict[int, _Place] = {}
    for held in holdings:
        for name, pairs in held.tables.items():
            for key, value in pairs:
                if value in common:
                    place = places.get(value)
                    if place is None:
                        place = places[value] = _Place(f"{name}.{_text(reader, key)}")
                    place.add(held.interpreter)
    return _described(reader, places.items())


def _described(
    reader: ObjectReader, places: Iterable[tuple[int, _Place]]
) -> tuple[tuple[Shared, ...], int]:
    rows: list[Shared] = []
    plain = 0
    for address, place in places:
        try:
            kind = reader.live_type(reader.type_of(address)).name
        except (Unread, Torn):
            continue
        if kind in PLAIN:
            plain += 1
        elif len(rows) < OBJECT_LIMIT:
            holders = tuple(sorted(place.holders))
            rows.append(Shared(place.name, kind, address, holders, None, core=False))
    return tuple(sorted(rows, key=lambda row: row.name)), plain


def _text(reader: ObjectReader, address: int) -> str:
    try:
        return reader.text(address)
    except (Unread, Torn):
        return "?"
