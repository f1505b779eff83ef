"""Talk on stderr: one line of what happened, one of what to do."""

import sys

from isoview.visible import visible


def complain(what: str, hint: str | None) -> None:
    """Write ``isoview: what`` and, below it, ``hint``; a closed stderr is nobody's concern."""
    below = f"  {visible(hint)}\n" if hint else ""
    try:
        sys.stderr.write(f"isoview: {visible(what)}\n{below}")
        sys.stderr.flush()
    except OSError:
        return
