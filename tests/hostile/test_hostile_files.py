"""Damaged files are read in part with the damage told, or refused with a hint; never silently.

The whole sweep, a process for each file and its cost, is ``python tests/hostile/sweep.py``.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile.damage import Bad
from hostile.elf import bad_elf
from hostile.macho import bad_macho
from hostile.others import not_modules, special_files
from hostile.pe import bad_pe
from hostile.sweep import SOUND, run
from hostile.wheels import bad_wheels
from isoview.codec import report_to_data
from isoview.inspectors.binary import inspect
from isoview.inspectors.errors import IsoviewError
from isoview.judge import judge

ELF, PE, MACHO = (SOUND[name].read_bytes() for name in ("so", "pyd", "macho"))
NOT_TOLD = {
    # Sound all the same: no section table, data behind the file's end, other numbers of exports.
    "elf-no-sections.so", "elf-doubled.so", "pe-doubled.pyd", "macho-doubled.so",
    "pe-export-Base-0.pyd",
    # A symbol table that is given up as a whole: a stripped file looks the same.
    "pe-NumberOfSymbols-0.pyd", "pe-NumberOfSymbols-1.pyd",
    # One bit of a filter in front of a hash table; the one name that is tried passes it.
    "elf-gnuhash-shift-0.so",
}  # fmt: skip


def read(name: str, raw: bytes) -> list[str] | None:
    """Places of damage that a whole look tells of; None where the file is refused."""
    told: list[str] = []
    try:
        for loaded in inspect.load_bytes(memoryview(raw), name):
            facts = inspect.code(loaded, inspect.shape(loaded), 20_000)
            report = judge(facts)
            json.dumps(report_to_data(report))
            told += [note.where for note in facts.damage]
    except IsoviewError as error:
        # A refusal has to say what and why.
        return None if error.message and error.hint else ["refused without a word"]
    return told


@pytest.mark.parametrize(
    ("made", "sound"),
    [(bad_elf(ELF, 7), ELF), (bad_pe(PE, 7), PE), (bad_macho(MACHO, 7), MACHO)],
    ids=("elf", "pe", "macho"),
)
def test_damage_is_told_or_the_file_refused(made: Iterator[Bad], sound: bytes) -> None:
    silent = []
    seen = 0
    for name, raw, what in made:
        told = read(name, raw)
        seen += 1
        padded = raw.ljust(len(sound), b"\0")  # what was cut off may have been padding
        if told == [] and padded != sound and "-flip-" not in name and name not in NOT_TOLD:
            silent.append((name, what))
    assert not silent
    assert seen > 70


@pytest.mark.parametrize(
    ("at", "where"),
    [(64 + 2 * 56 + 16 + 5, "segment 2"), (26, "ELF header")],  # p_vaddr of PT_DYNAMIC; e_entry
)
def test_addresses_that_lead_nowhere_are_told(at: int, where: str) -> None:
    """One bit each; a sweep with another seed found them silent."""
    raw = bytearray(ELF)
    raw[at] ^= 0x40
    assert read("elsewhere.so", bytes(raw)) == [where]


@pytest.mark.parametrize("raw", [ELF, PE, MACHO], ids=("elf", "pe", "macho"))
def test_sound_files_tell_of_no_damage(raw: bytes) -> None:
    assert read("sound.so", raw) == []


def test_other_files_are_refused_or_told() -> None:
    for name, raw, what in not_modules(ELF):
        assert read(name, raw) != [], (name, what)


@pytest.mark.parametrize(
    "name", ["fs-fifo.so", "fs-devzero.so", "fs-socket.so", "fs-sparse-4g-elf.so"]
)
def test_what_is_no_file_costs_nothing(name: str, tmp_path: Path) -> None:
    made = dict(special_files(tmp_path, ELF))
    assert name in made
    outcome = run(tmp_path / name)
    assert not outcome.faults, (outcome.faults, outcome.complained)
    if "sparse" not in name:
        assert outcome.kind == "refused"
    for path in tmp_path.iterdir():
        if path.exists():
            path.chmod(0o600)


def test_hostile_wheels_are_bounded(tmp_path: Path) -> None:
    for name, raw, what in bad_wheels(ELF, "multi_313", bomb_mb=200):
        path = tmp_path / name
        path.write_bytes(raw)
        outcome = run(path)
        assert not outcome.faults, (name, what, outcome.faults, outcome.complained)
    assert not list(tmp_path.parent.rglob("ESCAPED*"))
