"""A decision in place: a letter chooses the status, a line takes the reason, enter writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from isoview.model import STATUSES, Finding, Status
from isoview.tui.ink import Ink
from isoview.tui.marks import DECIDED, SEVERITY
from isoview.tui.tally import MEANINGS, NEEDS_REASON, SHOWN
from isoview.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS: dict[Status, str] = {
    "confirmed": "c",
    "intended": "i",
    "false-positive": "f",
    "fixed": "x",
    "open": "o",
}
"""The key of each status, in the order in which they are offered."""
OFFERED = tuple(LETTERS)


@dataclass(frozen=True)
class Choice:
    """A decision as it was entered: for which findings, which status, why."""

    findings: tuple[Finding, ...]
    status: Status
    reason: str


@dataclass(frozen=True)
class Scope:
    """Whom a decision can be for: ``this one``, ``all 12 of ISO201``, ``3 marked``."""

    label: str
    findings: tuple[Finding, ...]


def shape_of(status: Status) -> str:
    """The mark of a finding with this status."""
    return DECIDED.get(status, SEVERITY["error"])


class StatusChoice(Widget, can_focus=True):
    """The statuses on one line, each with its letter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"pick('{status}')", SHOWN[status], tooltip=f"{SHOWN[status]}: {MEANINGS[status]}")
            for status, key in LETTERS.items()
        ),
        Binding("enter", "take", "take it", show=False, tooltip="Take this status; a reason is asked next"),
        Binding("right,down,j,l", "turn(1)", "next", show=False, tooltip="Next status"),
        Binding("left,up,k,h", "turn(-1)", "before", show=False, tooltip="Status before"),
    ]  # fmt: skip
    WHERE = "A decision: its letter, or the arrows and enter, choose what it is."

    class Picked(Message):
        def __init__(self, status: Status) -> None:
            super().__init__()
            self.status = status

    class Typed(Message):
        """Somebody types on before the reason has the keys."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Turned(Message):
        def __init__(self, status: Status) -> None:
            super().__init__()
            self.status = status

    status: reactive[Status] = reactive[Status]("intended")

    def render(self) -> RenderResult:
        ink = Ink(self.app)
        key = ink.style("warning") + Style(bold=True, underline=True)
        for gap in ("  ", " "):
            line = Text(" decide:", no_wrap=True, overflow="ellipsis")
            for status in OFFERED:
                name = SHOWN[status]
                at = name.find(LETTERS[status])
                word = Text(f"{shape_of(status)} {name}")
                word.stylize(key, at + 2, at + 3)
                if status == self.status:
                    word.stylize("reverse")
                word.stylize(Style.from_meta({"status": status}))
                line.append(gap)
                line.append_text(word)
            if line.cell_len <= self.size.width:
                break
        return line

    is_taken = False  # a status was chosen: what is typed belongs to the reason

    def on_key(self, event: events.Key) -> None:
        """Letters are taken here, at once: as bindings they would be overtaken by what follows."""
        status = next((s for s, letter in LETTERS.items() if letter == event.key), None)
        if self.is_taken and event.is_printable and event.character:
            event.stop()
            self.post_message(self.Typed(event.character))
        elif status is not None:
            event.stop()
            self.action_pick(status)

    def watch_status(self, status: Status) -> None:
        self.post_message(self.Turned(status))

    def action_turn(self, step: int) -> None:
        self.status = OFFERED[(OFFERED.index(self.status) + step) % len(OFFERED)]

    def action_take(self) -> None:
        self.action_pick(self.status)

    def action_pick(self, status: Status) -> None:
        self.status = status
        self.is_taken = True
        self.post_message(self.Picked(status))

    def on_click(self, event: events.Click) -> None:
        status = event.style.meta.get("status")
        if status in STATUSES:
            self.action_pick(status)


class ReasonInput(Input):
    """Why it is so; enter writes the decision."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "save", tooltip="Write the decision to isoview.toml"),
    ]


class DecisionBar(Vertical):
    """Status first, then the reason; for the finding, for all of its rule, or for the marked."""

    WHERE = (
        "A decision: type why, enter writes it to isoview.toml, escape leaves everything as it "
        "was. up and down change the status, tab changes for whom it is."
    )
    DEFAULT_CSS = """
    DecisionBar { height: 2; background: $boost; }
    DecisionBar #entering { height: 1; padding: 0 1; }
    DecisionBar StatusChoice { height: 1; width: 1fr; }
    DecisionBar Static { width: auto; padding: 0 1 0 0; }
    DecisionBar Input { width: 1fr; border: none; padding: 0; height: 1; background: transparent; }
    DecisionBar #scope { padding: 0; }
    DecisionBar #meaning { height: 1; width: 1fr; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "turn(1)", "status", key_display="↑↓", tooltip="Next status", priority=True),
        Binding("up", "turn(-1)", "status before", show=False, tooltip="Status before", priority=True),
        Binding("tab", "widen", "for whom", key_display="⇥", tooltip="This finding, all of its rule, or the marked ones", priority=True),
        Binding("escape", "cancel", "cancel", tooltip="Leave everything as it was", priority=True),
    ]  # fmt: skip

    class Decided(Message):
        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    class Left(Message):
        """The editor was left without a decision."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._scopes: tuple[Scope, ...] = ()
        self._scope = 0

    def compose(self) -> ComposeResult:
        yield StatusChoice(classes="editor")
        with Horizontal(id="entering"):
            yield Static(id="status", markup=False)
            yield ReasonInput(compact=True, classes="editor")
            yield Static(id="scope", markup=False)
        yield Static(id="meaning", markup=False)

    def open(self, scopes: Sequence[Scope]) -> None:
        """Ask; the first of ``scopes`` is what it is for unless another is chosen."""
        self._scopes, self._scope = tuple(scopes), 0
        first = self.findings[0]
        self.choice.status = first.status if first.status != "open" else "intended"
        self.query_one(Input).value = visible(first.reason or "")
        self.display = True
        self._enter_reason(False)

    @property
    def choice(self) -> StatusChoice:
        return self.query_one(StatusChoice)

    @property
    def status(self) -> Status:
        """The status that is chosen."""
        return self.choice.status

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Whom the decision is for."""
        return self._scopes[self._scope].findings

    @property
    def _has_status(self) -> bool:
        return not self.choice.display

    def _enter_reason(self, yes: bool) -> None:
        self.choice.display = not yes
        self.choice.is_taken = yes
        self.query_one("#entering").display = yes
        self._draw()
        # What was just shown can take the keys when it is laid out.
        target = self.query_one(Input) if yes else self.choice
        self.screen.set_focus(target)

    def _draw(self) -> None:
        if not self.is_mounted or not self._scopes:
            return
        label = self._scopes[self._scope].label
        self.query_one("#status", Static).update(
            Text(f"{shape_of(self.status)} {SHOWN[self.status]}", style="bold")
        )
        needed = self.status in NEEDS_REASON
        self.query_one(Input).placeholder = "why?" if needed else "why? (may be left empty)"
        self.query_one("#scope", Static).update(Text(f"for {label}"))
        meaning = Text(f"for {label}" if not self._has_status else "", style="bold")
        meaning.append("  " if meaning else "")
        meaning.append(f"{SHOWN[self.status]}: {MEANINGS[self.status]}", style="not bold")
        self.query_one("#meaning", Static).update(meaning)

    def on_status_choice_turned(self, event: StatusChoice.Turned) -> None:
        event.stop()
        self._draw()

    def on_status_choice_picked(self, event: StatusChoice.Picked) -> None:
        event.stop()
        self._enter_reason(True)

    def on_status_choice_typed(self, event: StatusChoice.Typed) -> None:
        event.stop()
        self.query_one(Input).insert_text_at_cursor(event.text)

    def action_turn(self, step: int) -> None:
        self.choice.action_turn(step)

    def action_widen(self) -> None:
        if len(self._scopes) < 2:
            self.app.notify(
                f"There is nothing else to decide about: it is for {self._scopes[0].label}."
            )
        self._scope = (self._scope + 1) % len(self._scopes)
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter, after everything that was typed before it: a binding with priority would overtake."""
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        reason = self.query_one(Input).value.strip()
        if not reason and self.status in NEEDS_REASON:
            said = f"Type why it is {SHOWN[self.status]}: whoever reads isoview.toml will ask."
            self.query_one("#meaning", Static).update(
                Text(said, style=Ink(self.app).style("warning"))
            )
            return
        self.display = False
        self.post_message(self.Decided(Choice(self.findings, self.status, reason)))

    def action_cancel(self) -> None:
        self.display = False
        self.post_message(self.Left())

    def on_click(self, event: events.Click) -> None:
        if event.widget is not None and event.widget.id == "status":
            self.action_turn(1)
        elif event.widget is not None and event.widget.id == "scope":
            self.action_widen()
