"""``isoview guide``: the outline, one section, or what a search finds."""

import click


@click.command(short_help="Read or search the guide to isolation.")
@click.argument("section", required=False)
@click.option("--search", "words", metavar="WORDS", help="Sections that hold all of the words.")
def guide(section: str | None, words: str | None) -> int:
    """Read the guide to isolating extension modules.

    Without SECTION: its outline. Each section says what it asks, why, how isoview checks it,
    and shows C before and after.
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
    width = max(len(entry.id) for entry in chosen) + 2
    lines = [line((f"{entry.id:<{width}}", "code"), entry.title, hang=width) for entry in chosen]
    hint = line("Next: ", (f"isoview guide {chosen[0].id}", "code"), " shows one.")
    show([*lines, line(), hint])
    return ExitCode.CLEAN
