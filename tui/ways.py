"""Ways from one screen to another: from a symbol to its bytes, its finding, its guide section."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isoview.model import Finding
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Entry
    from isoview.tui.symbol_tables import About


def to_finding(app: IsoviewApp, entry: Entry, finding: Finding) -> None:
    """Go to a finding on the Module screen."""
    from isoview.tui.module_place import Selection

    app.navigation.go("module", entry, Selection(finding=finding.fingerprint))


def to_guide(app: IsoviewApp, entry: Entry, finding: Finding) -> None:
    """Go to the guide section that a finding belongs to."""
    from isoview.tui.module_place import Selection

    place = Selection(finding=finding.fingerprint, face="guide", pane="detail")
    app.navigation.go("module", entry, place)


def bytes_about(app: IsoviewApp, entry: Entry, about: About) -> None:
    """Show the bytes of a symbol, section or static."""
    from isoview.tui.bytes_place import Place

    if about.address is None:
        app.notify(f"{about.name} is of another library: this file has no bytes of it.")
        return
    app.navigation.go("bytes", entry, Place(about.address, in_file=about.offset, size=about.size))
