"""The Workspace screen: many modules, filling in while they are read; what blocks a question."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from isoview.tui.entry import Entry
from isoview.tui.filtering import Filter
from isoview.tui.ink import Ink
from isoview.tui.navigation import PlacedScreen
from isoview.tui.shared_keys import FILTER_LINES, HELP, QUIT
from isoview.tui.widgets.answer_bar import AnswerBar
from isoview.tui.widgets.bars import FilterBar
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.lines import LineTable
from isoview.tui.widgets.modules import ModulesTable
from isoview.tui.workspace import FIELDS, SORTS, VERDICTS, Row, Workspace
from isoview.tui.workspace_control import WorkspaceControl
from isoview.tui.workspace_words import amount, detail, empty, standing, still


class WorkspaceScreen(PlacedScreen):
    """Chooses a module among many, and says which of them block what."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        FILTER_LINES,
        Binding("b", "blockers", "blockers", tooltip="Show only the files that block the asked question, and what pulls each in"),
        Binding("Q", "question(1)", "question", tooltip="Ask the next of the four questions"),
        Binding("J", "question(-1)", "question before", show=False, tooltip="Ask the question before"),
        Binding("s", "sort(1)", "sort", tooltip="Sort by the next column"),
        Binding("S", "backwards", "backwards", show=False, tooltip="Turn the order round"),
        Binding("t", "toolchain", "toolchain", tooltip="Show only what one toolchain made; again for the next, then all"),
        Binding("v", "verdict", "verdict", show=False, tooltip="Show only what blocks the asked question, is unknown, or is ready; then all"),
        Binding("E", "flat", "flat list", show=False, tooltip="By distribution, or one flat list of files"),
        Binding("space", "fold_or_unfold", "fold", show=False, tooltip="Fold or unfold a distribution"),
        Binding("tab,shift+tab", "pane", "pane", show=False, key_display="⇥", tooltip="Go to the answer on top, and back"),
        Binding("e", "export", "export", show=False, tooltip="Write what is shown to a Markdown file here"),
        Binding("y", "copy", "copy", show=False, tooltip="Copy the path of this file"),
        Binding("Y", "copy_markdown", "copy as Markdown", show=False, tooltip="Copy what is shown as a Markdown table"),
        Binding("R", "read_again", "read again", show=False, tooltip="Read every file again that changed"),
        Binding("escape", "leave", "back", show=False, tooltip="Leave what is open: typed words, filters, screen"),
        QUIT,
    ]  # fmt: skip
    VIEW = "workspace"

    def __init__(self, control: WorkspaceControl) -> None:
        super().__init__()
        self.control = control
        self._moved = False  # the cursor stays on the first line until somebody moves it
        self._shown_state = ""
        self._table: ModulesTable | None = None  # asked for at every key: not looked up each time

    @property
    def workspace(self) -> Workspace:
        return self.control.workspace

    @property
    def is_composed(self) -> bool:
        """Whether there is something to show it with: not before the first, nor after the end."""
        return self._table is not None and self._table.is_attached

    @property
    def table(self) -> ModulesTable:
        return self._table or self.query_one(ModulesTable)

    @property
    def row(self) -> Row | None:
        return self._table.current if self._table is not None else None

    # -- the place ------------------------------------------------------------------------------

    @property
    def crumb(self) -> str:
        return self.workspace.title or "workspace"

    @property
    def entry_at_hand(self) -> Entry | None:
        row = self.row
        return self.control.entry_of(row.module) if row and row.module else None

    def here(self) -> Any:
        return self.row.key if self.row else None

    def go_to(self, state: Any) -> None:
        self.table.go_to(state)

    # -- showing --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        yield AnswerBar(id="answers")
        yield Static(id="standing", markup=False)
        yield ModulesTable(self.workspace)
        yield Static(id="line-detail", markup=False)
        bar = FilterBar()
        bar.display = False
        yield bar
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show_workspace())
        self._table = self.query_one(ModulesTable)
        self._table.focus()
        self.show_workspace()
        self.set_interval(1.0, self._tick)

    def show_workspace(self) -> None:
        """Show everything as it is now; the cursor keeps its place."""
        workspace = self.workspace
        bar = self.query_one(AnswerBar)
        bar.question = workspace.question
        if workspace.groups:
            bar.counts = {field: workspace.counts(field) for field in FIELDS}
        self.table.show(follow=self._moved)
        if not self.table.rows:
            self.table.silence = empty(workspace)
        self._show_progress()
        self._show_detail()
        if workspace.state != self._shown_state:
            self._shown_state = workspace.state
            self.refresh_bindings()

    def show_entry(self) -> None:
        """An opened module changed."""
        self.control.entries_changed()

    def _tick(self) -> None:
        """The time that is left passes by itself; nothing else does."""
        if self.control.is_busy:
            self._show_progress()

    def _show_progress(self) -> None:
        workspace = self.workspace
        right = amount(workspace)
        crumbs = self.isoview.navigation.crumbs(self)
        self.query_one(Breadcrumb).show(crumbs, right, still(workspace))
        line = standing(workspace, Ink(self.app), self.size.width)
        self.query_one("#standing", Static).update(line, layout=False)

    def _show_detail(self) -> None:
        ink = Ink(self.app)
        line = detail(self.workspace, self.row, ink) if self.row else Text()
        self.query_one("#line-detail", Static).update(line, layout=False)

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self.show_workspace)

    def on_line_table_moved(self, _event: LineTable.Moved) -> None:
        self._moved = self._moved or self.table.cursor > 0
        self._show_detail()

    # -- opening --------------------------------------------------------------------------------

    def on_line_table_opened(self) -> None:
        row = self.row
        if row is None:
            return
        if row.module is not None and (row.inside or len(row.group.modules) == 1):
            self._moved = True
            self.isoview.open_entry(self.control.entry_of(row.module))
        else:
            self.table.toggle()

    def on_line_table_head_clicked(self, event: LineTable.HeadClicked) -> None:
        if event.key not in SORTS:
            self.app.notify("The list cannot be sorted by this column.")
        elif event.key == self.workspace.sort:
            self.action_backwards()
        else:
            self._sort_by(event.key)

    # -- keys -----------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        name = action.split("(", maxsplit=1)[0]
        if name in {"copy", "fold_or_unfold"} and self.row is None:
            return "there is no line"
        if name in {"export", "copy_markdown"} and not self.workspace.modules():
            return "no file is read yet"
        if name == "read_again" and self.control.is_busy:
            return "the files are being read"
        if name == "toolchain" and not self.workspace.toolchains():
            return "no toolchain is known yet"
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        typing = self.focused is not None and self.focused.has_class("editor")
        if typing and action not in {"pane", "leave"}:
            return False  # the keys are typed into an editor
        return None if self.why_not(action) else True

    def action_pane(self) -> None:
        bar = self.query_one(AnswerBar)
        (self.table if bar.has_focus else bar).focus()

    def action_question(self, step: int) -> None:
        place = (FIELDS.index(self.workspace.question) + step) % len(FIELDS)
        self._ask(FIELDS[place])

    def _ask(self, question: str) -> None:
        self.workspace.question = question
        if self.workspace.sort in FIELDS:
            self.workspace.sort = question
        self.show_workspace()

    def on_answer_bar_asked(self, event: AnswerBar.Asked) -> None:
        self._ask(event.question)
        if event.entered:
            self.table.focus()
            self.workspace.blockers = True
            self.show_workspace()

    def action_blockers(self) -> None:
        self.workspace.blockers = not self.workspace.blockers
        self.show_workspace()

    def action_verdict(self) -> None:
        steps = ("", *VERDICTS)
        self.workspace.blockers = False
        place = steps.index(self.workspace.verdict)
        self.workspace.verdict = steps[(place + 1) % len(steps)]
        self.show_workspace()

    def action_toolchain(self) -> None:
        steps = ["", *self.workspace.toolchains()]
        now = self.workspace.toolchain
        place = steps.index(now) if now in steps else 0
        self.workspace.toolchain = steps[(place + 1) % len(steps)]
        self.show_workspace()

    def action_sort(self, step: int) -> None:
        place = (SORTS.index(self.workspace.sort) + step) % len(SORTS)
        self._sort_by(SORTS[place])

    def _sort_by(self, column: str) -> None:
        self.workspace.sort = column
        self.workspace.backwards = False
        if column in FIELDS:
            self.workspace.question = column
        self.show_workspace()

    def action_backwards(self) -> None:
        self.workspace.backwards = not self.workspace.backwards
        self.show_workspace()

    def action_flat(self) -> None:
        self.workspace.flat = not self.workspace.flat
        self.show_workspace()

    def action_fold_or_unfold(self) -> None:
        self.table.toggle()

    def action_filter(self) -> None:
        self.query_one(FilterBar).open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        self.workspace.filter = Filter(event.text) or None
        self.show_workspace()

    def on_filter_bar_left(self) -> None:
        self.table.focus()

    def action_copy(self) -> None:
        row = self.row
        if row is not None:
            self.isoview.copy(row.module.path if row.module else row.group.called)

    def action_copy_markdown(self) -> None:
        from isoview.tui.workspace_export import markdown

        self.isoview.copy(markdown(self.workspace, limit=100))

    def action_export(self) -> None:
        from isoview.tui.workspace_export import write

        try:
            path = write(self.workspace)
        except OSError as error:
            self.app.notify(f"Not written: {error.strerror}: {error.filename}", severity="error")
            return
        self.app.notify(f"Written to {path}.")

    def action_read_again(self) -> None:
        self.control.start()

    def action_leave(self) -> None:
        workspace = self.workspace
        if workspace.filter:
            self.query_one(FilterBar).clear()
            self.table.focus()
        elif self.query_one(AnswerBar).has_focus:
            self.table.focus()
        elif workspace.is_filtered:
            workspace.blockers, workspace.toolchain, workspace.verdict = False, "", ""
            self.show_workspace()
        else:
            self.isoview.leave(self)
