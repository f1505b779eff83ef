"""An ELF file as an image: pointer map, regions, symbols.

Sources: the ELF generic ABI and each processor's supplement; PT_GNU_RELRO and .eh_frame_hdr as the
Linux Standard Base describes them.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache, partial

from isoview.inspectors.binary import elf
from isoview.inspectors.binary import elf_relocations as relocations
from isoview.inspectors.binary.elf import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_TLS,
    SHF_WRITE,
    SHT_NOBITS,
    ElfFile,
    build_id,
    name_at,
)
from isoview.inspectors.binary.elf_integrity import oddities
from isoview.inspectors.binary.elf_pointers import relocated_words
from isoview.inspectors.binary.elf_symbols import SymbolTable, hashed_count
from isoview.inspectors.binary.image import REGION_LIMIT, Declarations, Image, Region, Segment
from isoview.inspectors.binary.words import integers
from isoview.inspectors.facts import Damage
from isoview.inspectors.hints import TYPE_CHECKING, Any
from isoview.inspectors.text import NAME_LIMIT, decode

if TYPE_CHECKING:
    from isoview.inspectors.binary.symbol_table import Columns


def read_elf(data: memoryview) -> Image:
    """The image of an ELF file. Raises :class:`UnsupportedFormat` where it has no header to read."""
    reader = ElfFile(data)
    arch, kinds = relocations.MACHINES.get(reader.machine, (f"machine {reader.machine}", None))
    if arch == "ppc64" and reader.endian == "little":
        arch = "ppc64le"
    dynamic = _dynamic_symbols(reader)
    if kinds is None and reader.tags:
        reader.damage.append(Damage("relocations", f"processor {arch} is not known here"))
    imported = frozenset(filter(None, dynamic.undefined))
    for_python, sizes = dynamic.python_exports()
    speaks = bool(for_python) or (
        dynamic.names_hold(b"Py") and any(name.startswith(("Py", "_Py")) for name in imported)
    )
    pointers, imports_at = relocated_words(reader, dynamic, kinds, deferred=not speaks)
    full = _static_table(reader)
    symbols = dynamic if full is None else full
    return Image(
        format="elf",
        arch=arch,
        bits=reader.bits,
        endian=reader.endian,
        segments=reader.segments,
        regions=_regions(reader),
        pointers=pointers,
        imports_at=imports_at,
        imported=imported,
        exports=dynamic.exports(),
        python_exports=for_python,
        export_sizes=sizes,
        libraries=_libraries(reader),
        build_id=build_id(reader),
        compilers=_compilers(reader),
        stripped=full is None or not full.has_locals(),
        module_file=reader.type == elf.ET_DYN,
        load_symbols=lambda: symbols.defined(exported=full is None),
        load_function_starts=lambda: _unwind_starts(reader),
        damage=(*reader.damage, *oddities(reader)),
        load_declarations=lambda addresses, path: _declarations(reader, addresses, path),
        load_objects=symbols.objects,
        load_functions=symbols.functions,
        load_thread_local=symbols.thread_local,
        load_columns=lambda: _columns(reader),
        run_paths=_run_paths(reader),
    )


def _columns(reader: ElfFile) -> "Columns":
    from isoview.inspectors.binary.symbol_table import elf_symbols

    return elf_symbols(reader)


def _declarations(reader: ElfFile, addresses: Collection[int], path: str) -> Declarations:
    from isoview.inspectors.binary.elf_dwarf import declarations

    return declarations(reader, addresses, path)


def _dynamic_symbols(reader: ElfFile) -> SymbolTable:
    return SymbolTable(*dynamic_tables(reader), bits=reader.bits, endian=reader.endian)


def dynamic_tables(reader: ElfFile) -> tuple[memoryview, memoryview]:
    """The dynamic symbol table and its names, as the dynamic section finds them."""
    entry = 24 if reader.bits == 64 else 16
    tags = reader.tags
    where, names = tags.get(elf.DT_SYMTAB), tags.get(elf.DT_STRTAB)
    if where is None or names is None:
        return memoryview(b""), memoryview(b"")
    count = hashed_count(
        lambda address, n: integers(reader.at(address, 4 * n), 4, reader.endian),
        sysv=tags.get(elf.DT_HASH),
        gnu=tags.get(elf.DT_GNU_HASH),
        bits=reader.bits,
    )
    tables = reader.sections_of.get(elf.SHT_DYNSYM)
    if tables and tables[0][3] == where:
        count = max(count, tables[0][5] // entry)
    elif names > where:  # the string table follows the symbols in every linker's output
        count = max(count, (names - where) // entry)
    return reader.at(where, count * entry), reader.at(names, tags.get(elf.DT_STRSZ, 0))


def _relro(reader: ElfFile) -> tuple[int, int]:
    row = reader.header(elf.PT_GNU_RELRO)
    return (row.address, row.address + row.size) if row is not None else (0, 0)


# Every file has some thirty, and the class's own way to make one takes four times as long.
_region = partial(tuple.__new__, Region)


def _regions(reader: ElfFile) -> tuple[Region, ...]:
    low, high = _relro(reader)
    sections = [
        (name, row)
        for name, row in zip(reader.section_names, reader.section_rows, strict=True)
        if row[2] & SHF_ALLOC and row[5]
    ]
    # Sections of a real file share no bytes; those that do could make a small file large.
    held = sum([row[5] for _, row in sections if row[1] != SHT_NOBITS])
    if len(sections) > REGION_LIMIT:
        reader.damage.append(
            Damage("sections", f"{len(sections)} of them are loaded; none is read")
        )
    elif sections and held > len(reader.data):
        reader.damage.append(Damage("sections", f"their {held} bytes are more than the file has"))
    elif sections:
        return tuple([
            _region((
                name,
                address,
                size,
                flags & SHF_WRITE != 0 and not low <= address < high,
                flags & SHF_EXECINSTR != 0,
                kind == SHT_NOBITS,
                flags & SHF_TLS != 0,
            ))
            for name, (_, kind, flags, address, _, size, _, _, _, _) in sections
        ])  # fmt: skip
    found: list[Region] = []
    for segment in reader.segments:
        start, filled = segment.address, segment.address + len(segment.data)
        end = segment.address + segment.size
        if segment.writable and start <= low < high <= end:
            found.append(Region(f"{segment.name} sealed", low, high - low, False, False, False))
            start = high
        if start < filled:
            found += _filled(reader, segment, start, filled)
        if max(start, filled) < end:
            at = max(start, filled)
            found.append(Region(f"{segment.name} zero fill", at, end - at, True, False, True))
    return tuple(found)


def _filled(reader: ElfFile, segment: Segment, start: int, end: int) -> list[Region]:
    """The regions of a segment's file bytes, where no section header tells them.

    Linkers used to put constants into the code's segment. Where the dynamic string table or the
    unwind table stands there too, code is what the unwind table covers, or what lies between
    .init and .fini.
    """

    def region(low: int, high: int, executable: bool) -> Region:
        return Region(segment.name, low, high - low, segment.writable, executable, False)

    mixed = [reader.tag(elf.DT_STRTAB)]
    mixed += [row[3] for row in reader.program_rows if row[0] in _UNWIND_TABLES]
    if segment.executable and any(at is not None and start <= at < end for at in mixed):
        low, high = _unwound(reader) or (reader.tag(elf.DT_INIT) or 0, _after_fini(reader))
        if start < low < high <= end:
            parts = ((start, low, False), (low, high, True), (high, end, False))
            return [region(*part) for part in parts if part[0] < part[1]]
    return [region(start, end, segment.executable)]


_UNWIND_TABLES = (elf.PT_GNU_EH_FRAME, elf.PT_ARM_EXIDX)


def _after_fini(reader: ElfFile) -> int:
    """Behind the first instruction of .fini, which GNU ld puts last; its length is not told."""
    return (reader.tag(elf.DT_FINI) or 0) + 4


def _unwound(reader: ElfFile) -> tuple[int, int] | None:
    """First and last address of code that the unwind tables cover, if there is one."""
    row = reader.header(elf.PT_GNU_EH_FRAME)
    starts = _unwind_starts(reader)
    if row is None or not starts:
        return _unwound_arm(reader)
    order: Any = reader.endian
    # The last pair of the table names the frame entry of the last function: u32 length, u32
    # distance to its common entry, then where the function starts (4 bytes) and how long it is.
    raw = bytes(reader.at(row.address + 12 + 8 * (len(starts) - 1) + 4, 4))
    entry = row.address + int.from_bytes(raw, order, signed=True)
    length = int.from_bytes(bytes(reader.at(entry + 12, 4)), order)
    return starts[0], starts[-1] + length


def _unwound_arm(reader: ElfFile) -> tuple[int, int] | None:
    """The same from .ARM.exidx: pairs of words, the first a function's place relative to itself in
    31 bits (ARM IHI 0038). The last pair ends the code; .fini, if any, stands behind it.
    """
    row = reader.header(elf.PT_ARM_EXIDX)
    words = integers(reader.at(row.address, row.filled), 4, reader.endian) if row else ()
    if row is None or len(words) < 4:
        return None

    def place(index: int) -> int:
        distance = words[index] & 0x7FFFFFFF
        return int(row.address) + 4 * index + distance - ((distance & 0x40000000) << 1)

    return place(0), max(place(len(words) // 2 * 2 - 2) + 4, _after_fini(reader))


def _libraries(reader: ElfFile) -> tuple[str, ...]:
    where, size = reader.tag(elf.DT_STRTAB), reader.tag(elf.DT_STRSZ)
    if where is None:
        return ()
    text = reader.at(where, size or 0)
    # A copy of the whole table would cost more than all the names.
    return tuple([name_at(bytes(text[at : at + NAME_LIMIT + 1]), 0) for at in reader.needed])


def _run_paths(reader: ElfFile) -> tuple[str, ...]:
    where = reader.tag(elf.DT_RUNPATH) or reader.tag(elf.DT_RPATH)
    names, size = reader.tag(elf.DT_STRTAB), reader.tag(elf.DT_STRSZ)
    if where is None or names is None:
        return ()
    text = bytes(reader.at(names, size or 0)[where : where + NAME_LIMIT])
    return tuple(part for part in decode(text.partition(b"\0")[0]).split(":") if part)


def _compilers(reader: ElfFile) -> tuple[str, ...]:
    if ".comment" not in reader.section_names:
        return ()
    _, _, _, _, offset, size, *_ = reader.section_rows[reader.section_names.index(".comment")]
    raw = bytes(reader.data[offset : offset + min(size, elf.NOTE_LIMIT)])
    return _kept_compilers(raw) if len(raw) <= elf.KEPT_TEXT else _named_compilers(raw)


def _named_compilers(raw: bytes) -> tuple[str, ...]:
    return tuple(dict.fromkeys([decode(part, 200) for part in raw.split(b"\0") if part]))


_kept_compilers = lru_cache(32)(_named_compilers)


def _static_table(reader: ElfFile) -> SymbolTable | None:
    """The full symbol table, where the file has not lost it."""
    rows = reader.section_rows
    tables = reader.sections_of.get(elf.SHT_SYMTAB, ())
    static = next((row for row in tables if row[5]), None)
    if static is None or static[6] >= len(rows):
        return None
    names = rows[static[6]]
    return SymbolTable(
        reader.data[static[4] : static[4] + static[5]],
        reader.data[names[4] : names[4] + names[5]],
        bits=reader.bits,
        endian=reader.endian,
    )


def _unwind_starts(reader: ElfFile) -> Sequence[int]:
    """Function starts from ``.eh_frame_hdr`` (LSB: version 1, table of sorted int32 pairs
    relative to the header itself, encoding 0x3b).
    """
    row = reader.header(elf.PT_GNU_EH_FRAME)
    if row is None:
        return ()
    head = bytes(reader.at(row.address, 12))
    if len(head) < 12 or head[0] != 1 or head[2] != 0x03 or head[3] != 0x3B:
        return ()
    order: Any = reader.endian
    count = int.from_bytes(head[8:12], order)
    table = reader.at(row.address + 12, 8 * min(count, len(reader.data) // 8))
    base = row.address
    return tuple(
        base + (start - (1 << 32) if start >> 31 else start)
        for start in integers(table, 4, reader.endian)[0::2]
    )
