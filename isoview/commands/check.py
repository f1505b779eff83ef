"""``isoview check``: the report as text or JSON, and an exit code for CI."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import click

from isoview.commands import ExitCode, Settings
from isoview.commands.complaint import complain
from isoview.inspectors.errors import BadConfig
from isoview.model import (
    COUNTING,
    SEVERITIES,
    Complete,
    Event,
    Failed,
    Report,
    Severity,
    TargetError,
)

_REQUIRED = {
    "copies": "multiple_module_objects",
    "shared-gil": "shared_gil",
    "own-gil": "own_gil",
    "free-threaded": "free_threaded",
}


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


@click.command(short_help="Report on extensions as text or JSON.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--output", metavar="FILE", help="Write the report to FILE instead of stdout.")
@click.option("--select", metavar="CODES", multiple=True, callback=_codes,
              help="Keep findings of these rules only: ISO101, or ISO2 for a family; with commas.")  # fmt: skip
@click.option("--ignore", metavar="CODES", multiple=True, callback=_codes,
              help="Leave out findings of these rules.")  # fmt: skip
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 on an open finding of this severity or a graver one.",
)
@click.option("--require", "required", type=click.Choice(list(_REQUIRED)), multiple=True,
              help="Exit with 1 unless the verdict's answer is yes (unknown is not).")  # fmt: skip
@click.option("--quick", is_flag=True, help="Decode no instruction: faster, sees less.")
@click.option("--hash", "hashed", is_flag=True, help="Fill in the file's SHA-256.")
@click.option("-v", "--verbose", is_flag=True, help="Show every finding, type and static.")
@click.pass_context
def check(
    context: click.Context,
    targets: tuple[str, ...],
    form: str,
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    required: tuple[str, ...],
    quick: bool,
    hashed: bool,
    verbose: bool,
) -> int:
    """Say how isolated each TARGET is: a file or the name of an installed module.

    Nothing is imported or run. Decisions in the nearest isoview.toml are applied.
    Exit codes: 0 nothing open at or above --fail-on, 1 findings or a required
    answer that is not yes, 2 usage, 3 a target could not be analysed.
    """
    from isoview.stream import stream

    debug = context.ensure_object(Settings).debug
    events = stream(targets, quick=quick, shapes=False, debug=debug)
    outcome = _Outcome(_filtered(events, select, ignore, hashed))
    if form == "text":
        _write_text(outcome.reports(), output, verbose=verbose)
    else:
        _write_json(outcome, output)
    return outcome.exit_code(fail_on, required)


class _Outcome:
    """What came out of the stream so far: errors are told at once, reports are handed on."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = events
        self.seen: list[Report] = []
        self.errors: list[TargetError] = []

    def reports(self) -> Iterator[Report]:
        """Each report as it is complete."""
        for event in self._events:
            if isinstance(event, Failed):
                self.errors.append(event.error)
                complain(event.error.error, event.error.hint)
            elif isinstance(event, Complete):
                self.seen.append(event.report)
                yield event.report

    def exit_code(self, fail_on: str, required: Sequence[str]) -> ExitCode:
        """What all of it amounts to; says on stderr which required answer was not given."""
        grave = 0 if fail_on == "never" else [*SEVERITIES].index(cast("Severity", fail_on)) + 1
        failing = SEVERITIES[:grave]
        found = any(
            finding.status in COUNTING and finding.severity in failing
            for report in self.seen
            for finding in report.findings
        )
        refused = [_unmet(report, question) for report in self.seen for question in required]
        for what in filter(None, refused):
            complain(what, None)
        if self.errors:
            return ExitCode.NOT_ANALYSED
        return ExitCode.FINDINGS if found or any(refused) else ExitCode.CLEAN


def _unmet(report: Report, question: str) -> str | None:
    """Why a required question is not answered with yes; None where it is."""
    path = report.facts.artifact.path
    if not report.facts.artifact.is_extension or report.verdict is None:
        return f"{path}: {question} is required, and this is no extension module"
    answer = getattr(report.verdict, _REQUIRED[question])
    if answer.answer == "yes":
        return None
    return f"{path}: {question} is required, and the answer is {answer.answer}"


def _filtered(
    events: Iterable[Event], select: tuple[str, ...], ignore: tuple[str, ...], hashed: bool
) -> Iterator[Event]:
    for event in events:
        if isinstance(event, Complete) and (select or ignore or hashed):
            from dataclasses import replace

            report = event.report
            findings = tuple(
                finding
                for finding in report.findings
                if (not select or finding.rule.startswith(select))
                and not (ignore and finding.rule.startswith(ignore))
            )
            report = replace(report, findings=findings)
            yield Complete(_with_hash(report) if hashed else report)
        else:
            yield event


def _with_hash(report: Report) -> Report:
    import hashlib
    from dataclasses import replace

    artifact = report.facts.artifact
    with open(artifact.path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(report, facts=replace(report.facts, artifact=replace(artifact, sha256=digest)))


def _write_text(reports: Iterable[Report], output: str | None, *, verbose: bool) -> None:
    from isoview.reports.lines import line, plain
    from isoview.reports.terminal import show
    from isoview.reports.text import report_lines

    gathered: list[str] = []
    for number, report in enumerate(reports):
        lines = report_lines(report, verbose=verbose)
        if number:
            lines = [line(), line(), *lines]
        if output is None:
            show(lines)
        else:
            gathered.append(plain(lines))
    if output is not None:
        _save(output, "".join(gathered))


def _write_json(outcome: _Outcome, output: str | None) -> None:
    from isoview.reports.json import document

    text = document(list(outcome.reports()), outcome.errors)
    if output is None:
        sys.stdout.write(text)
    else:
        _save(output, text)


def _save(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise BadConfig(
            f"the report cannot be written to {path}: {error.strerror}",
            "Name a file in a folder that you may write to.",
        ) from error
