"""What ``isoview [TARGET...]`` does once it knows what is asked: open the app.

Nothing here knows how it was asked: the parser of command lines is another module's.
"""

import os
import sys
from typing import TYPE_CHECKING

from isoview.commands import ExitCode
from isoview.commands.complaint import complain
from isoview.inspectors.errors import BadUsage
from isoview.inspectors.record import replace
from isoview.inspectors.stdin import STDIN
from isoview.visible import visible

if TYPE_CHECKING:
    from isoview.model import TargetError
    from isoview.targets import Found, Scope


def open_app(scope: "Scope") -> int:
    """Open the app where there is a terminal; say what to run instead where there is none."""
    one, wrong = look(scope)
    if wrong:
        return ExitCode.NOT_ANALYSED
    if not _can_show():
        complain(
            "the app needs a terminal, and this is none", f"`{_instead(scope)}` prints it as text."
        )
        return ExitCode.USAGE
    from isoview.tui import run, run_workspace

    return run([one]) if one is not None else run_workspace(meant(scope))


def _instead(scope: "Scope") -> str:
    """The command that prints what the app would show."""
    words = ["isoview", "check" if scope.targets or scope.files else "env"]
    words += [] if scope.python is None else ["--python", scope.python]
    words += [word for file in scope.files for word in ("-r", file)]
    return visible(" ".join([*words, *scope.targets]))


def meant(scope: "Scope") -> "Scope":
    """``scope``; where it names nothing, the environment that the shell has activated."""
    if scope.targets or scope.files or scope.python is not None:
        return scope
    return replace(scope, python=active_environment())


def _can_show() -> bool:
    """Whether there is a terminal, or a browser's page that `isoview serve` has started this for."""
    in_browser = "web_driver" in os.environ.get("TEXTUAL_DRIVER", "")
    return in_browser or (sys.stdin.isatty() and sys.stdout.isatty())


def active_environment() -> str | None:
    """The environment that the shell has activated; None for the one that isoview runs on."""
    return os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or None


def look(scope: "Scope") -> tuple[str | None, bool]:
    """The path where one file is meant; whether a target is wrong itself, which is said.

    What is in folders and wheels is left to the app: listing may take longer than painting. Raises
    :class:`Unreadable` for a file of requirements that cannot be opened.
    """
    from isoview.targets import Place, Skipped, find, single

    if STDIN in scope.targets:
        raise BadUsage("the app cannot read from standard input", "`isoview check -` can.")
    for file in scope.files:
        from isoview.inspectors.binary.source import open_regular

        open_regular(file).close()
    if scope.python is not None:
        return None, False  # names mean what that interpreter has, which is asked later
    places: list[str] = []
    wrong = False
    for target in scope.targets:
        found = single(target)
        if isinstance(found, Place):
            places.append(found.path)
        elif found is None and not os.path.lexists(target):
            wrong = not _is_there(target, list(find([target]))) or wrong
        elif found is not None and not isinstance(found, Skipped):
            wrong = True
            complain(found.error, _meant(found))
    alone = len(places) == len(scope.targets) == 1 and not scope.files
    return places[0] if alone else None, wrong


def _is_there(target: str, listed: "list[Found]") -> bool:
    """Whether a name means anything that can be looked at; else it is said."""
    from isoview.targets import Place, Skipped

    if any(isinstance(found, Place) for found in listed):
        return True
    for found in listed:
        if isinstance(found, Skipped):
            complain(f"{target} {found.reason}", None)
        elif not isinstance(found, Place):
            complain(found.error, _meant(found))
    return False


def _meant(error: "TargetError") -> str:
    """The hint of ``error``, or the command that its target looks like a slip of."""
    from difflib import get_close_matches

    from isoview.commands import COMMANDS

    close = get_close_matches(error.path, COMMANDS, n=1)
    if close:
        return f"Did you mean `isoview {close[0]}`?"
    return error.hint
