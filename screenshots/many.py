"""Pictures that need more than one extension: an environment, a matrix of runs, a process."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from isoview.tui.app import IsoviewApp
from isoview.tui.processes import ProcessesApp
from isoview.tui.screens.workspace import WorkspaceScreen
from isoview.tui.workspace import Workspace

WIDE, NARROW = (140, 40), (80, 24)
# Two interpreters beside the first, with a GIL of their own where the version has that.
_PROCESS = """
import json, sys, time
import _decimal, _json
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
made = [interpreters.create() for _ in range(2)]
for each in made:
    interpreters.run_string(each, "import _json")
print("ready", flush=True)
time.sleep(600)
"""


async def until(pilot: Pilot[None], quiet: int = 8) -> None:
    """Wait until no worker has anything left to do."""
    calm = 0
    for _ in range(20_000):
        await pilot.pause(0.02)
        busy = any(worker.is_running for worker in pilot.app.workers)
        calm = 0 if busy else calm + 1
        if calm == quiet:
            return


async def workspace(python: str | None, size: tuple[int, int], keys: tuple[str, ...]) -> str:
    """An environment: the one that is given, or the one this runs in."""
    made = Workspace((), python)
    app = IsoviewApp([], workspace=made)
    async with app.run_test(size=size) as pilot:
        await until(pilot)
        # The folder is the business of whoever made the picture.
        made.title = ".venv" + made.title[made.title.rindex(" (Python") :]
        for key in keys:
            await pilot.press(key)
            await until(pilot)
        assert isinstance(app.screen, WorkspaceScreen)
        app.screen.show_workspace()
        await pilot.pause(0.1)
        return app.export_screenshot(title="isoview")


async def matrix(target: str) -> str:
    """Every experiment on one module, under every interpreter that is here."""
    app = IsoviewApp([target])
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot)
        for key in ("3", "l", "y"):
            await pilot.press(key)
            await until(pilot)
        return app.export_screenshot(title="isoview")


def without_folders(svg: str) -> str:
    """The picture without where Python lies here; what is cut takes its own room then."""
    for path, short in ((sys.executable, "python"), (sys.base_prefix, "/usr")):
        for run in set(re.findall(rf"<text[^>]*>[^<]*{re.escape(path)}[^<]*</text>", svg)):
            mended = re.sub(r' textLength="[^"]*"', "", run).replace(path, short)
            svg = svg.replace(run, mended)
    return svg


async def process() -> str:
    """A process with three interpreters."""
    command = [sys.executable, "-c", _PROCESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: ASYNC220
        try:
            assert child.stdout is not None
            child.stdout.readline()
            app = ProcessesApp(child.pid)
            async with app.run_test(size=WIDE) as pilot:
                await until(pilot, 50)
                return without_folders(app.export_screenshot(title="isoview"))
        finally:
            child.kill()


def pictures(python: str | None, module: Path | None) -> dict[str, Callable[[], str]]:
    """How each is taken, by name; what cannot be taken here is left out."""
    made: dict[str, Callable[[], str]] = {
        "workspace": lambda: asyncio.run(workspace(python, WIDE, ("j", "j"))),
        "workspace-80x24": lambda: asyncio.run(workspace(python, NARROW, ("b", "j"))),
    }
    if module is not None:
        made["live-matrix"] = lambda: asyncio.run(matrix(f"./{module.name}"))
    if sys.platform.startswith("linux"):
        made["processes"] = lambda: asyncio.run(process())
    return made
