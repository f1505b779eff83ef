"""The bottom line: what the keys do here. One widget, so that a change costs one line of paint."""

from contextlib import suppress

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.binding import ActiveBinding
from textual.css.query import NoMatches
from textual.widget import Widget

from isoview.tui.ink import Ink


class KeyBar(Widget):
    """Keys that are worth showing, the focused pane's first; those that cannot are dim.

    Clicking one presses it. Textual's own footer mounts a widget for every key each time the
    focus moves, which costs more than everything else a key press does.
    """

    def __init__(self) -> None:
        super().__init__()
        self._painted = Text()
        self._asked = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self._look_again())

    def _look_again(self) -> None:
        self._asked = True
        self.check_idle()

    def on_idle(self) -> None:
        """Paint again when something else is to be said: most keys change nothing here."""
        if self._asked:
            self._asked = False
            # Before it is whole, and while it is taken down, a screen lacks what it asks for its
            # keys; the first paint is still to come then, or nobody sees this line any more.
            with suppress(NoMatches):
                if self._line() != self._painted:
                    self.refresh()

    def render(self) -> RenderResult:
        self._painted = self._line()
        return self._painted

    def _line(self) -> Text:
        ink = Ink(self.app)
        line = Text(no_wrap=True, overflow="ellipsis")
        seen = set()
        bound = self.screen.active_bindings
        for key, active in bound.items():
            binding = active.binding
            if not binding.show or not binding.description or binding.action in seen:
                continue
            seen.add(binding.action)
            line.append_text(self._words(ink, key, active))
        if getattr(self.screen, "SHOWS_VIEWS", False):
            line.append_text(self._views(ink, bound, self.size.width - line.cell_len))
        return line

    def _words(self, ink: Ink, key: str, active: ActiveBinding) -> Text:
        binding = active.binding
        words = Text.assemble(
            (f" {self.app.get_key_display(binding)} ", ink.style("warning") + Style(bold=True)),
            (binding.description, "" if active.enabled else "dim"),
        )
        words.stylize(Style.from_meta({"key": key}))
        return words

    def _views(self, ink: Ink, bound: dict[str, ActiveBinding], room: int) -> Text:
        """Other views that can be gone to from here, where there is room for them."""
        line = Text("  ")
        for key, active in bound.items():
            if active.enabled and active.binding.action.startswith("view("):
                words = self._words(ink, key, active)
                if line.cell_len + words.cell_len <= room:
                    line.append_text(words)
        return line

    def on_click(self, event: events.Click) -> None:
        key = event.style.meta.get("key")
        if key:
            self.app.simulate_key(key)
