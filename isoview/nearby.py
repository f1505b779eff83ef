"""Files that hold for a folder and everything below it: the nearest at or above one counts."""

import os
from collections.abc import Iterator

DECISIONS = "isoview.toml"


def upward(start: str, name: str) -> Iterator[str]:
    """The path of ``name`` in ``start``, then in each folder above; it need not be there."""
    folder = os.path.abspath(start)  # noqa: PTH100
    while True:
        yield os.path.join(folder, name)  # noqa: PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return
        folder = above


def nearest(start: str, name: str) -> str | None:
    """The nearest file ``name``: one that cannot be read counts too, so that it is told."""
    return next(filter(os.path.lexists, upward(start, name)), None)
