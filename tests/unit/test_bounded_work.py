"""Small files that ask for much work, or much memory: what is done for them is bounded.

No test here measures time: each would take minutes, or gigabytes, without the bound.
"""

import random

import pytest

from isoview.inspectors.binary.code.follow import Follower
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.code.record import Record
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.solve import Solver
from isoview.inspectors.binary.code.values import (
    ARGUMENT,
    FROM,
    MEMORY,
    PASSED,
    RETURNED,
    STATIC,
    Reason,
)
from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.init import init_symbols
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.binary.macho_symbols import export_trie
from isoview.inspectors.binary.runtime_types.tracker import Tracker
from isoview.inspectors.binary.toolchain import find_toolchains
from isoview.inspectors.record import replace


def image_of(data: bytes, name: str = ".rodata", form: str = "elf") -> Image:
    """A file with one constant section, ``data``, at 0x1000."""
    return Image(
        format=form, arch="x86-64", bits=64, endian="little",
        segments=(Segment(name, 0x1000, len(data), memoryview(data), False, False, 0),),
        regions=(Region(name, 0x1000, len(data), False, False, False),),
        pointers={}, imports_at={}, imported=frozenset({"PyCapsule_New"}), exports={},
        export_sizes={}, libraries=(), build_id=None, compilers=(), stripped=True,
        module_file=True, load_symbols=tuple, load_function_starts=tuple,
    )  # fmt: skip


def test_an_argument_may_be_handed_through_thousands_of_functions() -> None:
    record = Record()
    calls = 5000
    record.point((ARGUMENT, 0, 0), (STATIC, 0x4000))
    for function in range(calls):
        record.point((ARGUMENT, function + 1, 0), (FROM, (ARGUMENT, function, 0)))
    record.use((MEMORY, (ARGUMENT, calls, 0), 8), Reason(PASSED, "PyObject_Str", 1, 1))
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
    Follower(scene).follow(functions.at(0x1000), how.decode(code, 0x1000))
    noted = scene.record.contrary.get((RETURNED, 0x1000))
    assert noted is None or len(noted.name) <= 20
    for site in Tracker(image, how, lambda _: None).sites(0x1000, 0x1000 + len(code)):
        assert int(str(site.state.registers.get(0, 0))) < 1 << 64


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
