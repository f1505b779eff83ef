"""Make text from outside safe to show.

A symbol, section, member or path name can hold escape sequences, line breaks, bidirectional
overrides or markup. Every output edge (terminal, app, Markdown, annotations) passes text that
it did not write itself through :func:`visible`; markup is the edge's own business (pass plain
``Text`` objects, never markup strings).
"""

from bisect import bisect_right
from functools import lru_cache

# First and last of: C0; DEL and C1 controls; soft hyphen and other invisible formatting characters;
# bidirectional controls (Unicode UAX #9: ALM, LRM, RLM, LRE..RLO, LRI..PDI); line and paragraph
# separators; zero-width characters and the BOM; interlinear annotations; tags; lone surrogates.
# A table, not a pattern, whose compiling would take 0.5 ms of every run.
_HIDDEN = (
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F),
    (0x3164, 0x3164), (0xD800, 0xDFFF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_FIRST = [first for first, _last in _HIDDEN]
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    """The character itself, or its escape."""
    code = ord(character)
    at = bisect_right(_FIRST, code) - 1
    if at < 0 or code > _HIDDEN[at][1]:
        return character
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: str, limit: int | None = None) -> str:
    """``text`` with every character that could hide or act written as an escape.

    ``limit`` cuts the result to that many characters (with an ellipsis); None keeps all.
    """
    if text.isascii() and text.isprintable():
        shown = text
    else:
        shown = _shown(text) if len(text) == 1 else "".join(map(_shown, text))
    if limit is not None and len(shown) > limit:
        return shown[: max(limit - 1, 0)] + "…"
    return shown
