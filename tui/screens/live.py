"""The Live screen: experiments times interpreters, filling in as the children finish."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Input, Static

from isoview.experiments import QUESTIONS, TITLES, cell
from isoview.inspectors.live import EXPERIMENTS
from isoview.tui.ink import Ink, shown
from isoview.tui.navigation import PlacedScreen
from isoview.tui.shared_keys import HELP, QUIT
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.moves import MOVES, SCROLLS

if TYPE_CHECKING:
    from isoview.tui.entry import Entry
    from isoview.tui.live_runs import Runs

WAITING, RUNNING = "·", "▒"
_DETAIL_WIDTH = 100


class LiveTable(DataTable[Text]):
    """One row for each experiment, one column for each interpreter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("h,left", "cursor_left", "move: left", show=False, tooltip="Interpreter to the left"),
        Binding("right", "cursor_right", "move: right", show=False, tooltip="Interpreter to the right"),
    ]  # fmt: skip
    WHERE = "The matrix: what came of each experiment under each interpreter."

    def action_first(self) -> None:
        self.move_cursor(row=0)

    def action_last(self) -> None:
        self.move_cursor(row=self.row_count - 1)


class DetailScroll(VerticalScroll, can_focus=True):
    """What stands behind the cell under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLLS]
    WHERE = "What happened in the chosen cell: the sentence, what stands behind it, the stack."


class LiveScreen(PlacedScreen):
    """Runs experiments on one file, and shows what came of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("l", "run_all", "run", tooltip="Run every experiment that was not run yet"),
        Binding("r", "rerun", "rerun cell", tooltip="Run the experiment under the cursor again"),
        Binding("R", "rerun_all", "rerun all", show=False, tooltip="Run everything again"),
        Binding("X", "stop", "stop", tooltip="End what runs; what is done stays"),
        Binding("P", "interpreter", "interpreter", tooltip="Add an interpreter: a path, a command, or an environment's folder"),
        Binding("c", "compare", "compare", tooltip="Compare what the interpreters say of this experiment"),
        Binding("tab", "pane", "pane", key_display="⇥", tooltip="Go to the other pane"),
        Binding("y", "copy", "copy", show=False, tooltip="Copy what the cell says"),
        Binding("escape", "leave", "back", tooltip="Back to the module; what runs goes on"),
        QUIT,
    ]  # fmt: skip
    VIEW = "live"
    WHERE = "Live: importing runs the module's code, in child processes with a time limit."

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self._comparing = False

    def here(self) -> tuple[int, int]:
        place = self.query_one(LiveTable).cursor_coordinate
        return place.row, place.column

    def go_to(self, state: Any) -> None:
        row, column = state
        self.query_one(LiveTable).move_cursor(row=row, column=column)

    @property
    def runs(self) -> Runs:
        return self.isoview.experiments.runs_of(self.entry)

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        yield LiveTable(cursor_type="cell", cell_padding=1)
        with DetailScroll(id="live-detail", classes="pane"):
            yield Static(id="live-text", markup=False)
        bar = Input(placeholder="interpreter: a path, a command, or an environment's folder",
                    id="interpreter", compact=True, classes="editor")  # fmt: skip
        bar.display = False
        yield bar
        yield KeyBar()

    def on_mount(self) -> None:
        self.isoview.experiments.prepare(self.entry)
        self._build()
        self.query_one(LiveTable).focus()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._fill())

    # -- showing --------------------------------------------------------------------------------

    def _build(self) -> None:
        """Make the columns anew: interpreters were added, or told their version."""
        table = self.query_one(LiveTable)
        place = table.cursor_coordinate
        table.clear(columns=True)
        table.add_column(Text("experiment"), key="experiment")
        for index in range(len(self.runs.pythons)):
            table.add_column(shown(self.runs.label(index), limit=24), key=str(index))
        for name in EXPERIMENTS:
            table.add_row(Text(TITLES[name]), *([Text("")] * len(self.runs.pythons)), key=name)
        columns = len(self.runs.pythons)
        table.move_cursor(row=place.row, column=min(max(place.column, 1), columns))
        self._fill()

    def show_entry(self) -> None:
        """The entry changed: what the breadcrumb says of it, too."""
        self._fill()

    def _fill(self) -> None:
        table = self.query_one(LiveTable)
        for row, name in enumerate(EXPERIMENTS):
            for index in range(len(self.runs.pythons)):
                table.update_cell_at(
                    Coordinate(row, index + 1), self._cell(index, name), update_width=True
                )
        left = len(self.runs.waiting) + len(self.runs.running)
        stage = f"running, {left} left" if left else "importing runs the module's code"
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), "", stage)
        self._show_detail()
        self.refresh_bindings()

    def _cell(self, index: int, name: str) -> Text:
        key = (index, name)
        ink = Ink(self.app)
        if key in self.runs.running:
            return Text(f"{RUNNING} running", style=ink.style("warning"))
        if key in self.runs.waiting:
            return Text(WAITING, style=ink.style("quiet"))
        outcome = self.runs.outcomes.get(key)
        if outcome is None:
            return Text("")
        found = cell(name, outcome)
        return shown(f"{found.mark} {found.word}", ink.style(found.tone), limit=24)

    def _chosen(self) -> tuple[int, str]:
        """The interpreter and the experiment under the cursor."""
        place = self.query_one(LiveTable).cursor_coordinate
        return max(place.column - 1, 0), EXPERIMENTS[place.row]

    def _show_detail(self) -> None:
        index, name = self._chosen()
        pane = self.query_one("#live-detail")
        text = Text()
        if self._comparing:
            pane.border_title = shown(f"{TITLES[name]} under every interpreter")
            for other in range(len(self.runs.pythons)):
                text.append_text(shown(f"{self.runs.label(other)}\n", "bold"))
                text.append_text(self._lines(other, name))
        else:
            where = self.runs.label(index) if self.runs.pythons else "no interpreter"
            pane.border_title = shown(f"{TITLES[name]} under {where}")
            text.append_text(Text(f"{QUESTIONS[name]}\n", style=Ink(self.app).style("quiet")))
            text.append_text(self._lines(index, name))
        self.query_one("#live-text", Static).update(text)

    def _lines(self, index: int, name: str) -> Text:
        """The same lines that ``isoview live`` prints."""
        from isoview.reports.lines import laid_out
        from isoview.reports.live import outcome_lines

        outcome = self.runs.outcomes.get((index, name))
        if outcome is None:
            state = "running" if (index, name) in self.runs.running else "not run yet: l runs it"
            return Text(f"  {state}\n")
        width = max(min(self.query_one("#live-detail").size.width - 2, _DETAIL_WIDTH), 40)
        ink = Ink(self.app)
        tones = {"dim": "quiet", "unknown": "note", "heading": None, "code": None, "plain": None}
        text = Text()
        for row in laid_out(outcome_lines(name, outcome), width):
            for piece, style in row:
                text.append(piece, ink.style(tones.get(style, style)))
            text.append("\n")
        return text

    def on_data_table_cell_highlighted(self, event: DataTable.CellHighlighted) -> None:
        if event.coordinate.column == 0 and self.runs.pythons:
            self.query_one(LiveTable).move_cursor(column=1)
        self._show_detail()

    def on_data_table_cell_selected(self) -> None:
        self.query_one(DetailScroll).focus()

    # -- running --------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        busy = self.runs.busy
        if action in {"run_all", "rerun", "rerun_all"}:
            if self.entry.report is None:
                return "the file is not read yet"
            if busy:
                return "experiments are running; X stops them"
        if action == "stop" and not busy:
            return "nothing runs"
        if action == "compare" and len(self.runs.pythons) < 2:
            return "there is one interpreter only; P adds another"
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if self.query_one("#interpreter").has_focus and action != "leave":
            return False
        return None if self.why_not(action) else True

    def action_run_all(self) -> None:
        cells = [
            (index, name)
            for index in range(len(self.runs.pythons))
            for name in EXPERIMENTS
            if (index, name) not in self.runs.outcomes
        ]
        if cells:
            self._run(cells)
        else:
            self.notify("Everything was run; r runs one cell again, R all of them.")

    def action_rerun_all(self) -> None:
        self._run([(i, name) for i in range(len(self.runs.pythons)) for name in EXPERIMENTS])

    def action_rerun(self) -> None:
        self._run([self._chosen()])

    def _run(self, cells: list[tuple[int, str]]) -> None:
        start = partial(self.isoview.experiments.run, self.entry, cells)
        self.isoview.allow_live(self.entry, start)

    def action_stop(self) -> None:
        self.runs.stop.set()
        self.notify("What runs is being ended; what is done stays.")

    def show_runs(self, *, ended: bool) -> None:
        """A cell changed, or all have ended."""
        if ended:
            self._build()
        else:
            self._fill()

    # -- interpreters, leaving ------------------------------------------------------------------

    def action_interpreter(self) -> None:
        bar = self.query_one("#interpreter", Input)
        bar.display = True
        bar.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        from isoview.inspectors.errors import IsoviewError
        from isoview.inspectors.live.pythons import find_python

        try:
            python = find_python(event.value.strip())
        except IsoviewError as error:
            self.notify(f"{error.message}. {error.hint}", severity="error")
            return
        if python not in self.runs.pythons:
            self.runs.pythons.append(python)
        self._close_bar()
        self._build()

    def _close_bar(self) -> None:
        bar = self.query_one("#interpreter", Input)
        bar.value = ""
        bar.display = False
        self.query_one(LiveTable).focus()

    def action_compare(self) -> None:
        self._comparing = not self._comparing
        self._show_detail()

    def action_pane(self) -> None:
        table, detail = self.query_one(LiveTable), self.query_one(DetailScroll)
        (table if detail.has_focus else detail).focus()

    def action_copy(self) -> None:
        index, name = self._chosen()
        outcome = self.runs.outcomes.get((index, name))
        if outcome is None:
            self.notify("This cell was not run yet.")
        else:
            said = f"{TITLES[name]} under {self.runs.label(index)}: {cell(name, outcome).sentence}"
            self.isoview.copy(said)

    def action_leave(self) -> None:
        if self.query_one("#interpreter").display:
            self._close_bar()
        elif self._comparing:
            self.action_compare()
        elif self.query_one(DetailScroll).has_focus:
            self.query_one(LiveTable).focus()
        else:
            self.isoview.leave(self)
