"""``isoview plan``: the port of a module as ordered steps."""

import sys

import click


@click.command(short_help="The port of a module as ordered steps.")
@click.argument("target", type=click.Path())
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("-v", "--verbose", is_flag=True, help="Name every finding of every step.")
def plan(target: str, form: str, verbose: bool) -> int:
    """Order what is open in TARGET as a maintainer would do the work, and say what each
    step unlocks. Decisions in isoview.toml apply; nothing is imported or run.
    """
    from isoview.commands.outcome import Outcome, Wanted
    from isoview.stream import stream

    outcome = Outcome(stream([target], shapes=False), Wanted(fail_on="never"))
    reports = list(outcome.reports())
    code = outcome.exit_code()
    if form == "json":
        import json

        from isoview.plan import to_data

        sys.stdout.write(json.dumps([to_data(report) for report in reports], indent=1) + "\n")
        return code
    from isoview.reports.lines import line
    from isoview.reports.plan import plan_lines
    from isoview.reports.terminal import show

    for number, report in enumerate(reports):
        show([*([line()] if number else []), *plan_lines(report, verbose=verbose)])
    return code
