"""On which interpreters a file loads, as far as its name and its contents prove it.

A rule that hangs on a version asks here. Sources: PEP 3149 and PEP 425 for the tags, PEP 803 for
``abi3t``; an interpreter refuses a slot id it does not know (``Objects/moduleobject.c``), so a
slot proves the version that brought it.
"""

import re
from functools import lru_cache

from isoview.inspectors.facts import Facts
from isoview.inspectors.record import Record, kept

OLDEST = 8
NEWEST = 15
"""The minors of Python 3 that isoview knows."""
OWN_GIL_FROM = 12  # PEP 684
FREE_THREADED_FROM = 13  # PEP 703
_ABI3T_FROM = 15  # PEP 803

# cpython-313t-x86_64-linux-gnu, cp313-win_amd64; ABI flags follow the version without a dash.
_VERSIONED = r"c(?:p|python-)3(\d{1,2})([a-z]*)(?![a-z0-9])"
_STABLE = r"abi3(t?)(?![a-z0-9])"
_SLOT_SINCE = {3: 12, 4: 13}
_RENUMBERED_FROM = 84  # ids from here on came with PEP 820
_RENUMBERED_IN = 15


@kept
def minors(facts: Facts) -> tuple[int, ...]:
    """Minors of Python 3 this file loads on; empty where nothing in the file tells."""
    tag = _tag(facts.artifact.tag or "")
    if tag.minor is not None:
        return (tag.minor,)
    if not tag.stable:
        return ()
    oldest = max(OLDEST, _limited_minor(facts), oldest_by_contents(facts))
    if tag.free_threaded:
        oldest = max(oldest, _ABI3T_FROM)
    return tuple(range(oldest, NEWEST + 1))


class _Tag(Record):
    """What a file-name tag says."""

    minor: int | None  # the one version that it names
    stable: bool
    free_threaded: bool


@lru_cache(maxsize=256)
def _tag(tag: str) -> _Tag:
    if versioned := re.match(_VERSIONED, tag):
        return _Tag(int(versioned[1]), False, "t" in versioned[2])
    stable = re.match(_STABLE, tag)
    return _Tag(None, stable is not None, bool(stable and stable[1]))


def oldest(facts: Facts) -> int | None:
    """The oldest minor this file can load on; None where nothing in the file tells."""
    known = minors(facts)
    if known:
        return known[0]
    return oldest_by_contents(facts) or None


def cannot_load_before(facts: Facts, minor: int) -> bool:
    """Proven: no interpreter older than 3.``minor`` loads this file."""
    proven = oldest(facts)
    return proven is not None and proven >= minor


def free_threaded(facts: Facts) -> bool:
    """The file is built for the free-threaded ABI (or for both, ``abi3t``)."""
    return facts.artifact.free_threaded_layout or _tag(facts.artifact.tag or "").free_threaded


def versioned_minor(tag: str) -> int | None:
    """The one minor that a file-name tag names; None where it names none."""
    return _tag(tag).minor


def names_free_threaded(tag: str) -> bool:
    """A version-specific tag with the ``t`` of the free-threaded build."""
    return _tag(tag).minor is not None and _tag(tag).free_threaded


def _limited_minor(facts: Facts) -> int:
    """Minor of the limited API that the imports amount to (0: they do not tell)."""
    _, _, minor = (facts.capi.limited or "").partition(".")
    return int(minor) if minor.isdigit() else 0


@kept
def oldest_by_contents(facts: Facts) -> int:
    """The oldest minor that knows every module slot of the own definitions (0: any)."""
    since = 0
    for definition in facts.definitions:
        if definition.own is False:
            continue
        for slot in definition.slots:
            known = _RENUMBERED_IN if slot.id >= _RENUMBERED_FROM else _SLOT_SINCE.get(slot.id, 0)
            since = max(since, known)
    exports = {entry.from_minor or 0 for entry in facts.init if entry.own}
    if len(exports) == 1:  # with both hooks in one file the older interpreter uses the older one
        since = max(since, *exports)
    return since
