"""``isoview check``: the report in any form, and an exit code for CI."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from isoview.commands import ExitCode, Settings
from isoview.commands.complaint import complain
from isoview.commands.outcome import REQUIRED, Outcome, Wanted
from isoview.inspectors.errors import BadConfig
from isoview.model import SEVERITIES, Event, Report
from isoview.reports.outputs import FORMATS, FULL, Gathered, Output, parse, write

if TYPE_CHECKING:
    from isoview.targets import Found
    from isoview.triage import Decisions


def _codes(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Codes and families (``ISO2``) as a tuple of what a code may start with."""
    codes = tuple(code.strip() for value in values for code in value.split(",") if code.strip())
    if codes:
        from isoview.rules import ALL_RULES

        known = tuple(rule.code for rule in ALL_RULES)
        for code in codes:
            if not any(each.startswith(code) for each in known):
                raise click.BadParameter(f"no rule is called {code}; see `isoview rules`.")
    return codes


@click.command(short_help="Report on extensions as text, JSON, SARIF and more.")
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@click.option("-r", "--requirement", "files", metavar="FILE", multiple=True,
              help="Look at what a requirements file, uv.lock or pylock.toml asks for.")  # fmt: skip
@click.option("--python", metavar="EXE",
              help="Look in another environment: its python, or its folder.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), help="Form of the report.")
@click.option("--output", "outputs", metavar="FILE", multiple=True,
              help="Write to FILE instead of stdout; several times for several forms, each by "
              "its ending or as FORMAT=FILE.")  # fmt: skip
@click.option("--select", metavar="CODES", multiple=True, callback=_codes,
              help="Keep findings of these rules only: ISO101, or ISO2 for a family; with commas.")  # fmt: skip
@click.option("--ignore", metavar="CODES", multiple=True, callback=_codes,
              help="Leave out findings of these rules.")  # fmt: skip
@click.option("--fail-on", type=click.Choice([*SEVERITIES, "never"]), default="error",
              show_default=True,
              help="Exit with 1 on an open finding of this severity or a graver one.")  # fmt: skip
@click.option("--require", "required", type=click.Choice(list(REQUIRED)), multiple=True,
              help="Exit with 1 unless the verdict's answer is yes (unknown is not).")  # fmt: skip
@click.option("--baseline", metavar="FILE",
              help="Leave out what an earlier JSON report had: new findings only.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), metavar="N",
              help="Processes to use for several files (default: what the machine has).")  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@click.option("--live", is_flag=True,
              help="Import each module in child processes, too, and weigh what it does there. "
              "This runs the module's code.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Decode no instruction: faster, sees less.")
@click.option("--hash", "hashed", is_flag=True, help="Fill in the file's SHA-256.")
@click.option("-v", "--verbose", is_flag=True, help="Show every finding, type and static.")
@click.pass_context
def check(context: click.Context, /, **options: Any) -> int:
    """Say how isolated each TARGET is: a file, wheel, folder, environment, or the name of
    an installed module or distribution.

    Nothing is imported or run, unless --live asks for it. Decisions and options in the nearest isoview.toml are
    applied. Exit codes: 0 nothing open at or above --fail-on, 1 findings or a required
    answer that is not yes, 2 usage, 3 a target could not be analysed.
    """
    settle(context, options)
    targets, files, python = options["targets"], options["files"], options["python"]
    if not targets and not files and python is None:
        raise click.UsageError(
            "name a TARGET, requirements with -r, or an environment with --python."
        )
    outputs = parse(options["form"], options["outputs"])
    decisions, events, many, quiet = listen(
        targets,
        files,
        python,
        quick=options["quick"],
        jobs=options["jobs"],
        cached=not options["no_cache"],
        debug=context.ensure_object(Settings).debug,
    )
    if options["live"]:
        from isoview.run_live import live_events

        complain("importing runs the modules' code (in child processes)", None)
        events = live_events(events, () if python is None else (python,))
    outcome = Outcome(events, _wanted(options), quiet)
    _write(outcome, outputs, decisions, many=many, verbose=options["verbose"])
    return outcome.exit_code()


def settle(context: click.Context, options: dict[str, Any]) -> None:
    """Fill in what the project's configuration says and the command line does not."""
    from isoview.config import load

    settled = load()
    names = {"fail-on": "fail_on", "require": "required"}
    parameters = {parameter.name: parameter for parameter in context.command.params}
    for key, value in settled.items():
        name = names.get(key, key)
        if name not in options:
            continue
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            continue
        try:
            options[name] = parameters[name].process_value(context, value)
        except click.BadParameter as error:
            raise BadConfig(
                f"the project's configuration: {key}: {error.format_message()}",
                "It stands in isoview.toml or under [tool.isoview] in pyproject.toml.",
            ) from error


def _wanted(options: dict[str, Any]) -> Wanted:
    known = None
    if options["baseline"] is not None:
        from isoview.baseline import load

        known = load(options["baseline"])
    return Wanted(
        options["select"],
        options["ignore"],
        known,
        options["hashed"],
        options["fail_on"],
        options["required"],
    )


def listen(
    targets: Sequence[str],
    files: Sequence[str],
    python: str | None,
    *,
    quick: bool,
    jobs: int | None,
    cached: bool,
    debug: bool,
) -> "tuple[Decisions | None, Iterator[Event], bool, Callable[[], None]]":
    """(decisions, events, whether they are about many files, what takes progress away)."""
    from isoview.stream import current_decisions
    from isoview.targets import Place, find

    environment = None
    if python is not None:
        from isoview.environment import ask

        environment = ask(python)
    decisions = current_decisions()
    listed: list[Found]
    if environment is not None and not targets and not files:
        from isoview.expansion import Expansion

        listed = list(Expansion().environment(environment, environment.prefix))
    else:
        listed = list(find(targets, environment, files))
    places = [found for found in listed if isinstance(found, Place)]
    _decided, events, quiet = events_of(
        listed, quick=quick, jobs=jobs, cached=cached, debug=debug, decisions=decisions
    )
    return decisions, events, len(places) > FULL, quiet


def events_of(
    listed: "list[Found]",
    *,
    quick: bool,
    jobs: int | None,
    cached: bool,
    debug: bool,
    decisions: "Decisions | None" = None,
) -> "tuple[Decisions | None, Iterator[Event], Callable[[], None]]":
    """The stream over what was listed: in this process where it is little, else spread out."""
    from isoview.stream import current_decisions, look
    from isoview.targets import Place

    decisions = current_decisions() if decisions is None else decisions
    places = [found for found in listed if isinstance(found, Place)]
    few = len(places) <= FULL and all(place.named for place in places)
    if debug or len(places) < 2 or few:
        # A few files that somebody named: reading them takes less than looking for help.
        serial = (
            event for found in listed for event in look(found, decisions, quick=quick, debug=debug)
        )
        return decisions, serial, lambda: None
    from isoview.cache import Cache
    from isoview.parallel import spread
    from isoview.progress import progress_for

    progress = progress_for(len(places), sum(place.size for place in places))
    events = spread(
        listed,
        decisions,
        quick=quick,
        jobs=jobs or 0,
        cache=Cache(quick=quick) if cached else None,
        done=progress.done if progress else lambda _place: None,
    )
    return decisions, events, progress.clear if progress else lambda: None


def _write(
    outcome: Outcome,
    outputs: list[Output],
    decisions: "Decisions | None",
    *,
    many: bool,
    verbose: bool,
) -> None:
    """Text for a terminal or a pipe as it comes; everything else when all of it is there."""
    live = Output("text", None)
    gather = [output for output in outputs if output != live]
    reports = outcome.reports()
    if live in outputs:
        reports = _shown(reports, many=many and not verbose, verbose=verbose)
    kept = [report for report in reports if gather]
    stale = outcome.stale(decisions)
    write(gather, Gathered(kept, outcome.errors, stale), verbose=verbose)
    if outcome.known:
        from isoview.reports.words import counted

        complain(f"left out, as the baseline has it: {counted(outcome.known, 'finding')}", None)
    if stale:
        shown = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if len(stale) > 3 else "")
        complain(
            f"decisions that match nothing here any more: {shown}",
            "Where no other platform's build has it, `isoview triage stale` with all your wheels "
            "and --remove takes it away.",
        )


def _shown(reports: Iterator[Report], *, many: bool, verbose: bool) -> Iterator[Report]:
    """Each report, shown on its way: in full, or as a line where there are many."""
    from isoview.reports.terminal import show

    if not many:
        from isoview.reports.lines import line
        from isoview.reports.text import report_lines

        for number, report in enumerate(reports):
            lines = report_lines(report, verbose=verbose)
            show([line(), line(), *lines] if number else lines)
            yield report
        return
    from isoview.reports.overview import Tally, head

    tally = Tally()
    for number, report in enumerate(reports):
        show([*(() if number else head()), *tally.add(report)])
        yield report
    show(tally.lines())


__all__ = ["ExitCode", "check"]
