"""The command ``isoview``: finds the subcommand, turns what went wrong into a line and a code.

A subcommand's module is imported only when it is called; help is written from the table below.
"""

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from isoview.commands import ExitCode, Settings
from isoview.commands.complaint import complain
from isoview.inspectors.errors import BadConfig, IsoviewError

COMMANDS = {
    "check": ("isoview.commands.check:check", "Report on extensions as text or JSON."),
    "survey": ("isoview.commands.survey:survey", "Survey many packages: tables, a page, SQL."),
    "env": ("isoview.commands.env:env", "Which distributions block which interpreters."),
    "diff": ("isoview.commands.diff:diff", "What changed from one build to another."),
    "live": ("isoview.commands.live:live", "Import a module in a child and look at it there."),
    "plan": ("isoview.commands.plan:plan", "The port of a module as ordered steps."),
    "sharing": ("isoview.commands.sharing:sharing", "What several modules share, or fail to."),
    "attach": ("isoview.commands.attach:attach", "Look into a running Python process."),
    "explain": ("isoview.commands.explain:explain", "Explain a rule or a section of the guide."),
    "guide": ("isoview.commands.guide:guide", "Read or search the guide to isolation."),
    "rules": ("isoview.commands.rules:rules", "List the rules."),
    "cache": ("isoview.commands.cache:cache", "Where reports are kept; clear them."),
    "triage": ("isoview.commands.triage:triage", "List, make or take back decisions."),
}
_OPEN = "isoview.commands.open:open_app"

_EXAMPLES = """\b
Examples:
  isoview build/_speedups.cpython-313-x86_64-linux-gnu.so
  isoview lxml.etree           an installed module, found without importing it
  isoview check _decimal       the same as text
  isoview check --format json --output report.json *.so
  isoview explain ISO101       what a finding means and how to fix it

A target named like a command is given as ./check. Exit codes: 0 nothing to
fail on, 1 findings, 2 usage, 3 a target could not be analysed.
"""


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
        if args and args[0].partition("=")[0] == "--python":
            args = ["--", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        return None, _load(_OPEN), args

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_home, text) in COMMANDS.items()])


cli = Commands(
    name="isoview",
    help="Open a compiled CPython extension module and see how isolated it is: what it "
    "declares, what it carries, and what to do next. A TARGET is a file, wheel, folder, "
    "environment or the name of something installed; without a command, isoview opens the app "
    "on it, and without a TARGET on the current environment.",
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


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with its exit code.

    Most runs are over in a tenth of a second and make next to no cyclic garbage. Collecting
    rarely meanwhile, and not at all on the way out, saves a tenth of that.
    """
    gc.set_threshold(50_000, 20, 50)
    code = int(run(sys.argv[1:] if arguments is None else arguments))
    if "duckdb" not in sys.modules:  # its bindings call everything a leak that is not collected
        gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; every failure becomes one line, one hint, and an exit code."""
    settings = Settings()
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is shown escaped rather than fatal.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _invoke(list(arguments) or _bare(), settings)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return ExitCode.PIPE_CLOSED
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the outermost edge: nobody else would say it
        if settings.debug and not isinstance(error, click.ClickException):
            import traceback

            traceback.print_exc()
        return _explain(error)
    return code


def _bare() -> list[str]:
    """What `isoview` alone means: the app without targets, or help where there is no terminal."""
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return ["--", "--"] if in_terminal else ["--help"]


def _invoke(arguments: list[str], settings: Settings) -> int:
    stdout = sys.stdout
    try:
        result = cli.main(arguments, prog_name="isoview", standalone_mode=False, obj=settings)
    except SystemExit as leaving:
        # click leaves this way after a shell completion, and when whoever reads our output went
        # away: it has then put a wrapper in the place of stdout.
        if sys.stdout is not stdout:
            sys.stdout = stdout
            raise BrokenPipeError from leaving
        return leaving.code if isinstance(leaving.code, int) else ExitCode.CLEAN
    return result if isinstance(result, int) else ExitCode.CLEAN


def _forget_stdout() -> None:
    """Nobody reads any more: let what is still buffered go nowhere, so that exit is quiet."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _explain(error: Exception) -> int:
    """Say what happened and what to do about it; returns the exit code."""
    if isinstance(error, click.ClickException):
        context = error.ctx if isinstance(error, click.UsageError) else None
        command = context.command_path.strip() if context else "isoview"
        complain(error.format_message(), f"`{command} --help` shows what there is.")
        return ExitCode.USAGE
    if isinstance(error, IsoviewError):
        complain(error.message, error.hint)
        return ExitCode.USAGE if isinstance(error, BadConfig) else ExitCode.NOT_ANALYSED
    if isinstance(error, OSError):
        _forget_stdout()
        where = f"{error.filename}: " if error.filename else ""
        complain(
            f"{where}{error.strerror or error}",
            "The system refused to read or write: see to that and run it again.",
        )
        return ExitCode.NOT_ANALYSED
    complain(
        f"internal error: {type(error).__name__}: {error}",
        "This is a fault of isoview: please report it with what --debug shows.",
    )
    return ExitCode.NOT_ANALYSED
