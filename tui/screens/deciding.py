"""A screen with findings to decide about: the same keys, marks and editors on each of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.binding import Binding, BindingType

from isoview.tui.ink import shown
from isoview.tui.screens.filtered import FilteredScreen
from isoview.tui.tally import SHOWN, tally
from isoview.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from isoview.model import Finding, Status
    from isoview.triage import Decisions, Group
    from isoview.tui.widgets.decision_bar import DecisionBar, Scope


def decisions(*, shown: bool) -> list[BindingType]:
    """The keys of decisions, the same wherever findings are listed; ``shown`` on the line of keys."""
    return [
        Binding("a", "decide", "decide", tooltip="Decide about this finding, or about all marked ones; isoview.toml keeps it"),
        Binding("m", "mark", "mark", show=shown, tooltip="Mark this, or take its mark away; a then decides about all marked"),
        Binding("asterisk", "mark_all", "mark all", key_display="*", show=False, tooltip="Mark everything that is listed, or nothing"),
        Binding("A", "decide_group", "rule", show=shown, tooltip="Decide about all that patterns fit, now and later; first see what they cover"),
        Binding("v", "status", "status", show=shown, tooltip="List only findings of one status, then of the next, then all"),
        Binding("u", "undo", "undo", show=shown, tooltip="Take the last decision back; again, the one before"),
        Binding("U", "redo", "redo", show=False, tooltip="Do again what was taken back"),
    ]  # fmt: skip


class DecidingScreen(FilteredScreen):
    """Lists findings; the editor of decisions opens above the line of keys."""

    only: Status | None = None  # the status that is listed
    _seen: Decisions  # the decisions when the editor was opened

    # -- what a screen says ---------------------------------------------------------------------

    def all_findings(self) -> tuple[Finding, ...]:
        """All findings that decisions here can be about."""
        raise NotImplementedError

    def listed_findings(self) -> tuple[Finding, ...]:
        """Those that are listed now, a filter and a status having been applied."""
        raise NotImplementedError

    def chosen_findings(self) -> tuple[Finding, ...]:
        """Those under the cursor: one, all of a folded rule, or none."""
        raise NotImplementedError

    def list_findings_anew(self) -> None:
        """Marks, or the status that is listed, have changed."""
        self.list_anew()

    def to_the_findings(self) -> None:
        """Give the keys to the list of findings."""
        self.to_the_list()

    def step_on(self) -> None:
        """Move to the next line, after one was marked."""

    def before_deciding(self) -> None:
        """A decision is about to be written: what was decided may move away."""

    # -- marks ----------------------------------------------------------------------------------

    @property
    def marked(self) -> set[str]:
        return self.isoview.deciding.marked

    def marked_findings(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.all_findings() if f.fingerprint in self.marked)

    def _turn_marks(self, findings: Iterable[Finding]) -> None:
        names = {finding.fingerprint for finding in findings}
        if names <= self.marked:
            self.marked.difference_update(names)
        else:
            self.marked.update(names)
        self.list_findings_anew()
        self.refresh_bindings()

    def action_mark(self) -> None:
        self._turn_marks(self.chosen_findings())
        self.step_on()

    def action_mark_all(self) -> None:
        self._turn_marks(self.listed_findings())

    def unmark(self) -> bool:
        """Take all marks here away; False where there are none."""
        here = self.marked_findings()
        if here:
            self._turn_marks(here)
        return bool(here)

    # -- deciding -------------------------------------------------------------------------------

    def why_not_decide(self, name: str) -> str | None:
        """Why one of these actions cannot be done now."""
        if name in {"undo", "redo"}:
            return self.isoview.deciding.journal.why_not(name)
        if name in {"mark", "decide_group"} and not self.chosen_findings():
            return "there is no finding under the cursor"
        if name == "decide" and not self.chosen_findings() and not self.marked_findings():
            return "there is no finding to decide about"
        if name in {"mark_all", "status"} and not self.all_findings():
            return "there are no findings"
        return None

    def _scopes(self) -> list[Scope]:
        from isoview.tui.widgets.decision_bar import Scope

        chosen, marked = self.chosen_findings(), self.marked_findings()
        scopes = []
        if marked:
            scopes.append(Scope(f"{len(marked)} marked", marked))
        if chosen:
            rule = chosen[0].rule
            of_rule = tuple(f for f in self.all_findings() if f.rule == rule)
            if len(chosen) == 1:
                scopes.append(Scope("this one", chosen))
            elif any(f.rule != rule for f in chosen):  # a step of the plan
                return [*scopes, Scope(f"the {len(chosen)} listed here", chosen)]
            elif len(chosen) < len(of_rule):
                scopes.append(Scope(f"the {len(chosen)} listed of {rule}", chosen))
            if len(of_rule) > 1:
                scopes.append(Scope(f"all {len(of_rule)} of {rule}", of_rule))
        return scopes

    async def action_decide(self) -> None:
        from isoview.tui.widgets.decision_bar import DecisionBar

        scopes = self._scopes()
        if not self.query(DecisionBar):
            await self.mount(DecisionBar(), before=self.query_one(KeyBar))
        # What others write while one types must not be overwritten unseen.
        self._seen = self.isoview.services.decisions.kept
        self.query_one(DecisionBar).open(scopes)

    def on_decision_bar_decided(self, event: DecisionBar.Decided) -> None:
        self.to_the_findings()
        self.before_deciding()
        choice = event.choice
        self.isoview.deciding.decide(choice.findings, choice.status, choice.reason, self._seen)

    def on_decision_bar_left(self) -> None:
        self.to_the_findings()

    def action_decide_group(self) -> None:
        from isoview.tui.screens.group import GroupScreen

        chosen = self.chosen_findings()
        if chosen:
            self.app.push_screen(GroupScreen(chosen, self.isoview), self._decide_group)

    def _decide_group(self, group: Group | None) -> None:
        if group is not None:
            self.isoview.deciding.decide_group(group)

    def action_undo(self) -> None:
        self.isoview.deciding.undo()

    def action_redo(self) -> None:
        self.isoview.deciding.redo()

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:  # noqa: ARG002
        if self.is_typing and action not in {"pane", "leave"}:
            return False  # the keys are typed into an editor: the footer shows the editor's own
        return None if self.why_not(action) else True

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        return self.why_not_decide(action.split("(", maxsplit=1)[0])

    # -- by status ------------------------------------------------------------------------------

    def keeps_status(self, finding: Finding) -> bool:
        """Whether the chosen status lets a finding be listed."""
        return self.only is None or finding.status == self.only

    def list_only(self, status: Status | None) -> None:
        """List findings of one status, or of all."""
        if status != self.only:
            self.only = status
            self.list_findings_anew()

    def action_status(self) -> None:
        """List the next status that occurs; after the last, all."""
        numbers = tally(self.all_findings())
        statuses = list(SHOWN)
        after = 0 if self.only is None else statuses.index(self.only) + 1
        self.only = next((status for status in statuses[after:] if status in numbers), None)
        self.list_findings_anew()
        if self.only is None:
            self.notify(f"All {sum(numbers.values())} findings are listed.")
        else:
            self.notify(
                f"Only {SHOWN[self.only]} findings are listed, {numbers[self.only]} of "
                f"{sum(numbers.values())}. v goes on, escape lists all."
            )

    def leave_findings(self) -> bool:
        """Leave what decisions have open: zoom, marks, a status. False where nothing is."""
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.unmark():
            self.notify("No finding is marked any more.")
        elif self.only is not None:
            self.only = None
            self.list_findings_anew()
        else:
            return False
        return True

    def listed_text(self, listed: int, number: int) -> Text | None:
        """What a filter, a status and marks make of ``number`` findings."""
        parts = []
        if self.only is not None or self.filter:
            parts.append(f"{listed} of {number}")
        if self.only is not None:
            parts.append(SHOWN[self.only])
        if self.filter:
            parts.append(f"with “{self.filter.text}”")
        said = " ".join(parts)
        if marked := len(self.marked_findings()):
            said += f"{', ' if said else ''}{marked} marked"
        return shown(said, limit=60) if said else None

    def nothing_listed(self, number: int) -> str:
        """Why nothing is listed although there are findings; empty where there are none."""
        if not number:
            return ""
        if self.filter:
            held = f"None of {number} findings holds “{self.filter.text}”"
            only = f" and is {SHOWN[self.only]}" if self.only else ""
            return f"{held}{only}. escape clears the filter."
        if self.only is not None:
            return f"None of {number} findings is {SHOWN[self.only]} any more. escape lists all."
        return ""
