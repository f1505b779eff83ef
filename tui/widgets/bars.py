"""The filter: a one-line editor that opens in place."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input, Static

from isoview.tui.at_once import tell


class OneLine(Input):
    """An editor whose letters move nothing else: the screen is not laid out anew for each."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))


class FilterBar(Horizontal):
    """Words that a line must hold to be shown. Escape clears, enter keeps."""

    WHERE = "The filter: a line stays when it holds every word. enter keeps it, escape clears it."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", tooltip="Clear the filter"),
        Binding("enter,down", "keep", "keep", tooltip="Keep the filter and go to the lines"),
    ]

    class Changed(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The editor was left; the filter stands as it is."""

    def compose(self) -> ComposeResult:
        yield Static("/", markup=False)
        yield OneLine(placeholder="words to filter by", compact=True, classes="editor")

    def on_mount(self) -> None:
        self.watch(self.query_one(Input), "value", self._typed, init=False)

    def _typed(self, text: str) -> None:
        tell(self, self.Changed(text))

    def open(self) -> None:
        self.display = True
        self.query_one(Input).focus()

    @property
    def text(self) -> str:
        return self.query_one(Input).value

    def clear(self) -> None:
        self.query_one(Input).value = ""
        self.display = False

    def put(self, text: str) -> None:
        """Show ``text`` as what is filtered by; nobody is told."""
        with self.prevent(self.Changed):
            self.query_one(Input).value = text
        self.display = bool(text.strip())

    def action_clear(self) -> None:
        self.clear()
        self.post_message(self.Left())

    def action_keep(self) -> None:
        self.display = bool(self.text.strip())
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()  # said already

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()
