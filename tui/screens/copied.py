"""What was copied, in full: for terminals that take nothing into their clipboard."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from isoview.tui.ink import shown
from isoview.tui.widgets.faces import Page


class CopiedScreen(ModalScreen[None]):
    """The text alone, to be selected with the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+y", "dismiss", "close", tooltip="Close this"),
    ]
    WHERE = "What was copied last. Select it with the mouse (most terminals want shift held)."

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "copied"
            dialog.border_subtitle = "escape closes"
            with Page():
                lines = [shown(line) for line in self._text.splitlines()]
                yield Static(Text("\n").join(lines), markup=False)

    def on_mount(self) -> None:
        self.query_one(Page).focus()
