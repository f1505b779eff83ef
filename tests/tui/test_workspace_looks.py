"""What the Workspace looks like at both widths: read, being read, blockers, what failed."""

from collections.abc import Callable
from threading import Event as Gate

import pytest
from app_pilot import press, settle, until_shown
from textual.pilot import Pilot
from workspace_by_hand import LINES, workspace_app

from isoview.tui.app import IsoviewApp

SIZES = [(80, 24), (140, 40)]
IDS = ["80x24", "140x40"]
Compare = Callable[..., bool]


def check(compare: Compare, app: IsoviewApp, size: tuple[int, int], *keys: str) -> None:
    async def run(pilot: Pilot[None]) -> None:
        app._disable_notifications = True
        await settle(pilot)
        await press(pilot, *keys)

    assert compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_workspace(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, workspace_app(), size, "j", "enter", "j")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_blockers(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, workspace_app(), size, "b")


def test_an_unreadable_file(snap_compare: Compare) -> None:
    check(snap_compare, workspace_app(), (80, 24), "G")


def test_high_contrast(snap_compare: Compare) -> None:
    app = workspace_app()
    app.theme = "high-contrast-dark"
    check(snap_compare, app, (80, 24), "j")


def test_being_read(snap_compare: Compare) -> None:
    gate = Gate()
    half = [*LINES[:5], {"kind": "done", "files": 3, "size": 350_000}]
    app = workspace_app(half, None, gate=gate)

    async def run(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "reading 3 of 7")
        await pilot.pause(0.1)  # what is painted with it; it does not come to rest

    try:
        assert snap_compare(app, terminal_size=(80, 24), run_before=run)
    finally:
        gate.set()
