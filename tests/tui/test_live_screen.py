"""The Live screen: the matrix fills in, cells are run again, stopped, compared, and weighed."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from app_pilot import app_of, drive, press, said, screen_text, settle, until, until_shown
from live_by_hand import OUTCOMES, python
from textual.pilot import Pilot

from isoview.inspectors.facts import Facts
from isoview.inspectors.live import EXPERIMENTS
from isoview.tui.app import IsoviewApp
from isoview.tui.live_control import LiveControl
from isoview.tui.live_runs import LiveServices, Tell
from isoview.tui.screens.live import LiveScreen

PYTHONS = ["/pythons/one/bin/python", "/pythons/two/bin/python"]


class Runner:
    """Answers at once, or when it is let; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(
        self,
        _facts: Facts,
        pythons: Sequence[str],
        names: Sequence[str],
        tell: Tell,
        stop: threading.Event,
    ) -> dict[str, Any]:
        self.asked.append((pythons[0], tuple(names)))
        cells: dict[str, Any] = {}
        for name in names:
            tell(0, name, None)
            while not self.go.wait(0.01) and not stop.is_set():
                pass
            cells[name] = OUTCOMES["not-run"] if stop.is_set() else OUTCOMES[name]
            tell(0, name, cells[name])
        number = PYTHONS.index(pythons[0])
        greeting = python(f"3.1{number + 2}.1")
        return {
            "schema": "isoview.live/1", "module": "sample", "file": None, "target": "sample",
            "runs": [{"python": greeting, "experiments": cells}],
        }  # fmt: skip


def app(runner: Runner, pythons: list[str] | None = None) -> IsoviewApp:
    made = app_of()
    fitting = list(PYTHONS if pythons is None else pythons)
    made.experiments = LiveControl(made, LiveServices(lambda _facts: fitting, runner))
    return made


async def opened(pilot: Pilot[None]) -> LiveScreen:
    await press(pilot, "L")
    screen = pilot.app.screen
    assert isinstance(screen, LiveScreen)
    return screen


def test_nothing_runs_before_the_question_is_answered() -> None:
    runner = Runner()
    made = app(runner)

    async def steps(pilot: Pilot[None]) -> None:
        await opened(pilot)
        assert "importing runs the module's code" in screen_text(made)
        await press(pilot, "l")
        assert "run the module's code?" in screen_text(made)
        await press(pilot, "n")
        assert runner.asked == []
        await press(pilot, "l", "y")
        assert [name for name, _ in runner.asked] == PYTHONS
        # Once in a session is enough.
        await press(pilot, "r")
        assert len(runner.asked) == 3
        assert "run the module's code?" not in screen_text(made)

    drive(made, steps)


def test_the_matrix_fills_in_and_the_verdict_follows() -> None:
    runner = Runner()
    made = app(runner)

    async def steps(pilot: Pilot[None]) -> None:
        await opened(pilot)
        await press(pilot, "l", "y")
        text = screen_text(made)
        for word in (
            "3.12.1",
            "3.13.1",
            "twice",
            "own GIL",
            "⊘ refused",
            "✗ crashed",
            "◐ 1/2 types",
        ):
            assert word in text, word
        entry = made.entries[0]
        assert entry.report is not None
        assert entry.report.verdict is not None
        assert entry.report.verdict.own_gil.experiment == "refused"
        assert any(finding.rule == "ISO802" for finding in entry.report.findings)
        assert entry.live.state == "done"
        await press(pilot, "escape")
        assert "ISO802" in screen_text(made)

    drive(made, steps, (140, 40))


def test_one_cell_is_run_again_and_what_runs_is_stopped() -> None:
    runner = Runner()
    made = app(runner)

    async def steps(pilot: Pilot[None]) -> None:
        screen = await opened(pilot)
        await press(pilot, "l", "y")
        runner.asked.clear()
        await press(pilot, "j", "right", "r")
        assert runner.asked == [(PYTHONS[1], ("twice",))]
        runner.go.clear()
        await pilot.press("r")
        await until_shown(pilot, "▒ running")
        assert screen.why_not("rerun") is not None
        await pilot.press("X")
        await settle(pilot)
        assert "not run" in screen_text(made)
        assert screen.runs.busy is False

    drive(made, steps, (100, 30))


def test_interpreters_are_compared() -> None:
    made = app(Runner())

    async def steps(pilot: Pilot[None]) -> None:
        await opened(pilot)
        await press(pilot, "l", "y", "j", "c")
        text = screen_text(made)
        assert "twice under every interpreter" in text
        assert text.count("1 of 2 types are the same in both") == 2
        await press(pilot, "escape")
        assert "twice under 3.12.1" in screen_text(made)

    drive(made, steps, (120, 40))


def test_an_interpreter_is_added_by_its_path() -> None:
    import sys

    made = app(Runner(), PYTHONS[:1])

    async def steps(pilot: Pilot[None]) -> None:
        screen = await opened(pilot)
        assert screen.why_not("compare") is not None
        await press(pilot, "P", *"/no/such", "enter")
        assert "there is no Python interpreter /no/such" in said(made)
        await press(pilot, "escape", "P")
        for character in sys.executable:
            await pilot.press(character)
        await press(pilot, "enter")
        assert screen.runs.pythons == [PYTHONS[0], sys.executable]

    drive(made, steps, (100, 30))


def test_leaving_the_app_ends_what_runs() -> None:
    runner = Runner()
    runner.go.clear()
    made = app(runner)

    async def steps(pilot: Pilot[None]) -> None:
        await opened(pilot)
        await press(pilot, "l")
        await pilot.press("y")
        await until(pilot, lambda: made.experiments.runs_of(made.entries[0]).busy)
        await until(pilot, lambda: bool(runner.asked))
        made.experiments.close()
        await settle(pilot)

    drive(made, steps)
    assert set(EXPERIMENTS) >= set(runner.asked[0][1])


def test_a_module_of_the_session_is_shown_with_what_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``isoview.explore(module)``: its report is there already, and nothing is run for it."""
    import markupsafe._speedups

    import isoview
    from isoview import in_session

    shown: list[IsoviewApp] = []
    monkeypatch.setattr(in_session, "has_terminal", lambda: True)
    monkeypatch.setattr(IsoviewApp, "run", lambda self: shown.append(self))  # noqa: PLW0108 - binds
    assert isoview.explore(markupsafe._speedups) is None
    [made] = shown

    async def steps(pilot: Pilot[None]) -> None:
        del pilot
        text = screen_text(made)
        assert "_speedups" in text
        entry = made.entries[0]
        assert entry.live.state == "done"
        assert entry.report is not None
        assert entry.report.live is not None

    drive(made, steps, (140, 50))
