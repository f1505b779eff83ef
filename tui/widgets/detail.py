"""The detail pane: one thing seen three ways. Evidence, guide section, fix for this generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from isoview.tui.ink import Ink
from isoview.tui.widgets.faces import EvidenceFace, Head, Page

if TYPE_CHECKING:
    from isoview.model import Finding
    from isoview.tui.branch import Branch
    from isoview.tui.entry import Entry
    from isoview.tui.rows import Row

FACES = ("evidence", "guide", "fix")


class FaceTabs(Widget):
    """The names of the three faces, the shown one marked; a click shows another."""

    class Picked(Message):
        def __init__(self, face: str) -> None:
            super().__init__()
            self.face = face

    face: reactive[str] = reactive(FACES[0])
    generator: reactive[str] = reactive("C")

    def render(self) -> RenderResult:
        ink = Ink(self.app)
        line = Text(no_wrap=True)
        for name in FACES:
            label = f"Fix ({self.generator})" if name == "fix" else name.capitalize()
            style = Style(reverse=True) if name == self.face else ink.style("quiet")
            line.append_text(Text(f" {label} ", style=style + Style.from_meta({"face": name})))
            line.append(" ")
        return line

    def on_click(self, event: events.Click) -> None:
        face = event.style.meta.get("face")
        if face:
            self.post_message(self.Picked(face))


class DetailPane(Vertical):
    """Shows a finding, a fact, a question of the verdict or a guide section."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "turn(1)", "next face", show=False, tooltip="Evidence, guide, fix"),
        Binding("left", "turn(-1)", "face before", show=False, tooltip="Fix, guide, evidence"),
    ]

    face: reactive[str] = reactive(FACES[0])

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._entry: Entry | None = None
        self._section: str | None = None
        self._rule: str | None = None
        self.evidence = EvidenceFace(id=FACES[0])
        self._was_filled = False

    def _fill(self) -> None:
        """Mount what is inside, unless it is: while nothing is known there is nothing to paint.

        The other two faces are mounted when they are first opened: Markdown is dear.
        """
        if self._was_filled:
            return
        self._was_filled = True
        switcher = ContentSwitcher(self.evidence, initial=FACES[0])
        self.mount(FaceTabs(), switcher)
        self.call_after_refresh(self.watch_face, self.face)  # chosen before they were there

    # -- what is shown --------------------------------------------------------------------------

    def show_row(self, entry: Entry, row: Row) -> None:
        """A line of the findings table."""
        from isoview.tui import evidence_text

        def head(ink: Ink, everything: bool) -> RenderableType:
            return evidence_text.heading(ink, row, everything=everything)

        self._show(entry, head, evidence_text.rest(row))
        self._point(row.finding.guide, row.finding)

    def show_branch(self, entry: Entry, branch: Branch) -> None:
        """A line of the fact tree, and the findings about its fact."""
        from isoview.tui import evidence_text
        from isoview.tui.branch import GuideRef

        if isinstance(branch.about, GuideRef):
            self.show_section(entry, branch.about.section)
            return
        findings = entry.subjects.findings(branch.about)
        self._show(
            entry, lambda ink, _everything: evidence_text.about_branch(ink, branch, findings)
        )
        first = findings[0] if findings else None
        self._point(first.guide if first else None, first)

    def show_question(self, entry: Entry, field: str) -> None:
        """One of the four questions of the verdict."""
        from isoview.tui import evidence_text

        self._show(entry, lambda ink, _everything: evidence_text.about_question(ink, entry, field))
        self.face = FACES[0]

    def show_section(self, entry: Entry, section: str) -> None:
        """A guide section, and its findings."""
        self._entry = entry
        self._fill()
        self.face = "guide"
        self._point(section, None)

    def _show(self, entry: Entry, head: Head, rest: RenderableType | None = None) -> None:
        self._entry = entry
        self._fill()
        if entry.report is not None:
            self.query_one(FaceTabs).generator = entry.report.facts.generator
        self.evidence.show(head, rest)

    def _point(self, section: str | None, finding: Finding | None) -> None:
        """Turn the guide and fix faces to what belongs to the shown thing."""
        self._section = section
        self._rule = finding.rule if finding else None
        self._point_face()

    def _point_face(self) -> None:
        """Give the face that can be seen its text; the others get theirs when they are opened."""
        report = self._entry.report if self._entry else None
        if report is None or self.face == FACES[0]:
            return
        from isoview.tui.widgets.markdown_faces import FixFace, GuideFace

        for guide in self.query(GuideFace) if self.face == "guide" else ():
            belonging = tuple(f for f in report.findings if f.guide == self._section)
            if guide.is_mounted:  # else it is pointed when it is
                guide.point(self._section, belonging, report.scorecard.get(self._section or ""))
        for fix in self.query(FixFace) if self.face == "fix" else ():
            fix.point(self._rule, report.facts.generator)

    # -- faces ----------------------------------------------------------------------------------

    async def watch_face(self, face: str) -> None:
        if not self.is_filled:
            return
        inside = self.has_focus_within
        switcher = self.query_one(ContentSwitcher)
        if not switcher.query(f"#{face}"):
            from isoview.tui.widgets.markdown_faces import FixFace, GuideFace

            await switcher.add_content(GuideFace(id=face) if face == "guide" else FixFace(id=face))
        if self.face != face or not switcher.query(f"#{face}"):
            return  # another one was chosen meanwhile, or the screen is being left
        switcher.current = face
        self.query_one(FaceTabs).face = face
        self._point_face()
        if inside:
            self.focus_face()

    @property
    def is_filled(self) -> bool:
        """Whether the faces are there."""
        return self.evidence.is_mounted

    @property
    def face_to_focus(self) -> Widget:
        """The part of the shown face that takes the keys."""
        if not self.is_filled:
            return self.evidence
        shown = self.query_one(ContentSwitcher).visible_content
        if shown is None or isinstance(shown, Page):
            return shown or self.evidence
        return shown.query_one(Page)

    def focus_face(self) -> None:
        """Put the keys into the shown face."""
        self.face_to_focus.focus()

    def action_turn(self, step: int) -> None:
        self.face = FACES[(FACES.index(self.face) + step) % len(FACES)]

    def on_face_tabs_picked(self, event: FaceTabs.Picked) -> None:
        event.stop()
        self.face = event.face
