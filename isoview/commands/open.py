"""``isoview [TARGET...]``: the app."""

import click

from isoview.commands import opening
from isoview.targets import Scope


@click.command(
    name="isoview",
    help="Open the app on TARGET: a file, wheel, folder, environment or something installed; "
    "without one, on the current environment.",
)
@click.argument("targets", metavar="[TARGET]...", nargs=-1, type=click.Path())
@click.option("--python", metavar="EXE", type=click.Path(),
              help="The environment to open, or to look names up in: its python, or its folder.")  # fmt: skip
@click.option("-r", "--requirement", "files", metavar="FILE", multiple=True, type=click.Path(),
              help="Open what a requirements file, uv.lock or pylock.toml asks for.")  # fmt: skip
def open_app(targets: tuple[str, ...], python: str | None, files: tuple[str, ...]) -> int:
    return opening.open_app(Scope(targets, python, files))
