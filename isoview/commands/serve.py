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
@click.option("-r", "--requirement", "files", metavar="FILE", multiple=True, type=click.Path(),
              help="Open what a requirements file, uv.lock or pylock.toml asks for.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="Where it answers on the loopback address; 0: any free port.")  # fmt: skip
def serve(targets: tuple[str, ...], python: str | None, files: tuple[str, ...], port: int) -> int:
    """Offer the app on TARGET in a browser, until Ctrl-C: one app for each page.

    Only this machine can reach it, and only by the address that is printed, which
    holds a secret. Whoever has that address can do what you can do in the app.
    """
    from isoview.commands.opening import look, meant
    from isoview.serve import serve as serve_app
    from isoview.targets import Scope

    scope = Scope(targets, python, files)
    if look(scope)[1]:
        return ExitCode.NOT_ANALYSED

    def say(address: str) -> None:
        click.echo(address)
        sys.stdout.flush()
        complain("the app is at the address above, for this machine alone", "Ctrl-C ends it.")

    serve_app(meant(scope), port, say)
    return ExitCode.CLEAN
