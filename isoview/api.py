"""What ``import isoview`` offers to a program or a running session."""

from __future__ import annotations

from os import PathLike, fspath

from isoview.model import Failed, Report, Complete
from isoview.inspectors.errors import IsoviewError


def audit(path: str | PathLike[str]) -> Report:
    """Both stages on one file. Raises :class:`IsoviewError` where it cannot be analysed."""
    from isoview.stream import stream

    for event in stream([fspath(path)]):
        if isinstance(event, Complete):
            return event.report
        if isinstance(event, Failed):
            raise IsoviewError(event.error.error, event.error.hint)
    raise IsoviewError(f"nothing to audit at {fspath(path)}", "Give the path of one file.")


def explore(path: str | PathLike[str]) -> None:
    """Open the app on ``path`` from a running session; returns when the app is left."""
    from isoview.tui import run

    run([fspath(path)])
