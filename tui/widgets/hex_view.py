"""The bytes of a file, section after section: only the lines on the screen are ever read."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from isoview.tui.at_once import tell
from isoview.tui.branch import size_text
from isoview.tui.ink import Ink, shown
from isoview.tui.widgets.moves import MOVES

if TYPE_CHECKING:
    from isoview.inspectors.binary.parts import Parts, Spot

FULL = 16
"""Bytes in a line where there is room, half of them where there is not."""


class HexView(ScrollView, can_focus=True, inherit_bindings=False):
    """A cursor on one byte; a run of bytes can be lit."""

    WHERE = (
        "The bytes: arrows move, < and > go from section to section, enter follows a pointer. "
        "/ looks for text or bytes, : goes to an address or a symbol."
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {"hex--cursor", "hex--lit", "hex--head"}
    DEFAULT_CSS = """
    HexView { scrollbar-size: 1 1; overflow-x: hidden; background: transparent; }
    HexView > .hex--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    HexView > .hex--lit { background: $accent 30%; text-style: bold; }
    HexView > .hex--head { color: $text-accent; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("left", "step(-1)", "move: byte before", show=False, tooltip="One byte back"),
        Binding("right", "step(1)", "move: next byte", show=False, tooltip="One byte on"),
        Binding("less_than_sign", "part(-1)", "section before", key_display="<", show=False,
                tooltip="Go to the section before"),
        Binding("greater_than_sign", "part(1)", "next section", key_display=">", show=False,
                tooltip="Go to the next section"),
        Binding("enter", "follow", "follow", tooltip="Go where the pointer under the cursor leads"),
    ]  # fmt: skip

    class Moved(Message):
        """The cursor stands on another byte."""

    class Followed(Message):
        """Somebody wants to go where the pointer under the cursor leads."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.parts: Parts | None = None
        self.cursor: Spot | None = None
        self._lit: tuple[int, int, int] = (-1, 0, 0)  # part, from, to
        self._firsts: list[int] = []  # line of each part's heading
        self._across = FULL

    # -- content --------------------------------------------------------------------------------

    def show(self, parts: Parts) -> None:
        """Show a file; the cursor stands on its first byte."""
        from isoview.inspectors.binary.parts import Spot

        self.parts = parts
        self.cursor = self.cursor or Spot(0, parts.all[0].start)
        self._measure()

    def on_resize(self, _event: events.Resize) -> None:
        self._measure()

    def _measure(self) -> None:
        if self.parts is None:
            return
        digits = len(f"{max(part.end for part in self.parts.all):x}")
        self._digits = max(digits, 6)
        needed = self._digits + 4 + 4 * FULL + 1
        self._across = FULL if self.scrollable_content_region.width >= needed else FULL // 2
        heights = [self._height(number) for number in range(len(self.parts.all))]
        self._firsts = [0, *accumulate(heights)]
        self.virtual_size = Size(0, self._firsts.pop())
        self._keep_in_sight()
        self.refresh()

    def _height(self, number: int) -> int:
        assert self.parts is not None  # noqa: S101 - asked only with a file
        part = self.parts.all[number]
        rows = (part.end + self._across - 1) // self._across - part.start // self._across
        return rows + 1

    def light(self, number: int, start: int, size: int) -> None:
        """Light a run of bytes, and put the cursor on its first."""
        self._lit = (number, start, start + size)
        self.go(number, start)

    def go(self, number: int, at: int) -> None:
        """Put the cursor on a byte."""
        from isoview.inspectors.binary.parts import Spot

        if self.parts is None:
            return
        part = self.parts.all[number]
        moved = Spot(number, max(min(at, part.end - 1), part.start))
        changed = moved != self.cursor
        self.cursor = moved
        self._keep_in_sight()
        self.refresh()
        if changed:
            tell(self, self.Moved())

    # -- lines ----------------------------------------------------------------------------------

    def _line_of(self, number: int, at: int) -> int:
        assert self.parts is not None  # noqa: S101 - asked only with a file
        first = self.parts.all[number].start // self._across
        return self._firsts[number] + 1 + at // self._across - first

    def _at_line(self, line: int) -> tuple[int, int | None]:
        """The part of a line, and the address its row begins at (None for a heading)."""
        assert self.parts is not None  # noqa: S101 - asked only with a file
        number = max(bisect_right(self._firsts, line) - 1, 0)
        row = line - self._firsts[number] - 1
        if row < 0:
            return number, None
        return number, (self.parts.all[number].start // self._across + row) * self._across

    def _keep_in_sight(self) -> None:
        if self.parts is None or self.cursor is None or not self._firsts:
            return
        line = self._line_of(self.cursor.part, self.cursor.at)
        top, height = round(self.scroll_offset.y), max(self.size.height, 1)
        if line < top:
            top = line - 1
        elif line >= top + height:
            far = line >= top + 2 * height
            top = line - (height // 3 if far else height - 1)
        else:
            return
        self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def render_line(self, y: int) -> Strip:
        line = y + round(self.scroll_offset.y)
        width = self.size.width
        if self.parts is None or line >= self.virtual_size.height:
            return Strip.blank(width, self.rich_style)
        number, start = self._at_line(line)
        segments = self._heading(number, width) if start is None else self._row(number, start)
        strip = Strip(segments).adjust_cell_length(width)
        return Strip(Segment.apply_style(strip, self.rich_style), width)

    def _heading(self, number: int, width: int) -> list[Segment]:
        assert self.parts is not None  # noqa: S101 - asked only with a file
        part = self.parts.all[number]
        name = shown(part.name, limit=40)
        text = Text.assemble("── ", name, f"  {size_text(part.size)}  {part.nature} ")
        text.append("─" * max(width - text.cell_len, 0))
        style = self.get_component_rich_style("hex--head", partial=True)
        return [Segment(text.plain, style)]

    def _row(self, number: int, start: int) -> list[Segment]:
        assert self.parts is not None  # noqa: S101 - asked only with a file
        part = self.parts.all[number]
        quiet = Ink(self.app).style("quiet")
        low, high = max(start, part.start), min(start + self._across, part.end)
        raw = self.parts.read(number, low, high - low)
        segments = [Segment(f"{start:#0{self._digits + 2}x}  ", quiet)]
        text: list[Segment] = []
        for at in range(start, start + self._across):
            gap = "  " if at - start == self._across - 1 else " "
            if not low <= at < low + len(raw):
                segments.append(Segment("   "))
                text.append(Segment(" "))
                continue
            byte = raw[at - low]
            style = self._style(number, at) or (quiet if byte == 0 else None)
            segments += [Segment(f"{byte:02x}", style), Segment(gap)]
            text.append(Segment(chr(byte) if 32 <= byte < 127 else "·", style))
        return segments + text

    def _style(self, number: int, at: int) -> Style | None:
        if self.cursor is not None and (self.cursor.part, self.cursor.at) == (number, at):
            name = "hex--cursor" if self.has_focus else "hex--lit"
            return self.get_component_rich_style(name) + Style(underline=not self.has_focus)
        lit, low, high = self._lit
        if lit == number and low <= at < high:
            return self.get_component_rich_style("hex--lit")
        return None

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    # -- moving ---------------------------------------------------------------------------------

    def action_step(self, step: int) -> None:
        if self.parts is None or self.cursor is None:
            return
        part = self.parts.all[self.cursor.part]
        at = self.cursor.at + step
        if at < part.start and self.cursor.part > 0:
            before = self.cursor.part - 1
            self.go(before, self.parts.all[before].end - 1)
        elif at >= part.end and self.cursor.part + 1 < len(self.parts.all):
            self.go(self.cursor.part + 1, self.parts.all[self.cursor.part + 1].start)
        else:
            self.go(self.cursor.part, at)

    def _down(self, lines: int) -> None:
        """Move by lines, over headings."""
        if self.parts is None or self.cursor is None:
            return
        last = self.virtual_size.height - 1
        line = self._line_of(self.cursor.part, self.cursor.at) + lines
        number, start = self._at_line(max(min(line, last), 1))
        if start is None:  # a heading
            number, start = self._at_line(min(line + 1, last) if lines > 0 else max(line - 1, 1))
        if start is not None:
            self.go(number, start + self.cursor.at % self._across)

    def action_cursor_down(self) -> None:
        self._down(1)

    def action_cursor_up(self) -> None:
        self._down(-1)

    def action_page_down(self) -> None:
        self._down(max(self.size.height - 1, 1))

    def action_page_up(self) -> None:
        self._down(-max(self.size.height - 1, 1))

    def action_first(self) -> None:
        if self.parts is not None:
            self.go(0, 0)

    def action_last(self) -> None:
        if self.parts is not None:
            self.go(len(self.parts.all) - 1, self.parts.all[-1].end)

    def action_part(self, step: int) -> None:
        if self.parts is None or self.cursor is None:
            return
        number = (self.cursor.part + step) % len(self.parts.all)
        self.go(number, self.parts.all[number].start)
        self.scroll_to(y=self._firsts[number], animate=False, immediate=True, force=True)

    def action_follow(self) -> None:
        self.post_message(self.Followed())

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self.parts is None:
            return
        line = offset.y + round(self.scroll_offset.y)
        if line >= self.virtual_size.height:
            return
        number, start = self._at_line(line)
        left = self._digits + 4
        column = (offset.x - left) // 3
        if offset.x - left >= 3 * self._across:
            column = offset.x - left - 3 * self._across - 1
        if start is None:
            self.go(number, self.parts.all[number].start)
        elif offset.x >= left:
            self.go(number, start + max(min(column, self._across - 1), 0))
        else:
            self.go(number, start)
