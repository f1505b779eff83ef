"""The JSON document, ``isoview.report/1``: what scripts read."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from isoview.codec import SCHEMA, error_to_data, report_to_data
from isoview.model import Report, TargetError
from isoview.version import VERSION


def document(
    reports: Iterable[Report], errors: Iterable[TargetError], stale: Sequence[str] = ()
) -> str:
    """The document, one field of an artifact per line, with one line end behind it.

    Everything beyond printable ASCII is escaped: names from files cannot act on a terminal
    that the document is printed to, whatever its encoding.
    """
    artifacts = ",\n".join(_fields(report_to_data(report), "  ") for report in reports)
    failures = ",\n".join(_fields(error_to_data(error), "  ") for error in errors)
    text = (
        f'{{"schema": {json.dumps(SCHEMA)},\n'
        f' "isoview": {json.dumps(VERSION)},\n'
        f' "artifacts": [{artifacts}],\n'
        f' "errors": [{failures}],\n'
        f' "stale": {json.dumps([*stale])}}}\n'
    )
    return text.replace("\x7f", "\\u007f")


def _fields(data: dict[str, Any], indent: str) -> str:
    # An indent for all of it would mean json's encoder in Python, several times slower.
    fields = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in data.items())
    return "{" + f",\n{indent}".join(fields) + "}"
