"""Statics in proportion: what is large looks large."""

from isoview.inspectors.facts import Global, Section
from isoview.tui.proportion import draw

DATA = Section(".data", 0x4000, 2_100_000, True)
BSS = Section(".bss", 0x300000, 64, True)
TABLE = Global(0x4000, "huge_table", ".data", 2_000_000, "table")
NULL = Global(0x300000, "cached_null", ".bss", 8, "object")


def test_a_two_megabyte_table_looks_like_one() -> None:
    found = draw((DATA, BSS), (TABLE, NULL), 50, 8)
    assert [band.name for band in found.bands] == [".data", ".bss"]
    cells = [kind for row in found.bands[0].rows for kind in row]
    assert cells.count("table") >= 0.9 * len(cells)
    assert cells[-1] == "", "what nothing is known of stays empty"
    assert found.bands[1].rows == (("object",),)
    assert sum(len(band.rows) for band in found.bands) <= 8
    assert len(list(found.cells_of(TABLE.address, TABLE.size))) == cells.count("table")


def test_a_cell_shows_what_matters_most() -> None:
    scalar = Global(0x300010, "counter", ".bss", 4, "scalar")
    found = draw((DATA, BSS), (scalar, NULL), 50, 8)
    assert found.bands[1].rows == (("object",),)
    fine = draw((BSS,), (scalar, NULL), 50, 8)
    assert fine.scale == 1
    kinds = [kind for row in fine.bands[0].rows for kind in row]
    assert kinds[0:8] == ["object"] * 8
    assert kinds[0x10:0x14] == ["scalar"] * 4


def test_cells_and_addresses_belong_together() -> None:
    found = draw((DATA, BSS), (TABLE, NULL), 40, 6)
    for band, row, column in found.cells_of(TABLE.address + 1_000_000, 1):
        at = found.address_at(band, row, column)
        assert at is not None
        assert at <= TABLE.address + 1_000_000 < at + found.scale
    assert found.address_at(5, 0, 0) is None
    assert found.address_at(0, 0, 99) is None
    assert list(found.cells_of(0x10, 4)) == []


def test_any_number_of_sections_fits() -> None:
    many = [Section(f".s{n}", 0x1000 * n, n + 1, True) for n in range(300)]
    found = draw(many, (), 10, 6)
    assert sum(len(band.rows) for band in found.bands) <= 6
    assert found.left_out == 294
    assert draw((), (), 10, 6).bands == ()
    assert draw((DATA,), (TABLE,), 0, 0).bands == ()
    hostile = Section("x", 0, 1 << 62, True)
    assert sum(len(band.rows) for band in draw((hostile,), (), 10, 6).bands) <= 6
