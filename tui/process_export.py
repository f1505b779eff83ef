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
    from isoview.process_codec import audit_to_data, process_to_data, statics_to_data

    assert state.now is not None  # noqa: S101 - the caller has looked
    statics = [row for found in state.now.statics.values() for row in statics_to_data(found)]
    audits = [audit_to_data(audited) for audited in state.audits.values()]
    data = process_to_data(attached, state.now.read, statics, audits)
    path = Path(f"isoview-{attached.pid}-{time.strftime('%Y%m%d-%H%M%S')}.json")
    # ASCII only: names that the process chose cannot act on whatever shows the file.
    path.write_text(json.dumps(data, indent=1), encoding="ascii")
    return path
