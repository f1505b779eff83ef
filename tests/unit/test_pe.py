"""The tables of a PE file, on files made by hand; and what happens where one is damaged."""

import struct
import time

import pefile
import pytest
from pe_by_hand import (
    ARM64,
    DATA,
    DEBUG,
    DELAYED,
    EXCEPTIONS,
    EXEC_AT,
    EXPORTS,
    I686,
    I686_INIT,
    IMPORTS,
    PDATA,
    RDATA,
    RELOC,
    RELOCATIONS,
    TEXT,
    X64_INIT,
    PeWriter,
    module,
)

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.pe_image import read_pe
from isoview.inspectors.errors import UnsupportedFormat


def image_of(file: PeWriter) -> Image:
    return read_pe(memoryview(file.build()))


def test_constants_and_functions_are_told_apart():
    image = image_of(module(init_code=X64_INIT))
    assert [(s.name, s.writable, s.executable) for s in image.segments] == [
        (".text", False, True), (".rdata", False, False), (".data", True, False),
        (".reloc", False, False),
    ]  # fmt: skip
    assert image.is_writable(0x180000000 + DATA)
    assert not image.is_writable(0x180000000 + RDATA)
    assert image.in_code(0x180000000 + TEXT)


def test_memory_without_file_bytes_is_a_region_of_its_own():
    file = module()
    file.data.size = 0x800
    image = image_of(file)
    filled, empty = (r for r in image.regions if r.name.startswith(".data"))
    assert (filled.zero_fill, empty.zero_fill) == (False, True)
    assert empty.address == filled.address + filled.size
    assert filled.size + empty.size == 0x800
    assert image.read(empty.address, 4) == bytes(4)


def test_imports_by_name_and_by_ordinal():
    file = PeWriter()
    first, second = file.imports(RDATA, RDATA + 0x100, b"python313.dll", [b"PyLong_FromLong", 5])
    image = image_of(file)
    assert image.imports_at == {
        file.base + first: "PyLong_FromLong",
        file.base + second: "ordinal 5@python313.dll",
    }
    assert image.imported == {"PyLong_FromLong", "ordinal 5@python313.dll"}


def test_delayed_imports_take_the_word_from_the_stub_it_starts_with():
    file = PeWriter()
    file.put(RDATA + 0x80, b"python3.dll\0")
    file.put(RDATA + 0xA0, b"\0\0PyErr_Clear\0")
    file.words(RDATA + 0xC0, RDATA + 0xA0, 0)
    file.pointer(DATA, TEXT)
    file.put(RDATA, struct.pack("<8I", 1, RDATA + 0x80, DATA + 8, DATA, RDATA + 0xC0, 0, 0, 0))
    file.put(RDATA + 32, bytes(32))
    file.directories[DELAYED] = (RDATA, 64)
    image = image_of(file)
    assert image.imports_at == {file.base + DATA: "PyErr_Clear"}
    assert image.pointers == {}
    assert image.libraries == ("python3.dll",)


def test_forwarded_exports_are_left_out():
    file = PeWriter()
    file.exports(RDATA, {b"PyInit_x": TEXT, b"other": RDATA + 8})
    assert image_of(file).exports == {"PyInit_x": file.base + TEXT}


def test_bulk_readers_agree_with_pefile():
    file = module(init_code=X64_INIT)
    many = [f"function_{number}".encode() for number in range(300)]
    file.sections = [file.text, file.rdata, file.data]
    file.imports(DATA + 0x300, DATA + 0x8000, b"python313.dll", many)
    raw = file.build()
    image = read_pe(memoryview(raw))
    oracle = pefile.PE(data=raw, fast_load=True)
    oracle.parse_data_directories([IMPORTS, EXPORTS, RELOCATIONS])
    assert image.imports_at == {
        entry.address: entry.name.decode()
        for library in oracle.DIRECTORY_ENTRY_IMPORT
        for entry in library.imports
    }
    assert image.exports == {
        entry.name.decode(): file.base + entry.address
        for entry in oracle.DIRECTORY_ENTRY_EXPORT.symbols
    }
    relocated = {
        file.base + entry.rva
        for block in oracle.DIRECTORY_ENTRY_BASERELOC
        for entry in block.entries
        if entry.type
    }
    assert set(image.pointers) == relocated


def test_more_imports_than_pefile_reads():
    file = PeWriter()
    many = [f"function_{number}".encode() for number in range(6000)]
    file.imports(DATA, DATA + 0x60000, b"Qt6Widgets.dll", many)
    assert len(image_of(file).imported) == 6000


def test_relocated_words_hold_link_time_addresses():
    file = PeWriter()
    file.pointer(DATA + 8, TEXT)
    file.pointer(DATA + 0x21, RDATA + 4)  # unaligned: rare, and legal
    image = image_of(file)
    assert image.pointers == {
        file.base + DATA + 8: file.base + TEXT,
        file.base + DATA + 0x21: file.base + RDATA + 4,
    }
    assert image.word(file.base + DATA + 8) == file.base + TEXT


def test_operands_of_i686_code_are_no_pointers():
    file = PeWriter(I686)
    file.pointer(TEXT + 1, DATA)
    file.pointer(DATA, RDATA)
    assert set(image_of(file).pointers) == {file.base + DATA}


def test_function_sizes_join_chained_pieces():
    file = module(init_code=X64_INIT)
    file.put(RDATA + 0x500, b"\x01\0\0\0" + b"\x21\0\0\0")  # unwind version 1; 1 with CHAININFO
    entries = (TEXT, TEXT + 0x10, RDATA + 0x500, TEXT + 0x10, TEXT + 0x30, RDATA + 0x504)
    entries += (EXEC_AT, EXEC_AT + 1, RDATA + 0x500)
    file.section(b".pdata", PDATA, 0x40000040).put(PDATA, struct.pack("<9I", *entries))
    file.directories[EXCEPTIONS] = (PDATA, 36)
    image = image_of(file)
    assert image.export_sizes == {file.base + TEXT: 0x30}
    assert image.function_starts == (file.base + TEXT, file.base + EXEC_AT)


def test_a_leaf_ends_where_the_next_function_begins():
    file = module(init_code=X64_INIT)
    file.section(b".pdata", PDATA, 0x40000040).put(
        PDATA, struct.pack("<3I", EXEC_AT, EXEC_AT + 1, RDATA)
    )
    file.directories[EXCEPTIONS] = (PDATA, 12)
    assert image_of(file).export_sizes == {file.base + TEXT: 0x80}


def test_arm64_function_sizes_are_packed_or_in_xdata():
    file = module(ARM64)
    file.put(RDATA + 0x500, struct.pack("<I", 0x08000000 | 6))  # 6 instructions
    entries = (TEXT, RDATA + 0x500, EXEC_AT, 1 | 3 << 2)  # packed: 3 instructions
    file.section(b".pdata", PDATA, 0x40000040).put(PDATA, struct.pack("<4I", *entries))
    file.directories[EXCEPTIONS] = (PDATA, 16)
    image = image_of(file)
    assert image.export_sizes == {file.base + TEXT: 24}
    assert image.function_starts == (file.base + TEXT, file.base + EXEC_AT)


def symbol(name: bytes, value: int, section: int, kind: int = 0, storage: int = 3) -> bytes:
    return struct.pack("<8sIhHBB", name, value, section, kind, storage, 0)


def test_coff_symbols_reach_to_the_next():
    file = module(init_code=X64_INIT)
    file.data.size = 0x400
    rows = [
        symbol(b"\0\0\0\0" + struct.pack("<I", 4), 0, 3),
        symbol(b"cache", 0x100, 3),
        symbol(b"PyInit_t", 0, 1, 0x20, 2),
        symbol(b".data", 0, 3),
        symbol(b"outside", 0, 9),
    ]
    file.coff = (b"".join(rows) + struct.pack("<I", 20) + b"a_long_name_here\0", len(rows))
    image = image_of(file)
    assert not image.stripped
    assert [(s.name, s.address - file.base, s.size, s.kind) for s in image.symbols] == [
        ("PyInit_t", TEXT, len(file.text.data), "function"),
        ("a_long_name_here", DATA, 0x100, "object"),
        ("cache", DATA + 0x100, 0x300, "object"),
    ]


def test_i686_symbols_lose_their_underscore_and_import_words_are_no_statics():
    file = module(I686, init_code=I686_INIT)
    file.data.size = 0x200
    rows = [symbol(b"_cache", 0x100, 3), symbol(b"__imp__X", 0x108, 3)]
    file.coff = (b"".join(rows) + struct.pack("<I", 4), len(rows))
    assert [(s.name, s.kind) for s in image_of(file).symbols] == [
        ("cache", "object"), ("_imp__X", "other"),
    ]  # fmt: skip


def test_without_symbols_the_exports_are_all():
    image = image_of(module(init_code=X64_INIT))
    assert image.stripped
    assert [(s.name, s.kind, s.exported) for s in image.symbols] == [
        ("PyInit_tiny", "function", True)
    ]


def test_build_id_is_guid_and_age():
    file = PeWriter()
    guid = struct.pack("<IHH", 0xA89E7176, 0x34A0, 0x44EA) + bytes.fromhex("ac3161433f3289f2")
    record = b"RSDS" + guid + struct.pack("<I", 3) + b"tiny.pdb\0"
    file.put(RDATA + 0x40, record)
    entry = (0, 0, 0, 0, 2, len(record), RDATA + 0x40, RDATA + 0x40)
    file.put(RDATA, struct.pack("<IIHHIIII", *entry))
    file.directories[DEBUG] = (RDATA, 28)
    assert image_of(file).build_id == "A89E717634A044EAAC3161433F3289F23"


@pytest.mark.parametrize(
    ("rich", "linker", "said"),
    [
        (True, (14, 43), ("MSVC linker 14.43",)),
        (False, (2, 36), ("GNU ld 2.36", "GCC: (Rev3, Built by MSYS2 project) 13.2.0")),
        (False, (14, 0), ("GCC: (Rev3, Built by MSYS2 project) 13.2.0",)),
    ],
)
def test_compilers_are_told_by_what_they_leave(rich, linker, said):
    file = PeWriter(rich=rich, linker=linker)
    file.put(RDATA, b"GCC: (Rev3, Built by MSYS2 project) 13.2.0\0" * 3)
    assert image_of(file).compilers == said


def test_a_program_is_no_module():
    file = module(init_code=X64_INIT)
    file.dll = False
    assert not image_of(file).module_file


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"MZ", "no PE header"),
        (b"MZ" + bytes(200), "no PE header"),
        (b"MZ" + bytes(0x3A) + b"\x80\0\0\0" + bytes(0x40) + b"NE" + bytes(100), "16-bit"),
        (module().build()[:0x110], "cannot be read"),
    ],
)
def test_what_is_no_pe_file_is_refused(raw, said):
    with pytest.raises(UnsupportedFormat) as refused:
        read_pe(memoryview(raw))
    assert said in refused.value.message
    assert refused.value.hint


def test_an_unknown_processor_still_gives_the_tables():
    file = module()
    raw = bytearray(file.build())
    raw[0x104:0x106] = b"\x66\x01"
    image = read_pe(memoryview(raw))
    assert image.arch == "machine 0x166"
    assert "PyInit_tiny" in image.exports


SECONDS = 30
"""Of CPU for one damaged file, a hundred times what it takes: a test is no benchmark."""


def damaged(file: PeWriter) -> dict[str, str]:
    begin = time.process_time()
    image = image_of(file)
    assert time.process_time() - begin < SECONDS
    notes: dict[str, str] = {}
    for note in image.damage:
        notes[note.where] = f"{notes.get(note.where, '')} {note.text}"
    return notes


def test_an_import_table_without_end_is_noted():
    file = module(init_code=X64_INIT)
    row = bytes(file.rdata.data[0x100:0x114])
    file.put(RDATA + 0x700, row * 5000)
    file.directories[IMPORTS] = (RDATA + 0x700, 40)
    file.sections = [file.text, file.rdata]
    file.relocated.clear()
    assert "import table" in damaged(file)


def test_counts_that_claim_too_much_are_noted():
    file = module(init_code=X64_INIT)
    file.put(RDATA + 0x400 + 24, struct.pack("<I", 0xFFFFFFFF))
    file.coff = (symbol(b"cache", 0, 3), 0x0FFFFFFF)
    notes = damaged(file)
    assert "4294967295 names claimed" in notes["export table"]
    assert "268435455 entries claimed" in notes["symbol table"]


@pytest.mark.parametrize("length", [0, 4, 0xFFFFFFFF])
def test_a_relocation_block_of_a_senseless_length_ends_the_table(length):
    file = module(init_code=X64_INIT)
    file.section(b".reloc", RELOC, 0x40000040).put(RELOC, struct.pack("<II", DATA, length))
    file.directories[RELOCATIONS] = (RELOC, 64)
    assert "base relocations" in damaged(file)


def test_sections_that_share_bytes_do_not_multiply_them():
    file = module(init_code=X64_INIT)
    raw = bytearray(file.build())
    table = 0x100 + 24 + 240
    for index in range(3):
        struct.pack_into("<I", raw, table + 40 * index + 8, 0xFFFFFF)
        struct.pack_into("<II", raw, table + 40 * index + 16, 0xFFFFFF, 0)
    image = read_pe(memoryview(raw))
    assert sum(len(segment.data) for segment in image.segments) <= len(raw)
    assert any(note.where.startswith("section") for note in image.damage)
