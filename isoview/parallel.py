"""Many files: several processes, a cache, and still one stream in the order of the targets.

Where one process does all of it, nothing of what several take is loaded (:mod:`isoview.crew`).
"""

import os
from collections.abc import Callable, Iterator, Sequence

from isoview.inspectors.hints import TYPE_CHECKING
from isoview.model import Complete, Event, Failed, Nothing, Started, TargetError
from isoview.targets import Found, Place, Skipped

if TYPE_CHECKING:
    from isoview.cache import Cache
    from isoview.triage import Decisions

# Bytes of files that take about as long as it takes to start a worker and to hand over what it
# finds: read to the end, and without decoding instructions.
_WORTH, _WORTH_QUICK = 1_500_000, 400_000_000


def processors() -> int:
    """How many processes the machine lets this one use at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def spread(
    listed: Sequence[Found],
    decisions: "Decisions | None",
    *,
    quick: bool = False,
    jobs: int = 0,
    cache: "Cache | None" = None,
    done: Callable[[Place], None] = lambda _place: None,
) -> Iterator[Event]:
    """The events of everything listed, in its order, without shapes.

    ``jobs`` is how many processes work (0: what the machine has); ``done`` is told, from any
    thread, as soon as a place is done with.
    """
    places = [found for found in listed if isinstance(found, Place)]
    size = sum(place.size for place in places)
    worth = _WORTH_QUICK if quick else _WORTH
    wanted = min(jobs or processors(), len(places), jobs or max(size // worth, 1))
    if quick and wanted == 1:
        yield from _alone(listed, decisions, done)
        return
    from isoview.crew import Crew

    crew = Crew(places, quick=quick, cache=cache, done=done)
    crew.start(wanted)
    try:
        for found in listed:
            if isinstance(found, Skipped):
                yield Nothing(found.path, found.reason)
            elif isinstance(found, TargetError):
                yield from (Started(found.path), Failed(found))
            else:
                yield Started(found.path)
                yield from _events(found.path, crew.next(), decisions)
    finally:
        crew.stop()


def _alone(
    listed: Sequence[Found], decisions: "Decisions | None", done: Callable[[Place], None]
) -> Iterator[Event]:
    """The same by this process: without instructions a file is read in less time than its report
    takes to be encoded for another process, or for the cache.
    """
    import gc

    from isoview.inspectors.binary.source import keep_buffers
    from isoview.stream import COLLECT, look

    keep_buffers()
    before = gc.get_threshold()
    gc.set_threshold(*COLLECT)
    try:
        for found in listed:
            yield from look(found, decisions, quick=True, brief=True)
            if isinstance(found, Place):
                done(found)
    finally:
        gc.set_threshold(*before)


def _events(path: str, body: bytes | TargetError, decisions: "Decisions | None") -> Iterator[Event]:
    import json

    from isoview.codec_fast import report_from_own
    from isoview.stream import LIBRARY, decided

    if isinstance(body, TargetError):
        yield Failed(body)
        return
    data = json.loads(body)
    for report in data["reports"]:
        yield Complete(decided(report_from_own(report), decisions))
    for error in data["errors"]:
        yield Failed(TargetError(**error))
    if not data["reports"] and not data["errors"]:
        yield Nothing(path, LIBRARY)
