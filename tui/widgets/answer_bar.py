"""The answer for many modules in one line: how many block each question, one question in full."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from isoview.tui import words
from isoview.tui.ink import Ink
from isoview.tui.workspace import FIELDS

PARTS = (("blocks", "✗", "block", "error"), ("unknown", "?", "unknown", "warning"),
         ("ready", "✓", "ready", "good"))  # fmt: skip


class AnswerBar(Widget, can_focus=True):
    """Four questions with the number of files that block each; the asked one is told in full."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "move(1)", "next question", show=False, tooltip="Next question"),
        Binding("left", "move(-1)", "question before", show=False, tooltip="Question before"),
        Binding("enter,down,j", "open", "show them", tooltip="Show only the files that block it"),
    ]
    WHERE = (
        "The answer: how many files block each question (✗), leave it unknown (?), are ready for "
        "it (✓). The arrows ask another question, enter shows who blocks it."
    )

    class Asked(Message):
        """Another question was chosen (``entered``: to see who blocks it)."""

        def __init__(self, question: str, entered: bool) -> None:
            super().__init__()
            self.question = question
            self.entered = entered

    question: reactive[str] = reactive("own_gil")
    counts: reactive[dict[str, dict[str, int]]] = reactive[dict[str, dict[str, int]]](dict)

    def render(self) -> RenderResult:
        ink = Ink(self.app)
        line = Text()
        for long, bar in ((True, " │ "), (False, " │ "), (False, "│")):
            line = self._line(ink, bar, long=long)
            if line.cell_len <= self.size.width:
                break
        return line

    def _line(self, ink: Ink, bar: str, *, long: bool) -> Text:
        line = Text(" ", no_wrap=True, overflow="ellipsis")
        for index, (field, name, _) in enumerate(words.QUESTIONS):
            if index:
                line.append(bar, style=ink.style("quiet"))
            line.append_text(self._part(ink, field, name, long=long))
        return line

    def _part(self, ink: Ink, field: str, name: str, *, long: bool) -> Text:
        asked = field == self.question
        part = Text(name, style=Style(bold=asked))
        counts = self.counts.get(field)
        if counts is None:
            part.append(" …", style=ink.style("quiet"))
        else:
            for key, shape, word, tone in PARTS if asked else PARTS[:1]:
                part.append(f" {shape} ", style=ink.style(tone))
                part.append(f"{counts[key]}")
                part.append(f" {word}" if asked and long else "")
        if asked and self.has_focus:
            part.stylize("reverse")
        part.stylize(Style.from_meta({"question": field}))
        return part

    def action_move(self, step: int) -> None:
        place = (FIELDS.index(self.question) + step) % len(FIELDS)
        self.post_message(self.Asked(FIELDS[place], entered=False))

    def action_open(self) -> None:
        self.post_message(self.Asked(self.question, entered=True))

    def on_click(self, event: events.Click) -> None:
        meta: dict[str, Any] = event.style.meta
        if "question" in meta:
            self.post_message(self.Asked(meta["question"], entered=False))
