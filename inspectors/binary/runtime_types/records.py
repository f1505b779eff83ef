"""Classes of pybind11 and nanobind: a record on the stack for each, handed to one library function.

Both fill a structure whose second word is the Python name and whose third is the C++ type
(pybind11's ``type_record``, nanobind's ``type_data``), and call ``generic_type::initialize`` or
``nb_type_new`` with it. nanobind's enums have the C++ type first and the name third. Which function
that is shows by how many such records it gets. A constructor template that was not inlined gets the
name as an argument: then its callers are asked.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.code.references import references
from isoview.inspectors.binary.runtime_types.cxx import type_infos
from isoview.inspectors.binary.runtime_types.initializers import initializers
from isoview.inspectors.binary.runtime_types.joined_names import follow_string
from isoview.inspectors.binary.runtime_types.record_names import (
    Passed,
    Record,
    ask_callers,
    doc_at,
    name_of,
)
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import Value
from isoview.inspectors.binary.runtime_types.tracker import Site

_IMPORTED = re.compile(r"_?_ZTI(.+)")
_RECORD = 256
"""Bytes of the record that are forgotten once it was used: the next one lies in its place."""
_ALIGNMENTS = (1, 2, 4, 8, 16, 32, 64)
_ENOUGH = 12
"""With so many classes for one function..."""
_LOOKED = 150_000
"""...so many instructions read, the functions that make classes are taken for known."""
_BASES = range(24, 160, 8)
"""Where nanobind's record may name the base's C++ type."""
_DOC = 72  # offset of doc in pybind11's type_record


class Kinds(NamedTuple):
    """What is looked for, by generator."""

    types: dict[int, str]  # mangled C++ name by the address of its type information
    nanobind: bool  # enums have records of their own, and a class's size is packed


class Records(NamedTuple):
    """The classes (and nanobind enums) of a file, and how many records had no name."""

    named: tuple[Record, ...]
    nameless: tuple[Record, ...]
    sites: int  # calls of the functions that make classes
    types: dict[int, str]
    unread: int  # functions that the budget did not reach


def find_records(code: Code, *, nanobind: bool) -> Records:
    """Every class that is made from a record of pybind11, or of nanobind."""
    types = type_infos(code.image)
    what = Kinds(types, nanobind)
    before = code.refused
    makers = initializers(code, nanobind=nanobind) if types else None
    found = _records_of(code, what, makers) if makers else ({}, frozenset[int]())
    if makers and not found[0] and not nanobind:
        found = _inlined(code, what, makers), makers
    if types and not found[0] and makers != frozenset():
        found = _records_of(code, what, _makers(code, what))
    records, makers = found
    named = [record for record in records.values() if isinstance(record.name, str)]
    passed = [record for record in records.values() if isinstance(record.name, Passed)]
    asked, nameless = ask_callers(code, passed)
    nameless += [record for record in records.values() if record.name is None]
    ordered = sorted({*named, *asked}, key=lambda record: (record.site, str(record.name)))
    calls = len(code.calls.sites_of(makers))
    return Records(tuple(ordered), tuple(nameless), calls, types, code.refused - before)


def _records_of(
    code: Code, what: Kinds, makers: frozenset[int]
) -> tuple[dict[int, Record], frozenset[int]]:
    """The records by call site that the ``makers`` get, and the makers with the functions that
    hand an argument of their own on to one.
    """
    found: dict[int, Record] = {}
    done: set[int] = set()
    wrappers: set[int] = set(makers)
    while wrappers:
        makers |= wrappers
        sites = code.calls.sites_of(wrappers)
        wrappers = set()
        for site in sites:
            function = code.functions.containing(site)
            if function is None or function.start in done:
                continue
            done.add(function.start)
            for record in _records_in(code, function, what, makers, wrappers):
                found[record.site] = record
        wrappers -= makers
        done.clear()
    return found, makers


def _inlined(code: Code, what: Kinds, makers: frozenset[int]) -> dict[int, Record]:
    """The records that lie on the stack of the ``makers`` themselves: where a file makes a single
    class, compilers put pybind11's function into the one that fills the record.
    """
    found: dict[tuple[str, str | Passed | None], Record] = {}
    for start in sorted(makers):
        function = code.functions.at(start)
        decoded = code.decode(function, whole=True)
        for site in code.tracker.sites(function.start, function.end, decoded or ()):
            for offset, value in list(site.state.memory.items()):
                if _type_info(value, what.types) is not None:
                    record = _record(code, function, site, ("stack", offset - 16), what)
                    if record is not None and record.name is not None:
                        key = (record.type_info, record.name)
                        found.setdefault(key, record._replace(target=None))
    return {record.site: record for record in found.values()}


def _makers(code: Code, what: Kinds) -> frozenset[int]:
    """The functions that get the records of most classes, one for each kind."""
    users: dict[int, Function] = {}
    image = code.image
    slots = {at for at, name in image.imports_at.items() if _IMPORTED.match(name)}
    slots.update(at for at, target in image.pointers.items() if target in what.types)
    loads = references(image, slots, loads=True)
    for site, _ in (*references(image, what.types), *loads):
        function = code.functions.containing(site)
        if function is not None:
            users.setdefault(function.start, function)
    votes: dict[tuple[str, int], set[str]] = {}
    begin = code.read
    # Long functions first: a module's init function makes many classes.
    for function in sorted(users.values(), key=lambda f: f.start - f.end):
        most = max((len(infos) for infos in votes.values()), default=0)
        if code.exhausted or (most >= _ENOUGH and code.read - begin > _LOOKED):
            break
        for record in _records_in(code, function, what, frozenset(), set()):
            if isinstance(record.target, int):
                votes.setdefault((record.kind, record.target), set()).add(record.type_info)
    kinds = ("class", "enum") if what.nanobind else ("class",)
    return frozenset(target for kind in kinds for target in _covering(votes, kind))


def _covering(votes: dict[tuple[str, int], set[str]], kind: str) -> Iterator[int]:
    """The functions that got records of ``kind``, as few as make all their classes.

    More than one: compilers copy a function for calls with a constant argument.
    """
    left = {target: set(infos) for (of, target), infos in votes.items() if of == kind}
    least = 1
    while left:
        target = max(left, key=lambda target: (len(left[target]), target))
        infos = left.pop(target)
        if len(infos) < least:
            return
        yield target
        least = 2
        left = {other: rest - infos for other, rest in left.items()}


def _records_in(
    code: Code,
    function: Function,
    what: Kinds,
    makers: frozenset[int],
    wrappers: set[int],
) -> Iterator[Record]:
    """Calls with a record: of ``makers``, or of anything where those are not known yet.

    A function that hands an argument of its own on to a maker is added to ``wrappers``.
    """
    decoded = code.decode(function, whole=bool(makers))
    if decoded is None:
        return
    registers = code.machine.arguments[:3]
    bases: dict[Value, str] = {}
    for site in code.tracker.sites(function.start, function.end, decoded):
        follow_string(code, site)
        values = [site.state.registers.get(register) for register in registers]
        for base in values:
            if not isinstance(base, tuple) or base[0] != "stack":
                if site.target in makers and _is_argument(base):
                    wrappers.add(function.start)
                continue
            record = _record(code, function, site, base, what)
            if record is None or (record.name is None and not _nameless(record, what, makers)):
                continue
            if base == values[0] and (parent := _type_info(values[1], what.types)) is not None:
                bases[base] = parent  # type_record::add_base
            elif not makers or record.target in makers:
                yield record._replace(base=record.base or bases.get(base))
                if makers:
                    code.tracker.forget(site.state, base, _RECORD)
            break


def _nameless(record: Record, what: Kinds, makers: frozenset[int]) -> bool:
    """Whether a record without a readable name is one all the same: pybind11's has a form."""
    return not what.nanobind and record.kind == "class" and record.target in makers


def _is_argument(value: Value | None) -> bool:
    """Whether it is an argument other than the first, which is the C++ object's own address."""
    return isinstance(value, tuple) and value[0] == "argument" and value[1] > 0


def _record(code: Code, function: Function, site: Site, base: Value, what: Kinds) -> Record | None:
    types = what.types
    words = [site.state.word(base, offset) for offset in (0, 8, 16)]
    if (info := _type_info(words[2], types)) is not None:
        name, kind = name_of(code.image, words[1], site.state), "class"
    elif (info := _type_info(words[0], types)) is not None:
        name, kind = name_of(code.image, words[2], site.state), "enum"
    else:
        return None
    if not (what.nanobind or _sized(site, base)):
        return None
    doc = site.state.word(base, _DOC) if kind == "class" else None
    others = (_type_info(site.state.word(base, offset), types) for offset in _BASES)
    parent = next((other for other in others if other is not None), None)
    return Record(
        site.address, function, site.target, kind, name, info, doc_at(code.image, doc), parent
    )


def _sized(site: Site, base: Value) -> bool:
    """Whether size and alignment of an object stand where pybind11's record has them."""
    size, align = site.state.word(base, 24), site.state.word(base, 32)
    return isinstance(size, int) and isinstance(align, int) and size > 0 and align in _ALIGNMENTS


def _type_info(value: Value | None, types: dict[int, str]) -> str | None:
    """The mangled C++ type that a word of the record stands for: the file's own, or imported."""
    if isinstance(value, str):
        match = _IMPORTED.match(value)
        return match.group(1) if match else None
    return types.get(value) if isinstance(value, int) else None
