"""Lines of talk, made once and shown plain or in colour: the same words either way.

A builder makes :class:`Line` objects from any text; here they are wrapped, and everything in
them passes :func:`isoview.visible.visible` on its way out. A builder cannot forget it.
"""

from collections.abc import Iterable, Iterator

from isoview.inspectors.record import Record
from isoview.visible import visible

Span = tuple[str, str]
"""Text and its style: plain, title, heading, error, warning, note, good, unknown, dim, code."""

PLAIN_WIDTH = 80


class Line(Record):
    """Spans that flow; what does not fit goes on below, ``hang`` columns in."""

    spans: tuple[Span, ...] = ()
    indent: int = 0
    hang: int = 0
    wraps: bool = True  # False: as it stands, whatever the width (paths, code)


def line(*parts: str | Span, indent: int = 0, hang: int | None = None, wraps: bool = True) -> Line:
    """A line of plain text and spans."""
    spans = tuple([(part, "plain") if isinstance(part, str) else part for part in parts])
    return Line(spans, indent, indent if hang is None else hang, wraps)


def laid_out(lines: Iterable[Line], width: int) -> Iterator[list[Span]]:
    """The rows on the screen, each a list of spans that is safe to show."""
    for entry in lines:
        spans = [(visible(text), style) for text, style in entry.spans]
        if not entry.wraps:
            yield [(" " * entry.indent, "plain"), *spans]
        else:
            yield from _wrapped(spans, entry.indent, entry.hang, width)


def plain(lines: Iterable[Line], width: int = PLAIN_WIDTH) -> str:
    """The text without any style, one line end per row."""
    rows = laid_out(lines, width)
    return "".join(["".join([text for text, _ in row]).rstrip() + "\n" for row in rows])


def _wrapped(spans: list[Span], indent: int, hang: int, width: int) -> Iterator[list[Span]]:
    row: list[Span] = [(" " * indent, "plain")]
    used, empty = indent, True
    for word, style in _words(spans, max(width - max(indent, hang), 20)):
        if not empty and used + len(word.rstrip()) > width:
            yield row
            row, used, empty = [(" " * hang, "plain")], hang, True
        row.append((word, style))
        used += len(word)
        empty = False
    yield row


def _words(spans: list[Span], longest: int) -> Iterator[Span]:
    """Pieces that stay together, each with the blanks behind it; overlong ones are cut."""
    for text, style in spans:
        start = 0
        while start < len(text):
            end = text.find(" ", start)
            end = len(text) if end < 0 else end
            while end < len(text) and text[end] == " ":
                end += 1
            for cut in range(start, end, longest):
                yield text[cut : min(cut + longest, end)], style
            start = end
