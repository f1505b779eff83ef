"""``isoview diff``: what a port changed, what came with a release, what is left."""

import sys
from collections.abc import Sequence

import click

from isoview.commands import ExitCode, Settings
from isoview.commands.outcome import Outcome, Wanted
from isoview.model import COUNTING, SEVERITIES, Report, TargetError


@click.command(short_help="What changed from one build to another.")
@click.argument("old", metavar="OLD", type=click.Path())
@click.argument("new", metavar="NEW", type=click.Path())
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True)  # fmt: skip
@click.option("--fail-on", type=click.Choice([*SEVERITIES, "never"]), default="never",
              show_default=True,
              help="Exit with 1 where NEW has a finding of this severity, or a graver one, that OLD "
              "has not.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use.")
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@click.option("-v", "--verbose", is_flag=True, help="Name everything that changed.")
@click.option("--app", "in_app", is_flag=True, help="Show it in the app.")
@click.pass_context
def diff(
    context: click.Context,
    old: str,
    new: str,
    form: str,
    fail_on: str,
    jobs: int | None,
    no_cache: bool,
    verbose: bool,
    in_app: bool,
) -> int:
    """Compare OLD and NEW: two files, wheels, folders or environments.

    Modules are compared by their dotted names: facts, answers and findings that are gone,
    new, or left.
    """
    if in_app:
        return _open_app(old, new)
    from isoview.compare import compare, to_data

    debug = context.ensure_object(Settings).debug
    before, errors, code = _reports(old, jobs, cached=not no_cache, debug=debug)
    if code == ExitCode.INTERRUPTED:
        return code
    after, more, second = _reports(new, jobs, cached=not no_cache, debug=debug)
    if second == ExitCode.INTERRUPTED:
        return second
    pairs = compare(before, after)
    if form == "json":
        import json

        sys.stdout.write(json.dumps(to_data(pairs, [*errors, *more]), indent=1) + "\n")
    else:
        from isoview.reports.changes import change_lines
        from isoview.reports.terminal import show

        show(change_lines(pairs, verbose=verbose))
    if errors or more:
        return ExitCode.NOT_ANALYSED
    grave = 0 if fail_on == "never" else [str(each) for each in SEVERITIES].index(fail_on) + 1
    failed = any(
        finding.status in COUNTING and finding.severity in SEVERITIES[:grave]
        for pair in pairs
        for finding in pair.gained
    )
    return ExitCode.FINDINGS if failed else ExitCode.CLEAN


def _open_app(old: str, new: str) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("--app needs a terminal, and this is none.")
    from isoview.tui.comparing import run

    return run(old, new)


def _reports(
    target: str, jobs: int | None, *, cached: bool, debug: bool
) -> tuple[Sequence[Report], list[TargetError], int]:
    from isoview.commands.reporting import listen

    _decisions, events, _many, quiet = listen(
        [target], (), None, quick=False, jobs=jobs, cached=cached, debug=debug
    )
    outcome = Outcome(events, Wanted(fail_on="never"), quiet)
    reports = list(outcome.reports())
    return reports, outcome.errors, outcome.exit_code()
