"""``isoview serve``: the app in a browser, on this machine alone."""

import sys

import click

from isoview.commands import ExitCode
from isoview.commands.complaint import complain

PORT = 8710


@click.command(short_help="Offer the app in a browser, on this machine.")
@click.argument("targets", metavar="[TARGET]...", nargs=-1, type=click.Path())
@click.option("--python", metavar="EXE", type=click.Path(),
              help="The environment to open: its python, or its folder.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="Where it answers on the loopback address; 0: any free port.")  # fmt: skip
def serve(targets: tuple[str, ...], python: str | None, port: int) -> int:
    """Offer the app on TARGET in a browser, until Ctrl-C: one app for each page.

    Only this machine can reach it, and only by the address that is printed, which
    holds a secret. Whoever has that address can do what you can do in the app.
    """
    from isoview.commands.opening import active_environment, look
    from isoview.serve import serve as serve_app

    if python is None and look(targets)[1]:
        return ExitCode.NOT_ANALYSED
    if not targets and python is None:
        python = active_environment()

    def say(address: str) -> None:
        click.echo(address)
        sys.stdout.flush()
        complain("the app is at the address above, for this machine alone", "Ctrl-C ends it.")

    serve_app(targets, python, port, say)
    return ExitCode.CLEAN
