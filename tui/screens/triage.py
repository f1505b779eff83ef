"""The Triage screen: every finding that was opened with its decision, and what else was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from isoview.model import STATUSES, Status
from isoview.readable import says
from isoview.tui import texts
from isoview.tui.branch import several
from isoview.tui.group_preview import preview
from isoview.tui.ink import Ink, prose, shown
from isoview.tui.marks import MARKED, finding_mark
from isoview.tui.rows import importance, subject
from isoview.tui.screens.deciding import DecidingScreen, decisions
from isoview.tui.shared_keys import FILTER_LINES, HELP, OTHER_PANE, QUIT, ZOOM
from isoview.tui.tally import SHOWN, tally_text
from isoview.tui.widgets.decision_bar import shape_of
from isoview.tui.widgets.faces import Page
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from isoview.model import Finding
    from isoview.triage import Decision, Group
    from isoview.tui.entry import Entry

STATUS_WIDTH = max(map(len, SHOWN.values()))
NAME_WIDTH = 24


@dataclass(frozen=True)
class TriagePlace:
    """The line under the cursor, by its fingerprint or what it says; ``pane`` has the keys."""

    line: str | None = None
    pane: str = "decided"
    words: str = ""
    only: Status | None = None


class Line(NamedTuple):
    """A finding, a rule for many, a decision about something that is not open, or a heading."""

    key: str
    entry: Entry | None = None
    finding: Finding | None = None
    group: Group | None = None
    decision: Decision | None = None


class Decided(LineList):
    WHERE = (
        "Findings with their decisions, undecided first; then rules for many findings, and "
        "decisions about what is not open here. enter goes to the module."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "enter", "open", tooltip="Go to this finding in its module"),
    ]


class DecidedPage(Page):
    WHERE = "About this line: scroll with j and k."


class TriageScreen(DecidingScreen):
    """All findings of all opened modules; what a decision is about stands below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        FILTER_LINES,
        OTHER_PANE,
        Binding("shift+tab", "pane(-1)", "pane before", show=False, tooltip="Go to the other pane"),
        *decisions(shown=True),
        Binding("D", "drop", "take away", show=False, tooltip="Take this rule, or this decision, out of isoview.toml"),
        Binding("o", "guide", "guide", show=False, tooltip="Go to the guide section of this finding"),
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy the id of this finding"),
        Binding("escape", "leave", "back", tooltip="Leave what is open: zoom, marks, status, filter, screen"),
        QUIT,
    ]  # fmt: skip
    VIEW = "triage"
    SHOWS_VIEWS = True
    PANES = ("decided", "decision")
    FILTER_IN = "#decided-pane"
    WHERE = "Triage: what was decided about the findings, and what was not yet."
    CSS = """
    TriageScreen #decided-pane { height: 3fr; width: 1fr; }
    TriageScreen #decision-pane { height: 1fr; min-height: 7; width: 1fr; }
    TriageScreen Page > Static { height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        with Vertical(id="right"):
            with Vertical(id="decided-pane", classes="pane"):
                yield Decided(id="decided")
            with Vertical(id="decision-pane", classes="pane"), DecidedPage(id="decision"):
                yield Static(markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.list_anew())
        self.set_focus(self.query_one(Decided))
        self.list_anew()

    # -- places ---------------------------------------------------------------------------------

    @property
    def subject(self) -> object:
        return None

    @property
    def entry_at_hand(self) -> Entry | None:
        line = self.line
        return line.entry if line is not None else None

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        at = self.query_one(Decided).cursor
        return self._lines[at] if at < len(self._lines) else None

    def here(self) -> TriagePlace:
        line = self.line
        words = self.filter.text if self.filter else ""
        pane = "decision" if self.is_in("decision") else "decided"
        return TriagePlace(line.key if line else None, pane, words, self.only)

    def go_to(self, state: Any) -> None:
        if (self.filter.text if self.filter else "") != state.words:
            self.set_filter(state.words)
        self.list_only(state.only)
        keys = [line.key for line in self._lines]
        if state.line in keys:
            self.query_one(Decided).move_to(keys.index(state.line))
        self._show_line()
        self.focus_pane(state.pane)

    def hint(self, view: str) -> Any:
        line = self.line
        if line is None or line.finding is None:
            return None
        if view == "module":
            from isoview.tui.module_place import Selection

            return Selection(finding=line.finding.fingerprint)
        if view == "guide":
            from isoview.tui.screens.guide import GuidePlace

            return GuidePlace(line.finding.guide)
        return None

    # -- lines ----------------------------------------------------------------------------------

    def show_entry(self) -> None:
        """A module was read, or decided about."""
        self.list_anew()

    def show_decisions(self) -> None:
        """The decisions changed, be it about something that is not open."""
        self.list_anew()

    def _found(self) -> list[Line]:
        lines = [
            Line(f"{finding.fingerprint} {number}", entry, finding)
            for number, entry in enumerate(self.isoview.entries)
            if entry.report is not None
            for finding in entry.report.findings
        ]
        lines.sort(key=lambda line: _order(line.finding) if line.finding else ())
        return lines

    def _others(self, found: list[Line]) -> list[Line]:
        """Rules for groups, and decisions about what is not open."""
        kept = self.isoview.services.decisions.kept
        known = {line.finding.fingerprint for line in found if line.finding is not None}
        groups = [Line(f"group {' '.join(group)}", group=group) for group in kept.groups]
        rest = [Line(name, decision=kept[name]) for name in sorted(kept.keys() - known)]
        lines: list[Line] = []
        for title, part in (("Rules for many findings", groups), ("Decided about what is not open here", rest)):  # fmt: skip
            if part:
                lines += [Line(f"{title} ({len(part)})"), *part]
        return lines

    def list_anew(self) -> None:
        before = self.line.key if self.line is not None else None
        at = self.query_one(Decided).cursor
        found = self._found()
        listed = [line for line in found if self._keeps(line)]
        others = [] if self.only or self.filter else self._others(found)
        self._lines = [*listed, *others]
        headings = frozenset(i for i, line in enumerate(self._lines) if _is_heading(line))
        keys = [line.key for line in self._lines]
        self.query_one(Decided).fill(
            len(keys), self._draw, keys.index(before) if before in keys else at, headings
        )
        pane = self.query_one("#decided-pane")
        findings = [line.finding for line in found if line.finding is not None]
        pane.border_title = Text(f"findings  {tally_text(findings, self.size.width - 20)}")
        pane.border_subtitle = self.listed_text(len(listed), len(found))
        entries = self.isoview.entries
        read = sum(entry.report is not None for entry in entries)
        right = f"{several(read, 'module')} opened, decisions in "
        right += self.isoview.services.decisions.where()
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), right)
        self._show_line()
        self.refresh_bindings()

    def on_resize(self) -> None:
        self.list_anew()

    def _keeps(self, line: Line) -> bool:
        finding = line.finding
        if finding is None or not self.keeps_status(finding):
            return False
        return self.filter is None or self.filter.keeps_finding(finding)

    def _draw(self, index: int) -> Text:
        line = self._lines[index]
        ink = Ink(self.app)
        quiet = ink.style("quiet")
        if line.finding is not None:
            return self._draw_finding(ink, line.finding)
        if line.group is not None:
            group = line.group
            words = f" {shape_of(group.status)} {SHOWN[group.status]:<{STATUS_WIDTH}} "
            patterns = f"{group.rule}  {group.module}  {group.subject}  "
            return Text.assemble(words, shown(patterns), shown(group.reason, quiet), no_wrap=True)
        if line.decision is not None:
            decision = line.decision
            words = f" {shape_of(decision.status)} {SHOWN[decision.status]:<{STATUS_WIDTH}} "
            return Text.assemble(words, shown(decision.fingerprint, quiet), no_wrap=True)
        return Text(line.key, style="bold", no_wrap=True)

    def _draw_finding(self, ink: Ink, finding: Finding) -> Text:
        mark = finding_mark(finding)
        quiet = ink.style("quiet")
        name = shown(finding.name, limit=NAME_WIDTH)
        name.pad_right(NAME_WIDTH - name.cell_len)
        return Text.assemble(
            MARKED if finding.fingerprint in self.marked else " ",
            (f"{mark.shape} ", ink.style(mark.tone)),
            (
                f"{SHOWN[finding.status]:<{STATUS_WIDTH}} ",
                quiet if finding.status == "open" else "",
            ),
            (f"{finding.rule} ", ink.style(mark.tone)),
            name,
            " ",
            shown(subject(finding), limit=200),
            shown(f"  {finding.reason}" if finding.reason else "", quiet, limit=200),
            no_wrap=True,
        )

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._show_line()
        self.refresh_bindings()
        line = self._lines[event.index]
        if not event.entered:
            return
        if line.entry is not None and line.finding is not None:
            from isoview.tui.module_place import Selection

            place = Selection(finding=line.finding.fingerprint)
            self.isoview.navigation.go("module", line.entry, place)
        else:
            self.notify("This line is about no finding that is open; D takes it away.")

    def _show_line(self) -> None:
        line = self.line
        pane, page = self.query_one("#decision-pane"), self.query_one(DecidedPage)
        ink = Ink(self.app)
        text = Text()
        pane.border_title = None
        if line is None or _is_heading(line):
            number = len(self.all_findings())
            text.append(self.nothing_listed(number) or "No module was opened, nothing was decided.")
        elif line.finding is not None:
            finding = line.finding
            name = line.entry.name if line.entry else ""
            pane.border_title = shown(f"{finding.rule} {finding.name} in {name}")
            text.append_text(shown(says(finding), "bold")).append("\n")
            if finding.reason:
                said = f"{SHOWN[finding.status]}: {finding.reason}"
                text.append_text(shown(said, ink.style("good"))).append("\n")
            text.append_text(prose(texts.why(finding.rule)[0])).append("\n")
            text.append_text(shown(finding.fingerprint, ink.style("quiet")))
        elif line.group is not None:
            found = preview(line.group, self.isoview.entries, ())
            number = len(found.covered)
            said = f"{several(number, 'finding')} of the opened modules fit, those that come later too."
            text.append_text(shown(line.group.reason, "bold")).append(f"\n{said}")
        elif line.decision is not None:
            text.append_text(shown(line.decision.reason or "No reason was given.", "bold"))
            text.append("\nIts module is not open here, or has no such finding any more: ")
            text.append("isoview triage stale tells which.")
        page.query_one(Static).update(text)
        page.scroll_home(animate=False)

    # -- what DecidingScreen asks ---------------------------------------------------------------

    def all_findings(self) -> tuple[Finding, ...]:
        entries = self.isoview.entries
        return tuple(f for entry in entries if entry.report for f in entry.report.findings)

    def listed_findings(self) -> tuple[Finding, ...]:
        return tuple(line.finding for line in self._lines if line.finding is not None)

    def chosen_findings(self) -> tuple[Finding, ...]:
        line = self.line
        return (line.finding,) if line is not None and line.finding is not None else ()

    def to_the_list(self) -> None:
        self.query_one(Decided).focus()

    def step_on(self) -> None:
        self.query_one(Decided).action_cursor_down()

    # -- keys -----------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        line = self.line
        if action == "drop" and self._to_drop() is None:
            return "there is no rule and no decision under the cursor"
        if action == "guide" and not self.chosen_findings():
            return "there is no finding under the cursor"
        if action == "copy" and line is None:
            return "there is nothing under the cursor"
        return self.why_not_decide(action.split("(", maxsplit=1)[0])

    def _to_drop(self) -> Group | str | None:
        """What can be taken out of the file: a rule, or the fingerprint of a decision."""
        line = self.line
        if line is None or line.group is not None:
            return line.group if line else None
        if line.decision is not None:
            return line.decision.fingerprint
        kept = self.isoview.services.decisions.kept
        name = line.finding.fingerprint if line.finding is not None else None
        return name if name in kept else None

    def action_drop(self) -> None:
        what = self._to_drop()
        if isinstance(what, str):
            self.isoview.deciding.drop(what)
        elif what is not None:
            self.isoview.deciding.drop_group(what)

    def action_guide(self) -> None:
        line = self.line
        self.isoview.navigation.go("guide", line.entry if line else None, self.hint("guide"))

    def action_copy(self) -> None:
        line = self.line
        if line is not None:
            self.isoview.copy(line.finding.fingerprint if line.finding else line.key)

    def action_leave(self) -> None:
        if self.leave_findings():
            return
        if self.filter:
            self.set_filter("")
            self.to_the_list()
        elif self.is_in("decision"):
            self.to_the_list()
        else:
            self.isoview.leave(self)


def _is_heading(line: Line) -> bool:
    return line.finding is None and line.group is None and line.decision is None


def _order(finding: Finding) -> tuple[Any, ...]:
    return STATUSES.index(finding.status), *importance(finding)
