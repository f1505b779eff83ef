"""How the sources declare the globals of a file: C type, file and line, from DWARF.

Reading all of DWARF takes seconds, so the variables are found from their addresses: the location of
a global is the operation ``DW_OP_addr`` with the address behind it, and those ten bytes are looked
for in ``.debug_info``. The entry they belong to is found through the abbreviations of its unit, and
only that entry and its type are read. pyelftools does the reading; it is reached through
:class:`ElfFile`, the only place that imports it.

Source: DWARF Debugging Information Format, versions 4 and 5.
"""

import os
import re
import struct
from bisect import bisect_right
from collections.abc import Collection, Iterator

from isoview.inspectors.binary.elf import SHT_NOBITS, ElfFile, SectionHeader, build_id, reason
from isoview.inspectors.binary.image import Declaration, Declarations
from isoview.inspectors.binary.source import read_file
from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.hints import Any
from isoview.inspectors.record import Record
from isoview.inspectors.text import decode

SIZE_LIMIT = 64 << 20
"""Larger ``.debug_info`` sections are not read."""
UNIT_LIMIT = 20_000
"""Most compilation units of one file that are looked at."""
UNPACKED_LIMIT = 128 << 20
"""Bytes that packed sections, or those without bytes in the file, may make up together."""
TRY_LIMIT = 2_000_000
"""Most abbreviations that are tried at places that look like a variable's: about half a second."""
TYPE_DEPTH = 12
"""Most steps from a variable to what it is made of."""
_PLACE_COST, _ENTRY_COST = 10, 100
"""To look for a place's unit, and to read an entry, takes so many times as long as one try."""
_FIXED = {
    "DW_FORM_data1": 1, "DW_FORM_data2": 2, "DW_FORM_data4": 4, "DW_FORM_data8": 8,
    "DW_FORM_ref1": 1, "DW_FORM_ref2": 2, "DW_FORM_ref4": 4, "DW_FORM_ref8": 8,
    "DW_FORM_flag": 1, "DW_FORM_flag_present": 0, "DW_FORM_strp": 4, "DW_FORM_line_strp": 4,
    "DW_FORM_strx1": 1, "DW_FORM_strx2": 2, "DW_FORM_strx4": 4, "DW_FORM_implicit_const": 0,
    "DW_FORM_sec_offset": 4, "DW_FORM_addr": 8,
}  # fmt: skip
_OBJECTS = r"(_object|_typeobject|Py\w*Object|_longobject|PyTypeObject)\Z"
_QUALIFIERS = {"DW_TAG_const_type": "const ", "DW_TAG_volatile_type": "volatile "}
_SHF_COMPRESSED = 0x800
_STRUCTS = frozenset({"DW_TAG_structure_type", "DW_TAG_class_type"})


def declarations(reader: ElfFile, addresses: Collection[int], path: str) -> Declarations:
    """The declarations of the globals at ``addresses``, and why some may be missing.

    Where the file at ``path`` has no debug information, a file beside it may: ``NAME.debug``, or
    what ``.gnu_debuglink`` names, in the same folder or in its ``.debug``.
    """
    if not addresses:
        return {}, None
    section = _information(reader)
    if section is None:
        other = _beside(reader, path)
        section = _information(other) if other is not None else None
        if other is None or section is None:
            return {}, None
        reader = other
    refused = _refused(reader, section)
    if refused is not None:
        return {}, refused
    found: dict[int, Declaration] = {}
    try:
        dwarf = _Dwarf(reader)
        found.update(dwarf.declared(frozenset(addresses)))
    except Exception as error:  # noqa: BLE001 - pyelftools lets foreign exceptions out
        return found, f"DWARF cannot be read ({reason(error)})"
    return found, None if dwarf.left > 0 else "too much in DWARF looks like a variable"


def _refused(reader: ElfFile, section: SectionHeader) -> str | None:
    """Why the debug information is not read. pyelftools takes all debug sections into memory,
    unpacked, and as many zeros as one without bytes claims.
    """
    size = _unpacked(reader, section)
    if size > SIZE_LIMIT or any(other.name.startswith(".zdebug_") for other in reader.sections):
        return f"{section.name} of {size} bytes was not read"
    debug = [other for other in reader.sections if other.name.startswith((".debug_", ".eh_frame"))]
    more = sum(_unpacked(reader, other) - _stored(other) for other in debug)
    return (
        f"debug sections that unpack to {more} bytes were not read"
        if more > UNPACKED_LIMIT
        else None
    )


def _stored(section: SectionHeader) -> int:
    return 0 if section.type == SHT_NOBITS else section.size


def _unpacked(reader: ElfFile, section: SectionHeader) -> int:
    """Bytes of a section once unpacked, by its header (generic ABI, chapter 4, Elf64_Chdr)."""
    if not section.flags & _SHF_COMPRESSED:
        return section.size
    form = struct.Struct(
        ("<" if reader.endian == "little" else ">") + ("8xQ" if reader.bits == 64 else "4xI")
    )
    raw = reader.data[section.offset : section.offset + form.size]
    return int(form.unpack(raw)[0]) if len(raw) == form.size else section.size


def _information(reader: ElfFile) -> SectionHeader | None:
    names = (".debug_info", ".zdebug_info")
    return next((s for s in reader.sections if s.name in names and s.size), None)


def _beside(reader: ElfFile, path: str) -> ElfFile | None:
    """The file with the debug information, if it is of the same build."""
    link = _debug_link(reader)
    folder, own = os.path.split(path)
    names = dict.fromkeys([f"{own}.debug", *([link.name] if link else [])])
    for inner in ("", ".debug"):
        for name in names:
            found = os.path.join(folder, inner, name)  # noqa: PTH118
            if found == path or not os.path.isfile(found):  # noqa: PTH113
                continue
            try:
                other = ElfFile(read_file(found))
            except IsoviewError:
                continue
            if _is_of(other, reader, link):
                return other
    return None


def _is_of(other: ElfFile, reader: ElfFile, link: "_Link | None") -> bool:
    """Whether a file has the debug information of another: by the build's number, or, where there
    is none, by the checksum in the link.
    """
    own = build_id(reader)
    if own is not None:
        return build_id(other) == own
    if link is None:
        return False
    import zlib

    return zlib.crc32(other.data) == link.checksum


class _Link(Record):
    """What ``.gnu_debuglink`` says: a file's name, and the CRC-32 of its bytes."""

    name: str
    checksum: int


def _debug_link(reader: ElfFile) -> _Link | None:
    """The link to the file with the debug information: a name, padding to 4 bytes, a checksum."""
    section = next((s for s in reader.sections if s.name == ".gnu_debuglink"), None)
    if section is None:
        return None
    raw = bytes(reader.data[section.offset : section.offset + min(section.size, 1024)])
    text = raw.partition(b"\0")[0]
    name, at = decode(text), len(text) + 4 & ~3
    if not name or "/" in name or name in (".", ".."):
        return None
    order: Any = reader.endian
    return _Link(name, int.from_bytes(raw[at : at + 4], order))


class _Dwarf:
    """The DWARF of one file, read where it is asked for."""

    def __init__(self, reader: ElfFile) -> None:
        self.reader = reader
        self.dwarf: Any = reader.dwarf
        self.raw: bytes = self.dwarf.debug_info_sec.stream.getvalue()
        self.units: list[Any] = []
        for unit in self.dwarf.iter_CUs():
            self.units.append(unit)
            if len(self.units) >= UNIT_LIMIT:
                break
        self.offsets = [unit.cu_offset for unit in self.units]
        self.left = TRY_LIMIT
        self._shapes: dict[int, list[tuple[bytes, int]]] = {}
        self._files: dict[int, list[str]] = {}

    def declared(self, addresses: frozenset[int]) -> Iterator[tuple[int, Declaration]]:
        size = self.reader.bits // 8
        order: Any = self.reader.endian
        operation = bytes([size + 1, 3])  # length of the expression, DW_OP_addr
        at = self.raw.find(operation)
        while at >= 0 and self.left > 0:
            address = int.from_bytes(self.raw[at + 2 : at + 2 + size], order)
            self.left -= 1
            if address in addresses:
                self.left -= _PLACE_COST
                entry = self._entry(at)
                declared = self._declaration(entry) if entry is not None else None
                if declared is not None:
                    yield address, declared
            at = self.raw.find(operation, at + 1)

    def _entry(self, location: int) -> Any:
        """The variable whose location expression stands at ``location``."""
        index = bisect_right(self.offsets, location) - 1
        if index < 0:
            return None
        unit = self.units[index]
        for code, distance in self._variables(unit):
            self.left -= 1
            if self.left <= 0:
                return None
            start = location - distance - len(code)
            if start > unit.cu_offset and self.raw[start : start + len(code)] == code:
                self.left -= _ENTRY_COST
                entry = unit.get_DIE_from_refaddr(start)
                if entry.tag == "DW_TAG_variable" and self._location(entry) == location:
                    return entry
        return None

    @staticmethod
    def _location(entry: Any) -> int | None:
        found = entry.attributes.get("DW_AT_location")
        return found.offset if found is not None else None

    def _variables(self, unit: Any) -> list[tuple[bytes, int]]:
        """(code, bytes between code and location) of the unit's abbreviations of variables."""
        where = unit["debug_abbrev_offset"]
        if where not in self._shapes:
            self._shapes[where] = list(_variable_shapes(unit.get_abbrev_table()))
        return self._shapes[where]

    # What is declared

    def _declaration(self, entry: Any) -> Declaration | None:
        whole = entry
        for _ in range(2):  # a definition apart from its declaration
            other = self._follow(whole, "DW_AT_specification") or self._follow(
                whole, "DW_AT_abstract_origin"
            )
            if other is None:
                break
            whole = other
        kind = self._follow(entry, "DW_AT_type") or self._follow(whole, "DW_AT_type")
        if kind is None:
            return None
        number = self._number(entry, "DW_AT_decl_file") or self._number(whole, "DW_AT_decl_file")
        line = self._number(entry, "DW_AT_decl_line") or self._number(whole, "DW_AT_decl_line")
        unit = entry.cu if self._number(entry, "DW_AT_decl_file") else whole.cu
        return Declaration(
            self._spell(kind), self._file(unit, number), line, self._holds_objects(kind)
        )

    @staticmethod
    def _follow(entry: Any, name: str) -> Any:
        return entry.get_DIE_from_attribute(name) if name in entry.attributes else None

    @staticmethod
    def _number(entry: Any, name: str) -> int | None:
        found = entry.attributes.get(name)
        return found.value if found is not None and isinstance(found.value, int) else None

    @staticmethod
    def _name(entry: Any) -> str:
        found = entry.attributes.get("DW_AT_name")
        return found.value.decode("utf-8", "replace")[:200] if found is not None else ""

    def _spell(self, entry: Any, depth: int = 0) -> str:
        """A type as C spells it, near enough."""
        if entry is None:
            return "void"
        if depth > TYPE_DEPTH:
            return "..."
        tag = entry.tag
        inner = self._follow(entry, "DW_AT_type")
        if tag == "DW_TAG_pointer_type":
            if inner is not None and inner.tag == "DW_TAG_subroutine_type":
                return f"{self._spell(self._follow(inner, 'DW_AT_type'), depth + 1)} (*)()"
            spelled = self._spell(inner, depth + 1)
            return spelled + ("*" if spelled.endswith("*") else " *")
        if tag in _QUALIFIERS:
            return _QUALIFIERS[tag] + self._spell(inner, depth + 1)
        if tag == "DW_TAG_array_type":
            return self._spell(inner, depth + 1) + "[]"
        prefix = {"DW_TAG_structure_type": "struct ", "DW_TAG_union_type": "union ",
                  "DW_TAG_enumeration_type": "enum "}.get(tag, "")  # fmt: skip
        return prefix + (self._name(entry) or "{...}")

    def _holds_objects(self, entry: Any) -> bool:
        """Whether a type is a pointer to an object, or an array of such."""
        for _ in range(TYPE_DEPTH):
            if entry is None:
                return False
            if entry.tag == "DW_TAG_pointer_type":
                return self._is_object(self._follow(entry, "DW_AT_type"))
            if entry.tag not in (*_QUALIFIERS, "DW_TAG_typedef", "DW_TAG_array_type"):
                return False
            entry = self._follow(entry, "DW_AT_type")
        return False

    def _is_object(self, entry: Any) -> bool:
        """Whether a type is a struct that begins with an object's head."""
        for _ in range(TYPE_DEPTH):
            if entry is None:
                return False
            if re.match(_OBJECTS, self._name(entry)):
                return True
            if entry.tag in _STRUCTS:
                first = next(entry.iter_children(), None) if entry.has_children else None
                named = first is not None and self._name(first)
                return named in ("ob_base", "ob_refcnt")
            if entry.tag not in (*_QUALIFIERS, "DW_TAG_typedef"):
                return False
            entry = self._follow(entry, "DW_AT_type")
        return False

    def _file(self, unit: Any, number: int | None) -> str | None:
        """A file of the unit's line table, with its folder where that is not absolute."""
        if number is None:
            return None
        if unit.cu_offset not in self._files:
            self._files[unit.cu_offset] = self._file_names(unit)
        names = self._files[unit.cu_offset]
        return names[number] if 0 <= number < len(names) else None

    def _file_names(self, unit: Any) -> list[str]:
        program = self.dwarf.line_program_for_CU(unit)
        if program is None:
            return []
        header = program.header
        modern = header["version"] >= 5
        folders = [_text(folder) for folder in header["include_directory"]]
        if not modern:  # entry 0 is the folder of compilation, which is not listed
            folders.insert(0, "")
        names = [] if modern else [""]
        for entry in header["file_entry"]:
            folder = folders[entry.dir_index] if entry.dir_index < len(folders) else ""
            name = _text(entry.name)
            relative = folder and not folder.startswith("/") and not name.startswith("/")
            names.append(f"{folder}/{name}" if relative else name)
        return names


def _text(value: Any) -> str:
    raw = value if isinstance(value, bytes) else getattr(value, "DW_LNCT_path", value)
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


def _variable_shapes(table: Any) -> Iterator[tuple[bytes, int]]:
    """Abbreviations of variables whose attributes before the location have fixed sizes."""
    for code, declared in table._abbrev_map.items():  # noqa: SLF001 - has no public iteration
        if declared["tag"] != "DW_TAG_variable":
            continue
        distance = 0
        for spec in declared["attr_spec"]:
            if spec.name == "DW_AT_location":
                if spec.form == "DW_FORM_exprloc":
                    yield _uleb(code), distance
                break
            size = _FIXED.get(spec.form)
            if size is None:
                break
            distance += size


def _uleb(value: int) -> bytes:
    raw = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        raw.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(raw)
