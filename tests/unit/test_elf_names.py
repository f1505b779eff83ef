"""What a symbol table of an ELF file is asked for in bulk: wanted names, offers, named data."""

import pytest
from symbols_by_hand import GLOBAL, LOCAL, NOTYPE, OBJECT, WEAK, Entry, elf_table

from isoview.inspectors.binary.elf_symbols import SymbolTable
from isoview.inspectors.binary.words import integers, words_from

FORMS = pytest.mark.parametrize(("bits", "endian"), [(64, "little"), (64, "big"), (32, "little"), (32, "big")])  # fmt: skip
WANTED = [Entry(b"PyType_Ready", 0, 0, NOTYPE, 0), Entry(b"malloc", 0, 0, NOTYPE, 0)]
OFFERED = [
    Entry(b"PyInit_mod", 0x1000, 40),
    Entry(b"kept", 0x1040, 8, scope=LOCAL),
    Entry(b"_Py_weak", 0x1050, 8, scope=WEAK),
    Entry(b"plain", 0x1060, 8),
]


def table(entries: list[Entry], bits: int, endian: str) -> SymbolTable:
    raw, names = elf_table(entries, bits, endian)
    return SymbolTable(raw, memoryview(names), bits=bits, endian=endian)


@FORMS
@pytest.mark.parametrize("mixed", [False, True], ids=["wanted ones first", "mixed"])
def test_wanted_names_stand_at_the_index_of_their_symbol(
    mixed: bool, bits: int, endian: str
) -> None:
    entries = [OFFERED[0], WANTED[0], OFFERED[3], WANTED[1]] if mixed else WANTED + OFFERED
    expected = [entry.name.decode() if entry in WANTED else None for entry in entries]
    assert table(entries, bits, endian).undefined == ["", *expected]
    assert table([], bits, endian).undefined == [""]


@FORMS
def test_offers_are_what_other_files_may_refer_to(bits: int, endian: str) -> None:
    symbols = table(WANTED + OFFERED, bits, endian)
    assert dict(symbols.exports()) == {"PyInit_mod": 0x1000, "_Py_weak": 0x1050, "plain": 0x1060}
    names, sizes = symbols.python_exports()
    assert names == {"PyInit_mod": 0x1000, "_Py_weak": 0x1050}
    assert sizes == {0x1000: 40}


@FORMS
def test_named_data_comes_by_address_and_once(bits: int, endian: str) -> None:
    data = [
        Entry(b"last", 0x5020, 4, OBJECT, 2, GLOBAL),
        Entry(b"first", 0x5000, 8, OBJECT, 2, LOCAL),
        Entry(b"second at the same", 0x5000, 16, OBJECT, 2, LOCAL),
        Entry(b"", 0x5010, 8, OBJECT, 2, LOCAL),  # at an offset where no name begins
        Entry(b"absolute", 0x5008, 8, OBJECT, 0xFFF1),
        Entry(b"wanted", 0x5018, 8, OBJECT, 0),
        Entry(b"elsewhere", 0x7000, 8, OBJECT, 2),
        Entry(b"code", 0x5004, 8),
        Entry(b"middle", 0x5014, 8, OBJECT, 2),
    ]
    symbols = table(data, bits, endian)
    expected = [(0x5000, "first", 8), (0x5014, "middle", 8), (0x5020, "last", 4)]
    assert symbols.objects([(0x5000, 0x6000)]) == expected
    assert symbols.objects([(0x5010, 0x6000), (0x5000, 0x5018)]) == expected
    assert symbols.objects([(0x5001, 0x6000)]) == expected[1:]
    assert symbols.objects([]) == []


def test_an_unnamed_symbol_does_not_hide_the_named_one_behind_it() -> None:
    raw, names = elf_table(
        [Entry(b"x", 0x5000, 4, OBJECT, 2), Entry(b"seen", 0x5000, 8, OBJECT, 2)]
    )
    unnamed = bytearray(raw)
    unnamed[24:28] = bytes(4)  # st_name of the first
    symbols = SymbolTable(memoryview(bytes(unnamed)), memoryview(names), bits=64, endian="little")
    assert symbols.objects([(0x5000, 0x5001)]) == [(0x5000, "seen", 8)]


@pytest.mark.parametrize("offset", [0xFFFF, 0xFFFFFFFF])
def test_a_name_outside_the_table_is_empty(offset: int) -> None:
    raw, names = elf_table([*WANTED, OFFERED[0]])
    moved = bytearray(raw)
    moved[24:28] = offset.to_bytes(4, "little")
    symbols = SymbolTable(memoryview(bytes(moved)), memoryview(names), bits=64, endian="little")
    assert symbols.undefined == ["", "", "malloc", None]


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("size", [4, 8])
def test_words_are_the_same_however_they_are_read(size: int, endian: str) -> None:
    raw = memoryview(bytes(range(7 * size)))
    whole = list(integers(raw, size, endian))
    for first in range(4):
        read = words_from(endian, size, 3)(raw, first * size)
        assert list(read) == whole[first : first + 3]
