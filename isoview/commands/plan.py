"""``isoview plan``: the port of a module as ordered steps."""

import sys

import click

from isoview.commands import Settings


@click.command(short_help="The port of a module as ordered steps.")
@click.argument("targets", metavar="[TARGET]...", nargs=-1, type=click.Path())
@click.option("-r", "--requirement", "files", metavar="FILE", multiple=True, type=click.Path(),
              help="Look at what a requirements file, uv.lock or pylock.toml asks for.")  # fmt: skip
@click.option("--python", metavar="EXE", type=click.Path(),
              help="Look in another environment: its python, or its folder.")  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N",
              help="Processes to use for several files (default: what the machine has).")  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@click.option("-v", "--verbose", is_flag=True, help="Name every finding of every step.")
@click.pass_context
def plan(
    context: click.Context,
    /,
    targets: tuple[str, ...],
    files: tuple[str, ...],
    python: str | None,
    form: str,
    jobs: int | None,
    no_cache: bool,
    verbose: bool,
) -> int:
    """Order what is open in each TARGET as a maintainer would do the work, and say what each
    step unlocks. A TARGET is what `isoview check` takes. Decisions in isoview.toml apply;
    nothing is imported or run.
    """
    from isoview.commands.outcome import Outcome, Wanted
    from isoview.commands.reporting import listen

    if not targets and not files and python is None:
        raise click.UsageError(
            "name a TARGET, requirements with -r, or an environment with --python."
        )
    debug = context.ensure_object(Settings).debug
    _decisions, events, _many, quiet = listen(
        targets, files, python, quick=False, jobs=jobs, cached=not no_cache, debug=debug
    )
    outcome = Outcome(events, Wanted(fail_on="never"), quiet)
    if form == "json":
        import json

        from isoview.plan import to_data

        plans = [to_data(report) for report in outcome.reports()]
        sys.stdout.write(json.dumps(plans, indent=1) + "\n")
        return outcome.exit_code()
    from isoview.reports.lines import line
    from isoview.reports.plan import plan_lines
    from isoview.reports.terminal import show

    for number, report in enumerate(outcome.reports()):
        show([*([line()] if number else []), *plan_lines(report, verbose=verbose)])
    return outcome.exit_code()
