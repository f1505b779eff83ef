"""What every app of isoview is: it keeps settings, speaks, copies, and falls without a mess."""

from __future__ import annotations

import os
import signal
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import NoScreen
from textual.notifications import SeverityLevel

from isoview.tui.contrast import THEMES
from isoview.tui.settings import Settings
from isoview.visible import visible

if TYPE_CHECKING:
    from isoview.tui.app import IsoviewApp

CLIPBOARD_SHOWN = 400
_KEYS = 40


class BaseApp(App[None]):
    """Everything about the app that has nothing to do with extensions."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "show_copied", "show what was copied", show=False,
                tooltip="Show what was copied last, to select it by hand"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.last_keys: deque[str] = deque(maxlen=_KEYS)
        self.has_failed = False
        self.copied = ""
        for theme in THEMES:
            self.register_theme(theme)
        self.settings = Settings()
        self.settings.load()
        kept = self.settings.text("theme", self.available_themes)
        if kept is not None and "TEXTUAL_THEME" not in os.environ:
            self.theme = kept

    def run(self, *arguments: Any, **options: Any) -> Any:
        """Run until it is left, or its terminal goes away.

        Begun where hang-ups are ignored, it would read the end of its terminal for ever.
        """
        ignored = hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        if ignored:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
        try:
            return super().run(*arguments, **options)
        finally:
            if ignored:  # what called us may go on
                signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def on_mount(self) -> None:
        """Textual calls this beside what subclasses do then."""
        self.theme_changed_signal.subscribe(self, lambda theme: self._keep_theme(theme.name))
        if self.settings.problem:
            self.notify(self.settings.problem, severity="warning")

    def _keep_theme(self, name: str) -> None:
        self.settings.put("theme", name)
        self.settings.save()

    def exit(
        self,
        result: None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """Leave, and remember where one was while the screens are still there."""
        self.keep_places()
        super().exit(result, return_code, message)

    def keep_places(self) -> None:
        """Put into the settings what only a running app knows."""

    async def on_unmount(self) -> None:
        self.settings.save()

    def action_command_palette(self) -> None:
        """Show the command palette, unless it is shown."""
        from isoview.tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    # -- saying ---------------------------------------------------------------------------------

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - never: messages hold names from files
    ) -> None:
        """Say something in a corner; the newest replaces what is still there."""
        self.clear_notifications()
        super().notify(
            visible(message),
            title=visible(title),
            severity=severity,
            timeout=timeout,
            markup=False,
        )

    # -- copying --------------------------------------------------------------------------------

    def copy(self, text: str) -> None:
        """Copy through the terminal (OSC 52); the text is shown too, for terminals without it."""
        self.copied = safe = "\n".join(visible(line) for line in text.splitlines())
        self.copy_to_clipboard(safe)
        shown = safe
        if len(safe) > CLIPBOARD_SHOWN:
            shown = f"{safe[:CLIPBOARD_SHOWN]}… (ctrl+y shows all of it)"
        self.clear_notifications()
        super().notify(shown, title="Copied", markup=False)

    def action_show_copied(self) -> None:
        from isoview.tui.screens.copied import CopiedScreen

        if self.copied:
            self.push_screen(CopiedScreen(self.copied))
        else:
            self.notify("Nothing was copied yet; y copies what is selected.")

    # -- failing --------------------------------------------------------------------------------

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """A screen that was just opened cannot be asked what its keys do before its parts are there."""
        return self.screen.is_mounted and await super()._check_bindings(key, priority)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            self.last_keys.append(event.key)
        if isinstance(event, events.MouseEvent) and self._is_leaving(event):
            return
        await super().on_event(event)

    def _is_leaving(self, event: events.MouseEvent) -> bool:
        """Whether the mouse is on a widget that was taken away but is still painted.

        Textual would begin a selection in what holds that widget, and nothing does any more.
        """
        if not self.screen_stack or event.is_forwarded:
            return False
        try:
            widget, _ = self.screen.get_widget_and_offset_at(event.x, event.y)
        except NoScreen:
            return True
        return widget is not None and widget is not self.screen and widget.parent is None

    def report_fault(self, error: BaseException) -> tuple[str, str]:
        """Write a report about a fault of ours; returns what happened and what to do."""
        from isoview.tui import crash

        app = cast("IsoviewApp", self)
        return crash.said(error, crash.write(error, app))

    def _handle_exception(self, error: Exception) -> None:
        """Textual's own last resort, which would print a traceback with every local value."""
        if self.has_failed:  # what follows from the first says nothing new
            return
        self.has_failed = True
        what, hint = self.report_fault(error)
        self._return_code = 3  # as the command line has it: it could not be analysed
        if self._exception is None:  # what a test's pilot raises again
            self._exception = error
            self._exception_event.set()
        self.panic(Text(f"{what}\n  {hint}"))
