"""The statics of a file drawn in proportion, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.message import Message
from textual.widget import Widget

from isoview.tui.branch import size_text
from isoview.tui.ink import Ink, shown
from isoview.tui.proportion import EMPTY, SHAPES, WORDS, Map, draw

if TYPE_CHECKING:
    from isoview.inspectors.facts import Global, Section

LABEL = 22
"""Cells for a section's name and size."""
LIT = "█"
"""The cells of the chosen static."""
_TONES = {"object": "error", "type": "warning", "definition": "warning"}


class StaticsMap(Widget):
    """Each cell is so many bytes; the chosen static is lit, a click chooses one."""

    class Picked(Message):
        """A cell was clicked."""

        def __init__(self, address: int) -> None:
            super().__init__()
            self.address = address

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._sections: tuple[Section, ...] = ()
        self._statics: Sequence[Global] = ()
        self._chosen: Global | None = None
        self._map = Map((), 1, 1)

    def show(self, sections: tuple[Section, ...], statics: Sequence[Global]) -> None:
        """Draw these statics in their sections."""
        self._sections, self._statics = sections, statics
        self._draw()

    def choose(self, static: Global | None) -> None:
        """Light the cells of one static."""
        self._chosen = static
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        room = max(self.size.width - LABEL - 1, 1)
        self._map = draw(self._sections, self._statics, room, max(self.size.height - 1, 1))
        self.refresh()

    def render(self) -> RenderResult:
        ink = Ink(self.app)
        drawn = self._map
        if not drawn.bands:
            return Text("No writable section.", style=ink.style("quiet"))
        lit = set()
        if self._chosen is not None:
            lit = set(drawn.cells_of(self._chosen.address, self._chosen.size))
        text = Text(no_wrap=True, overflow="crop")
        for number, row in self._lines():
            band = drawn.bands[number]
            name = shown(band.name if row == 0 else "", limit=LABEL - 9)
            name.truncate(LABEL - 9, overflow="ellipsis")
            size = size_text(band.size) if row == 0 else ""
            gap = " " * (LABEL - 1 - len(size) - name.cell_len)
            text.append_text(Text.assemble(name, gap, (f"{size} ", ink.style("quiet"))))
            cells = [(kind, (number, row, at) in lit) for at, kind in enumerate(band.rows[row])]
            for (kind, is_lit), run in groupby(cells):  # a run costs no more than a cell
                style = ink.style("note" if is_lit else _TONES.get(kind) if kind else "quiet")
                text.append((LIT if is_lit else SHAPES.get(kind, EMPTY)) * len(list(run)), style)
            text.append("\n")
        text.append_text(self._legend(ink))
        return text

    def _lines(self) -> list[tuple[int, int]]:
        """(band, row) of every line."""
        bands = enumerate(self._map.bands)
        return [(number, row) for number, band in bands for row in range(len(band.rows))]

    def _legend(self, ink: Ink) -> Text:
        drawn = self._map
        seen = {kind for band in drawn.bands for row in band.rows for kind in row}
        parts = [f"one cell: {size_text(drawn.scale)}"]
        parts += [f"{SHAPES[kind]} {WORDS[kind]}" for kind in SHAPES if kind in seen]
        parts += [f"{EMPTY} nothing known"] if "" in seen else []
        parts += [f"{drawn.left_out} smaller sections left out"] if drawn.left_out else []
        return Text("  ".join(parts), style=ink.style("quiet"))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        lines = self._lines()
        if offset is None or offset.y >= len(lines):
            return
        address = self._map.address_at(*lines[offset.y], offset.x - LABEL)
        if address is not None:
            self.post_message(self.Picked(address))
