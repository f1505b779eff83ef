"""PE files assembled byte by byte, so that a test can say exactly what stands where.

The layout is fixed: each section starts at the RVA given with it, and stands in the file at the
same offset, so that an RVA is a file offset too.
"""

import struct
from dataclasses import dataclass, field

TEXT, RDATA, DATA, PDATA, RELOC = 0x1000, 0x2000, 0x3000, 0x4000, 0x5000
CODE_FLAGS, CONST_FLAGS, DATA_FLAGS = 0x60000020, 0x40000040, 0xC0000040
X64, I686, ARM64 = 0x8664, 0x14C, 0xAA64
EXPORTS, IMPORTS, EXCEPTIONS, RELOCATIONS, DEBUG, DELAYED = 0, 1, 3, 5, 6, 13


@dataclass
class Section:
    name: bytes
    rva: int
    flags: int
    data: bytearray
    size: int | None = None  # in memory; None: as many bytes as in the file

    def put(self, rva: int, raw: bytes) -> None:
        """Write ``raw`` at an RVA; the section grows as needed."""
        start = rva - self.rva
        self.data.extend(bytes(max(0, start + len(raw) - len(self.data))))
        self.data[start : start + len(raw)] = raw


@dataclass
class PeWriter:
    """One file in the making."""

    machine: int = X64
    dll: bool = True
    linker: tuple[int, int] = (14, 0)
    rich: bool = False
    sections: list[Section] = field(default_factory=list)
    directories: dict[int, tuple[int, int]] = field(default_factory=dict)
    relocated: set[int] = field(default_factory=set)
    coff: tuple[bytes, int] = (b"", 0)  # symbols with their string table, and how many

    def __post_init__(self) -> None:
        self.bits = 32 if self.machine == I686 else 64
        self.word = self.bits // 8
        self.base = 0x10000000 if self.bits == 32 else 0x180000000
        self.text = self.section(b".text", TEXT, CODE_FLAGS)
        self.rdata = self.section(b".rdata", RDATA, CONST_FLAGS)
        self.data = self.section(b".data", DATA, DATA_FLAGS)

    def section(self, name: bytes, rva: int, flags: int) -> Section:
        made = Section(name, rva, flags, bytearray(16))
        self.sections.append(made)
        return made

    def at(self, rva: int) -> Section:
        return max((s for s in self.sections if s.rva <= rva), key=lambda s: s.rva)

    def put(self, rva: int, raw: bytes) -> int:
        """Write ``raw`` at an RVA and say where it ends."""
        self.at(rva).put(rva, raw)
        return rva + len(raw)

    def words(self, rva: int, *values: int) -> int:
        """Write words: numbers as they are."""
        mask = (1 << self.bits) - 1
        return self.put(rva, b"".join((v & mask).to_bytes(self.word, "little") for v in values))

    def pointer(self, rva: int, target: int) -> int:
        """Write the address of the RVA ``target``, and have the loader rebase it."""
        self.relocated.add(rva)
        return self.words(rva, self.base + target)

    def imports(self, rva: int, iat: int, library: bytes, names: list[bytes | int]) -> list[int]:
        """An import directory of one library; returns the RVAs of the IAT's words."""
        by_ordinal = 1 << (self.bits - 1)
        lookup, texts = rva + 40, rva + 40 + (len(names) + 1) * self.word
        thunks: list[int] = []
        for name in names:
            if isinstance(name, int):
                thunks.append(by_ordinal | name)
                continue
            thunks.append(texts)
            texts = self.put(texts, b"\0\0" + name + b"\0")
        self.put(texts, library + b"\0")
        self.put(rva, struct.pack("<IIIII", lookup, 0, 0, texts, iat) + bytes(20))
        self.words(lookup, *thunks, 0)
        self.words(iat, *thunks, 0)
        self.directories[IMPORTS] = (rva, 40)
        return [iat + index * self.word for index in range(len(names))]

    def exports(self, rva: int, names: dict[bytes, int]) -> None:
        """An export directory; an RVA inside the directory is a forwarder."""
        count = len(names)
        functions = rva + 40
        name_table, ordinals = functions + 4 * count, functions + 8 * count
        texts = ordinals + 2 * count
        end = texts
        places = []
        for name in names:
            places.append(end)
            end = self.put(end, name + b"\0")
        self.put(functions, struct.pack(f"<{count}I", *names.values()))
        self.put(name_table, struct.pack(f"<{count}I", *places))
        self.put(ordinals, struct.pack(f"<{count}H", *range(count)))
        head = (0, 0, 0, 0, texts, 1, count, count, functions, name_table, ordinals)
        self.put(rva, struct.pack("<IIHHIIIIIII", *head))
        self.directories[EXPORTS] = (rva, end - rva)

    def _relocations(self) -> bytes:
        kind = 3 if self.bits == 32 else 10
        out = b""
        for page in sorted({rva & ~0xFFF for rva in self.relocated}):
            entries = [
                kind << 12 | (rva & 0xFFF) for rva in sorted(self.relocated) if rva & ~0xFFF == page
            ]
            entries += [0] * (len(entries) % 2)  # blocks are padded to four bytes
            out += struct.pack("<II", page, 8 + 2 * len(entries))
            out += struct.pack(f"<{len(entries)}H", *entries)
        return out

    def build(self) -> bytes:
        if self.relocated and RELOCATIONS not in self.directories:
            raw = self._relocations()
            self.section(b".reloc", RELOC, CONST_FLAGS).put(RELOC, raw)
            self.directories[RELOCATIONS] = (RELOC, len(raw))
        rows = b""
        for s in self.sections:
            size = len(s.data) if s.size is None else s.size
            place = (size, s.rva, len(s.data), s.rva, 0, 0, 0, 0, s.flags)
            rows += s.name.ljust(8, b"\0") + struct.pack("<IIIIIIHHI", *place)
        body = bytearray(max(s.rva + len(s.data) for s in self.sections))
        head = self._head() + rows
        body[: len(head)] = head
        for s in self.sections:
            body[s.rva : s.rva + len(s.data)] = s.data
        return bytes(body) + self.coff[0]

    def _head(self) -> bytes:
        dos = b"MZ" + bytes(0x3A) + struct.pack("<I", 0x100)
        rich = b""
        if self.rich:
            key = 0x12345678
            words = (0x536E6144 ^ key, key, key, key, 0x01050000 ^ key, 3 ^ key)
            rich = struct.pack("<6I", *words) + b"Rich" + struct.pack("<I", key)
        stub = (dos + bytes(0x40) + rich).ljust(0x100, b"\0")
        end = max(s.rva + len(s.data) for s in self.sections)
        mapped = max(s.rva + (len(s.data) if s.size is None else s.size) for s in self.sections)
        image = -(-mapped // 0x1000) * 0x1000
        symbols, count = self.coff
        optional = 240 if self.bits == 64 else 224
        characteristics = 0x2000 * self.dll | 0x22
        coff = struct.pack(
            "<HHIIIHH", self.machine, len(self.sections), 0, end if symbols else 0, count,
            optional, characteristics,
        )  # fmt: skip
        table = b"".join(
            struct.pack("<II", *self.directories.get(number, (0, 0))) for number in range(16)
        )
        fields = struct.pack("<BBIIIII", *self.linker, 0x200, 0, 0, TEXT, TEXT)
        if self.bits == 64:
            fields = struct.pack("<H", 0x20B) + fields + struct.pack("<Q", self.base)
        else:
            fields = struct.pack("<H", 0x10B) + fields + struct.pack("<II", RDATA, self.base)
        fields += struct.pack(
            "<IIHHHHHHIIIIHH", 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, image, 0x400, 0, 2, 0
        )
        fields += struct.pack("<4Q" if self.bits == 64 else "<4I", *(0x100000, 0x1000) * 2)
        return stub + b"PE\0\0" + coff + fields + struct.pack("<II", 0, 16) + table


DEFINITION, SLOTS, EXEC_AT = DATA, DATA + 0x80, TEXT + 0x80
# lea rcx, [DEFINITION]; rex jmp [IAT word 0]
X64_INIT = b"\x48\x8d\x0d" + struct.pack("<i", DEFINITION - TEXT - 7) + b"\x48\xff\x25"
X64_INIT += struct.pack("<i", RDATA + 0x300 - TEXT - 14)
# push DEFINITION; call [IAT word 0]; add esp, 4; ret
I686_INIT = b"\x68" + struct.pack("<I", 0x10000000 + DEFINITION) + b"\xff\x15"
I686_INIT += struct.pack("<I", 0x10000000 + RDATA + 0x300) + b"\x83\xc4\x04\xc3"


def module(
    machine: int = X64, *, init_code: bytes | None = None, api: bytes = b"PyModuleDef_Init"
) -> PeWriter:
    """An extension module ``tiny``: a definition with an exec slot and Py_mod_gil, one import.

    ``init_code`` is what PyInit_tiny consists of; IAT word 0 is ``api``.
    """
    file = PeWriter(machine)
    file.put(TEXT, (init_code or b"\xc3").ljust(0x80, b"\xcc"))
    file.put(EXEC_AT, b"\xc3".ljust(0x20, b"\xcc"))
    file.imports(RDATA + 0x100, RDATA + 0x300, b"python313.dll", [api, b"PyErr_SetString"])
    file.exports(RDATA + 0x400, {b"PyInit_tiny": TEXT})
    file.put(RDATA + 0x20, b"tiny\0")
    w = file.word
    file.words(DEFINITION, 0xFFFFFFFF if file.bits == 64 else 0x3FFFFFFF, 0, 0, 0, 0)
    at = file.pointer(DEFINITION + 5 * w, RDATA + 0x20)
    at = file.words(at, 0, 24, 0)  # no doc, m_size 24, no methods
    at = file.pointer(at, SLOTS)
    file.words(at, 0, 0, 0)
    file.words(SLOTS, 2)
    file.pointer(SLOTS + w, EXEC_AT)
    file.words(SLOTS + 2 * w, 4, 1, 0, 0)
    return file
