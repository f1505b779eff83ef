"""``isoview attach [PID]``: see inside a running interpreter."""

import sys
from typing import Any

import click

from isoview.commands import ExitCode
from isoview.commands.complaint import complain

_PIECES = 10_000


@click.command(
    short_help="Look into a running Python process.",
    help="Look into the running Python process PID: its interpreters, the extension modules in "
    "each, what they share, and which C statics hold live objects. By default the process is only "
    "read from outside: nothing runs in it and nothing is written to it. Without PID, the Python "
    "processes to choose from.",
)
@click.argument("pid", metavar="[PID]", type=click.IntRange(min=1), required=False)
@click.option(
    "--mode",
    type=click.Choice(["read-only", "remote-exec", "agent"]),
    default="read-only",
    show_default=True,
    help="remote-exec runs isoview's probe inside the process (3.14 and later, asks first); agent "
    "talks to a process that called isoview.inspectors.live.agent.listen().",
)
@click.option(
    "--pause",
    type=click.Choice(["never", "auto", "always"]),
    default="never",
    show_default=True,
    help="Stop the process for a few milliseconds to copy what is read; auto: only where "
    "something could not be read while it ran.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True)  # fmt: skip
@click.option(
    "--audit/--no-audit",
    default=True,
    show_default=True,
    help="Also run the static rules on every mapped extension file.",
)
@click.option("--app", is_flag=True, help="Open the app on the process.")
@click.option("--yes", is_flag=True, help="Do not ask before --mode remote-exec runs code.")
def attach(
    pid: int | None, mode: str, pause: str, form: str, audit: bool, app: bool, yes: bool
) -> int:
    """Attach, or list what one can attach to."""
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if app and not on_terminal:
        complain("the app needs a terminal, and this is none", "Leave --app away for text.")
        return ExitCode.USAGE
    if app or (pid is None and on_terminal and form == "text"):
        from isoview.tui.processes import run

        run(pid)
        return ExitCode.CLEAN
    if pid is None:
        return _list(form)
    if mode == "remote-exec":
        return _inside(pid, form, yes=yes, on_terminal=on_terminal)
    if mode == "agent":
        return _agent(pid, form)
    return _read_only(pid, pause, form, audit=audit)


def _json(data: Any) -> None:
    import json

    # ASCII only: names that the process chose cannot act on a terminal. Piece by piece: a process
    # with 20,000 statics makes 10 MB of it.
    pieces: list[str] = []
    for piece in json.JSONEncoder(indent=1).iterencode(data):
        pieces.append(piece)
        if len(pieces) >= _PIECES:
            sys.stdout.write("".join(pieces))
            pieces.clear()
    sys.stdout.write("".join(pieces) + "\n")


def _list(form: str) -> int:
    from isoview.inspectors.process.pythons import list_pythons

    processes = list_pythons()
    if form == "json":
        _json({"schema": "isoview.processes/1", "processes": [p._asdict() for p in processes]})
        return ExitCode.CLEAN
    from isoview.reports.process import list_lines
    from isoview.reports.terminal import show

    show(list_lines(processes))
    return ExitCode.CLEAN


def _read_only(pid: int, pause: str, form: str, *, audit: bool) -> int:
    from isoview.attach import Attached, Audited, Read, StaticsRead

    attached = Attached(pid)
    if form == "json":
        from isoview.process_codec import audit_to_data, process_to_data, statics_to_data

        events = attached.stream(pause, audits=audit)
        reading = next(event for event in events if isinstance(event, Read))
        statics: list[dict[str, Any]] = []
        audits: list[dict[str, Any]] = []
        for event in events:
            if isinstance(event, StaticsRead):
                statics += statics_to_data(event)
            elif isinstance(event, Audited):
                audits.append(audit_to_data(event))
        _json(process_to_data(attached, reading, statics, audits))
        return ExitCode.CLEAN
    _show(attached, pause, audit=audit)
    return ExitCode.CLEAN


def _show(attached: Any, pause: str, *, audit: bool) -> None:
    from isoview.attach import Observed, Read, StaticsRead, observed
    from isoview.reports.lines import line
    from isoview.reports.process import audit_line, process_lines, statics_lines
    from isoview.reports.terminal import show

    seen: tuple[Observed, ...] = ()
    heading: str | None = None
    for event in attached.stream(pause, audits=audit):
        if isinstance(event, Read):
            seen = observed(event.walk)
            show(process_lines(attached, event))
            continue
        if isinstance(event, StaticsRead):
            lines, title = statics_lines(event), "statics that hold live objects now"
        else:
            lines, title = [audit_line(event, seen)], "the mapped files: declared/evidence"
        if lines and title != heading:
            show([line(), line((title, "title"))])
            heading = title
        if lines:
            show(lines)


def _inside(pid: int, form: str, *, yes: bool, on_terminal: bool) -> int:
    from isoview.inspectors.process.remote_exec import Inside, check, run

    question = check(pid)
    complain(question.warning, None)
    if not yes:
        if not on_terminal:
            complain(
                "remote-exec runs code in the process, so it has to be confirmed",
                "Add --yes where nobody can be asked.",
            )
            return ExitCode.USAGE
        click.confirm("Run the probe there?", abort=True, err=True)
    outcome: Inside = run(question)
    return _answered(pid, form, "remote-exec", outcome.status, outcome.message, outcome.hint,
                     outcome.python, outcome.modules)  # fmt: skip


def _agent(pid: int, form: str) -> int:
    from isoview.inspectors.process.agent_client import ask

    answer = ask(pid)
    return _answered(pid, form, "agent", "ok", None, "", answer.python, answer.modules)


def _answered(
    pid: int,
    form: str,
    mode: str,
    status: str,
    message: str | None,
    hint: str,
    python: dict[str, Any] | None,
    modules: list[dict[str, Any]],
) -> int:
    """Print what the probe said inside the process."""
    if form == "json":
        from isoview.process_codec import inside_to_data

        _json(inside_to_data(pid, mode, status, message, python, modules))
    elif status == "ok":
        from isoview.reports.inside import inside_lines
        from isoview.reports.terminal import show

        show(inside_lines(pid, mode, python, modules))
    if status != "ok":
        complain(f"process {pid}: {status}: {message}", hint)
        return ExitCode.NOT_ANALYSED
    return ExitCode.CLEAN
