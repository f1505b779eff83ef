"""``isoview TARGET...``: the app."""

import sys

import click

from isoview.commands import ExitCode
from isoview.commands.complaint import complain
from isoview.inspectors.errors import IsoviewError, NotFound
from isoview.visible import visible


@click.command(name="isoview", help="Open the app on TARGET: a file or an installed module.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
def open_app(targets: tuple[str, ...]) -> int:
    """Open the app where there is a terminal; say what to run instead where there is none."""
    from isoview.targets import locate

    missing = False
    for target in targets:
        try:
            locate(target)
        except IsoviewError as error:
            complain(error.message, _meant(target, error))
            missing = True
    if missing:
        return ExitCode.NOT_ANALYSED
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain(
            "the app needs a terminal, and this is none",
            f"`isoview check {visible(' '.join(targets))}` prints the same as text.",
        )
        return ExitCode.USAGE
    from isoview.tui import run

    run(list(targets))
    return ExitCode.CLEAN


def _meant(target: str, error: IsoviewError) -> str:
    """The hint of ``error``, or the command that ``target`` looks like a slip of."""
    if isinstance(error, NotFound):
        from difflib import get_close_matches

        from isoview.cli import COMMANDS

        close = get_close_matches(target, COMMANDS, n=1)
        if close:
            return f"Did you mean `isoview {close[0]}`?"
    return error.hint
