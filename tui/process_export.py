"""What the Processes screen knows, written to a file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isoview.attach import Attached
    from isoview.tui.process_state import ProcessState


def export(attached: Attached, state: ProcessState) -> Path:
    """Write the last reading as ``isoview.process/1``; returns the file. Raises :class:`OSError`."""
    from isoview.process_codec import process_to_data

    assert state.now is not None  # noqa: S101 - the caller has looked
    data = process_to_data(
        attached, state.now.read, state.now.statics.values(), state.audits.values()
    )
    path = Path(f"isoview-{attached.pid}-{time.strftime('%Y%m%d-%H%M%S')}.json")
    # ASCII only: names that the process chose cannot act on whatever shows the file.
    path.write_text(json.dumps(data, indent=1), encoding="ascii")
    return path
