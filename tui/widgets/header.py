"""The two lines on top: what file this is, and how bad it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from isoview.tui import words
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import answer_mark

if TYPE_CHECKING:
    from isoview.model import Verdict
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Entry
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

NAME_ROOM = 18
"""What a name on the way keeps where there is little room."""
STEP = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


class Breadcrumb(Widget):
    """Where we are, and on the right what made the file and what is still being read."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._path: tuple[str, ...] = ()
        self._right = ""
        self._stage = ""
        self._shown: tuple[object, ...] = ()
        self._ends: list[int] = []  # where the names of the way end

    def show(self, path: tuple[str, ...], right: str = "", stage: str = "") -> None:
        """Show the way here, and what is known about the file."""
        shown_now = (path, right, stage, self.app.theme)
        if shown_now != self._shown:
            self._shown = shown_now
            self._path, self._right, self._stage = path, right, stage
            self.refresh()

    def show_entry(self, path: tuple[str, ...], entry: Entry) -> None:
        """Show the way to an entry's screen, what made it, and what is still being read."""
        right = words.make(entry.report.facts) if entry.report else ""
        self.show(path, right, words.stage(entry))

    def render(self) -> RenderResult:
        ink = Ink(self.app)
        width = self.size.width
        left = self._way(ink, self._path)
        right = Text()
        if self._stage:
            right.append_text(shown(self._stage, ink.style("warning")))
        if self._right:
            right.append("  " if self._stage else "")
            right.append_text(shown(self._right, ink.style("quiet")))
        right.append(" ")
        # The name of the file comes first: the rest gets what it leaves, but never less than half.
        room = max(width - right.cell_len - 1, width // 2)
        for path in _shorter(self._path):
            if left.cell_len <= room:
                break
            left = self._way(ink, path)
        left.truncate(room, overflow="ellipsis")
        right.truncate(max(width - left.cell_len - 1, 0), overflow="ellipsis")
        gap = max(width - left.cell_len - right.cell_len, 1)
        return Text.assemble(left, " " * gap, right, no_wrap=True)

    def _way(self, ink: Ink, path: tuple[str, ...]) -> Text:
        left = Text(" ")
        ends: list[int] = []
        for index, part in enumerate(path):
            left.append(f" {STEP} " if index else "", style=ink.style("quiet"))
            left.append_text(shown(part, "bold" if index == len(path) - 1 else ""))
            ends.append(left.cell_len)
        self._ends = ends
        return left

    def on_click(self, event: events.Click) -> None:
        """A click on a name of the way goes back to that screen."""
        back = sum(event.x < end for end in self._ends[:-1])
        if back:
            cast("IsoviewApp", self.app).navigation.leave_by(back)


def _shorter(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The way with less and less of its beginning: its end says where one is."""
    rest = path[1:]
    while rest:
        yield ("…", *rest)
        shortened = (*(_shortened(name) for name in rest[:-1]), rest[-1])
        if shortened != rest:
            yield ("…", *shortened)
        rest = rest[1:]


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_ROOM else name[: NAME_ROOM - 1] + "…"


class VerdictBar(Widget, can_focus=True):
    """Four questions, each a mark and a word; focused, the detail pane says the sentence."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "move(1)", "next question", show=False, tooltip="Next question"),
        Binding("left", "move(-1)", "question before", show=False, tooltip="Question before"),
        Binding(
            "enter,down,j", "open", "go to the finding", tooltip="Go to the finding that decided it"
        ),
    ]
    WHERE = (
        "The verdict: four questions. ✓ yes  ✗ no  ◐ undeclared  ? unknown  ⊘ refuses cleanly. "
        "The detail pane has the sentence, and the findings that decided it."
    )

    class Asked(Message):
        """A question was chosen (``entered``: to go to what decided it)."""

        def __init__(self, question: str, entered: bool) -> None:
            super().__init__()
            self.question = question
            self.entered = entered

    chosen: reactive[int] = reactive(0)
    verdict: reactive[Verdict | None] = reactive(None)

    def render(self) -> RenderResult:
        for bar in (" │ ", "│"):  # four long words and 80 columns leave no room for blanks
            line = self._line(Ink(self.app), bar)
            if line.cell_len <= self.size.width:
                break
        return line

    def _line(self, ink: Ink, bar: str) -> Text:
        line = Text(" ", no_wrap=True, overflow="ellipsis")
        for index, (field, name, _) in enumerate(words.QUESTIONS):
            if index:
                line.append(bar, style=ink.style("quiet"))
            line.append_text(self._question(ink, index, field, name))
        return line

    def _question(self, ink: Ink, index: int, field: str, name: str) -> Text:
        if self.verdict is None:
            part = Text.assemble((f"{name} …", ink.style("quiet")))
        else:
            mark = answer_mark(words.answer_of(self.verdict, field))
            tone = ink.style(mark.tone)
            part = Text.assemble(f"{name} ", (mark.shape, tone), " ", (mark.word, tone))
        if self.has_focus and index == self.chosen:
            part.stylize("reverse")
        part.stylize(Style.from_meta({"question": index}))
        return part

    @property
    def question(self) -> str:
        """The field name of the chosen question."""
        return words.QUESTIONS[self.chosen][0]

    def choose(self, question: str) -> None:
        """Turn to a question by its field name."""
        self.chosen = [field for field, _, _ in words.QUESTIONS].index(question)

    def action_move(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(words.QUESTIONS)
        self.post_message(self.Asked(self.question, entered=False))

    def action_open(self) -> None:
        self.post_message(self.Asked(self.question, entered=True))

    def on_focus(self) -> None:
        self.post_message(self.Asked(self.question, entered=False))

    def on_click(self, event: events.Click) -> None:
        meta: dict[str, Any] = event.style.meta
        if "question" in meta:
            self.chosen = meta["question"]
        self.post_message(self.Asked(self.question, entered=False))
