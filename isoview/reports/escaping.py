"""Text from files in Markdown: shown as it is, it can neither format, nor link, nor mention."""

import re
from html import escape

from isoview.visible import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~@$:]|(?<=www)\.)")
# GitHub looks for @names and #numbers in what it has rendered, where the backslash is gone
# (github/cmark-gfm, issues 181 and 389): an empty comment parts the sign from the name.
_SIGNS = re.compile(r"([@#])")
_PARTED = r"\1<!-- -->"


def in_markdown(text: str, limit: int | None = None) -> str:
    """``text``, cut to ``limit`` characters, for a paragraph, a list or a table."""
    shown = escape(visible(text, limit), quote=False)
    return _SIGNS.sub(_PARTED, _SPECIAL.sub(r"\\\1", shown))


def in_html(text: str) -> str:
    """``text`` for HTML that stands in Markdown."""
    return _SIGNS.sub(_PARTED, escape(visible(text), quote=False))
