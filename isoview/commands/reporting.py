"""What `isoview check` does once it knows what is asked: look, write, and sum up.

Nothing here knows how the options were given: the parser of command lines is another module's.
"""

from collections.abc import Callable, Iterator, Sequence

from isoview.commands.complaint import complain
from isoview.commands.outcome import Outcome, Wanted
from isoview.inspectors.errors import BadUsage
from isoview.inspectors.hints import TYPE_CHECKING
from isoview.inspectors.record import Record
from isoview.inspectors.stdin import STDIN
from isoview.model import Event, Report
from isoview.reports.outputs import FULL, Gathered, Output, parse, write

if TYPE_CHECKING:
    from isoview.cache import Cache
    from isoview.inspectors.binary.inspect import Loaded
    from isoview.targets import Found
    from isoview.triage import Decisions


_UNTIL_THE_END: "list[Loaded]" = []
"""What was opened of the only file there is. The process ends with its report: to take a large image
apart before takes longer than to write that.
"""


class Options(Record):
    """What `isoview check` was asked, with the default of each option."""

    targets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    python: str | None = None
    form: str | None = None
    outputs: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    required: tuple[str, ...] = ()
    baseline: str | None = None
    jobs: int | None = None
    no_cache: bool = False
    live: bool = False
    quick: bool = False
    hashed: bool = False
    verbose: bool = False


def report_on(options: Options, *, debug: bool = False) -> int:
    """Report on everything that was asked for."""
    outputs = parse(options.form, options.outputs)
    decisions, events, many, quiet = listen(
        options.targets,
        options.files,
        options.python,
        quick=options.quick,
        jobs=options.jobs,
        cached=not options.no_cache,
        debug=debug,
    )
    if STDIN in options.targets and (options.live or options.hashed):
        raise BadUsage("--live and --hash need a file, not standard input", "Give its path.")
    if options.live:
        from isoview.run_live import live_events

        complain("importing runs the modules' code (in child processes)", None)
        events = live_events(events, () if options.python is None else (options.python,))
    outcome = Outcome(events, _wanted(options), quiet)
    _write(outcome, outputs, decisions, many=many, verbose=options.verbose)
    return outcome.exit_code()


def _wanted(options: Options) -> Wanted:
    known = None
    if options.baseline is not None:
        from isoview.baseline import load

        known = load(options.baseline)
    return Wanted(
        options.select,
        options.ignore,
        known,
        options.hashed,
        options.fail_on,
        options.required,
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
    if len(listed) > 1 and any(place.path == STDIN for place in places):
        raise BadUsage(
            "what comes from standard input is read alone", "Give the other targets without `-`."
        )
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
        keep = _UNTIL_THE_END if len(places) == 1 and not quick else None
        _UNTIL_THE_END.clear()
        serial = (
            event
            for found in listed
            for event in look(found, decisions, quick=quick, debug=debug, brief=quick, keep=keep)
        )
        return decisions, serial, lambda: None
    from isoview.parallel import spread
    from isoview.progress import progress_for

    progress = progress_for(len(places), sum(place.size for place in places))
    events = spread(
        listed,
        decisions,
        quick=quick,
        jobs=jobs or 0,
        cache=_cache(quick=quick) if cached else None,
        done=progress.done if progress else lambda _place: None,
    )
    return decisions, events, progress.clear if progress else lambda: None


def _cache(*, quick: bool) -> "Cache":
    from isoview.cache import Cache

    return Cache(quick=quick)


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
