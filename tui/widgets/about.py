"""What the chosen line is about: text that changes with every key, so that it must cost little."""

from __future__ import annotations

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.widgets import Static

from isoview.tui.widgets.faces import Page


class AboutPage(Page):
    """One text that scrolls. The screen is laid out anew only when its height changes."""

    WHERE = "About the chosen line: scroll with j and k."

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._height = 0

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, text: RenderableType) -> None:
        """Show another text, from its beginning."""
        shown = self.query_one(Static)
        room = self.scrollable_content_region
        options = self.app.console.options.update_width(max(room.width, 1))
        height = max(len(self.app.console.render_lines(text, options)), room.height)
        shown.update(text, layout=False)
        if height != self._height:
            self._height = height
            shown.styles.height = height
        if self.scroll_offset.y:
            self.scroll_home(animate=False)
