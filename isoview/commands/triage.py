"""``isoview triage``: decisions from the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from isoview.commands import ExitCode
from isoview.model import STATUSES, Complete, Failed, Finding, Report, Status

if TYPE_CHECKING:
    from isoview.reports.lines import Line
    from isoview.triage import Decision


@click.group(short_help="List, make or take back decisions.")
def triage() -> None:
    """Decide about findings; isoview.toml in your project keeps the decisions.

    The nearest isoview.toml at or above the working folder is used; the first decision
    makes one here. Every command applies it.
    """


@triage.command("list")
def list_decisions() -> int:
    """Show the decisions that hold here."""
    from isoview.reports.lines import line
    from isoview.reports.terminal import show
    from isoview.triage import decisions_file, load

    path = decisions_file(Path.cwd())
    decisions = load(path)
    if not decisions:
        show([line(f"No decisions in {path}.", wraps=False)])
        return ExitCode.CLEAN
    lines = [line((str(path), "title"), wraps=False)]
    for decision in sorted(decisions.values()):
        lines += _decision_lines(decision)
    show(lines)
    return ExitCode.CLEAN


def _decision_lines(decision: "Decision") -> "list[Line]":
    from isoview.reports.lines import line

    times = f", for up to {decision.count}" if decision.count > 1 else ""
    lines = [line((decision.status, "title"), f"{times}  {decision.fingerprint}", indent=2, hang=4)]
    return lines + ([line(decision.reason, indent=4)] if decision.reason else [])


@triage.command("set")
@click.argument("target")
@click.argument("finding", metavar="RULE|FINGERPRINT")
@click.argument("status", type=click.Choice(list(STATUSES)))
@click.option("--reason", default="", help="Why; needed for intended and false-positive.")
def set_decision(target: str, finding: str, status: str, reason: str) -> int:
    """Decide about findings of TARGET: all of a rule, or the one with a fingerprint."""
    from isoview.reports.lines import line
    from isoview.reports.terminal import show
    from isoview.triage import decide, decisions_file

    if status in {"intended", "false-positive"} and not reason.strip():
        raise click.UsageError(f"a finding that is {status} needs a --reason.")
    meant = [
        entry for entry in _audit(target).findings if finding in (entry.rule, entry.fingerprint)
    ]
    if not meant:
        raise click.UsageError(f"{target} has no finding {finding}.")
    path = decisions_file(Path.cwd())
    for entry in meant:
        decide(path, entry, cast("Status", status), reason.strip())
    show([_done(entry, status) for entry in meant] + [line(f"Kept in {path}.", wraps=False)])
    return ExitCode.CLEAN


def _done(finding: Finding, status: str) -> "Line":
    from isoview.reports.lines import line

    return line((status, "title"), f"  {finding.fingerprint}", hang=4)


def _audit(target: str) -> Report:
    from isoview.inspectors.errors import IsoviewError
    from isoview.stream import stream

    for event in stream([target], shapes=False):
        if isinstance(event, Complete):
            return event.report
        if isinstance(event, Failed):
            raise IsoviewError(event.error.error, event.error.hint)
    raise AssertionError("the stream ends every target in Complete or Failed")


@triage.command("unset")
@click.argument("fingerprints", metavar="FINGERPRINT...", nargs=-1, required=True)
def unset_decision(fingerprints: tuple[str, ...]) -> int:
    """Take decisions back; their findings are open again."""
    from isoview.triage import decisions_file, load, restore

    path = decisions_file(Path.cwd())
    known = load(path)
    for fingerprint in fingerprints:
        if fingerprint not in known:
            raise click.UsageError(f"{path} has no decision for {fingerprint}.")
    for fingerprint in fingerprints:
        restore(path, fingerprint, None)
    return ExitCode.CLEAN
