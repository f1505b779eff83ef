"""Classes and enums of Boost.Python: what their constructors hand to the library.

``class_<T>`` calls ``objects::class_base::class_base(name, count, types, doc)``: the C++ types are
its own and those of its bases. ``enum_<T>`` calls ``objects::enum_base::enum_base(name, ...)``. Both
are functions of libboost_python, imported or linked into the file. A constructor template that was
not inlined gets the name as an argument: then its callers are asked.
"""

import re
from collections.abc import Collection

from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.code.references import references
from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.runtime_types.cxx import type_infos
from isoview.inspectors.binary.runtime_types.joined_names import follow_string
from isoview.inspectors.binary.runtime_types.record_names import (
    Passed,
    Record,
    ask_callers,
    doc_at,
    name_of,
)
from isoview.inspectors.binary.runtime_types.records import Records
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import Value
from isoview.inspectors.binary.runtime_types.tracker import Site

# Itanium ABI, in name space boost or one of the project's own; Microsoft's mangling.
_CLASS = re.compile(r"_?_ZN\w*6python7objects10class_baseC[12]EPKc|\?\?0class_base@objects@python@")
_ENUM = re.compile(r"_?_ZN\w*6python7objects9enum_baseC[12]EPKc|\?\?0enum_base@objects@python@")
_MESSAGE = b"extension class wrapper for base class "
_LEVELS = 3
"""Callers from the function with the message up to ``class_base``."""
_MOST_BASES = 16
_MANGLED = re.compile(r"\*?[A-Z0-9][\w.$]*\Z")
_NAME_LIMIT = 2048


def find_boost(code: Code) -> Records:
    """Every class and enum that the file makes with Boost.Python."""
    before = code.refused
    infos = type_infos(code.image)
    found: dict[int, Record] = {}
    for kind, pattern in (("class", _CLASS), ("enum", _ENUM)):
        sites = _sites(code, pattern)
        if kind == "class" and not sites:
            sites = _sites_by_message(code, infos)
        for record in _records(code, kind, sites, infos):
            found[record.site] = record
    named = [record for record in found.values() if isinstance(record.name, str)]
    passed = [record for record in found.values() if isinstance(record.name, Passed)]
    asked, nameless = ask_callers(code, passed)
    # Names are also put together from a text and that of the C++ type: what is seen is one half.
    types = frozenset(infos.values())
    named = [*named, *asked]
    nameless += [record for record in named if record.name in types]
    ordered = sorted(
        {record for record in named if record.name not in types},
        key=lambda record: (record.site, str(record.name)),
    )
    return Records(tuple(ordered), tuple(nameless), len(found), infos, code.refused - before)


def _sites(code: Code, pattern: re.Pattern[str]) -> list[int]:
    """Calls of the library's functions whose mangled names match."""
    imported = [name for name in code.image.imported if pattern.match(name)]
    starts = [start for start, name in code.functions.names.items() if pattern.match(name)]
    return sorted({*code.callers_of_import(imported), *code.calls.sites_of(starts)})


def _sites_by_message(code: Code, infos: dict[int, str]) -> list[int]:
    """Calls of a ``class_base`` that is linked in and has no name: it is on the way to the message
    about a base class without a wrapper.
    """
    text = Constants(code.image).find(_MESSAGE)
    if text is None:
        return []
    level = {
        function.start
        for site, _ in references(code.image, [text])
        if (function := code.functions.containing(site)) is not None
    }
    best: list[int] = []
    most = 0
    for _ in range(_LEVELS):
        above: set[int] = set()
        for start in level:
            sites = code.calls.sites_of((start,))
            found = len(_records(code, "class", sites, infos))
            if found > most:
                best, most = sites, found
            callers = (code.functions.containing(site) for site in sites)
            above |= {caller.start for caller in callers if caller is not None}
        level = above
    return best


def _records(code: Code, kind: str, sites: Collection[int], infos: dict[int, str]) -> list[Record]:
    """What is handed on at the call ``sites``, where it has the form of the arguments."""
    wanted = frozenset(sites)
    found: list[Record] = []
    done: set[int] = set()
    for address in sites:
        function = code.functions.containing(address)
        if function is None or function.start in done:
            continue
        done.add(function.start)
        decoded = code.decode(function, whole=True)
        for site in code.tracker.sites(function.start, function.end, decoded or ()):
            follow_string(code, site)
            if site.address in wanted:
                record = _record(code, function, site, kind, infos)
                if record is not None:
                    found.append(record)
    return found


def _record(
    code: Code, function: Function, site: Site, kind: str, infos: dict[int, str]
) -> Record | None:
    state = site.state
    values = [state.registers.get(register) for register in code.machine.arguments[:5]]
    name = name_of(code.image, values[1], state)
    if name is None:
        return None
    native, base, doc = "", None, None
    if kind == "class":
        count = values[2]
        if isinstance(count, int) and not 0 < count <= _MOST_BASES:
            return None
        native = _mangled(code, state.word(values[3], 0), infos) or ""
        if isinstance(count, int) and count > 1:
            base = _mangled(code, state.word(values[3], code.image.word_size), infos)
        doc = doc_at(code.image, values[4]) if len(values) > 4 else None
    return Record(site.address, function, site.target, kind, name, native, doc, base)


def _mangled(code: Code, value: Value | None, infos: dict[int, str]) -> str | None:
    """The C++ type that a ``type_info`` of Boost's stands for: a pointer to the name, which may be
    taken one further to skip a mark, or to the compiler's own ``type_info``.
    """
    if isinstance(value, tuple) and value[0] == "either":
        value = value[1]
    if not isinstance(value, int):
        return None
    if value in infos:
        return infos[value]
    text = code.image.cstring(value, _NAME_LIMIT) if not code.image.in_code(value) else None
    return text.lstrip("*") if text and _MANGLED.match(text) else None
