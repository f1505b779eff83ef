"""C++ and Rust names as they were written, for people; data keeps them as they stand in the file."""

import re
from functools import lru_cache

from isoview.model import Finding

# What begins a mangled name and hardly anything else: C++ of the Itanium ABI (_Z), and paths of
# Rust's v0 mangling that can be functions and statics (_RN, _RI, _RM, _RX, _RY; RFC 2603). On
# macOS each has one more underscore.
_MANGLED = r"(?<![\w.$?@])_?_(?:Z[\w.$]+|R[NIMXY][\w.$]+)"
_LONGEST = 200
"""Characters of one name in a sentence: C++ templates can fill a page."""


@lru_cache(maxsize=4096)
def readable(name: str) -> str:
    """A C++ or Rust name as it was written; every other name as it is.

    The demangler bounds depth and output itself: names of a file are anybody's.
    """
    if not name.startswith(("_Z", "__Z", "_R", "__R", "?")):
        return name
    import demangle  # plain Python; a file without such names does not pay for it

    return demangle.demangle(name, language=("itanium", "rust", "msvc"))


def as_written(text: str) -> str:
    """``text`` with every mangled name in it as its programmer wrote it.

    What cannot be read back stays as it stands. The result holds names of a file like the text
    before: it is escaped where it is shown.
    """
    if "_Z" not in text and "_R" not in text:
        return text
    return re.sub(_MANGLED, lambda found: _short(found[0]), text)


def says(finding: Finding) -> str:
    """The sentence of a finding, for people."""
    return as_written(finding.message)


def _short(name: str) -> str:
    written = readable(name)
    half = _LONGEST // 2
    return written if len(written) <= _LONGEST else f"{written[:half]}…{written[-half + 1 :]}"
