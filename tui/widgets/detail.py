"""The detail pane: one thing seen three ways. Evidence, guide section, fix for this generator."""

from collections.abc import Callable
from typing import ClassVar

from isoview.tui import evidence_text
from isoview.tui.branch import Branch, GuideRef
from isoview.tui.entry import Entry
from isoview.tui.ink import Ink
from isoview.tui.rows import Row
from isoview.tui.widgets.faces import EvidenceFace, FixFace, GuideFace, Head
from rich.console import RenderableType
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from isoview.model import Finding

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
        Binding("right", "turn(1)", "Next face", show=False, tooltip="Evidence, guide, fix"),
        Binding("left", "turn(-1)", "Face before", show=False, tooltip="Fix, guide, evidence"),
    ]

    face: reactive[str] = reactive(FACES[0])

    def compose(self) -> ComposeResult:
        yield FaceTabs()
        with ContentSwitcher(initial=FACES[0]):
            yield EvidenceFace(id="evidence")
            yield GuideFace(id="guide")
            yield FixFace(id="fix")

    # -- what is shown --------------------------------------------------------------------------

    def show_row(self, entry: Entry, row: Row) -> None:
        """A line of the findings table."""
        finding = row.finding

        def head(ink: Ink, _width: int) -> RenderableType:
            return evidence_text.heading(ink, row)

        self._show(entry, head, evidence_text.rest(row))
        self._point(entry, finding.guide, finding)

    def show_branch(self, entry: Entry, branch: Branch) -> None:
        """A line of the fact tree, and the findings about its fact."""
        if isinstance(branch.about, GuideRef):
            self.show_section(entry, branch.about.section)
            return
        findings = entry.subjects.findings(branch.about)
        self._show(entry, lambda ink, _width: evidence_text.about_branch(ink, branch, findings))
        first = findings[0] if findings else None
        self._point(entry, first.guide if first else None, first)

    def show_question(self, entry: Entry, field: str) -> None:
        """One of the four questions of the verdict."""
        self._show(entry, lambda ink, _width: evidence_text.about_question(ink, entry, field))
        self.face = "evidence"

    def show_section(self, entry: Entry, section: str) -> None:
        """A guide section, and its findings."""
        self._point(entry, section, None)
        self.face = "guide"

    def _show(self, entry: Entry, head: Head, rest: RenderableType | None = None) -> None:
        if entry.report is not None:
            self.query_one(FaceTabs).generator = entry.report.facts.generator
        self.evidence.show(head, rest)

    def _point(self, entry: Entry, section: str | None, finding: Finding | None) -> None:
        """Turn the guide and fix faces to what belongs to the shown thing."""
        report = entry.report
        findings = report.findings if report else ()
        belonging = tuple(f for f in findings if f.guide == section)
        score = report.scorecard.get(section or "") if report else None
        self.query_one(GuideFace).point(section, belonging, score)
        generator = report.facts.generator if report else "C"
        self.query_one(FixFace).point(finding.rule if finding else None, generator)

    # -- faces ----------------------------------------------------------------------------------

    @property
    def evidence(self) -> EvidenceFace:
        return self.query_one(EvidenceFace)

    def watch_face(self, face: str) -> None:
        if not self.is_mounted:
            return
        inside = self.has_focus_within
        self.query_one(ContentSwitcher).current = face
        self.query_one(FaceTabs).face = face
        for each in (GuideFace, FixFace):
            self.query_one(each).open(face == self.query_one(each).id)
        if inside:
            self.focus_face()

    def focus_face(self) -> None:
        """Put the keys into the shown face."""
        focus: dict[str, Callable[[], object]] = {
            "evidence": self.evidence.focus,
            "guide": self.query_one(GuideFace).focus_inside,
            "fix": self.query_one(FixFace).focus_inside,
        }
        focus[self.face]()

    def action_turn(self, step: int) -> None:
        self.face = FACES[(FACES.index(self.face) + step) % len(FACES)]

    def on_face_tabs_picked(self, event: FaceTabs.Picked) -> None:
        event.stop()
        self.face = event.face
