"""Whatever is pressed, clicked or resized, the app stays up: hundreds of events on each screen.

A seed makes a session happen again, and a number a longer one:
``ISOVIEW_SEED=7 ISOVIEW_EVENTS=1000 pytest tests/tui/test_random_keys.py``.
"""

import asyncio
import contextlib
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_pilot import MemoryDecisions, settle
from compiled import compile_fixture
from live_by_hand import OUTCOMES, python
from process.targets import target
from textual import events
from textual.geometry import Size
from textual.pilot import Pilot
from workspace_by_hand import Scripted, many

from isoview.inspectors.process.pythons import list_pythons
from isoview.tui.app import IsoviewApp
from isoview.tui.live_control import LiveControl
from isoview.tui.live_runs import LiveServices
from isoview.tui.processes import ProcessServices
from isoview.tui.services import Services
from isoview.tui.views import VIEWS, view_of
from isoview.tui.workspace import Workspace

NUMBER = int(os.environ.get("ISOVIEW_EVENTS", "1000"))
SEED = int(os.environ.get("ISOVIEW_SEED", "1"))
KEYS = [
    *"abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPRSTUVWXYZ*+-:;.,<>!", "enter", "escape", "tab",
    "shift+tab", "up", "down", "left", "right", "space", "home", "end", "pageup", "pagedown",
    "slash", "backspace", "delete", "f5", "ctrl+a", "ctrl+u", "shift+up", "shift+down",
    "ctrl+left", "ctrl+home", "é", "\N{COMBINING ACUTE ACCENT}", "\N{GRINNING FACE}",
]  # fmt: skip
ELSEWHERE = [*"0123456789", "left_square_bracket", "right_square_bracket", "question_mark", "f1",
             "ctrl+p", "ctrl+y", "ctrl+c"]  # fmt: skip
CHARACTERS = {"space": " ", "slash": "/", "question_mark": "?", "left_square_bracket": "[",
              "right_square_bracket": "]"}  # fmt: skip
SIZES = [(80, 24), (140, 40), (40, 10), (110, 30), (20, 5)]
LIVE: dict[str, Any] = {"schema": "isoview.live/1", "runs": []}


async def stay(_app: IsoviewApp) -> None:
    """Quitting is one of the things that keys, clicks and the palette can do."""


def a_key(chance: random.Random) -> events.Key:
    name = chance.choice(ELSEWHERE if chance.random() < 0.04 else KEYS)
    return events.Key(name, name if len(name) == 1 else CHARACTERS.get(name))


def post(app: IsoviewApp, chance: random.Random) -> str:
    """One event as the terminal would send it; returns what it was."""
    driver: Any = app._driver
    what = chance.random()
    if what < 0.1:
        x, y = chance.randrange(app.size.width), chance.randrange(app.size.height)
        wheel = chance.random()
        if wheel < 0.2:
            kind = events.MouseScrollDown if wheel < 0.1 else events.MouseScrollUp
            driver.process_message(kind(None, x, y, 0, 0, 0, False, False, False, x, y))
            return f"wheel {x},{y}"
        for press in (events.MouseMove, events.MouseDown, events.MouseUp):
            button = 0 if press is events.MouseMove else 1
            driver.process_message(press(None, x, y, 0, 0, button, False, False, False, x, y))
        return f"click {x},{y}"
    if what < 0.11:
        size = Size(*chance.choice(SIZES))
        driver._size = size
        app.post_message(events.Resize(size, size))
        return f"resize {size.width}x{size.height}"
    if what < 0.115:
        driver.process_message(events.Paste("\x1b[31mpasted\n[red]"))
        return "paste"
    key = a_key(chance)
    driver.process_message(key)
    return key.key


def session(app: IsoviewApp, arrive: Callable[[], Any], seed: int) -> None:
    """``NUMBER`` events; whoever leaves the screen is brought back now and then."""
    chance = random.Random(seed)
    posted: list[str] = []

    async def run() -> None:
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            while len(posted) < NUMBER:
                if len(posted) % 50 == 0:
                    await come_back(app, arrive, pilot)
                # Ten are handled, then painted, as in a terminal that is flooded with keys.
                with app.batch_update():
                    for _ in range(10):
                        posted.append(post(app, chance))
                        for _ in range(3):
                            await asyncio.sleep(0)
                await pilot.pause()
                assert app.is_running, f"ended by {posted[-19:]}"
            await pilot.pause()
            assert app.screen_stack

    try:
        asyncio.run(run())
    except Exception as error:
        error.add_note(f"seed {seed}, after {len(posted)} events: {posted[-22:]}")
        raise


async def come_back(app: IsoviewApp, arrive: Callable[[], Any], pilot: Pilot[None]) -> None:
    await pilot.pause()
    driver: Any = app._driver
    for _ in range(20):  # as a person leaves it: what is taken away at its work may still want it
        if not app.screen.is_modal:
            break
        driver.process_message(events.Key("escape", None))
        await pilot.pause()
    arrive()
    await pilot.pause()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two real extensions, one with hostile names, and a file that is none."""
    folder = tmp_path_factory.mktemp("random")
    for fixture in ("hostile_names.c", "object_in_static_bad.c"):
        shutil.copy(compile_fixture(fixture), folder)
    (folder / "broken.so").write_bytes(b"\x7fELF" + bytes(60))
    return sorted(str(path) for path in folder.iterdir())


@pytest.fixture
def made(files: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., IsoviewApp]:
    """The app on real files, but for what runs foreign code or writes decisions."""
    monkeypatch.setattr(IsoviewApp, "action_quit", stay)

    def app(*targets: str) -> IsoviewApp:
        found = IsoviewApp(
            targets or [next(path for path in files if "hostile" in path)],
            Services(decisions=MemoryDecisions(), live=lambda _path, _stop: dict(LIVE)),
        )
        found.experiments = LiveControl(
            found, LiveServices(lambda _facts: ["/python"], run_nothing)
        )
        return found

    return app


def run_nothing(_facts: Any, _pythons: Any, names: Any, tell: Any, _stop: Any) -> dict[str, Any]:
    for name in names:
        tell(0, name, OUTCOMES[name])
    run = {"python": python("3.13.0"), "experiments": {name: OUTCOMES[name] for name in names}}
    return {"schema": "isoview.live/1", "module": "sample", "file": None, "target": "sample",
            "runs": [run]}  # fmt: skip


MODULE_VIEWS = [view.name for view in VIEWS if view.about == "module"]


@pytest.mark.parametrize("name", MODULE_VIEWS)
def test_a_view_of_one_module(name: str, made: Callable[..., IsoviewApp]) -> None:
    app = made()
    session(app, lambda: app.navigation.go(name, app.entries[0]), SEED)


@pytest.mark.parametrize("name", ["sharing", "triage"])
def test_a_view_of_several_modules(
    name: str, made: Callable[..., IsoviewApp], files: list[str]
) -> None:
    app = made(*files)

    def arrive() -> None:
        if not view_of(name).why_not(app, None):
            app.navigation.go(name)

    session(app, arrive, SEED)


def test_the_workspace(made: Callable[..., IsoviewApp], files: list[str]) -> None:
    broken = {"kind": "error", "path": files[0], "error": "no ELF file", "hint": "Look elsewhere."}
    lines = [*many(300), broken]
    for line in lines[1:]:
        if line["kind"] == "module":
            line["at"] = files[-1]  # whatever is opened is real
    services = Services(
        decisions=MemoryDecisions(),
        live=lambda _path, _stop: dict(LIVE),
        scan=lambda _scope: Scripted([lines[:50], lines[50:], [{"kind": "end"}]]),
    )
    app = IsoviewApp([], services, workspace=Workspace())
    session(app, lambda: app.navigation.go("workspace"), SEED)


@contextlib.contextmanager
def somebody(tmp_path: Path) -> Iterator[int]:
    with target(sys.executable, "plain", tmp_path, "_decimal") as child:
        yield child.pid


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="attaching is for Linux")
def test_the_processes(made: Callable[..., IsoviewApp], tmp_path: Path) -> None:
    with somebody(tmp_path) as pid:
        app = made()
        only = ProcessServices(list=lambda: [p for p in list_pythons() if p.pid == pid])
        app.__dict__["process_services"] = only
        session(app, lambda: app.navigation.go("processes"), SEED)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="attaching is for Linux")
def test_one_process(made: Callable[..., IsoviewApp], tmp_path: Path) -> None:
    with somebody(tmp_path) as pid:
        app = made()
        session(app, lambda: app.navigation.go("process", pid), SEED)
