"""What the Symbols, Bytes and Compare screens look like over the made-up module."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest
from app_pilot import app_of, press, settle
from app_reports import FACTS, FINDINGS, REPORT, VERDICT
from fixed_texts import fix_texts
from textual.pilot import Pilot
from textual.widgets import Input

from isoview.model import Complete, Event, Started
from isoview.tui.app import IsoviewApp
from isoview.tui.comparing import CompareApp

SIZES = [(80, 24), (140, 40)]
IDS = ["80x24", "140x40"]
Compare = Callable[..., bool]

OLD = replace(
    REPORT,
    facts=replace(FACTS, artifact=replace(FACTS.artifact, path="old/sample.so")),
    findings=FINDINGS[:-1],
)
NEW = replace(
    REPORT,
    facts=replace(FACTS, definitions=(replace(FACTS.definitions[0], m_size=64),)),
    verdict=replace(VERDICT, multiple_module_objects=replace(VERDICT.own_gil, answer="yes")),
    findings=FINDINGS[1:],
)


@pytest.fixture(autouse=True)
def fixed_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_texts(monkeypatch)


def check(
    compare: Compare, app: IsoviewApp, size: tuple[int, int], *keys: str, filtered: str = ""
) -> None:
    async def run(pilot: Pilot[None]) -> None:
        app._disable_notifications = True
        await settle(pilot)
        await press(pilot, *keys)
        if filtered:
            app.screen.query_one(Input).value = filtered
        await settle(pilot)

    assert compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_symbols(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size, "2", "s", "slash", filtered="c")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_sections(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size, "2", "right", "j")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_statics_in_proportion(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size, "2", "left", "j")


@pytest.mark.parametrize("size", [*SIZES, (200, 50)], ids=[*IDS, "200x50"])
def test_a_structure_over_its_bytes(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size, "9", "j", "j")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_bytes_alone(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size, "9", "tab", "less_than_sign", "right", "slash")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_compare(snap_compare: Compare, size: tuple[int, int]) -> None:
    def stream(targets: Iterable[str]) -> Iterator[Event]:
        for target in targets:
            yield Started(target)
            yield Complete(OLD if target.startswith("old") else NEW)

    app = CompareApp("old/sample.so", "sample.so", app_of(stream=stream).services)
    check(snap_compare, app, size, "j", "j", "j")
