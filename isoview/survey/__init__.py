"""Surveys: what thousands of wheels say about isolation, as tables, a page and SQL.

The heavy libraries (pyarrow, duckdb, distributed) come with the extra ``isoview-ext[survey]``
and are imported where they are used.
"""

from importlib import import_module
from typing import Any

from isoview.inspectors.errors import IsoviewError

EXTRA = "isoview-ext[survey]"


def need(module: str) -> Any:
    """A library of the extra. Raises :class:`IsoviewError` where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise IsoviewError(
            f"a survey needs {library}, which cannot be imported: {error}",
            f"Install it: python -m pip install '{EXTRA}'",
        ) from error
