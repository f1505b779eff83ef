"""Sound ELF files are told by a short way: what is damaged gets the same notes with it and without."""

import random
from pathlib import Path

import pytest

from isoview.inspectors.binary import elf_image, elf_integrity
from isoview.inspectors.binary.elf import ElfFile
from isoview.inspectors.binary.elf_pointers import relocated_words
from isoview.inspectors.binary.elf_relocations import MACHINES
from isoview.inspectors.binary.elf_symbols import SymbolTable
from isoview.inspectors.facts import Damage

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"
FOLDERS = sorted(folder.name for folder in BUILT.glob("elf-*"))
TIMES = 150


def _notes(raw: bytes, *, short: bool = True) -> tuple[Damage, ...]:
    """What is said of a file, of which the relocations were read before or not."""
    reader = ElfFile(memoryview(raw))
    if short:
        tables = elf_image.dynamic_tables(reader)
        names = SymbolTable(*tables, bits=reader.bits, endian=reader.endian)
        _, kinds = MACHINES[reader.machine]
        relocated_words(reader, names, kinds, deferred=False)
    return elf_integrity.oddities(reader)


def _damaged(raw: bytes, seed: random.Random) -> bytes:
    """The file with some fields of its tables overwritten: headers and relocations."""
    reader = ElfFile(memoryview(raw))
    head, order = reader.head, reader.endian
    tables = [(head.segments_at, head.segment_count * head.segment_size)]
    tables += [(head.sections_at, head.section_count * head.section_size)] * 4
    tables += [(row[4], row[5]) for kind in (4, 6, 9) for row in reader.sections_of.get(kind, ())]
    tables = [table for table in tables if table[1]]
    found = bytearray(raw)
    for _ in range(seed.choice((1, 1, 2, 4))):
        start, size = seed.choice(tables)
        place = start + 4 * seed.randrange(size // 4)
        old = int.from_bytes(raw[place : place + 4], order)  # type: ignore[arg-type]
        new = seed.choice((0, 1, 2, 3, 8, 11, old + 1, old * 2, 255, 0x800, len(raw), 0xFFFFFFFF))
        found[place : place + 4] = (new & 0xFFFFFFFF).to_bytes(4, order)  # type: ignore[arg-type]
    return bytes(found)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_short_way_says_what_the_long_one_does(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.Random(folder)
    sound = [path.read_bytes() for path in sorted((BUILT / folder).iterdir())]
    sound = [raw for raw in sound if raw[:4] == b"\x7fELF"]
    files = sound + [_damaged(seed.choice(sound), seed) for _ in range(TIMES)]
    files = [raw for raw in files if ElfFile(memoryview(raw)).machine in MACHINES]
    short = [_notes(raw) for raw in files]
    assert not any(short[: len(sound)])
    assert sum(map(bool, short)) > TIMES / 4
    monkeypatch.setattr(elf_integrity, "_fit", lambda *_: False)
    assert [_notes(raw, short=False) for raw in files] == short


@pytest.mark.parametrize("folder", ["elf-x86-64", "elf-aarch64", "elf-i686", "elf-s390x"])
def test_sound_section_headers_are_told_at_once(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walked(*_: object) -> list[str]:
        raise AssertionError

    monkeypatch.setattr(elf_integrity, "_said_of", walked)
    for path in (BUILT / folder).iterdir():
        raw = path.read_bytes()
        if raw[:4] == b"\x7fELF":
            assert not _notes(raw)


@pytest.mark.parametrize(("flags", "entry", "sound"), [(0x30, 1, True), (0, 1, False)])
def test_string_tables_that_may_be_merged_have_entries(flags: int, entry: int, sound: bool) -> None:
    """As ``.annobin.notes`` of Red Hat's compilers, in ergo_lib_python 0.28.0a3."""
    path = next(iter(sorted((BUILT / "elf-x86-64").glob("single_311*.so"))))
    raw = bytearray(path.read_bytes())
    head = ElfFile(memoryview(bytes(raw))).head
    assert head.section_size == 64
    names = head.sections_at + 64 * head.names_index
    raw[names + 8 : names + 16] = flags.to_bytes(8, "little")  # sh_flags
    raw[names + 56 : names + 64] = entry.to_bytes(8, "little")  # sh_entsize
    assert (not _notes(bytes(raw))) is sound
