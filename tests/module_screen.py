"""The parts of the Module screen that its tests look at."""

from textual.pilot import Pilot

from isoview.tui.widgets.fact_tree import FactTree
from isoview.tui.widgets.findings import FindingsTable


def table(pilot: Pilot[None]) -> FindingsTable:
    """Its findings."""
    return pilot.app.screen.query_one(FindingsTable)


def tree(pilot: Pilot[None]) -> FactTree:
    """Its facts."""
    return pilot.app.screen.query_one(FactTree)


def current(pilot: Pilot[None]) -> str:
    """The line under the cursor: its rule, and how many findings it stands for."""
    row = table(pilot).current
    assert row is not None
    return f"{row.finding.rule} x{len(row.findings)}"
