"""Targets in, events out: the one stream that the command line, the app and workers consume."""

import os
from collections.abc import Iterable, Iterator

from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.hints import TYPE_CHECKING
from isoview.inspectors.stdin import STDIN
from isoview.model import Complete, Event, Failed, Nothing, Report, Shape, Started, TargetError
from isoview.targets import Found, Place, Skipped, find

if TYPE_CHECKING:
    from isoview.inspectors.binary.inspect import Loaded
    from isoview.inspectors.facts import Facts
    from isoview.triage import Decisions


LIBRARY = "is a library without an init function"
"""Why a file that was found in something larger is left out."""
COLLECT = (100_000, 20, 50)
"""Thresholds of the garbage collector while files are read: nearly everything lives as long as its
file, and a collection finds nothing.
"""


def stream(
    targets: Iterable[str], *, quick: bool = False, shapes: bool = True, debug: bool = False
) -> Iterator[Event]:
    """What becomes known about ``targets``, in their order.

    A target may be a file, a wheel, a folder, an environment or the name of something
    installed. Each file in it starts, and ends in Complete (one for each slice of a universal
    file) or Failed. A target with nothing compiled in it is Nothing.

    ``quick`` stops after the first stage (no instruction is decoded). ``shapes`` False leaves
    out the first stage's report, which a person waits for and a file does not. ``debug`` lets
    exceptions out instead of turning them into :class:`Failed`.

    The decisions of the nearest ``isoview.toml`` are applied; one that is damaged raises
    :class:`BadConfig` before anything is opened. :func:`isoview.parallel.spread` does the same
    for many files, with several processes and a cache.
    """
    decisions = current_decisions()
    for found in find(targets):
        yield from look(found, decisions, quick=quick, shapes=shapes, debug=debug)


def look(
    found: Found,
    decisions: "Decisions | None",
    *,
    quick: bool = False,
    shapes: bool = False,
    debug: bool = False,
    brief: bool = False,
    keep: "list[Loaded] | None" = None,
) -> Iterator[Event]:
    """The events of one place, in this process. What was opened goes with the last of them, or is
    put into ``keep``. ``brief`` as for :func:`isoview.inspectors.binary.source.read_file`: for who
    takes one event at once after the other, and keeps nothing.
    """
    if isinstance(found, Skipped):
        yield Nothing(found.path, found.reason)
        return
    if isinstance(found, TargetError):
        if debug:
            raise IsoviewError(found.error, found.hint)
        yield from (Started(found.path), Failed(found))
        return
    yield Started(found.path)
    try:
        slices = list(opened(found, brief=brief))
        if keep is not None:
            keep += slices
        while slices:
            yield from _artifact(found, slices, decisions, quick=quick, shapes=shapes)
    except IsoviewError as error:
        if debug:
            raise
        yield Failed(TargetError(found.path, error.message, error.hint))
    except Exception as error:
        if debug:
            raise
        yield Failed(fault(found.path, error))


def fault(path: str, error: Exception) -> TargetError:
    """What is said about a fault of ours."""
    return TargetError(
        path,
        f"internal error on {path}: {type(error).__name__}: {error}",
        "This is a fault of isoview: please report it with what --debug shows.",
    )


def opened(place: Place, *, brief: bool = False) -> "tuple[Loaded, ...]":
    """The file of a place, or the member of its wheel: one entry for each slice.

    ``brief`` as for :func:`isoview.inspectors.binary.source.read_file`.
    """
    from isoview.inspectors.binary.inspect import load_all, load_bytes

    if place.path == STDIN:
        from isoview.inspectors.binary.source import read_stdin

        return load_bytes(read_stdin(), STDIN)
    if place.container is None or place.member is None:
        return load_all(place.path, brief=brief)
    from isoview.wheels import read_member

    data = read_member(place.container, place.member)
    return load_bytes(data, place.path, place.container, place.member)


def _artifact(
    place: Place,
    slices: "list[Loaded]",
    decisions: "Decisions | None",
    *,
    quick: bool,
    shapes: bool,
) -> Iterator[Event]:
    """The events of the first of these, which is taken away."""
    from isoview.inspectors.binary.inspect import code, shape

    loaded = slices.pop(0)
    facts = shape(loaded)
    if quick or not facts.artifact.is_extension:
        del loaded  # before anybody is told, who may take long
        if not place.named and is_library(facts):
            yield Nothing(place.path, LIBRARY)
            return
        report = _judged(facts, decisions)
        if shapes:
            yield Shape(report)
        yield Complete(report)
        return
    if shapes:
        yield Shape(_judged(facts, decisions))
    if place.path != STDIN:  # which lies beside no library
        from isoview.linked import with_linked

        facts = with_linked(facts, loaded)
    yield Complete(_judged(code(loaded, facts), decisions))


def is_library(facts: "Facts") -> bool:
    """Whether a file is no extension and is not named like one: a library beside extensions.

    It is left out of what was found in something larger. A file with a module's ABI tag and no
    init function is reported, as it should have been one, and so is one that is damaged.
    """
    artifact = facts.artifact
    library = artifact.tag is None and artifact.path.endswith(".so") and not facts.damage
    return library and not artifact.is_extension


def _judged(facts: "Facts", decisions: "Decisions | None") -> Report:
    from isoview.judge import judge

    return decided(judge(facts), decisions)


def decided(report: Report, decisions: "Decisions | None") -> Report:
    """``report`` with the decisions laid over it."""
    if decisions is None:
        return report
    from isoview.triage import apply

    return apply(report, decisions)


def current_decisions() -> "Decisions | None":
    """The decisions that hold in the working folder; None without any."""
    from isoview.nearby import DECISIONS, nearest

    found = nearest(os.curdir, DECISIONS)
    if found is None:
        return None
    from pathlib import Path

    from isoview.triage import load

    return load(Path(found))
