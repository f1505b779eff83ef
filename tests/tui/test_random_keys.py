"""Whatever is pressed, clicked or resized, the app stays up."""

import random

import pytest
from app_pilot import app_of, drive, settle
from app_reports import REPORT
from textual.pilot import Pilot

from isoview.tui.app import IsoviewApp

KEYS = [
    *"abcdefghijklmnoprstuvwxyzRYGXZ0123456789", "enter", "escape", "tab", "shift+tab", "up",
    "down", "left", "right", "space", "home", "end", "pageup", "pagedown", "slash",
    "question_mark", "backspace", "delete", "ctrl+p", "ctrl+c", "f1", "f5", "ctrl+a",
    "left_square_bracket", "right_square_bracket",
]  # fmt: skip


async def stay(_app: IsoviewApp) -> None:
    """Quitting is one of the things that clicks and the palette can do."""


LIVE = {"schema": "isoview.live/1", "runs": []}


@pytest.mark.parametrize(("seed", "number"), [(1, 200), (2, 80)])
def test_two_hundred_random_keys_clicks_and_resizes(
    seed: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    targets = ("a.so",) if seed % 2 else ("a.so", "b.so")
    monkeypatch.setattr(IsoviewApp, "action_quit", stay)
    app = app_of(REPORT, targets=targets, live=lambda _path, _stop: dict(LIVE))

    async def steps(pilot: Pilot[None]) -> None:
        pressed: list[str] = []
        for _ in range(number):
            what = chance.random()
            width, height = app.size
            if what < 0.08:
                await pilot.click(offset=(chance.randrange(width), chance.randrange(height)))
                pressed.append("click")
            elif what < 0.1:
                await pilot.resize_terminal(*chance.choice([(80, 24), (140, 40), (40, 10)]))
                pressed.append("resize")
            else:
                key = chance.choice(KEYS)
                pressed.append(key)
                await pilot.press(key)
            assert app.is_running, f"ended by {pressed[-5:]}"
        await settle(pilot)
        assert app.screen_stack

    drive(app, steps)
