"""Show: the Textual app. It shows what the judge says, and opens no file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from isoview.model import Event, Report
    from isoview.targets import Scope


def run(targets: list[str]) -> int:
    """Open the app on files, until the user leaves it; returns the exit code."""
    from isoview.tui.app import IsoviewApp

    app = IsoviewApp(targets)
    app.run()
    return app.return_code or 0


def run_workspace(scope: Scope) -> int:
    """Open the app on everything in ``scope``, or in an environment; returns the exit code."""
    from isoview.tui.app import IsoviewApp
    from isoview.tui.workspace import Workspace

    app = IsoviewApp([], workspace=Workspace(scope))
    app.run()
    return app.return_code or 0


def run_report(report: Report) -> None:
    """Open the app on a report that is there already: a module of the session that called us."""
    from isoview.model import Complete, Started
    from isoview.tui.app import IsoviewApp
    from isoview.tui.entry import Live
    from isoview.tui.services import Services

    def stream(targets: Iterable[str]) -> Iterator[Event]:
        for target in targets:
            yield Started(target)
            yield Complete(report)

    app = IsoviewApp([report.facts.artifact.path], Services(stream=stream))
    app.entries[0].live = Live("done", report.live)
    app.run()
