"""Places on the Module screen: what is selected there, and going back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isoview.inspectors.record import Record
from isoview.tui.widgets.detail import DetailPane
from isoview.tui.widgets.fact_tree import FactTree
from isoview.tui.widgets.findings import FindingsTable
from isoview.tui.widgets.header import VerdictBar

if TYPE_CHECKING:
    from isoview.model import Status
    from isoview.tui.screens.module import ModuleScreen


class Selection(Record):
    """What is selected: one of ``finding``, ``rule``, ``branch`` and ``question``.

    ``finding`` is a fingerprint, ``rule`` the code of a folded rule, ``branch`` the key of a line
    of the fact tree (``types/NAME``, ``guide/SECTION``), ``question`` a field of the verdict.
    ``pane`` is the pane that has the keys: ``verdict``, ``facts``, ``table`` or ``detail``.
    """

    finding: str | None = None
    rule: str | None = None
    branch: str | None = None
    question: str | None = None
    face: str = "evidence"
    pane: str = "table"
    filter: str = ""
    only: Status | None = None


def here(screen: ModuleScreen) -> Selection:
    """What is selected now."""
    pane = next((name for name in screen.PANES if screen.is_in(name)), "table")
    words = screen.filter.text if screen.filter else ""
    face = screen.query_one(DetailPane).face
    if screen.chosen_branch is not None:
        return Selection(
            branch=screen.chosen_branch.key, face=face, pane=pane, filter=words, only=screen.only
        )
    if pane == "verdict":
        question = screen.query_one(VerdictBar).question
        return Selection(question=question, face=face, pane=pane, filter=words, only=screen.only)
    row = screen.query_one(FindingsTable).current
    if row is not None and row.is_group:
        return Selection(
            rule=row.finding.rule, face=face, pane=pane, filter=words, only=screen.only
        )
    finding = row.finding.fingerprint if row is not None else None
    return Selection(finding=finding, face=face, pane=pane, filter=words, only=screen.only)


def go_to(screen: ModuleScreen, selection: Selection) -> None:
    """Select again what was selected; what a new reading has not any more is left out."""
    report = screen.entry.report
    if report is None:
        return
    screen.moved = True
    if (screen.filter.text if screen.filter else "") != selection.filter:
        screen.set_filter(selection.filter)
    screen.list_only(selection.only)
    table, detail = screen.query_one(FindingsTable), screen.query_one(DetailPane)
    detail.face = selection.face
    if selection.branch is not None:
        tree = screen.query_one(FactTree)
        if tree.reveal(selection.branch) and tree.current is not None:
            screen.choose_branch(tree.current)
    elif selection.question is not None:
        screen.query_one(VerdictBar).choose(selection.question)
        screen.choose_question(selection.question)
    else:
        wanted = next(
            (f for f in report.findings
             if f.fingerprint == selection.finding or f.rule == selection.rule), None
        )  # fmt: skip
        if wanted is not None:
            table.reveal(wanted, unfold=selection.finding is not None)
        if table.current is not None:
            screen.choose_row(table.current)
        detail.face = selection.face
    screen.focus_pane(selection.pane)


def hint(screen: ModuleScreen, view: str) -> Any:
    """Where another view opens that is asked for from here."""
    row = screen.query_one(FindingsTable).current
    about = screen.chosen_branch.about if screen.chosen_branch is not None else None
    if view == "guide":
        from isoview.tui.branch import GuideRef
        from isoview.tui.screens.guide import GuidePlace

        if isinstance(about, GuideRef):
            return GuidePlace(about.section)
        return GuidePlace(row.finding.guide) if row is not None else None
    if view == "plan" and row is not None:
        from isoview.tui.screens.plan import PlanPlace

        return PlanPlace(finding=row.finding.fingerprint)
    if view in {"bytes", "symbols"}:
        from isoview.tui.ways import place_about

        return place_about(screen.entry, view, about, row.finding if row is not None else None)
    return None
