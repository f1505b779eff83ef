"""The Workspace's part of the app: reading many files, and opening one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoview.tui.entry import Entry
from isoview.tui.workspace import FIELDS, SORTS, Module, Workspace

if TYPE_CHECKING:
    from isoview.model import Report
    from isoview.tui.app import IsoviewApp
    from isoview.tui.scanning import Lines, Scan


class WorkspaceControl:
    """Keeps the workspace up to date; its screens only show it."""

    def __init__(self, app: IsoviewApp, workspace: Workspace) -> None:
        self._app = app
        self.workspace = workspace
        self._scan: Scan | None = None
        self._entries: dict[tuple[str, str], Entry] = {}  # by path and slice
        self._told: dict[Entry, Report] = {}  # what the workspace knows of opened modules
        settings = app.settings
        workspace.sort = settings.text("sort", SORTS) or workspace.sort
        workspace.question = settings.text("question", FIELDS) or workspace.question
        workspace.backwards, workspace.flat = settings.flag("backwards"), settings.flag("flat")

    def start(self) -> None:
        """Read everything, in another process; what was known before is forgotten."""
        self.close()
        self.workspace.begin()
        scan = self._app.services.scan(self.workspace.scope)
        self._scan = scan

        def read() -> None:
            for lines in scan.batches():
                self._app.call_later(self._receive, scan, lines)

        self._app.run_worker(read, group="scan", thread=True, exit_on_error=False)
        self._show()

    def close(self) -> None:
        """Stop what still reads."""
        scan, self._scan = self._scan, None
        if scan is not None:
            scan.stop()

    def keep(self) -> None:
        """Remember order and question for the next session."""
        settings, workspace = self._app.settings, self.workspace
        settings.put("sort", workspace.sort)
        settings.put("question", workspace.question)
        settings.put("backwards", workspace.backwards)
        settings.put("flat", workspace.flat)

    @property
    def is_busy(self) -> bool:
        return self.workspace.state in {"listing", "reading"}

    def _receive(self, scan: Scan, lines: Lines) -> None:
        if scan is not self._scan:  # of a reading that was begun anew meanwhile
            return
        self.workspace.receive(lines)
        self._tell_opened()
        self._show()
        if self.workspace.state == "done":
            self._open_only()

    def _open_only(self) -> None:
        """A workspace of one file is that file, unless somebody has gone somewhere already."""
        modules = self.workspace.modules()
        alone = len(modules) == 1 and not modules[0].error and not self._entries
        if alone and len(self._app.screen_stack) == 1:
            self._app.open_entry(self.entry_of(modules[0]))

    def _show(self) -> None:
        from isoview.tui.screens.workspace import WorkspaceScreen

        for screen in self._app.screen_stack:
            if isinstance(screen, WorkspaceScreen) and screen.is_composed:
                screen.show_workspace()

    # -- one module -----------------------------------------------------------------------------

    def entry_of(self, module: Module) -> Entry:
        """The entry of a module; nothing is read yet."""
        of_path = self.workspace.groups[module.group].modules if module.arch else ()
        is_slice = sum(other.path == module.path for other in of_path) > 1
        arch = module.arch if is_slice else ""
        entry = self._entries.get((module.path, arch))
        if entry is None:
            entry = self._entries[module.path, arch] = Entry(module.path, arch)
        return entry

    def read_once(self, entry: Entry) -> None:
        """Read an entry of the workspace when it is first opened."""
        if (
            self._entries.get((entry.target, entry.arch)) is entry
            and entry not in self._app.entries
        ):
            self._app.entries.append(entry)
            self._app.read([entry])

    def entries_changed(self) -> None:
        """An opened module was read, or decided about: its line says so too."""
        if self._tell_opened():
            self._show()

    def _tell_opened(self) -> bool:
        from isoview.scan import brief

        changed = False
        for entry in self._entries.values():
            report = entry.report
            if report is None or not entry.complete or self._told.get(entry) is report:
                continue
            self._told[entry] = report
            self.workspace.update(entry.target, brief(report)._asdict())
            changed = True
        return changed
