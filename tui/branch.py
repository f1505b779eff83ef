"""One line of the fact tree, and the lines that one fact unfolds into. Plain data, no Textual.

Keys are paths that survive a new reading of the file (``types/_json.Scanner``), so that the
tree keeps its place, and a changed value can be told from an old one.
"""

from collections.abc import Callable, Iterable, Iterator

from isoview.inspectors.binary.names import method_flag_names
from isoview.inspectors.facts import Evidence, Init, Method, Type
from isoview.inspectors.record import Record
from isoview.readable import as_written

LIVE_KEY = "live"


class GuideRef(Record):
    """A guide section as something that can be selected."""

    section: str


class Branch(Record):
    """One line of the tree. ``grow`` makes its children when it is first unfolded."""

    key: str
    name: str
    value: str = ""
    about: object = None
    grow: Callable[[], "Iterable[Branch]"] | None = None
    unfolded: bool = False
    severity: str | None = None  # of the worst open finding about it
    differs: str | None = None  # what the other side (the loaded module, the last reading) says

    def children(self) -> tuple["Branch", ...]:
        return tuple(self.grow()) if self.grow else ()


def size_text(size: int) -> str:
    """A size a person can compare: ``812 B``, ``1.2 kB``, ``3.4 MB``."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def several(number: int, what: str) -> str:
    """A number and its noun: ``1 object``, ``2 objects``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def yes_no(value: bool | None) -> str:
    return "unknown" if value is None else "yes" if value else "no"


PHASES = {
    "single": "single-phase",
    "multi": "multi-phase",
    "export": "PEP 793 export",
    "delegated": "delegated",
    "unknown": "phase unknown",
}


def unknown(value: int | None) -> str:
    return "unknown" if value is None else str(value)


def init_details(entry: Init) -> Iterator[Branch]:
    """What is known about one init function."""
    key = f"init/{entry.symbol}"
    yield Branch(f"{key}/symbol", "symbol", entry.symbol, entry)
    yield Branch(f"{key}/source", "known from", entry.phase_source, entry)
    if entry.from_minor is not None:
        yield Branch(f"{key}/minor", "since", f"3.{entry.from_minor}", entry)
    if entry.reason:
        yield Branch(f"{key}/reason", "why", entry.reason, entry)


def type_details(key: str, entry: Type) -> Iterator[Branch]:
    """What is known about one class."""
    for name, value in (
        ("base", entry.base or "unknown"),
        ("basicsize", unknown(entry.basicsize)),
        ("flags", " ".join(entry.flag_names) or "none"),
        ("module-tied", yes_no(entry.module_tied)),
        ("completed at run time", yes_no(entry.completed_at_runtime)),
        ("slots", " ".join(entry.slots_set) or "none"),
    ):
        yield Branch(f"{key}/{name}", name, value, entry)
    if entry.methods:
        grow = method_lines(f"{key}/methods", entry.methods, entry)
        yield Branch(f"{key}/methods", "methods", str(len(entry.methods)), entry, grow)


def method_lines(
    key: str, methods: tuple[Method, ...], about: object
) -> Callable[[], Iterator[Branch]] | None:
    if not methods:
        return None
    return lambda: (
        Branch(f"{key}/{m.name}", m.name, " ".join(method_flag_names(m.flags)), about)
        for m in methods
    )


def evidence_lines(key: str, evidence: tuple[Evidence, ...]) -> Callable[[], Iterator[Branch]]:
    return lambda: (
        Branch(f"{key}/evidence/{index}", as_written(entry.text), "")
        for index, entry in enumerate(evidence)
    )
