"""The tables of the Symbols screen: their names, the tabs that choose one, and their lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from isoview.tui.ink import Ink
from isoview.tui.widgets.lines import LineTable

if TYPE_CHECKING:
    from isoview.tui.symbol_tables import Table

NAMES = ("Symbols", "Sections", "Statics")


class TableTabs(Widget):
    """The names of the tables with their counts; the shown one is marked, a click shows another."""

    class Picked(Message):
        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    shown: reactive[int] = reactive(0)

    def __init__(self) -> None:
        super().__init__()
        self._counts: tuple[int | None, ...] = (None,) * len(NAMES)

    def count(self, counts: Sequence[int | None]) -> None:
        """Show how many lines each has (None: not known yet)."""
        if self._counts != tuple(counts):
            self._counts = tuple(counts)
            self.refresh()

    def render(self) -> RenderResult:
        ink = Ink(self.app)
        line = Text(no_wrap=True, overflow="ellipsis")
        for index, (name, count) in enumerate(zip(NAMES, self._counts, strict=True)):
            style = Style(reverse=True) if index == self.shown else ink.style("quiet")
            number = "…" if count is None else f"{count:,}"
            line.append(f" {name} {number} ", style=style + Style.from_meta({"table": index}))
            line.append(" ")
        return line

    def on_click(self, event: events.Click) -> None:
        index = event.style.meta.get("table")
        if index is not None:
            self.post_message(self.Picked(index))


class TableLines(LineTable):
    """The lines of the chosen table."""

    WHERE = (
        "A table: / filters by pieces of names, s sorts, t shows one kind. The arrows to the left "
        "and right turn to symbols, sections and statics."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "bytes", tooltip="Show the bytes of this line"),
        Binding("right", "screen.turn(1)", "next table", show=False,
                tooltip="Turn to the next table: symbols, sections, statics"),
        Binding("left", "screen.turn(-1)", "table before", show=False,
                tooltip="Turn to the table before"),
    ]  # fmt: skip

    table: Table | None = None

    def show(self, table: Table, cursor: int | None = None) -> None:
        """Show a table; the cursor stays, or goes to a line."""
        self.table = table
        width = max(self.scrollable_content_region.width, 20)
        columns = []
        for column in table.columns(width):
            if column.key == table.order:
                mark = "▼" if table.descending else "▲"
                column = column._replace(label=f"{column.label} {mark}")  # noqa: PLW2901
            columns.append(column)
        self.fill(table.count, columns, cursor)

    def cells(self, index: int) -> Sequence[Text]:
        return self.table.cells(index, Ink(self.app)) if self.table is not None else ()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self.table is not None:
            self.show(self.table)
