"""The Processes screens, driven by keys on real processes."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from app_pilot import until
from process.targets import LINUX, target
from textual.app import App
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from isoview.attach import Attached as RealAttached
from isoview.attach import Audited
from isoview.inspectors.process.facts import ExtensionFile
from isoview.inspectors.process.pythons import list_pythons
from isoview.tui.processes import ProcessesApp, ProcessServices
from isoview.tui.screens.process import Grid, ProcessScreen
from isoview.tui.screens.process_list import ProcessListScreen, ProcessTable

pytestmark = LINUX
Play = Callable[[Pilot[None]], Coroutine[Any, Any, None]]


def play(app: App[None], script: Play, size: tuple[int, int] = (80, 24)) -> None:
    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await script(pilot)

    asyncio.run(run())


def screen_of(pilot: Pilot[None]) -> ProcessScreen:
    assert isinstance(pilot.app.screen, ProcessScreen)
    return pilot.app.screen


def told(screen: ProcessScreen, name: str) -> str:
    return str(screen.query_one(name, Static).render())


def rows(screen: ProcessScreen) -> dict[str, list[str]]:
    grid = screen.query_one(Grid)
    return {str(key.value): [cell.plain for cell in grid.get_row(key)] for key in grid.rows}


def complete(screen: ProcessScreen) -> bool:
    now = screen.state.now
    return now is not None and len(now.statics) == len(now.read.files)


class Attached(RealAttached):
    """The real thing, but for the time that audits of twenty files take."""

    @staticmethod
    def audits(files: tuple[ExtensionFile, ...]) -> Iterator[Audited]:
        return RealAttached.audits(tuple(file for file in files if f"{LOADED}." in file.file))


SERVICES = ProcessServices(attach=Attached)
# Debian builds json's C part into the interpreter.
LOADED = "_decimal" if "_json" in sys.builtin_module_names else "_json"
CLASS = {"_json": "_json.Scanner", "_decimal": "decimal.Decimal"}[LOADED]
APART = LOADED == "_json" or sys.version_info >= (3, 13)


def test_from_the_list_to_a_process(tmp_path: Path) -> None:
    with target(sys.executable, "plain", tmp_path, "_decimal") as child:

        async def script(pilot: Pilot[None]) -> None:
            assert isinstance(pilot.app.screen, ProcessListScreen)
            table = pilot.app.screen.query_one(ProcessTable)
            await until(pilot, lambda: table.row_count > 0)
            await pilot.press("slash", *str(child.pid), "enter")
            await until(pilot, lambda: table.row_count == 1)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, ProcessScreen))
            await until(pilot, lambda: "_decimal" in rows(screen_of(pilot)))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, ProcessListScreen))

        only = ProcessServices(
            attach=Attached,
            list=lambda: [entry for entry in list_pythons() if "target.py" in entry.command],
        )
        play(ProcessesApp(services=only), script)


def test_the_grid_and_what_belongs_to_a_cell(tmp_path: Path) -> None:
    with target(sys.executable, "three", tmp_path, "_json", "_decimal") as child:

        async def script(pilot: Pilot[None]) -> None:
            screen = screen_of(pilot)
            await until(pilot, lambda: complete(screen))
            # What the file says comes last; only then is the row complete.
            await until(pilot, lambda: "…" not in rows(screen)[LOADED][-1])
            row = rows(screen)[LOADED]
            assert [cell.strip() for cell in row[1:4]] == (["●"] if APART else ["▲"]) * 3
            names = list(rows(screen))
            screen.query_one(Grid).move_cursor(row=names.index(LOADED), column=2)
            await until(pilot, lambda: screen.cell == (LOADED, 1))
            title = f"{LOADED} in interpreter 1"
            await until(pilot, lambda: title in told(screen, "#cell-text"))
            assert CLASS in told(screen, "#cell-text")
            assert ("apart in every interpreter" in told(screen, "#audit-text")) == APART
            if sys.version_info < (3, 12) and LOADED == "_json":
                assert names.index("_decimal") < names.index(LOADED)  # what shares comes first
                assert [cell.strip() for cell in rows(screen)["_decimal"][1:4]] == ["▲"] * 3
                screen.query_one(Grid).move_cursor(row=names.index("_decimal"), column=1)
                shared = "one object in #0, #1, #2"
                await until(pilot, lambda: shared in told(screen, "#cell-text"))
                assert "shared between interpreters" in told(screen, "#audit-text")
                assert "class decimal.InvalidOperation" in told(screen, "#cell-text")

        for size in ((80, 24), (140, 40)):
            play(ProcessesApp(child.pid, SERVICES), script, size)


def test_a_refresh_marks_what_came(tmp_path: Path) -> None:
    with target(sys.executable, "plain", tmp_path) as child:

        async def script(pilot: Pilot[None]) -> None:
            screen = screen_of(pilot)
            await until(pilot, lambda: complete(screen))
            assert "_decimal" not in rows(screen)
            child.ask(["import", "_decimal"])
            await pilot.press("R")
            await until(pilot, lambda: "_decimal" in rows(screen))
            assert rows(screen)["_decimal"][1] == "+●"
            others = [row[1] for name, row in rows(screen).items() if name == "_ctypes"]
            assert others == [" ●"]
            await pilot.press("R")
            await until(pilot, lambda: screen.state.readings == 3)
            assert rows(screen)["_decimal"][1] == " ●"

        play(ProcessesApp(child.pid, SERVICES), script)


def test_follow_pause_filter_export(tmp_path: Path, monkeypatch: Any) -> None:
    from isoview.tui.screens import process

    monkeypatch.setattr(process, "INTERVALS", (0.1, 0.2, 5, 10, 30))
    monkeypatch.chdir(tmp_path)
    with target(sys.executable, "plain", tmp_path, "_json", "_decimal") as child:

        async def script(pilot: Pilot[None]) -> None:
            screen = screen_of(pilot)
            await until(pilot, lambda: complete(screen))
            await pilot.press("F")
            await until(pilot, lambda: screen.state.readings >= 4)
            await pilot.press("F")
            await until(pilot, lambda: complete(screen))
            await pilot.press("p", "p", "R")
            await until(
                pilot, lambda: bool(screen.state.now and screen.state.now.read.walk.paused_ms)
            )
            await pilot.press("slash", *"decimal", "enter")
            await until(pilot, lambda: list(rows(screen)) == ["_decimal"])
            await pilot.press("escape")
            await until(pilot, lambda: len(rows(screen)) > 1)
            await pilot.press("e")
            await until(pilot, lambda: bool(list(tmp_path.glob("isoview-*.json"))))

        play(ProcessesApp(child.pid, SERVICES), script)
    (file,) = tmp_path.glob("isoview-*.json")
    data = json.loads(file.read_text())
    assert (data["schema"], data["pid"]) == ("isoview.process/1", child.pid)


def test_a_process_that_ends_is_said(tmp_path: Path) -> None:
    with target(sys.executable, "plain", tmp_path) as child:

        async def script(pilot: Pilot[None]) -> None:
            screen = screen_of(pilot)
            await until(pilot, lambda: complete(screen))
            child.process.kill()
            child.process.wait()
            await pilot.press("R")
            await until(pilot, lambda: "there is no process" in told(screen, "#silence"))

        play(ProcessesApp(child.pid, SERVICES), script)


def found(pilot: Pilot[None]) -> list[str]:
    """What the palette offers for what was typed."""
    offered = pilot.app.screen.query_one(OptionList)
    prompts = (str(offered.get_option_at_index(at).prompt) for at in range(offered.option_count))
    return [prompt.partition("\n")[0] for prompt in prompts]


def test_the_palette_of_every_app_leads_to_the_processes(tmp_path: Path) -> None:
    from command import speedups

    from isoview.tui.app import IsoviewApp

    with target(sys.executable, "plain", tmp_path):

        async def script(pilot: Pilot[None]) -> None:
            await pilot.press("ctrl+p")
            await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
            await pilot.press(*"processes")
            await until(pilot, lambda: found(pilot) == ["processes (7)"])
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, ProcessListScreen))
            table = pilot.app.screen.query_one(ProcessTable)
            await until(pilot, lambda: table.row_count > 0)
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(pilot.app.screen, ProcessListScreen))

        play(IsoviewApp([str(speedups())]), script)
