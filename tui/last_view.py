"""Where a file was left in the last session, and going there again once it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isoview.tui.views import VIEWS

if TYPE_CHECKING:
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Entry


def keep(app: IsoviewApp) -> None:
    """Remember in which view the only file is left; a workspace is begun at its list."""
    place = app.navigation.place()
    if place is None or app.workspace is not None or len(app.entries) != 1:
        return
    if place.subject is app.entries[0]:
        app.settings.put_view(_key(app.entries[0]), place.view)


def restore(app: IsoviewApp, entry: Entry) -> None:
    """Go to the view that the file was left in, unless one has moved on already."""
    if app.workspace is not None or len(app.screen_stack) != 1:
        return
    name = app.settings.view_of(_key(entry))
    view = next((view for view in VIEWS if view.name == name), None)
    if view is not None and view.about == "module" and view.why_not(app, entry) is None:
        app.navigation.go(view.name, entry)


def _key(entry: Entry) -> str:
    return str(Path(entry.target).absolute())
