"""The Sharing screen: what the opened modules share with each other, or fail to share."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event as StopEvent
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Static

from isoview.inspectors.errors import IsoviewError
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import SEVERITY
from isoview.tui.screens.filtered import FilteredScreen
from isoview.tui.shared_keys import FILTER_LINES, HELP, OTHER_PANE, QUIT, ZOOM
from isoview.tui.sharing_lines import Data, Line, explained, lines, summary
from isoview.tui.widgets.faces import Page
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from isoview.tui.entry import Entry


@dataclass(frozen=True)
class SharingPlace:
    """The line under the cursor, by what it says; ``pane`` has the keys."""

    line: tuple[str, str, str] | None = None
    pane: str = "shared"
    words: str = ""


class Shared(LineList):
    WHERE = (
        "What modules share: classes built twice, capsules made and taken, registries of the "
        "process. enter opens a module."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "enter", "open", tooltip="Open this module; on a finding, its guide section"),
    ]  # fmt: skip


class AboutPage(Page):
    WHERE = "About this line: scroll with j and k."


class SharingScreen(FilteredScreen):
    """Lines above or left, what the chosen one means below or right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        FILTER_LINES,
        OTHER_PANE,
        Binding("shift+tab", "pane(-1)", "pane before", show=False, tooltip="Go to the other pane"),
        Binding("o", "guide", "guide", tooltip="Go to the guide section about this"),
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy this line"),
        Binding("R", "read_again", "compare again", show=False, tooltip="Read the files again and compare them"),
        Binding("escape", "leave", "back", tooltip="Leave what is open: zoom, filter, screen"),
        QUIT,
    ]  # fmt: skip
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VIEW = "sharing"
    SHOWS_VIEWS = True
    PANES = ("shared", "about")
    FILTER_IN = "#shared-pane"
    WHERE = "Sharing: what the opened modules share with each other, or fail to share."
    CSS = """
    SharingScreen #shared-pane { height: 3fr; width: 1fr; }
    SharingScreen #about-pane { height: 2fr; width: 1fr; }
    SharingScreen.-wide #right { layout: horizontal; }
    SharingScreen.-wide #shared-pane { height: 1fr; width: 3fr; }
    SharingScreen.-wide #about-pane { height: 1fr; width: 2fr; }
    SharingScreen Page > Static { height: auto; }
    """

    class Compared(Message):
        """The modules were compared, or could not be."""

        def __init__(self, data: Data | None, problem: str = "") -> None:
            super().__init__()
            self.data = data
            self.problem = problem

    def __init__(self) -> None:
        super().__init__()
        self._data: Data | None = None
        self._problem = ""
        self._lines: list[Line] = []
        self._stop = StopEvent()
        self._waiting: Any = None  # a state to go to once the modules are compared

    def compose(self) -> ComposeResult:
        yield Breadcrumb()
        with Container(id="right"):
            with Vertical(id="shared-pane", classes="pane"):
                yield Shared(id="shared")
            with Vertical(id="about-pane", classes="pane"), AboutPage(id="about"):
                yield Static(markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.list_anew())
        self.set_focus(self.query_one(Shared))
        self.list_anew()
        self.call_after_refresh(self.action_read_again)

    def on_unmount(self) -> None:
        self._stop.set()

    # -- comparing ------------------------------------------------------------------------------

    def action_read_again(self) -> None:
        """Compare everything that was opened, in another process."""
        self._data, self._problem = None, ""
        self.list_anew()
        self.run_worker(self._compare, group="sharing", thread=True, exit_on_error=False)

    def _compare(self) -> None:
        app = self.isoview
        try:
            data = app.services.sharing(app.files(), self._stop)
        except IsoviewError as error:
            self.post_message(self.Compared(None, f"{error.message}. {error.hint}"))
            return
        self.post_message(self.Compared(data))

    def on_sharing_screen_compared(self, message: Compared) -> None:
        self._data, self._problem = message.data, message.problem
        self.list_anew()
        if self._waiting is not None:
            self.go_to(self._waiting)

    # -- places ---------------------------------------------------------------------------------

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        at = self.query_one(Shared).cursor
        return self._lines[at] if at < len(self._lines) else None

    @property
    def entry_at_hand(self) -> Entry | None:
        line = self.line
        return self.isoview.entry_of(line.path) if line is not None and line.path else None

    def here(self) -> SharingPlace:
        line = self.line
        words = self.filter.text if self.filter else ""
        pane = "about" if self.is_in("about") else "shared"
        return SharingPlace(_name(line) if line else None, pane, words)

    def go_to(self, state: Any) -> None:
        if self._data is None:
            self._waiting = state
            return
        self._waiting = None
        if (self.filter.text if self.filter else "") != state.words:
            self.set_filter(state.words)
        names = [_name(line) for line in self._lines]
        if state.line in names:
            self.query_one(Shared).move_to(names.index(state.line))
        self._show_line()
        self.focus_pane(state.pane)

    # -- showing --------------------------------------------------------------------------------

    def list_anew(self) -> None:
        before = self.line
        every = list(lines(self._data)) if self._data is not None else []
        self._lines = [line for line in every if self._keeps(line)]
        headings = frozenset(i for i, line in enumerate(self._lines) if line.kind == "heading")
        names = [_name(line) for line in self._lines]
        at = names.index(_name(before)) if before is not None and _name(before) in names else 0
        self.query_one(Shared).fill(len(self._lines), self._draw, at, headings)
        pane = self.query_one("#shared-pane")
        pane.border_title = Text("shared between modules")
        number = len(self._lines) - len(headings)
        pane.border_subtitle = shown(f"{number} with “{self.filter.text}”") if self.filter else None
        stage = "" if self._data is not None or self._problem else "comparing…"
        right = summary(self._data) if self._data is not None else ""
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), right, stage)
        self._show_line()
        self.refresh_bindings()

    def _keeps(self, line: Line) -> bool:
        if self.filter is None:
            return True
        return line.kind != "heading" and self.filter.keeps(
            f"{line.title} {line.role} {line.about}"
        )

    def _draw(self, index: int) -> Text:
        line = self._lines[index]
        ink = Ink(self.app)
        if line.kind == "heading":
            return Text(line.title, style="bold", no_wrap=True)
        if line.kind == "finding":
            severity = line.about["severity"]
            mark = f" {SEVERITY[severity]} "
            return Text.assemble((mark, ink.style(severity)), shown(line.title), no_wrap=True)
        if line.kind == "module":
            role = f"     {line.role:<9}"
            return Text.assemble((role, ink.style("quiet")), shown(line.title), no_wrap=True)
        return Text.assemble("   ", shown(line.title), no_wrap=True)

    def _show_line(self) -> None:
        line = self.line
        pane, page = self.query_one("#about-pane"), self.query_one(AboutPage)
        said = self._silence() if line is None else explained(line)
        pane.border_title = shown(line.title, limit=60) if line is not None else None
        text = Text("\n").join(shown(part) for part in said.split("\n"))
        page.query_one(Static).update(text)
        page.scroll_home(animate=False)

    def _silence(self) -> str:
        if self._problem:
            return f"{self._problem} R compares again."
        if self._data is None:
            return "The modules are being read and compared. Everything else works meanwhile."
        if self.filter:
            return f"No line holds “{self.filter.text}”. escape clears the filter."
        if len(self._data["modules"]) < 2:
            return (
                "One module alone shares nothing. Open a folder, a wheel or an environment "
                "(isoview FOLDER), and its modules are put side by side here."
            )
        return "No class is built twice, no capsule is made or taken, no registry is used."

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._show_line()
        self.refresh_bindings()
        if not event.entered:
            return
        line = self._lines[event.index]
        entry = self.isoview.entry_of(line.path) if line.path else None
        if entry is not None:
            self.isoview.navigation.go("module", entry)
        elif line.path:
            self.notify(f"{line.path} is not among the files that were opened.")
        elif line.kind == "finding":
            self.action_guide()
        else:
            self.notify("The modules below it can be opened with enter.")

    # -- keys -----------------------------------------------------------------------------------

    def to_the_list(self) -> None:
        self.query_one(Shared).focus()

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        if action in {"guide", "copy"} and self.line is None:
            return "there is no line under the cursor"
        if action == "read_again" and self._data is None and not self._problem:
            return "the modules are being compared"
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if self.is_typing and action not in {"pane", "leave"}:
            return False
        return None if self.why_not(action) else True

    def action_guide(self) -> None:
        from isoview.tui.screens.guide import GuidePlace

        line = self.line
        section = "pyo3-sharing-capsules" if line is None else line.about.get("guide")
        place = GuidePlace(section or "pyo3-sharing-capsules")
        self.isoview.navigation.go("guide", self.isoview.navigation.entry, place)

    def action_copy(self) -> None:
        line = self.line
        if line is not None:
            self.isoview.copy(f"{line.role} {line.title}".strip())

    def action_leave(self) -> None:
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.filter:
            self.set_filter("")
            self.to_the_list()
        elif self.is_in("about"):
            self.to_the_list()
        else:
            self.isoview.leave(self)


def _name(line: Line) -> tuple[str, str, str]:
    return line.kind, line.title, str(line.about.get("name", "")) + line.role
