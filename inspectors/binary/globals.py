"""Writable C statics of a file, and what each of them is.

With a symbol table every static is listed by name and size. Without one only what is exported or
recognised by its shape can be named, and the completeness says so.
"""

import re

from isoview.inspectors.binary.definitions import FoundDefinition
from isoview.inspectors.binary.image import Image, Symbol
from isoview.inspectors.binary.types import FoundType
from isoview.inspectors.facts import Evidence, Global, GlobalKind, Item

# Names that the compiler, the linker or the language's run-time library puts into every file:
# crtstuff's flags and lists, TM clone tables, C++ personality references, Rust's std.
_RUNTIME_PREFIXES = (
    "__dso_handle", "__TMC_END__", "__bss_start", "__frame_dummy_init_array_entry",
    "__do_global_dtors_aux", "__JCR", "__CTOR", "__DTOR", "DW.ref.", "_GLOBAL_OFFSET_TABLE_",
    "__stack_chk_guard", "emutex", "emergency", "_ZN3std", "_ZN4core", "_ZN5alloc",
    "_ZN9__gnu_cxx", "_ZN10__cxxabi", "_ZNSt", "_ZNSa", "_ZNSb", "_ZSt", "_ZSa", "_ZSb", "_ZZNS", "_ZZS",
)  # fmt: skip
_RUNTIME_NAMES = frozenset({"_edata", "_end", "_dyld_private", "_DYNAMIC"})
# The rest needs a pattern; it is text, compiled (and kept by re) when such a name is met.
_NUMBERED = ("completed.", "dtor_idx.", "force_to_data.", "object.", "_R", "_ZN")
_RUNTIME = (
    r"(completed|dtor_idx|force_to_data|object)\.\d+\Z"
    r"|_ZN12_GLOBAL__N_1\d+(emergency|fake|generic)"
    # Rust's newer mangling (v0): the crate is Cs, a hash, _ and its name behind its length.
    r"|_R(?:(?!Cs[0-9A-Za-z]+_)\w)*Cs[0-9A-Za-z]+_(3std|4core|5alloc|9hashbrown|5gimli|9addr2line|6object|10std_detect"
    r"|12panic_unwind|14rustc_demangle|16compiler_builtins|8lock_api|11parking_lot)"
    r"|_ZN\d*(std_detect|gimli|addr2line|rustc_demangle|panic_unwind)"
)
# Argument Clinic's keyword caches: CPython owns what they hold (a list of parsers per runtime).
_PARSER_CACHE = re.compile(r"(_parser|_kwtuple|__clinic_parser)(\.\d+)+\Z")
_LOCK = re.compile(r"(?i)(^|_)(mutex|lock|spinlock|rwlock|once_flag)(_|s?\Z|s?\.\d+\Z)")
_CXX_DATA = (("_ZTV", "a C++ vtable"), ("_ZTI", "C++ type information"), ("_ZTS", "a C++ type name"),
             ("_ZGV", "the guard of a C++ static"))  # fmt: skip


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
            for table in entry.tables:
                self._add(table, "table", f"table of type {entry.fact.name}", 0)

    def _definition(self, definition: FoundDefinition) -> None:
        name = definition.fact.m_name
        size = definition.layout.moduledef_size
        self._add(definition.fact.address, "definition", f"PyModuleDef of {name}", size)
        for table in (definition.methods_at, definition.slots_at):
            self._add(table, "table", f"table of module {name}", 0)

    def _add(self, address: int | None, kind: GlobalKind, text: str, size: int) -> None:
        if address is not None:
            self.known.setdefault(address, (kind, text, size))


def find_globals(image: Image, owners: Owners) -> tuple[tuple[Global, ...], Item]:
    """Every writable static the file names, and how complete the list is."""
    found: dict[int, Global] = {}
    for symbol in image.symbols:
        if symbol.kind != "object" or symbol.address in found or not symbol.name:
            continue
        region = image.region_at(symbol.address)
        if region is None or not region.writable:
            continue
        kind, evidence = classify(image, symbol, owners)
        found[symbol.address] = Global(
            symbol.address, symbol.name, region.name, symbol.size, kind, evidence
        )
    if not image.stripped:
        return tuple(found[address] for address in sorted(found)), Item("full")
    for address, (kind, text, size) in owners.known.items():
        region = image.region_at(address)
        if address in found or region is None or not region.writable:
            continue
        found[address] = Global(
            address, None, region.name, size, kind, (Evidence("shape", text, address),)
        )
    reason = "no symbol table: only exported and recognised statics are listed"
    return tuple(found[address] for address in sorted(found)), Item("partial", reason)


def classify(
    image: Image, symbol: Symbol, owners: Owners
) -> tuple[GlobalKind, tuple[Evidence, ...]]:
    """What a static is, from its shape, its contents in the file, and lastly its name."""
    known = owners.known.get(symbol.address)
    if known is not None:
        return known[0], (Evidence("shape", known[1], symbol.address),)
    plain = symbol.name
    for prefix, text in _CXX_DATA:
        if plain.startswith(prefix):
            return "runtime", (Evidence("name", text),)
    if _of_the_runtime(plain):
        return "runtime", (Evidence("name", "belongs to the compiler's run-time library"),)
    if _PARSER_CACHE.match(plain):
        return "runtime", (Evidence("name", "keyword cache that CPython itself looks after"),)
    pointed = _pointers_inside(image, symbol)
    if pointed is not None:
        return pointed
    if symbol.size <= 64 and _LOCK.search(plain):
        return "lock", (Evidence("name", "named as a lock"),)
    if 0 < symbol.size < image.word_size:
        return "scalar", (Evidence("size", f"{symbol.size} bytes cannot hold a pointer"),)
    if symbol.size > 8 * image.word_size:
        return "buffer", (Evidence("size", f"{symbol.size} bytes of data"),)
    return "unknown", ()


def _of_the_runtime(name: str) -> bool:
    """Whether the compiler, the linker or the language's library put ``name`` there."""
    if name.startswith(_RUNTIME_PREFIXES) or name in _RUNTIME_NAMES:
        return True
    return name.startswith(_NUMBERED) and re.match(_RUNTIME, name) is not None


def _pointers_inside(
    image: Image, symbol: Symbol
) -> tuple[GlobalKind, tuple[Evidence, ...]] | None:
    """A static that starts out with addresses in it is a table of this file's own things."""
    step = image.word_size
    local = imported = 0
    first = ""
    low = symbol.address + -symbol.address % step
    for address in range(low, min(symbol.address + symbol.size, low + step * 512), step):
        if address in image.pointers:
            local += 1
        elif address in image.imports_at:
            imported += 1
            first = first or image.imports_at[address]
    if not local and not imported:
        return None
    if imported and not local:
        text = f"the file puts the address of {first} there"
    else:
        text = f"starts out with {local + imported} addresses of the file's own data or code"
    return "table", (Evidence("data", text, symbol.address),)
