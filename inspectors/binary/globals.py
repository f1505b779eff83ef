"""Writable C statics of a file, and what each of them is.

With a symbol table every static is listed by name and size. Without one only what is exported or
recognised by its shape can be named, and the completeness says so.
"""

import builtins
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from isoview.inspectors.binary.definitions import FoundDefinition
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.names import FLAG_HEAP
from isoview.inspectors.binary.types import FoundType
from isoview.inspectors.facts import GlobalKind, Item, StaticRow, Told

# Names that the compiler, the linker or the language's run-time library puts into every file:
# crtstuff's flags and lists, TM clone tables, C++ personality references, Rust's std.
_RUNTIME_PREFIXES = (
    "__dso_handle", "__TMC_", "__bss_start", "__frame_dummy_init_array_entry",
    "__do_global_dtors_aux", "__JCR", "__CTOR", "__DTOR", "DW.ref.", "_GLOBAL_OFFSET_TABLE_",
    "__stack_chk_guard", "_ZN3std", "_ZN4core", "_ZN5alloc",
    "_ZN9__gnu_cxx", "_ZN10__cxxabi", "_ZNSt", "_ZNSa", "_ZNSb", "_ZSt", "_ZSa", "_ZSb", "_ZZNS", "_ZZS",
)  # fmt: skip
_RUNTIME_NAMES = frozenset({
    "_edata", "_end", "_dyld_private", "_DYNAMIC", "emutex",
    "emergency_mutex", "emergency_buffer", "emergency_used", "emergency_pool",
})  # fmt: skip
_NUMBERED = ("completed.", "dtor_idx.", "force_to_data.", "object.")  # statics of crtstuff.c
# The rest needs a pattern; it is text, compiled (and kept by re) when such a name is met.
_MANGLED = ("_R", "_ZN")
_RUNTIME = (
    r"_ZN12_GLOBAL__N_1\d+(emergency|fake|generic)"
    # Rust's newer mangling (v0): the crate is Cs, a hash, _ and its name behind its length.
    r"|_R(?:(?!Cs[0-9A-Za-z]+_)\w)*Cs[0-9A-Za-z]+_(3std|4core|5alloc|9hashbrown|5gimli|9addr2line|6object|10std_detect"
    r"|12panic_unwind|14rustc_demangle|16compiler_builtins|8lock_api|11parking_lot)"
    r"|_ZN\d*(std_detect|gimli|addr2line|rustc_demangle|panic_unwind)"
)
# Argument Clinic's keyword caches: CPython owns what they hold (a list of parsers per runtime).
_PARSER_CACHE = r"(_parser|_kwtuple|__clinic_parser)(\.\d+)+\Z"
_LOCK_NAME = r"(?i)(^|_)(mutex|lock|spinlock|rwlock|once_flag)(_|s?\Z|s?\.\d+\Z)"
_CXX_DATA = (("_ZTV", "a C++ vtable"), ("_ZTI", "C++ type information"), ("_ZTS", "a C++ type name"),
             ("_ZGV", "the guard of a C++ static"))  # fmt: skip


_PARSER_STARTS = ("_parser", "_kwtuple", "__clinic_parser")
_TOLD_BY_START = (*_RUNTIME_PREFIXES, *_NUMBERED, *_MANGLED, *(prefix for prefix, _ in _CXX_DATA))
# Most names are told from all of these by their first letters; Rust's are met by two.
_FEW, _RUST = 3, "_R"
_FIRST_LETTERS = frozenset(
    text[:_FEW] for text in (*_TOLD_BY_START, *_RUNTIME_NAMES, *_PARSER_STARTS)
)
_OF_THE_RUNTIME = "name", "belongs to the compiler's run-time library", None
_CYTHON, _WRAPPER_BASE, _BUILTIN = "__pyx_", "__pyx_wrapperbase_", "__pyx_builtin_"
_CONSTANTS = frozenset({"Ellipsis", "NotImplemented", "None", "True", "False"})
_NO_TLS_DATA = ("__thread_vars", "__thread_ptrs", "__thread_init")
"""Mach-O's sections about thread-local data that hold none."""
_PYO3_COUNT = "4pyo33gil"
"""In the names of PyO3's thread-local count of how often it holds the GIL."""
_ALIGNMENT = 64
"""Bytes: statics are hardly ever aligned to more, a line of the processor's cache."""
STATICS_LIMIT = 100_000
"""Most writable statics of a file that are listed; the largest of the modules tried has 21,342."""
_WORDS_COUNTED = 512
"""Most words of one static that are counted."""


class Owners:
    """Which address belongs to which recognised structure (link-time addresses)."""

    def __init__(
        self, definitions: tuple[FoundDefinition, ...], types: tuple[FoundType, ...]
    ) -> None:
        self.known: dict[int, tuple[GlobalKind, str, int]] = {}
        for definition in definitions:
            self._definition(definition)
        for entry in types:
            kind: GlobalKind = "table" if entry.fact.kind == "spec" else "type"
            what = "PyType_Spec" if entry.fact.kind == "spec" else "static PyTypeObject"
            self._add(entry.fact.address, kind, f"{what} of {entry.fact.name}", entry.size)
            part: tuple[GlobalKind, str, int] = "table", f"table of type {entry.fact.name}", 0
            for table in entry.tables:
                self.known.setdefault(table, part)

    def _definition(self, definition: FoundDefinition) -> None:
        name = definition.fact.m_name
        size = definition.layout.moduledef_size
        self._add(definition.fact.address, "definition", f"PyModuleDef of {name}", size)
        for table in (definition.methods_at, definition.slots_at):
            self._add(table, "table", f"table of module {name}", 0)

    def _add(self, address: int | None, kind: GlobalKind, text: str, size: int) -> None:
        if address is not None:
            self.known.setdefault(address, (kind, text, size))


def find_globals(image: Image, owners: Owners) -> tuple[list[StaticRow], Item]:
    """Every writable static the file names, and how complete the list is."""
    named = _named_globals(image, owners)
    if len(named) > STATICS_LIMIT:
        last = named[STATICS_LIMIT - 1][0]
        reason = f"more than {STATICS_LIMIT:,} writable statics: none behind {last:#x} is listed"
        return named[:STATICS_LIMIT], Item("partial", reason)
    if not image.stripped:
        level = _named_level(image, named)
        apart = _own_thread_local(image) if level.level == "full" else 0
        if apart:
            said = f"what {apart} bytes of thread-local data hold is not looked at"
            level = Item("partial", said)
        return named, level
    found = {row[0]: row for row in named}
    for address, (kind, text, size) in owners.known.items():
        region = image.region_at(address)
        if address in found or region is None or not region.writable:
            continue
        told = (("shape", text, address),)
        found[address] = (address, None, region.name, size, kind, told)
    reason = "no symbol table: only exported and recognised statics are listed"
    return [found[address] for address in sorted(found)], Item("partial", reason)


def _named_globals(image: Image, owners: Owners) -> list[StaticRow]:
    """The writable statics that have a name, by address; one more than are listed at most."""
    found: list[StaticRow] = []
    writable = [r for r in image.regions if r.writable and not r.thread_local and r.size]
    ranges = [(region.address, region.address + region.size) for region in writable]
    rows = image.objects(ranges)
    if not rows:
        return found
    known, word = owners.known, image.word_size
    said = _told_by_names([name for _, name, _ in rows])
    named = {
        rows[place][0]: told for place, told in said if _is_of_its_size(*rows[place][1:], word)
    }
    apart = {*known, *named}
    first = rows[0][0]
    filled = sorted((*_from(image.relocated, first), *_from(image.imported_words, first)))
    filled.append(_BEHIND_ALL)
    following = 0  # the first of these at or behind the static
    by_size: dict[int, Class] = {}
    evidence: tuple[Told, ...]
    section, end = "", 0
    for address, name, size in _no_more_than_are_listed(rows, found):
        if address >= end or not section:
            region = image.region_at(address)
            if region is None or not region.writable:
                continue
            section, end = region.name, region.address + region.size
        if filled[following] < address:
            following = bisect_left(filled, address, following)
        if filled[following] >= address + size and address not in apart:
            # Most are such, and there are many.
            if size not in by_size:
                by_size[size] = _by_size(size, word)
            kind, evidence = by_size[size]
        elif address in known:
            kind, text, _ = known[address]
            evidence = (("shape", text, address),)
        elif (told := named.get(address, _LOCK)) is not _LOCK:
            kind, evidence = told
        elif filled[following] < address + size and (
            table := _addresses_inside(image, address, size, filled, following)
        ):
            kind, evidence = table
        elif address in named and size <= _LOCK_LIMIT:
            kind, evidence = told
        else:
            kind, evidence = _by_size(size, word)
        found.append((address, name, section, size, kind, evidence))
    return found


def _no_more_than_are_listed(
    rows: list[tuple[int, str, int]], found: list[StaticRow]
) -> Iterator[tuple[int, str, int]]:
    """``rows``, until more were found among them than are listed."""
    return chain.from_iterable(
        rows[start : start + STATICS_LIMIT + 1]
        for start in range(0, len(rows), STATICS_LIMIT + 1)
        if len(found) <= STATICS_LIMIT
    )


def _from(words: list[int], first: int) -> list[int]:
    return words[bisect_left(words, first) :]


def _named_level(image: Image, named: list[StaticRow]) -> Item:
    """Whether the symbols name every static: then they leave no room in ``.bss`` but what alignment
    of the next one explains, as in each of 1,763 unstripped modules of real wheels. (``.data`` also
    holds constants that compilers give no name.)
    """
    starts = [row[0] for row in named]
    for region in image.regions:
        if not (region.zero_fill and region.writable and region.name.startswith(".bss")):
            continue
        end, at = region.address + region.size, region.address
        first = bisect_left(starts, region.address)
        for address, _, _, size, _, _ in named[first : bisect_left(starts, end, first)]:
            if address < at:  # they overlap
                at = max(at, address + size)
                continue
            if address > at and (address - at >= _ALIGNMENT or address - at >= address & -address):
                return _nameless(address - at, region.name, at)
            at = address + size
        if end - at >= image.word_size:
            return _nameless(end - at, region.name, at)
    return Item("full")


def _own_thread_local(image: Image) -> int:
    """Bytes of thread-local data that may hold an object: all but those of the language's run-time
    library. Interpreters that take turns on one thread see the same.
    """
    regions = [r for r in image.regions if r.thread_local and not r.name.endswith(_NO_TLS_DATA)]
    size = sum(region.size for region in regions)
    if size < image.word_size or image.format == "pe":  # a DLL's is its C run-time library's
        return 0
    if image.load_thread_local is not None:
        symbols = image.load_thread_local()
    else:
        symbols = [(symbol.name, symbol.size) for symbol in image.symbols if symbol.kind == "tls"]
    size -= sum(room for name, room in symbols if _is_of_runtime(name))
    return size if size >= image.word_size else 0


def _is_of_runtime(name: str) -> bool:
    told = _told_by_name(name)
    return _PYO3_COUNT in name or (told is not None and told[0] == "runtime")


def _nameless(size: int, section: str, address: int) -> Item:
    return Item("partial", f"no symbol tells what {size} bytes of {section} at {address:#x} are")


Class = tuple[GlobalKind, tuple[Told, ...]]

_BEHIND_ALL = 1 << 65
_LOCK: Class = ("lock", (("name", "named as a lock", None),))
_LOCK_LIMIT = 64
"""Most bytes of a lock."""


def _told_by_names(names: list[str]) -> list[tuple[int, Class]]:
    """What the names alone say of the statics that have one of those above, by their places. Few
    have, so all are asked at once whether any can.
    """
    likely = [place for place, name in enumerate(names) if name[:_FEW] in _FIRST_LETTERS]
    text = "\n" + "\n".join(names)
    if "\n" + _RUST in text:
        likely += [place for place, name in enumerate(names) if name.startswith(_RUST)]
    if _WRAPPER_BASE in text or _BUILTIN in text:
        likely += [
            place for place, name in enumerate(names) if _WRAPPER_BASE in name or _BUILTIN in name
        ]
    lower = text.lower()
    if _may_be_lock(lower):
        lowers = lower[1:].split("\n")
        if len(lowers) != len(names):  # some have line ends in them
            lowers = [name.lower() for name in names]
        likely += [
            place
            for place, name in enumerate(lowers)
            if "lock" in name or "mutex" in name or "once_flag" in name
        ]
    found = [(place, _told_by_name(names[place])) for place in likely]
    return [(place, told) for place, told in found if told is not None]


def _may_be_lock(lower: str) -> bool:
    return "lock" in lower or "mutex" in lower or "once_flag" in lower


@lru_cache(maxsize=1 << 12)
def _told_by_name(name: str) -> Class | None:
    """What its name alone says of a static. Many files have statics of the same names."""
    if name[:_FEW] in _FIRST_LETTERS or name.startswith(_RUST):
        named = _by_name(name)
        if named is not None:
            return named
    if _CYTHON in name:
        named = _of_interpreter(name)
        if named is not None:
            return named
    return _LOCK if _may_be_lock(name.lower()) and re.search(_LOCK_NAME, name) else None


def _is_of_its_size(name: str, size: int, word: int) -> bool:
    """Whether a static can be what its name says: ``static PyObject *object`` in a function is
    ``object.0``, as a structure of crtstuff.c is.
    """
    if name.startswith("completed."):
        return size == 1
    return size > word or not name.startswith(("object.", *_PARSER_STARTS))


def _of_interpreter(name: str) -> Class | None:
    """Cython's statics that only ever lead to what the interpreter has once for the process: its
    static types and constants, and the names of its slots.
    """
    at = name.find(_CYTHON)
    if name.startswith(_WRAPPER_BASE, at):
        return "runtime", (("name", "a copy of the interpreter's description of a slot", None),)
    if name.startswith(_BUILTIN, at):
        word = name[at + len(_BUILTIN) :]
        value = getattr(builtins, word, None)
        fixed = isinstance(value, type) and not value.__flags__ & FLAG_HEAP
        if fixed or word in _CONSTANTS:
            return "runtime", (("name", f"the interpreter's own {word}, one for all", None),)
    return None


def _by_name(name: str) -> Class | None:
    """Of a name with the first letters of one of those above: that the static is not of the
    sources' own making.
    """
    if name.startswith(_TOLD_BY_START):
        for prefix, text in _CXX_DATA:
            if name.startswith(prefix):
                return "runtime", (("name", text, None),)
        if (
            name.startswith(_RUNTIME_PREFIXES)
            or (name.startswith(_NUMBERED) and name.partition(".")[2].isdigit())
            or (name.startswith(_MANGLED) and re.match(_RUNTIME, name))
        ):
            return "runtime", (_OF_THE_RUNTIME,)
    if name in _RUNTIME_NAMES:
        return "runtime", (_OF_THE_RUNTIME,)
    if name.startswith(_PARSER_STARTS) and re.match(_PARSER_CACHE, name):
        return "runtime", (("name", "keyword cache that CPython itself looks after", None),)
    return None


def _by_size(size: int, word: int) -> Class:
    if 0 < size < word:
        octets = "1 byte" if size == 1 else f"{size} bytes"
        return "scalar", (("size", f"{octets} cannot hold a pointer", None),)
    if size > 8 * word:
        return "buffer", (("size", f"{size} bytes of data", None),)
    return "unknown", ()


def _addresses_inside(
    image: Image, address: int, size: int, filled: list[int], first: int
) -> Class | None:
    """A static that starts out with addresses in it is a table of this file's own things: of the
    words ``filled`` the one at ``first`` is the first in it.
    """
    step = image.word_size
    behind = min(address + size, address + -address % step + step * _WORDS_COUNTED)
    count = bisect_left(filled, behind, first) - first
    if not count:
        return None
    word, pointers = filled[first], image.pointers
    if word in pointers or not pointers.keys().isdisjoint(filled[first : first + count]):
        text = f"starts out with {count} addresses of the file's own data or code"
    else:
        text = f"the file puts the address of {image.imports_at[word]} there"
    return "table", (("data", text, address),)
