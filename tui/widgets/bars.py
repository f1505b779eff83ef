"""One-line editors that open in place: the filter, and the decision."""

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from isoview.model import STATUSES, Finding, Status
from isoview.tui.marks import DECIDED, SEVERITY
from isoview.tui.rows import Row


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
        yield Input(placeholder="words to filter by", compact=True, classes="editor")

    def open(self) -> None:
        self.display = True
        self.query_one(Input).focus()

    @property
    def text(self) -> str:
        return self.query_one(Input).value

    def clear(self) -> None:
        self.query_one(Input).value = ""
        self.display = False
        self.post_message(self.Changed(""))

    def put(self, text: str) -> None:
        """Show ``text`` as what is filtered by; nobody is told."""
        with self.prevent(Input.Changed):
            self.query_one(Input).value = text
        self.display = bool(text.strip())

    def action_clear(self) -> None:
        self.clear()
        self.post_message(self.Left())

    def action_keep(self) -> None:
        self.display = bool(self.text.strip())
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()


@dataclass(frozen=True)
class Choice:
    """A decision as it was entered: for which findings, which status, why."""

    findings: tuple[Finding, ...]
    status: Status
    reason: str


class DecisionBar(Horizontal):
    """Status and reason for a finding, or for all findings of its rule, on one line."""

    WHERE = (
        "A decision: up and down choose the status, then type a reason. enter writes it to "
        "isoview.toml, escape leaves everything as it was."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "down", "turn(1)", "status", key_display="↑↓", tooltip="Next status", priority=True
        ),
        Binding(
            "up", "turn(-1)", "status before", show=False, tooltip="Status before", priority=True
        ),
        Binding(
            "tab",
            "widen",
            "this one or all",
            tooltip="This finding, or all of its rule",
            priority=True,
        ),
        Binding(
            "enter", "save", "save", tooltip="Write the decision to isoview.toml", priority=True
        ),
        Binding("escape", "cancel", "cancel", tooltip="Leave everything as it was", priority=True),
    ]

    status: reactive[Status] = reactive[Status]("intended")
    everyone: reactive[bool] = reactive(False)

    class Decided(Message):
        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    class Left(Message):
        """The editor was left without a decision."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._one: tuple[Finding, ...] = ()
        self._all: tuple[Finding, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(id="status", markup=False)
        yield Input(placeholder="reason", compact=True, classes="editor")
        yield Static(id="scope", markup=False)

    def open(self, row: Row, whole_rule: tuple[Finding, ...]) -> None:
        """Ask about a row; ``whole_rule`` are all findings of its rule."""
        self._one, self._all = row.findings, whole_rule
        self.everyone = row.is_group
        first = row.finding
        self.status = first.status if first.status != "open" else "intended"
        self.query_one(Input).value = first.reason or ""
        self.display = True
        self._draw()
        self.query_one(Input).focus()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Whom the decision is for."""
        return self._all if self.everyone else self._one

    def watch_status(self) -> None:
        self._draw()

    def watch_everyone(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        shape = DECIDED.get(self.status, SEVERITY["error"])
        self.query_one("#status", Static).update(Text(f"{shape} {self.status}", style="bold"))
        number = len(self.findings)
        scope = self.query_one("#scope", Static)
        scope.update(Text(f"for all {number}" if number > 1 else "for this one"))
        scope.set_class(len(self._all) > 1, "-choice")
        scope.display = len(self._all) > 1

    def action_turn(self, step: int) -> None:
        self.status = STATUSES[(STATUSES.index(self.status) + step) % len(STATUSES)]

    def action_widen(self) -> None:
        if len(self._all) < 2:
            self.app.notify("This rule has only this finding.")
        elif len(self._one) > 1:
            self.app.notify("Unfold the rule to decide about one of its findings.")
        else:
            self.everyone = not self.everyone

    def action_save(self) -> None:
        self.display = False
        reason = self.query_one(Input).value.strip()
        self.post_message(self.Decided(Choice(self.findings, self.status, reason)))

    def action_cancel(self) -> None:
        self.display = False
        self.post_message(self.Left())

    def on_click(self, event: events.Click) -> None:
        if event.widget is not None and event.widget.id == "status":
            self.action_turn(1)
        elif event.widget is not None and event.widget.id == "scope":
            self.action_widen()
