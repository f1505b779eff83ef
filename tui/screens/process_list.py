"""The Python processes that run now, to choose one from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable, Static

from isoview.inspectors.errors import IsoviewError
from isoview.tui.ink import Ink, shown
from isoview.tui.navigation import PlacedScreen
from isoview.tui.shared_keys import FILTER_LINES, HELP, QUIT
from isoview.tui.widgets.bars import FilterBar
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.moves import MOVES

if TYPE_CHECKING:
    from isoview.inspectors.process.pythons import PythonProcess
    from isoview.tui.processes import ProcessServices

COLUMNS = ("pid", "version", "interpreters", "extensions", "age", "command")


class ProcessTable(DataTable[Text]):
    """One line per Python process."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("enter,right", "select_cursor", "attach", tooltip="Look into this process"),
    ]
    WHERE = "The Python processes that run now, newest first. enter looks into one: it only reads."

    def action_first(self) -> None:
        self.action_scroll_top()

    def action_last(self) -> None:
        self.action_scroll_bottom()


class ProcessListScreen(PlacedScreen):
    """Chooses a process."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        FILTER_LINES,
        Binding("R", "refresh_list", "refresh", tooltip="Look for Python processes again"),
        Binding("y", "copy", "copy", show=False, tooltip="Copy the number of this process"),
        Binding("escape", "leave", "back", show=False, tooltip="Clear the filter"),
        QUIT,
    ]  # fmt: skip
    VIEW = "processes"
    WHERE = "The Python processes that run now."

    class Listed(Message):
        """The processes were looked for."""

        def __init__(self, processes: list[PythonProcess], problem: str = "") -> None:
            super().__init__()
            self.processes = processes
            self.problem = problem

    def __init__(self, services: ProcessServices) -> None:
        super().__init__()
        self._services = services
        self._processes: list[PythonProcess] = []
        self._rows: list[PythonProcess] = []
        self._words: list[str] = []

    def here(self) -> int:
        return self.query_one(ProcessTable).cursor_row

    def go_to(self, state: Any) -> None:
        self.query_one(ProcessTable).move_cursor(row=state)

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        yield ProcessTable(cursor_type="row", cell_padding=1)
        yield Static(id="silence", markup=False)
        filter_bar = FilterBar()
        filter_bar.display = False
        yield filter_bar
        yield KeyBar()

    def on_mount(self) -> None:
        table = self.query_one(ProcessTable)
        for label in COLUMNS:
            table.add_column(Text(label), key=label)
        table.focus()
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), "", "looking")
        self.call_after_refresh(self.action_refresh_list)

    def action_refresh_list(self) -> None:
        """Look again, in a thread."""
        self.run_worker(self._look, group="list", thread=True, exclusive=True, exit_on_error=False)

    def _look(self) -> None:
        try:
            self.post_message(self.Listed(self._services.list()))
        except IsoviewError as error:
            self.post_message(self.Listed([], f"{error.message}. {error.hint}"))

    def on_process_list_screen_listed(self, message: Listed) -> None:
        self._processes = message.processes
        silence = self.query_one("#silence", Static)
        problem = message.problem or "No other Python process runs here. R looks again."
        silence.update(shown(problem))
        silence.display = not message.processes
        self._fill()

    def _fill(self) -> None:
        from isoview.reports.process import age

        table = self.query_one(ProcessTable)
        current = self._current()
        self._rows = [process for process in self._processes if self._keeps(process)]
        ink = Ink(self.app)
        table.clear()
        for process in self._rows:
            suffix = "t" if process.free_threaded else ""
            version = f"{process.version}{suffix}" if process.version else "?"
            count = "?" if process.interpreters is None else str(process.interpreters)
            command = shown(process.command, limit=200)
            if process.problem:
                command = Text.assemble(
                    shown(f"({process.problem}) ", ink.style("warning"), limit=120), command
                )
            table.add_row(
                Text(str(process.pid), justify="right"), shown(version), Text(count, justify="right"),
                Text(str(process.extensions), justify="right"), Text(age(process.age), justify="right"),
                command, key=str(process.pid),
            )  # fmt: skip
        pids = [process.pid for process in self._rows]
        if current is not None and current.pid in pids:
            table.move_cursor(row=pids.index(current.pid))
        number = len(self._rows)
        right = f"{number} of {len(self._processes)}" if self._words else f"{number} running"
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), right)

    def _keeps(self, process: PythonProcess) -> bool:
        text = f"{process.pid} {process.version} {process.command}".casefold()
        return all(word in text for word in self._words)

    def _current(self) -> PythonProcess | None:
        line = self.query_one(ProcessTable).cursor_row
        return self._rows[line] if 0 <= line < len(self._rows) else None

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        process = self._current()
        if process is None:
            return
        if process.problem:
            self.app.notify(process.problem, severity="warning")
            return
        self.isoview.navigation.go("process", process.pid)

    def action_filter(self) -> None:
        self.query_one(FilterBar).open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        self._words = event.text.casefold().split()
        self._fill()

    def on_filter_bar_left(self) -> None:
        self.query_one(ProcessTable).focus()

    def action_copy(self) -> None:
        process = self._current()
        if process is not None:
            self.isoview.copy(str(process.pid))
        else:
            self.app.notify("There is no process to copy the number of.")

    def action_leave(self) -> None:
        if self._words:
            self.query_one(FilterBar).clear()
        else:
            self.isoview.leave(self)
