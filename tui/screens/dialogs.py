"""Screens that stand over another for a moment: help, and a question before code is run."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from isoview.tui.ink import Ink, shown
from isoview.tui.keys import Key
from isoview.tui.widgets.faces import Page


class HelpScreen(ModalScreen[None]):
    """What the keys do right here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "close", tooltip="Close the help"),
    ]
    WHERE = "The help: scroll with j and k, close it with escape."

    def __init__(self, where: str, keys: list[Key]) -> None:
        super().__init__()
        self._where = where
        self._keys = keys

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "help"
            dialog.border_subtitle = "escape closes"
            with Page():
                yield Static(self._text(), markup=False)

    def _text(self) -> Table:
        ink = Ink(self.app)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        table.add_row(Text("here", style=ink.style("quiet")), shown(self._where))
        scope = ""
        for key in self._keys:
            if key.scope != scope:
                scope = key.scope
                table.add_row(Text(), Text())
                table.add_row(Text(), Text(scope, style=ink.style("note")))
            text = shown(key.tooltip)
            if key.reason:
                text.append_text(shown(f"  Not now: {key.reason}", ink.style("warning")))
            table.add_row(Text(key.display, style="bold"), text)
        return table

    def on_mount(self) -> None:
        self.query_one(Page).focus()


class Confirm(ModalScreen[bool]):
    """A question that must be answered before something irreversible happens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "no", tooltip="Do nothing"),
        Binding("y", "answer(True)", "yes", tooltip="Go ahead"),
        Binding(
            "left,right,h,l", "app.focus_next", "other button", show=False, tooltip="Other button"
        ),
    ]
    WHERE = "A question: y goes ahead, n or escape does nothing."

    def __init__(self, title: str, text: str, *, yes: str, no: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            yield Static(shown(self._text), markup=False)
            with Horizontal():
                yield Button(self._no, id="no", compact=True)
                yield Button(self._yes, id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")
