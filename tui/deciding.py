"""Decisions from the app: written through the one store, remembered step by step, seen when others
make them.

Everything here is called on the app's thread; what touches the file runs in a worker, one after
the other. The screens are told by one message, :class:`isoview.tui.work.Decided`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from isoview.inspectors.errors import IsoviewError
from isoview.tui.journal import Journal, Step
from isoview.tui.work import Decided

if TYPE_CHECKING:
    from isoview.model import Event, Finding, Status
    from isoview.triage import Decision, Decisions, Group
    from isoview.tui.app import IsoviewApp

LOOK_SECONDS = 1.0
"""How often it is looked whether somebody else has written the decisions."""


class Deciding:
    """Decisions of this session: the journal, the marks, and the file behind them."""

    def __init__(self, app: IsoviewApp) -> None:
        self._app = app
        self._store = app.services.decisions
        self._lock = Lock()
        self.journal = Journal()
        self.marked: set[str] = set()
        """Fingerprints that the next decision is for."""

    def start(self) -> None:
        """Look now and then whether the file was written by another."""
        self._app.set_interval(LOOK_SECONDS, self._watch)

    def laid_over(self, event: Event) -> Event:
        """An event of the stream with the decisions of now: those it began with may be old."""
        from dataclasses import replace

        from isoview.model import Complete, Shape
        from isoview.tui.services import decided

        if isinstance(event, Shape | Complete):
            return replace(event, report=decided(event.report, self._store.kept))
        return event

    # -- writing --------------------------------------------------------------------------------

    def decide(
        self, findings: Iterable[Finding], status: Status, reason: str, seen_in: Decisions
    ) -> None:
        """Write one decision for each finding; ``seen_in`` is what was decided when one looked."""
        from isoview.triage import Decision

        reason = reason.encode("utf-8", "backslashreplace").decode()  # as isoview.triage.decide
        wanted: dict[str, Decision | None] = {
            f.fingerprint: Decision(f.fingerprint, status, reason, f.count) for f in findings
        }
        seen = {fingerprint: seen_in.get(fingerprint) for fingerprint in wanted}
        self.marked.difference_update(wanted)
        step = Step(f"{_several(len(wanted))}: {status}", seen, wanted)
        self._later(partial(self._do, step, self._done))

    def decide_group(self, group: Group) -> None:
        """Write a decision for every finding that the patterns of ``group`` fit."""
        step = Step(f"a rule for {group.rule} {group.subject}: {group.status}", {}, {}, group)
        self._later(partial(self._do, step, self._done))

    def drop(self, fingerprint: str) -> None:
        """Take a decision away; its finding is open again."""
        step = Step(
            "1 decision: taken away",
            {fingerprint: self._store.kept.get(fingerprint)},
            {fingerprint: None},
        )
        self._later(partial(self._do, step, self._done))

    def drop_group(self, group: Group) -> None:
        """Take a decision for a group away."""
        said = f"the rule for {group.rule} {group.subject}: taken away"
        self._later(partial(self._do, Step(said, {}, {}, group, removes=True), self._done))

    def undo(self) -> None:
        """Take the last step back."""
        step = self.journal.done.pop()
        self.journal.undone.append(step)
        self._later(partial(self._do, step, self._undone, back=True))

    def redo(self) -> None:
        """Do again what was taken back last."""
        step = self.journal.undone.pop()
        self.journal.done.append(step)
        self._later(partial(self._do, step, self._redone))

    def _done(self, said: str) -> str:
        return f"{said}, written to {self._store.where()}. u takes it back."

    def _undone(self, said: str) -> str:
        return f"Taken back: {said}. U does it again."

    def _redone(self, said: str) -> str:
        return f"Done again: {said}. u takes it back."

    def _later(self, job: Callable[[], None]) -> None:
        self._app.run_worker(job, group="decisions", thread=True, exit_on_error=False)

    # -- in a worker ----------------------------------------------------------------------------

    def _do(self, step: Step, say: Callable[[str], str], *, back: bool = False) -> None:
        """Do a step, or take it back; the first time, it then goes into the journal."""
        first = say == self._done
        try:
            with self._lock:
                before = self._store.kept
                if step.group is not None:
                    message = self._group(step, step.group, say, back=back)
                else:
                    message = self._change(step, say, back=back)
        except IsoviewError as error:
            self._fail(error)
            if not first:
                self._app.call_from_thread(self._put_back, step)
            return
        message.step = message.step if first else None
        if message.changed is not None:  # what others have written meanwhile is seen as well
            others = differing(before, self._store.kept)
            message.changed = None if others is None else message.changed | others
        self._app.post_message(message)

    def _change(self, step: Step, say: Callable[[str], str], *, back: bool) -> Decided:
        was, wanted = (step.after, step.before) if back else (step.before, step.after)
        there = self._store.change(wanted, was)
        others = {f for f, found in there.items() if found not in (was[f], wanted[f])}
        kept = Step(
            step.said,
            {f: decision for f, decision in step.before.items() if f not in others},
            {f: decision for f, decision in step.after.items() if f not in others},
        )
        said = say(step.said) if kept.after else ""
        if others:
            said = (
                f"{said} Left alone: {_several(len(others))} that somebody else has decided "
                "meanwhile; it is shown as it is now. Decide again to replace it."
            ).strip()
        changed = frozenset(wanted)
        return Decided(changed, said, kept if kept.after else None, failed=bool(others))

    def _group(self, step: Step, group: Group, say: Callable[[str], str], *, back: bool) -> Decided:
        if back == step.removes:
            self._store.add_group(group)
            return Decided(None, say(step.said), step)
        if self._store.remove_group(group):
            return Decided(None, say(step.said), step)
        return Decided(None, f"Gone already: {group.rule} {group.subject}.")

    def _put_back(self, step: Step) -> None:
        """A step could not be taken back or done again: it can be tried once more."""
        done, undone = self.journal.done, self.journal.undone
        come_from, go_into = (done, undone) if step in done else (undone, done)
        if step in come_from:
            come_from.remove(step)
            go_into.append(step)

    def _fail(self, error: IsoviewError) -> None:
        said = f"{error.message}. {error.hint}"
        self._app.post_message(Decided(frozenset(), said, failed=True))

    # -- what others write ----------------------------------------------------------------------

    def _watch(self) -> None:
        if self._store.has_changed():
            self._later(self._look)

    def _look(self) -> None:
        try:
            with self._lock:
                if not self._store.has_changed():
                    return
                before = self._store.kept
                self._store.look()
        except IsoviewError as error:
            self._fail(error)
            return
        changed = differing(before, self._store.kept)
        if changed is None or changed:
            what = "its rules are" if changed is None else f"{_several(len(changed))}"
            said = f"{self._store.where()} was written by another session: {what} shown anew."
            self._app.post_message(Decided(changed, said))

    def take(self, message: Decided) -> None:
        """Lay the decisions of now over every report that has one of the changed findings."""
        from isoview.tui.services import decided

        if message.step is not None:
            self.journal.add(message.step)
        for entry in self._app.entries:
            report = entry.report
            if report is None:
                continue
            if message.changed is None or any(
                f.fingerprint in message.changed for f in report.findings
            ):
                entry.take(decided(report, self._store.kept))
                self._app.show_changes(entry)
        screen = self._app.screen
        if screen.is_mounted and hasattr(screen, "show_decisions"):
            screen.show_decisions()


def differing(before: Decisions, after: Decisions) -> frozenset[str] | None:
    """The fingerprints that were decided differently; None (any of them) where groups changed."""
    if before.groups != after.groups:
        return None
    names = before.keys() | after.keys()
    return frozenset(name for name in names if before.get(name) != after.get(name))


def _several(number: int) -> str:
    return "1 finding" if number == 1 else f"{number} findings"
