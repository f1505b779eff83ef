"""The guide's own Markdown as lines of talk: headings, paragraphs, lists, code.

Only what the guide and the rules use; text from files never comes here.
"""

import re
from collections.abc import Iterator

from isoview.reports.lines import Line, Span, line

_ITEM = re.compile(r"([-*]|\d+\.) ")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
_EMPHASIS = re.compile(r"(\*\*?|\b_)(\S(?:.*?\S)?)\1")


def markdown_lines(text: str, indent: int = 0) -> list[Line]:
    """``text`` with its paragraphs flowing and its code as it stands."""
    lines: list[Line] = []
    paragraph: list[str] = []
    fenced = False
    for row in [*text.splitlines(), ""]:
        bare = row.strip()
        fence = bare.startswith("```")
        code = fenced or (row.startswith("    ") and not paragraph)
        if paragraph and (not bare or fence or bare.startswith("#") or _ITEM.match(bare)):
            lines.append(_flowing(" ".join(paragraph), indent))
            paragraph = []
        if fence:
            fenced = not fenced
        elif code and bare:
            shown = row if fenced else row[4:]
            lines.append(line((shown, "code"), indent=indent + 4, wraps=False))
        elif bare.startswith("#"):
            lines.append(line((bare.lstrip("# "), "heading"), indent=indent))
        elif not bare:
            lines.append(line())
        else:
            paragraph.append(bare)
    return lines[:-1] if lines and not lines[-1].spans else lines


def _flowing(text: str, indent: int) -> Line:
    item = _ITEM.match(text)
    return line(*_spans(text), indent=indent, hang=indent + (item.end() if item else 0))


def _spans(text: str) -> Iterator[Span]:
    """What stands between back quotes is code; emphasis loses its marks, a link shows where."""
    for number, piece in enumerate(text.split("`")):
        if number % 2:
            yield piece, "code"
        else:
            yield _EMPHASIS.sub(r"\2", _LINK.sub(r"\1 (\2)", piece)), "plain"
