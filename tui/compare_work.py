"""Reading two builds and comparing them in a worker thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from textual.message import Message

from isoview.inspectors.errors import IsoviewError

if TYPE_CHECKING:
    from isoview.compare import Pair
    from isoview.model import Event, Report
    from isoview.tui.work import Post

    Stream = Callable[[Iterable[str]], Iterator[Event]]


class Compared(Message):
    """Both were read: what differs, and what could not be read."""

    def __init__(
        self,
        paths: tuple[str, str],
        pairs: list[Pair],
        reports: tuple[list[Report], list[Report]],
        errors: list[str],
    ) -> None:
        super().__init__()
        self.paths = paths
        self.pairs = pairs
        self.reports = reports
        self.errors = errors


class Progress(Message):
    """So many files were read."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def compare(
    stream: Stream,
    paths: tuple[str, str],
    known: tuple[Report | None, Report | None],
    post: Post,
    stopped: Callable[[], bool],
) -> None:
    """Read what is not known yet, and tell what differs."""
    from isoview.compare import compare as compared

    errors: list[str] = []
    sides: list[list[Report]] = []
    number = 0
    for path, report in zip(paths, known, strict=True):
        if report is not None:
            sides.append([report])
            continue
        found: list[Report] = []
        for each in _reports(stream, path, errors):
            found.append(each)
            number += 1
            post(Progress(number))
            if stopped():
                return
        sides.append(found)
    before, after = sides
    post(Compared(paths, compared(before, after), (before, after), errors))


def _reports(stream: Stream, path: str, errors: list[str]) -> Iterator[Report]:
    """The complete reports of everything in a target."""
    from isoview.model import Complete, Failed, Nothing

    try:
        for event in stream([path]):
            if isinstance(event, Complete):
                yield event.report
            elif isinstance(event, Failed):
                errors.append(f"{event.error.error}. {event.error.hint}")
            elif isinstance(event, Nothing) and event.path == path:
                errors.append(f"{event.path}: {event.reason}")
    except IsoviewError as error:
        errors.append(f"{error.message}. {error.hint}")
