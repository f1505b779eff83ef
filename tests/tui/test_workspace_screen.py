"""The Workspace screen over lines made by hand: what it shows, keeps and says."""

import asyncio
import json
from pathlib import Path
from threading import Event as Gate

import pytest
from app_pilot import drive, press, said, screen_text, settle, until_shown
from compiled import compile_fixture
from textual.pilot import Pilot
from workspace_by_hand import LINES, listed, many, module, workspace_app

from isoview.tui import services
from isoview.tui.screens.module import ModuleScreen
from isoview.tui.screens.workspace import WorkspaceScreen
from isoview.tui.settings import settings_file
from isoview.tui.widgets.modules import ModulesTable


def table(pilot: Pilot[None]) -> ModulesTable:
    return pilot.app.screen.query_one(ModulesTable)


def names(pilot: Pilot[None]) -> list[str]:
    """What stands in the first column, line by line."""
    shown = table(pilot)
    return [shown.cells(index)[0].plain.strip(" ▸▾") for index in range(shown.count)]


def test_one_line_for_each_distribution_the_worst_on_top_and_the_answer_above() -> None:
    app = workspace_app()

    async def steps(pilot: Pilot[None]) -> None:
        text = screen_text(app)
        assert "/env (Python 3.13.0)" in text
        assert "4 of 6 files block own GIL; b shows them; 1 not read" in text
        assert "own GIL ✗ 4" in text
        assert names(pilot) == [
            "lxml 6.1.3", "numpy 2.5.5", "orjson 3.13.0", "multidict 7.2.1", "broken.so",
        ]  # fmt: skip
        assert "ISO101 single-phase-init" in text, "the first line's worst finding is named"

    drive(app, steps)


def test_blockers_alone_with_what_pulls_them_in() -> None:
    app = workspace_app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "b")
        assert names(pilot) == ["lxml 6.1.3", "numpy 2.5.5"]
        assert "4 of 7 files: blocking own GIL" in screen_text(app)
        assert "pulled in by" in screen_text(app)
        await press(pilot, "Q", "Q", "Q")  # the next questions, round to shared GIL
        assert "There is no line" in screen_text(app) or "No file is left" in screen_text(app)
        await press(pilot, "escape")
        assert len(names(pilot)) == 5

    drive(app, steps, (140, 40))


def test_sorted_by_every_column_and_backwards() -> None:
    app = workspace_app()

    async def steps(pilot: Pilot[None]) -> None:
        workspace = app.workspace.workspace  # type: ignore[union-attr]
        seen = set()
        for _ in range(8):
            await press(pilot, "s")
            seen.add(workspace.sort)
            first = names(pilot)
            await press(pilot, "S")
            assert names(pilot) == first[::-1]
            await press(pilot, "S")
        assert len(seen) == 8
        workspace.sort = "open"
        app.screen.show_workspace()  # type: ignore[attr-defined]
        assert names(pilot)[0] == "lxml 6.1.3"
        await pilot.click(ModulesTable, offset=(3, 0))
        await settle(pilot)
        assert names(pilot)[:2] == ["lxml 6.1.3", "multidict 7.2.1"]

    drive(app, steps)


def test_toolchains_verdicts_and_words_filter() -> None:
    app = workspace_app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "t")
        assert names(pilot) == ["numpy 2.5.5", "multidict 7.2.1"], "what C made, the commonest"
        await press(pilot, "t")
        assert names(pilot) == ["lxml 6.1.3", "numpy 2.5.5"]
        await press(pilot, "escape", "v", "v", "v")
        assert names(pilot) == ["multidict 7.2.1"]
        assert "1 of 7 files: ready for own GIL" in screen_text(app)
        await press(pilot, "v", "slash", *"umath", "enter")
        assert names(pilot) == ["numpy 2.5.5"]
        await press(pilot, "escape")
        assert len(names(pilot)) == 5

    drive(app, steps)


def test_opening_a_module_and_coming_back_keeps_the_place() -> None:
    app = workspace_app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j", "enter")
        unfolded = ["numpy 2.5.5", "_core/_umath", "random/_mt", "linalg/lapack"]
        assert names(pilot)[1:5] == unfolded
        await press(pilot, "j", "j")
        await press(pilot, "enter")
        assert isinstance(app.screen, ModuleScreen)
        assert app.screen.entry.report is not None
        await press(pilot, "escape")
        assert isinstance(app.screen, WorkspaceScreen)
        assert names(pilot)[table(pilot).cursor] == "random/_mt", "wherever it is sorted to"
        line = [cell.plain for cell in table(pilot).cells(table(pilot).cursor)]
        assert "6" in line, "what was read is in its line now"
        await press(pilot, "left_square_bracket")
        assert isinstance(app.screen, ModuleScreen)

    drive(app, steps)


def test_it_fills_in_while_files_are_read_and_the_cursor_stays_on_its_line() -> None:
    gate = Gate()
    app = workspace_app([*LINES[:5], {"kind": "done", "files": 3, "size": 350_000}], None,
                        [*LINES[5:], {"kind": "end"}], gate=gate)  # fmt: skip

    async def steps() -> None:
        async with app.run_test(size=(100, 24), notifications=True) as pilot:
            await until_shown(pilot, "reading 3 of 7")
            assert "50%" in screen_text(app)
            assert "4 of 4 files so far block own GIL" in screen_text(app)
            await pilot.press("j")
            on = names(pilot)[table(pilot).cursor]
            await pilot.press("R")
            assert "the files are being read" in said(app)
            gate.set()
            await settle(pilot)
            assert names(pilot)[table(pilot).cursor] == on
            assert "reading" not in screen_text(app)

    asyncio.run(steps())


def test_a_file_that_cannot_be_read_says_so_in_its_line_and_what_to_do() -> None:
    app = workspace_app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "G")
        assert "! not read" in screen_text(app)
        assert "/env/broken.so is no ELF file" in screen_text(app)
        assert "Give the path of an extension module." in screen_text(app)

    drive(app, steps)


def test_the_process_that_reads_may_fall_and_what_was_read_stays() -> None:
    fallen = {"kind": "failed", "error": "it ended (SIGKILL)", "hint": "R reads everything again."}
    app = workspace_app([*LINES, fallen])

    async def steps(pilot: Pilot[None]) -> None:
        assert "it ended (SIGKILL). R reads everything again." in screen_text(app)
        assert "numpy 2.5.5" in screen_text(app)
        await press(pilot, "R")
        assert "it ended (SIGKILL)" in screen_text(app)

    drive(app, steps, (100, 24))


def test_nothing_compiled_is_said() -> None:
    skipped = {"kind": "skipped", "path": "pure.whl", "reason": "holds no compiled module"}
    app = workspace_app([listed(0), skipped, {"kind": "end"}])

    async def steps(pilot: Pilot[None]) -> None:
        assert "There is no compiled module here." in screen_text(app)
        assert "pure.whl holds no compiled module" in screen_text(app)
        await press(pilot, "enter")
        assert "There is no line to open" in said(app)
        await press(pilot, "y", "e")
        assert "no file is read yet" in said(app)

    drive(app, steps)


def test_a_workspace_of_one_file_opens_it() -> None:
    only = module("a/b.so", ("a", "a", "1"))
    app = workspace_app([listed(1), only, {"kind": "end"}])

    async def steps(pilot: Pilot[None]) -> None:
        assert isinstance(app.screen, ModuleScreen)
        await press(pilot, "escape")
        assert isinstance(app.screen, WorkspaceScreen)

    drive(app, steps)


def test_order_and_question_are_kept_and_a_damaged_file_is_no_obstacle() -> None:
    async def choose(pilot: Pilot[None]) -> None:
        await press(pilot, "s", "E", "S")

    first = workspace_app()
    drive(first, choose)
    kept = json.loads(settings_file().read_text())
    assert (kept["sort"], kept["flat"], kept["backwards"]) == ("free_threaded", True, True)

    async def see(pilot: Pilot[None]) -> None:
        workspace = pilot.app.workspace.workspace  # type: ignore[attr-defined]
        assert (workspace.sort, workspace.flat, workspace.backwards) == (
            "free_threaded",
            True,
            True,
        )

    drive(workspace_app(), see)
    settings_file().write_text("{ damaged")
    again = workspace_app()

    async def told(pilot: Pilot[None]) -> None:
        assert "app.json are not used: it is damaged" in said(again)
        assert again.workspace.workspace.sort == "own_gil"  # type: ignore[union-attr]

    drive(again, told)
    assert json.loads(settings_file().read_text())["sort"] == "own_gil"


def test_what_is_shown_is_written_and_copied_as_a_table() -> None:
    app = workspace_app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "Y")
        assert "| `numpy 2.5.5` |" in app.clipboard
        await press(pilot, "ctrl+y")
        assert "copied" in screen_text(app)
        await press(pilot, "escape", "e")
        written = next(Path().glob("isoview-workspace-*.md"))
        assert "`multidict 7.2.1`" in written.read_text()
        assert written.name in said(app)

    drive(app, steps)


def test_five_hundred_modules_are_one_list_at_any_width() -> None:
    app = workspace_app([*many(500), {"kind": "end"}])

    async def steps(pilot: Pilot[None]) -> None:
        assert table(pilot).count == 50
        await press(pilot, "E")
        assert table(pilot).count == 500
        await press(pilot, "G")
        assert table(pilot).cursor == 499
        for size in ((40, 10), (80, 24), (300, 60)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert "own" in screen_text(app)
        await press(pilot, "g", "pagedown", "pageup", "k")
        assert table(pilot).cursor == 0

    drive(app, steps)


def test_a_large_file_is_read_by_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LARGE", 1)
    path = str(compile_fixture("single_phase_init_bad.c"))
    events = [type(event).__name__ for event in services.stream_targets([path, "missing.so"])]
    assert events == ["Started", "Complete", "Started", "Failed"]


def test_a_slice_of_a_universal_file_is_the_one_that_is_opened() -> None:
    folder = Path(__file__).parents[1] / "fixtures" / "built" / "macho-universal"
    path = str(next(folder.glob("*.so")))
    control = workspace_app([]).workspace
    assert control is not None
    workspace = control.workspace
    fat = module("fat.so", ("fat", "fat", "1.0"))
    workspace.receive([{**fat, "at": path, "arch": arch} for arch in ("x86-64", "aarch64")])
    for wanted in workspace.modules():
        entry = control.entry_of(wanted)
        for event in services.stream_targets([path]):
            entry.receive(event)
        assert entry.report is not None
        assert entry.report.facts.artifact.arch == wanted.arch
        assert not entry.reading
