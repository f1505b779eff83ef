"""What a project has settled for `isoview check`: options in a file instead of in each call.

The same keys, named as the options are, stand at the top of ``isoview.toml`` or under
``[tool.isoview]`` in ``pyproject.toml``; the nearest of each at or above the working folder is
read. The command line wins over ``isoview.toml``, that over ``pyproject.toml``.
"""

import os
from collections.abc import Callable, Mapping

from isoview.inspectors.errors import BadConfig, Unreadable
from isoview.inspectors.hints import Any
from isoview.nearby import DECISIONS, nearest, upward

_SIZE_LIMIT = 16 << 20
_TABLES = frozenset({"decision", "group"})  # isoview.toml holds decisions too
# Without one of these no table ``tool.isoview`` can be in a file: `tool.isoview` in a header or a
# key, or a table `tool` that is written out, in which `isoview` stands by itself.
_OURS = (b"tool.isoview", b"tool]", b"tool=")
_NO_MATTER = b" \t\"'"  # TOML lets them stand around every part of a key


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "select": (_texts, "a list of rules' codes"),
    "ignore": (_texts, "a list of rules' codes"),
    "fail-on": (_text, "error, warning, note or never"),
    "require": (_texts, "a list of own-gil, shared-gil, copies, free-threaded"),
    "baseline": (_text, "the path of a JSON report"),
    "jobs": (_whole, "a whole number"),
}


def load(start: str | os.PathLike[str] = os.curdir) -> dict[str, Any]:
    """The settled options, by their names; a baseline's path is that of its file."""
    settled: dict[str, Any] = {}
    project = _pyproject(os.fspath(start))
    if project is not None:
        settled |= _checked(*project)
    own = nearest(os.fspath(start), DECISIONS)
    if own is not None:
        from pathlib import Path

        from isoview.triage import read_text

        text = read_text(Path(own))
        # Without a key at the top there is nothing to find out for what only holds decisions.
        data = {key: value for key, value in _parsed(own, text).items() if key not in _TABLES}
        settled |= _checked(own, data)
    return settled


def _pyproject(start: str) -> tuple[str, Mapping[str, Any]] | None:
    """The nearest pyproject.toml that has a word for isoview, and what it says."""
    from isoview.inspectors.binary.source import open_regular

    for path in upward(start, "pyproject.toml"):
        try:
            with open_regular(path) as file:
                raw = file.read(_SIZE_LIMIT)
        except (OSError, Unreadable):
            continue
        if b"isoview" not in raw:  # most do not speak of it, and parsing takes 15 ms
            continue
        compact = raw.translate(None, _NO_MATTER)
        if not any(mark in compact for mark in _OURS):
            continue
        tool = _parsed(path, raw.decode("utf-8", "replace")).get("tool", {})
        section = tool.get("isoview") if isinstance(tool, dict) else None
        if isinstance(section, dict):
            return path, section
    return None


def _parsed(path: str, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{path} is not valid TOML: {error}", "Mend it by hand.") from error


def _checked(path: str, data: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in data.items():
        if key not in KEYS:
            from difflib import get_close_matches

            close = get_close_matches(key, KEYS, n=1)
            meant = f"Did you mean {close[0]}?" if close else f"There is {', '.join(KEYS)}."
            raise BadConfig(f"{path}: isoview has no option {key}", meant)
        is_right, wanted = KEYS[key]
        if not is_right(value):
            raise BadConfig(f"{path}: {key} is {value!r}", f"It takes {wanted}.")
    settled = dict(data)
    if "baseline" in settled:
        settled["baseline"] = os.path.join(os.path.dirname(path), settled["baseline"])  # noqa: PTH118, PTH120
    return settled
