"""Targets in, events out: the one stream that the command line, the app and workers consume."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from isoview.inspectors.errors import IsoviewError
from isoview.model import Complete, Event, Failed, Report, Shape, Started, TargetError

if TYPE_CHECKING:
    from isoview.inspectors.facts import Facts
    from isoview.triage import Decisions


def stream(
    targets: Iterable[str], *, quick: bool = False, shapes: bool = True, debug: bool = False
) -> Iterator[Event]:
    """What becomes known about ``targets``, in their order; each ends in Complete or Failed.

    Each slice of a universal file has a Complete of its own.

    ``quick`` stops after the first stage (no instruction is decoded). ``shapes`` False leaves
    out the first stage's report, which a person waits for and a file does not. ``debug`` lets
    exceptions out instead of turning them into :class:`Failed`.

    The decisions of the nearest ``isoview.toml`` are applied; one that is damaged raises
    :class:`BadConfig` before anything is opened.
    """
    decisions = _decisions()
    for target in targets:
        yield Started(target)
        try:
            yield from _artifact(target, decisions, quick=quick, shapes=shapes)
        except IsoviewError as error:
            if debug:
                raise
            yield Failed(TargetError(target, error.message, error.hint))
        except Exception as error:
            if debug:
                raise
            yield Failed(
                TargetError(
                    target,
                    f"internal error on {target}: {type(error).__name__}: {error}",
                    "This is a fault of isoview: please report it with what --debug shows.",
                )
            )


def _artifact(
    target: str, decisions: "Decisions | None", *, quick: bool, shapes: bool
) -> Iterator[Event]:
    from isoview.inspectors.binary.inspect import code, load_all, shape
    from isoview.targets import locate

    for loaded in load_all(locate(target)):
        facts = shape(loaded)
        if quick or not facts.artifact.is_extension:
            report = _judged(facts, decisions)
            if shapes:
                yield Shape(report)
            yield Complete(report)
            continue
        if shapes:
            yield Shape(_judged(facts, decisions))
        yield Complete(_judged(code(loaded, facts), decisions))


def _judged(facts: "Facts", decisions: "Decisions | None") -> Report:
    from isoview.judge import judge

    report = judge(facts)
    if decisions is None:
        return report
    from isoview.triage import apply

    return apply(report, decisions)


def _decisions() -> "Decisions | None":
    """The decisions that hold in the working folder; None without any."""
    from pathlib import Path

    from isoview.triage import load, nearest

    found = nearest(Path.cwd())
    return None if found is None else load(found)
