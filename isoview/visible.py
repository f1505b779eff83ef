"""Make text from outside safe to show.

A symbol, section, member or path name can hold escape sequences, line breaks, bidirectional
overrides or markup. Every output edge (terminal, app, Markdown, annotations) passes text that
it did not write itself through :func:`visible`; markup is the edge's own business (pass plain
``Text`` objects, never markup strings).
"""

import re

# C0, DEL and C1 controls; soft hyphen and other invisible formatting characters; bidirectional
# controls (Unicode UAX #9: ALM, LRM, RLM, LRE..RLO, LRI..PDI); line and paragraph separators;
# zero-width characters and the BOM; interlinear annotations; tags; lone surrogates.
# Text, not a compiled pattern: plain names never need it, and compiling costs 1 ms.
_HIDDEN = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: str, limit: int | None = None) -> str:
    """``text`` with every character that could hide or act written as an escape.

    ``limit`` cuts the result to that many characters (with an ellipsis); None keeps all.
    """
    shown = text if text.isascii() and text.isprintable() else re.sub(_HIDDEN, _escape, text)
    if limit is not None and len(shown) > limit:
        return shown[: max(limit - 1, 0)] + "…"
    return shown
