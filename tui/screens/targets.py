"""Several targets: a list to choose from, filling in while they are read."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from isoview.tui import words
from isoview.tui.entry import Entry
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import answer_mark, counts
from isoview.tui.navigation import PlacedScreen
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.moves import MOVES

WIDE = 110
"""From this width on, marks have their words beside them."""


class TargetsTable(DataTable[Text]):
    """One line per target: the four answers, and what was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("enter,right", "select_cursor", "open", tooltip="Open this module"),
    ]
    WHERE = "The targets: one line each, with the answer to each of the four questions."

    def action_first(self) -> None:
        self.action_scroll_top()

    def action_last(self) -> None:
        self.action_scroll_bottom()


class TargetsScreen(PlacedScreen):
    """Chooses a module among several targets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.help", "help", key_display="?", tooltip="What the keys do here"),
        Binding("y", "copy", "copy", show=False, tooltip="Copy the path of this target"),
        Binding("escape", "leave", "back", show=False, tooltip="Leave what is open"),
        Binding("q", "app.quit", "quit", tooltip="Leave isoview"),
    ]  # fmt: skip

    VIEW = "targets"

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__()
        self.entries = entries

    @property
    def crumb(self) -> str:
        return f"{len(self.entries)} targets"

    @property
    def entry_at_hand(self) -> Entry | None:
        line = self.query_one(TargetsTable).cursor_row
        return self.entries[line] if 0 <= line < len(self.entries) else None

    def here(self) -> int:
        return self.query_one(TargetsTable).cursor_row

    def go_to(self, state: Any) -> None:
        self.query_one(TargetsTable).move_cursor(row=state)

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        yield TargetsTable(cursor_type="row", cell_padding=1)
        yield KeyBar()

    def on_mount(self) -> None:
        table = self.query_one(TargetsTable)
        table.focus()
        self.show_entry()

    def show_entry(self) -> None:
        """Show every entry as it is now."""
        table = self.query_one(TargetsTable)
        place = table.cursor_row
        lines = [self._cells(entry) for entry in self.entries]
        labels = [Text(name) for name in ("file", "findings", *(q[1] for q in words.QUESTIONS))]
        table.clear(columns=True)
        for label, *cells in zip(labels, *lines, strict=True):
            # Fixed widths: measuring is done later, and is lost when two changes come together.
            width = max(cell.cell_len for cell in (label, *cells))
            table.add_column(label, key=label.plain, width=width)
        for index, line in enumerate(lines):
            table.add_row(*line, key=str(index))
        table.move_cursor(row=place)
        left = sum(entry.reading for entry in self.entries)
        stage = f"reading, {left} left" if left else ""
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), "", stage)

    def on_resize(self) -> None:
        self.show_entry()

    def _cells(self, entry: Entry) -> list[Text]:
        ink = Ink(self.app)
        name = shown(entry.name, limit=60 if self.size.width >= WIDE else 22)
        if entry.error is not None and entry.report is None:
            return [name, shown(entry.error.error, ink.style("error"), limit=60), *[Text("")] * 4]
        verdict = entry.report.verdict if entry.report else None
        if entry.report is None or verdict is None:
            return [name, Text("…"), *[Text("…")] * 4]
        cells = []
        for field, _, _ in words.QUESTIONS:
            mark = answer_mark(words.answer_of(verdict, field))
            word = f"{mark.shape} {mark.word}" if self.size.width >= WIDE else mark.shape
            cells.append(Text(word, style=ink.style(mark.tone)))
        return [name, shown(counts(entry.report)), *cells]

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.isoview.open_entry(self.entries[event.cursor_row])

    def action_copy(self) -> None:
        self.isoview.copy(self.entries[self.query_one(TargetsTable).cursor_row].path)

    def action_leave(self) -> None:
        self.isoview.leave(self)
