"""``isoview triage``: decisions from the command line."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from isoview.commands import ExitCode
from isoview.model import STATUSES, Complete, Failed, Finding, Report, Status

if TYPE_CHECKING:
    from isoview.reports.lines import Line
    from isoview.triage import Decision, Group


@click.group(no_args_is_help=False, short_help="List, make or take back decisions.")
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
    if not decisions and not decisions.groups:
        show([line(f"No decisions in {path}.", wraps=False)])
        return ExitCode.CLEAN
    lines = [line((str(path), "title"), wraps=False)]
    for decision in sorted(decisions.values()):
        lines += _decision_lines(decision)
    for group in decisions.groups:
        lines += _group_lines(group)
    show(lines)
    return ExitCode.CLEAN


def _decision_lines(decision: "Decision") -> "list[Line]":
    from isoview.reports.lines import line

    times = f", for up to {decision.count}" if decision.count > 1 else ""
    lines = [line((decision.status, "title"), f"{times}  {decision.fingerprint}", indent=2, hang=4)]
    return lines + ([line(decision.reason, indent=4)] if decision.reason else [])


def _group_lines(group: "Group") -> "list[Line]":
    from isoview.reports.lines import line

    words = f"  every {group.rule} of {group.subject} in {group.module}"
    lines = [line((group.status, "title"), words, indent=2, hang=4)]
    return lines + ([line(group.reason, indent=4)] if group.reason else [])


@triage.command("group", short_help="Decide about all that patterns fit, now and later.")
@click.argument("status", type=click.Choice(list(STATUSES)))
@click.option("--rule", default="*", help="Code or name of the rules: ISO301, ISO3*, *.")
@click.option("--module", default="*", help="Dotted names of the modules: pkg.*")
@click.option("--subject", default="*", help="What they are about: 'symbol:__pyx_*', 'type:*'.")
@click.option("--reason", default="", help="Why; needed for intended and false-positive.")
def group(status: str, rule: str, module: str, subject: str, reason: str) -> int:
    """Decide about every finding that all patterns fit, now and later.

    A decision about one finding wins over a group's; of several groups, the first.
    """
    from isoview.decision_file import add_group
    from isoview.reports.lines import line
    from isoview.reports.terminal import show
    from isoview.triage import Group, decisions_file

    if {rule, module, subject} == {"*"}:
        raise click.UsageError("a group needs --rule, --module or --subject.")
    _needs_reason(status, reason)
    path = decisions_file(Path.cwd())
    made = Group(rule, module, subject, cast("Status", status), reason.strip())
    add_group(path, made)
    show([*_group_lines(made), line(f"Kept in {path}.", wraps=False)])
    return ExitCode.CLEAN


@triage.command("stale", short_help="Show decisions that match nothing any more.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, type=click.Path())
@click.option("--remove", is_flag=True, help="Take them away.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use.")
def stale_decisions(targets: tuple[str, ...], remove: bool, jobs: int | None) -> int:
    """Show decisions about the modules in TARGETs that match nothing there any more.

    Give the wheels of all platforms: a decision is only stale where none of them has it.
    """
    from isoview.commands.outcome import Outcome, Wanted
    from isoview.commands.reporting import listen
    from isoview.reports.lines import line
    from isoview.reports.terminal import show
    from isoview.triage import decisions_file, restore

    decisions, events, _many, quiet = listen(
        targets, (), None, quick=False, jobs=jobs, cached=True, debug=False
    )
    outcome = Outcome(events, Wanted(fail_on="never"), quiet)
    for _report in outcome.reports():
        pass
    code = outcome.exit_code()
    found = outcome.stale(decisions) if code == ExitCode.CLEAN else ()
    show([line(fingerprint, wraps=False) for fingerprint in found] or [line("None is stale.")])
    if remove:
        path = decisions_file(Path.cwd())
        for fingerprint in found:
            restore(path, fingerprint, None)
    return code


def _needs_reason(status: str, reason: str) -> None:
    if status in {"intended", "false-positive"} and not reason.strip():
        raise click.UsageError(f"a finding that is {status} needs a --reason.")


@triage.command("set", short_help="Decide about findings of a target.")
@click.argument("target", type=click.Path())
@click.argument("finding", metavar="RULE|FINGERPRINT")
@click.argument("status", type=click.Choice(list(STATUSES)))
@click.option("--reason", default="", help="Why; needed for intended and false-positive.")
def set_decision(target: str, finding: str, status: str, reason: str) -> int:
    """Decide about findings of TARGET: all of a rule (its code or its name), or the one with
    a fingerprint.
    """
    from isoview.reports.lines import line
    from isoview.reports.terminal import show
    from isoview.triage import decide, decisions_file

    _needs_reason(status, reason)
    meant = {
        entry.fingerprint: entry
        for report in _audited(target)
        for entry in report.findings
        if finding in {entry.fingerprint, entry.name} or finding.upper() == entry.rule
    }
    if not meant:
        raise click.UsageError(f"{target} has no finding {finding}.")
    path = decisions_file(Path.cwd())
    for entry in meant.values():
        decide(path, entry, cast("Status", status), reason.strip())
    show(
        [_done(entry, status) for entry in meant.values()] + [line(f"Kept in {path}.", wraps=False)]
    )
    return ExitCode.CLEAN


def _done(finding: Finding, status: str) -> "Line":
    from isoview.reports.lines import line

    return line((status, "title"), f"  {finding.fingerprint}", hang=4)


def _audited(target: str) -> Iterator[Report]:
    from isoview.inspectors.errors import IsoviewError
    from isoview.stream import stream

    for event in stream([target], shapes=False):
        if isinstance(event, Complete):
            yield event.report
        if isinstance(event, Failed):
            raise IsoviewError(event.error.error, event.error.hint)


@triage.command("unset", short_help="Take decisions back.")
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
