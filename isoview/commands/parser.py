"""Command lines, taken apart by click: options, help, and which command is meant.

A subcommand's module is imported only when it is called; help is written from the table
:data:`isoview.commands.COMMANDS`.
"""

import os
import sys
from itertools import zip_longest
from typing import TYPE_CHECKING

import click

from isoview.commands import COMMANDS, OPEN, ExitCode, Settings
from isoview.inspectors.errors import BadUsage

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_EXAMPLES = """\b
Examples:
  isoview lxml.etree          an installed module, found without importing it
  isoview check build/*.so    the same as text; --format json for scripts
  isoview explain ISO101      what a finding means and how to fix it

\b
Options: --version, --debug (tracebacks), --help (each command has its own).
Exit codes: 0 nothing to fail on, 1 findings, 2 usage, 3 a target could not be
analysed. A target named like a command is given as ./check.
"""


_OF_THE_APP = frozenset({"--python", "--requirement"})


def _remember_debug(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().ensure_object(Settings).debug = True


def _debug_option(*, hidden: bool) -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        hidden=hidden,
        expose_value=False,
        callback=_remember_debug,
        help="Show a traceback when something goes wrong.",
    )


def _show_version(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        import isoview

        click.echo(f"isoview {isoview.__version__}")
        context.exit()


def _load(home: str) -> click.Command:
    from importlib import import_module

    module, name = home.split(":")
    command: click.Command = getattr(import_module(module), name)
    if not any(parameter.name == "debug" for parameter in command.params):
        command.params.append(_debug_option(hidden=True))
    return command


class Commands(click.Group):
    """A group whose commands are loaded by name; what is no command is a target for the app."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        return _load(entry[0]) if entry else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # `isoview --python EXE` is the app, whose options are its own and not the group's.
        if args and (args[0].partition("=")[0] in _OF_THE_APP or args[0].startswith("-r")):
            args = ["--", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        return None, _load(OPEN), args

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from isoview.commands.completion import or_files

        return or_files(super().shell_complete(ctx, incomplete), incomplete)

    def format_options(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Commands in two columns, and options in one line further below: all of the page is to
        be seen at once on a terminal of 24 rows.
        """
        rows = [f"{name:<8} {text}" for name, (_home, text) in COMMANDS.items()]
        half = (len(rows) + 1) // 2
        with formatter.section("Commands"):
            for left, right in zip_longest(rows[:half], rows[half:], fillvalue=""):
                formatter.write(f"  {left:<40}  {right}".rstrip() + "\n")


cli = Commands(
    name="isoview",
    help="Say how isolated compiled CPython extension modules are. A TARGET is a file, wheel, "
    "folder, environment or the name of something installed. Without a command the app opens "
    "on it, without a TARGET on this environment.",
    epilog=_EXAMPLES,
    subcommand_metavar="TARGET... | COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Show the version and exit.",
        ),
        _debug_option(hidden=False),
    ],
)


def invoke(arguments: list[str], settings: Settings) -> int:
    """Run what ``arguments`` ask for; its exit code. Raises :class:`BadUsage` for what cannot be
    understood, and otherwise what the command raises.
    """
    stdout = sys.stdout
    if "_ISOVIEW_COMPLETE" in os.environ:
        from isoview.commands.completion import prepare

        prepare()
    try:
        result = cli.main(arguments, prog_name="isoview", standalone_mode=False, obj=settings)
    except SystemExit as leaving:
        # click leaves this way after a shell completion, and when whoever reads our output went
        # away: it has then put a wrapper in the place of stdout.
        if sys.stdout is not stdout:
            sys.stdout = stdout
            raise BrokenPipeError from leaving
        return leaving.code if isinstance(leaving.code, int) else ExitCode.CLEAN
    except click.Abort as abort:
        if isinstance(abort.__cause__, EOFError):  # to click that is Ctrl-D; nothing here asks
            raise abort.__cause__ from None
        raise KeyboardInterrupt from abort
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        command = context.command_path.strip() if context else "isoview"
        hint = f"`{command} --help` shows what there is."
        raise BadUsage(_said(error, context), hint) from error
    return result if isinstance(result, int) else ExitCode.CLEAN


def _said(error: click.ClickException, context: click.Context | None) -> str:
    """What is wrong, in a line; of a group without a command, what it takes."""
    message = error.format_message()
    group = context.command if context is not None else None
    if context is None or not isinstance(group, click.Group) or message != "Missing command.":
        return message
    own_words = group.subcommand_metavar != "COMMAND [ARGS]..."
    takes = group.subcommand_metavar if own_words else ", ".join(group.list_commands(context))
    return f"{context.command_path} needs a command: {takes}"
