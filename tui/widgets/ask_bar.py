"""A one-line editor that asks for something: what to look for, where to go, which file."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

LISTED = 5000
"""Names of a folder that are looked at to complete one."""


class AskBar(Horizontal):
    """Opens with a mark that says what is asked; enter answers, escape leaves."""

    WHERE = "A question on one line: enter answers it, escape leaves everything as it was."
    DEFAULT_CSS = """
    AskBar { height: 1; background: $boost; display: none; }
    AskBar Static { width: auto; color: $text-accent; padding: 0 1; }
    AskBar Input { width: 1fr; border: none; padding: 0; height: 1; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", tooltip="Leave everything as it was"),
        Binding("enter", "answer", "go", tooltip="Do it", priority=True),
    ]

    class Answered(Message):
        def __init__(self, about: str, text: str) -> None:
            super().__init__()
            self.about = about
            self.text = text

    class Left(Message):
        """Nothing is to be done."""

    def __init__(self) -> None:
        super().__init__()
        self._about = ""

    def compose(self) -> ComposeResult:
        yield Static(markup=False)
        yield Input(compact=True, classes="editor")

    def ask(self, about: str, hint: str, text: str = "", *, path: bool = False) -> None:
        """Ask for something; ``about`` is the mark on the left and comes with the answer. The
        names of files are completed for a ``path``.
        """
        self._about = about
        self.query_one(Static).update(Text(about))
        editor = self.query_one(Input)
        editor.placeholder = hint
        editor.suggester = Paths() if path else None
        editor.value = text
        self.display = True
        editor.focus()

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def close(self) -> None:
        self.display = False

    def action_cancel(self) -> None:
        self.close()
        self.post_message(self.Left())

    def action_answer(self) -> None:
        text = self.query_one(Input).value
        self.close()
        self.post_message(self.Answered(self._about, text))


class Paths(Suggester):
    """Completes the path of a file: the arrow to the right takes what is shown."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        folder, slash, begun = value.rpartition("/")
        return _completed(value, Path((folder + slash) or "."), begun) if begun else None


def _completed(value: str, folder: Path, begun: str) -> str | None:
    """``value`` with the first name of a folder that begins as it does."""
    try:
        with os.scandir(folder.expanduser()) as entries:
            fitting = sorted(
                entry.name + ("/" if entry.is_dir() else "")
                for entry in islice(entries, LISTED)
                if entry.name.startswith(begun) and entry.name.isprintable()
            )
    except OSError:
        return None
    return value + fitting[0][len(begun) :] if fitting else None
