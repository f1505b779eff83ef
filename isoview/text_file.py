"""Reading a text file that a project or a user keeps: a regular one, in UTF-8, up to a size."""

import os
import sys
from typing import TYPE_CHECKING

from isoview.inspectors.errors import BadConfig, Unreadable

if TYPE_CHECKING:
    from pathlib import Path


def read_text(
    path: "str | Path",
    limit: int,
    hint: str,
    *,
    missing_is_empty: bool = False,
    named: bool = False,
) -> str:
    """The text of at most ``limit`` bytes, its line ends as they are, without a byte order mark.

    ``named`` says that the command line names the file: then ``-`` is standard input.
    Raises :class:`BadConfig` for what is missing (unless that counts as empty), no regular file,
    not ours to read, larger, or no UTF-8; ``hint`` is what to do where the file itself is wrong.
    """
    from isoview.inspectors.binary.source import open_regular
    from isoview.inspectors.stdin import STDIN

    name = os.fspath(path)
    try:
        if named and name == STDIN:
            raw = sys.stdin.buffer.read(limit + 1)
        else:
            with open_regular(name) as file:
                raw = file.read(limit + 1)
    except Unreadable as error:
        if missing_is_empty and isinstance(error.__cause__, FileNotFoundError):
            return ""
        raise BadConfig(error.message, hint) from error
    except OSError as error:
        raise BadConfig(f"{name} cannot be read: {error.strerror or error}", hint) from error
    if len(raw) > limit:
        raise BadConfig(f"{name} is larger than {limit >> 20} MB", f"Is it the right file? {hint}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadConfig(f"{name} is not UTF-8 text: byte {error.start} is none", hint) from error
