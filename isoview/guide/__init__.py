"""The guide: one section, one Markdown file, in our own words, with the upstream link.

Files are named ``<source>-<order>-<id>.md``, with two digits for the order, so the outline is
known from the names alone and a section is read only when somebody asks for it. Which rules
belong to a section is derived from ``Rule.guide``; nothing here knows a rule.

C snippets are complete modules, which a test compiles and tries. Rust snippets are written for
PyO3 0.29 and not compiled (that needs Cargo and the pyo3 crate); a test reads their syntax.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_FENCE = "```"
_HEADING = "## "
_NAME = re.compile(r"(?P<source>.+?)-(?P<order>\d\d)-(?P<id>.+)\.md")

SOURCES = {
    "howto": "CPython's HOWTO: Isolating Extension Modules",
    "pep": "Python Enhancement Proposals",
    "free-threading": "CPython's HOWTO: C API Extension Support for Free Threading",
    "pyo3": "PyO3 user guide",
    "pyo3-architecture": "PyO3 architecture",
    "course": "Course: Rust-Python interoperability",
}
"""Where the sections come from, in reading order, and what each source is called."""


@dataclass(frozen=True)
class Section:
    """One section: ``body`` is Markdown, its parts are the second-level headings."""

    id: str
    title: str
    source: str
    url: str
    order: int
    body: str

    def part(self, heading: str) -> str | None:
        """The text under ``## heading``, or None where the section has no such part."""
        lines: list[str] | None = None
        fenced = False
        for line in self.body.splitlines():
            if line.startswith(_FENCE):
                fenced = not fenced
            elif not fenced and line.startswith(_HEADING):
                if lines is not None:
                    break
                if line.removeprefix(_HEADING).strip() == heading:
                    lines = []
                continue
            if lines is not None:
                lines.append(line)
        return None if lines is None else "\n".join(lines).strip()


def sections() -> tuple[Section, ...]:
    """Every section, in reading order."""
    return tuple(_read(name) for name in _names().values())


def find(section_id: str) -> Section | None:
    """The section of this id; only its own file is read."""
    name = _names().get(section_id)
    return None if name is None else _read(name)


def search(words: str | Iterable[str]) -> tuple[Section, ...]:
    """Sections that hold all ``words``, in any case; those that hold them in the title first."""
    text = words if isinstance(words, str) else " ".join(words)
    wanted = text.casefold().split()
    if not wanted:
        return ()
    ranked: list[tuple[int, Section]] = []
    for section in sections():
        title = section.title.casefold()
        everything = f"{title}\n{section.id}\n{section.body.casefold()}"
        if all(word in everything for word in wanted):
            ranked.append((-sum(word in title for word in wanted), section))
    ranked.sort(key=lambda pair: pair[0])  # stable: reading order within one rank
    return tuple(section for _, section in ranked)


@cache
def _names() -> dict[str, str]:
    """Section id to file name, in reading order."""
    places = list(SOURCES)
    found = [match for path in _FOLDER.glob("*.md") if (match := _NAME.fullmatch(path.name))]
    found.sort(key=lambda match: (places.index(match["source"]), match["order"]))
    return {match["id"]: match.string for match in found}


@cache
def _read(name: str) -> Section:
    _, front, body = (_FOLDER / name).read_text(encoding="utf-8").split("---\n", 2)
    values = dict(line.split(": ", 1) for line in front.splitlines())
    return Section(
        id=values["id"],
        title=values["title"],
        source=values["source"],
        url=values["url"],
        order=int(values["order"]),
        body=body.strip() + "\n",
    )
