"""The Module screen, driven by keys and clicks over a hand-made report."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

from app_pilot import (
    MemoryDecisions,
    app_of,
    drive,
    press,
    said,
    screen_text,
    settle,
    until,
    until_shown,
)
from app_reports import FACTS, FINDINGS, REPORT, TYPES
from module_screen import current, table, tree
from textual.pilot import Pilot
from waiting import LIMIT

from isoview.model import Complete, Event, Failed, Shape, Started, TargetError
from isoview.tui.widgets.detail import DetailPane
from isoview.tui.widgets.faces import EvidenceFace
from isoview.tui.widgets.header import VerdictBar


def test_the_first_screen_says_what_it_is_and_stands_on_the_worst_finding() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        top, verdict, *rest = screen_text(app).splitlines()
        assert "sample.cpython-313" in top
        assert "GCC 14.2.0 · cp313 ELF x86-64" in top
        assert "copies ✗ says no" in verdict
        assert "shared GIL ◐ undeclared" in verdict
        assert "6 open, 2 errors" in "\n".join(rest)
        assert current(pilot) == "ISO101 x1"
        assert table(pilot).has_focus
        await until_shown(pilot, "Managing Per-Module State")  # the guide section is named already

    drive(app, steps)


def test_the_shape_is_shown_before_the_file_is_read_to_its_end() -> None:
    go_on = threading.Event()
    shape = replace(REPORT, findings=FINDINGS[2:], facts=replace(FACTS, stage="shape"))

    def stream(targets: Iterable[str]) -> Iterator[Event]:
        for target in targets:
            yield Started(target)
            yield Shape(shape)
            assert go_on.wait(LIMIT)
            yield Complete(REPORT)

    app = app_of(stream=stream)

    async def run() -> None:
        async with app.run_test() as pilot:
            await until(pilot, lambda: table(pilot).count > 0)
            assert current(pilot) == "ISO201 x3"
            assert "reading…" in screen_text(app)
            await pilot.press("o")  # the keyboard is not blocked
            await until(pilot, lambda: app.screen.query_one(DetailPane).face == "guide")
            go_on.set()
            await settle(pilot)
            assert current(pilot) == "ISO101 x1", "nobody moved, so the cursor goes to the worst"
            assert "reading…" not in screen_text(app)

    import asyncio

    asyncio.run(run())


def test_equal_findings_fold_and_unfold_with_the_keys() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        assert table(pilot).count == 4
        await press(pilot, "j", "j", "right")
        assert current(pilot) == "ISO201 x3"
        assert table(pilot).count == 7
        await press(pilot, "right")
        assert current(pilot) == "ISO201 x1"
        await press(pilot, "left", "left")
        assert table(pilot).count == 4
        await press(pilot, "enter")
        assert table(pilot).count == 7

    drive(app, steps)


def test_a_finding_moves_the_tree_and_a_type_moves_the_findings() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j")
        branch = tree(pilot).current
        assert branch is not None
        assert branch.about is FACTS.globals[0]
        tree(pilot).focus()
        await settle(pilot)
        tree(pilot).reveal("types/sample.Cursor")
        await press(pilot, "k", "j")
        row = table(pilot).current
        assert row is not None
        assert row.finding.where.address == TYPES[1].address
        assert "sample.Cursor is a static type" in screen_text(app)

    drive(app, steps, (140, 40))


def test_a_guide_section_leads_to_its_findings_and_back() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        tree(pilot).focus()
        assert tree(pilot).reveal("guide/heap-types")
        await press(pilot, "enter")
        detail = pilot.app.screen.query_one(DetailPane)
        assert detail.face == "guide"
        assert "3 findings here" in screen_text(app)
        pilot.app.screen.query_one("SectionFindings").focus()
        await press(pilot, "j", "j", "enter")
        row = table(pilot).current
        assert row is not None
        assert row.finding == FINDINGS[4]
        assert detail.face == "evidence"
        await press(pilot, "o")
        assert detail.face == "guide"

    drive(app, steps, (140, 40))


def test_the_three_faces_and_the_bytes() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        detail = pilot.app.screen.query_one(DetailPane)
        face = pilot.app.screen.query_one(EvidenceFace)
        assert [field.name for field in face.structures[0].fields] == ["m_name", "m_size", "m_doc"]
        assert "+48" not in screen_text(app)
        await press(pilot, "x")
        assert "+48" in screen_text(app)
        assert "ffffffff" in screen_text(app)
        await press(pilot, "f")
        assert detail.face == "fix"
        assert "Py_mod_exec" in screen_text(app), "the fix for C"
        await press(pilot, "tab", "left")
        assert detail.face == "guide"
        await press(pilot, "escape")
        assert detail.face == "evidence"

    drive(app, steps, (140, 40))


def test_the_verdict_says_its_sentence_and_leads_to_what_decided_it() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "tab", "tab")
        assert pilot.app.screen.query_one(VerdictBar).has_focus
        assert "The module says that its state is global." in screen_text(app)
        await press(pilot, "right")
        assert "Nothing is declared." in screen_text(app)
        await press(pilot, "enter")
        assert current(pilot) == "ISO301 x1"
        assert table(pilot).has_focus

    drive(app, steps, (140, 40))


def test_the_filter_keeps_lines_that_hold_every_word() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *"cursor static")
        assert table(pilot).count == 1
        assert "1 of 6 with" in screen_text(app)
        assert tree(pilot).last_line == 1, "types, and the one the finding is about"
        await press(pilot, "enter")
        assert table(pilot).has_focus
        await press(pilot, "escape")
        assert table(pilot).count == 4
        await press(pilot, "slash", *"zzz")
        assert table(pilot).count == 0
        assert "None of 6 findings holds" in screen_text(app)
        await press(pilot, "escape")
        assert table(pilot).count == 4

    drive(app, steps)


def test_a_decision_is_written_shown_and_taken_back() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "a", "i", *"wrapped in C", "enter")
        assert decisions.statuses() == {FINDINGS[0].fingerprint: ("intended", "wrapped in C")}
        assert "u takes it back" in said(app)
        assert "◇ ISO101" in screen_text(app)
        assert "6: 5 open, 1 intended" in screen_text(app)
        assert current(pilot) == "ISO301 x1", "the next finding is under the cursor"
        await press(pilot, "u")
        assert decisions.statuses() == {}
        assert "6 open, 2 errors" in screen_text(app)
        await press(pilot, "u")
        assert "no decision was made" in said(app)

    drive(app, steps)


def test_a_decision_about_a_folded_rule_is_for_all_of_it() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j", "j", "a")
        assert "for all 3" in screen_text(app)
        await press(pilot, "down", "enter", "enter")
        assert "Type why it is false positive" in screen_text(app)
        await press(pilot, *"no", "enter")
        assert {status for status, _ in decisions.statuses().values()} == {"false-positive"}
        assert len(decisions.statuses()) == 3
        await press(pilot, "u")
        assert decisions.statuses() == {}

    drive(app, steps)


def test_one_finding_of_a_rule_can_take_the_others_along() -> None:
    decisions = MemoryDecisions()
    app = app_of(decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j", "j", "right", "j", "a")
        assert "for this one" in screen_text(app)
        await press(pilot, "tab")
        assert "for all 3" in screen_text(app)
        await press(pilot, "tab", "c", "enter")
        assert len(decisions.statuses()) == 1
        await press(pilot, "a", "x", "escape")
        assert len(decisions.statuses()) == 1, "escape leaves everything as it was"

    drive(app, steps)


def test_reading_again_marks_what_changed_and_keeps_the_place() -> None:
    definition = replace(FACTS.definitions[0], m_size=64)
    rebuilt = replace(
        REPORT,
        facts=replace(FACTS, definitions=(definition,)),
        findings=(
            *FINDINGS[1:],
            replace(FINDINGS[5], rule="ISO999", fingerprint="ISO999:s:module"),
        ),
    )
    app = app_of(REPORT, rebuilt)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j", "R")
        assert current(pilot) == "ISO301 x1"
        text = screen_text(app)
        assert "m_size     64 ≠ was -1" in text
        assert "+○ ISO999" in text
        assert "-● ISO101" in text
        assert "gone" in text
        row_of_gone = table(pilot).count - 1
        table(pilot).move_cursor(row=row_of_gone)
        await press(pilot, "a")
        assert "no finding to decide" in said(app)

    drive(app, steps, (140, 40))


def test_a_file_that_cannot_be_read_again_leaves_the_last_reading() -> None:
    readings = iter((None, TargetError("sample.so", "sample.so is empty", "Build it again.")))

    def stream(targets: Iterable[str]) -> Iterator[Event]:
        for target in targets:
            error = next(readings)
            yield Started(target)
            if error is not None:
                yield Failed(error)
            else:
                yield Complete(REPORT)

    app = app_of(stream=stream)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "R")
        assert "not read again" in screen_text(app)
        assert table(pilot).count == 4

    drive(app, steps, (140, 40))
