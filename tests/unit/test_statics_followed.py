"""What following code takes for an object and what not: a few x86-64 instructions by hand."""

from dataclasses import replace

from facts_by_hand import facts

from isoview.inspectors.binary.code.follow import Follower
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.code.record import Record
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.solve import Solver
from isoview.inspectors.binary.code.values import COUNTED, RETURNED
from isoview.inspectors.binary.code.writers import INIT, OUTSIDE, UNDECIDED, Writers
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.facts import Init

CODE, COOKIE, DATA = 0x1000, 0x1800, 0x4000
RET = b"\xc3"
# cmp rcx, [rip+..]; jne; rol rcx, 16; test cx, 0xffff; jne; ret; ror rcx, 16; jmp
SECURITY_CHECK = bytes.fromhex(
    "483b0df9270000 7510 48c1c110 66f7c1ffff 7501 c3 48c1c910 e900000000"
)


def load_rax(at: int, static: int) -> bytes:
    return b"\x48\x8b\x05" + (static - at - 7).to_bytes(4, "little", signed=True)


def call(at: int, target: int) -> bytes:
    return b"\xe8" + (target - at - 5).to_bytes(4, "little", signed=True)


def followed(form: str, *functions: bytes) -> Record:
    """The record after functions at CODE, CODE + 0x100 and so on were followed."""
    return scene_of(form, *functions).record


def scene_of(form: str, *functions: bytes, imports: dict[int, str] | None = None) -> Scene:
    """The scene after that; ``imports`` are words of the data that hold imported functions."""
    text = bytearray(0x1000)
    starts = [CODE + 0x100 * number for number in range(len(functions))]
    for start, code in zip((*starts, COOKIE), (*functions, SECURITY_CHECK), strict=True):
        text[start - CODE : start - CODE + len(code)] = code
    image = Image(
        format=form, arch="x86-64", bits=64, endian="little",
        segments=(
            Segment("text", CODE, 0x1000, memoryview(bytes(text)), False, True),
            Segment("data", DATA, 0x1000, memoryview(bytes(0x1000)), True, False),
        ),
        regions=(
            Region(".text", CODE, 0x1000, False, True, False),
            Region(".data", DATA, 0x1000, True, False, False),
        ),
        pointers={}, imports_at=imports or {}, imported=frozenset(), exports={}, export_sizes={}, libraries=(),
        build_id=None, compilers=(), stripped=True, module_file=True,
        load_symbols=lambda: (), load_function_starts=lambda: (*starts, COOKIE),
    )  # fmt: skip
    found = machine(image)
    assert found is not None
    scene = Scene(image, Functions(image), found, Layout(8, free_threaded=False), {})
    follower = Follower(scene)
    for start, code in zip(starts, functions, strict=True):
        follower.follow(scene.functions.at(start), found.read(code, start))
    return scene


def test_an_atomic_counter_is_no_reference_count() -> None:
    """Rust and C++ count shared pointers with a lock prefix; CPython never counts objects so."""
    increase = b"\x48\xff\x00"  # incq (%rax)
    plain = followed("elf", load_rax(CODE, DATA) + increase + RET)
    assert [reason.kind for reason in plain.uses[DATA]] == [COUNTED]
    atomic = followed("elf", load_rax(CODE, DATA) + b"\xf0" + increase + RET)
    assert DATA not in atomic.uses


def test_microsofts_cookie_check_returns_nothing_of_its_own() -> None:
    """Every function of usearch that it ends seemed to return what any other returns."""

    def returns(static: int, at: int) -> bytes:
        return load_rax(at, static) + call(at + 7, COOKIE) + RET

    pair = (returns(DATA, CODE), returns(DATA + 8, CODE + 0x100))
    flows = set(followed("pe", *pair).flows)
    assert (DATA, (RETURNED, CODE)) in flows
    assert (DATA + 8, (RETURNED, CODE + 0x100)) in flows
    assert not any((RETURNED, COOKIE) in flow for flow in flows)
    assert ((RETURNED, COOKIE), (RETURNED, CODE)) in set(followed("elf", *pair).flows)


def lea_rdi(at: int, target: int) -> bytes:
    return b"\x48\x8d\x3d" + (target - at - 7).to_bytes(4, "little", signed=True)


def store_rbx(at: int, static: int) -> bytes:
    return b"\x48\x89\x1d" + (static - at - 7).to_bytes(4, "little", signed=True)


def through(opcode: bytes, at: int, word: int) -> bytes:
    """``call`` or ``jmp`` through a word."""
    return opcode + (word - at - 6).to_bytes(4, "little", signed=True)


def test_a_word_that_is_an_address_is_no_reference_count() -> None:
    """mypyc's argument parser begins with its format text: ``format++`` skips a character."""
    skip = b"\x48\xff\x00"  # incq (%rax)
    look = b"\x48\x8b\x10\x80\x3a\x25"  # mov (%rax), %rdx; cmpb $37, (%rdx)

    def known(code: bytes) -> set[object]:
        record = followed("elf", load_rax(CODE, DATA) + code + RET)
        return set(Solver(record, 8, lambda _: None).solve().nodes)

    assert DATA in known(skip)
    assert DATA not in known(look + skip)
    assert DATA not in known(skip + look)


def test_code_behind_a_call_that_never_returns_is_not_reached_from_there() -> None:
    """pybind11's table for ``__dict__``: its NULL words stood behind a call that throws, with what a
    register held there before.
    """
    api, throw = DATA + 0x800, DATA + 0x808
    names = {api: "PyUnicode_FromString", throw: "_CxxThrowException"}

    def told(thrower: bytes) -> Record:
        start = through(b"\xff\x15", CODE, api) + b"\x48\x89\xc3"  # mov %rax, %rbx
        start += b"\x48\x85\xc9\x74\x04"  # test %rcx, %rcx; je over the next two
        start += b"\x31\xdb\xeb\x06"  # xor %ebx, %ebx; jmp over the call
        start += call(CODE + len(start), CODE + 0x100) + b"\x90"
        return scene_of(
            "pe", start + store_rbx(CODE + len(start), DATA) + RET, thrower, imports=names
        ).record

    returns = told(b"\x48\x83\xec\x28\x48\x83\xc4\x28" + RET)
    assert [reason.name for reason in returns.sources[DATA]] == ["PyUnicode_FromString"]
    # The leaf function behind it has no entry in Windows' table of functions.
    throws = told(b"\x48\x83\xec\x28" + through(b"\xff\x15", CODE + 0x104, throw) + b"\xcc" + RET)
    assert DATA not in throws.sources
    jumps = told(through(b"\xff\x25", CODE + 0x100, throw))
    assert DATA not in jumps.sources


def test_what_a_callee_calls_at_once_belongs_to_who_handed_it_over() -> None:
    """``CPyExec_x`` of a mypyc group hands its own body to a helper, which runs it."""
    helper, body = CODE + 0x100, CODE + 0x200
    hands_over = lea_rdi(CODE, body) + call(CODE + 7, helper) + RET
    writes = store_rbx(body, DATA) + RET

    def sort(helping: bytes, init: bytes = hands_over) -> str:
        scene = scene_of("elf", init, helping, writes)
        made = facts(init=(Init("PyInit_mod", "mod", own=True, phase="multi", phase_source="code",
                                address=CODE),))  # fmt: skip
        return Writers(scene.image, made, scene.functions, (body,), (), scene).sort(body)

    runs = b"\x53\x48\x89\xfb\xff\xd3\x5b" + RET  # push %rbx; mov %rdi, %rbx; call *%rbx; pop %rbx
    assert sort(runs) == INIT
    keeps = b"\x48\x89\x3d" + (DATA + 64 - helper - 7).to_bytes(4, "little")  # mov %rdi, (static)
    assert sort(keeps + b"\xff\xd7" + RET) == OUTSIDE
    assert sort(RET) == OUTSIDE
    # pyopenms: nanobind's exec function goes into another library, through a table of functions
    away = lea_rdi(CODE, body) + b"\xff\x50\x08" + RET  # call *8(%rax)
    assert sort(RET, away) == UNDECIDED
    stored = lea_rdi(CODE, body) + b"\x48\x89\x78\x08" + RET  # mov %rdi, 8(%rax)
    assert sort(RET, stored) == OUTSIDE


def test_what_runs_at_exit_is_a_function_of_its_own_without_an_unwind_table() -> None:
    """Debian's interpreter is built with optimization at link time: there the compiler's own
    function at exit stands between those of the module (``_json`` of Debian 12).
    """
    at_exit, list_of_ends = CODE + 0x80, DATA + 0x800
    plain = scene_of("elf", RET).image
    image = replace(
        plain,
        regions=(*plain.regions, Region(".fini_array", list_of_ends, 8, True, False, False)),
        pointers={list_of_ends: at_exit},
    )
    functions = Functions(image)
    assert functions.containing(at_exit + 4) == functions.at(at_exit)
    assert functions.at(CODE).end == at_exit
