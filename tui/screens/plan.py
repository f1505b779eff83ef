"""The Plan screen: the port as ordered steps, what is open in each, and what each unlocks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Static

from isoview.plan import Step, plan
from isoview.readable import says
from isoview.tui import texts
from isoview.tui.branch import several
from isoview.tui.finding_line import finding_line
from isoview.tui.ink import Ink, prose, shown
from isoview.tui.screens.deciding import DecidingScreen, decisions
from isoview.tui.shared_keys import HELP, NEXT_PANE, PANE_BEFORE, QUIT, ZOOM
from isoview.tui.tally import SHOWN
from isoview.tui.widgets.faces import Page
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from isoview.model import Finding, Status
    from isoview.tui.entry import Entry

STATES = {"next": ("▶", "note"), "to do": ("●", "error"), "done": ("✓", "good"), "unknown": ("?", "warning")}  # fmt: skip

UNFOLDED = 8
"""The next step is unfolded at first when it has no more findings: the plan stays in sight."""


@dataclass(frozen=True)
class PlanPlace:
    """What is selected: a finding, or a step by its id; ``pane`` has the keys."""

    finding: str | None = None
    step: str | None = None
    pane: str = "steps"
    words: str = ""
    only: Status | None = None


class Line(NamedTuple):
    """A step, or a finding in it."""

    step: Step
    number: int
    finding: Finding | None = None

    @property
    def fingerprint(self) -> str | None:
        return self.finding.fingerprint if self.finding is not None else None


class Steps(LineList):
    WHERE = (
        "The steps, in the order of the work: ▶ next  ● to do  ✓ done  ? could not be seen. "
        "enter unfolds a step; on a finding it goes to the module."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "enter", "open", tooltip="Unfold a step; on a finding, go to it in the module"),
        Binding("right", "screen.fold(False)", "unfold", show=False, tooltip="Unfold this step"),
        Binding("left", "screen.fold(True)", "fold", show=False, tooltip="Fold this step"),
    ]  # fmt: skip


class StepPage(Page):
    WHERE = "About this line: scroll with j and k."


class PlanScreen(DecidingScreen):
    """Steps above or left, what the chosen one is about below or right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("slash", "filter", "filter", key_display="/", tooltip="Show only findings that hold the typed words"),
        NEXT_PANE,
        PANE_BEFORE,
        *decisions(shown=True),
        Binding("o", "guide", "guide", tooltip="Go to the guide section of this finding"),
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy the id of this finding, or the title of this step"),
        Binding("Y", "copy_markdown", "copy as Markdown", show=False, tooltip="Copy the plan as a Markdown checklist"),
        Binding("R", "read_again", "read again", show=False, tooltip="Read the file again and mark what changed"),
        Binding("escape", "leave", "back", tooltip="Leave what is open: zoom, marks, filter, screen"),
        QUIT,
    ]  # fmt: skip
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VIEW = "plan"
    SHOWS_VIEWS = True
    PANES = ("steps", "step")
    FILTER_IN = "#steps-pane"
    WHERE = "The porting plan: what a maintainer does first, and what each step unlocks."
    CSS = """
    PlanScreen #steps-pane { height: 3fr; width: 1fr; }
    PlanScreen #step-pane { height: 2fr; width: 1fr; }
    PlanScreen.-wide #right { layout: horizontal; }
    PlanScreen.-wide #steps-pane, PlanScreen.-wide #step-pane { height: 1fr; }
    PlanScreen Page > Static { height: auto; }
    """

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self._steps: tuple[Step, ...] = ()
        self._lines: list[Line] = []
        self._unfolded: set[str] | None = None  # steps; None: nobody has chosen, the next one is

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        with Container(id="right"):
            with Vertical(id="steps-pane", classes="pane"):
                yield Steps(id="steps")
            with Vertical(id="step-pane", classes="pane"), StepPage(id="step"):
                yield Static(markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.list_anew())
        self.set_focus(self.query_one(Steps))
        self.list_anew()

    # -- places ---------------------------------------------------------------------------------

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        at = self.query_one(Steps).cursor
        return self._lines[at] if at < len(self._lines) else None

    def here(self) -> PlanPlace:
        pane = "step" if self.is_in("step") else "steps"
        words = self.filter.text if self.filter else ""
        line = self.line
        if line is None:
            return PlanPlace(None, None, pane, words, self.only)
        step = line.step.id if line.finding is None else None
        return PlanPlace(line.fingerprint, step, pane, words, self.only)

    def go_to(self, state: Any) -> None:
        if (self.filter.text if self.filter else "") != state.words:
            self.set_filter(state.words)
        self.list_only(state.only)
        for step in self._steps:
            if any(f.fingerprint == state.finding for f in step.findings):
                self._open_steps.add(step.id)
        self._fill()
        for index, line in enumerate(self._lines):
            is_step = line.finding is None and state.step == line.step.id
            if is_step or (state.finding and line.fingerprint == state.finding):
                self.query_one(Steps).move_to(index)
        self._show_line()
        self.focus_pane(state.pane)

    def hint(self, view: str) -> Any:
        chosen = self.chosen_findings()
        if view == "module" and len(chosen) == 1:
            from isoview.tui.module_place import Selection

            return Selection(finding=chosen[0].fingerprint)
        if view == "guide" and chosen:
            from isoview.tui.screens.guide import GuidePlace

            return GuidePlace(chosen[0].guide)
        return super().hint(view)

    # -- steps ----------------------------------------------------------------------------------

    @property
    def _open_steps(self) -> set[str]:
        if self._unfolded is None:
            few = [step for step in self._steps if len(step.findings) <= UNFOLDED]
            self._unfolded = {step.id for step in few if step.state == "next"}
        return self._unfolded

    def show_entry(self) -> None:
        """The module was read or decided about."""
        self.list_anew()

    def list_anew(self) -> None:
        report = self.entry.report
        self._steps = plan(report) if report is not None else ()
        self._fill()
        done = sum(step.state == "done" for step in self._steps)
        pane = self.query_one("#steps-pane")
        pane.border_title = Text(f"plan  {done} of {len(self._steps)} steps done")
        number = sum(len(step.findings) for step in self._steps)
        pane.border_subtitle = self.listed_text(len(self.listed_findings()), number)
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), self._summary(number))
        self._show_line()
        self.refresh_bindings()

    def _summary(self, number: int) -> str:
        """How much is left; what is decided to be meant so is not part of the work."""
        left = len(self.all_findings()) - number
        decided = f", {left} decided and not planned" if left else ""
        return f"{several(number, 'finding')} to work on{decided}"

    def _fill(self) -> None:
        line = self.line
        self._lines = []
        for number, step in enumerate(self._steps, 1):
            kept = [f for f in step.findings if self._keeps(f)]
            if (self.filter or self.only) and not kept:
                continue
            self._lines.append(Line(step, number))
            if step.id in self._open_steps or self.filter or self.only:
                self._lines += [Line(step, number, finding) for finding in kept]
        self.query_one(Steps).fill(len(self._lines), self._draw, self._near(line))

    def _near(self, line: Line | None) -> int:
        """Where the cursor goes: to the same line, else to its step; at first to the next step."""
        fallback = 0
        for index, other in enumerate(self._lines):
            if line is None:
                if other.step.state == "next":
                    return index
            elif other.step.id == line.step.id:
                if other.fingerprint == line.fingerprint:
                    return index
                fallback = fallback or index
        return fallback

    def _keeps(self, finding: Finding) -> bool:
        return self.keeps_status(finding) and (
            self.filter is None or self.filter.keeps_finding(finding)
        )

    def _draw(self, index: int) -> Text:
        line = self._lines[index]
        ink = Ink(self.app)
        if line.finding is not None:
            return finding_line(ink, line.finding, self.marked, 4)
        step = line.step
        shape, tone = STATES[step.state]
        text = Text(no_wrap=True)
        number = len(step.findings)
        fold = " " if not number else "▾" if step.id in self._open_steps else "▸"
        text.append(f"{fold} {line.number}. ", style="bold")
        text.append(f"{step.title}  ", style="bold")
        text.append(f"{shape} {step.state}", style=ink.style(tone))
        if number:
            notes = all(finding.severity == "note" for finding in step.findings)
            counted = several(number, "note" if notes else "finding")
            text.append(f"  {counted}", style=ink.style("quiet"))
        return text

    def action_fold(self, fold: bool) -> None:
        line = self.line
        if line is None:
            return
        if fold:
            self._open_steps.discard(line.step.id)
            index = next(i for i, o in enumerate(self._lines) if o.step.id == line.step.id)
            self.query_one(Steps).move_to(index)
        elif line.finding is not None or not line.step.findings:
            self.query_one(Steps).action_cursor_down()
        else:
            self._open_steps.add(line.step.id)
        self._fill()
        self._show_line()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        line = self._lines[event.index]
        if event.entered and line.finding is not None:
            from isoview.tui.module_place import Selection

            place = Selection(finding=line.finding.fingerprint)
            self.isoview.navigation.go("module", self.entry, place)
        elif event.entered and line.step.findings:
            self.action_fold(line.step.id in self._open_steps)
        elif event.entered:
            self.notify(f"{line.step.title}: {line.step.reason or 'nothing is open in this step'}.")
        self._show_line()
        self.refresh_bindings()

    # -- about a line ---------------------------------------------------------------------------

    def _show_line(self) -> None:
        line = self.line
        pane, page = self.query_one("#step-pane"), self.query_one(StepPage)
        if line is None:
            report = self.entry.report
            empty = "no extension module: there is nothing to port" if report else "reading…"
            pane.border_title = None
            page.query_one(Static).update(shown(self.nothing_listed(1) if self._steps else empty))
            return
        about = self._about_step(line) if line.finding is None else self._about(line.finding)
        title = (
            line.step.title if line.finding is None else f"{line.finding.rule} {line.finding.name}"
        )
        pane.border_title = shown(title)
        page.query_one(Static).update(about)
        page.scroll_home(animate=False)

    def _about_step(self, line: Line) -> Text:
        ink = Ink(self.app)
        step = line.step
        text = Text()
        if step.state != "done":
            text.append("When it is done: ", style="bold")
            text.append_text(prose(f"{step.unlocks}.")).append("\n")
        if step.reason:
            text.append_text(shown(f"Not known: {step.reason}.", ink.style("warning"))).append("\n")
        if not step.findings:
            text.append("Nothing is open in this step.\n" if step.state == "done" else "")
        rules = Counter((f.rule, f.name, f.severity) for f in step.findings)
        for (rule, name, severity), number in rules.items():
            text.append("\n").append_text(shown(f"{rule} {name}", ink.style(severity)))
            text.append(f"  {several(number, 'finding')}\n", style=ink.style("quiet"))
            text.append_text(prose(texts.why(rule)[0])).append("\n")
        return text

    def _about(self, finding: Finding) -> Text:
        ink = Ink(self.app)
        report = self.entry.report
        text = Text()
        text.append_text(shown(says(finding), "bold")).append("\n")
        if finding.reason:
            decided = f"{SHOWN[finding.status]}: {finding.reason}"
            text.append_text(shown(decided, ink.style("good"))).append("\n")
        text.append_text(prose(texts.why(finding.rule)[0])).append("\n")
        if report is not None:
            generator = report.facts.generator
            text.append("\n").append_text(shown(f"Fix ({generator})", "bold")).append("\n")
            text.append_text(prose(texts.fix_text(finding.rule, generator))).append("\n")
        text.append("\nguide ", style=ink.style("quiet"))
        text.append_text(shown(texts.section_title(finding.guide)))
        text.append("  (o goes there)", style=ink.style("quiet"))
        return text

    # -- what DecidingScreen asks ---------------------------------------------------------------

    def all_findings(self) -> tuple[Finding, ...]:
        return self.entry.report.findings if self.entry.report else ()

    def listed_findings(self) -> tuple[Finding, ...]:
        return tuple(f for step in self._steps for f in step.findings if self._keeps(f))

    def chosen_findings(self) -> tuple[Finding, ...]:
        line = self.line
        if line is None:
            return ()
        if line.finding is not None:
            return (line.finding,)
        return tuple(f for f in line.step.findings if self._keeps(f))

    def to_the_list(self) -> None:
        self.query_one(Steps).focus()

    def step_on(self) -> None:
        self.query_one(Steps).action_cursor_down()

    # -- keys -----------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        name = action.split("(", maxsplit=1)[0]
        if name == "copy" and self.line is None:
            return "there is no line under the cursor"
        if name == "guide" and not self.chosen_findings():
            return "there is no finding under the cursor"
        if name == "read_again" and self.entry.reading:
            return "the file is being read"
        return self.why_not_decide(name)

    def action_guide(self) -> None:
        self.isoview.navigation.go("guide", self.entry, self.hint("guide"))

    def action_read_again(self) -> None:
        self.isoview.read_again(self.entry)

    def action_copy(self) -> None:
        line = self.line
        if line is not None:
            self.isoview.copy(line.finding.fingerprint if line.finding else line.step.title)

    def action_copy_markdown(self) -> None:
        from isoview.tui.copying import plan_markdown

        self.isoview.copy(plan_markdown(self.entry.name, self._steps))

    def action_leave(self) -> None:
        if self.leave_findings():
            return
        if self.filter:
            self.set_filter("")
            self.to_the_list()
        elif self.is_in("step"):
            self.to_the_list()
        else:
            self.isoview.leave(self)
