"""``isoview sharing``: what several modules share, or fail to share."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from isoview.reports.lines import Line
    from isoview.sharing import Sharing


@click.command(short_help="Classes, capsules and registries between modules.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def sharing(targets: tuple[str, ...], form: str) -> int:
    """Put several modules side by side: classes of the same name that are built twice,
    capsules made and taken, registries that must agree. Nothing is imported.
    """
    from isoview.commands.outcome import Outcome, Wanted
    from isoview.commands.reporting import listen
    from isoview.sharing import compare, to_data

    _decisions, events, _many, quiet = listen(
        targets, (), None, quick=False, jobs=None, cached=True, debug=False
    )
    outcome = Outcome(events, Wanted(fail_on="never"), quiet)
    found = compare(outcome.reports())
    code = outcome.exit_code()
    if form == "json":
        import json

        sys.stdout.write(json.dumps(to_data(found), indent=1) + "\n")
        return code
    from isoview.reports.terminal import show

    show(_lines(found))
    return code


def _lines(found: "Sharing") -> "Iterator[Line]":
    from isoview.readable import says
    from isoview.reports.lines import line
    from isoview.reports.words import counted

    count = len(found.modules)
    yield line((counted(count, "extension module"), "title"))
    for finding in found.findings:
        yield line()
        yield line((finding.rule, finding.severity), f"  {says(finding)}", hang=8)
        for item in finding.evidence:
            yield line(item.text, indent=8)
    if not found.findings and count:
        yield line("no class is built twice, and no registries disagree")
    if found.capsules:
        yield line()
        yield line(("Capsules", "heading"))
    for link in found.capsules:
        yield line((link.name, "code"))
        yield line("made by ", ", ".join(link.published) or "a module that is not here", indent=2)
        yield line("taken by ", ", ".join(link.imported) or "no module that is here", indent=2)
    if found.registries:
        yield line()
        yield line(("Registries", "heading"))
    for registry in found.registries:
        yield line(f"{registry.generator}  ", (registry.key, "code"))
        yield line(", ".join(registry.modules), indent=2)
