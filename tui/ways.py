"""Ways from one screen to another: from a symbol to its bytes, its finding, its guide section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isoview.model import Finding
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Entry
    from isoview.tui.symbol_tables import About


def to_finding(app: IsoviewApp, entry: Entry, finding: Finding) -> None:
    """Go to a finding on the Module screen."""
    app.navigation.go("module", entry, place_of(finding, "module"))


def to_guide(app: IsoviewApp, entry: Entry, finding: Finding) -> None:
    """Go to the guide section that a finding belongs to."""
    app.navigation.go("guide", entry, place_of(finding, "guide"))


def bytes_about(app: IsoviewApp, entry: Entry, about: About) -> None:
    """Show the bytes of a symbol, section or static."""
    from isoview.tui.bytes_place import Place

    if about.address is None:
        app.notify(f"{about.name} is of another library: this file has no bytes of it.")
        return
    app.navigation.go("bytes", entry, Place(about.address, in_file=about.offset, size=about.size))


def place_of(finding: Finding, view: str) -> Any:
    """Where a view opens for one finding."""
    if view == "module":
        from isoview.tui.module_place import Selection

        return Selection(finding=finding.fingerprint)
    if view == "guide":
        from isoview.tui.screens.guide import GuidePlace

        return GuidePlace(finding.guide)
    if view == "plan":
        from isoview.tui.screens.plan import PlanPlace

        return PlanPlace(finding=finding.fingerprint)
    return None


def place_about(entry: Entry, view: str, subject: object, finding: Finding | None) -> Any:
    """Where the Bytes or the Symbols screen opens for a fact or a finding; None for anywhere."""
    from isoview.inspectors.facts import Global, Init

    if entry.report is None:
        return None
    if subject is None and finding is not None:
        subject = entry.subjects.of(finding)
    address = getattr(subject, "address", None)
    if isinstance(subject, Init) and view == "bytes" and subject.definition is not None:
        address = subject.definition  # what the evidence shows of it
    if address is None and finding is not None:
        address = finding.where.address
    if address is None:
        return None
    if view == "bytes":
        from isoview.tui.bytes_place import Place

        return Place(address)
    from isoview.tui.symbol_state import STATICS, SYMBOLS, Spot

    return Spot(STATICS if isinstance(subject, Global) else SYMBOLS, address=address)
