"""The Compare screen: an old build against a new one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Static
from textual.worker import get_current_worker

from isoview.tui import compare_work
from isoview.tui.compare_lines import Line, draw, lines_of, summary, verdicts
from isoview.tui.entry import Entry
from isoview.tui.ink import Ink, shown
from isoview.tui.screens.filtered import FilteredScreen
from isoview.tui.shared_keys import FILTER_LINES, HELP, OTHER_PANE, PANE_BEFORE, QUIT, ZOOM
from isoview.tui.widgets.about import AboutPage
from isoview.tui.widgets.ask_bar import AskBar
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from isoview.compare import Pair
    from isoview.model import Report


@dataclass(frozen=True)
class ComparePlace:
    """Which builds, and the line that is chosen."""

    old: str
    new: str
    key: str = ""
    pane: str = "changes"


class Changes(LineList):
    WHERE = (
        "What changed: + new, - gone, = still there. enter unfolds a heading, and on a finding "
        "goes to it in its build."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "enter", "open", tooltip="Unfold this, or go to the finding in its build"),
        Binding("right", "screen.fold(False)", "unfold", show=False, tooltip="Unfold this"),
        Binding("left", "screen.fold(True)", "fold", show=False, tooltip="Fold this"),
    ]  # fmt: skip


class CompareScreen(FilteredScreen):
    """Verdicts gained and lost, findings gone and new, facts that changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        FILTER_LINES,
        Binding("c", "choose", "other build", tooltip="Choose the old build to compare with"),
        Binding("S", "swap", "turn round", tooltip="Take the old build for the new one, and the new for the old"),
        Binding("o", "guide", "guide", tooltip="Go to the guide section of this finding"),
        Binding("R", "read_again", "read again", show=False, tooltip="Read both builds again"),
        OTHER_PANE,
        PANE_BEFORE,
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy this line"),
        Binding("Y", "copy_all", "copy as text", show=False, tooltip="Copy everything that changed, as the command prints it"),
        Binding("escape", "leave", "back", show=False, tooltip="Leave what is open: zoom, filter, screen"),
        QUIT,
    ]  # fmt: skip
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VIEW = "compare"
    PANES = ("changes", "about")
    FILTER_IN = "#changes-pane"
    WHERE = "Two builds compared: verdicts, findings and facts."

    def __init__(self, subject: Entry | tuple[str, str]) -> None:
        super().__init__()
        self._subject = subject
        self.paths: tuple[str, str] = ("", subject.path) if isinstance(subject, Entry) else subject
        self._pairs: list[Pair] | None = None
        self._reports: tuple[list[Report], list[Report]] = ([], [])
        self._errors: list[str] = []
        self._lines: tuple[Line, ...] = ()
        self._unfolded: frozenset[str] = frozenset()
        self._busy = ""
        self._key = ""  # the line to go to once it is there

    @property
    def subject(self) -> object:
        return self._subject

    @property
    def entry_at_hand(self) -> Entry | None:
        return self._subject if isinstance(self._subject, Entry) else None

    def compose(self) -> ComposeResult:
        yield Breadcrumb(id="breadcrumb")
        yield Static(id="builds", markup=False)
        with Container(id="right"):
            with Vertical(id="changes-pane", classes="pane"):
                yield Changes(id="changes")
                yield Static(id="silence", markup=False)
            with Vertical(id="about-pane", classes="pane"):
                yield AboutPage(id="about")
        yield AskBar()
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._fill())
        self.query_one(Changes).focus()
        if self.arriving is None:
            if all(self.paths):
                self._read()
            else:
                self.call_after_refresh(self.action_choose)
        self._fill()

    # -- reading --------------------------------------------------------------------------------

    def here(self) -> ComparePlace:
        line = self.line
        pane = "about" if self.is_in("about") else "changes"
        return ComparePlace(*self.paths, line.key if line else "", pane)

    def go_to(self, state: Any) -> None:
        self._key = state.key
        if self.paths != (state.old, state.new) or self._pairs is None:
            self.paths = (state.old, state.new)
            self._read()
        else:
            self._fill()

    def _read(self, *, again: bool = False) -> None:
        if not all(self.paths):
            return
        self._busy = "reading…"
        self._pairs = None
        paths = self.paths  # as they are now: others may be chosen before the thread begins
        known = (None, None) if again else (self._known(paths[0]), self._known(paths[1]))
        stream = self.isoview.services.stream

        def job() -> None:
            worker = get_current_worker()
            compare_work.compare(
                stream, paths, known, self.post_message, lambda: worker.is_cancelled
            )

        self.isoview.run_worker(
            job, group="compare", thread=True, exclusive=True, exit_on_error=False
        )
        self._fill()

    def _known(self, path: str) -> Report | None:
        """The report of a file that is open and read already."""
        entry = self._open_entry(path)
        return entry.report if entry is not None and entry.complete else None

    def _open_entry(self, path: str) -> Entry | None:
        return next((entry for entry in self.isoview.entries if entry.path == path), None)

    def on_progress(self, message: compare_work.Progress) -> None:
        self._busy = f"reading… {message.number}"
        self._show_top()

    def on_compared(self, message: compare_work.Compared) -> None:
        if message.paths != self.paths:
            return  # others were chosen meanwhile
        self._busy = ""
        self._pairs, self._reports, self._errors = message.pairs, message.reports, message.errors
        if self._errors and not all(self._reports):
            self._pairs = []  # what could not be read is neither new nor gone
        self._fill()

    # -- showing --------------------------------------------------------------------------------

    @property
    def line(self) -> Line | None:
        """The chosen line."""
        at = self.query_one(Changes).cursor
        return self._lines[at] if at < len(self._lines) else None

    def _fill(self) -> None:
        key = self._key or (self.line.key if self.line else "")
        keeps = self.filter.keeps if self.filter else None
        self._lines = lines_of(self._pairs or [], self._unfolded, keeps)
        keys = [line.key for line in self._lines]
        cursor = keys.index(key) if key in keys else 0
        self._key = "" if key in keys else self._key
        ink = Ink(self.app)
        changes = self.query_one(Changes)
        changes.fill(len(self._lines), lambda at: draw(ink, self._lines[at]), cursor)
        silence = self.query_one("#silence", Static)
        silence.display = not self._lines
        silence.update(shown(self._silence()))
        title = summary(self._pairs) if self._pairs else "changes"
        self.query_one("#changes-pane").border_title = shown(title, limit=100)
        self._show_top()
        self._show_about()

    def _silence(self) -> str:
        if self._busy:
            return "Reading both builds…"
        if self._errors:
            return " ".join(self._errors)
        if not all(self.paths):
            return "c chooses the old build to compare with: a file, a wheel or a folder."
        if self.filter:
            return f"No change holds “{self.filter.text}”. escape clears the filter."
        if self._pairs:
            return "Nothing changed, as far as isoview looks."
        return "Neither of the two holds an extension module."

    def _show_top(self) -> None:
        ink = Ink(self.app)
        room = max((self.app.size.width - 14) // 2, 8)
        old, new = (tail(path, room) for path in self.paths)
        builds = Text.assemble(
            (" old ", ink.style("quiet")), shown(old), (" → new ", ink.style("quiet")), shown(new),
            no_wrap=True, overflow="ellipsis",
        )  # fmt: skip
        self.query_one("#builds", Static).update(builds)
        several_wrong = "not everything could be read" if self._errors else ""
        crumbs = self.isoview.navigation.crumbs(self)
        self.query_one(Breadcrumb).show(crumbs, "", self._busy or several_wrong)
        self.refresh_bindings()

    def _show_about(self) -> None:
        from isoview.tui.evidence_text import heading
        from isoview.tui.rows import Row

        ink, line, page = Ink(self.app), self.line, self.query_one(AboutPage)
        if line is None:
            page.show("")
        elif line.finding is not None:
            row = Row(line.key, (line.finding,), gone=False)
            page.show(heading(ink, row, everything=True))
        else:
            page.show(Group(draw(ink, line), Text(), verdicts(ink, *self._both(line.pair))))

    def _both(self, pair: Pair) -> tuple[Report | None, Report | None]:
        """The reports of a module before and after."""
        old, new = (
            next((report for report in reports if report.facts.artifact.path == path), None)
            for reports, path in zip(self._reports, (pair.old, pair.new), strict=True)
        )
        return old, new

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        self._show_about()
        self.refresh_bindings()
        line = self.line
        if not event.entered or line is None:
            return
        if line.folded is not None:
            self.action_fold(not line.folded)
        elif line.finding is not None:
            self._go_to_finding(line)
        else:
            self.query_one(AboutPage).focus()

    # -- keys -----------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        name = action.split("(", maxsplit=1)[0]
        if name in {"filter", "copy", "copy_all"} and not self._pairs:
            return self._busy or "there is nothing to see yet"
        if name in {"swap", "read_again"} and not all(self.paths):
            return "the old build is not chosen yet: c does that"
        if name in {"choose", "swap", "read_again"} and self._busy:
            return self._busy
        if name == "guide" and (self.line is None or self.line.finding is None):
            return "this line is about no finding"
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if self.focused is not None and self.focused.has_class("editor"):
            return action == "leave"  # the rest is typed into the editor
        return None if self.why_not(action) else True

    def action_choose(self) -> None:
        self.query_one(AskBar).ask(
            "old build", "a file, a wheel, a folder", self.paths[0], path=True
        )

    def on_ask_bar_answered(self, event: AskBar.Answered) -> None:
        self.query_one(Changes).focus()
        typed = event.text.strip()
        if not typed:
            self.notify("No path was typed.")
            return
        self.isoview.navigation.remember()
        self.paths = (str(Path(typed).expanduser()), self.paths[1])
        self._read()

    def on_ask_bar_left(self) -> None:
        self.query_one(Changes).focus()

    def action_swap(self) -> None:
        self.paths = (self.paths[1], self.paths[0])
        self._read()

    def action_read_again(self) -> None:
        self._read(again=True)

    def list_anew(self) -> None:
        self._fill()

    def to_the_list(self) -> None:
        self.query_one(Changes).focus()

    def action_fold(self, fold: bool) -> None:
        line = self.line
        if line is None or line.folded is None or line.folded == fold:
            self.notify("This line is folded already." if fold else "There is nothing to unfold.")
            return
        self._unfolded = self._unfolded - {line.key} if fold else self._unfolded | {line.key}
        self._fill()

    def _go_to_finding(self, line: Line) -> None:
        """Open the finding in the build that has it."""
        from isoview.tui.ways import to_finding

        path = line.pair.old if line.side == "gone" else line.pair.new
        if path is None or line.finding is None:
            return
        entry = self._open_entry(path)
        if entry is None:
            entry = Entry(path)
            self.isoview.entries.append(entry)
            self.isoview.read([entry])
        to_finding(self.isoview, entry, line.finding)

    def action_guide(self) -> None:
        from isoview.tui.ways import place_of

        if self.line is not None and self.line.finding is not None:
            place = place_of(self.line.finding, "guide")
            self.isoview.navigation.go("guide", self.entry_at_hand, place)

    def action_copy(self) -> None:
        if self.line is not None:
            self.isoview.copy(draw(Ink(self.app), self.line).plain.strip())

    def action_copy_all(self) -> None:
        from isoview.reports.changes import change_lines
        from isoview.reports.lines import laid_out

        rows = laid_out(change_lines(self._pairs or [], verbose=True), 100)
        self.isoview.copy("\n".join("".join(text for text, _ in row) for row in rows))

    def action_leave(self) -> None:
        if self.query_one(AskBar).is_open:
            self.query_one(AskBar).action_cancel()
        elif self.has_class("-zoomed"):
            self.action_zoom()
        elif self.filter:
            self.set_filter("")
            self.to_the_list()
        elif not self.query_one(Changes).has_focus:
            self.query_one(Changes).focus()
        else:
            self.isoview.leave(self)


def tail(path: str, width: int) -> str:
    """A path in so many characters: its end tells builds apart."""
    if not path:
        return "not chosen"
    return path if len(path) <= width else "…" + path[1 - width :]
