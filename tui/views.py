"""The views: every screen that can be gone to by name, the digit that opens it, what it is about.

One line here makes a screen known to the whole app: its digit works everywhere, the palette and
the help describe it, and the history can make it again after it was left. A screen is imported
when it is first opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Entry
    from isoview.tui.navigation import PlacedScreen


class View(NamedTuple):
    """A kind of screen.

    ``about`` says what its subject is: ``module`` the entry at hand, ``all`` everything that was
    opened (subject None), ``own`` something that only whoever opens it knows (a process, a pair
    of files). ``why_not`` says why it cannot be shown for the entry at hand, None when it can.
    """

    name: str
    key: str  # a digit (or a letter) that opens it from everywhere; empty for none
    tooltip: str
    about: Literal["module", "all", "own"]
    make: Callable[[IsoviewApp, Any], PlacedScreen]
    why_not: Callable[[IsoviewApp, Entry | None], str | None] = lambda _app, _entry: None


def _workspace(app: IsoviewApp, _subject: Any) -> PlacedScreen:
    from isoview.tui.screens.workspace import WorkspaceScreen

    assert app.workspace is not None  # noqa: S101 - only_one has said so
    return WorkspaceScreen(app.workspace)


def _module(app: IsoviewApp, entry: Entry) -> PlacedScreen:
    from isoview.tui.screens.module import ModuleScreen

    if app.workspace is not None:
        app.workspace.read_once(entry)
    return ModuleScreen(entry)


def _live(_app: IsoviewApp, entry: Entry) -> PlacedScreen:
    from isoview.tui.screens.live import LiveScreen

    return LiveScreen(entry)


def _symbols(_app: IsoviewApp, entry: Entry) -> PlacedScreen:
    from isoview.tui.screens.symbols import SymbolsScreen

    return SymbolsScreen(entry)


def _guide(_app: IsoviewApp, entry: Entry | None) -> PlacedScreen:
    from isoview.tui.screens.guide import GuideScreen

    return GuideScreen(entry)


def _plan(_app: IsoviewApp, entry: Entry) -> PlacedScreen:
    from isoview.tui.screens.plan import PlanScreen

    return PlanScreen(entry)


def _bytes(_app: IsoviewApp, entry: Entry) -> PlacedScreen:
    from isoview.tui.screens.bytes import BytesScreen

    return BytesScreen(entry)


def _compare(_app: IsoviewApp, subject: Entry | tuple[str, str]) -> PlacedScreen:
    from isoview.tui.screens.compare import CompareScreen

    return CompareScreen(subject)


def _triage(_app: IsoviewApp, _subject: Any) -> PlacedScreen:
    from isoview.tui.screens.triage import TriageScreen

    return TriageScreen()


def _sharing(_app: IsoviewApp, _subject: Any) -> PlacedScreen:
    from isoview.tui.screens.sharing import SharingScreen

    return SharingScreen()


def _processes(app: IsoviewApp, _subject: Any) -> PlacedScreen:
    from isoview.tui.screens.process_list import ProcessListScreen

    return ProcessListScreen(app.process_services)


def _process(app: IsoviewApp, pid: int) -> PlacedScreen:
    from isoview.tui.screens.process import ProcessScreen

    return ProcessScreen(pid, app.process_services)


def _only_one(app: IsoviewApp, _entry: Entry | None) -> str | None:
    return None if app.workspace is not None else "one file is open; there is no list"


def _some(app: IsoviewApp, _entry: Entry | None) -> str | None:
    return None if app.files() else "no file is open"


def is_read(_app: IsoviewApp, entry: Entry | None) -> str | None:
    """Whether there is something to show about the entry at hand."""
    if entry is None:
        return "no module is chosen here"
    if entry.report is None:
        return "the file is not read yet" if entry.reading else "the file was not read"
    return None


def is_extension(app: IsoviewApp, entry: Entry | None) -> str | None:
    """Whether the entry at hand is read, and an extension module."""
    why = is_read(app, entry)
    if why is None and entry is not None and entry.report is not None:
        return (
            None if entry.report.facts.artifact.is_extension else "this file is no extension module"
        )
    return why


def is_chosen(_app: IsoviewApp, entry: Entry | None) -> str | None:
    """Whether there is an entry at hand at all."""
    return None if entry is not None else "no module is chosen here"


VIEWS: tuple[View, ...] = (
    View("workspace", "0", "All files, and which of them block what", "all", _workspace, _only_one),
    View("module", "1", "The module: facts, findings, details", "module", _module, is_chosen),
    View("symbols", "2", "Every symbol, section and static", "module", _symbols, is_chosen),
    View("live", "3", "Experiments: the module imported in child processes (asks first)",
         "module", _live, is_extension),
    View("plan", "4", "The port as ordered steps, and what each unlocks", "module", _plan, is_extension),
    View("guide", "5", "The guide, as the checklist of this module", "module", _guide),
    View("triage", "T", "All findings of the opened modules with their decisions", "all", _triage),
    View("sharing", "6", "What the opened modules share: classes, capsules, registries", "all",
         _sharing, _some),
    View("processes", "7", "Python processes that run now", "all", _processes),
    View("compare", "8", "Compare with another build: what came, what went", "module", _compare,
         is_read),
    View("bytes", "9", "The bytes of the file, and the structures in them", "module", _bytes,
         is_read),
    View("process", "", "One running process", "own", _process),
)  # fmt: skip
"""Digits where there are enough of them; triage is T."""


def view_of(name: str) -> View:
    """The view of this name."""
    return next(view for view in VIEWS if view.name == name)
