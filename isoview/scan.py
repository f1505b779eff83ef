"""Many files for the app: says what it finds as lines of JSON, one small line for each module.

Started as ``python -P -m isoview.scan`` with the request on stdin. Listing, the cache and whole
reports stay in this process and its workers: the app's own process keeps its time for the keys.
Lines, by ``kind``: ``listed`` once, then ``module``, ``error`` and ``skipped`` in the order of
the files with ``done`` among them, and ``end``.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from isoview.inspectors.errors import IsoviewError
from isoview.model import (
    COUNTING,
    QUESTIONS,
    SEVERITIES,
    Complete,
    Event,
    Failed,
    Nothing,
    Report,
    Started,
    TargetError,
)
from isoview.targets import Found, Place, Scope, find

if TYPE_CHECKING:
    from isoview.answers import Homes
    from isoview.environment import Environment

_EVERY = 0.1  # seconds between two lines that only say how far it is


class Brief(NamedTuple):
    """What a list of modules shows of one module."""

    path: str
    arch: str
    toolchain: str
    answers: dict[str, list[str]]  # question: answer, declared, experiment, observed
    open: dict[str, int]  # severity: findings that count
    statuses: dict[str, int]
    worst: str  # the rule of the worst finding that counts, and how often; empty for none
    extension: bool


def brief(report: Report) -> Brief:
    """The few words about a report that a list needs."""
    from isoview.answers import toolchain

    counting = [finding for finding in report.findings if finding.status in COUNTING]
    answers: dict[str, list[str]] = {}
    for question in QUESTIONS if report.verdict is not None else ():
        answer = getattr(report.verdict, question)
        answers[question] = [
            answer.answer, answer.declared, answer.experiment, answer.observed or "",
        ]  # fmt: skip
    statuses: dict[str, int] = {}
    for finding in report.findings:
        statuses[finding.status] = statuses.get(finding.status, 0) + 1
    return Brief(
        path=report.facts.artifact.path,
        arch=report.facts.artifact.arch,
        toolchain=toolchain(report),
        answers=answers,
        open={
            severity: sum(finding.severity == severity for finding in counting)
            for severity in SEVERITIES
        },
        statuses=statuses,
        worst=_worst(report),
        extension=report.facts.artifact.is_extension,
    )


def _worst(report: Report) -> str:
    for severity in SEVERITIES:
        found = [f for f in report.findings if f.status in COUNTING and f.severity == severity]
        if found:
            first = min(found, key=lambda finding: finding.rule)
            number = sum(f.count for f in found if f.rule == first.rule)
            times = f" ×{number}" if number > 1 else ""  # noqa: RUF001 - the sign of the app
            return f"{first.rule} {first.name}{times}"
    return ""


class Listing(NamedTuple):
    """What there is to look at, and what belongs together."""

    title: str
    listed: list[Found]
    homes: "Homes"
    chains: dict[str, tuple[str, ...]]


def list_targets(scope: Scope) -> Listing:
    """Everything in ``scope``; without targets and requirements, an environment."""
    from isoview.answers import Homes
    from isoview.distributions import chains, installed
    from isoview.environment import ask

    targets, python, files = scope.targets, scope.python, scope.files
    some = bool(targets or files)
    environment = ask(python) if python is not None or not some else None
    if environment is not None and not some:
        from isoview.expansion import Expansion

        listed = list(Expansion(environment).environment(environment, environment.prefix))
        folders = list(environment.folders)
        title = _titled(environment)
    else:
        listed = list(find(targets, environment, files))
        folders = _folders(scope, environment)
        named = (*targets, *files)
        title = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if named[3:] else "")
    entries, troubles = installed(folders)
    listed += [TargetError(each.path, f"{each.path}: {each.error}", each.hint) for each in troubles]
    markers = environment.markers if environment else _own_markers()
    return Listing(title, listed, Homes(entries, folders), chains(entries, markers))


def _titled(environment: "Environment") -> str:
    build = ", free-threaded" if environment.free_threaded else ""
    return f"{environment.prefix} (Python {environment.version}{build})"


def _folders(scope: Scope, environment: "Environment | None") -> list[str]:
    """Where what was listed is imported from."""
    from isoview.environment import ask, current_folders, is_environment

    folders: list[str] = []
    named = bool(scope.files)
    for target in scope.targets:
        if not os.path.isdir(target):  # noqa: PTH112 - paths stay as they came
            named = named or not os.path.lexists(target)
            folders.append(os.path.dirname(os.path.abspath(target)))  # noqa: PTH100, PTH120
            continue
        try:
            folders += ask(target).folders if is_environment(target) else [target]
        except IsoviewError:
            folders.append(target)
    if named:
        folders += environment.folders if environment else current_folders()
    return list(dict.fromkeys(folders))


def _own_markers() -> dict[str, str]:
    from packaging.markers import default_environment

    return {key: str(value) for key, value in default_environment().items()}


def lines(listing: Listing, events: Iterator[Event]) -> Iterator[dict[str, Any]]:
    """What is said about each event."""
    path = ""
    for event in events:
        if isinstance(event, Started):
            path = event.path
        elif isinstance(event, Complete):
            data = brief(event.report)._asdict()
            yield {"kind": "module", "at": path, **data, **_home(listing, event.report)}
        elif isinstance(event, Failed):
            yield {"kind": "error", **_error(event.error)}
        elif isinstance(event, Nothing):
            yield {"kind": "skipped", "path": event.path, "reason": event.reason}


def _home(listing: Listing, report: Report) -> dict[str, Any]:
    """Which distribution a module belongs to, what pulls that in, and where in it it lies."""
    artifact = report.facts.artifact
    if artifact.container is not None and artifact.member is not None:
        name, _, rest = os.path.basename(artifact.container).partition("-")  # noqa: PTH119
        group = (os.path.basename(artifact.container), name, rest.partition("-")[0])  # noqa: PTH119
        return {"group": group, "chain": [], "place": artifact.member}
    real = os.path.realpath(artifact.path)
    key = listing.homes.key(real)
    entry = listing.homes.entries.get(key)
    group = (key, entry.name, entry.version) if entry else (key, key.strip("()"), "")
    chain = list(listing.chains.get(key, ()))
    return {"group": group, "chain": chain, "place": listing.homes.inner(real)}


def _error(error: TargetError) -> dict[str, str]:
    return {"path": error.path, "error": error.error, "hint": error.hint}


class _Said:
    """Writes lines; how far it is, only now and then."""

    def __init__(self, write: Callable[[str], Any]) -> None:
        self._write = write
        self._lock = Lock()
        self._done = self._size = 0
        self._last = 0.0

    def line(self, data: dict[str, Any]) -> None:
        text = json.dumps(data, separators=(",", ":"))
        with self._lock:
            self._write(text + "\n")

    def done(self, place: Place) -> None:
        """One more is read; called from any thread."""
        with self._lock:
            self._done += 1
            self._size += place.size
            now = time.monotonic()
            if now - self._last < _EVERY:
                return
            self._last = now
            data = {"kind": "done", "files": self._done, "size": self._size}
            self._write(json.dumps(data) + "\n")


def run(request: dict[str, Any], write: Callable[[str], Any]) -> None:
    """Answer one request. Raises :class:`IsoviewError` before anything is listed."""
    from isoview.cache import Cache
    from isoview.parallel import spread
    from isoview.stream import current_decisions

    said = _Said(write)
    decisions = current_decisions()
    scope = Scope(tuple(request["targets"]), request["python"], tuple(request.get("files", ())))
    listing = list_targets(scope)
    places = [found for found in listing.listed if isinstance(found, Place)]
    said.line(
        {
            "kind": "listed", "title": listing.title, "files": len(places),
            "size": sum(place.size for place in places),
            "errors": sum(isinstance(found, TargetError) for found in listing.listed),
        }
    )  # fmt: skip
    cache = Cache(quick=False) if request.get("cache", True) else None
    events = spread(listing.listed, decisions, cache=cache, done=said.done)
    try:
        for data in lines(listing, events):
            said.line(data)
    finally:
        events.close()  # type: ignore[attr-defined]  # a generator: its workers end with it
    said.line({"kind": "end"})


def main() -> None:
    """Read the request, answer it; leave at once when told to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the app's to deal with
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    request = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write among the lines
    try:
        run(request, out.write)
    except IsoviewError as error:
        out.write(json.dumps({"kind": "failed", "error": error.message, "hint": error.hint}) + "\n")
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more


if __name__ == "__main__":
    main()
