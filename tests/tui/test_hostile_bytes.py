"""Hostile names of symbols, sections and paths on the screens that show the file itself."""

from dataclasses import replace

import pytest
from app_pilot import MemoryEvidence, app_of, drive, press, settle
from app_reports import FACTS, REPORT, STATICS
from compiled import compile_fixture
from hostile_text import HOSTILE, nothing_acts
from symbols_by_hand import OBJECT, Entry, image, symbol_list
from textual.pilot import Pilot
from textual.widgets import Input

from isoview.inspectors.binary.image import Region
from isoview.inspectors.binary.parts import Parts
from isoview.inspectors.facts import Section
from isoview.model import Report
from isoview.readable import readable
from isoview.tui.app import IsoviewApp
from isoview.tui.comparing import CompareApp
from isoview.tui.widgets.table_tabs import TableLines

RAW = HOSTILE.encode()
NAMES = (
    Entry(RAW, 0x4000, 8, OBJECT, 2),
    Entry(b"_ZN%d" % len(RAW) + RAW + b"4evilEv", 0x1000, 8),
    Entry(b"\xff\xfe\x80 not text", 0x1010, 8),
    Entry(b"_R" + RAW, 0x1020, 8),
    Entry(b"A" * 5000, 0x1030, 8),
    Entry(RAW + b"wanted", 0, 0, 0, 0),
)
REPORTED: Report = replace(
    REPORT,
    facts=replace(
        FACTS,
        globals=tuple(replace(static, symbol=HOSTILE, section=HOSTILE) for static in STATICS),
        sections=(Section(HOSTILE, 0x4000, 0x2000, True),),
    ),
)


class HostileEvidence(MemoryEvidence):
    """Sections and symbols with names that want to be acted on."""

    def parts(self, _facts: object) -> Parts:
        made = image(
            ((Region(HOSTILE, 0x4000, 0x100, True, False, False), RAW * 4),),
            load_columns=lambda: symbol_list(*NAMES).columns,
        )
        return Parts(memoryview(RAW), made)


def app() -> IsoviewApp:
    made = app_of(REPORTED, targets=(HOSTILE,))
    object.__setattr__(made.services, "symbols", lambda _path, _part: symbol_list(*NAMES))
    object.__setattr__(made.services, "evidence", HostileEvidence)
    return made


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_symbols_sections_and_statics(size: tuple[int, int]) -> None:
    made = app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        for _ in range(3):
            nothing_acts(made)
            for _ in range(made.screen.query_one(TableLines).count):
                await pilot.press("y", "Y", "j")
                nothing_acts(made)
            await press(pilot, "d", "g", "w", "left_square_bracket")
            nothing_acts(made)
            await press(pilot, "slash")
            made.screen.query_one(Input).value = "[red]"
            await settle(pilot)
            nothing_acts(made)
            await press(pilot, "escape", "right")

    drive(made, steps, size)


def test_bytes() -> None:
    made = app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "9", "colon")
        made.screen.query_one(Input).value = "0x4000"
        await press(pilot, "enter")
        nothing_acts(made)
        await press(pilot, "y", "Y", "tab", "y", "question_mark", "escape", "slash")
        nothing_acts(made)
        made.screen.query_one(Input).value = HOSTILE
        await press(pilot, "enter", "colon")
        made.screen.query_one(Input).value = HOSTILE
        await press(pilot, "enter")
        nothing_acts(made)

    drive(made, steps)


def test_compare() -> None:
    made = CompareApp(HOSTILE, HOSTILE + "new", app().services)

    async def steps(pilot: Pilot[None]) -> None:
        nothing_acts(made)
        await press(pilot, "c")
        made.screen.query_one(Input).value = HOSTILE
        await press(pilot, "enter", "y", "Y", "v", "slash", *"[red]")
        nothing_acts(made)

    drive(made, steps, (140, 40))


def test_the_compiled_file_with_hostile_names() -> None:
    path = str(compile_fixture("hostile_names.c"))
    made = IsoviewApp([path])

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        for _ in range(30):
            await pilot.press("j")
            nothing_acts(made)
        await press(pilot, "left")
        nothing_acts(made)
        await press(pilot, "9")
        for _ in range(6):
            await press(pilot, "j", "enter")
            nothing_acts(made)
        await press(pilot, "8")
        made.screen.query_one(Input).value = path
        await press(pilot, "enter")
        nothing_acts(made)

    drive(made, steps, (140, 40))


def test_reading_hostile_names_never_fails() -> None:
    for entry in NAMES:
        assert readable(entry.name.decode("utf-8", "backslashreplace"))
