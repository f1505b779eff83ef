"""A PE file as an image: pointer map, regions, function extents, symbols.

All addresses are link-time ones: the preferred image base plus the RVA. Constants are relocated
too, so that structures stand in ``.rdata`` as well as in ``.data``.
"""

from bisect import bisect_right

from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.pe import SCN_EXECUTE, SCN_WRITE, PeFile, Section
from isoview.inspectors.binary.pe_symbols import has_symbols, read_symbols
from isoview.inspectors.binary.pe_tables import read_base_relocations, read_exports, read_imports
from isoview.inspectors.binary.pe_unwind import Unwind
from isoview.inspectors.text import decode

COMPILER_LIMIT = 64
"""GCC leaves its version once for each object file; this many are looked at."""


def read_pe(data: memoryview) -> Image:
    """The image of a PE file. Raises :class:`UnsupportedFormat` where it has no header to read."""
    reader = PeFile(data)
    imports = read_imports(reader)
    exports = read_exports(reader)
    pointers = read_base_relocations(reader)
    # Delay-loaded words start out with the address of a stub; what matters is what they become.
    for address in imports.at.keys() & pointers.keys():
        del pointers[address]
    unwind = Unwind(reader)
    # These may note damage, so they come before the image takes the notes.
    build_id, compilers, symbols = reader.build_id(), _compilers(reader), has_symbols(reader)
    return Image(
        format="pe",
        arch=reader.arch,
        bits=reader.bits,
        endian="little",
        segments=tuple(_segment(reader, section) for section in reader.sections),
        regions=_regions(reader),
        pointers=pointers,
        imports_at=imports.at,
        imported=frozenset(imports.at.values()),
        exports=exports,
        export_sizes=_export_sizes(exports, unwind),
        libraries=imports.libraries,
        build_id=build_id,
        compilers=compilers,
        stripped=not symbols,
        module_file=reader.is_dll,
        load_symbols=lambda: read_symbols(reader, exports),
        load_function_starts=unwind.starts,
        damage=tuple(reader.damage),
        entry=reader.entry,
    )


def _segment(reader: PeFile, section: Section) -> Segment:
    return Segment(
        section.name,
        reader.base + section.rva,
        section.size,
        section.data,
        bool(section.flags & SCN_WRITE),
        bool(section.flags & SCN_EXECUTE),
        section.offset,
    )


def _regions(reader: PeFile) -> tuple[Region, ...]:
    """Sections; one whose end is not in the file is shown as two regions, the second of zeros."""
    found: list[Region] = []
    for section in reader.sections:
        start, filled = reader.base + section.rva, len(section.data)
        writable = bool(section.flags & SCN_WRITE)
        executable = bool(section.flags & SCN_EXECUTE)
        local = section.name == ".tls"
        if filled:
            found.append(Region(section.name, start, filled, writable, executable, False, local))
        if section.size > filled:
            name = f"{section.name} zero fill" if filled else section.name
            rest = section.size - filled
            found.append(Region(name, start + filled, rest, writable, executable, True, local))
    return tuple(found)


def _export_sizes(exports: dict[str, int], unwind: Unwind) -> dict[int, int]:
    """Sizes of the exported ``Py...`` functions. One without an entry of its own is a leaf: it
    ends where the next export or the next function with an entry begins, at the latest.
    """
    found: dict[int, int] = {}
    others = sorted(set(exports.values()))
    for name, address in exports.items():
        if not name.startswith("Py"):
            continue
        size = unwind.size(address)
        if size is None:
            after = bisect_right(others, address)
            ends = [end - address for end in others[after : after + 1]]
            room = unwind.room(address)
            size = min([*ends, room] if room else ends, default=0)
        if size:
            found[address] = size
    return found


def _compilers(reader: PeFile) -> tuple[str, ...]:
    linker = reader.linker()
    found = [linker] if linker else []
    if linker is None or not linker.startswith("MSVC"):
        found += _gcc_versions(reader)
    return tuple(dict.fromkeys(found))


def _gcc_versions(reader: PeFile) -> list[str]:
    """GCC's version texts, which MinGW keeps in the read-only data of every object file."""
    section = next((s for s in reader.sections if s.name == ".rdata"), None)
    raw = bytes(section.data) if section is not None else b""
    found: list[str] = []
    at = raw.find(b"GCC: (")
    while at >= 0 and len(found) < COMPILER_LIMIT:
        found.append(decode(raw[at : at + 200].partition(b"\0")[0]))
        at = raw.find(b"GCC: (", at + 1)
    return found
