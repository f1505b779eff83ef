"""Something to read in a pane, and the evidence face: the one that is there at first paint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from isoview.tui.ink import Ink, shown
from isoview.tui.widgets.moves import SCROLLS

if TYPE_CHECKING:
    from isoview.inspectors.binary.decode import Structure

Head = Callable[[Ink, bool], RenderableType]
"""Makes the sentences on top; told whether everything shall be shown."""


class Page(VerticalScroll, inherit_bindings=False):
    """Something to read; scrolls with the keys of every other pane."""

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLLS]
    WHERE = "The detail pane: scroll with j and k, turn to another face with the arrows."


class EvidenceFace(Page):
    """Sentences, and the structures of the file that they are about."""

    WHERE = (
        "The evidence: what was found, and the bytes behind it, field by field. "
        "x shows every field and its raw value, 9 the bytes."
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._head: Head | None = None
        self._rest: RenderableType | None = None
        self._structures: tuple[Structure, ...] = ()
        self._note = ""
        self.everything = False

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, head: Head, rest: RenderableType | None = None) -> None:
        """Show the sentences; the structures between them come when they are decoded."""
        self._head, self._rest, self._structures, self._note = head, rest, (), ""
        self._draw()
        if self.is_mounted:
            self.scroll_home(animate=False)

    def show_structures(self, structures: tuple[Structure, ...], note: str = "") -> None:
        """Add the decoded structures, or why there are none."""
        self._structures, self._note = structures, note
        self._draw()

    @property
    def structures(self) -> tuple[Structure, ...]:
        return self._structures

    def toggle_everything(self) -> None:
        """Show every field with its raw value, or only the fields that are set."""
        self.everything = not self.everything
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        if self._head is None or not self.is_mounted:  # it is drawn when it gets its size
            return
        from isoview.tui.evidence_text import structure_view

        ink = Ink(self.app)
        width = self.scrollable_content_region.width or self.size.width
        parts: list[RenderableType] = [self._head(ink, self.everything)]
        if self._note:
            parts.append(shown(self._note, ink.style("warning")))
        for structure in self._structures:
            parts += [
                Text(),
                structure_view(ink, structure, width, everything=self.everything),
            ]
        if self._rest is not None:
            parts.append(self._rest)
        self.query_one(Static).update(Group(*parts))
