"""Mach-O files that lie: what can be read is read, the rest is a note, and nothing takes long."""

import random
import struct
import time
from pathlib import Path

import pytest
from macho_by_hand import (
    ARM64,
    BASE,
    BIND,
    CHAINED_FIXUPS,
    CODE,
    DATA,
    EXPORTS_TRIE,
    FUNCTION_STARTS,
    LAZY,
    REBASE,
    X86_64,
    Built,
    chained,
    trie,
    uleb,
    universal,
)

from isoview.inspectors.binary import macho
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.inspect import code, load_all, shape
from isoview.inspectors.errors import IsoviewError, UnsupportedFormat

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"
SECONDS = 30
"""No damaged file of a few kilobytes may take longer."""


def read(raw: bytes) -> Image:
    return macho.read_macho(memoryview(raw))


def noted(image: Image, where: str) -> str:
    """The damage texts of one place."""
    return "; ".join(note.text for note in image.damage if note.where == where)


HUGE = uleb((1 << 64) - 1)
TO_DATA = b"\x11\x22" + uleb(0)
STREAMS = {
    "endless repeat": (REBASE, TO_DATA + b"\x60" + HUGE, "outside its segment"),
    "endless skip": (REBASE, TO_DATA + b"\x80" + uleb(9) + HUGE, "outside its segment"),
    "the same words for ever": (
        REBASE,
        (b"\x11\x22" + uleb(0) + b"\x60" + uleb(0x400)) * 500,
        "more than fit",
    ),
    "no such segment": (REBASE, b"\x11\x2f\x00\x51", "segment 15 is not there"),
    "linked data": (REBASE, b"\x11\x23\x00\x51", "segment 3 is not there"),
    "no such opcode": (REBASE, TO_DATA + b"\x51\xf0", "unknown opcode"),
    "cut off": (REBASE, TO_DATA + b"\x51\x60\x80", "cut off"),
    "number of 70 bits": (REBASE, TO_DATA + b"\x60" + b"\x80" * 10 + b"\x01", "64 bits"),
    "name without an end": (BIND, b"\x40_Py", "without an end"),
    "threaded binds": (BIND, b"\x40_a\0\xd0\x01", "0xd0 is not read"),
    "endless binds": (BIND, b"\x40_a\0\x51\x72\x00\xc0" + HUGE + b"\x00", "outside its segment"),
    "lazy, far away": (LAZY, b"\x72" + uleb(1 << 40) + b"\x40_a\0\x90", "outside its segment"),
}


@pytest.mark.parametrize("name", STREAMS)
def test_damaged_opcodes_are_noted_and_bounded(name: str) -> None:
    stream, opcodes, words = STREAMS[name]
    built = Built()
    built.symbols = [(b"_PyInit_m", 0x0F, 1, BASE + CODE)]
    built.dyld_info({stream: opcodes})
    begun = time.process_time()
    image = read(built.build())
    assert time.process_time() - begun < SECONDS
    where = {REBASE: "rebases", BIND: "binds", LAZY: "lazy binds"}[stream]
    assert words in noted(image, where)
    assert image.exports == {"PyInit_m": BASE + CODE}


def with_chains(change: dict[int, tuple[str, int]]) -> Image:
    """A file whose chained fixups have fields overwritten: offset to (struct format, value)."""
    words, raw = chained(2, {DATA: CODE, DATA + 8: b"_PyType_Type", DATA + 0x20: CODE})
    damaged = bytearray(raw)
    for at, (form, value) in change.items():
        struct.pack_into(form, damaged, at, value)
    built = Built()
    for offset, word in words.items():
        built.word(offset, word)
    built.linked_command(CHAINED_FIXUPS, bytes(damaged))
    return read(built.build())


# Offsets in what ``chained`` makes: header at 0, starts at 32, the segment's at 56.
CHAINS = {
    "starts outside": ({4: ("<I", 1 << 30)}, "cut off"),
    "more imports than bytes": ({16: ("<I", 0xFFFFFFFF)}, "imports are claimed"),
    "imports of an unknown form": ({20: ("<I", 9)}, "unknown form"),
    "names packed in an unknown way": ({24: ("<I", 7)}, "unknown way"),
    "names that do not unpack": ({24: ("<I", 1)}, "cannot be unpacked"),
    "more segments than there are": ({32: ("<I", 0xFFFFFFFF)}, "segments are claimed"),
    "a segment's chains outside": ({44: ("<I", 1 << 30)}, "cut off"),
    "no page size": ({60: ("<H", 0)}, "pages of 0 bytes"),
    "more pages than the segment has": ({76: ("<H", 0xFFFF)}, "cut off"),
    "several chains in a page": ({78: ("<H", 0x8000)}, "no chain at 0x8000"),
    "a chain behind the data": ({80: ("<H", 0xFFC)}, "no chain at 0xffc"),
}


@pytest.mark.parametrize("name", CHAINS)
def test_damaged_chains_are_noted(name: str) -> None:
    change, words = CHAINS[name]
    begun = time.process_time()
    image = with_chains(change)
    assert time.process_time() - begun < SECONDS
    assert words in noted(image, "chained fixups")


def test_a_chain_that_leaves_its_page_keeps_what_it_gave() -> None:
    words, raw = chained(2, {DATA: CODE, DATA + 8: CODE})
    built = Built()
    built.word(DATA, words[DATA])
    built.word(DATA + 8, words[DATA + 8] | 0xFFF << 51)
    built.linked_command(CHAINED_FIXUPS, raw)
    image = read(built.build())
    assert image.pointers == {BASE + DATA: BASE + CODE, BASE + DATA + 8: BASE + CODE}
    assert "leaves its page" in noted(image, "chained fixups")


def test_a_name_that_is_not_there_ends_its_chain() -> None:
    words, raw = chained(2, {DATA: b"_a", DATA + 8: CODE})
    built = Built()
    built.word(DATA, words[DATA] | 0xFFFF)
    built.word(DATA + 8, words[DATA + 8])
    built.linked_command(CHAINED_FIXUPS, raw)
    image = read(built.build())
    assert (image.pointers, image.imports_at) == ({}, {})
    assert "import 65535 is not there" in noted(image, "chained fixups")


def test_a_trie_that_bites_its_tail_ends() -> None:
    built = Built()
    built.linked_command(EXPORTS_TRIE, b"\x00\x02_a\0\x00_b\0\x00")
    image = read(built.build())
    assert image.exports == {}
    assert "reached twice" in noted(image, "export trie")


def test_names_of_a_trie_end() -> None:
    # Each node adds 200 letters and leads to the next: a million letters in all.
    raw = bytearray()
    for index in range(5000):
        after = len(raw) + 2 + 201 + 3
        offset = bytes([after & 0x7F | 0x80, after >> 7 & 0x7F | 0x80, after >> 14])
        raw += b"\x00\x01" + b"a" * 200 + b"\0" + (offset if index < 4999 else b"\x80\x80\x00")
    built = Built()
    built.linked_command(EXPORTS_TRIE, bytes(raw))
    begun = time.process_time()
    image = read(built.build())
    assert time.process_time() - begun < SECONDS
    assert "without an end" in noted(image, "export trie")


def test_a_trie_cut_off_keeps_its_other_nodes() -> None:
    raw = trie({b"_PyInit_m": uleb(0) + uleb(CODE), b"_a": uleb(0) + uleb(CODE)})
    built = Built()
    built.linked_command(EXPORTS_TRIE, raw[:-4])
    image = read(built.build())
    assert image.exports == {"a": BASE + CODE} or image.exports == {"PyInit_m": BASE + CODE}
    assert "cut off" in noted(image, "export trie")


def header(built: Built, at: int, form: str, value: int) -> Image:
    raw = bytearray(built.build())
    struct.pack_into(form, raw, at, value)
    return read(bytes(raw))


def test_load_commands_are_bounded() -> None:
    assert "4294967295 are claimed" in noted(header(Built(), 16, "<I", 0xFFFFFFFF), "load commands")
    assert "bytes are missing" in noted(header(Built(), 20, "<I", 0xFFFFFFFF), "load commands")
    assert "claims 0 bytes" in noted(header(Built(), 36, "<I", 0), "load commands")
    assert "no segment is named" in noted(header(Built(), 16, "<I", 0), "load commands")
    assert "are claimed" in noted(header(Built(), 32 + 64, "<I", 0xFFFF), "sections")


def test_a_segment_at_the_end_of_the_address_space_is_cut() -> None:
    image = header(Built(), 32 + 24, "<Q", (1 << 64) - 0x1000)
    assert all(segment.address + segment.size <= 1 << 63 for segment in image.segments)
    image = header(Built(), 32 + 32, "<Q", (1 << 64) - 1)
    assert all(segment.address + segment.size <= 1 << 63 for segment in image.segments)


def test_sections_outside_their_segment_or_over_each_other_are_left_out() -> None:
    built = Built()
    built.sections += [("__TEXT", "__far", 0x3FF000, 0x1000, 0)]
    built.sections += [("__TEXT", f"__over{n}", 0, 0x4000, 0x80000000) for n in range(50)]
    image = read(built.build())
    assert "outside its segment" in noted(image, "section __TEXT,__far")
    assert "overlaps" in noted(image, "section __TEXT,__over49")
    assert (
        sum(region.size for region in image.regions if region.name.startswith("__TEXT")) <= 0x4000
    )


def test_segments_over_each_other_hold_no_more_than_the_file() -> None:
    built = Built()
    for number in range(200):
        name = f"__S{number}".encode()
        built.commands.append(
            struct.pack(
                "<II16sQQQQIIII", 0x19, 72, name, 1 << 40, 0xA000, 0, 0xA000, 3, 3, 0, 0
            )
        )  # fmt: skip
    image = read(built.build())
    assert "repeats bytes" in noted(image, "segment __S199")
    assert sum(len(segment.data) for segment in image.segments) <= len(built.build())


def test_tables_beyond_the_file_are_noted() -> None:
    built = Built()
    built.symbols = [(b"_PyInit_m", 0x0F, 1, BASE + CODE)]
    raw = bytearray(built.build())
    at = raw.index(struct.pack("<II", 2, 24))
    struct.pack_into("<I", raw, at + 12, 0xFFFFFFFF)
    image = read(bytes(raw))
    assert "bytes are missing" in noted(image, "symbol table")
    assert "PyInit_m" in image.exports


def test_function_starts_without_an_end() -> None:
    built = Built()
    built.linked_command(FUNCTION_STARTS, uleb(CODE) + b"\xff" * 64)
    assert list(read(built.build()).function_starts) == [BASE + CODE]


# -- universal files ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 33, 61, 0x7FFFFFFF])
def test_java_classes_are_no_universal_files(count: int) -> None:
    with pytest.raises(UnsupportedFormat, match="Java"):
        macho.slices(memoryview(struct.pack(">II", 0xCAFEBABE, count) + bytes(4000)))


def test_slices_that_cannot_be_read() -> None:
    with pytest.raises(UnsupportedFormat, match="cut off"):
        macho.slices(memoryview(struct.pack(">II", 0xCAFEBABE, 2)))
    itself = struct.pack(">IIIIIII", 0xCAFEBABE, 1, ARM64, 0, 0, 28, 0)
    with pytest.raises(UnsupportedFormat, match="slice arm64: not a Mach-O file"):
        macho.read_slices(memoryview(itself))


def test_a_slice_cut_off_and_one_mislabelled_are_noted() -> None:
    raw = universal((X86_64, Built().build()), (ARM64, Built().build()))[:-64]
    (_, first), (_, second) = macho.read_slices(memoryview(raw))
    assert noted(first, "slice x86_64") == "its own header names arm64"
    assert noted(second, "slice arm64") == "64 bytes at its end are missing"


# -- at random ------------------------------------------------------------------------------------

FUZZED = (
    "macho-arm64/chained_313.cpython-313-darwin.so",
    "macho-x86-64/symbols_313.cpython-313-darwin.so",
    "macho-universal/multi_313.cpython-313-darwin.so",
)


@pytest.mark.parametrize("name", FUZZED)
def test_random_damage_gives_facts_or_a_clean_refusal(name: str, tmp_path: Path) -> None:
    data = (BUILT / name).read_bytes()
    chance = random.Random(name)  # the same damage in every run
    path = tmp_path / Path(name).name
    for number in range(120):
        raw = bytearray(data)
        if number % 3 == 0:
            raw = raw[: chance.randrange(1, len(raw))]
        elif number % 3 == 1:  # in the header and the load commands
            for _ in range(8):
                raw[chance.randrange(1500)] ^= 1 << chance.randrange(8)
        else:
            for _ in range(200):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
        path.write_bytes(raw)
        begun = time.process_time()
        try:
            for loaded in load_all(str(path)):
                code(loaded, shape(loaded))
        except IsoviewError:
            pass
        assert time.process_time() - begun < SECONDS
