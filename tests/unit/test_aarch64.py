"""AArch64 init functions: what their code says, instruction by instruction and in built objects."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from isoview.inspectors.binary import machine_aarch64 as machine
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.inspect import load, shape
from isoview.inspectors.binary.machine_x86_64 import Call
from isoview.inspectors.binary.walk_aarch64 import branch_of, stub_target, walk

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"

CODE, STUB, CONSTANTS, DATA, GOT = 0x1000, 0x3000, 0x4000, 0x8000, 0x9000
TABLE = DATA + 0x100
SP = ZR = 31

NOP, RET, BTI_C, PACIASP, RETAA = 0xD503201F, 0xD65F03C0, 0xD503245F, 0xD503233F, 0xD65F0BFF


def adrp(register: int, at: int, target: int) -> int:
    pages = (target >> 12) - (at >> 12)
    return 0x90000000 | (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5 | register


def adr(register: int, at: int, target: int) -> int:
    distance = target - at
    return 0x10000000 | (distance & 3) << 29 | (distance >> 2 & 0x7FFFF) << 5 | register


def add(target: int, source: int, number: int) -> int:
    return 0x91000000 | (number & 0xFFF) << 10 | source << 5 | target


def sub(target: int, source: int, number: int) -> int:
    return 0xD1000000 | (number & 0xFFF) << 10 | source << 5 | target


def ldr(target: int, base: int, offset: int) -> int:
    return 0xF9400000 | (offset // 8) << 10 | base << 5 | target


def ldr_literal(target: int, at: int, where: int) -> int:
    return 0x58000000 | ((where - at) // 4 & 0x7FFFF) << 5 | target


def store(source: int, base: int, offset: int) -> int:
    return 0xF9000000 | (offset // 8) << 10 | base << 5 | source


def store32(source: int, base: int, offset: int) -> int:
    return 0xB9000000 | (offset // 4) << 10 | base << 5 | source


def store_pair(first: int, second: int, base: int, offset: int) -> int:
    return 0xA9000000 | (offset // 8 & 0x7F) << 15 | second << 10 | base << 5 | first


def move(target: int, source: int) -> int:
    return 0xAA0003E0 | source << 16 | target


def movz(target: int, number: int) -> int:
    return 0xD2800000 | number << 5 | target


def branch(at: int, target: int, *, link: bool = False) -> int:
    return (0x94000000 if link else 0x14000000) | (target - at) // 4 & 0x3FFFFFF


def jump(register: int) -> int:
    return 0xD61F0000 | register << 5


def call(register: int) -> int:
    return 0xD63F0000 | register << 5


def raw(words: Iterable[int]) -> bytes:
    return b"".join(word.to_bytes(4, "little") for word in words)


def image(code: list[int], stub: list[int] | None = None, form: str = "elf") -> Image:
    """Code at CODE, a stub at STUB, constants, data, and a GOT whose first word is the import
    PyModuleDef_Init, the second PyModule_Create2, the third the local address DATA.
    """
    text = bytearray(0x4000)
    text[: 4 * len(code)] = raw(code)
    stub = stub or [adrp(16, STUB, GOT), ldr(17, 16, 0), add(16, 16, 0), jump(17)]
    text[STUB - CODE : STUB - CODE + 4 * len(stub)] = raw(stub)
    text[CONSTANTS - CODE : CONSTANTS - CODE + 8] = (77).to_bytes(8, "little")
    return Image(
        format=form,
        arch="aarch64",
        bits=64,
        endian="little",
        segments=(
            Segment("text", CODE, 0x4000, memoryview(bytes(text)), False, True),
            Segment("data", DATA, 0x2000, memoryview(bytes(0x2000)), True, False),
        ),
        regions=(
            Region(".text", CODE, 0x3000, False, True, False),
            Region(".rodata", CONSTANTS, 0x1000, False, False, False),
            Region(".data", DATA, 0x1000, True, False, False),
            Region(".got", GOT, 0x1000, False, False, False),
        ),
        pointers={GOT + 16: DATA},
        imports_at={GOT: "PyModuleDef_Init", GOT + 8: "PyModule_Create2"},
        imported=frozenset({"PyModuleDef_Init", "PyModule_Create2"}),
        exports={},
        export_sizes={},
        libraries=(),
        build_id=None,
        compilers=(),
        stripped=True,
        module_file=True,
        load_symbols=lambda: (),
        load_function_starts=lambda: (),
    )


# -- stubs ----------------------------------------------------------------------------------------

STUBS = {
    "ELF": [adrp(16, STUB, GOT), ldr(17, 16, 0), add(16, 16, 0), jump(17)],
    "ELF with bti": [BTI_C, adrp(16, STUB + 4, GOT), ldr(17, 16, 0), add(16, 16, 0), jump(17)],
    "Mach-O": [adrp(16, STUB, GOT), ldr(16, 16, 0), jump(16)],
    "Mach-O, relaxed to adr": [adr(16, STUB, GOT), NOP, ldr(16, 16, 0), jump(16)],
    "Mach-O, relaxed to a literal": [NOP, ldr_literal(16, STUB + 4, GOT), jump(16)],
    "arm64e": [adrp(17, STUB, GOT), add(17, 17, 0), ldr(16, 17, 0), 0xD71F0A11],  # braa x16, x17
}


@pytest.mark.parametrize("name", STUBS)
def test_stubs(name: str) -> None:
    assert stub_target(image([], STUBS[name]), STUB) == "PyModuleDef_Init"


NO_STUBS = {
    "another register": [adrp(16, STUB, GOT), ldr(16, 16, 0), jump(17)],
    "a call": [adrp(16, STUB, GOT), ldr(16, 16, 0), call(16)],
    "a local address": [adrp(16, STUB, GOT), ldr(16, 16, 16), jump(16)],
    "a function": [RET],
    "a store": [adrp(16, STUB, GOT), ldr(16, 16, 0), store(16, 16, 0), jump(16)],
    "too long": [NOP] * 8,
}


@pytest.mark.parametrize("name", NO_STUBS)
def test_what_is_no_stub(name: str) -> None:
    assert stub_target(image([], NO_STUBS[name]), STUB) is None


# -- calls and their first argument ---------------------------------------------------------------

ARGUMENTS = {
    "adrp and add": [adrp(0, CODE, TABLE), add(0, 0, TABLE & 0xFFF), branch(CODE + 8, STUB)],
    "adr": [adr(0, CODE, TABLE), NOP, branch(CODE + 8, STUB)],
    "linked call": [adr(0, CODE, TABLE), branch(CODE + 4, STUB, link=True), RET],
    "frame and signed return": [
        PACIASP,
        0xA9BF7BFD,  # stp x29, x30, [sp, #-16]!
        add(29, SP, 0),
        adr(0, CODE + 12, TABLE),
        branch(CODE + 16, STUB, link=True),
        0xA8C17BFD,  # ldp x29, x30, [sp], #16
        RETAA,
    ],
    "kept over a call": [
        adr(19, CODE, TABLE),
        branch(CODE + 4, CODE + 0x800, link=True),
        move(0, 19),
        branch(CODE + 12, STUB),
    ],
    "through the GOT, without a stub": [
        adr(0, CODE, TABLE),
        adrp(8, CODE + 4, GOT),
        ldr(8, 8, 0),
        jump(8),
    ],
    "behind a branch": [
        adr(0, CODE, TABLE),
        0xB4000061,  # cbz x1, two further on
        RET,
        NOP,
        branch(CODE + 16, STUB),
    ],
    "after jumping ahead": [adr(0, CODE, TABLE), branch(CODE + 4, CODE + 12), 0, branch(CODE + 12, STUB)],
    "arithmetic": [
        adrp(1, CODE, TABLE + 0x1000),
        sub(1, 1, 0xF80),
        add(0, 1, 0x80),
        branch(CODE + 12, STUB),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENTS)
def test_first_argument(name: str) -> None:
    code = ARGUMENTS[name]
    it = image(code)
    found = list(machine.calls(it, CODE, raw(code)))
    assert [entry.name for entry in found] == ["PyModuleDef_Init"]
    assert machine.first_argument(it, CODE, raw(code), found[0]) == TABLE


UNKNOWN = {
    "lost in a call": [adr(0, CODE, TABLE), branch(CODE + 4, CODE + 0x800, link=True)],
    "loaded from writable data": [adrp(0, CODE, DATA), ldr(0, 0, 8)],
    "an import": [adrp(0, CODE, GOT), ldr(0, 0, 8)],
    "on the stack": [add(0, SP, 16)],
    "changed by what is not followed": [adr(0, CODE, TABLE), 0x8B010000],  # add x0, x0, x1
    "loaded as a half": [adrp(0, CODE, CONSTANTS), 0xB9400000],  # ldr w0, [x0]
    "changed by an atomic": [adr(0, CODE, TABLE), 0xF8200020],  # ldadd x0, x0, [x1]
    "base moved": [adr(0, CODE, TABLE), 0xF8408401],  # ldr x1, [x0], #8
    "loaded as a pair": [adr(1, CODE, TABLE), 0xA9400020],  # ldp x0, x0, [x1]
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_understood_is_not_guessed(name: str) -> None:
    code = [*UNKNOWN[name], branch(CODE + 4 * len(UNKNOWN[name]), STUB)]
    it = image(code)
    found = next(machine.calls(it, CODE, raw(code)))
    assert machine.first_argument(it, CODE, raw(code), found) is None


def test_constants_and_local_addresses_are_loaded() -> None:
    code = [adrp(1, CODE, CONSTANTS), ldr(0, 1, 0), branch(CODE + 8, STUB)]
    it = image(code)
    assert machine.first_argument(it, CODE, raw(code), Call("", CODE + 8, 4)) == 77
    code = [adrp(1, CODE, GOT), ldr(0, 1, 16), branch(CODE + 8, STUB)]
    it = image(code)
    assert machine.first_argument(it, CODE, raw(code), Call("", CODE + 8, 4)) == DATA


def test_code_ends_with_its_bytes_and_loops_end() -> None:
    code = [branch(CODE, CODE)]
    assert list(walk(image(code), CODE, raw(code))) == []
    code = [NOP, 0xB5FFFFE0, branch(CODE + 8, CODE)]  # cbnz x0 back by one; b to the start
    assert list(walk(image(code), CODE, raw(code))) == []
    assert list(walk(image([]), CODE, b"\x1f\x20")) == []


@pytest.mark.parametrize(
    ("word", "kind", "target"),
    [
        (0x54000041, "condition", 8),  # b.ne
        (0x36000040, "condition", 8),  # tbz
        (0x37FFFFE0, "condition", -4),  # tbnz
        (0x35FFFFE0, "condition", -4),  # cbnz
        (0x17FFFFFF, "jump", -4),
        (0x97FFFFFF, "call", -4),
        (0xD63F0100, "call", None),
        (0xD61F0100, "jump", None),
        (RET, "return", None),
    ],
)
def test_branches(word: int, kind: str, target: int | None) -> None:
    found = branch_of(word, CODE)
    assert found is not None
    assert (found.kind, found.target) == (kind, None if target is None else CODE + target)


# -- results, stores, and what else is called -----------------------------------------------------

RETURNS = {
    "adrp and add": ([adrp(0, CODE, TABLE), add(0, 0, TABLE & 0xFFF), RET], TABLE),
    "adr": ([BTI_C, adr(0, CODE + 4, TABLE), RET], TABLE),
    "a word that points to it": ([adrp(0, CODE, GOT), ldr(0, 0, 16), RET], DATA),
    "a literal that points to it": ([ldr_literal(0, CODE, GOT + 16), RET], DATA),
    "with a frame": (
        [0xA9BF7BFD, add(29, SP, 0), adr(0, CODE + 8, TABLE), 0xA8C17BFD, RET],
        TABLE,
    ),
    "after a call": ([branch(CODE, STUB, link=True), adr(0, CODE + 4, TABLE), RET], None),
    "after a store": ([adr(0, CODE, TABLE), store(1, 0, 0), RET], None),
    "the stack": ([add(0, SP, 0), RET], None),
    "an import": ([adrp(0, CODE, GOT), ldr(0, 0, 0), RET], None),
    "nothing": ([RET], None),
}


@pytest.mark.parametrize("name", RETURNS)
def test_returned_address(name: str) -> None:
    code, expected = RETURNS[name]
    assert machine.returned_address(image(code), CODE) == expected


def test_stores() -> None:
    code = [
        adr(8, CODE, TABLE),
        movz(9, 2),
        adr(10, CODE + 8, CODE + 0x800),
        store32(9, 8, 0),
        store(10, 8, 8),
        store_pair(9, ZR, 8, 16),
        0x3D800901,  # str q1, [x8, #32]
        store(9, SP, 8),
        RET,
    ]
    stored = dict(machine.stores(image(code), CODE, raw(code)))
    assert stored == {
        TABLE: 2,
        TABLE + 8: CODE + 0x800,
        TABLE + 16: 2,
        TABLE + 24: 0,
        TABLE + 32: None,
        TABLE + 40: None,
    }


def test_touches() -> None:
    def touched(code: list[int]) -> bool:
        return machine.touches(image(code), CODE, raw(code), TABLE, TABLE + 64)

    assert touched([adr(8, CODE, TABLE), store(9, 8, 56), RET])
    assert not touched([adr(8, CODE, TABLE), store(9, 8, 64), RET])
    assert touched([adr(8, CODE, TABLE - 8), store_pair(9, 9, 8, 0), RET])
    assert touched([store(9, 5, 0), RET])  # nobody knows where x5 points
    assert touched([0xF8256826, RET])  # str x6, [x1, x5]
    assert not touched([store(9, SP, 8), 0xF8656826, RET])  # ldr x6, [x1, x5]


def test_only_calls() -> None:
    def only(code: list[int]) -> bool:
        return machine.only_calls(image(code), CODE, raw(code), "PyModuleDef_Init")

    assert only([adr(0, CODE, TABLE), branch(CODE + 4, STUB)])
    assert not only([branch(CODE, CODE + 0x800, link=True), branch(CODE + 4, STUB)])
    assert not only([adrp(8, CODE, GOT), ldr(8, 8, 8), call(8), branch(CODE + 12, STUB)])
    assert not only([call(8), branch(CODE + 4, STUB)])


def test_local_calls() -> None:
    code = [
        branch(CODE, STUB, link=True),
        branch(CODE + 4, CODE + 0x800, link=True),
        branch(CODE + 8, CODE + 0x900),
    ]
    found = list(machine.local_calls(image(code), CODE, raw(code)))
    assert found == [CODE + 0x800, CODE + 0x900]


# -- built objects --------------------------------------------------------------------------------

OBJECTS = sorted(
    path.relative_to(BUILT).as_posix()
    for folder in ("elf-aarch64", "macho-arm64", "pe-aarch64")
    for path in (BUILT / folder).iterdir()
)


def test_there_are_objects_of_every_format() -> None:
    assert {name.partition("/")[0] for name in OBJECTS} == {
        "elf-aarch64",
        "macho-arm64",
        "pe-aarch64",
    }


@pytest.mark.parametrize("name", OBJECTS)
def test_the_code_of_built_objects_says_how_they_start(name: str) -> None:
    loaded = load(str(BUILT / name))
    facts = shape(loaded)
    assert facts.init
    for init in facts.init:
        assert init.definition is not None
        assert init.address is not None
        if init.phase == "export":
            assert machine.returned_address(loaded.image, init.address) == init.definition
            continue
        assert init.phase_source == "code"
        code = loaded.image.read(init.address, loaded.image.export_sizes.get(init.address, 256))
        arguments = {
            machine.first_argument(loaded.image, init.address, code, entry)
            for entry in machine.calls(loaded.image, init.address, code)
            if entry.name in {"PyModuleDef_Init", "PyModule_Create2"}
        }
        assert arguments == {init.definition}
