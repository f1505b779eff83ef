"""What following code takes for an object and what not: a few x86-64 instructions by hand."""

from isoview.inspectors.binary.code.follow import Follower
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.code.record import Record
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.values import COUNTED, RETURNED
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.layouts import Layout

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
        pointers={}, imports_at={}, imported=frozenset(), exports={}, export_sizes={}, libraries=(),
        build_id=None, compilers=(), stripped=True, module_file=True,
        load_symbols=lambda: (), load_function_starts=lambda: (*starts, COOKIE),
    )  # fmt: skip
    found = machine(image)
    assert found is not None
    scene = Scene(image, Functions(image), found, Layout(8, free_threaded=False), {})
    follower = Follower(scene)
    for start, code in zip(starts, functions, strict=True):
        follower.follow(scene.functions.at(start), found.decode(code, start))
    return scene.record


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
