"""What a list and a table of any length have in common: a length that changes as one types."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView


class LongView(ScrollView):
    """Textual lays the whole screen out anew whenever the length of a view changes, and the
    scrollbar is painted a frame later. That matters only where a scrollbar comes: else it is told
    its new length, and all is painted at once. One that is not needed any more stays, empty, until
    something else changes the layout: what becomes shorter while one types may become longer again.
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))

    def lengthen(self, lines: int) -> None:
        """The view has so many lines now."""
        self.virtual_size = Size(self.size.width, lines)
        height = self.container_size.height
        if not height or (lines > height and not self.show_vertical_scrollbar):
            self.refresh(layout=True)
            return
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = max(lines, height)
        if self.scroll_y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
