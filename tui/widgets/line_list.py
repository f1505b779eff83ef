"""A list of lines of any length: a line is made when it is seen, so thousands cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from isoview.tui import at_once
from isoview.tui.widgets.long_view import LongView
from isoview.tui.widgets.moves import MOVES

Draw = Callable[[int], Text]


class LineList(LongView, can_focus=True):
    """Lines with a cursor. Headings are lines that the cursor does not stop at."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--cursor-blurred"}
    DEFAULT_CSS = """
    LineList { height: 1fr; scrollbar-size: 1 1; background: transparent; overflow-x: hidden; }
    LineList > .list--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground;
        text-style: $block-cursor-text-style;
    }
    LineList > .list--cursor-blurred { background: $block-hover-background; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("enter", "enter", "open", tooltip="Open this line"),
    ]

    class Moved(Message):
        """The cursor came to a line (``entered``: by enter or a second click)."""

        def __init__(self, lines: LineList, index: int, entered: bool) -> None:
            super().__init__()
            self.lines = lines
            self.index = index
            self.entered = entered

        @property
        def control(self) -> LineList:
            return self.lines

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._count = 0
        self._draw: Draw = lambda _index: Text()
        self._headings: frozenset[int] = frozenset()
        self._strips: dict[int, Strip] = {}
        self.cursor = 0

    # -- content --------------------------------------------------------------------------------

    def fill(
        self,
        count: int,
        draw: Draw,
        cursor: int = 0,
        headings: frozenset[int] = frozenset(),
    ) -> None:
        """Show ``count`` lines that ``draw`` makes, with the cursor at or near ``cursor``."""
        self._count, self._draw, self._headings = count, draw, headings
        self._strips.clear()
        self.lengthen(count)
        self.cursor = self._near(min(max(cursor, 0), max(count - 1, 0)), 1)
        self._show_cursor()
        self.refresh()

    @property
    def count(self) -> int:
        return self._count

    def _near(self, index: int, step: int) -> int:
        """The line at ``index``, or the next one that is no heading, in the direction of step."""
        for direction in (step, -step):
            at = index
            while 0 <= at < self._count:
                if at not in self._headings:
                    return at
                at += 1 if direction > 0 else -1
        return index

    # -- drawing --------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = round(self.scroll_offset.y) + y
        if index >= self._count:
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(index)
        if strip is None or strip.cell_length != width:
            strip = self._strips[index] = self._line(index, width)
        return strip

    def _line(self, index: int, width: int) -> Strip:
        text = self._draw(index).copy()
        text.truncate(width, overflow="ellipsis")
        style = self.rich_style
        if index == self.cursor and index not in self._headings and self.can_focus:
            name = "list--cursor" if self.has_focus else "list--cursor-blurred"
            style = self.get_component_rich_style(name)
            if self.has_focus:  # a tone on the cursor's colours may not be readable
                text.stylize(Style(color=style.color))
        console = self.app.console
        own = console.get_style(text.style)  # render() leaves a text's own style to its caller
        strip = Strip(Segment.apply_style(text.render(console, end=""), own))
        return strip.adjust_cell_length(width).apply_style(style)

    def on_focus(self) -> None:
        self._forget(self.cursor)

    def on_blur(self) -> None:
        self._forget(self.cursor)

    def on_resize(self, _event: events.Resize) -> None:
        self._strips.clear()
        self.lengthen(self._count)
        self._show_cursor()

    def _forget(self, index: int) -> None:
        self._strips.pop(index, None)
        self.refresh_line(index)

    def _show_cursor(self) -> None:
        height = self.scrollable_content_region.height
        top = round(self.scroll_offset.y)
        first = self.cursor
        while first - 1 in self._headings:
            first -= 1
        if first < top:
            self.scroll_to(y=first, animate=False, immediate=True, force=True)
        elif height and self.cursor >= top + height:
            down = self.cursor - height + 1
            self.scroll_to(y=down, animate=False, immediate=True, force=True)

    # -- moving ---------------------------------------------------------------------------------

    def move_to(self, index: int, *, tell: bool = False) -> None:
        """Put the cursor on a line."""
        if not self._count:
            return
        index = min(max(index, 0), self._count - 1)
        self._forget(self.cursor)
        self.cursor = self._near(index, 1 if index >= self.cursor else -1)
        self._show_cursor()
        self._forget(self.cursor)
        if tell:
            at_once.tell(self, self.Moved(self, self.cursor, entered=False))

    def action_cursor_down(self) -> None:
        self._step(1)

    def action_cursor_up(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        at = self.cursor + step
        while at in self._headings:
            at += step
        if 0 <= at < self._count:
            self.move_to(at, tell=True)
        elif step < 0:  # headings above the first line
            self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def action_first(self) -> None:
        self.move_to(0, tell=True)

    def action_last(self) -> None:
        self.move_to(self._count - 1, tell=True)

    def action_page_down(self) -> None:
        self.move_to(self.cursor + self._page, tell=True)

    def action_page_up(self) -> None:
        self.move_to(self.cursor - self._page, tell=True)

    @property
    def _page(self) -> int:
        return max(self.scrollable_content_region.height - 1, 1)

    def action_enter(self) -> None:
        if self._count:
            at_once.tell(self, self.Moved(self, self.cursor, entered=True))
        else:
            self.app.notify("There is no line to open.")

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        index = offset.y + round(self.scroll_offset.y) if offset is not None else -1
        if not 0 <= index < self._count or index in self._headings:
            return
        if index == self.cursor:
            self.action_enter()
        else:
            self.move_to(index, tell=True)
