"""Symbols as columns: what a table says, filtering, sorting, names as they were written."""

import shutil
import subprocess
from pathlib import Path

import pytest
from compiled import compile_fixture
from symbols_by_hand import (
    GLOBAL,
    LOCAL,
    NOTYPE,
    OBJECT,
    SECTION,
    TLS,
    WEAK,
    Entry,
    columns,
    elf_table,
    symbol_list,
)

from isoview.inspectors.binary.inspect import load
from isoview.inspectors.binary.symbol_table import Index, columns_of, elf_columns, read_columns
from isoview.inspectors.errors import Unreadable
from isoview.readable import readable
from isoview.symbols import open_symbols, politely_sorted

TABLE = (
    Entry(b"connect", 0x1200, 40),
    Entry(b"Cached_Null", 0x5000, 8, OBJECT, 3, LOCAL),
    Entry(b"", 0x1000, 0, SECTION),
    Entry(b"counter", 0x10, 4, TLS, 2, WEAK),
    Entry(b"_end", 0x6000, 0, NOTYPE, 0xFFF1, GLOBAL),
    Entry(b"PyType_Ready", 0, 0, NOTYPE, 0),
    Entry(b"_ZNSt6vectorIiSaIiEE9push_backERKi", 0x1300, 64),
)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_a_table_says_the_same_in_every_class_and_byte_order(bits: int, endian: str) -> None:
    found = columns(TABLE, bits, endian)
    assert [found.row(index) for index in found.rows] == [
        ("connect", 0x1200, 40, "function", "exported", ".text"),
        ("Cached_Null", 0x5000, 8, "object", "local", ".bss"),
        ("counter", 0x10, 4, "tls", "weak", ".data"),
        ("_end", 0x6000, 0, "other", "exported", "absolute"),
        ("PyType_Ready", 0, 0, "import", "wanted", ""),
        ("_ZNSt6vectorIiSaIiEE9push_backERKi", 0x1300, 64, "function", "exported", ".text"),
    ]


def test_marks_of_the_abi_are_no_symbols() -> None:
    found = columns((Entry(b"$x", 0x1000, 0, NOTYPE), Entry(b"$d.1", 0x1000, 0, NOTYPE),
                     Entry(b"$xylophone", 0x1000, 4), Entry(b"end", 0x1010, 0, NOTYPE)))  # fmt: skip
    assert [found.name(index) for index in found.rows] == ["$xylophone", "end"]


def test_a_damaged_table_is_read_as_far_as_it_goes() -> None:
    raw, text = elf_table(TABLE)
    cut = elf_columns(raw, text[:12], 64, "little", ())
    assert [cut.name(index) for index in cut.rows] == ["connect", "Cac"]
    assert len(elf_columns(raw[:30], text, 64, "little", ())) == 0
    assert len(elf_columns(memoryview(b""), b"", 32, "big", ())) == 0


@pytest.mark.parametrize("order", ["file", "size"])
def test_many_that_are_kept_are_the_ones_that_few_would_be(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = [
        Entry(f"{'even' if n % 2 == 0 else 'Odd'}_{n}".encode(), n + 1, n) for n in range(9000)
    ]
    listed, marked = symbol_list(*table), symbol_list(*table)
    listed.sort(order, descending=False)
    marked.sort(order, descending=False)
    for words in ("e", "ev", "even_1", "", "d 7", "Odd", "Odd_8", "nothing"):
        listed.filter(words)
        with monkeypatch.context() as patched:
            patched.setattr("isoview.symbols.MANY", 10)
            marked.filter(words)
        assert list(marked.rows) == list(listed.rows)
        assert [marked.rows[place] for place in range(len(marked))] == list(listed.rows)
        assert [marked.place_of(index) for index in (0, 17, 8999)] == [
            listed.place_of(index) for index in (0, 17, 8999)
        ]


def test_typing_keeps_names_that_hold_every_piece() -> None:
    symbols = symbol_list(*TABLE)

    def kept(words: str) -> list[str]:
        symbols.filter(words)
        return [symbols.row(place).name for place in range(len(symbols))]

    assert kept("c") == ["connect", "Cached_Null", "counter", "_ZNSt6vectorIiSaIiEE9push_backERKi"]
    assert kept("co") == ["connect", "counter"]
    assert kept("co ter") == ["counter"]
    assert kept("Ca") == ["Cached_Null"], "a capital counts"
    assert kept("ca") == ["Cached_Null"]
    assert kept("vector::push") == ["_ZNSt6vectorIiSaIiEE9push_backERKi"]
    assert kept("no such") == []
    assert len(kept(" ")) == 6


def test_kinds_sections_and_orders_go_together_with_the_filter() -> None:
    symbols = symbol_list(*TABLE)
    symbols.filter("c")
    symbols.sort("name", descending=False)
    assert [symbols.row(at).name for at in range(len(symbols))] == [
        "_ZNSt6vectorIiSaIiEE9push_backERKi", "Cached_Null", "connect", "counter",
    ]  # fmt: skip
    symbols.show(kind="function")
    assert [symbols.row(at).name for at in range(len(symbols))] == [
        "_ZNSt6vectorIiSaIiEE9push_backERKi", "connect",
    ]  # fmt: skip
    symbols.show(kind="all", section=".bss")
    assert [symbols.row(at).name for at in range(len(symbols))] == ["Cached_Null"]
    symbols.filter("")
    symbols.show(section="")
    for order, first in (
        ("size", "_ZNSt6vectorIiSaIiEE9push_backERKi"), ("address", "_end"), ("kind", "PyType_Ready"),
    ):  # fmt: skip
        symbols.sort(order, descending=True)
        assert symbols.row(0).name == first
    assert symbols.row(symbols.place_of(symbols.index_at(0x1200) or 0) or 0).name == "connect"


def test_sorting_in_runs_is_sorting() -> None:
    values = [(number * 7919) % 100_003 for number in range(100_003)]
    assert politely_sorted(range(len(values)), values.__getitem__) == sorted(
        range(len(values)), key=values.__getitem__
    )
    assert politely_sorted([], values.__getitem__) == []


def test_an_address_is_covered_by_the_symbol_around_it() -> None:
    found = columns(
        (Entry(b"mark", 0x1200, 0, NOTYPE), Entry(b"f", 0x1200, 16), Entry(b"end", 0x1210, 0, NOTYPE),
         Entry(b"absolute", 0x1208, 0, NOTYPE, 0xFFF1))
    )  # fmt: skip
    index = Index(found)

    def name(address: int) -> str | None:
        row = index.covering(address)
        return None if row is None else found.name(row)

    assert [name(at) for at in (0x11FF, 0x1200, 0x1208, 0x120F, 0x1210, 0x1211)] == [
        None, "f", "f", "f", "end", None,
    ]  # fmt: skip


def test_names_as_they_were_written() -> None:
    assert readable("_ZNSt6vectorIiSaIiEE9push_backERKi") == (
        "std::vector<int, std::allocator<int>>::push_back(int const&)"
    )
    assert readable("_ZN4core3fmt9Formatter3pad17h9b2b3a0e5b4d1b31E") == "core::fmt::Formatter::pad"
    assert readable("?f@@YAXH@Z") == "void __cdecl f(int)"
    for plain in ("connect", "", "_Zebra", "PyInit__Z", "_ZN"):
        assert readable(plain) == plain


def test_no_name_makes_the_demangler_run_away() -> None:
    # Each step doubles what is described: 200 of them would fill any memory.
    steps = ["S_IS_S_E"]
    for number in range(200):
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        sequence = (
            digits[number % 36] if number < 36 else digits[number // 36] + digits[number % 36]
        )
        steps.append(f"S_IS{sequence}_S{sequence}_E")
    for name in ("_Z1f1AI1BS0_E" + "".join(steps), "_Z1f" + "P" * 4000 + "i", "_RN" + "B_" * 2000):
        assert len(readable(name)) < 1 << 17


def test_a_compiled_file_agrees_with_nm() -> None:
    path = compile_fixture("howto.c")
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("nm is not installed")
    listed = subprocess.run(
        [nm, "--format=posix", str(path)], capture_output=True, text=True, check=True
    ).stdout
    theirs = {line.split()[0].partition("@")[0] for line in listed.splitlines()}
    symbols = open_symbols(str(path))
    ours = {symbols.row(place).name.partition("@")[0] for place in range(len(symbols))}
    assert ours - {"_DYNAMIC", "_GLOBAL_OFFSET_TABLE_"} <= theirs
    assert len(ours) > 10


BUILT = Path(__file__).parent.parent / "fixtures" / "built"


@pytest.mark.parametrize("path", sorted(p for p in BUILT.rglob("*") if p.suffix in {".so", ".pyd"}),
                         ids=lambda path: path.name)  # fmt: skip
def test_every_format_has_the_symbols_of_its_image(path: Path) -> None:
    image = load(str(path)).image
    found = columns_of(image)
    assert len(found) == len([s for s in image.symbols if s.name]) + len(image.imported)
    symbols = open_symbols(str(path))
    assert {s.name for s in image.symbols if s.name and s.kind == "function"} <= {
        symbols.row(place).name for place in range(len(symbols))
    }
    if image.format == "elf":
        data = memoryview(path.read_bytes())
        assert len(read_columns(data, lambda: image, dynamic=True)) <= len(symbols)


def test_what_is_no_file_is_refused() -> None:
    with pytest.raises(Unreadable):
        open_symbols("/no/such/file.so")
