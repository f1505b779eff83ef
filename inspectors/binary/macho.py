"""Mach-O files become images: load commands, segments, sections and universal files.

Source: Apple's ``<mach-o/loader.h>`` and ``<mach-o/fat.h>``. Everything is read in bulk with
struct; fixups and symbols have modules of their own. Only 64-bit little-endian files are read:
CPython 3.8 and later runs on arm64 and x86-64 Macs alone.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from isoview.inspectors.binary.image import REGION_LIMIT, Image, Region, Segment, Symbol
from isoview.inspectors.binary.macho_file import HINT, MachFile, label
from isoview.inspectors.binary.macho_fixups import read_fixups
from isoview.inspectors.binary.macho_symbols import SymbolTable, export_trie, function_starts
from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Damage
from isoview.inspectors.record import replace

SLICE_LIMIT = 32
"""Most slices of a universal file. A Java class file begins with the same magic number, and the
version that follows it is always above this."""

FAT_MAGICS = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")

# cputype: the slice's name as macOS tools print it, and the processor's as facts do.
_PROCESSORS = {
    0x01000007: ("x86_64", "x86-64"),
    0x0100000C: ("arm64", "aarch64"),
    0x0200000C: ("arm64_32", "arm64_32"),
    7: ("i386", "i686"),
    12: ("arm", "armv7"),
    18: ("ppc", "ppc"),
    0x01000012: ("ppc64", "ppc64"),
}
_SUBTYPES = {("arm64", 2): "arm64e", ("x86_64", 8): "x86_64h"}
# filetype: MH_BUNDLE and MH_DYLIB can be imported, the rest cannot.
_MODULE_KINDS = (6, 8)
_OTHER_KINDS = {
    1: "a Mach-O object file, not yet linked",
    2: "a Mach-O program",
    4: "a Mach-O core file",
    9: "a Mach-O stub library, for linking only",
    10: "the debug symbols (dSYM) of a Mach-O file, without its code and data",
    11: "a Mach-O kernel extension",
}
_LINKS = (0x0C, 0x80000018, 0x8000001F, 0x20, 0x80000023)  # LC_LOAD_DYLIB and its variants
_TOOLS = {1: "clang", 2: "swiftc", 3: "ld", 4: "lld"}  # build_tool_version.tool
_ZERO_FILL = (1, 12, 0x12)  # S_ZEROFILL, S_GB_ZEROFILL, S_THREAD_LOCAL_ZEROFILL
_THREAD_LOCAL = range(0x11, 0x16)  # S_THREAD_LOCAL_REGULAR to ..._INIT_FUNCTION_POINTERS
_INSTRUCTIONS = 0x80000000  # S_ATTR_PURE_INSTRUCTIONS


class Slice(NamedTuple):
    """One processor's part of a file: its bytes, and how many the header claims beyond them."""

    name: str  # as macOS tools print it: arm64, x86_64
    data: memoryview
    missing: int = 0
    shared: bool = False  # the header gives some bytes to two slices


def slices(data: memoryview) -> tuple[Slice, ...]:
    """The slices of a universal file, in its order, or the one of a thin file.

    Raises :class:`UnsupportedFormat` for a header that is none.
    """
    magic = bytes(data[:4])
    if magic not in FAT_MAGICS:
        return (Slice(_processor(data)[0], data),)
    count = int.from_bytes(data[4:8], "big")
    if not 0 < count <= SLICE_LIMIT:
        raise UnsupportedFormat(
            f"no universal Mach-O file: {count} slices are claimed (a Java class file begins "
            "with the same number)",
            HINT,
        )
    form = struct.Struct(">IIQQII" if magic == FAT_MAGICS[1] else ">IIIII")
    found: list[Slice] = []
    places: list[tuple[int, int]] = []
    for index in range(count):
        at = 8 + index * form.size
        if at + form.size > len(data):
            break
        cpu, subtype, offset, size = form.unpack_from(data, at)[:4]
        raw = data[offset : offset + size]
        found.append(Slice(_slice_name(cpu, subtype), raw, size - len(raw)))
        places.append((offset, offset + size))
    if not found:
        raise UnsupportedFormat("a universal Mach-O file cut off in its header", HINT)
    places.sort()
    if any(start < end for (_, end), (start, _) in pairwise(places)):
        found = [part._replace(shared=True) for part in found]
    return tuple(found)


def _slice_name(cpu: int, subtype: int) -> str:
    name = _PROCESSORS.get(cpu, (f"cputype {cpu:#x}", ""))[0]
    return _SUBTYPES.get((name, subtype & 0xFFFFFF), name)


def _processor(data: memoryview) -> tuple[str, str]:
    if len(data) < 12:
        return "unknown", "unknown"
    cpu, subtype = struct.unpack_from("<II", data, 4)
    return _slice_name(cpu, subtype), _PROCESSORS.get(cpu, ("", f"cputype {cpu:#x}"))[1]


def read_slices(data: memoryview) -> tuple[tuple[str, Image], ...]:
    """(slice name, image) of every slice that can be read; the others become damage notes.

    Raises :class:`UnsupportedFormat` where there is none to read.
    """
    read: list[tuple[str, Image]] = []
    refused: list[tuple[str, UnsupportedFormat]] = []
    for part in slices(data):
        try:
            read.append((part.name, _read_slice(part)))
        except UnsupportedFormat as error:
            refused.append((part.name, error))
    if not read:
        name, refusal = refused[0]
        raise UnsupportedFormat(f"slice {name}: {refusal.message}", refusal.hint) from refusal
    notes = tuple(Damage(f"slice {name}", refusal.message) for name, refusal in refused)
    return tuple((name, replace(image, damage=(*image.damage, *notes))) for name, image in read)


def read_macho(data: memoryview) -> Image:
    """The image of a thin file, or of the slice of a universal one that suits this machine (its
    first where none does). Raises :class:`UnsupportedFormat`.
    """
    if bytes(data[:4]) not in FAT_MAGICS:
        return _read_slice(slices(data)[0])
    images = read_slices(data)
    return images[suitable([name for name, _ in images])][1]


def suitable(names: Sequence[str]) -> int:
    """Index of the slice that this machine would run; 0 where none is meant for it."""
    import platform

    here = {"AMD64": "x86_64", "aarch64": "arm64", "ARM64": "arm64"}
    machine = here.get(platform.machine(), platform.machine())
    return names.index(machine) if machine in names else 0


def _read_slice(part: Slice) -> Image:
    file = MachFile(part.data)
    if part.missing:
        file.damage.append(
            Damage(f"slice {part.name}", f"{part.missing} bytes at its end are missing")
        )
    if part.shared:
        file.damage.append(Damage("universal header", "slices share bytes of the file"))
    own = _processor(part.data)[0]
    if own != part.name:
        file.damage.append(Damage(f"slice {part.name}", f"its own header names {own}"))
    return _image(file)


def _image(file: MachFile) -> Image:
    table = _symbol_table(file)
    exports = {**table.exports(), **_trie(file)}
    pointers, imports_at = read_fixups(file, exports) if file.kind in _MODULE_KINDS else ({}, {})

    @cache
    def starts() -> Sequence[int]:
        return function_starts(file.linked(0x26), file.base)

    regions = _regions(file)
    for segment in file.segments:
        if not any(section.segment == segment.name for section in file.sections):
            regions += _whole(segment, file, starts, pointers)
    return Image(
        format="mach-o",
        arch=_processor(file.data)[1],
        bits=64,
        endian="little",
        segments=file.segments,
        regions=regions,
        pointers=pointers,
        imports_at=imports_at,
        imported=table.undefined() | {n for n in imports_at.values() if n not in exports},
        exports=exports,
        export_sizes=_export_sizes(exports, starts, table, regions),
        libraries=_libraries(file),
        build_id=_uuid(file),
        compilers=_compilers(file),
        stripped=not table.has_locals or not file.sections,
        module_file=file.kind in _MODULE_KINDS,
        load_symbols=lambda: _symbols(file, table, regions),
        load_function_starts=starts,
        damage=tuple(file.damage),
        other_kind=_OTHER_KINDS.get(file.kind, f"a Mach-O file of kind {file.kind}")
        if file.kind not in _MODULE_KINDS
        else None,
    )


def _symbol_table(file: MachFile) -> SymbolTable:
    raw = file.first(0x02)
    if raw is None or len(raw) < 24:
        return SymbolTable(memoryview(b""), memoryview(b""))
    at, count, names, size = struct.unpack_from("<IIII", raw, 8)
    return SymbolTable(
        file.part(at, count * 16, "symbol table"), file.part(names, size, "symbol names")
    )


def _trie(file: MachFile) -> dict[str, int]:
    raw = file.linked(0x80000033)  # LC_DYLD_EXPORTS_TRIE
    info = file.first(0x80000022, 0x22)  # LC_DYLD_INFO_ONLY, LC_DYLD_INFO
    if not raw and info is not None and len(info) >= 48:
        offset, size = struct.unpack_from("<II", info, 40)
        raw = file.part(offset, size, "export trie")
    found, damaged = export_trie(bytes(raw), file.base)
    if damaged:
        file.damage.append(Damage("export trie", damaged))
    return found


def _regions(file: MachFile) -> tuple[Region, ...]:
    segments = {segment.name: segment for segment in file.segments}
    left = {segment.name: len(segment.data) for segment in file.segments}
    found: list[Region] = []
    for section in file.sections:
        segment = segments.get(section.segment)
        if segment is None or not section.size:
            continue
        if len(found) == REGION_LIMIT:
            file.damage.append(Damage("sections", f"only {REGION_LIMIT} are read"))
            break
        end = segment.address + segment.size
        name = f"{section.segment},{section.name}"
        if not segment.address <= section.address < end:
            file.damage.append(Damage(f"section {name}", "it lies outside its segment"))
            continue
        kind = section.flags & 0xFF
        room = segment.address + len(segment.data) - section.address
        zero_fill = kind in _ZERO_FILL or room <= 0
        size = min(section.size, end - section.address if zero_fill else room)
        if not zero_fill:
            left[segment.name] -= size
            if left[segment.name] < 0:
                file.damage.append(Damage(f"section {name}", "it overlaps other sections"))
                continue
        found.append(
            Region(
                name,
                section.address,
                size,
                segment.writable and segment.name not in file.sealed,
                bool(section.flags & _INSTRUCTIONS),
                zero_fill,
                kind in _THREAD_LOCAL,
            )
        )
    return tuple(found)


def _whole(
    segment: Segment,
    file: MachFile,
    starts: Callable[[], Sequence[int]],
    pointers: Mapping[int, int],
) -> tuple[Region, ...]:
    """The regions of a segment without sections.

    Constants stand behind the code in its segment: code is what lies between the first function
    and the first address after the last one that data points to.
    """
    low, end = segment.address, segment.address + len(segment.data)
    code, behind = (low, end) if segment.executable else (low, low)
    if segment.executable and starts():
        code, last = starts()[0], starts()[-1]
        behind = min((t for t in pointers.values() if last < t < end), default=end)
    writable = segment.writable and segment.name not in file.sealed
    parts = (
        (low, code, False, False),
        (code, behind, True, False),
        (behind, end, False, False),
        (end, segment.address + segment.size, False, True),
    )
    return tuple(
        Region(segment.name, start, stop - start, writable, executable, zero_fill)
        for start, stop, executable, zero_fill in parts
        if low <= start < stop
    )


def _symbols(file: MachFile, table: SymbolTable, regions: tuple[Region, ...]) -> tuple[Symbol, ...]:
    ends = {(r.address, r.name): r for r in regions}
    by_number = [ends.get((s.address, f"{s.segment},{s.name}")) for s in file.sections]
    return table.defined(by_number)


def _export_sizes(
    exports: dict[str, int],
    starts: Callable[[], Sequence[int]],
    table: SymbolTable,
    regions: tuple[Region, ...],
) -> dict[int, int]:
    """Sizes of the init functions: as far as the next function, or the end of the code."""
    wanted = {address for name, address in exports.items() if name.startswith("Py")}
    if not wanted:
        return {}
    ends = {region.address + region.size for region in regions if region.executable}
    known = sorted(ends | set(starts() or table.addresses()))
    sizes: dict[int, int] = {}
    for address in wanted:
        after = bisect_right(known, address)
        if after < len(known):
            sizes[address] = known[after] - address
    return sizes


def _libraries(file: MachFile) -> tuple[str, ...]:
    found: list[str] = []
    for command, raw in file.commands:
        if command in _LINKS and len(raw) >= 24:
            at = int.from_bytes(raw[8:12], "little")
            found.append(label(bytes(raw[at:])))
    return tuple(found)


def _uuid(file: MachFile) -> str | None:
    raw = file.first(0x1B)
    return bytes(raw[8:24]).hex() if raw is not None and len(raw) >= 24 else None


def _version(number: int) -> str:
    """``xxxx.yy.zz`` in nibbles; a last zero is left out."""
    major, minor, patch = number >> 16, number >> 8 & 0xFF, number & 0xFF
    return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"


def _compilers(file: MachFile) -> tuple[str, ...]:
    """What LC_BUILD_VERSION says of the tools and the system the file was built for."""
    raw = file.first(0x32)
    if raw is None or len(raw) < 24:
        return ()
    platform, oldest, sdk, count = struct.unpack_from("<IIII", raw, 8)
    system = "macOS" if platform == 1 else f"platform {platform}"
    found = [f"for {system} {_version(oldest)} or later, SDK {_version(sdk)}"]
    for at in range(24, 24 + 8 * min(count, (len(raw) - 24) // 8), 8):
        tool, version = struct.unpack_from("<II", raw, at)
        name = "clang version" if tool == 1 else _TOOLS.get(tool, f"tool {tool}")
        found.append(f"{name} {_version(version)}")
    return tuple(found)
