"""Mach-O files: headers, slices, fixups, names; the damaged ones stand in test_macho_damage."""

import struct
from pathlib import Path

import pytest
from macho_by_hand import (
    ARM64,
    BASE,
    BIND,
    CHAINED_FIXUPS,
    CODE,
    CONSTANTS,
    DATA,
    DSYM,
    DYLIB,
    EXPORTS_TRIE,
    FUNCTION_STARTS,
    I386,
    LAZY,
    OBJECT,
    REBASE,
    SEALED,
    TRIE,
    WEAK,
    X86_64,
    ZERO_FILL,
    Built,
    chained,
    trie,
    uleb,
    universal,
)

from isoview.inspectors.binary import macho
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.inspect import load, load_all, shape
from isoview.inspectors.errors import UnsupportedFormat

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"


def read(raw: bytes) -> Image:
    return macho.read_macho(memoryview(raw))


# -- opcode streams -------------------------------------------------------------------------------

TO_DATA = b"\x11\x22" + uleb(0)  # SET_TYPE pointer, SET_SEGMENT 2 (__DATA) at offset 0
REBASES = {
    "times": (b"\x53", [0, 8, 16]),
    "times, ULEB": (b"\x60" + uleb(300), list(range(0, 2400, 8))),
    "skip after it": (b"\x70" + uleb(16) + b"\x51", [0, 24]),
    "times and skip": (b"\x80" + uleb(3) + uleb(8), [0, 16, 32]),
    "add": (b"\x30" + uleb(64) + b"\x51", [64]),
    "add scaled": (b"\x43\x51", [24]),
    "back over the end of the address space": (
        b"\x30" + uleb(64) + b"\x51\x30" + uleb((1 << 64) - 48) + b"\x51",
        [64, 24],
    ),
    "no pointers": (b"\x12\x51\x11\x51", [8]),
    "done ends it": (b"\x51\x00\x51", [0]),
}


@pytest.mark.parametrize("name", REBASES)
def test_rebase_opcodes(name: str) -> None:
    opcodes, offsets = REBASES[name]
    built = Built()
    for offset in offsets:
        built.word(DATA + offset, BASE + CONSTANTS + offset)
    built.dyld_info({REBASE: TO_DATA + opcodes + b"\x00"})
    image = read(built.build())
    assert not image.damage
    assert image.pointers == {BASE + DATA + o: BASE + CONSTANTS + o for o in offsets}


BINDS = {
    "one": (b"\x90", [0]),
    "add after it": (b"\xa0" + uleb(8) + b"\x90", [0, 16]),
    "add scaled after it": (b"\xb2\x90", [0, 24]),
    "times and skip": (b"\xc0" + uleb(3) + uleb(24), [0, 32, 64]),
    "addend and ordinals do not matter": (b"\x12\x20" + uleb(700) + b"\x3e\x60\x7f\x90", [0]),
    "other types are left alone": (b"\x53\x90\x51\x90", [8]),
}


@pytest.mark.parametrize("name", BINDS)
def test_bind_opcodes(name: str) -> None:
    opcodes, offsets = BINDS[name]
    built = Built()
    built.dyld_info({BIND: b"\x40_PyType_Type\0" + b"\x51\x72" + uleb(0) + opcodes})
    image = read(built.build())
    assert not image.damage
    assert image.imports_at == {BASE + DATA + offset: "PyType_Type" for offset in offsets}
    assert "PyType_Type" in image.imported


def test_lazy_binds_go_on_after_done_and_win_over_rebases() -> None:
    built = Built()
    built.word(DATA, BASE + CODE)
    built.word(DATA + 8, BASE + CODE)
    lazy = b"".join(
        b"\x72" + uleb(8 * index) + b"\x11\x40_" + name + b"\0\x90\x00"
        for index, name in enumerate((b"PyModuleDef_Init", b"_Py_Dealloc"))
    )
    built.dyld_info({REBASE: TO_DATA + b"\x52", LAZY: lazy})
    image = read(built.build())
    assert image.imports_at == {BASE + DATA: "PyModuleDef_Init", BASE + DATA + 8: "_Py_Dealloc"}
    assert image.pointers == {}


def test_a_weak_definition_of_the_file_itself_is_a_local_address() -> None:
    built = Built()
    built.word(DATA, BASE + CODE)
    exports = trie({b"__ZTIN1aE": uleb(0) + uleb(CONSTANTS)})
    weak = b"\x40__ZTIN1aE\0\x51\x72" + uleb(0) + b"\x90"
    built.dyld_info({REBASE: TO_DATA + b"\x51", WEAK: weak, TRIE: exports})
    image = read(built.build())
    assert image.pointers == {BASE + DATA: BASE + CONSTANTS}
    assert image.imports_at == {}


# -- chained fixups -------------------------------------------------------------------------------

WORDS: dict[int, bytes | int] = {
    DATA + 0x10: CONSTANTS,
    DATA + 0x18: b"_PyType_Type",
    DATA + 0x40: CODE + 8,
    DATA + 0xFF8: b"__Py_NoneStruct",
    DATA + 0x1008: CODE,
}


@pytest.mark.parametrize("imports_form", [1, 2, 3])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("form", [1, 2, 6, 9, 12])
def test_chained_pointer_formats(form: int, signed: bool, imports_form: int) -> None:
    if signed and form in {2, 6}:
        signed = False  # these formats have no signature
    authenticated = frozenset(WORDS) if signed else frozenset()
    words, raw = chained(
        form, WORDS, authenticated=authenticated, imports_form=imports_form, packed=signed
    )
    built = Built()
    for offset, word in words.items():
        built.word(offset, word)
    built.linked_command(CHAINED_FIXUPS, raw)
    image = read(built.build())
    assert not image.damage
    assert image.pointers == {
        BASE + offset: BASE + target for offset, target in WORDS.items() if isinstance(target, int)
    }
    assert image.imports_at == {
        BASE + DATA + 0x18: "PyType_Type",
        BASE + DATA + 0xFF8: "_Py_NoneStruct",
    }


@pytest.mark.parametrize("form", [3, 4, 7, 10, 99])
def test_other_pointer_formats_are_named_as_damage(form: int) -> None:
    _, raw = chained(2, WORDS)
    raw = raw.replace(struct.pack("<HHQ", 0x1000, 2, DATA), struct.pack("<HHQ", 0x1000, form, DATA))
    built = Built()
    built.linked_command(CHAINED_FIXUPS, raw)
    image = read(built.build())
    assert [note.where for note in image.damage] == ["chained fixups"]
    assert f"pointer format {form} of __DATA is not read" in image.damage[0].text


def test_old_relocations_are_named_as_damage() -> None:
    built = Built()
    built.commands.append(struct.pack("<II18I", 0x0B, 80, *[0] * 16, 4096, 3))  # nlocrel 3
    assert [note.where for note in read(built.build()).damage] == ["relocations"]


# -- names ----------------------------------------------------------------------------------------


def named() -> Built:
    built = Built()
    built.symbols = [
        (b"/build/module.o", 0x66, 0, 0),  # N_OSO, for debuggers
        (b"_kept", 0x0E, 5, BASE + DATA),
        (b"_last", 0x0E, 5, BASE + DATA + 0x100),
        (b"_buffer", 0x0E, 7, BASE + ZERO_FILL),
        (b"_slot$tlv", 0x0E, 6, BASE + DATA + 0x1800),
        (b"_exec", 0x0E, 1, BASE + CODE + 0x40),
        (b"_hidden", 0x1F, 5, BASE + DATA + 0x200),  # N_PEXT
        (b"_PyInit_m", 0x0F, 1, BASE + CODE),
        (b"_PyModuleDef_Init", 0x01, 0, 0),
        (b"dyld_stub_binder", 0x01, 0, 0),
    ]
    return built


def test_symbols_lose_an_underscore_and_get_sizes() -> None:
    image = read(named().build())
    found = {symbol.name: symbol for symbol in image.symbols}
    assert set(found) == {"kept", "last", "buffer", "slot$tlv", "exec", "hidden", "PyInit_m"}
    assert found["kept"].size == 0x100
    assert found["hidden"].size == 0x1600  # to its section's end
    assert found["buffer"].size == 0x1000
    assert {name: symbol.kind for name, symbol in found.items()} == {
        "kept": "object", "last": "object", "buffer": "object", "hidden": "object",
        "slot$tlv": "tls", "exec": "function", "PyInit_m": "function",
    }  # fmt: skip
    assert [symbol.name for symbol in image.symbols if symbol.exported] == ["PyInit_m"]
    assert image.exports == {"PyInit_m": BASE + CODE}
    assert image.imported == {"PyModuleDef_Init", "dyld_stub_binder"}
    assert image.export_sizes == {BASE + CODE: 0x40}
    assert not image.stripped


def test_without_local_symbols_sizes_are_not_guessed() -> None:
    built = named()
    built.symbols = [entry for entry in built.symbols if entry[1] & 1]
    image = read(built.build())
    assert image.stripped
    assert {symbol.size for symbol in image.symbols} == {0}


def test_exports_of_the_trie() -> None:
    built = Built()
    nodes = {
        b"_PyInit_m": uleb(0) + uleb(CODE),
        b"_weak": uleb(4) + uleb(DATA),
        b"_absolute": uleb(2) + uleb(77),
        b"_elsewhere": uleb(8) + uleb(1) + b"_other\0",
        b"_resolved": uleb(0x10) + uleb(CODE) + uleb(CODE + 8),
    }
    built.linked_command(EXPORTS_TRIE, trie(nodes))
    image = read(built.build())
    assert image.exports == {
        "PyInit_m": BASE + CODE,
        "weak": BASE + DATA,
        "absolute": 77,
        "resolved": BASE + CODE,
    }


def test_functions_end_where_the_next_one_starts() -> None:
    built = named()
    built.symbols.append((b"_PyInit_last", 0x0F, 2, BASE + CODE + 0x8C0))
    built.linked_command(FUNCTION_STARTS, uleb(CODE) + uleb(0x10) + uleb(0x8B0) + b"\0\0")
    image = read(built.build())
    starts = [BASE + CODE + step for step in (0, 0x10, 0x8C0)]
    assert list(image.function_starts) == starts
    assert image.export_sizes == {starts[0]: 0x10, starts[2]: 0x40}  # the last to its section's end


def test_identity_and_libraries() -> None:
    built = Built(X86_64, DYLIB)
    built.uuid(bytes(range(16)))
    built.library(b"/usr/lib/libSystem.B.dylib")
    built.library(b"@rpath/libweak.dylib", 0x80000018)
    built.library(b"@rpath/own.dylib", 0x0D)  # LC_ID_DYLIB: its own name
    tools = struct.pack("<IIII", 1, 15 << 16, 3, 857 << 16 | 1)
    built.commands.append(struct.pack("<6I", 0x32, 40, 1, 11 << 16, 14 << 16 | 0x200, 2) + tools)
    image = read(built.build())
    assert (image.format, image.arch, image.bits, image.endian) == (
        "mach-o",
        "x86-64",
        64,
        "little",
    )
    assert image.build_id == "000102030405060708090a0b0c0d0e0f"
    assert image.libraries == ("/usr/lib/libSystem.B.dylib", "@rpath/libweak.dylib")
    assert image.compilers == (
        "for macOS 11.0 or later, SDK 14.2",
        "clang version 15.0",
        "ld 857.0.1",
    )
    assert image.module_file


# -- memory ---------------------------------------------------------------------------------------


def test_regions() -> None:
    image = read(named().build())
    regions = {region.name: region for region in image.regions}
    assert regions["__TEXT,__text"].executable
    assert regions["__TEXT,__stubs"].executable
    assert not regions["__TEXT,__cstring"].executable
    assert not regions["__DATA_CONST,__const"].writable
    assert regions["__DATA,__data"].writable
    assert regions["__DATA,__bss"].zero_fill
    assert [region.name for region in image.regions if region.thread_local] == [
        "__DATA,__thread_vars"
    ]
    assert [segment.name for segment in image.segments] == ["__TEXT", "__DATA_CONST", "__DATA"]
    assert image.read(BASE + ZERO_FILL, 4) == bytes(4)
    assert not image.is_writable(BASE + SEALED)


def test_without_section_headers_code_ends_before_what_data_points_to() -> None:
    built = Built()
    built.sections = []
    built.word(DATA, BASE + CONSTANTS)
    built.word(DATA + 8, BASE + CODE)
    built.dyld_info({REBASE: TO_DATA + b"\x52"})
    built.linked_command(FUNCTION_STARTS, uleb(CODE) + uleb(0x10) + b"\0")
    image = read(built.build())
    assert image.in_code(BASE + CODE)
    assert not image.in_code(BASE + CONSTANTS)
    assert not image.in_code(BASE + 0x20)  # load commands
    assert image.is_writable(BASE + DATA)
    assert not image.is_writable(BASE + SEALED)
    assert image.stripped


# -- kinds of files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "word"), [(DSYM, "dSYM"), (OBJECT, "object file"), (77, "kind 77")]
)
def test_what_is_no_module_is_named(kind: int, word: str, tmp_path: Path) -> None:
    built = named()
    built.kind = kind
    path = tmp_path / "m.cpython-313-darwin.so"
    path.write_bytes(built.build())
    facts = shape(load(str(path)))
    assert not facts.artifact.is_extension
    assert word in (facts.completeness.definitions.reason or "")


@pytest.mark.parametrize(
    ("magic", "word"),
    [
        (b"\xce\xfa\xed\xfe", "32-bit"),
        (b"\xfe\xed\xfa\xce", "PowerPC"),
        (b"\xfe\xed\xfa\xcf", "PowerPC"),
    ],
)
def test_other_headers_are_refused_by_name(magic: bytes, word: str, tmp_path: Path) -> None:
    path = tmp_path / "m.so"
    path.write_bytes(magic + Built().build()[4:])
    with pytest.raises(UnsupportedFormat, match=word):
        load_all(str(path))


@pytest.mark.parametrize("wide", [False, True])
def test_universal_files_give_one_entry_for_each_slice(wide: bool, tmp_path: Path) -> None:
    path = tmp_path / "m.cpython-313-darwin.so"
    other = named()
    other.cpu = X86_64
    path.write_bytes(universal((X86_64, other.build()), (ARM64, named().build()), wide=wide))
    found = load_all(str(path))
    assert [(entry.artifact.slice, entry.artifact.arch) for entry in found] == [
        ("x86_64", "x86-64"),
        ("arm64", "aarch64"),
    ]
    assert all(entry.artifact.is_extension for entry in map(shape, found))
    assert load(str(path), "arm64").artifact.arch == "aarch64"
    assert load(str(path)).artifact.slice in {"x86_64", "arm64"}


def test_this_machines_slice_is_the_one_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert macho.suitable(["x86_64", "arm64"]) == 1
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    assert macho.suitable(["arm64", "x86_64"]) == 1
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert macho.suitable(["arm64", "x86_64"]) == 0


def test_a_slice_that_is_not_read_is_noted_on_the_others() -> None:
    raw = universal((I386, b"\xce\xfa\xed\xfe" + bytes(60)), (ARM64, Built().build()))
    ((name, image),) = macho.read_slices(memoryview(raw))
    assert name == "arm64"
    assert [(note.where, note.text) for note in image.damage] == [
        ("slice i386", "a 32-bit Mach-O file")
    ]


def test_built_universal_file_has_the_facts_of_its_parts() -> None:
    found = load_all(str(BUILT / "macho-universal" / "multi_313.cpython-313-darwin.so"))
    thin = [
        load(str(BUILT / folder / "multi_313.cpython-313-darwin.so"))
        for folder in ("macho-x86-64", "macho-arm64")
    ]
    for part, alone in zip(map(shape, found), map(shape, thin), strict=True):
        assert part.definitions == alone.definitions
        assert part.types == alone.types
        assert part.init == alone.init
