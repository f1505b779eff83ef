"""The app: entries fill in from the stream, screens show them, workers do what takes time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.worker import Worker, WorkerState, get_current_worker

from isoview.tui import keys, last_view
from isoview.tui.base import BaseApp
from isoview.tui.deciding import Deciding
from isoview.tui.entry import Entry
from isoview.tui.navigation import Navigation
from isoview.tui.services import Services
from isoview.tui.views import VIEWS, view_of
from isoview.tui.work import Decided, Decoded, LiveEnded, Work

if TYPE_CHECKING:
    from textual.widget import Widget

    from isoview.model import Event
    from isoview.tui.live_control import LiveControl
    from isoview.tui.processes import ProcessServices
    from isoview.tui.workspace import Workspace
    from isoview.tui.workspace_control import WorkspaceControl


class IsoviewApp(BaseApp):
    """isoview in a terminal."""

    CSS_PATH = "app.tcss"
    TITLE = "isoview"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "help", show=False, tooltip="What the keys do here"),
        Binding("left_square_bracket", "walk(-1)", "back", key_display="[", show=False,
                tooltip="Go back to the place before this one"),
        Binding("right_square_bracket", "walk(1)", "forward", key_display="]", show=False,
                tooltip="Go forward again"),
        *(Binding(view.key, f"view('{view.name}')", view.name, show=False, tooltip=view.tooltip)
          for view in VIEWS if view.key),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, tooltip="Leave isoview"),
    ]  # fmt: skip
    AUTO_FOCUS = None

    class Arrived(Message):
        """The stream said something about an entry."""

        def __init__(self, entry: Entry, event: Event) -> None:
            super().__init__()
            self.entry = entry
            self.event = event

    def __init__(
        self,
        targets: Sequence[str],
        services: Services | None = None,
        *,
        workspace: Workspace | None = None,
    ) -> None:
        """The app on one file, or on a workspace: what several targets are."""
        super().__init__()
        self.services = services or Services()
        self.entries = [Entry(target) for target in targets] if len(targets) == 1 else []
        self.workspace = self._control(targets, workspace)
        self.work = Work(self.services)
        self.navigation = Navigation(self)
        self.deciding = Deciding(self)
        self._live_allowed = False  # nobody was asked yet

    # -- screens --------------------------------------------------------------------------------

    def _control(
        self, targets: Sequence[str], workspace: Workspace | None
    ) -> WorkspaceControl | None:
        if workspace is None and len(targets) < 2:
            return None
        from isoview.targets import Scope
        from isoview.tui.workspace import Workspace
        from isoview.tui.workspace_control import WorkspaceControl

        return WorkspaceControl(self, workspace or Workspace(Scope(tuple(targets))))

    def get_default_screen(self) -> Screen[Any]:
        """The screen at the bottom of the stack: Textual's own, which is empty, would be styled
        and painted before ours for nothing.
        """
        view, subject = self.first_place()
        return view_of(view).make(self, subject)

    def first_place(self) -> tuple[str, object]:
        """The view that the app begins with, and what it is about."""
        return ("module", self.entries[0]) if self.workspace is None else ("workspace", None)

    def on_mount(self) -> None:
        # Paint first: the reading starts when the first screen stands.
        self.call_after_refresh(self.begin)
        self.deciding.start()

    def begin(self) -> None:
        """Begin the work that the first screen shows."""
        if self.workspace is not None:
            self.workspace.start()
        else:
            self.read(self.entries)

    def open_entry(self, entry: Entry) -> None:
        """Show the Module screen of an entry."""
        self.navigation.go("module", entry)

    @cached_property
    def process_services(self) -> ProcessServices:
        """What the screens about processes ask for."""
        from isoview.tui.processes import ProcessServices

        return ProcessServices()

    def files(self) -> list[str]:
        """What was opened, as targets."""
        if self.workspace is not None:
            known = self.workspace.workspace
            if known.scope.targets and not known.scope.files:
                return list(known.scope.targets)
            return [m.path for m in known.modules() if not m.error]
        return [entry.path for entry in self.entries]

    def entry_of(self, path: str) -> Entry | None:
        """The entry of a file that was opened."""
        if self.workspace is not None:
            modules = self.workspace.workspace.modules()
            module = next((each for each in modules if each.path == path), None)
            return self.workspace.entry_of(module) if module is not None else None
        return next((entry for entry in self.entries if entry.path == path), None)

    def action_view(self, name: str) -> None:
        """Go to a view by its digit."""
        about = view_of(name).about
        screen = self.navigation.screen
        state = screen.hint(name) if screen is not None else None
        self.navigation.go(name, self.navigation.entry if about == "module" else None, state)

    def action_walk(self, step: int) -> None:
        self.navigation.walk(step)

    def why_not(self, action: str) -> str | None:
        """Why one of the app's own actions cannot be done now."""
        name, _, argument = action.rstrip(")").partition("(")
        if name == "walk":
            return self.navigation.why_not(int(argument))
        if name == "view":
            view = view_of(argument.strip("'"))
            here = self.navigation.screen
            entry = self.navigation.entry
            is_there = here is not None and view.name == here.VIEW
            if here is not None and is_there and (view.about == "all" or here.subject is entry):
                return "you are there"
            return view.why_not(self, entry)
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        focused = self.focused
        if action in {"walk", "view"} and focused is not None and focused.has_class("editor"):
            return False  # what is being entered is ended first
        said = self.why_not(f"{action}({parameters[0]})") if parameters else None
        return None if said else True

    def keep_places(self) -> None:
        last_view.keep(self)

    def leave(self, screen: Screen[Any]) -> None:
        """Go back from a screen with nothing open in it."""
        if len(self.screen_stack) > 1 and screen is self.screen:
            self.navigation.remember()
            self.pop_screen()
        else:
            self.notify("There is nothing to leave here; q leaves isoview.")

    def standing(self) -> list[Screen[Any]]:
        """The screens that can show something: one that was just opened does so when it stands."""
        return [screen for screen in self.screen_stack if screen.is_mounted]

    def _changed(self, entry: Entry) -> None:
        for screen in self.standing():
            show = getattr(screen, "show_entry", None)
            if callable(show) and getattr(screen, "entry", entry) is entry:
                show()

    # -- reading --------------------------------------------------------------------------------

    def read(self, entries: Iterable[Entry]) -> None:
        """Consume the stream for ``entries`` in a thread."""
        waiting = list(entries)
        self._in_thread(partial(self._read, waiting), "read")

    def _read(self, waiting: list[Entry]) -> None:
        worker = get_current_worker()
        for entry, event in self.work.events(waiting):
            if worker.is_cancelled:
                return
            self.post_message(self.Arrived(entry, event))

    def on_isoview_app_arrived(self, message: Arrived) -> None:
        was_read = message.entry.complete
        message.entry.receive(self.deciding.laid_over(message.event))
        self._changed(message.entry)
        if message.entry.complete and not was_read:
            last_view.restore(self, message.entry)

    def read_again(self, entry: Entry) -> None:
        """Read a file again; what the new reading changed is marked."""
        entry.read_again()
        self.work.forget(entry)
        self._changed(entry)
        self.read([entry])

    def _in_thread(self, job: Callable[[], None], group: str, *, exclusive: bool = False) -> None:
        # Described, or Textual writes out the job with all it is given, a whole report for one.
        self.run_worker(job, group=group, description=group, thread=True, exclusive=exclusive,
                        exit_on_error=False)  # fmt: skip

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A fault of ours in a worker is said, never swallowed, and never ends the app."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            what, hint = self.report_fault(error)
            self.notify(hint, title=what, severity="error", timeout=20)

    # -- evidence, decisions, live --------------------------------------------------------------

    def decode(self, entry: Entry, subject: object) -> None:
        """Decode the structures behind ``subject``; the screen is told when they are there."""
        job = partial(self.work.decode, entry, subject, self.post_message)
        self._in_thread(job, "decode", exclusive=True)

    def on_decoded(self, message: Decoded) -> None:
        for screen in self.standing():
            show = getattr(screen, "show_structures", None)
            if callable(show) and getattr(screen, "entry", None) is message.entry:
                show(message.subject, message.structures, message.note)

    def on_decided(self, message: Decided) -> None:
        if message.said:
            severity: SeverityLevel = "error" if message.failed else "information"
            self.notify(message.said, severity=severity)
        self.deciding.take(message)
        self.refresh_bindings()

    def show_changes(self, entry: Entry) -> None:
        """Every screen that shows the entry shows it as it is now."""
        self._changed(entry)

    @cached_property
    def experiments(self) -> LiveControl:
        """The experiments on every entry: the Live screen's part of the app."""
        from isoview.tui.live_control import LiveControl

        return LiveControl(self)

    def ask_live(self, entry: Entry) -> None:
        """Ask, then import the module in a child process."""
        self.allow_live(entry, partial(self._run_live, entry))

    def allow_live(self, entry: Entry, then: Callable[[], None]) -> None:
        """Ask before foreign code runs for the first time in this session, then go on."""
        if self._live_allowed:
            then()
            return
        from isoview.tui.screens.dialogs import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                self._live_allowed = True
                then()

        question = Confirm(
            "run the module's code?",
            f"{entry.name} will be imported by {self.services.python} in a child process with a "
            "time limit. Importing an extension runs its code, with your permissions. Everything "
            "else isoview shows only reads the file.",
            yes="y  import it",
            no="n  leave it",
        )
        self.push_screen(question, answered)

    def _run_live(self, entry: Entry) -> None:
        entry.live.state = "running"
        self._changed(entry)
        self._in_thread(partial(self.work.live, entry, self.post_message), "live")

    def on_live_ended(self, message: LiveEnded) -> None:
        message.entry.live = message.live
        if message.live.state == "failed":
            self.notify(f"{message.live.message}. {message.live.hint}", severity="error")
        self._changed(message.entry)

    # -- every screen ---------------------------------------------------------------------------

    def action_help(self) -> None:
        from isoview.tui.screens.dialogs import HelpScreen

        self.push_screen(HelpScreen(keys.where(self.screen), keys.available(self.screen)))

    def action_help_quit(self) -> None:
        self.notify("q leaves isoview; y copies what is selected.")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: everything the keys do here, each with what it does."""
        for key in keys.available(screen):
            if key.reason:
                command: Callable[[], Any] = partial(self._say_why_not, key.title, key.reason)
                text = f"Not now: {key.reason}."
            else:
                command = partial(self.run_action, key.action, key.namespace)
                text = key.tooltip
            yield SystemCommand(f"{key.title} ({key.display})", text, command)
        for pane, binding in keys.elsewhere(screen):
            go = partial(self._do_in, pane, binding.action)
            shown_key = self.get_key_display(binding)
            yield SystemCommand(f"{binding.description} ({shown_key})", binding.tooltip, go)
        yield SystemCommand("theme", "Choose the colours of the app", self.action_change_theme)

    async def _do_in(self, pane: Widget, action: str) -> None:
        """Give the keys to a pane, then do what it can."""
        pane.focus()
        await self.run_action(action, pane)

    def _say_why_not(self, title: str, reason: str) -> None:
        self.notify(f"{title}: {reason}.", severity="warning")

    def on_key(self, event: events.Key) -> None:
        """No key does nothing silently: a disabled one says why, an unknown one where help is."""
        if not self.screen.is_mounted:
            return  # pressed on the screen before, while a key of that one opened this
        active = self.screen.active_bindings.get(event.key)
        if active is None:
            name = self.get_key_display(Binding(event.key, ""))
            self.notify(f"{name} does nothing here; ? lists the keys that do.")
        elif not active.enabled:
            reason = keys.reason(active.node, active.binding.action)
            self._say_why_not(active.binding.description, reason)

    async def on_unmount(self) -> None:
        if "experiments" in self.__dict__:  # the Live screen was opened
            self.experiments.close()
        if self.workspace is not None:
            self.workspace.keep()
            self.workspace.close()
        self.work.close()
