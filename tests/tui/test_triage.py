"""Decisions in the app: statuses with keys, marks, groups, undo, other sessions."""

from dataclasses import replace
from pathlib import Path

import pytest
from app_pilot import MemoryDecisions, app_of, drive, press, said, screen_text, settle
from app_reports import FINDINGS, REPORT
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from isoview.model import STATUSES
from isoview.triage import Decision, Group, decide, load
from isoview.tui.app import IsoviewApp
from isoview.tui.screens.group import GroupScreen, suggestion
from isoview.tui.services import ProjectDecisions, Services
from isoview.tui.tally import tally
from isoview.tui.widgets.decision_bar import LETTERS
from isoview.tui.widgets.findings import FindingsTable


def adds_up(app: IsoviewApp) -> None:
    report = app.entries[0].report
    assert report is not None
    assert sum(tally(report.findings).values()) == len(report.findings) == len(FINDINGS)


def test_every_status_has_a_key() -> None:
    assert set(LETTERS) == set(STATUSES)
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        for status, key in LETTERS.items():
            await press(pilot, "a", key, "s", "enter")
            assert decisions.statuses() == {FINDINGS[0].fingerprint: (status, "s")}
            adds_up(app)
            await press(pilot, "u", "g")

    drive(app, steps)


def test_many_steps_are_taken_back_and_done_again() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        states = [decisions.statuses()]
        for key in "fxi":
            await press(pilot, "g", "a", key, *"so", "enter")
            states.append(decisions.statuses())
        assert len(states[-1]) == 5
        for state in reversed(states[:-1]):
            await press(pilot, "u")
            assert decisions.statuses() == state
        await press(pilot, "u")
        assert "no decision was made" in said(app)
        for state in states[1:]:
            await press(pilot, "U")
            assert decisions.statuses() == state
        await press(pilot, "U")
        assert "no decision was taken back" in said(app)
        await press(pilot, "u", "g", "a", "c", "enter", "U")
        assert "no decision was taken back" in said(app), "a new decision ends what could be redone"
        adds_up(app)

    drive(app, steps)


def test_a_decision_for_all_that_is_marked() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "m", "j", "m")
        assert "4 marked" in screen_text(app)
        assert "▌● ISO101" in screen_text(app)
        await press(pilot, "a")
        assert "for 4 marked" in screen_text(app)
        await press(pilot, "c", "enter")
        assert len(decisions.statuses()) == 4
        assert "4 marked" not in screen_text(app)
        await press(pilot, "u", "asterisk")
        assert "6 marked" in screen_text(app)
        await press(pilot, "escape")
        assert "No finding is marked any more" in said(app)
        assert not app.deciding.marked

    drive(app, steps)


def test_findings_of_one_status_are_listed_and_the_numbers_add_up() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "a", "i", *"so", "enter", "v")
        assert "5 of 6 open" in screen_text(app)
        await press(pilot, "v")
        assert "1 of 6 intended" in screen_text(app)
        assert app.screen.query_one(FindingsTable).count == 1
        await press(pilot, "u")
        assert "None of 6 findings is intended any more" in screen_text(app)
        await press(pilot, "escape")
        assert app.screen.query_one(FindingsTable).count == 4
        adds_up(app)

    drive(app, steps)


def test_a_rule_shows_what_it_covers_before_it_is_written() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j", "j", "right", "j", "a", "c", "enter", "A")
        screen = app.screen
        assert isinstance(screen, GroupScreen)
        assert screen.group == Group("ISO201", "sample", "type:*", "intended", "")
        text = screen_text(app)
        assert "Covers 2 open findings of this file; 1 decided already" in text
        assert "stays confirmed" in text
        await press(pilot, "enter")
        assert "Type why they are intended" in screen_text(app)
        assert not decisions.on_disk.groups
        screen.query_one("#group-subject", Input).value = "type:*.Cursor"
        await settle(pilot)
        assert "sample.Connection" not in screen_text(app).partition("Covers")[2]
        screen.query_one("#group-subject", Input).value = "type:nothing"
        await settle(pilot)
        await press(pilot, "enter")
        assert "It would cover nothing" in screen_text(app)
        for name in ("rule", "module", "subject"):
            screen.query_one(f"#group-{name}", Input).value = "*"
        await settle(pilot)
        await press(pilot, "enter")
        assert "hides everything" in screen_text(app)
        screen.query_one("#group-rule", Input).value = "static-*"
        screen.query_one("#group-reason", Input).value = "generated"
        await settle(pilot)
        await press(pilot, "enter")
        assert decisions.on_disk.groups == (Group("static-*", "*", "*", "intended", "generated"),)
        assert "6: 3 open 1 conf. 2 int." in screen_text(app)
        await press(pilot, "u")
        assert not decisions.on_disk.groups
        await press(pilot, "U")
        assert len(decisions.on_disk.groups) == 1
        adds_up(app)

    drive(app, steps, (140, 40))


def test_what_another_session_decides_is_seen_and_never_overwritten() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)
    first, second = FINDINGS[0].fingerprint, FINDINGS[1].fingerprint
    theirs = Decision(first, "fixed", "theirs", 1)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "a", "c")
        decisions.on_disk[first] = theirs  # while we type
        await press(pilot, *"mine", "enter")
        assert decisions.on_disk[first] == theirs
        assert "somebody else has decided meanwhile" in said(app)
        assert "✓ ISO101" in screen_text(app), "it is shown as it is now"
        decisions.on_disk[second] = Decision(second, "intended", "theirs", 1)
        app.deciding._watch()
        await settle(pilot)
        assert "written by another session" in said(app)
        assert "◇ ISO301" in screen_text(app)
        await press(pilot, "g", "a", "c", "enter")
        decisions.on_disk[FINDINGS[2].fingerprint] = theirs
        await press(pilot, "u")
        assert "Left alone" in said(app)
        adds_up(app)

    drive(app, steps)


def test_two_sessions_on_one_file_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "isoview.toml"
    reports = app_of().services.stream
    app = IsoviewApp(["a.so"], Services(stream=reports, decisions=ProjectDecisions()))

    async def steps(pilot: Pilot[None]) -> None:
        decide(file, FINDINGS[3], "intended", "on the command line")
        await press(pilot, "a", "c", *"in the app", "enter")
        kept = {f: d.status for f, d in load(file).items()}
        assert kept == {FINDINGS[0].fingerprint: "confirmed", FINDINGS[3].fingerprint: "intended"}
        assert "6: 4 open, 1 confirmed, 1 intended" in screen_text(app)
        await press(pilot, "u")
        assert list(load(file)) == [FINDINGS[3].fingerprint]
        decide(file, FINDINGS[4], "fixed", "")
        app.deciding._watch()
        await settle(pilot)
        assert "1 fixed" in screen_text(app)
        file.write_text("this is [no TOML")
        app.deciding._watch()
        await settle(pilot)
        assert "not valid TOML" in said(app)
        await press(pilot, "a", "c", "enter")
        assert "not valid TOML" in said(app)
        assert file.read_text() == "this is [no TOML", "never overwritten"

    drive(app, steps)
    assert [path.name for path in tmp_path.iterdir()] == ["isoview.toml"]
    assert REPORT.findings == FINDINGS


def test_all_decisions_on_one_screen_and_out_of_the_file_again() -> None:
    decisions = MemoryDecisions()
    elsewhere = Decision("ISO101:other:module", "intended", "another module's", 1)
    decisions.on_disk[elsewhere.fingerprint] = elsewhere
    decisions.add_group(Group("ISO305", "*", "*", "intended", "by design"))
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "T")
        text = screen_text(app)
        assert "findings  6: 5 open, 1 intended" in text
        assert "Rules for many findings (1)" in text
        assert "Decided about what is not open here (1)" in text
        await press(pilot, "a", "x", "enter", "v", "v", "v")
        assert "1 of 6 fixed" in screen_text(app)
        await press(pilot, "enter")
        assert app.navigation.place().view == "module"  # type: ignore[union-attr]
        assert "✓ ISO101" in screen_text(app)
        await press(pilot, "left_square_bracket", "escape", "G", "D")
        assert elsewhere.fingerprint not in decisions.on_disk
        await press(pilot, "u")
        assert decisions.on_disk[elsewhere.fingerprint] == elsewhere
        await press(pilot, "G", "k", "D")
        assert not decisions.on_disk.groups
        assert "6: 5 open, 1 fixed" in screen_text(app)
        await press(pilot, "u")
        assert len(decisions.on_disk.groups) == 1
        await press(pilot, "g", "D")
        assert "no rule and no decision" in said(app)
        adds_up(app)

    drive(app, steps)


def test_nothing_is_lost_when_somebody_types_fast() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "a")
        for key in ("i", *"because", "space", *"so", "enter"):  # all before anything is handled
            app.post_message(Key(key, {"space": " "}.get(key, key if len(key) == 1 else None)))
        await settle(pilot)
        assert decisions.statuses() == {FINDINGS[0].fingerprint: ("intended", "because so")}

    drive(app, steps)


def test_suggested_patterns_fit_the_finding_whatever_its_name() -> None:
    for name in ("pkg.mod", "a[b]*?c", "x\x1b[31m\u202ey"):
        finding = replace(FINDINGS[0], fingerprint=f"ISO101:{name}:module")
        assert suggestion([finding]).fits(finding)
