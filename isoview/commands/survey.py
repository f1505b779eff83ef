"""``isoview survey``: what thousands of wheels say, as tables, a page, and SQL."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isoview.commands import ExitCode
from isoview.commands.complaint import complain
from isoview.commands.seconds import Seconds
from isoview.inspectors.errors import BadConfig

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from isoview.survey.crews import Crew
    from isoview.survey.run import Summary

_EXAMPLES = """\b
Examples:
  isoview survey wheelhouse/ --output survey/
  isoview survey packages.txt --output survey/ --python-version 3.13 --platform linux_x86_64
  isoview survey packages.txt --output survey/ --history 8
  isoview survey wheelhouse/ --output survey/ --scheduler tcp://head:8786
  isoview survey report survey/ --downloads downloads.csv
  isoview survey query survey/ "SELECT toolchain, count(*) FROM modules GROUP BY 1"

A source that is called report or query is given as ./report.
"""


class _Survey(click.Group):
    """What is no command of the group is the source of a survey."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "", _run, args

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Those of making a survey, which is what the group does with a source.
        click.Command.format_options(_run, ctx, formatter)
        self.format_commands(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from isoview.commands.completion import or_files

        return or_files(super().shell_complete(ctx, incomplete), incomplete)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Options may stand before the source: only those of the group itself are its business.
        if args and args[0].startswith("-") and args[0] not in {"-h", "--help", "--debug"}:
            args = ["--", *args]
        return super().parse_args(ctx, args)


survey = _Survey(
    name="survey",
    help="Say how isolated the extension modules of thousands of wheels are.",
    short_help="Survey many packages: tables, a page, SQL.",
    epilog=_EXAMPLES,
    no_args_is_help=False,
    subcommand_metavar="SOURCE --output DIR | report DIR | query DIR SQL",
)


@click.command(short_help="Make a survey, or go on with one.")
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.option("--output", "folder", metavar="DIR", required=True, type=click.Path(path_type=Path),
              help="Where the tables go; a survey begun there is gone on with.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1, max=1024), metavar="N",
              help="Processes on this machine (default: one for each processor).")  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS",
              help="Use the workers of a Dask scheduler, as tcp://host:8786.")  # fmt: skip
@click.option("--python-version", "pythons", metavar="3.N[t]", multiple=True,
              help="Fetch wheels for this Python; may be given several times.")  # fmt: skip
@click.option("--platform", "platforms", metavar="TAG", multiple=True,
              help="Fetch wheels for this platform, as linux_x86_64 or win_amd64.")  # fmt: skip
@click.option("--history", type=click.IntRange(min=1, max=500), metavar="N", default=None,
              help="Of each package, the newest N releases (of each X.Y the last).")  # fmt: skip
@click.option("--fetchers", type=click.IntRange(min=1, max=64), default=2, show_default=True,
              metavar="N", help="Calls of pip at once.")  # fmt: skip
@click.option("--discard", is_flag=True,
              help="Remove each wheel that was fetched once its rows are written.")  # fmt: skip
@click.option("--timeout", type=Seconds(min=1, max=86_400), default=300.0, show_default=True,
              metavar="S", help="The most that one module may take.")  # fmt: skip
@click.option("--live", is_flag=True,
              help="Also install each wheel in a throw-away environment and RUN its code.")  # fmt: skip
@click.option("--python", "interpreters", metavar="EXE", multiple=True, type=click.Path(),
              help="Interpreters for --live (default: isoview's own).")  # fmt: skip
def _run(
    source: str,
    folder: Path,
    jobs: int | None,
    scheduler: str | None,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    history: int | None,
    fetchers: int,
    discard: bool,
    timeout: float,
    live: bool,
    interpreters: tuple[str, ...],
) -> int:
    """Look at every wheel of SOURCE: a folder of wheels, a file with one package
    in each line, or the lock.jsonl of an earlier survey.

    Killed half way, the same command goes on. Nothing is imported without --live.
    """
    from isoview.survey import need
    from isoview.survey.run import Settings, Survey
    from isoview.survey.sources import Choice, source_of

    need("pyarrow.parquet")
    if interpreters and not live:
        raise BadConfig(
            "--python is about --live, which is not given", "Leave one, or add the other."
        )
    if live:
        complain("--live installs every wheel with what it needs and runs its code", None)
    wanted = source_of(source, folder, Choice(pythons, platforms, history or 0, fetchers))
    settings = Settings(timeout, discard, interpreters or (sys.executable,) if live else None)
    crew = _crew(jobs, scheduler)
    try:
        summary = Survey(wanted, folder, crew, settings).run()
    finally:
        crew.stop()
    _say(summary, folder)
    return ExitCode.NOT_ANALYSED if summary.errors or summary.later else ExitCode.CLEAN


def _crew(jobs: int | None, scheduler: str | None) -> "Crew":
    from isoview.parallel import processors
    from isoview.survey.crews import Cluster, Pool

    if scheduler is not None:
        return Cluster(scheduler)
    return Pool(jobs or processors())


def _say(summary: "Summary", folder: Path) -> None:
    from isoview.reports.words import counted
    from isoview.survey.progress import duration

    for asked, why in summary.later[:20]:
        complain(f"{asked}: not fetched: {why}", None)
    if summary.later:
        complain(
            f"{counted(len(summary.later), 'package')} could not be fetched this time",
            "Run the same command again: only these are tried.",
        )
    rate = summary.wheels / summary.seconds if summary.seconds else 0.0
    already = f" ({summary.before} done before)" if summary.before else ""
    words = (
        f"{counted(summary.wheels, 'wheel')}{already}, {counted(summary.modules, 'module')} "
        f"in {duration(summary.seconds)}, {rate:.2f} wheels/s; "
        f"most memory {summary.worker_peak >> 20} MB in a worker, {summary.own_peak >> 20} MB here"
    )
    if summary.errors:
        words += f"; {counted(summary.errors, 'error')} in the table of errors"
    complain(words, f"Look at it: isoview survey report {folder}")


@survey.command(short_help="An HTML page and Markdown tables of a survey.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--downloads", metavar="CSV", type=click.Path(path_type=Path),
              help="Lines of package,downloads: what each package weighs (default: 1).")  # fmt: skip
@click.option("--output", "target", metavar="DIR", type=click.Path(path_type=Path),
              help="Where report.html and report.md go (default: the survey's folder).")  # fmt: skip
def report(folder: Path, downloads: Path | None, target: Path | None) -> int:
    """Write report.html and report.md from the tables in DIR."""
    from isoview.survey.report import write

    for path in write(folder, downloads, target or folder):
        click.echo(path)
    return ExitCode.CLEAN


@survey.command(short_help="Ask the tables of a survey in SQL.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("sql", metavar="SQL")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table",
              show_default=True)  # fmt: skip
def query(folder: Path, sql: str, form: str) -> int:
    """Run one SELECT over the tables in DIR (docs/survey.md has their columns).

    Nothing is written, and no other file and no network is reached.
    """
    from isoview.survey.query import shown

    sys.stdout.writelines(shown(folder, sql, form))
    return ExitCode.CLEAN
