"""The command ``isoview``: runs what was asked, turns what went wrong into a line and a code."""

import gc
import os
import sys
from collections.abc import Sequence

from isoview.commands import COMMANDS, ExitCode, Settings
from isoview.commands.complaint import complain
from isoview.inspectors.errors import BadConfig, BadUsage, IsoviewError
from isoview.inspectors.hints import Any, NoReturn


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
    _open_closed_streams()
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
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the outermost edge: nobody else would say it
        if settings.debug and not isinstance(error, BadUsage):
            import traceback

            traceback.print_exc()
        return _explain(error)
    return code


def _open_closed_streams() -> None:
    """Streams that we were started without (``<&-``, ``>&-``) lead nowhere, as in a daemon: Python
    has None for them, and a file that is opened next would get their number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _bare() -> list[str]:
    """What `isoview` alone means: the app without targets, or help where there is no terminal."""
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return ["--", "--"] if in_terminal else ["--help"]


def _invoke(arguments: list[str], settings: Settings) -> int:
    asked = _plain_check(arguments)
    if asked:
        from isoview.config import load

        if not load():
            from isoview.commands.reporting import Options, report_on

            return report_on(Options(**asked))
    elif _is_plain_open(arguments):
        from isoview.commands.opening import open_app
        from isoview.targets import Scope

        return open_app(Scope(tuple(arguments)))
    from isoview.commands.parser import invoke

    return invoke(arguments, settings)


def _is_plain_open(arguments: list[str]) -> bool:
    """Whether the arguments are targets for the app and nothing else: no parser for them either."""
    return arguments[0] not in COMMANDS and not any(each.startswith("-") for each in arguments)


_PLAIN_FLAGS = {
    "--quick": "quick",
    "--no-cache": "no_cache",
    "--verbose": "verbose",
    "-v": "verbose",
}


def _plain_check(arguments: list[str]) -> dict[str, Any]:
    """What ``check [FLAG]... [--jobs N] TARGET...`` asks for: the most frequent calls need no
    parser, whose import would be a quarter of all the run's time. Empty for any other call.
    """
    command, *rest = arguments
    asked: dict[str, Any] = {}
    if rest.count("--jobs") == 1:
        at = rest.index("--jobs")
        number = "".join(rest[at + 1 : at + 2])
        if not (number.isascii() and number.isdigit() and len(number) < 5 and int(number)):
            return {}  # the parser says what is wrong with it
        asked["jobs"] = int(number)
        del rest[at : at + 2]
    targets = tuple([argument for argument in rest if not argument.startswith("-")])
    flags = [argument for argument in rest if argument.startswith("-")]
    if command != "check" or not targets or not _PLAIN_FLAGS.keys() >= set(flags):
        return {}
    return {"targets": targets, **asked, **{_PLAIN_FLAGS[flag]: True for flag in flags}}


def _forget_stdout() -> None:
    """Nobody reads any more: let what is still buffered go nowhere, so that exit is quiet."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _explain(error: Exception) -> int:
    """Say what happened and what to do about it; returns the exit code."""
    if isinstance(error, IsoviewError):
        complain(error.message, error.hint)
        return ExitCode.USAGE if isinstance(error, (BadConfig, BadUsage)) else ExitCode.NOT_ANALYSED
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
