"""``isoview env``: which distributions block which kind of interpreter, and who pulls them in."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from isoview.commands import ExitCode, Settings
from isoview.commands.complaint import complain
from isoview.commands.outcome import REQUIRED, Outcome, Wanted
from isoview.model import TargetError

if TYPE_CHECKING:
    from isoview.answers import Row
    from isoview.distributions import Installed
    from isoview.environment import Environment


@click.command(short_help="Which distributions block which interpreters.")
@click.option("--python", metavar="EXE", type=click.Path(),
              help="The environment: its python, or its folder (default: isoview's own).")  # fmt: skip
@click.option("-r", "--requirement", "files", metavar="FILE", multiple=True, type=click.Path(),
              help="Only what these requirements files or lock files ask for.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True)  # fmt: skip
@click.option("--require", "required", type=click.Choice(list(REQUIRED)), multiple=True,
              help="Exit with 1 unless every distribution's answer is yes.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use.")
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@click.option("--quick", is_flag=True, help="Decode no instruction: faster, sees less.")
@click.option("-v", "--verbose", is_flag=True, help="Name the files of each distribution.")
@click.pass_context
def env(
    context: click.Context,
    python: str | None,
    files: tuple[str, ...],
    form: str,
    required: tuple[str, ...],
    jobs: int | None,
    no_cache: bool,
    quick: bool,
    verbose: bool,
) -> int:
    """Say which installed distributions block own-GIL interpreters, shared-GIL
    interpreters and free threading, which files do, and what pulls them in.

    Nothing is imported; the environment's python is only asked for its sys.path.
    """
    from isoview.answers import Gathering
    from isoview.commands.reporting import events_of
    from isoview.distributions import chains, installed
    from isoview.environment import ask
    from isoview.expansion import Expansion

    environment = ask(python)
    entries, troubles = installed(environment.folders)
    expansion = Expansion(environment)
    roots: list[str] = []
    if files:
        roots = _roots(files, environment)
        listed = [found for file in files for found in expansion.required(file)]
        entries = _needed(entries, roots, environment)
    else:
        listed = list(expansion.environment(environment, environment.prefix))
    listed += [TargetError(each.path, f"{each.path}: {each.error}", each.hint) for each in troubles]
    if files:
        listed += [found for entry in entries for found in expansion.distributed(entry)]
    _decisions, events, quiet = events_of(
        listed,
        quick=quick,
        jobs=jobs,
        cached=not no_cache,
        debug=context.ensure_object(Settings).debug,
    )
    outcome = Outcome(events, Wanted(fail_on="never"), quiet)
    gathering = Gathering(entries, chains(entries, environment.markers, roots), environment.folders)
    for report in outcome.reports():
        gathering.add(report)
    rows = gathering.rows()
    _show(environment, rows, gathering.pure(), outcome.errors, form, verbose=verbose)
    refused = _refused(rows, required)
    code = outcome.exit_code()
    return ExitCode.FINDINGS if refused and code == ExitCode.CLEAN else code


def _roots(files: Sequence[str], environment: "Environment") -> list[str]:
    from isoview.requirements import names

    return [name for file in files for name in names(file, environment.markers)]


def _needed(
    entries: "list[Installed]", roots: Sequence[str], environment: "Environment"
) -> "list[Installed]":
    """What the roots lead to: a requirements file names only the first of each chain."""
    from isoview.distributions import reached

    keys = reached(entries, environment.markers, roots)
    return [entry for entry in entries if entry.key in keys]


def _show(
    environment: "Environment",
    rows: "Sequence[Row]",
    pure: int,
    errors: Sequence[TargetError],
    form: str,
    *,
    verbose: bool,
) -> None:
    if form == "json":
        import json

        from isoview.answers import to_data

        python: dict[str, Any] = {
            "executable": environment.executable,
            "prefix": environment.prefix,
            "version": environment.version,
            "free_threaded": environment.free_threaded,
        }
        sys.stdout.write(json.dumps(to_data(python, rows, pure, errors), indent=1) + "\n")
        return
    from isoview.reports.environment import environment_lines
    from isoview.reports.terminal import show

    build = ", free-threaded" if environment.free_threaded else ""
    title = f"{environment.prefix} (Python {environment.version}{build})"
    show(environment_lines(title, rows, pure, verbose=verbose))


def _refused(rows: "Sequence[Row]", required: Sequence[str]) -> bool:
    refused = False
    for question in required:
        for row in rows:
            answer = row.answers[REQUIRED[question]]
            if answer != "yes":
                refused = True
                complain(f"{row.name}: {question} is required, and the answer is {answer}", None)
    return refused
