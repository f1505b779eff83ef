"""Places in the bytes of a file, and reading what stands there in a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from isoview.inspectors.errors import IsoviewError

if TYPE_CHECKING:
    from isoview.inspectors.binary.decode import Structure
    from isoview.inspectors.binary.parts import Parts, Spot
    from isoview.tui.entry import Entry
    from isoview.tui.work import Post, Work


class Place(NamedTuple):
    """A byte to look at. ``kind`` is the structure there, "" where it is to be found out."""

    at: int
    in_file: bool = False  # an offset of the file, not an address
    size: int = 0
    kind: str = ""
    field: int = 0  # offset of the chosen field
    pane: str = "fields"


class BytesRead(Message):
    """The bytes are there, with the structure that begins at the place."""

    def __init__(
        self, place: Place | None, parts: Parts | None, structure: Structure | None, note: str = ""
    ) -> None:
        super().__init__()
        self.place = place
        self.parts = parts
        self.structure = structure
        self.note = note


class Found(Message):
    """The search ended at a place, or nowhere."""

    def __init__(self, wanted: bytes, spot: Spot | None) -> None:
        super().__init__()
        self.wanted = wanted
        self.spot = spot


def read(work: Work, entry: Entry, place: Place | None, post: Post) -> None:
    """Find out what stands at a place; without one, begin at the module's definition."""
    from isoview import links

    report = entry.report
    if report is None:
        return
    try:
        parts = work.parts(entry)
        if place is None:
            facts = report.facts
            begin = links.first(entry.subjects, facts.definitions, facts.init)
            place = Place(begin.address) if begin else None
        if place is None or place.in_file:
            post(BytesRead(place, parts, None))
            return
        kind, size = place.kind, place.size
        if not kind:
            known = links.known(entry.subjects, place.at)
            kind, size = known.kind or _words_of(parts, place), known.size or size
        structure = None
        if kind:
            structure = work.evidence(entry).structure_at(report.facts, place.at, kind, size)
        post(BytesRead(place._replace(kind=kind, size=size), parts, structure))
    except IsoviewError as error:
        post(BytesRead(place, None, None, f"{error.message}. {error.hint}"))


def _words_of(parts: Parts, place: Place) -> str:
    """Data of a known size is shown as words; code and texts as bytes alone."""
    spot = parts.spot(place.at)
    if spot is None or not place.size or parts.all[spot.part].executable:
        return ""
    return "words" if parts.all[spot.part].start != place.at else ""


def search(parts: Parts, wanted: bytes, start: Spot, post: Post, *, backwards: bool) -> None:
    """Look for bytes from a place on."""
    post(Found(wanted, parts.find(wanted, start, backwards=backwards)))


def needle(text: str) -> bytes:
    """What a search looks for: text, or bytes where it begins with 0x."""
    text = text.strip()
    if not text.lower().startswith("0x"):
        return text.encode("utf-8", "surrogateescape")
    digits = "".join(text[2:].split())
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise IsoviewError(
            f"{text} is no run of bytes", "Two hexadecimal digits make a byte: 0x7f 45 4c 46."
        ) from None
