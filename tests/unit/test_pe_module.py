"""Facts of Windows modules, on files made by hand, and what a DLL's name says of the ABI."""

import struct
from pathlib import Path

import pytest
from pe_by_hand import (
    ARM64,
    DATA,
    DEFINITION,
    EXEC_AT,
    I686,
    I686_INIT,
    RDATA,
    SLOTS,
    TEXT,
    X64,
    X64_INIT,
    PeWriter,
    module,
)

from isoview.inspectors.binary.abi_tag import module_stem, names_free_threaded, tag_of_libraries
from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Facts


def facts_of(file: PeWriter, folder: Path, name: str = "tiny.cp313-win_amd64.pyd") -> Facts:
    path = folder / name
    path.write_bytes(file.build())
    loaded = load(str(path))
    return code(loaded, shape(loaded))


@pytest.mark.parametrize(
    ("machine", "init", "arch", "bits", "source"),
    [
        (X64, X64_INIT, "x86-64", 64, "code"),
        (I686, I686_INIT, "i686", 32, "code"),
        (ARM64, None, "aarch64", 64, "imports"),
    ],
)
def test_facts_of_a_module(machine, init, arch, bits, source, tmp_path):
    facts = facts_of(module(machine, init_code=init), tmp_path)
    base = 0x180000000 if bits == 64 else 0x10000000
    assert (facts.artifact.format, facts.artifact.arch, facts.artifact.bits) == ("pe", arch, bits)
    assert facts.artifact.is_extension
    assert facts.damage == ()
    own = facts.own_init
    assert own is not None
    assert (own.symbol, own.address, own.phase) == ("PyInit_tiny", base + TEXT, "multi")
    assert (own.phase_source, own.definition) == (source, base + DEFINITION)
    definition = facts.own_definition
    assert definition is not None
    assert (definition.m_name, definition.m_size) == ("tiny", 24)
    assert [(s.id, s.value, s.function) for s in definition.slots] == [
        (2, None, base + EXEC_AT),
        (4, 1, None),
    ]
    assert facts.linked == ("python313.dll",)


@pytest.mark.parametrize(("machine", "init"), [(X64, X64_INIT), (I686, I686_INIT)])
def test_code_tells_single_phase_where_both_functions_are_imported(machine, init, tmp_path):
    file = module(machine, init_code=init, api=b"PyModule_Create2")
    file.imports(
        RDATA + 0x100, RDATA + 0x300, b"python313.dll", [b"PyModule_Create2", b"PyModuleDef_Init"]
    )
    own = facts_of(file, tmp_path).own_init
    assert own is not None
    assert (own.phase, own.phase_source) == ("single", "code")


def test_win64_flags_are_four_bytes(tmp_path):
    # tp_flags is an unsigned long: four bytes of flags and four of padding.
    file = module(init_code=X64_INIT)
    at = DATA + 0x200
    file.put(RDATA + 0x40, b"tiny.T\0")
    file.words(at, 0xFFFFFFFF, 0, 0)
    file.pointer(at + 24, RDATA + 0x40)
    file.words(at + 32, 32)
    file.put(at + 21 * 8, struct.pack("<II", 0x4400, 0))
    file.pointer(at + 24 + 8 * 3, EXEC_AT)  # tp_dealloc
    file.words(at + 416, 0)
    (found,) = facts_of(file, tmp_path).types
    assert (found.name, found.kind, found.basicsize, found.flags) == (
        "tiny.T",
        "static",
        32,
        0x4400,
    )
    assert found.slots_set == ("tp_dealloc",)


def test_microsofts_linker_is_a_toolchain(tmp_path):
    file = module(init_code=X64_INIT)
    file.rich, file.linker = True, (14, 44)
    found = facts_of(file, tmp_path).toolchains
    assert [(t.name, t.version) for t in found] == [("C", None), ("MSVC", "14.44")]


@pytest.mark.parametrize(
    ("place", "mark"),
    [(RDATA + 0x600, b"St9exception\0"), (DATA + 0x300, b".?AVbad_alloc@std@@\0")],
)
def test_cxx_is_seen_where_its_library_is_linked_in(place, mark, tmp_path):
    file = module(init_code=X64_INIT)
    file.put(place, mark)
    assert facts_of(file, tmp_path).generator == "C++"


def test_slots_assembled_on_the_stack(tmp_path):
    # What Microsoft's compiler makes of pybind11's table: members to the stack, 16 bytes to a
    # register, the register to the static.
    table = DATA + 0x300

    def rip(code: bytes, opcode: bytes, target: int) -> bytes:
        return opcode + struct.pack("<i", target - (TEXT + len(code) + len(opcode) + 4))

    code_bytes = b"\x33\xff"  # xor edi, edi
    code_bytes += rip(code_bytes, b"\x48\x8d\x05", EXEC_AT)  # lea rax, [exec]
    code_bytes += b"\xc7\x44\x24\x20\x02\0\0\0\x48\x89\x44\x24\x28"  # {2, rax}
    code_bytes += b"\x0f\x10\x44\x24\x20"  # movups xmm0, [rsp+20h]
    code_bytes += b"\xc7\x44\x24\x20\x04\0\0\0\x48\xc7\x44\x24\x28\x01\0\0\0"  # {4, 1}
    code_bytes += b"\x0f\x10\x4c\x24\x20"  # movups xmm1, [rsp+20h]
    code_bytes += b"\x89\x7c\x24\x20\x48\x89\x7c\x24\x28\x0f\x10\x54\x24\x20"  # {0, 0}
    for index, opcode in enumerate((b"\x0f\x29\x05", b"\x0f\x29\x0d", b"\x0f\x11\x15")):
        code_bytes += rip(code_bytes, opcode, table + 16 * index)
    start = len(code_bytes)
    code_bytes += rip(code_bytes, b"\x48\x8d\x0d", DEFINITION)
    code_bytes += rip(code_bytes, b"\x48\xff\x25", RDATA + 0x300)
    assert start < 0x80 - 14
    file = module(init_code=code_bytes)
    file.pointer(DEFINITION + 9 * 8, table)
    file.data.size = 0x400
    definition = facts_of(file, tmp_path).own_definition
    assert definition is not None
    assert [(s.id, s.value, s.function, s.source) for s in definition.slots] == [
        (2, None, file.base + EXEC_AT, "code"),
        (4, 1, None, "code"),
    ]
    assert definition.slots_complete

    # Where a value is not known, the table is not: rax comes from a call here.
    unknown = code_bytes.replace(code_bytes[2:9], b"\xff\x15\0\0\0\0\x90")
    file = module(init_code=unknown)
    file.pointer(DEFINITION + 9 * 8, table)
    file.data.size = 0x400
    definition = facts_of(file, tmp_path).own_definition
    assert definition is not None
    assert (definition.slots, definition.slots_complete) == ((), False)


def test_an_empty_i686_table_that_no_code_touches_is_complete(tmp_path):
    file = module(I686, init_code=I686_INIT)
    file.relocated.discard(SLOTS + 4)
    file.put(SLOTS, bytes(24))
    definition = facts_of(file, tmp_path, "tiny.cp313-win32.pyd").own_definition
    assert definition is not None
    assert (definition.slots, definition.slots_complete) == ((), True)


@pytest.mark.parametrize(
    ("libraries", "tag"),
    [
        (("KERNEL32.dll", "python3.dll"), "abi3"),
        (("python3t.dll",), "abi3t"),
        (("PYTHON313.DLL",), "cp313"),
        (("python314t.dll",), "cp314t"),
        (("libpython3.12.dll",), "cp312"),
        (("python313_d.dll",), "cp313"),
        (("pythoncom313.dll", "mypython3.dll"), None),
    ],
)
def test_the_linked_library_tells_the_abi(libraries, tag):
    assert tag_of_libraries(libraries) == tag


def test_names_and_tags():
    assert names_free_threaded("cp313t-win_amd64")
    assert names_free_threaded("cpython-313t-x86_64-linux-gnu")
    assert not names_free_threaded("cp313-win_amd64")
    assert not names_free_threaded("abi3t")
    assert module_stem("tiny_d", ("python313_d.dll",)) == "tiny"
    assert module_stem("tiny_d", ("python313.dll",)) == "tiny_d"


def test_an_untagged_file_has_the_tag_of_its_library(tmp_path):
    file = module(init_code=X64_INIT)
    file.imports(RDATA + 0x100, RDATA + 0x300, b"python3.dll", [b"PyModuleDef_Init"])
    facts = facts_of(file, tmp_path, "tiny.pyd")
    assert facts.artifact.tag == "abi3"
    assert facts.capi.limited == "3.5"


def test_every_cut_of_a_file_is_read_or_refused(tmp_path):
    raw = module(init_code=X64_INIT).build()
    path = tmp_path / "tiny.cp313-win_amd64.pyd"
    refused = read = 0
    for cut in range(2, len(raw), 97):
        path.write_bytes(raw[:cut])
        try:
            loaded = load(str(path))
            code(loaded, shape(loaded))
            read += 1
        except UnsupportedFormat:
            refused += 1
    assert refused
    assert read
