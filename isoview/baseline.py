"""What an earlier report had already: only what is new since then counts."""

import json
from collections.abc import Mapping
from typing import Any

from isoview.inspectors.errors import BadConfig
from isoview.model import Finding
from isoview.text_file import read_text

_HINT = "Give what `isoview check --format json --output FILE` wrote."
_SIZE_LIMIT = 1 << 30


def load(path: str) -> Mapping[str, int]:
    """Fingerprints of an earlier report, with how many subjects each had."""
    try:
        data: Any = json.loads(read_text(path, _SIZE_LIMIT, _HINT, named=True))
        known: dict[str, int] = {}
        if not str(data["schema"]).startswith("isoview.report/"):
            raise BadConfig(f"{path} is no report of isoview", _HINT)
        for artifact in data["artifacts"]:
            for finding in artifact["findings"]:
                fingerprint, count = str(finding["fingerprint"]), int(finding["count"])
                known[fingerprint] = max(count, known.get(fingerprint, 0))
    except (ValueError, OverflowError, LookupError, TypeError, RecursionError) as error:
        raise BadConfig(f"the baseline {path} is no report of isoview", _HINT) from error
    return known


def is_new(finding: Finding, known: Mapping[str, int]) -> bool:
    """Whether the baseline has not this finding, or has it for fewer subjects."""
    return finding.count > known.get(finding.fingerprint, 0)
