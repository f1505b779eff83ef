"""The Guide screen: the checklist of a module, and the ways between sections, rules and findings."""

from app_pilot import app_of, drive, press, said, screen_text, settle
from app_reports import FINDINGS, REPORT
from textual.pilot import Pilot

from isoview.guide import find, sections
from isoview.model import Report
from isoview.rules import ALL_RULES
from isoview.tui.guide_outline import links_of_section, outline, rules_by_section
from isoview.tui.screens.guide import GuidePlace, GuideScreen
from isoview.tui.screens.module import ModuleScreen
from isoview.tui.widgets.findings import FindingsTable
from isoview.tui.widgets.line_list import LineList


def guide(pilot: Pilot[None]) -> GuideScreen:
    screen = pilot.app.screen
    assert isinstance(screen, GuideScreen)
    return screen


def test_every_section_and_every_rule_has_its_place() -> None:
    named = [line.section for line in outline(REPORT) if line.section is not None]
    assert named == [section.id for section in sections()]
    led = {rule.code for rules in rules_by_section().values() for rule in rules}
    assert led == {rule.code for rule in ALL_RULES}
    assert rules_by_section().keys() <= set(named), "no rule leads nowhere"


def test_findings_of_the_outline_add_up() -> None:
    assert sum(line.findings for line in outline(REPORT)) == len(FINDINGS)
    for line in outline(REPORT):
        section = find(line.section) if line.section else None
        if section is not None:
            links = links_of_section(section, REPORT)
            assert sum(link.finding is not None for link in links) == line.findings


def test_it_opens_at_what_is_selected_and_leads_back() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j", "5")
        assert guide(pilot).here() == GuidePlace("enter-per-module-state")
        assert "1 finding, " in screen_text(app)
        await press(pilot, "tab", "tab", "enter")
        assert isinstance(app.screen, ModuleScreen)
        row = app.screen.query_one(FindingsTable).current
        assert row is not None
        assert row.finding == FINDINGS[1]
        await press(pilot, "left_square_bracket")
        assert guide(pilot).here() == GuidePlace("enter-per-module-state", pane="links")
        await press(pilot, "j", "enter")
        place = guide(pilot).here()
        assert place.rule is not None
        assert f"rule {place.rule}" in screen_text(app)
        await press(pilot, "g", "enter")
        assert guide(pilot).here().rule is None, "a rule leads to its section"
        await press(pilot, "left_square_bracket")
        assert guide(pilot).here().rule == place.rule
        await press(pilot, "escape", "G", "enter")
        assert "docs.python.org" in app.clipboard, "the source is copied"

    drive(app, steps, (140, 40))


def test_search_next_open_and_marks() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "5", "slash", *"tp_free heap", "enter")
        text = screen_text(app)
        assert "Not overriding tp_free" in text
        assert "with “tp_free heap”" in text
        await press(pilot, "escape")
        first = guide(pilot).here().section
        await press(pilot, "n")
        second = guide(pilot).here().section
        assert (first, second) != (second, first)
        assert second in {finding.guide for finding in FINDINGS}
        await press(pilot, "left_square_bracket")
        assert guide(pilot).here().section == first
        assert "● Heap Types 3" in screen_text(app)
        await press(pilot, "slash", *"xyzzy", "enter")
        assert "no section holds all these words" in screen_text(app)

    drive(app, steps, (140, 40))


def test_deciding_from_the_guide() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "5", "tab", "tab", "a", "c", "enter")
        report: Report | None = app.entries[0].report
        assert report is not None
        assert report.findings[0].status == "confirmed"
        assert "ISO101 confirmed" in screen_text(app)
        await press(pilot, "G", "a")
        assert "no finding to decide" in said(app), "the last line is the source"

    drive(app, steps)


def test_a_thousand_lines_cost_what_is_seen() -> None:
    made: list[int] = []

    def draw(index: int) -> object:
        from rich.text import Text

        made.append(index)
        return Text(f"line {index}")

    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "5")
        lines = guide(pilot).query_one("#outline", LineList)
        made.clear()
        lines.fill(100_000, draw)  # type: ignore[arg-type]
        await settle(pilot)
        assert len(set(made)) <= app.size.height
        lines.move_to(99_999)
        await settle(pilot)
        assert lines.cursor == 99_999
        assert len(set(made)) <= 2 * app.size.height

    drive(app, steps)
