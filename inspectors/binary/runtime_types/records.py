"""Classes of pybind11 and nanobind: a record on the stack for each, handed to one library function.

Both fill a structure whose second word is the Python name and whose third is the C++ type
(pybind11's ``type_record``, nanobind's ``type_data``), and call ``generic_type::initialize`` or
``nb_type_new`` with it. nanobind's enums have the C++ type first and the name third. Which function
that is shows by how many such records it gets. A constructor template that was not inlined gets the
name as an argument: then its callers are asked.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.code.references import references
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.cxx import type_infos
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.tracker import Site, Value

_NAME_LIMIT = 200
_IMPORTED = re.compile(r"_?_ZTI(.+)")
_RECORD = 256
"""Bytes of the record that are forgotten once it was used: the next one lies in its place."""
_ENOUGH = 12
"""So many records for one function and it is taken for the one that makes the classes."""
_BASES = range(24, 160, 8)
"""Where nanobind's record may name the base's C++ type."""
_DOC = 72  # offset of doc in pybind11's type_record


class Record(NamedTuple):
    """One call with a record. ``name`` is a text or, where an argument holds it, its number."""

    site: int
    function: Function
    target: Value | None
    kind: str  # class, enum
    name: str | int
    type_info: str  # mangled
    doc: str | None
    base: str | None  # mangled C++ type of the base class


class Records(NamedTuple):
    """The classes (and nanobind enums) of a file, and how many records had no name."""

    named: tuple[Record, ...]
    nameless: tuple[Record, ...]
    sites: int  # calls of the functions that make classes
    types: dict[int, str]
    unread: int  # functions that the budget did not reach


def find_records(code: Code, kinds: tuple[str, ...]) -> Records:
    """Every class that is made from a record; ``kinds`` is ("class",) or ("class", "enum")."""
    types = type_infos(code.image)
    before = code.refused
    makers = _makers(code, types, kinds) if types else frozenset()
    if not makers:
        return Records((), (), 0, types, code.refused - before)
    sites = code.calls.sites_of(makers)
    found: dict[int, Record] = {}
    done: set[int] = set()
    for site in sites:
        function = code.functions.containing(site)
        if function is None or function.start in done:
            continue
        done.add(function.start)
        found.update((record.site, record) for record in _records_in(code, function, types, makers))
    named = [record for record in found.values() if isinstance(record.name, str)]
    passed = [record for record in found.values() if isinstance(record.name, int)]
    asked, nameless = _ask_callers(code, passed)
    ordered = sorted({*named, *asked}, key=lambda record: (record.site, record.name))
    return Records(tuple(ordered), tuple(nameless), len(sites), types, code.refused - before)


def _makers(code: Code, types: dict[int, str], kinds: tuple[str, ...]) -> frozenset[int]:
    """The functions that get the records of most classes, one for each kind."""
    users: dict[int, Function] = {}
    image = code.image
    slots = {at for at, name in image.imports_at.items() if _IMPORTED.match(name)}
    slots.update(at for at, target in image.pointers.items() if target in types)
    loads = references(image, slots, loads=True)
    for site, _ in (*references(image, types), *loads):
        function = code.functions.containing(site)
        if function is not None:
            users.setdefault(function.start, function)
    votes: dict[tuple[str, int], Counter[str | int]] = {}
    # Long functions first: a module's init function makes many classes.
    for function in sorted(users.values(), key=lambda f: f.start - f.end):
        if code.exhausted:
            break
        for record in _records_in(code, function, types, frozenset()):
            if isinstance(record.target, int):
                votes.setdefault((record.kind, record.target), Counter())[record.type_info] += 1
        best = _top(votes, "class")
        if best is not None and len(votes["class", best]) >= _ENOUGH:
            break
    return frozenset(target for kind in kinds if (target := _top(votes, kind)) is not None)


def _top(votes: dict[tuple[str, int], Counter[str | int]], kind: str) -> int | None:
    """The target with the most different classes; of equal ones that which has each but once."""
    ranked = sorted(
        (-len(names), names.total(), target)
        for (of, target), names in votes.items()
        if of == kind
    )
    return ranked[0][2] if ranked else None


def _records_in(
    code: Code, function: Function, types: dict[int, str], makers: frozenset[int]
) -> Iterator[Record]:
    """Calls with a record: of ``makers``, or of anything where those are not known yet."""
    decoded = code.decode(function)
    if decoded is None:
        return
    registers = code.machine.arguments[:3]
    bases: dict[Value, str] = {}
    for site in code.tracker.sites(function.start, function.end, decoded):
        values = [site.state.registers.get(register) for register in registers]
        for base in values:
            if not isinstance(base, tuple) or base[0] != "stack":
                continue
            record = _record(code, function, site, base, types)
            if record is None:
                continue
            if not makers or record.target in makers:
                yield record._replace(base=record.base or bases.get(base))
                if makers:
                    site.state.forget(base, _RECORD)
            elif (parent := _type_info(values[1], types)) is not None:
                bases[base] = parent  # type_record::add_base
            break


def _record(
    code: Code, function: Function, site: Site, base: Value, types: dict[int, str]
) -> Record | None:
    words = [site.state.word(base, offset) for offset in (0, 8, 16)]
    if (info := _type_info(words[2], types)) is not None:
        name, kind = _name(code.image, words[1]), "class"
    elif (info := _type_info(words[0], types)) is not None:
        name, kind = _name(code.image, words[2]), "enum"
    else:
        return None
    if name is None:
        return None
    doc = site.state.word(base, _DOC) if kind == "class" else None
    others = (_type_info(site.state.word(base, offset), types) for offset in _BASES)
    parent = next((other for other in others if other is not None), None)
    return Record(
        site.address, function, site.target, kind, name, info, _doc(code.image, doc), parent
    )


def _type_info(value: Value | None, types: dict[int, str]) -> str | None:
    """The mangled C++ type that a word of the record stands for: the file's own, or imported."""
    if isinstance(value, str):
        match = _IMPORTED.match(value)
        return match.group(1) if match else None
    return types.get(value) if isinstance(value, int) else None


def _name(image: Image, value: Value | None) -> str | int | None:
    if isinstance(value, tuple) and value[0] == "argument":
        return int(value[1])
    if not isinstance(value, int) or image.in_code(value) or image.segment_at(value) is None:
        return None
    text = image.cstring(value, _NAME_LIMIT)
    return text if text and text.isidentifier() else None


def _doc(image: Image, value: Value | None) -> str | None:
    if not isinstance(value, int) or image.in_code(value) or image.segment_at(value) is None:
        return None
    return image.cstring(value) or None


def _ask_callers(code: Code, passed: list[Record]) -> tuple[list[Record], list[Record]]:
    """Names from the callers of constructors that take the name as an argument."""
    found: list[Record] = []
    left: list[Record] = []
    callers: dict[int, list[Site]] = {}
    wanted = {record.function.start for record in passed}
    names: dict[tuple[int, int], set[str]] = {}
    numbers = {record.function.start: int(record.name) for record in passed}
    done: set[int] = set()
    for address in code.calls.sites_of(wanted):
        function = code.functions.containing(address)
        if function is None or function.start in done:
            continue
        done.add(function.start)
        decoded = code.decode(function)
        for site in code.tracker.sites(function.start, function.end, decoded or ()):
            if not isinstance(site.target, int) or site.target not in wanted:
                continue
            number = numbers[site.target]
            name = _name(code.image, site.state.registers.get(code.machine.arguments[number]))
            if isinstance(name, str):
                names.setdefault((site.target, number), set()).add(name)
    del callers
    for record in passed:
        known = names.get((record.function.start, int(record.name)), set())
        found += [record._replace(name=name) for name in sorted(known)]
        if not known:
            left.append(record)
    return found, left
