"""The Processes screen: one running process, its extension modules by interpreters."""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.coordinate import Coordinate
from textual.message import Message
from textual.timer import Timer
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from isoview.inspectors.errors import IsoviewError
from isoview.tui import process_text
from isoview.tui.branch import several
from isoview.tui.ink import Ink, shown
from isoview.tui.navigation import PlacedScreen
from isoview.tui.process_grid import cells, columns
from isoview.tui.process_state import Cell, ProcessState
from isoview.tui.shared_keys import HELP, QUIT
from isoview.tui.widgets.bars import FilterBar
from isoview.tui.widgets.faces import Page
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.moves import MOVES

if TYPE_CHECKING:
    from isoview.attach import Attached, Audited, Read, StaticsRead
    from isoview.tui.processes import ProcessServices

INTERVALS = (1, 2, 5, 10, 30)
PAUSE_SAID = {
    "never": "The process is never stopped.",
    "auto": "The process is stopped for some milliseconds where something could not be read.",
    "always": "The process is stopped for some milliseconds at every reading.",
}
PAUSES = tuple(PAUSE_SAID)
WIDE = 110
"""From this width on, the panes stand side by side."""
YIELD_SECONDS = 0.004
"""Left to the screen between two audits: they are Python, and hold the GIL."""


class Grid(DataTable[Text]):
    """Modules by interpreters."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("left", "cursor_left", "move: left", show=False, tooltip="Interpreter before"),
        Binding("right", "cursor_right", "move: right", show=False, tooltip="Next interpreter"),
    ]
    WHERE = (
        "The extension modules by interpreters: ● loaded  · not  ▲ shared with another "
        "interpreter  + came  - went since the last look. Arrows choose a module in an interpreter."
    )

    def action_first(self) -> None:
        self.move_cursor(row=0)

    def action_last(self) -> None:
        self.move_cursor(row=self.row_count - 1)


class ProcessScreen(PlacedScreen):
    """Grid above, what belongs to the selected cell below; it only reads."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("slash", "filter", "filter", key_display="/", tooltip="Show only modules that hold the typed words"),
        Binding("R", "read_again", "refresh", tooltip="Read the process again and mark what changed"),
        Binding("F", "follow", "follow", tooltip="Read again and again, or stop doing so"),
        Binding("I", "interval", "interval", show=False, tooltip="Choose how often follow mode reads"),
        Binding("p", "pause_mode", "pause", tooltip="Choose whether a reading may stop the process for a moment"),
        Binding("e", "export", "export", tooltip="Write everything to a JSON file here"),
        Binding("y", "copy", "copy", show=False, tooltip="Copy the name of this module"),
        Binding("escape", "leave", "back", show=False, tooltip="Clear the filter, or leave this process"),
        QUIT,
    ]  # fmt: skip
    VIEW = "process"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    WHERE = "One running process. isoview reads its memory and writes nothing to it."
    CSS = """
    ProcessScreen #grid-pane { height: 2fr; }
    ProcessScreen #below { height: 3fr; layout: vertical; }
    ProcessScreen #cell, ProcessScreen #audit { height: 1fr; }
    ProcessScreen.-narrow #audit { max-height: 9; }
    ProcessScreen.-wide #below { layout: horizontal; }
    ProcessScreen.-wide #cell { width: 3fr; }
    ProcessScreen.-wide #audit { width: 2fr; }
    ProcessScreen Grid { height: 1fr; background: transparent; scrollbar-size: 1 1; }
    ProcessScreen Page > Static { height: auto; }
    """

    class Arrived(Message):
        """Something was read: a reading, statics of a file, an audit, or why there is none."""

        def __init__(self, found: Read | StaticsRead | Audited | IsoviewError) -> None:
            super().__init__()
            self.found = found

    class Opened(Message):
        """The process was attached to."""

        def __init__(self, attached: Attached) -> None:
            super().__init__()
            self.attached = attached

    def __init__(self, pid: int, services: ProcessServices) -> None:
        super().__init__()
        self.pid = pid
        self.state = ProcessState()
        self.attached: Attached | None = None
        self._services = services
        self._lock = Lock()
        self._names: list[str] = []
        self._shown_columns: dict[str, str] = {}
        self._shown: dict[str, list[Text]] = {}  # cells by module, as they are drawn
        self._words: list[str] = []
        self._reading = True
        self._problem = ""
        self._pause = "never"
        self._interval = 1
        self._timer: Timer | None = None
        self._dirty = False

    @property
    def subject(self) -> int:
        return self.pid

    @property
    def crumb(self) -> str:
        command = f" {self.attached.command[:60]}" if self.attached is not None else ""
        return f"pid {self.pid}{command}"

    def here(self) -> Cell | None:
        return self.cell

    def go_to(self, state: Any) -> None:
        self._return_to(state)

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        with Vertical(id="grid-pane", classes="pane"):
            yield Grid(cursor_type="cell", cell_padding=1)
            yield Static(id="silence", markup=False)
        with Container(id="below"):
            with Page(id="cell", classes="pane"):
                yield Static(id="cell-text", markup=False)
            with Page(id="audit", classes="pane"):
                yield Static(id="audit-text", markup=False)
        bar = FilterBar()
        bar.display = False
        yield bar
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#grid-pane").border_title = "modules by interpreters"
        self.query_one("#audit").border_title = "audit"
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._show())
        self.query_one(Grid).focus()
        self._say()
        self.set_interval(0.2, self._show_if_dirty)
        self.call_after_refresh(self.action_read_again)

    # -- reading --------------------------------------------------------------------------------

    def action_read_again(self) -> None:
        """Read the process in a thread; what takes longer streams in after it."""
        self._reading = True
        self._say()
        job = partial(self._read, self._pause)
        self.run_worker(job, group="process", thread=True, exclusive=True, exit_on_error=False)

    def _read(self, pause: str) -> None:
        worker = get_current_worker()
        try:
            # One reading at a time: the one before sees that it is not wanted and gives way.
            with self._lock:
                if worker.is_cancelled:
                    return
                attached = self.attached or self._services.attach(self.pid)
                if self.attached is None:
                    self.attached = attached
                    self.post_message(self.Opened(attached))
                reading = attached.read(pause)
                self.post_message(self.Arrived(reading))
                for found in attached.statics(reading.files):
                    if worker.is_cancelled:
                        return
                    self.post_message(self.Arrived(found))
        except IsoviewError as error:
            self.post_message(self.Arrived(error))
            return
        missing = tuple(file for file in reading.files if file.file not in self.state.audits)
        for audited in attached.audits(missing):
            if worker.is_cancelled:
                return
            self.post_message(self.Arrived(audited))
            time.sleep(YIELD_SECONDS)

    def on_process_screen_opened(self, _message: Opened) -> None:
        self._say()

    def on_process_screen_arrived(self, message: Arrived) -> None:
        from isoview.attach import Read, StaticsRead

        found = message.found
        if isinstance(found, IsoviewError):
            self._reading = False
            self._problem = f"{found.message}. {found.hint}"
            self._stop_following()
            self._show()
        elif isinstance(found, Read):
            self._reading = False
            self._problem = ""
            self.state.take(found)
            self._show()
        elif isinstance(found, StaticsRead):
            self.state.take_statics(found)
            self._dirty = True
        else:
            self.state.take_audit(found)
            self._dirty = True

    # -- showing --------------------------------------------------------------------------------

    def _show_if_dirty(self) -> None:
        """Many files arrive in a second: the screen is drawn a few times for all of them."""
        if self._dirty:
            self._show()

    def _show(self) -> None:
        self._dirty = False
        self._say()
        self._fill()
        self._show_cell()

    def _say(self) -> None:
        attached, reading = self.attached, self.state.now
        build = "t" if attached is not None and attached.free_threaded else ""
        right = f"CPython {attached.version}{build}" if attached is not None else ""
        if reading is not None:
            walk = reading.read.walk
            right += f"  {several(len(walk.interpreters), 'interpreter')}"
            if walk.unread_count:
                right += f"  {walk.unread_count} unread"
            if walk.paused_ms:
                right += f"  stopped {walk.paused_ms:.0f} ms"
        mode = "read-only" if self._pause == "never" else f"read-only, pause {self._pause}"
        follows = f"every {INTERVALS[self._interval]} s" if self._timer else ""
        stage = "reading" if self._reading else follows
        crumbs = self.isoview.navigation.crumbs(self)
        self.query_one(Breadcrumb).show(crumbs, f"{right}  {mode}", stage)

    def _fill(self) -> None:
        grid, silence = self.query_one(Grid), self.query_one("#silence", Static)
        reading = self.state.now
        silence.display = bool(self._problem) or reading is None or not reading.modules
        empty = "" if reading is None else "No extension file is mapped."
        silence.update(shown(self._problem or empty))
        if reading is None:
            return
        cell, ink = self.cell, Ink(self.app)
        keeps = [n for n in self.state.names() if all(w in n.casefold() for w in self._words)]
        made = {name: cells(ink, self.state, name, wide=self._wide) for name in keeps}
        labels = columns(reading, wide=self._wide)
        if keeps == self._names and labels == self._shown_columns:
            self._update(made, labels)
            return
        self._names, self._shown_columns, self._shown = keeps, labels, made
        grid.clear(columns=True)
        for key, label in labels.items():
            grid.add_column(Text(label), key=key)
        for name, row in made.items():
            grid.add_row(*row, key=name)
        self._return_to(cell)

    def _update(self, made: dict[str, list[Text]], labels: dict[str, str]) -> None:
        """Draw only the cells that changed: many files arrive while one looks on."""
        grid = self.query_one(Grid)
        for name, row in made.items():
            for key, was, now in zip(labels, self._shown[name], row, strict=True):
                if was != now or was.spans != now.spans:
                    grid.update_cell(name, key, now, update_width=len(now) > len(was))
        self._shown = made

    @property
    def _wide(self) -> bool:
        return self.size.width >= WIDE

    @property
    def cell(self) -> Cell | None:
        """The module and interpreter under the cursor."""
        grid, reading = self.query_one(Grid), self.state.now
        line, column = grid.cursor_coordinate
        if reading is None or not 0 <= line < len(self._names) or not reading.interpreters:
            return None
        numbers = reading.interpreters
        return self._names[line], numbers[min(max(column - 1, 0), len(numbers) - 1)]

    def _return_to(self, cell: Cell | None) -> None:
        reading = self.state.now
        if cell is None or reading is None or cell[0] not in self._names:
            return
        numbers = reading.interpreters
        column = numbers.index(cell[1]) + 1 if cell[1] in numbers else 1
        self.query_one(Grid).cursor_coordinate = Coordinate(self._names.index(cell[0]), column)

    def _show_cell(self) -> None:
        cell, ink = self.cell, Ink(self.app)
        text, audit = self.query_one("#cell-text", Static), self.query_one("#audit-text", Static)
        if cell is None:
            text.update("")
            audit.update("")
            return
        parts = [process_text.module_text(ink, self.state, cell), Text()]
        parts.append(process_text.statics_text(ink, self.state, cell))
        text.update(Text("\n").join(parts))
        audit.update(process_text.audit_text(ink, self.state, cell))
        self.query_one("#cell").border_title = shown(f"{cell[0]} in #{cell[1]}", limit=60)

    def on_data_table_cell_highlighted(self, event: DataTable.CellHighlighted) -> None:
        event.stop()
        self._show_cell()

    # -- keys -----------------------------------------------------------------------------------

    def action_follow(self) -> None:
        """Read again at every interval, or stop doing so."""
        if self._timer is not None:
            self._stop_following()
        else:
            self._timer = self.set_interval(INTERVALS[self._interval], self._tick)
        self._say()

    def _tick(self) -> None:
        if not self._reading:
            self.action_read_again()

    def _stop_following(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def action_interval(self) -> None:
        self._interval = (self._interval + 1) % len(INTERVALS)
        self.app.notify(f"Follow mode reads every {INTERVALS[self._interval]} s.")
        if self._timer is not None:
            self._stop_following()
            self.action_follow()

    def action_pause_mode(self) -> None:
        self._pause = PAUSES[(PAUSES.index(self._pause) + 1) % len(PAUSES)]
        self.app.notify(PAUSE_SAID[self._pause])
        self._say()

    def action_export(self) -> None:
        """Write what is known now, in the form of ``isoview attach --format json``."""
        from isoview.tui.process_export import export

        if self.attached is None or self.state.now is None:
            self.app.notify("There is nothing to export yet.", severity="warning")
            return
        try:
            path = export(self.attached, self.state)
        except OSError as error:
            self.app.notify(f"Not written: {error.strerror}: {error.filename}", severity="error")
            return
        self.app.notify(f"Written to {path}.")

    def action_filter(self) -> None:
        self.query_one(FilterBar).open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        self._words = event.text.casefold().split()
        self._fill()
        self._show_cell()

    def on_filter_bar_left(self) -> None:
        self.query_one(Grid).focus()

    def action_copy(self) -> None:
        if self.cell is not None:
            self.isoview.copy(self.cell[0])
        else:
            self.app.notify("There is no module to copy the name of.")

    def action_leave(self) -> None:
        if self._words:
            self.query_one(FilterBar).clear()
        else:
            self._stop_following()
            self.isoview.leave(self)
