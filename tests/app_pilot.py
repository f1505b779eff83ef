"""Drives the app in tests: services in memory, and waiting until it has nothing left to do."""

import asyncio
import json
import time
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from threading import Event as StopEvent
from types import SimpleNamespace
from typing import Any

from app_reports import REPORT
from symbols_by_hand import SAMPLE, sample_image, symbol_list
from textual import events
from textual.dom import DOMNode
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from waiting import LIMIT

from isoview.answers import Homes
from isoview.evidence import EvidenceSource, Subject
from isoview.inspectors.binary.decode import Field, Structure
from isoview.inspectors.binary.parts import Parts
from isoview.inspectors.facts import Facts
from isoview.model import Complete, Event, Finding, Report, Shape, Started
from isoview.scan import Listing, lines
from isoview.triage import Decision, Decisions, Group
from isoview.tui.app import IsoviewApp
from isoview.tui.services import Services

STRUCTURE = Structure(
    "PyModuleDef",
    0x4000,
    104,
    (
        Field(40, 0x4028, 8, "m_name", bytes(8), '→ "sample"', 0x3000),
        Field(56, 0x4038, 8, "m_size", b"\xff" * 8, "-1: state in C statics", None, (1 << 64) - 1),
        Field(48, 0x4030, 8, "m_doc", bytes(8), "NULL"),
    ),
    ".data",
)


class MemoryEvidence(EvidenceSource):
    """Gives one structure for everything, and remembers what was asked."""

    def __init__(self, path: str) -> None:
        super().__init__(path, lambda _path: nullcontext(SimpleNamespace(image=sample_image())))
        self.asked: list[object] = []

    def parts(self, facts: Facts) -> Parts:
        return Parts(memoryview(b"what the file holds"), self._image(facts.artifact.slice))

    def decode_for(self, facts: Facts, subject: Finding | Subject) -> tuple[Structure, ...]:
        assert facts.artifact
        self.asked.append(subject)
        return () if isinstance(subject, str) else (STRUCTURE,)


class MemoryDecisions:
    """Decisions as ``isoview.decision_file`` keeps them, without a file."""

    def __init__(self) -> None:
        self.kept = Decisions()
        self.on_disk = Decisions()  # what another session may change

    def where(self) -> str:
        return "isoview.toml"

    def has_changed(self) -> bool:
        return (self.kept, self.kept.groups) != (self.on_disk, self.on_disk.groups)

    def look(self) -> None:
        self.kept = Decisions(self.on_disk)
        self.kept.groups = self.on_disk.groups

    def change(
        self, wanted: Mapping[str, Decision | None], seen: Mapping[str, Decision | None]
    ) -> dict[str, Decision | None]:
        before = {fingerprint: self.on_disk.get(fingerprint) for fingerprint in wanted}
        for fingerprint, decision in wanted.items():
            if before[fingerprint] != seen.get(fingerprint):
                continue
            if decision is None:
                self.on_disk.pop(fingerprint, None)
            else:
                self.on_disk[fingerprint] = decision
        self.look()
        return before

    def add_group(self, group: Group) -> None:
        self.on_disk.groups = (*self.on_disk.groups, group)
        self.look()

    def remove_group(self, group: Group) -> bool:
        there = group in self.on_disk.groups
        self.on_disk.groups = tuple(each for each in self.on_disk.groups if each != group)
        self.look()
        return there

    def statuses(self) -> dict[str, tuple[str, str]]:
        """What was decided about what, and why."""
        return {f: (decision.status, decision.reason) for f, decision in self.on_disk.items()}


def streaming(*reports: Report) -> Callable[[Iterable[str]], Iterator[Event]]:
    """A stream that gives the next report at each reading, the last one ever after."""
    left = list(reports)

    def stream(targets: Iterable[str]) -> Iterator[Event]:
        for target in targets:
            report = left.pop(0) if len(left) > 1 else left[0]
            yield Started(target)
            yield Shape(report)
            yield Complete(report)

    return stream


class MemoryScan:
    """What :mod:`isoview.scan` would say of each target, from the stream of a test."""

    def __init__(
        self, stream: Callable[[Iterable[str]], Iterator[Event]], targets: Sequence[str]
    ) -> None:
        self._stream = stream
        self._targets = targets

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        listing = Listing(f"{len(self._targets)} targets", [], Homes([], []), {})
        listed = {"kind": "listed", "title": listing.title, "files": len(self._targets), "size": 1}
        # Once through JSON, as it would be; each target is a line of its own.
        found = json.loads(json.dumps([listed, *lines(listing, self._stream(self._targets))]))
        yield [{**line, "group": [line["at"], line["at"], ""]} if "at" in line else line
               for line in found]  # fmt: skip
        yield [{"kind": "end"}]

    def stop(self) -> None:
        """It never waits for anything."""


def no_live(_path: str, _stop: StopEvent) -> dict[str, Any]:
    raise AssertionError("nothing was asked to be imported")


def app_of(
    *reports: Report,
    targets: tuple[str, ...] = ("sample.so",),
    stream: Callable[[Iterable[str]], Iterator[Event]] | None = None,
    live: Callable[[str, StopEvent], dict[str, Any]] = no_live,
    decisions: MemoryDecisions | None = None,
) -> IsoviewApp:
    """The app over hand-made reports."""
    stream = stream or streaming(*(reports or (REPORT,)))
    services = Services(
        symbols=lambda _path, _part: symbol_list(*SAMPLE),
        stream=stream,
        scan=lambda scope: MemoryScan(stream, scope.targets),
        evidence=MemoryEvidence,
        decisions=decisions or MemoryDecisions(),
        live=live,
        python="Python 3.13.0",
    )
    return IsoviewApp(targets, services)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing is read, decoded or decided any more, and it stands on the screen."""
    app = pilot.app
    assert isinstance(app, IsoviewApp)
    quiet, end = 0, time.monotonic() + LIMIT
    while time.monotonic() < end:
        await app.animator.wait_until_complete()
        await pilot.pause(0.002)  # everything that was sent is handled, and painted
        quiet = 0 if is_working(app) else quiet + 1
        if quiet == 4:  # a worker's last message, what it changes, and the paint of it
            return
    raise AssertionError(f"the app does not come to rest: {list(app.workers)}")


def is_working(app: IsoviewApp) -> bool:
    """Whether something is read, or put off until nobody presses keys any more."""
    if any(worker.is_running for worker in app.workers):
        return True
    if any(entry.reading for entry in app.entries):
        return True
    ours = [app, *(node for node in app.screen.walk_children(with_self=True) if is_ours(node))]
    return any(
        timer._repeat == 0 and timer._task is not None and not timer._task.done()
        for node in ours
        for timer in node._timers
    )


def is_ours(node: DOMNode) -> bool:
    """Not of Textual itself, whose toasts have timers, too."""
    return type(node).__module__.startswith("isoview.")


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    """Wait until something is so, and painted."""
    app = pilot.app
    assert isinstance(app, IsoviewApp)
    end = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < end, f"it did not come about; the screen:\n{screen_text(app)}"
        await pilot.pause(0.01)
    await pilot.pause()


async def until_shown(pilot: Pilot[None], words: str) -> None:
    """Wait until ``words`` stand on the screen; when they never do, say what stands there."""
    app = pilot.app
    assert isinstance(app, IsoviewApp)
    await until(pilot, lambda: words in screen_text(app))


def drive(
    app: IsoviewApp,
    steps: Callable[[Pilot[None]], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
) -> None:
    """Run the app, wait until it is settled, and take the steps."""

    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            await steps(pilot)
            await settle(pilot)

    asyncio.run(run())


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, and wait until everything they caused has happened.

    ``Pilot.press`` waits until the process uses no CPU, which takes a tenth of a second a key and
    depends on what else the machine does; here the end of the work itself is waited for.
    """
    driver = pilot.app._driver
    assert driver is not None
    for key in keys:
        event = key_event(key)
        event.set_sender(pilot.app)
        driver.send_message(event)
        await settle(pilot)


def key_event(key: str) -> events.Key:
    """The event of a key, by Textual's name for it or by its character."""
    name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
    try:
        character = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
    except KeyError:
        character = key if len(key) == 1 else None
    return events.Key(name, character)


def screen_text(app: IsoviewApp) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def said(app: IsoviewApp) -> str:
    """The toasts that stand on the screen."""
    return " | ".join(f"{note.title} {note.message}".strip() for note in app._notifications)
