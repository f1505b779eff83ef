"""The tracker of constants, on a few instructions written by hand."""

from collections.abc import Callable

import pytest

from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.runtime_types.joined_names import text_on_stack
from isoview.inspectors.binary.runtime_types.state import State, plus
from isoview.inspectors.binary.runtime_types.tracker import Site, Tracker

START = 0x1000


def image_of(code: bytes, arch: str = "x86-64") -> Image:
    raw = memoryview(code)
    return Image(
        format="elf",
        arch=arch,
        bits=64,
        endian="little",
        segments=(Segment("text", START, len(raw), raw, writable=False, executable=True),),
        regions=(
            Region(".text", START, len(raw), writable=False, executable=True, zero_fill=False),
        ),
        pointers={},
        imports_at={},
        imported=frozenset(),
        exports={},
        export_sizes={},
        libraries=(),
        build_id=None,
        compilers=(),
        stripped=True,
        module_file=True,
        load_symbols=tuple,
        load_function_starts=lambda: (START,),
    )


def sites(code: bytes, arch: str = "x86-64", look: Callable[[Site], object] = id) -> list[object]:
    """What ``look`` sees at each call, in order."""
    image = image_of(code, arch)
    how = machine(image)
    assert how is not None
    tracker = Tracker(image, how, {}.get)
    return [look(site) for site in tracker.sites(START, START + len(code))]


def argument(number: int) -> Callable[[Site], object]:
    """The value in x86-64's register ``number``."""
    return lambda site: site.state.registers.get(number)


CALL = b"\xe8\x00\x00\x00\x00"
RDI = 7


def test_a_constant_reaches_the_call() -> None:
    assert sites(b"\xbf\x05\x00\x00\x00" + CALL, look=argument(RDI)) == [5]  # mov edi, 5


def test_a_call_forgets_what_it_may_change() -> None:
    code = b"\xbf\x05\x00\x00\x00\xbb\x07\x00\x00\x00" + CALL + CALL  # mov edi, 5; mov ebx, 7
    seen = sites(code, look=lambda site: (argument(RDI)(site), argument(3)(site)))
    assert seen == [(5, 7), (None, 7)]


def test_pushed_arguments_lie_on_the_stack() -> None:
    def top(site: Site) -> object:
        return site.state.word(site.state.registers[4], 0), site.state.word(
            site.state.registers[4], 8
        )

    assert sites(b"\x6a\x09\x6a\x08" + CALL, look=top) == [(8, 9)]  # push 9; push 8


def test_two_ways_that_disagree_leave_nothing() -> None:
    code = (
        b"\xbf\x01\x00\x00\x00"  # mov edi, 1
        b"\x85\xf6"  # test esi, esi
        b"\x74\x05"  # je over the next
        b"\xbf\x02\x00\x00\x00"  # mov edi, 2
    ) + CALL
    assert sites(code, look=argument(RDI)) == [None]


def test_two_ways_that_agree_keep_the_value() -> None:
    code = b"\xbf\x01\x00\x00\x00\x85\xf6\x74\x02\x31\xc0" + CALL  # the branch skips xor eax, eax
    assert sites(code, look=argument(RDI)) == [1]


def test_what_no_way_leads_to_begins_with_nothing() -> None:
    code = b"\xbf\x01\x00\x00\x00\xc3" + CALL  # mov edi, 1; ret
    assert sites(code, look=argument(RDI)) == [None]


def test_a_length_that_depends_on_a_flag_is_a_choice() -> None:
    code = (
        b"\x31\xc0"  # xor eax, eax
        b"\x48\x85\xd2"  # test rdx, rdx
        b"\x0f\x95\xc0"  # setne al
        b"\x48\x8d\x3c\xc5\x08\x00\x00\x00"  # lea rdi, [rax*8 + 8]
    ) + CALL
    assert sites(code, look=argument(RDI)) == [("either", 8, 16)]


def test_a_choice_with_an_address_in_it_gives_no_number() -> None:
    """pydantic_core has one; multiplied, it ended in an error."""
    code = (
        b"\xb8\x01\x00\x00\x00"  # mov eax, 1
        b"\x48\x0f\x45\xc4"  # cmovne rax, rsp
        b"\x48\x8d\x3c\xc5\x08\x00\x00\x00"  # lea rdi, [rax*8 + 8]
    ) + CALL
    assert sites(code, look=argument(RDI)) == [None]


def test_or_and_xor_with_a_flag_are_choices_too() -> None:
    code = b"\x31\xff\x48\x85\xd2\x40\x0f\x94\xc7\x48\x83\xf7\x09" + CALL  # sete dil; xor rdi, 9
    assert sites(code, look=argument(RDI)) == [("either", 9, 8)]


def test_conditional_increments_of_aarch64_are_choices() -> None:
    words = (
        0x52800108,  # mov w8, #8
        0x9A880500,  # csinc x0, x8, x8, eq
        0x94000001,  # bl
    )
    code = b"".join(word.to_bytes(4, "little") for word in words)
    assert sites(code, "aarch64", argument(0)) == [("either", 8, 9)]


def test_vectors_carry_two_words() -> None:
    code = (
        b"\xb8\x01\x00\x00\x00\xb9\x02\x00\x00\x00"  # mov eax, 1; mov ecx, 2
        b"\x66\x48\x0f\x6e\xc0\x66\x48\x0f\x6e\xc9"  # movq xmm0, rax; movq xmm1, rcx
        b"\x66\x0f\x6c\xc1"  # punpcklqdq xmm0, xmm1
        b"\x0f\x11\x04\x24"  # movups [rsp], xmm0
    ) + CALL

    def pair(site: Site) -> object:
        stack = site.state.registers[4]
        return site.state.word(stack, 0), site.state.word(stack, 8)

    assert sites(code, look=pair) == [(1, 2)]


def test_a_store_drops_what_it_overlaps() -> None:
    state = State()
    state.store(0, 8, 1)
    state.store(8, 8, 2)
    state.store(4, 8, 3)
    assert state.memory == {0: ("bytes", 1, 4), 4: 3}


def test_of_a_text_in_two_numbers_that_overlap_every_letter_is_left() -> None:
    state = State()
    for offset, piece in ((0, b"_items_v"), (7, b"view"), (11, b"\0")):
        state.store(offset, len(piece), int.from_bytes(piece, "little"))
    assert text_on_stack(state, 0) == text_on_stack(state, 0, 11) == "_items_view"
    assert text_on_stack(state, 0, 6) == "_items"
    assert text_on_stack(state, 0, 14) is None


def test_a_string_that_was_moved_is_the_same_by_whichever_way() -> None:
    long, short = State(), State()
    long.store(0, 8, ("joined", ("Name",)))
    short.store(0, 8, ("stack", 16))
    other = State()
    other.store(0, 8, ("stack", 24))
    long.meet(short)
    assert long.memory == {0: ("joined", ("Name",))}
    long.meet(other)
    assert long.memory == {}


def test_numbers_keep_the_width_they_were_stored_with() -> None:
    state = State()
    state.store(0, 1, 0x1FF)
    assert state.memory == {0: 0xFF}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 8),
        (("stack", -16), ("stack", -13)),
        (("argument", 1), ("at", ("argument", 1), 3)),
        (("either", 1, 2), ("either", 4, 5)),
        ("PyExc_ValueError", None),
        (None, None),
    ],
)
def test_addition(value: object, expected: object) -> None:
    assert plus(value, 3) == expected  # type: ignore[arg-type]
