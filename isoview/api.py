"""What ``import isoview`` offers to a program or a running session."""

from __future__ import annotations

from os import PathLike, fspath
from types import ModuleType

from isoview.inspectors.errors import IsoviewError
from isoview.model import Complete, Failed, Report


def audit(target: str | PathLike[str] | ModuleType) -> Report:
    """Both stages on one file, or on a module of this interpreter, which is only read.

    A notebook shows the report richly. Raises :class:`IsoviewError` where it cannot be analysed.
    """
    if isinstance(target, ModuleType):
        from isoview.in_session import report_on

        return report_on(target)
    from isoview.stream import stream

    for event in stream([fspath(target)]):
        if isinstance(event, Complete):
            return event.report
        if isinstance(event, Failed):
            raise IsoviewError(event.error.error, event.error.hint)
    raise IsoviewError(f"nothing to audit at {fspath(target)}", "Give the path of one file.")


def explore(target: str | PathLike[str] | ModuleType) -> Report | None:
    """Open the app on a file or a module of this interpreter; returns when the app is left.

    In a notebook, or wherever there is no terminal, the report is returned instead.
    """
    from isoview.in_session import has_terminal, in_notebook

    if in_notebook() or not has_terminal():
        return audit(target)
    if isinstance(target, ModuleType):
        from isoview.tui import run_report

        run_report(audit(target))
    else:
        from isoview.tui import run

        run([fspath(target)])
    return None
