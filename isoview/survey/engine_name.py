"""Which isoview this is, down to its sources: rows of two versions do not belong together."""

from functools import cache


@cache
def engine() -> str:
    """The version and a hash of everything that a report may depend on."""
    from isoview.cache import own_sources  # the reports kept there hang on the same
    from isoview.version import VERSION

    return f"{VERSION}+{own_sources()}"
