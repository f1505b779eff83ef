"""The edge to a terminal or a pipe: colours and width where there is a terminal, plain else."""

import sys
from collections.abc import Iterable
from functools import lru_cache

from isoview.inspectors.hints import TextIO
from isoview.reports.lines import Line, laid_out, plain

_STYLES = {
    "title": "bold",
    "heading": "bold",
    "error": "bold red",
    "warning": "yellow",
    "note": "cyan",
    "good": "green",
    "unknown": "magenta",
    "dim": "dim",
    "code": "bold cyan",
}
_MARKS = {"✗": "x", "◐": "/", "✓": "+", "⊘": "!", "●": "*", "○": "o", "…": "..."}
"""Our own marks in ASCII, for an output whose encoding lacks them."""


def show(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Write ``lines`` to ``stream`` (stdout) as suits it."""
    target = sys.stdout if stream is None else stream
    if target.isatty():
        _show_styled(lines, target)
    else:
        target.write(encodable(plain(lines), target))
    target.flush()


def encodable(text: str, stream: TextIO) -> str:
    """``text`` with our marks in ASCII where the encoding of ``stream`` lacks them."""
    if not _has_marks(getattr(stream, "encoding", None) or "utf-8"):
        for mark, plainer in _MARKS.items():
            text = text.replace(mark, plainer)
    return text


@lru_cache(maxsize=8)
def _has_marks(encoding: str) -> bool:
    try:
        "".join(_MARKS).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _show_styled(lines: Iterable[Line], stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for row in laid_out(lines, console.width):
        text = Text(no_wrap=True, overflow="ignore", end="\n")
        for piece, style in row:
            text.append(encodable(piece, stream), _STYLES.get(style, ""))
        text.rstrip()
        console.print(text, soft_wrap=True)
