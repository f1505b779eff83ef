"""A decision for a group: patterns, and at once the findings that they would cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from isoview.model import Finding, Status
from isoview.triage import Group, module_of
from isoview.tui.group_preview import Covered, preview
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import finding_mark
from isoview.tui.rows import subject
from isoview.tui.tally import MEANINGS, NEEDS_REASON, SHOWN
from isoview.tui.widgets.decision_bar import OFFERED, shape_of
from isoview.tui.widgets.line_list import LineList
from isoview.visible import visible

if TYPE_CHECKING:
    from isoview.tui.app import IsoviewApp

FIELDS = ("rule", "module", "subject", "reason")
HINTS = {
    "rule": "a code or a name: ISO201, ISO2*, static-*",
    "module": "dotted names: pkg.*  (* stands for anything)",
    "subject": "what it is about: type:*, symbol:__pyx_*",
    "reason": "why",
}


class GroupScreen(ModalScreen[Group | None]):
    """Asks for the patterns of a group, showing what they cover as they are typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", tooltip="Write nothing", priority=True),
        Binding("enter", "save", "write", tooltip="Write the rule to isoview.toml"),
        Binding("tab,down", "go(1)", "next", key_display="⇥", tooltip="Next line", priority=True),
        Binding("shift+tab,up", "go(-1)", "line before", show=False, tooltip="Line before", priority=True),
        Binding("ctrl+t", "turn", "status", tooltip="Another status", priority=True),
    ]  # fmt: skip
    WHERE = (
        "A decision for a group: findings that fit all three patterns, now and later. "
        "tab goes through the lines, ctrl+t changes the status, enter writes the rule."
    )
    DEFAULT_CSS = """
    GroupScreen { align: center middle; }
    GroupScreen > #dialog {
        width: 100; max-width: 100%; height: 90%; border: round $accent; background: $panel;
        padding: 0 1;
    }
    GroupScreen Horizontal { height: 1; }
    GroupScreen Horizontal > Static { width: 10; color: $text-muted; }
    GroupScreen Input { width: 1fr; height: 1; border: none; padding: 0; background: $boost; }
    GroupScreen #group-status, GroupScreen #covers { height: auto; }
    GroupScreen #covers { margin: 1 0 0 0; }
    """

    def __init__(self, findings: Sequence[Finding], app: IsoviewApp) -> None:
        super().__init__()
        self._entries = app.entries
        self._kept = app.services.decisions.kept
        self._start = suggestion(findings)
        self.status: Status = "intended"
        self._covered: tuple[Covered, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "a rule for many findings"
            dialog.border_subtitle = "tab next line, ctrl+t status, enter writes it, escape nothing"
            for name in FIELDS:
                with Horizontal():
                    yield Static(name, markup=False)
                    yield Input(
                        getattr(self._start, name),
                        placeholder=HINTS[name],
                        id=f"group-{name}",
                        compact=True,
                        select_on_focus=False,
                        classes="editor",
                    )
            yield Static(id="group-status", markup=False)
            yield Static(id="covers", markup=False)
            yield LineList(id="covered")

    def on_mount(self) -> None:
        self.query_one("#covered").can_focus = False
        self._show()
        self.query_one("#group-subject", Input).focus()

    @property
    def group(self) -> Group:
        """The group as it is entered."""
        rule, module, about, reason = (
            self.query_one(f"#group-{name}", Input).value.strip() for name in FIELDS
        )
        return Group(rule or "*", module or "*", about or "*", self.status, reason)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    def _show(self) -> None:
        found = preview(self.group, self._entries, self._kept)
        self._covered = found.covered
        ink = Ink(self.app)
        status = Text.assemble(
            ("status    ", ink.style("quiet")),
            (f"{shape_of(self.status)} {SHOWN[self.status]}", "bold"),
            (f"  {MEANINGS[self.status]}", ink.style("quiet")),
        )
        self.query_one("#group-status", Static).update(status)
        self.query_one("#covers", Static).update(shown(found.sentence))
        self.query_one(LineList).fill(len(found.covered), self._line)

    def _line(self, index: int) -> Text:
        item = self._covered[index]
        mark = finding_mark(item.finding)
        ink = Ink(self.app)
        return Text.assemble(
            (f" {mark.shape} {item.finding.rule} ", ink.style(mark.tone)),
            shown(f"{module_of(item.finding.fingerprint)} ", ink.style("quiet"), limit=60),
            shown(subject(item.finding), limit=200),
            (f"  {item.stays}", ink.style("warning")) if item.stays else "",
            no_wrap=True,
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter, after everything that was typed before it: a binding with priority would overtake."""
        event.stop()
        self.action_save()

    def action_turn(self) -> None:
        self.status = OFFERED[(OFFERED.index(self.status) + 1) % len(OFFERED)]
        self._show()

    def action_go(self, step: int) -> None:
        if step > 0:
            self.focus_next("Input")
        else:
            self.focus_previous("Input")

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_save(self) -> None:
        group = self.group
        if {group.rule, group.module, group.subject} == {"*"}:
            self._say("A rule that fits everything hides everything: narrow one of the patterns.")
        elif not any(not item.stays for item in self._covered):
            self._say("It would cover nothing that is open here: mend the patterns.")
        elif not group.reason and group.status in NEEDS_REASON:
            self._say(f"Type why they are {SHOWN[group.status]}, in the line “reason”.")
            self.query_one("#group-reason", Input).focus()
        else:
            self.dismiss(group)

    def _say(self, text: str) -> None:
        style = Ink(self.app).style("warning")
        self.query_one("#covers", Static).update(shown(text, style))


def suggestion(findings: Sequence[Finding]) -> Group:
    """Patterns to begin with: the rule, the module, and the kind of subject of the findings."""
    first = findings[0]
    modules = {module_of(f.fingerprint) for f in findings}
    subjects = {f.fingerprint.split(":", 2)[-1] for f in findings}
    if len(subjects) == 1 and len(findings) > 1:
        about = pattern(subjects.pop())
    else:
        about = pattern(first.fingerprint.split(":", 2)[-1].partition(":")[0]) + ":*"
    about = "module" if about == "module:*" else about
    rule = first.rule if len({f.rule for f in findings}) == 1 else "*"
    module = pattern(modules.pop()) if len(modules) == 1 else "*"
    return Group(rule, module, about, "intended", "")


def pattern(name: str) -> str:
    """A pattern that fits a name: what has a meaning in patterns, or acts on a terminal, is masked."""
    return "".join(
        f"[{char}]" if char in "[*?" else char if visible(char) == char else "?" for char in name
    )
