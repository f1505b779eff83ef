"""``isoview guide``: the outline, one section, or what a search finds."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from isoview.guide import Section
    from isoview.reports.lines import Line

_COLUMN = 36
"""Room for ids; what is longer has its title on a line of its own, or 80 columns do not do."""


@click.command(short_help="Read or search the guide to isolation.")
@click.argument("section", required=False)
@click.option("--search", "words", metavar="WORDS", help="Sections that hold all of the words.")
def guide(section: str | None, words: str | None) -> int:
    """Read the guide to isolating extension modules.

    Without SECTION: its outline. Each section says what it asks, why and how isoview checks it;
    many show code before and after.
    """
    from isoview.commands import ExitCode
    from isoview.guide import find, search, sections
    from isoview.reports.lines import line
    from isoview.reports.terminal import show

    if section is not None and words is not None:
        raise click.UsageError("give a SECTION or --search, not both.")
    if section is not None:
        found = find(section)
        if found is None:
            raise click.UsageError(f"the guide has no section {section}; see `isoview guide`.")
        from isoview.commands.explain import section_lines

        show(section_lines(found))
        return ExitCode.CLEAN
    chosen = sections() if words is None else search(words)
    if not chosen:
        show([line(f"No section of the guide holds all of: {words}.")])
        return ExitCode.CLEAN
    lines = list(_entries(chosen)) if words is not None else list(_outline(chosen))
    hint = line("Next: ", (f"isoview guide {chosen[0].id}", "code"), " shows one.")
    show([*lines, line(), hint])
    return ExitCode.CLEAN


def _outline(chosen: "tuple[Section, ...]") -> "Iterator[Line]":
    """The sections under the name of their source."""
    from isoview.guide import SOURCES
    from isoview.reports.lines import line

    for number, (source, group) in enumerate(groupby(chosen, lambda entry: entry.source)):
        if number:
            yield line()
        yield line((SOURCES[source], "heading"))
        yield from _entries(tuple(group))


def _entries(chosen: "tuple[Section, ...]") -> "Iterator[Line]":
    """Id and title of each section, in two columns."""
    from isoview.reports.lines import line

    longest = max(len(entry.id) for entry in chosen)
    width = min(longest, _COLUMN) + 4
    for entry in chosen:
        if len(entry.id) > _COLUMN:
            yield line((entry.id, "code"), indent=2)
            yield line(entry.title, indent=width, hang=width)
        else:
            room = width - 2
            yield line((f"{entry.id:<{room}}", "code"), entry.title, indent=2, hang=width)
