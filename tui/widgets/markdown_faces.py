"""The guide and fix faces. This file is imported when one of them is first opened: Markdown is dear."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Markdown, OptionList, Static
from textual.widgets.option_list import Option

from isoview.model import Finding
from isoview.tui import texts
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import SCORE, finding_mark
from isoview.tui.rows import subject
from isoview.tui.widgets.faces import Page
from isoview.tui.widgets.moves import MOVES


class MarkdownFace(Vertical):
    """A face of Markdown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._wanted = ""
        self._rendered: str | None = None

    def compose(self) -> ComposeResult:
        yield Page()

    def want(self, markdown: str) -> None:
        """Set the text."""
        self._wanted = markdown
        if self.is_mounted:
            self._render_markdown()

    def on_mount(self) -> None:
        self._render_markdown()

    @property
    def markdown(self) -> str:
        """The text that the face shows."""
        return self._wanted

    def _render_markdown(self) -> None:
        if self._wanted == self._rendered:
            return
        self._rendered = self._wanted
        page = self.query_one(Page)
        existing = page.query(Markdown)
        if existing:
            existing.first().update(self._wanted)
        else:
            page.mount(Markdown(self._wanted, open_links=False))
        page.scroll_home(animate=False)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        self.post_message(LinkPicked(event.href))


class LinkPicked(Message):
    """A link was clicked: it is copied, never opened behind the user's back."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


class FixFace(MarkdownFace):
    """How to fix it, in the words of the toolchain that made the file."""

    def point(self, rule: str | None, generator: str) -> None:
        """Turn to a rule."""
        if rule is None:
            self.want("There is nothing to fix here: no finding is about this line.")
        else:
            self.want(texts.fix_markdown(rule, generator))


class SectionFindings(OptionList):
    """The findings that belong to the shown guide section; entering one goes to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("enter", "select", "go to the finding", tooltip="Go to this finding"),
    ]
    WHERE = "The findings of this guide section: enter goes to one."

    # Textual takes for granted that a list has lines: one without room has none.

    def action_page_up(self) -> None:
        if self.scrollable_content_region:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        if self.scrollable_content_region:
            super().action_page_down()  # type: ignore[no-untyped-call]


class GuideFace(MarkdownFace):
    """A section of the guide, and the findings that lead to it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._section: str | None = None
        self._findings: tuple[Finding, ...] = ()

    class Chosen(Message):
        """A finding of the section was chosen."""

        def __init__(self, finding: Finding) -> None:
            super().__init__()
            self.finding = finding

    def compose(self) -> ComposeResult:
        yield Static(id="score", markup=False)
        yield SectionFindings(markup=False, compact=True)
        yield Page()

    @property
    def section(self) -> str | None:
        """The id of the shown section."""
        return self._section

    @property
    def address(self) -> str:
        """The upstream address of the shown section."""
        return texts.guide_markdown(self._section)[1] if self._section else ""

    def point(self, section: str | None, findings: tuple[Finding, ...], score: str | None) -> None:
        """Turn to a section and its findings."""
        self._section, self._findings = section, findings
        self._fill(score)
        if section is None:
            self.want("No guide section belongs to this line.")
        else:
            self.want(texts.guide_markdown(section)[0])

    def _fill(self, score: str | None) -> None:
        ink = Ink(self.app)
        options = self.query_one(SectionFindings)
        options.clear_options()
        options.add_options([Option(_finding_line(ink, f)) for f in self._findings])
        options.display = bool(self._findings)
        options.highlighted = 0 if self._findings else None
        head = Text()
        if score:
            head.append(f"{SCORE.get(score, '?')} {score}")
        if self._findings:
            number = len(self._findings)
            plural = "" if number == 1 else "s"
            head.append(f"  {number} finding{plural} here:", style=ink.style("quiet"))
        line = self.query_one("#score", Static)
        line.update(head)
        line.display = bool(head)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self._findings[event.option_index]))


def _finding_line(ink: Ink, finding: Finding) -> Text:
    mark = finding_mark(finding)
    return Text.assemble(
        (f"{mark.shape} {finding.rule} ", ink.style(mark.tone)),
        shown(f"{finding.name}  ", limit=60),
        shown(subject(finding), ink.style("quiet"), limit=120),
        no_wrap=True,
    )
