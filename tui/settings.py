"""What is kept for a user from one session to the next: colours, order, layout, where one was.

One small file in the user's state folder, written whole and put in place in one step. A damaged
one is no obstacle: everything starts as it would without it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

VERSION = 1
MOST_FILES = 100
"""Files whose last view is remembered; the longest unopened go first."""


def settings_file() -> Path:
    """Where they are kept, whether or not there are any."""
    from platformdirs import user_state_path

    return user_state_path("isoview", appauthor=False) / "app.json"


class Settings:
    """Plain values by name; what is not of the expected kind is as if it were not there."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self._changed: dict[str, Any] = {}
        self.problem = ""

    @property
    def path(self) -> Path:
        return self._path or settings_file()

    def load(self) -> None:
        """Read what is kept; :attr:`problem` says why not, if it cannot be."""
        try:
            self._values = _read(self.path)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "it is damaged"
            self.problem = f"The settings in {self.path} are not used: {said}. They begin anew."

    def text(self, name: str, allowed: Mapping[str, Any] | tuple[str, ...]) -> str | None:
        """A word that is one of ``allowed``."""
        value = self._values.get(name)
        return value if isinstance(value, str) and value in allowed else None

    def flag(self, name: str) -> bool:
        return self._values.get(name) is True

    def put(self, name: str, value: str | bool) -> None:
        """Keep a value; :meth:`save` writes it."""
        if self._values.get(name) != value:
            self._values[name] = self._changed[name] = value

    def view_of(self, path: str) -> str | None:
        """The view that a file was left in."""
        views = self._values.get("views")
        value = views.get(path) if isinstance(views, dict) else None
        return value if isinstance(value, str) else None

    def put_view(self, path: str, view: str) -> None:
        """Remember the view that a file is left in."""
        if self.view_of(path) == view:
            return
        views = self._values.get("views")
        kept = {**views} if isinstance(views, dict) else {}
        kept.pop(path, None)
        if view != "module":  # where one begins anyway
            kept[path] = view
        self._values["views"] = self._changed["views"] = dict(list(kept.items())[-MOST_FILES:])

    def save(self) -> None:
        """Write what this session changed over what is there now: another may have written too."""
        if not self._changed:
            return
        path = self.path
        try:
            there = _read(path)
        except (OSError, ValueError):
            there = {}
        import json

        data = json.dumps({**there, **self._changed, "version": VERSION}, indent=1)
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(data + "\n", encoding="ascii")
            aside.replace(path)
        except OSError:  # nothing of worth is lost, and nobody is there to hear of it
            with suppress(OSError):
                aside.unlink()
        self._changed.clear()


def _read(path: Path) -> dict[str, Any]:
    """The values in a file. Raises :class:`ValueError` for anything that is not a table of them."""
    text = path.read_text(encoding="utf-8")
    import json  # there is something to read

    values = json.loads(text)
    if not isinstance(values, dict) or values.get("version") != VERSION:
        raise ValueError("not of this version")
    return values
