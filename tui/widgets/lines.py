"""A table of any length: only the lines that can be seen are made, each time they are painted.

Textual's ``DataTable`` measures every cell of every row, which takes seconds from a few thousand
rows on; this asks for no more lines than the screen has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from isoview.tui.at_once import tell
from isoview.tui.widgets.long_view import LongView
from isoview.tui.widgets.moves import MOVES


class Column(NamedTuple):
    """A column: its width is settled before anything is painted."""

    key: str
    label: str
    width: int
    right: bool = False  # numbers stand to the right


class _Line:
    """A line in the making. Neighbours that look alike become one: each run costs on its way to
    the terminal, and there.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._styles: list[Style] = []

    def add(self, text: str, style: Style) -> None:
        if not text:
            return
        if self._styles and self._styles[-1] == style:
            self._texts[-1] += text
        else:
            self._texts.append(text)
            self._styles.append(style)

    def strip(self, width: int, style: Style) -> Strip:
        """The line, as wide as it has to be."""
        made = Strip(list(map(Segment, self._texts, self._styles)))
        return made.adjust_cell_length(width, style)


class LineTable(LongView, can_focus=True):
    """Lines of cells under a head; subclasses say what stands in a line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("enter", "open", "open", tooltip="Open this line"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor", "lines--head", "lines--cursor-idle"}
    DEFAULT_CSS = """
    LineTable { scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; }
    LineTable > .lines--head { text-style: bold; color: $text-muted; }
    LineTable > .lines--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground;
        text-style: $block-cursor-text-style;
    }
    LineTable > .lines--cursor-idle { background: $block-hover-background; text-style: bold; }
    """

    class Moved(Message):
        """The cursor stands on another line."""

    class Opened(Message):
        """The line under the cursor was chosen: by enter, or by a click on it."""

    class HeadClicked(Message):
        """The head of a column was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    cursor: reactive[int] = reactive(0, repaint=False)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.count = 0
        self.silence = Text()
        """What stands there while there is no line: a widget of its own would cost a layout."""
        self._columns: tuple[Column, ...] = ()
        self._style = Style()  # of the painting that is made

    # -- what subclasses say --------------------------------------------------------------------

    def cells(self, index: int) -> Sequence[Text]:
        """The cells of one line, one for each column."""
        raise NotImplementedError

    # -- filling --------------------------------------------------------------------------------

    def fill(self, count: int, columns: Sequence[Column], cursor: int | None = None) -> None:
        """Show ``count`` lines; the cursor stays, or goes to ``cursor``."""
        self.count, self._columns = count, tuple(columns)
        self.lengthen(count + 1)
        wanted = self.cursor if cursor is None else cursor
        self.cursor = max(min(wanted, count - 1), 0)
        self._keep_in_sight()
        self.refresh()

    def watch_cursor(self, before: int, now: int) -> None:
        if before == now:
            return
        self._keep_in_sight()
        self._repaint(before)
        self._repaint(now)
        tell(self, self.Moved())

    def _repaint(self, index: int) -> None:
        y = index + 1 - round(self.scroll_offset.y)
        if 0 < y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _keep_in_sight(self) -> None:
        page = max(self.size.height - 1, 1)
        top = round(self.scroll_offset.y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True, force=True)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False, immediate=True, force=True)

    def on_resize(self, _event: events.Resize) -> None:
        self.lengthen(self.count + 1)
        self._keep_in_sight()

    # -- painting -------------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        self._style = self.rich_style  # asks everything around the table: once, not for each line
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self._style
        if y == 0:
            heads = [Text(column.label) for column in self._columns]
            return self._strip(heads, self.get_component_rich_style("lines--head"), width)
        index = y - 1 + round(self.scroll_offset.y)
        if not self.count:
            return self._silent(index - 1, width, style)
        if index >= self.count:
            return Strip.blank(width, style)
        if index == self.cursor:
            name = "lines--cursor" if self.has_focus else "lines--cursor-idle"
            style = self.get_component_rich_style(name)
            return self._strip(self.cells(index), style, width, plain=self.has_focus)
        return self._strip(self.cells(index), style, width)

    def _silent(self, index: int, width: int, style: Style) -> Strip:
        """A line of what stands there instead of lines, below one that is empty."""
        said = self.silence.wrap(self.app.console, max(width - 4, 1))
        if not 0 <= index < len(said):
            return Strip.blank(width, style)
        line = _Line()
        line.add("  ", style)
        self._add_cell(line, said[index], style)
        return line.strip(width, style)

    def _strip(
        self, cells: Sequence[Text], style: Style, width: int, *, plain: bool = False
    ) -> Strip:
        line = _Line()
        for column, cell in zip(self._columns, cells, strict=False):
            if cell.cell_len > column.width:
                cell = cell.copy()  # noqa: PLW2901
                cell.truncate(column.width, overflow="ellipsis")
            gap = column.width - cell.cell_len
            if column.right:
                line.add(" " * gap, style)
            if plain:
                # Under the cursor, the cursor's colours: a tone on them may not be readable.
                line.add(cell.plain, style)
            else:
                self._add_cell(line, cell, style)
            line.add(" " * (1 if column.right else gap + 1), style)
        return line.strip(width, style)

    def _add_cell(self, line: _Line, cell: Text, style: Style) -> None:
        console = self.app.console
        own = cell.style if isinstance(cell.style, Style) else console.get_style(cell.style)
        if not cell.spans:
            line.add(cell.plain, style + own)
            return
        for piece in cell.render(console):
            line.add(piece.text, style + own + piece.style)

    def on_focus(self) -> None:
        self._repaint(self.cursor)

    def on_blur(self) -> None:
        self._repaint(self.cursor)

    # -- moving ---------------------------------------------------------------------------------

    def _to(self, index: int) -> None:
        if self.count:
            self.cursor = max(min(index, self.count - 1), 0)

    def action_cursor_down(self) -> None:
        self._to(self.cursor + 1)

    def action_cursor_up(self) -> None:
        self._to(self.cursor - 1)

    def action_first(self) -> None:
        self._to(0)

    def action_last(self) -> None:
        self._to(self.count - 1)

    def action_page_down(self) -> None:
        self._to(self.cursor + max(self.size.height - 2, 1))

    def action_page_up(self) -> None:
        self._to(self.cursor - max(self.size.height - 2, 1))

    def action_open(self) -> None:
        if self.count:
            self.post_message(self.Opened())
        else:
            self.app.notify("There is no line to open.")

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            self._click_head(offset.x)
            return
        index = offset.y - 1 + round(self.scroll_offset.y)
        if index >= self.count:
            return
        if index == self.cursor:
            self.post_message(self.Opened())
        self.cursor = index

    def _click_head(self, x: int) -> None:
        left = 0
        for column in self._columns:
            left += column.width + 1
            if x < left:
                self.post_message(self.HeadClicked(column.key))
                return
