"""A symbol table that names only what a file exports names none of its own statics: the file is not
taken for one whose statics are all known, and its code is read.
"""

import json
import struct
import subprocess
from pathlib import Path

import pytest
from compiled import compile_fixture, compiler

from isoview.inspectors.binary import globals as globals_
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.survey import survey
from isoview.inspectors.binary.globals import Owners, find_globals
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.inspect import code, load, load_bytes, shape
from isoview.inspectors.binary.layouts import Layout
from isoview.judge import judge

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"
STATIC = 3  # IMAGE_SYM_CLASS_STATIC


@pytest.mark.parametrize("linked", [(), ("-Wl,-x",), ("-Wl,-s",)], ids=["full", "-x", "-s"])
def test_an_object_in_a_static_is_found_whatever_symbols_are_left(linked: tuple[str, ...]) -> None:
    with load(str(compile_fixture("object_in_static_bad.c", *linked))) as loaded:
        facts = shape(loaded)
        assert facts.artifact.stripped is bool(linked)
        assert (facts.completeness.globals.level == "full") is not linked
        facts = code(loaded, facts)
    assert facts.objects
    assert any(finding.rule == "ISO301" for finding in judge(facts).findings)


@pytest.mark.parametrize(
    ("size", "level"), [(0x1000, "full"), (0xFE1, "full"), (0xFF8, "full"), (0xF00, "partial")]
)
def test_room_in_bss_without_a_symbol_is_told(size: int, level: str) -> None:
    """One local symbol may be kept (``strip -x -K``): what it leaves unnamed is still seen."""
    _, told = find_globals(with_objects((0x4000, "buffer", size), (0x5000, "kept", 8)), NOTHING)
    assert told.level == level


def with_objects(*objects: tuple[int, str, int]) -> Image:
    """An unstripped image of ``.bss`` alone; each static with link-time address, name and bytes."""
    return Image(
        format="elf", arch="x86-64", bits=64, endian="little", segments=(),
        regions=(Region(".bss", 0x4000, 0x1008, True, False, True),),
        pointers={}, imports_at={}, imported=frozenset(), exports={}, export_sizes={},
        libraries=(), build_id=None, compilers=(), stripped=False, module_file=True,
        load_symbols=tuple, load_function_starts=tuple, load_objects=lambda _within: list(objects),
    )  # fmt: skip


NOTHING = Owners((), ())


def test_more_statics_than_are_listed_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(globals_, "STATICS_LIMIT", 2)
    first = (0x4000, "first", 0x800)
    whole = with_objects(first, (0x4800, "second", 0x808))
    assert find_globals(whole, NOTHING)[1].level == "full"
    more = with_objects(first, (0x4800, "second", 0x800), (0x5000, "third", 8))
    found, told = find_globals(more, NOTHING)
    assert [symbol for _, symbol, *_ in found] == ["first", "second"]
    assert told.level == "partial"
    assert told.reason == "more than 2 writable statics: none behind 0x4800 is listed"


@pytest.mark.parametrize(
    "declared",
    ["PyObject *import_lock", "PyObject *emergency_cache", "PyObject *completed", "PyObject *object",
     "PyObject *_parser", "PyObject *_kwtuple"],
)  # fmt: skip
def test_no_name_makes_an_object_something_else(tmp_path: Path, declared: str) -> None:
    """Statics of functions get a number, as those of crtstuff.c and of Argument Clinic have one."""
    name = declared.partition("*")[2]
    source, built = tmp_path / "misnamed.c", tmp_path / "misnamed.so"
    source.write_text(
        "typedef struct _object PyObject;\nPyObject *PyDict_New(void);\n"
        "void *PyModuleDef_Init(void *);\n"
        f"PyObject *get(void) {{ static {declared};\n"
        f"if (!{name}) {name} = PyDict_New(); return {name}; }}\n"
        "void *PyInit_misnamed(void) { return PyModuleDef_Init(0); }\n"
    )
    command = compiler()
    if command is None:
        pytest.skip("no C compiler here")
    subprocess.run([*command, "-shared", "-fPIC", "-O2", "-w", source, "-o", built], check=True)
    with load(str(built)) as loaded:
        facts = code(loaded, shape(loaded))
    named = [entry for entry in facts.globals if (entry.symbol or "").startswith(name)]
    assert "object" in {entry.kind for entry in named}


@pytest.mark.parametrize(
    ("kind", "level"), [("struct _object *", "partial"), ("int ", "full")], ids=["object", "int"]
)
def test_an_object_of_each_thread_is_not_passed_over(tmp_path: Path, kind: str, level: str) -> None:
    """Interpreters that take turns on one thread share it."""
    command = compiler()
    if command is None:
        pytest.skip("no C compiler here")
    source, built = tmp_path / "each_thread.c", tmp_path / "each_thread.so"
    source.write_text(
        f"struct _object;\nstatic __thread {kind}cache;\n"
        "void *get(void) { return (void *)(long)cache; }\n"
        "void set(void *value) { cache = (__typeof__(cache))(long)value; }\n"
        "extern void *PyModuleDef_Init(void *);\n"
        "void *PyInit_each_thread(void) { return PyModuleDef_Init(0); }\n"
    )
    subprocess.run([*command, "-shared", "-fPIC", "-O2", "-w", source, "-o", built], check=True)
    with load(str(built)) as loaded:
        assert shape(loaded).completeness.globals.level == level


def _without_locals(raw: bytearray) -> bytes:
    """A PE file as ``strip -x`` leaves it: symbols of class *static* belong to no section."""
    header = struct.unpack_from("<I", raw, 0x3C)[0]
    table, count = struct.unpack_from("<II", raw, header + 12)
    at = table
    while at < table + 18 * count:
        storage, auxiliary = raw[at + 16], raw[at + 17]
        if storage == STATIC and raw[at : at + 1] != b".":
            struct.pack_into("<h", raw, at + 12, 0)
        at += 18 * (1 + auxiliary)
    return bytes(raw)


def test_a_pe_file_that_lost_its_local_symbols_is_stripped() -> None:
    expected = json.loads((BUILT / "expected.json").read_text())
    name = next(
        name
        for name, told in expected.items()
        if name.startswith("pe-") and not told["artifact"]["stripped"]
    )
    raw = bytearray((BUILT / name).read_bytes())
    assert not load_bytes(memoryview(bytes(raw)), name)[0].image.stripped
    assert load_bytes(memoryview(_without_locals(raw)), name)[0].image.stripped


@pytest.mark.parametrize(
    ("before", "complete"),
    [
        (b"\x90" * 500_000, True),
        (b"\x90" * 5_000_000, False),
        (b"\xeb\x01\x06" + b"\x90" * 20, False),
    ],
    ids=["long", "too long", "a byte that is jumped over"],
)
def test_a_function_is_followed_or_counts_as_not_read(before: bytes, complete: bool) -> None:
    """``mov [rip + static], rdi`` behind what is hard to read."""
    text = before + b"\x48\x89\x3d"
    static = 0x1000000
    text += (static - 0x1000 - len(text) - 4).to_bytes(4, "little", signed=True) + b"\xc3"
    image = Image(
        format="elf", arch="x86-64", bits=64, endian="little",
        segments=(
            Segment("text", 0x1000, len(text), memoryview(text), False, True, 0),
            Segment("data", static, 64, memoryview(b""), True, False),
        ),
        regions=(
            Region(".text", 0x1000, len(text), False, True, False),
            Region(".bss", static, 64, True, False, True),
        ),
        pointers={}, imports_at={}, imported=frozenset(), exports={"f": 0x1000},
        export_sizes={}, libraries=(), build_id=None, compilers=(), stripped=True,
        module_file=True, load_symbols=tuple, load_function_starts=tuple,
    )  # fmt: skip
    how = machine(image)
    assert how is not None
    scene = Scene(image, Functions(image), how, Layout(8, False), {})
    told = survey(scene, 10_000_000)
    assert told.complete is complete
    assert (static in scene.record.writes) is complete
