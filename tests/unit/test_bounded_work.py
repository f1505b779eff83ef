"""Small files that ask for much work, or much memory: what is done for them is bounded.

No test here measures time: each would take minutes, or gigabytes, without the bound.
"""

import random
import struct
from pathlib import Path
from typing import cast

import pytest

from isoview.inspectors.binary.code.follow import Follower
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.holders import ARRAY_LIMIT, Weigher
from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.code.record import Array, Record
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.solve import Knowledge, Solver
from isoview.inspectors.binary.code.values import (
    ARGUMENT,
    FROM,
    MEMORY,
    PASSED,
    RESULT_OF,
    RETURNED,
    STATIC,
    Node,
    Reason,
)
from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.definitions import find_definitions
from isoview.inspectors.binary.elf_symbols import SymbolTable
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.init import INIT_LIMIT, init_symbols
from isoview.inspectors.binary.inspect import read_image
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.binary.macho_symbols import export_trie
from isoview.inspectors.binary.pe_image import _export_sizes
from isoview.inspectors.binary.pe_unwind import Unwind
from isoview.inspectors.binary.runtime_types.cffi import cffi_tables
from isoview.inspectors.binary.runtime_types.cxx import type_infos
from isoview.inspectors.binary.runtime_types.f2py import f2py_tables
from isoview.inspectors.binary.runtime_types.sip import sip_modules
from isoview.inspectors.binary.runtime_types.tracker import Tracker
from isoview.inspectors.binary.scan import METHODS_IN_ALL, READ_LIMIT, read_methods
from isoview.inspectors.binary.symbol_table import elf_columns
from isoview.inspectors.binary.toolchain import find_toolchains
from isoview.inspectors.record import replace
from isoview.inspectors.text import NAME_LIMIT

# What the code that uses generators' texts calls: without it they are not looked for.
_USED = frozenset({"PyCapsule_New", "PyType_FromSpec", "PyThread_tss_create", "Py_IsInitialized"})


def image_of(data: bytes, name: str = ".rodata", form: str = "elf") -> Image:
    """A file with one constant section, ``data``, at 0x1000."""
    return Image(
        format=form, arch="x86-64", bits=64, endian="little",
        segments=(Segment(name, 0x1000, len(data), memoryview(data), False, False, 0),),
        regions=(Region(name, 0x1000, len(data), False, False, False),),
        pointers={}, imports_at={}, imported=_USED, exports={},
        export_sizes={}, libraries=(), build_id=None, compilers=(), stripped=True,
        module_file=True, load_symbols=tuple, load_function_starts=tuple,
    )  # fmt: skip


def test_an_argument_may_be_handed_through_thousands_of_functions() -> None:
    record = Record()
    calls = 5000
    record.point((ARGUMENT, 0, 0), (STATIC, 0x4000))
    for function in range(calls):
        record.point((ARGUMENT, function + 1, 0), (FROM, (ARGUMENT, function, 0)))
    record.use((MEMORY, (ARGUMENT, calls, 0), 8), PASSED, "PyObject_Str", 1, 1)
    assert 0x4008 in Solver(record, 8, lambda _: None).solve().nodes


def test_functions_that_call_one_another_in_a_circle_end() -> None:
    record = Record()
    for function in (0, 1):
        record.point((ARGUMENT, function, 0), (FROM, (ARGUMENT, 1 - function, 0)))
    record.point((ARGUMENT, 0, 0), (STATIC, 0x4000))
    solver = Solver(record, 8, lambda _: None)
    assert solver.addresses((ARGUMENT, 0, 0)) == {0x4000}


def test_nodes_of_an_export_trie_that_share_bytes_are_not_all_followed() -> None:
    """Each entry of a list of 255 children is a node itself, with the entries behind it for its
    own children.
    """
    size, any_node = 1 << 18, random.Random(1)
    raw = bytearray(b"\0\xff")
    while len(raw) < size:
        node = 2 + 4 * any_node.randrange(size // 4)
        raw += bytes([0, node & 0x7F | 0x80, node >> 7 & 0x7F | 0x80, node >> 14])
    found, damaged = export_trie(bytes(raw) + bytes(16), 0)
    assert not found
    assert damaged == "its nodes share bytes"


@pytest.mark.parametrize("step", [b"\x48\xc1\xe0\x3f", b"\x48\x8d\x04\xc0"], ids=["shl", "lea"])
def test_a_number_stays_in_its_register(step: bytes) -> None:
    """Shifted by 63, or taken nine times, ten thousand times over; then returned."""
    code = b"\xb8\x01\0\0\0" + step * 10_000 + b"\xc3"
    regions = (Region("", 0x1000, len(code), False, True, False),)
    image = replace(image_of(code), regions=regions, exports={"f": 0x1000})
    functions, how = Functions(image), machine(image)
    assert how is not None
    scene = Scene(image, functions, how, Layout(8, False), {})
    Follower(scene).follow(functions.at(0x1000), how.read(code, 0x1000))
    noted = scene.record.contrary.get((RETURNED, 0x1000))
    assert noted is None or len(noted.name) <= 20
    for site in Tracker(image, how, lambda _: None).sites(0x1000, 0x1000 + len(code)):
        assert int(str(site.state.registers.get(0, 0))) < 1 << 64


def definitions_of(count: int, methods: int, doc: int) -> Image:
    """``count`` definitions that share one table of methods and one text for their docs."""
    text = b"name\0\0\0\0" + b"d" * doc + bytes(8)
    table = 0x1000 + len(text)
    function = struct.pack("<QQQQ", 0, 0, 1, 0)
    definition = struct.pack("<QQ", 1, 0) + bytes(88)
    first = table + 32 * (methods + 1)
    data = text + function * methods + bytes(32) + definition * count
    pointers = {table + 32 * n: 0x1000 for n in range(methods)}
    pointers |= {table + 32 * n + 8: 1 << 32 for n in range(methods)}
    for n in range(count):
        at = first + len(definition) * n
        pointers |= {at + 40: 0x1000, at + 48: 0x1008 + n, at + 64: table}
    image = replace(image_of(data, ".data"), pointers=pointers)
    (segment,), (region,) = image.segments, image.regions
    code = Segment("", 1 << 32, 16, memoryview(bytes(16)), False, True)
    text_region = Region(".text", 1 << 32, 16, False, True, False)
    return replace(
        image,
        segments=(segment._replace(writable=True), code),
        regions=(region._replace(writable=True), text_region),
    )


def test_definitions_that_share_a_long_doc_and_a_long_table() -> None:
    image = definitions_of(1000, 2000, 500_000)
    found = [entry.fact for entry in find_definitions(image, (Layout(8, False),))]
    assert len(found) == 1000
    assert all(entry.m_doc is not None and len(entry.m_doc) <= 4097 for entry in found)
    assert sum(len(entry.methods) for entry in found) <= METHODS_IN_ALL + 1000
    assert all(entry.methods for entry in found)


def test_symbols_whose_names_are_ends_of_one_long_text() -> None:
    names = b"\0" + b"a" * 500_000 + b"\0"
    count = 20_000
    rows = b"".join(struct.pack("<IBBHQQ", 1 + 20 * n, 1, 0, 1, 8 * n, 8) for n in range(count))
    table = SymbolTable(memoryview(rows), memoryview(names), bits=64, endian="little")
    symbols = table.defined(exported=False)
    assert len(symbols) == count
    assert sum(len(symbol.name) for symbol in symbols) < 20 * len(names)
    columns = elf_columns(memoryview(rows), names, 64, "little", ["", ".bss"])
    assert max(map(len, columns.folded_names())) <= NAME_LIMIT


def test_a_long_name_is_cut_and_one_without_an_end_is_none() -> None:
    names = b"\0short\0" + b"b" * (NAME_LIMIT + 5) + b"\0endless"
    rows = b"".join(struct.pack("<IBBHQQ", at, 1, 0, 1, at, 8) for at in (1, 7, len(names) - 7))
    table = SymbolTable(memoryview(rows), memoryview(names), bits=64, endian="little")
    short, long, endless = [symbol.name for symbol in table.defined(exported=False)]
    assert (short, endless) == ("short", "")
    assert long == "b" * NAME_LIMIT + "…"


def test_arrays_that_begin_inside_of_one_another() -> None:
    """Five hundred in a megabyte of zeros; at one place something else is stored."""
    size, stored = 1 << 20, 0x1000 + 8 * 300
    zeros = Segment(".bss", 0x1000, size, memoryview(b""), True, False)
    image = replace(image_of(b""), segments=(zeros,))
    record, starts = Record(), range(0x1000, 0x1000 + 8 * 500, 8)
    record.contrary[stored] = Reason("number", "1", 1, 1)
    nodes: dict[Node, list[Reason]] = {at: [Reason(RESULT_OF, "f", 1, 1)] for at in starts}
    arrays = {at: [Array(at, 8, None, 1, 1)] for at in reversed(starts)}
    knowledge = Knowledge(nodes, arrays)
    found = Weigher(image, record, knowledge, lambda _: 0x1000 + size, lambda _: True).holders()
    assert found[0x1000].elements == 300
    assert found[stored - 8].elements == 1
    assert found[stored + 8].elements == ARRAY_LIMIT


def test_a_file_of_hundreds_of_sections_is_read_by_its_segments() -> None:
    folder = Path(__file__).resolve().parent.parent / "fixtures" / "built" / "elf-x86-64"
    raw = bytearray((folder / "multi_313.cpython-313-x86_64-linux-gnu.so").read_bytes())
    start, count = struct.unpack_from("<Q", raw, 40)[0], struct.unpack_from("<H", raw, 60)[0]
    table = bytes(raw[start : start + 64 * count])
    loaded = next(at for at in range(0, len(table), 64) if table[at + 8] & 2)  # SHF_ALLOC
    struct.pack_into("<Q", raw, 40, len(raw))
    struct.pack_into("<H", raw, 60, count + 1000)
    image = read_image(memoryview(bytes(raw) + table + table[loaded : loaded + 64] * 1000))
    assert {region.name.partition(" ")[0] for region in image.regions} == {"segment"}
    assert any("none is read" in note.text for note in image.damage)


def test_a_file_with_thousands_of_init_functions() -> None:
    exports = {f"PyInit_other{number}": 0x1000 for number in range(10_000)} | {"PyInit_x": 0x1000}
    found = init_symbols(replace(image_of(b"\0"), exports=exports), "x")
    assert len(found) == INIT_LIMIT
    assert [entry.symbol for entry in found if entry.own] == ["PyInit_x"]


def test_tables_that_begin_inside_of_one_another() -> None:
    """Each entry of one long table is the first of another's."""
    entries, table = 4000, 0x1008
    methods = struct.pack("<QQQQ", 0, 0, 1, 0) * entries + bytes(32)
    pointers = {table + 32 * n: 0x1000 for n in range(entries)}
    pointers |= {table + 32 * n + 8: 1 << 32 for n in range(entries)}
    image = replace(image_of(b"name\0\0\0\0" + methods, ".data"), pointers=pointers)
    code = Region(".text", 1 << 32, 16, False, True, False)
    image = replace(image, regions=(*image.regions, code))
    read = [read_methods(image, table + 32 * n) for n in range(entries)]
    assert sum(map(len, filter(None, read))) <= READ_LIMIT
    assert len(read[0] or ()) == entries


class _NoUnwind:
    """Unwind tables that tell of no function."""

    def size(self, _address: int) -> None:
        """As of a leaf function."""

    def room(self, _address: int) -> None:
        """Nothing behind it."""


def test_every_export_may_be_called_as_an_init_function() -> None:
    exports = {f"Py{number}": 0x1000 + 16 * number for number in range(1 << 16)}
    sizes = _export_sizes(exports, cast("Unwind", _NoUnwind()))
    assert set(sizes.values()) == {16}


def test_type_names_of_cxx_that_never_end() -> None:
    data = b".?AVname" * 100_000
    image = replace(image_of(data, form="pe"), pointers=dict.fromkeys(range(0x1000, 0xC0000, 8), 1))
    assert not type_infos(image)


@pytest.mark.parametrize("end", [b"\0" * 8, b"\1" * 8], ids=["ended", "endless"])
def test_a_table_of_f2py_is_read_once(end: bytes) -> None:
    step, count = 2 * 8 + 40 * 8 + 8 + 3 * 8, 3000
    variable = bytes(8) + struct.pack("<iiq", 0, 0, -1) + bytes(step - 24)  # a scalar
    data = variable * count + end + b"name\0\0\0\0"
    pointers = dict.fromkeys(range(0x1000, 0x1000 + step * count, step), 0x1000 + len(data) - 8)
    image = replace(image_of(data, ".data"), pointers=pointers)
    image = replace(image, regions=(image.regions[0]._replace(writable=True),))
    assert len(f2py_tables(image)) == (end[0] == 0)


def test_contexts_of_cffi_that_claim_the_same_names() -> None:
    count, contexts = 10_000, 1000
    names = b"".join(b"n%06d\0" % number for number in range(count))
    globals_at = 0x1000 + len(names)
    context = bytes(48) + struct.pack("<IIII", count, 0, 0, 0) + bytes(16)
    first = globals_at + 32 * count
    pointers = {globals_at + 32 * n: 0x1000 + 8 * n for n in range(count)}
    for at in range(first, first + len(context) * contexts, len(context)):
        pointers |= {at: 0x1000, at + 8: globals_at}
    image = image_of(names + bytes(32 * count) + context * contexts, ".data.rel.ro")
    tables = cffi_tables(replace(image, pointers=pointers))
    assert 1 <= len(tables) < 100
    assert tables[0].names[::9999] == ("n000000", "n009999")


def test_definitions_of_sip_that_claim_the_same_types() -> None:
    """A thousand modules of 8,000 types of 4,096 methods, in a quarter of a megabyte."""
    modules, types, methods = 1000, 8000, 4096
    texts, module, entry = b"name\0\0\0\0", 56, 56
    entry_at, table_at = 0x1008 + module * modules, 0x1008 + module * modules + entry
    methods_at = table_at + 8 * types
    parts = [struct.pack("<QII", 0, 8, 0), bytes(24), struct.pack("<QQ", types, 0)]
    kind = bytes(24) + bytes(16) + struct.pack("<QQ", methods, 0)
    data = texts + b"".join(parts) * modules + kind + bytes(8 * types)
    data += struct.pack("<QQQQ", 0, 0, 1, 0) * methods
    pointers = {entry_at + 48: methods_at}
    pointers |= dict.fromkeys(range(table_at, methods_at, 8), entry_at)
    pointers |= dict.fromkeys(range(methods_at, methods_at + 32 * methods, 32), 0x1000)
    for base in range(0x1008, entry_at, module):
        pointers |= {base + 24: 0x1000, base + 48: table_at}
    image = replace(image_of(data, ".data"), pointers=pointers)
    constant = Region(".rodata", 0x1000, 8, False, False, False)
    rest = Region(".data", 0x1008, len(data) - 8, True, False, False)
    found = sip_modules(replace(image, regions=(constant, rest)))
    assert 1 <= len(found) < 10
    assert 1 <= sum(len(kind.methods) for each in found for kind in each.types) <= 1 << 16


def test_a_text_of_nothing_but_beginnings_of_a_mark() -> None:
    image = image_of(b"nanobind_" * 60_000)
    assert [entry.name for entry in find_toolchains(image, Constants(image))] == ["C"]


@pytest.mark.parametrize("mark", [b"pyo3-1.2.3-", b"__pybind11_internals_v4"])
def test_a_mark_with_a_million_letters_behind_it_is_cut(mark: bytes) -> None:
    image = image_of(b"\0pyo3\0" + mark + b"a" * 1_000_000)
    first = find_toolchains(image, Constants(image))[0]
    assert first.name in ("PyO3", "pybind11")
    assert len(first.evidence[0].text) < 400


def test_a_modules_name_holds_no_half_of_a_character() -> None:
    image = replace(image_of(b"\0"), exports={"PyInitU_ib9b": 0x1000, "PyInitU_caf_dma": 0x1000})
    assert [entry.module for entry in init_symbols(image, "x")] == ["café", "ib9b"]
