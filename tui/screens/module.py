"""The Module screen: one extension, its facts, its findings, and what to do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from isoview.tui import module_place, words
from isoview.tui.entry import Entry
from isoview.tui.ink import shown
from isoview.tui.marks import counts
from isoview.tui.screens.deciding import DecidingScreen, decisions
from isoview.tui.shared_keys import FILTER_LINES, HELP, NEXT_PANE, PANE_BEFORE, QUIT, ZOOM
from isoview.tui.widgets.detail import DetailPane
from isoview.tui.widgets.fact_tree import FactTree
from isoview.tui.widgets.findings import FindingsTable
from isoview.tui.widgets.header import Breadcrumb, VerdictBar
from isoview.tui.widgets.key_bar import KeyBar

# What the first paint does not need is imported where it is first used.
if TYPE_CHECKING:
    from isoview.inspectors.binary.decode import Structure
    from isoview.model import Finding
    from isoview.tui.branch import Branch
    from isoview.tui.rows import Row
    from isoview.tui.widgets.markdown_faces import GuideFace, LinkPicked


class ModuleScreen(DecidingScreen):
    """Selecting in one pane moves the others; results stream in while the keys work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        FILTER_LINES,
        NEXT_PANE,
        PANE_BEFORE,
        *decisions(shown=False),
        Binding("l", "live", "import", tooltip="Import the module in a child process and look at it (asks first)"),
        Binding("L", "experiments", "runs", tooltip="Run experiments on the module: imported twice, in sub-interpreters, without the GIL, ..."),
        Binding("o", "face('guide')", "guide", tooltip="Show the guide section that belongs to this"),
        Binding("x", "evidence", "raw values", show=False, tooltip="Show the evidence; again, every field with its raw value"),
        Binding("f", "face('fix')", "fix", tooltip="Show the fix for the toolchain that made this file"),
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy the id of what is selected"),
        Binding("Y", "copy_markdown", "copy as Markdown", show=False, tooltip="Copy what is selected as Markdown"),
        Binding("R", "read_again", "read again", show=False, tooltip="Read the file again and mark what changed"),
        Binding("escape", "leave", "back", show=False, tooltip="Leave what is open: zoom, filter, face, screen"),
        QUIT,
    ]  # fmt: skip
    # Screen declares this without ClassVar, and reads it from the class.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VIEW = "module"
    SHOWS_VIEWS = True
    PANES = ("verdict", "facts", "table", "detail")
    WHERE = "One module: its verdict on top, then facts, findings and details."

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self._row: Row | None = None
        self._listed: tuple[Finding, ...] = ()
        self.chosen_branch: Branch | None = None
        self._asked: object = None  # whose structures are being decoded
        self.moved = False  # the cursor stays on the worst finding until somebody moves it

    @property
    def crumb(self) -> str:
        return self.entry.name

    def here(self) -> Any:
        return module_place.here(self)

    def hint(self, view: str) -> Any:
        return module_place.hint(self, view)

    def go_to(self, state: Any) -> None:
        if self.entry.report is None:
            self.arriving = state  # the file is being read
        else:
            module_place.go_to(self, state)

    def compose(self) -> ComposeResult:
        yield Breadcrumb(id="breadcrumb")
        yield VerdictBar(id="verdict")
        with Horizontal(id="panes"):
            with Vertical(id="facts-pane", classes="pane"):
                yield FactTree(id="facts")
            with Container(id="right"):
                with Vertical(id="findings-pane", classes="pane"):
                    yield FindingsTable(id="table")
                    yield Static(id="silence", markup=False)
                yield DetailPane(id="detail", classes="pane")
        yield Static(id="problem", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#facts-pane").border_title = "facts"
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show_entry())
        self.show_entry()

    # -- what arrives ---------------------------------------------------------------------------

    def show_entry(self) -> None:
        """Show the entry as it is now; every pane keeps its place."""
        entry = self.entry
        self.query_one(Breadcrumb).show_entry(self.isoview.navigation.crumbs(self), entry)
        # Panes that have nothing to show would be most of what the first paint costs.
        self.query_one("#panes").display = entry.report is not None
        if entry.report is not None and self.focused is None:
            self.set_focus(self.query_one(FindingsTable))
        self.query_one("#verdict").display = entry.report is not None or entry.error is None
        self._show_why_empty()
        self.query_one(VerdictBar).verdict = entry.report.verdict if entry.report else None
        self._fill_tree()
        self._fill_table()
        self._show_chosen()
        if self.arriving is not None and entry.report is not None:
            state, self.arriving = self.arriving, None
            self.go_to(state)
        self.refresh_bindings()

    def _show_why_empty(self) -> None:
        """In the place of the panes, for as long as there is nothing to show in them."""
        instead = self.query_one("#problem", Static)
        instead.display = self.entry.report is None
        error = self.entry.error
        if self.entry.report is not None:
            return
        if error is None:
            instead.update(shown(words.silence(self.entry), "dim"))
            return
        text = Text.assemble(shown(error.error, "bold"), "\n", shown(error.hint), "\n\n")
        instead.update(text + Text("R reads it again, q leaves isoview.", style="dim"))

    def _fill_tree(self) -> None:
        entry = self.entry
        tree = self.query_one(FactTree)
        if entry.report is None:
            return
        from isoview.tui.outline import outline
        from isoview.tui.outline_live import with_live

        branches = with_live(outline(entry.report, entry.subjects), entry)
        if self.filter:
            branches = tuple(self.filter.branches(branches, entry.subjects))
        tree.fill(branches, entry.changed)

    def _fill_table(self) -> None:
        entry = self.entry
        findings = entry.report.findings if entry.report else ()
        kept, gone = findings, entry.gone
        if self.filter:
            kept = tuple(filter(self.filter.keeps_finding, kept))
            gone = tuple(filter(self.filter.keeps_finding, gone))
        if self.only is not None:
            kept, gone = tuple(filter(self.keeps_status, kept)), ()
        self._listed = kept
        table = self.query_one(FindingsTable)
        unfold = bool(self.filter) or self.only is not None
        table.fill(kept, entry.new, gone, self.marked, unfold=unfold)
        if not self.moved:
            table.move_cursor(row=0)
        silence = self.query_one("#silence", Static)
        silence.display = table.count == 0
        silence.update(shown(self.nothing_listed(len(findings)) or words.silence(entry)))
        pane = self.query_one("#findings-pane")
        said = counts(entry.report, pane.size.width - 14) if entry.report else "…"
        pane.border_title = shown(f"findings  {said}")
        pane.border_subtitle = self.listed_text(len(kept), len(findings))

    def _show_chosen(self) -> None:
        """Show the selection again after the entry changed; the worst finding at first."""
        row = self.query_one(FindingsTable).current
        if self.chosen_branch is not None:
            self.choose_branch(self.query_one(FactTree).current or self.chosen_branch)
        elif self.query_one(VerdictBar).has_focus:
            self.choose_question(self.query_one(VerdictBar).question)
        elif row is not None:
            self.choose_row(row)
        elif self.entry.report is not None:  # nothing was found: what does it amount to?
            self.choose_question(self.query_one(VerdictBar).question)

    # -- selecting: one pane moves the others ---------------------------------------------------

    def choose_row(self, row: Row) -> None:
        self._asked = None
        self._row, self.chosen_branch = row, None
        subject = self.entry.subjects.of(row.finding)
        if subject is not None and not self.query_one(FactTree).has_focus:
            # A folded rule is about a whole branch: its lines need not unfold.
            self.query_one(FactTree).reveal_about(subject, whole_branch=row.is_group)
        self.query_one(DetailPane).show_row(self.entry, row)
        if not row.gone and not row.is_group:
            self._decode(row.finding)

    def choose_branch(self, branch: Branch) -> None:
        self._asked = None
        self.chosen_branch = branch
        findings = self.entry.subjects.findings(branch.about)
        from isoview.tui.branch import GuideRef

        if isinstance(branch.about, GuideRef) and self.entry.report is not None:
            section = branch.about.section
            findings = tuple(f for f in self.entry.report.findings if f.guide == section)
        if findings and not self.query_one(FindingsTable).has_focus:
            self.query_one(FindingsTable).reveal(
                findings[0], unfold=branch.about is not None and len(findings) < 2
            )
        self.query_one(DetailPane).show_branch(self.entry, branch)
        if branch.about is not None and not isinstance(branch.about, GuideRef):
            self._decode(branch.about)

    def _decode(self, subject: object) -> None:
        self._asked = subject
        self.isoview.decode(self.entry, subject)

    def show_structures(
        self, subject: object, structures: tuple[Structure, ...], note: str
    ) -> None:
        """Show what was decoded, unless something else was chosen meanwhile."""
        if subject is self._asked:
            self.query_one(DetailPane).evidence.show_structures(structures, note)

    def choose_question(self, question: str) -> None:
        self._asked = self.chosen_branch = None
        self.query_one(DetailPane).show_question(self.entry, question)

    def on_findings_table_chosen(self, event: FindingsTable.Chosen) -> None:
        self.moved = self.moved or self.query_one(FindingsTable).cursor_row > 0
        self.choose_row(event.row)
        if event.entered:
            self.query_one(DetailPane).focus_face()

    def on_fact_tree_chosen(self, event: FactTree.Chosen) -> None:
        self.moved = True
        self.choose_branch(event.branch)

    def on_verdict_bar_asked(self, event: VerdictBar.Asked) -> None:
        self.choose_question(event.question)
        report = self.entry.report
        if not event.entered or report is None or report.verdict is None:
            return
        decided = words.answer_of(report.verdict, event.question).decided_by
        finding = next((f for f in report.findings if f.fingerprint in decided), None)
        if finding is None:
            self.notify("No finding decided this question.")
        else:
            self._go_to(finding)

    def on_guide_face_chosen(self, event: GuideFace.Chosen) -> None:
        self._go_to(event.finding)
        self.query_one(DetailPane).face = "evidence"

    def _go_to(self, finding: Finding) -> None:
        """Put the cursor on one finding, wherever it is folded; ``[`` comes back."""
        self.isoview.navigation.remember()
        table = self.query_one(FindingsTable)
        table.reveal(finding, unfold=True)
        table.focus()
        if table.current is not None:
            self.choose_row(table.current)

    def on_link_picked(self, event: LinkPicked) -> None:
        self.isoview.copy(event.address)

    # -- keys -----------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        name = action.split("(", maxsplit=1)[0]
        if (
            name in {"decide", "mark", "live", "experiments", "copy_markdown"}
            and self.entry.report is None
        ):
            return "the file is not read yet" if self.entry.reading else "the file was not read"
        if (said := self.why_not_decide(name)) is not None:
            return said
        if name == "copy_markdown" and self._row is None:
            return "there is no finding to copy"
        if name == "read_again" and self.entry.reading:
            return "the file is being read"
        if name in {"live", "experiments"}:
            return self._why_not_live()
        return None

    def _why_not_live(self) -> str | None:
        report = self.entry.report
        if self.entry.live.state == "running":
            return "the module is being imported already"
        if report is not None and not report.facts.artifact.is_extension:
            return "this file is no extension module"
        return None

    def focus_target(self, pane: Widget) -> Widget:
        return pane.face_to_focus if isinstance(pane, DetailPane) else pane

    def action_face(self, face: str) -> None:
        self.query_one(DetailPane).face = face

    def action_evidence(self) -> None:
        detail = self.query_one(DetailPane)
        if detail.face == "evidence":
            detail.evidence.toggle_everything()
        else:
            detail.face = "evidence"

    def action_leave(self) -> None:
        detail = self.query_one(DetailPane)
        if self.leave_findings():
            return
        if self.filter:
            self.set_filter("")
            self.query_one(FindingsTable).focus()
        elif detail.face != "evidence":
            detail.face = "evidence"
        elif detail.has_focus_within:
            self.query_one(FindingsTable).focus()
        else:
            self.isoview.leave(self)

    def action_copy(self) -> None:
        if self.chosen_branch is not None:
            self.isoview.copy(f"{self.chosen_branch.name} {self.chosen_branch.value}".strip())
        elif self._row is not None:
            finding = self._row.finding
            self.isoview.copy(finding.rule if self._row.is_group else finding.fingerprint)
        else:
            self.isoview.copy(self.entry.path)

    def action_copy_markdown(self) -> None:
        from isoview.tui.copying import finding_markdown

        if self._row is not None and self.entry.report is not None:
            self.isoview.copy(finding_markdown(self._row.findings, self.entry.report))

    # -- what DecidingScreen asks ---------------------------------------------------------------

    def all_findings(self) -> tuple[Finding, ...]:
        return self.entry.report.findings if self.entry.report else ()

    def listed_findings(self) -> tuple[Finding, ...]:
        return self._listed

    def chosen_findings(self) -> tuple[Finding, ...]:
        row = self._row
        return row.findings if row is not None and not row.gone and self._listed else ()

    def list_anew(self) -> None:
        self._fill_tree()
        self._fill_table()
        row = self.query_one(FindingsTable).current
        if row is not None and self.chosen_branch is None:
            self.choose_row(row)

    def to_the_list(self) -> None:
        self.query_one(FindingsTable).focus()

    def step_on(self) -> None:
        self.query_one(FindingsTable).action_cursor_down()

    def before_deciding(self) -> None:
        self.moved = True
        self.query_one(FindingsTable).stay_on_line()

    def action_read_again(self) -> None:
        self.isoview.read_again(self.entry)

    def action_live(self) -> None:
        self.isoview.ask_live(self.entry)

    def action_experiments(self) -> None:
        self.isoview.experiments.open(self.entry)
