"""``isoview TARGET...``: the app."""

import sys
from typing import TYPE_CHECKING

import click

from isoview.commands import ExitCode
from isoview.commands.complaint import complain
from isoview.visible import visible

if TYPE_CHECKING:
    from isoview.model import TargetError


@click.command(
    name="isoview",
    help="Open the app on TARGET: a file, wheel, folder, environment or something installed.",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
def open_app(targets: tuple[str, ...]) -> int:
    """Open the app where there is a terminal; say what to run instead where there is none."""
    opened, wrong = _listed(targets)
    if wrong or not opened:
        return ExitCode.NOT_ANALYSED
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain(
            "the app needs a terminal, and this is none",
            f"`isoview check {visible(' '.join(targets))}` prints the same as text.",
        )
        return ExitCode.USAGE
    from isoview.tui import run

    run(opened)
    return ExitCode.CLEAN


def _listed(targets: tuple[str, ...]) -> tuple[list[str], bool]:
    """Paths of everything that ``targets`` mean; whether one of them is wrong itself."""
    from isoview.model import TargetError
    from isoview.targets import Skipped, find

    opened: list[str] = []
    wrong = False
    for found in find(targets):
        if isinstance(found, Skipped):
            complain(f"{found.path} {found.reason}", None)
        elif isinstance(found, TargetError):
            wrong = wrong or found.path in targets  # what is wrong inside one leaves the rest
            complain(found.error, _meant(found))
        else:
            opened.append(found.path)
    return opened, wrong


def _meant(error: "TargetError") -> str:
    """The hint of ``error``, or the command that its target looks like a slip of."""
    from difflib import get_close_matches

    from isoview.cli import COMMANDS

    close = get_close_matches(error.path, COMMANDS, n=1)
    if close:
        return f"Did you mean `isoview {close[0]}`?"
    return error.hint
