"""What ``isoview [TARGET...]`` does once it knows what is asked: open the app.

Nothing here knows how it was asked: the parser of command lines is another module's.
"""

import os
import sys
from typing import TYPE_CHECKING

from isoview.commands import ExitCode
from isoview.commands.complaint import complain
from isoview.visible import visible

if TYPE_CHECKING:
    from isoview.model import TargetError
    from isoview.targets import Found


def open_app(targets: tuple[str, ...], python: str | None = None) -> int:
    """Open the app where there is a terminal; say what to run instead where there is none."""
    one, wrong = (None, False) if python is not None else look(targets)
    if wrong:
        return ExitCode.NOT_ANALYSED
    if not _can_show():
        instead = f"isoview check {visible(' '.join(targets))}" if targets else "isoview env"
        complain("the app needs a terminal, and this is none", f"`{instead}` prints it as text.")
        return ExitCode.USAGE
    if not targets and python is None:
        python = active_environment()
    from isoview.tui import run, run_workspace

    return run([one]) if one is not None else run_workspace(targets, python)


def _can_show() -> bool:
    """Whether there is a terminal, or a browser's page that `isoview serve` has started this for."""
    in_browser = "web_driver" in os.environ.get("TEXTUAL_DRIVER", "")
    return in_browser or (sys.stdin.isatty() and sys.stdout.isatty())


def active_environment() -> str | None:
    """The environment that the shell has activated; None for the one that isoview runs on."""
    return os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or None


def look(targets: tuple[str, ...]) -> tuple[str | None, bool]:
    """The path where one file is meant; whether a target is wrong itself, which is said.

    What is in folders and wheels is left to the app: listing may take longer than painting.
    """
    from isoview.targets import Place, Skipped, find, single

    places: list[str] = []
    wrong = False
    for target in targets:
        found = single(target)
        if isinstance(found, Place):
            places.append(found.path)
        elif found is None and not os.path.lexists(target):
            wrong = not _is_there(target, list(find([target]))) or wrong
        elif found is not None and not isinstance(found, Skipped):
            wrong = True
            complain(found.error, _meant(found))
    return places[0] if len(places) == len(targets) == 1 else None, wrong


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
