"""When isoview itself fails: a report in a file, and one line that says where it is."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from isoview.visible import visible

if TYPE_CHECKING:
    from isoview.tui.app import IsoviewApp

KEPT = 20
"""Reports that are kept; older ones go."""


def folder() -> Path:
    """Where the reports are."""
    from platformdirs import user_state_path

    return user_state_path("isoview", appauthor=False) / "crashes"


def write(error: BaseException, app: IsoviewApp) -> Path | None:
    """Write what is needed to find the fault; returns the file, None where none can be written."""
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    text = "\n".join(visible(line, 2000) for line in _lines(error, app))
    for place in (folder(), Path(tempfile.gettempdir())):
        path = place / name
        try:
            place.mkdir(parents=True, exist_ok=True)
            # Names of files stand in it: they are the user's own business.
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # fmt: skip
                file.write(text + "\n")
        except OSError:
            continue
        _tidy(folder())
        return path
    return None


def said(error: BaseException, path: Path | None) -> tuple[str, str]:
    """What happened, and what to do about it."""
    what = f"isoview failed: {type(error).__name__}: {visible(str(error), 200)}"
    if path is None:
        return what, "No report could be written; `isoview check` shows the same as text."
    return what, (
        f"This is a fault of isoview. Please send the report in {visible(str(path))} (it names "
        "the files you opened); every decision you made is kept."
    )


def _lines(error: BaseException, app: IsoviewApp) -> list[str]:
    import textual

    from isoview.version import VERSION

    screens = [type(screen).__name__ for screen in app.screen_stack] if app.is_running else []
    return [
        f"isoview {VERSION}, Python {platform.python_version()}, Textual {textual.__version__}",
        f"{platform.platform()}, TERM={os.environ.get('TERM', '')}, {app.size.width}x{app.size.height}",
        f"command: {' '.join(sys.argv)}",
        f"screens: {' > '.join(screens)}",
        f"files: {', '.join(entry.target for entry in app.entries[:50])}",
        f"last keys: {' '.join(app.last_keys)}",
        "",
        *"".join(traceback.format_exception(error)).splitlines(),
    ]


def _tidy(place: Path) -> None:
    reports = sorted(place.glob("crash-*.txt"))
    for path in reports[:-KEPT]:
        path.unlink(missing_ok=True)
