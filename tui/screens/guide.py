"""The Guide screen: the outline as a checklist of the module at hand, a section, what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Markdown

from isoview.guide import find
from isoview.tui import guide_outline, texts
from isoview.tui.finding_line import finding_line
from isoview.tui.guide_outline import Line, Link
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import SCORE
from isoview.tui.screens.deciding import DecidingScreen, decisions
from isoview.tui.shared_keys import HELP, NEXT_PANE, PANE_BEFORE, QUIT, ZOOM
from isoview.tui.widgets.faces import Page
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from isoview.model import Finding, Report, Status
    from isoview.tui.entry import Entry

WIDE = 110
"""From this width on, there is room for words beside the marks."""
PATIENCE = 0.12
"""A section is laid out when the cursor has stood on it for so long: Markdown is dear."""
FIRST = "isolating-extension-modules"
SCORE_TONES = {"met": "good", "open": "error", "not-analysed": "warning", "not-applicable": "quiet"}


@dataclass(frozen=True)
class GuidePlace:
    """What is shown: a section, or a rule instead of it; ``pane`` has the keys."""

    section: str = FIRST
    rule: str | None = None
    pane: str = "outline"
    words: str = ""
    only: Status | None = None


class Outline(LineList):
    WHERE = (
        "The outline: ✓ met  ● open  ? not analysed  · not applicable, for this module; a number "
        "counts the findings. / searches all the text."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "enter", "read", tooltip="Go to the text of this section"),
    ]


class Links(LineList):
    WHERE = (
        "What belongs to the text above: findings in this module, rules, the source. enter goes "
        "there, [ comes back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "enter", "go there", tooltip="Go to this finding, rule or section"),
    ]


class SectionPage(Page):
    WHERE = "The text: scroll with j and k; tab goes to its findings and rules."


class GuideScreen(DecidingScreen):
    """Outline on the left, the text on the right, its findings and rules below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("slash", "filter", "search", key_display="/", tooltip="Show only sections that hold the typed words"),
        NEXT_PANE,
        PANE_BEFORE,
        Binding("n", "open_section(1)", "next open", tooltip="Go to the next section that is open for this module"),
        Binding("N", "open_section(-1)", "open before", show=False, tooltip="Go to the open section before"),
        *decisions(shown=False),
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy where the section comes from, or the line below it"),
        Binding("Y", "copy_markdown", "copy as Markdown", show=False, tooltip="Copy the text as Markdown"),
        Binding("escape", "leave", "back", tooltip="Leave what is open: zoom, search, rule, screen"),
        QUIT,
    ]  # fmt: skip
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VIEW = "guide"
    SHOWS_VIEWS = True
    PANES = ("outline", "page", "links")
    FILTER_IN = "#outline-pane"
    WHERE = "The guide to isolating extension modules, as the checklist of one module."
    CSS = """
    GuideScreen #outline-pane { width: 34; height: 1fr; }
    GuideScreen.-wide #outline-pane { width: 52; }
    GuideScreen #page-pane { height: 1fr; }
    GuideScreen #links-pane { height: 8; }
    GuideScreen.-wide #links-pane { height: 13; }
    """

    def __init__(self, entry: Entry | None) -> None:
        super().__init__()
        self.entry = entry
        self._lines: list[Line] = []
        self._links: list[Link] = []
        self._section = FIRST
        self._rule: str | None = None
        self._later: Timer | None = None
        self._text = ""

    @property
    def report(self) -> Report | None:
        return self.entry.report if self.entry else None

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        with Horizontal(id="panes"):
            with Vertical(id="outline-pane", classes="pane"):
                yield Outline(id="outline")
            with Vertical(id="right"):
                with Vertical(id="page-pane", classes="pane"), SectionPage(id="page"):
                    yield Markdown(open_links=False)
                with Vertical(id="links-pane", classes="pane"):
                    yield Links(id="links")
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show_entry())
        self.set_focus(self.query_one(Outline))
        self.list_anew()
        self._open(self._section)

    def on_resize(self) -> None:
        self.list_anew()

    # -- places ---------------------------------------------------------------------------------

    def here(self) -> GuidePlace:
        pane = next((name for name in self.PANES if self.is_in(name)), "outline")
        words = self.filter.text if self.filter else ""
        return GuidePlace(self._section, self._rule, pane, words, self.only)

    def go_to(self, state: Any) -> None:
        if (self.filter.text if self.filter else "") != state.words:
            self.set_filter(state.words)
        self._rule = None
        self.only = state.only
        self._open(state.section)
        if state.rule is not None:
            self._open_rule(state.rule)
        self.focus_pane(state.pane)

    def hint(self, view: str) -> Any:
        if view == "module" and (chosen := self.chosen_findings()):
            from isoview.tui.module_place import Selection

            return Selection(finding=chosen[0].fingerprint)
        return super().hint(view)

    # -- outline --------------------------------------------------------------------------------

    def show_entry(self) -> None:
        """The module was read or decided about: its marks are others."""
        self.list_anew()
        self._fill_links()

    def list_anew(self) -> None:
        words = self.filter.text if self.filter else ""
        self._lines = guide_outline.outline(self.report, words)
        headings = frozenset(i for i, line in enumerate(self._lines) if line.section is None)
        sections = [line.section for line in self._lines]
        at = sections.index(self._section) if self._section in sections else 0
        self.query_one(Outline).fill(len(self._lines), self._line, at, headings)
        pane = self.query_one("#outline-pane")
        number = len(self._lines) - len(headings)
        pane.border_title = Text("guide" if not words else f"guide  {number} with “{words}”")
        pane.border_subtitle = Text("" if number else "no section holds all these words")
        name = self.entry.name if self.entry else ""
        right = guide_outline.score_text(self.report, short=self.size.width < WIDE) or (
            "" if name else "no module is chosen"
        )
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), right)
        if words and self._section not in sections and self._lines:
            self._open(next(section for section in sections if section is not None))
        self.refresh_bindings()

    def _line(self, index: int) -> Text:
        line = self._lines[index]
        ink = Ink(self.app)
        if line.section is None:
            return Text(line.title, style="bold", no_wrap=True)
        mark = SCORE.get(line.score or "", "●" if line.findings else " ")
        tone = SCORE_TONES.get(line.score or "", "error" if line.findings else "quiet")
        text = Text.assemble((f" {mark} ", ink.style(tone)), no_wrap=True)
        number = f" {line.findings}" if line.findings else ""
        title = shown(line.title)
        room = self.query_one(Outline).scrollable_content_region.width - len(number) - 3
        title.truncate(max(room, 10), overflow="ellipsis")  # the number stays in sight
        return text.append_text(title).append(number, style="bold")

    def _open(self, section: str) -> None:
        """Show a section, and put the cursor on it."""
        self._section = section
        sections = [line.section for line in self._lines]
        if section in sections:
            self.query_one(Outline).move_to(sections.index(section))
        self._show()

    def _open_rule(self, code: str) -> None:
        self._rule = code
        self._show()

    def _show(self) -> None:
        """Links at once, the text when nobody moves on."""
        self._fill_links()
        if self._later is not None:
            self._later.stop()
        self._later = self.set_timer(PATIENCE, self._lay_out)

    def _lay_out(self) -> None:
        self._later = None
        if self._rule is not None:
            generator = self.report.facts.generator if self.report else "C"
            text, title = texts.rule_markdown(self._rule, generator), f"rule {self._rule}"
        else:
            text, title = texts.guide_markdown(self._section)[0], "section"
        score = self.report.scorecard.get(self._section) if self.report else None
        if score and self._rule is None:
            title = f"{SCORE.get(score, '?')} {score.replace('-', ' ')} for this module"
        self.query_one("#page-pane").border_title = Text(title)
        if text != self._text:
            self._text = text
            self.query_one(Markdown).update(text)
            self.query_one(SectionPage).scroll_home(animate=False)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        if event.lines.id == "links":
            if event.entered:
                self._follow(self._links[event.index])
            self.refresh_bindings()
            return
        section = self._lines[event.index].section
        if section is not None and (section != self._section or self._rule is not None):
            self._section, self._rule = section, None
            self._show()
        if event.entered:
            self.focus_pane("page")

    def action_open_section(self, step: int) -> None:
        """Go to the next section with something open, round and round."""
        order = list(range(len(self._lines)))
        at = self.query_one(Outline).cursor
        turned = (
            order[at + 1 :] + order[:at] if step > 0 else order[:at][::-1] + order[at + 1 :][::-1]
        )
        for index in turned:
            line = self._lines[index]
            if line.section is not None and (line.score == "open" or line.findings):
                self.isoview.navigation.remember()
                self._rule = None
                self._open(line.section)
                return
        self.notify("No other section is open here.")

    # -- what belongs to it ---------------------------------------------------------------------

    def _fill_links(self) -> None:
        links = self.query_one(Links)
        if self._rule is not None:
            from isoview.rules import find as find_rule

            rule = find_rule(self._rule)
            found = guide_outline.links_of_rule(rule, self.report) if rule else iter(())
        else:
            section = find(self._section)
            found = guide_outline.links_of_section(section, self.report) if section else iter(())
        every = list(found)
        self._links = [
            link for link in every if link.finding is None or self.keeps_status(link.finding)
        ]
        links.fill(len(self._links), self._link_line, links.cursor)
        findings = [link.finding for link in every if link.finding is not None]
        rules = sum(link.rule is not None for link in self._links)
        pane = self.query_one("#links-pane")
        said = (
            [f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"] if self.report else []
        )
        said += [f"{rules} rule{'' if rules == 1 else 's'}"] if rules else []
        pane.border_title = Text(", ".join(said))
        pane.border_subtitle = self.listed_text(len(self.listed_findings()), len(findings))
        self.refresh_bindings()

    def _link_line(self, index: int) -> Text:
        link = self._links[index]
        ink = Ink(self.app)
        if link.finding is not None:
            return finding_line(ink, link.finding, self.marked)
        if link.rule is not None:
            from isoview.rules import find as find_rule

            rule = find_rule(link.rule)
            name = f"{rule.code} {rule.name}  {rule.severity}" if rule else link.rule
            return Text.assemble(("  rule ", ink.style("quiet")), name, no_wrap=True)
        if link.section is not None:
            title = texts.section_title(link.section)
            return Text.assemble(("  section ", ink.style("quiet")), shown(title), no_wrap=True)
        return Text.assemble(
            ("  source ", ink.style("quiet")), shown(link.source or ""), no_wrap=True
        )

    def _follow(self, link: Link) -> None:
        if link.finding is not None and self.entry is not None:
            from isoview.tui.module_place import Selection

            place = Selection(finding=link.finding.fingerprint)
            self.isoview.navigation.go("module", self.entry, place)
        elif link.rule is not None:
            self.isoview.navigation.remember()
            self._open_rule(link.rule)
        elif link.section is not None:
            self.isoview.navigation.remember()
            self._rule = None
            self._open(link.section)
        elif link.source is not None:
            self.isoview.copy(link.source)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        self.isoview.copy(event.href)

    # -- what DecidingScreen asks ---------------------------------------------------------------

    def all_findings(self) -> tuple[Finding, ...]:
        return self.report.findings if self.report else ()

    def listed_findings(self) -> tuple[Finding, ...]:
        return tuple(link.finding for link in self._links if link.finding is not None)

    def chosen_findings(self) -> tuple[Finding, ...]:
        at = self.query_one(Links).cursor
        finding = self._links[at].finding if at < len(self._links) else None
        return (finding,) if finding is not None else ()

    def list_findings_anew(self) -> None:
        self._fill_links()

    def to_the_list(self) -> None:
        self.query_one(Outline).focus()

    def to_the_findings(self) -> None:
        self.query_one(Links).focus()

    def step_on(self) -> None:
        self.query_one(Links).action_cursor_down()

    # -- keys -----------------------------------------------------------------------------------

    def focus_target(self, pane: Widget) -> Widget:
        return pane

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        name = action.split("(", maxsplit=1)[0]
        if name == "open_section" and self.report is None:
            return "no module is chosen: nothing is known to be open"
        return self.why_not_decide(name)

    def action_copy(self) -> None:
        chosen = self.chosen_findings()
        section = find(self._section)
        if self.is_in("links") and chosen:
            self.isoview.copy(chosen[0].fingerprint)
        elif section is not None:
            self.isoview.copy(self._rule or section.url)

    def action_copy_markdown(self) -> None:
        self.isoview.copy(self._text)

    def action_leave(self) -> None:
        if self.leave_findings():
            return
        if self.filter:
            self.set_filter("")
            self.to_the_list()
        elif self._rule is not None:
            self._rule = None
            self._show()
        elif not self.is_in("outline"):
            self.to_the_list()
        else:
            self.isoview.leave(self)
