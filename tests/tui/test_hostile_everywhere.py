"""The file with hostile names, and hostile names of files, on every screen there is."""

import re
from pathlib import Path

import pytest
from app_pilot import MemoryDecisions, app_of, drive, press, said, screen_text, settle
from compiled import compile_fixture
from samples import full_report
from textual.pilot import Pilot
from workspace_by_hand import listed, module, workspace_app

from isoview.tui.app import IsoviewApp
from isoview.tui.services import Services
from isoview.tui.views import VIEWS, view_of

HOSTILE = "\x1b[31m\x1b]52;c;aGk=\x07[red]x[/red][/]\u202eevil\u200b\r\n\t\x9b2J`|<b>"
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
ABOUT_FILES = [view.name for view in VIEWS if view.about == "module" or view.name in {"triage", "sharing"}]  # fmt: skip


def nothing_acts(app: IsoviewApp) -> None:
    for text in (screen_text(app), app.clipboard, said(app), app.title, app.sub_title):
        found = ACTING.search(text)
        assert not found, f"{found!r} in {text!r}"


async def look_round(app: IsoviewApp, pilot: Pilot[None]) -> None:
    """Move, open what is under the cursor, copy, ask for help: nothing may act anywhere."""
    nothing_acts(app)
    for key in ("j", "j", "tab", "j", "enter", "y", "Y", "question_mark", "escape", "G", "g"):
        await pilot.press(key)
        nothing_acts(app)
    await settle(pilot)
    nothing_acts(app)


@pytest.mark.parametrize("name", ABOUT_FILES)
def test_the_compiled_file_in_every_view(name: str) -> None:
    app = IsoviewApp([str(compile_fixture("hostile_names.c"))],
                     Services(decisions=MemoryDecisions()))  # fmt: skip

    async def steps(pilot: Pilot[None]) -> None:
        view = view_of(name)
        assert view.why_not(app, app.entries[0]) is None
        app.navigation.go(name, app.entries[0] if view.about == "module" else None)
        await settle(pilot)
        await look_round(app, pilot)

    drive(app, steps, (140, 40))


@pytest.mark.parametrize("name", ["module", "plan", "guide", "triage", "sharing"])
def test_hostile_text_in_every_field_in_every_view(name: str) -> None:
    app = app_of(full_report(0, HOSTILE), targets=(HOSTILE,))

    async def steps(pilot: Pilot[None]) -> None:
        view = view_of(name)
        if view.why_not(app, app.entries[0]) is None:
            app.navigation.go(name, app.entries[0] if view.about == "module" else None)
            await settle(pilot)
        await look_round(app, pilot)

    drive(app, steps)


def test_hostile_names_in_the_workspace_its_clipboard_and_its_export() -> None:
    lines = [
        {**listed(2), "title": HOSTILE},
        module(HOSTILE, (HOSTILE, HOSTILE, HOSTILE), toolchain=HOSTILE, worst=HOSTILE, errors=1,
               chain=(HOSTILE, HOSTILE)),
        module(f"{HOSTILE}2", (HOSTILE, HOSTILE, HOSTILE)),
        {"kind": "error", "path": f"/{HOSTILE}", "error": HOSTILE, "hint": HOSTILE},
        {"kind": "skipped", "path": HOSTILE, "reason": HOSTILE},
        {"kind": "failed", "error": HOSTILE, "hint": HOSTILE},
    ]  # fmt: skip
    app = workspace_app(lines)

    async def steps(pilot: Pilot[None]) -> None:
        for key in ("j", "right", "j", "b", "escape", "d", "t", "Y", "ctrl+y", "escape", "e", "G"):
            await press(pilot, key)
            nothing_acts(app)
        await press(pilot, "slash", *"[red]", "enter")
        nothing_acts(app)
        await look_round(app, pilot)
        written = next(Path().glob("isoview-workspace-*.md"))
        found = ACTING.search(written.read_text(encoding="utf-8"))
        assert not found, found

    drive(app, steps, (140, 40))
