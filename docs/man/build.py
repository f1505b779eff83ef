"""Write ``isoview.1``, the manual page, from the commands' own help.

    python docs/man/build.py [FILE]

The page is committed, because a wheel carries it; a test holds it to the help.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from isoview.commands import COMMANDS
from isoview.commands.parser import cli
from isoview.version import VERSION

PAGE = Path(__file__).with_name("isoview.1")


def manual() -> str:
    """The page, in the man macros."""
    root = click.Context(cli, info_name="isoview")
    lines = [
        f'.TH ISOVIEW 1 "" "isoview {VERSION}" "User Commands"',
        ".SH NAME",
        "isoview \\- say how isolated compiled CPython extension modules are",
        ".SH SYNOPSIS",
        ".B isoview",
        escaped("[OPTIONS] TARGET... | COMMAND [ARGS]..."),
        ".SH DESCRIPTION",
        *paragraphs(cli.help or ""),
        ".SH OPTIONS",
        *options(cli, root),
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        command = cli.get_command(root, name)
        if command is not None:
            lines += described(command, name, root)
    lines += [".SH NOTES", *paragraphs(cli.epilog or "")]
    return "\n".join(lines) + "\n"


def described(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """A command, and the commands inside it."""
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {escaped(f'{context.command_path} {usage}')}"
    yield from paragraphs(command.help or "")
    yield from options(command, context)
    yield from paragraphs(command.epilog or "")
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from described(found, inner, context)


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        # Some releases of click have a record, without a text, for arguments too.
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            names, text = record
            yield from (".TP", f".B {escaped(names)}", escaped(" ".join(text.split())))


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs flow; those that begin with a backspace stay as they are, as click has it."""
    for part in re.split(r"\n\s*\n", text.strip()):
        kept, lines = part.startswith("\b"), part.strip("\b\n").splitlines()
        yield ".PP"
        if kept:
            yield from (".nf", *map(escaped, lines), ".fi")
        else:
            yield escaped(" ".join(" ".join(lines).split()))


def escaped(text: str) -> str:
    """As roff shows it literally: no escapes, hyphens to copy, no request at the line's start."""
    shown = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(manual(), encoding="utf-8")
    print(target)
