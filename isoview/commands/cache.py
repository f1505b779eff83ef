"""``isoview cache``: what is kept of files that have not changed."""

import click

from isoview.commands import ExitCode


@click.group(no_args_is_help=False, short_help="Where reports are kept; clear them.")
def cache() -> None:
    """Reports of several files are kept, so that a second run costs almost nothing.

    An entry is for one file as it is, and for this version of isoview.
    """


@cache.command("where")
def where() -> int:
    """Print the folder."""
    from isoview.cache import folder
    from isoview.visible import visible

    click.echo(visible(str(folder())))
    return ExitCode.CLEAN


@cache.command("clear")
def clear_all() -> int:
    """Take everything away."""
    from isoview.cache import clear
    from isoview.reports.words import size

    click.echo(f"Cleared {size(clear())}.")
    return ExitCode.CLEAN
