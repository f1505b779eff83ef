"""Classes of pybind11 and nanobind: a record on the stack for each, handed to one library function.

Both fill a structure whose second word is the Python name and whose third is the C++ type
(pybind11's ``type_record``, nanobind's ``type_data``), and call ``generic_type::initialize`` or
``nb_type_new`` with it. nanobind's enums have the C++ type first and the name third. Which function
that is shows by how many such records it gets. A constructor template that was not inlined gets the
name as an argument: then its callers are asked.
"""

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
_RECORD = 256
"""Bytes of the record that are forgotten once it was used: the next one lies in its place."""
_ENOUGH = 12
"""So many records for one function and it is taken for the one that makes the classes."""
_DOC = 72  # offset of doc in pybind11's type_record


class Record(NamedTuple):
    """One call with a record. ``name`` is a text or, where an argument holds it, its number."""

    site: int
    function: Function
    target: Value | None
    kind: str  # class, enum
    name: str | int
    type_info: int
    doc: str | None


class Records(NamedTuple):
    """The classes (and nanobind enums) of a file, and how many records had no name."""

    named: tuple[Record, ...]
    nameless: tuple[Record, ...]
    sites: int  # calls of the functions that make classes
    types: dict[int, str]
    unread: int  # functions that the budget did not reach


def find_records(code: Code) -> Records:
    """Every class that is made from a record."""
    types = type_infos(code.image)
    if not types:
        return Records((), (), 0, types, 0)
    before = code.refused
    makers, seen = _makers(code, types)
    sites = code.calls.sites_of([target for target in makers if isinstance(target, int)])
    found: dict[int, Record] = {}
    done: set[int] = set()
    for site in sites:
        function = code.functions.containing(site)
        if function is None or function.start in done:
            continue
        done.add(function.start)
        records = seen.get(function.start)
        if records is None:
            records = list(_records_in(code, function, types))
        found.update((record.site, record) for record in records if record.target in makers)
    named = [record for record in found.values() if isinstance(record.name, str)]
    passed = [record for record in found.values() if isinstance(record.name, int)]
    asked, nameless = _ask_callers(code, passed)
    return Records(
        tuple(sorted({*named, *asked}, key=lambda record: record.site)),
        tuple(nameless),
        len(sites),
        types,
        code.refused - before,
    )


def _makers(
    code: Code, types: dict[int, str]
) -> tuple[frozenset[Value | None], dict[int, list[Record]]]:
    """The functions that get most of the records, and what was read to find that out."""
    users: dict[int, Function] = {}
    for site, _ in references(code.image, types):
        function = code.functions.containing(site)
        if function is not None:
            users.setdefault(function.start, function)
    votes: Counter[tuple[str, Value | None]] = Counter()
    seen: dict[int, list[Record]] = {}
    # Long functions first: a module's init function makes many classes.
    for start, function in sorted(users.items(), key=lambda item: item[1].start - item[1].end):
        if code.exhausted:
            break
        seen[start] = list(_records_in(code, function, types))
        votes.update((record.kind, record.target) for record in seen[start])
        if votes["class", _top(votes, "class")] >= _ENOUGH:
            break
    makers = {_top(votes, kind) for kind in ("class", "enum")} - {None}
    return frozenset(makers), seen


def _top(votes: Counter[tuple[str, Value | None]], kind: str) -> Value | None:
    best = [target for (of, target), _ in votes.most_common() if of == kind]
    return next((target for target in best if isinstance(target, int)), None)


def _records_in(code: Code, function: Function, types: dict[int, str]) -> Iterator[Record]:
    decoded = code.decode(function)
    if decoded is None:
        return
    registers = code.machine.arguments[:3]
    for site in code.tracker.sites(function.start, function.end, decoded):
        for register in registers:
            base = site.state.registers.get(register)
            if not isinstance(base, tuple) or base[0] != "stack":
                continue
            record = _record(code, function, site, base, types)
            if record is not None:
                yield record
                if not isinstance(record.target, int) or record.kind == "class":
                    site.state.forget(base, _RECORD)
                break


def _record(
    code: Code, function: Function, site: Site, base: Value, types: dict[int, str]
) -> Record | None:
    words = [site.state.word(base, offset) for offset in (0, 8, 16)]
    if words[2] in types:
        name, info, kind = _name(code.image, words[1]), words[2], "class"
    elif words[0] in types:
        name, info, kind = _name(code.image, words[2]), words[0], "enum"
    else:
        return None
    if name is None or not isinstance(info, int):
        return None
    doc = site.state.word(base, _DOC) if kind == "class" else None
    return Record(site.address, function, site.target, kind, name, info, _doc(code.image, doc))


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
