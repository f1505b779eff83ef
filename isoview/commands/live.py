"""``isoview live``: import a module in child processes and see what it really does."""

import sys
import threading
from collections.abc import Callable
from typing import Any

import click

from isoview.commands import ExitCode
from isoview.commands.complaint import complain
from isoview.commands.seconds import Seconds
from isoview.inspectors.live import EXPERIMENTS


def _names(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    """``--only a,b``: names of experiments, each once, in the order they are run."""
    wanted = {name.strip() for name in value.split(",") if name.strip()}
    unknown = sorted(wanted.difference(EXPERIMENTS))
    if unknown or not wanted:
        raise click.BadParameter(
            f"no experiment named {', '.join(unknown) or '(empty)'}; there is {', '.join(EXPERIMENTS)}"
        )
    return tuple(name for name in EXPERIMENTS if name in wanted)


@click.command(
    short_help="Import a module in child processes and see what it does.",
    help="Import MODULE (a module's name, or the path of an extension) in child processes and "
    "report what it does there: imported twice, in sub-interpreters of both kinds, without the GIL, "
    "made and dropped many times. Importing runs the module's code.",
)
@click.argument("target", metavar="MODULE|PATH", type=click.Path())
@click.option(
    "--python",
    "pythons",
    metavar="EXE",
    type=click.Path(),
    multiple=True,
    help="Interpreter to use: a path, a command, or a virtual environment's folder. "
    "Several give a matrix. Default: the one isoview runs on.",
)
@click.option(
    "--only",
    "experiments",
    metavar="EXPERIMENTS",
    default=",".join(EXPERIMENTS),
    callback=_names,
    help=f"Experiments to run, separated by commas: {', '.join(EXPERIMENTS)}.",
)
@click.option(
    "--exercise",
    metavar="FILE",
    type=click.Path(),
    help="Python code that uses the module, which it finds as `module`; run wherever it is imported.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option(
    "--timeout",
    metavar="S",
    type=Seconds(min=0.1, max=3600),
    default=10.0,
    show_default=True,
    help="Seconds for each child process.",
)
@click.option(
    "--repeat",
    metavar="N",
    type=click.IntRange(min=1, max=100),
    default=1,
    show_default=True,
    help="Runs of each experiment; the worst is reported as n of N. A crash is tried 3 times anyway.",
)
def live(
    target: str,
    pythons: tuple[str, ...],
    experiments: tuple[str, ...],
    exercise: str | None,
    form: str,
    timeout: float,
    repeat: int,
) -> int:
    """Run the experiments; what the module does to its child is an outcome, not our error."""
    from isoview.inspectors.live.pythons import find_python
    from isoview.inspectors.live.runner import resolve, run

    resolve(target)  # a slip in the command line is said before anything is said to run
    for python in pythons:
        find_python(python)
    complain("importing runs the module's code (in child processes)", None)
    report = run(
        target,
        experiments,
        pythons or None,
        timeout,
        exercise=exercise,
        repeat=repeat,
        progress=_progress(len(experiments) * max(len(pythons), 1)),
    )
    if form == "json":
        import json

        # ASCII only: names that the module chose cannot act on a terminal.
        click.echo(json.dumps(report, indent=1))
    else:
        _print(report)
    unseen = _unseen(report)
    if unseen is not None:
        complain(f"{report['target']}: {unseen['status']}: {unseen['message']}", _hint(unseen))
        return ExitCode.NOT_ANALYSED
    return ExitCode.CLEAN


def _progress(total: int) -> Callable[[int, str, dict[str, Any] | None], None] | None:
    """A line on the terminal that counts what is done; nothing where nobody looks."""
    if not sys.stderr.isatty() or total < 2:
        return None
    lock = threading.Lock()
    done = 0

    def tell(_index: int, name: str, outcome: dict[str, Any] | None) -> None:
        nonlocal done
        with lock:
            done += outcome is not None
            text = f"{done} of {total} done: {name}" if done < total else ""
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    return tell


def _print(report: dict[str, Any]) -> None:
    from isoview.reports.live import live_lines
    from isoview.reports.terminal import show

    show(live_lines(report))


def _unseen(report: dict[str, Any]) -> dict[str, Any] | None:
    """The outcome of ``info`` where the module could not be looked at under any interpreter."""
    asked: list[dict[str, Any]] = [
        run["experiments"]["info"] for run in report["runs"] if "info" in run["experiments"]
    ]
    if not asked or any("definition" in outcome for outcome in asked):
        return None
    return asked[0]


def _hint(outcome: dict[str, Any]) -> str:
    """What to do about a module that could not be looked at."""
    status, message = outcome["status"], outcome["message"] or ""
    if "is written in Python" in message:
        return "Name an extension module: a file that ends in .so or .pyd, or the module in it."
    if "no module named" in message:
        return "Name another interpreter with --python, or install the module there."
    if status == "timed-out":
        return "Give it more time with --timeout, if it is merely slow."
    if status == "crashed":
        return "The module ended its process; nothing else was harmed. See what it left above."
    return "Try the interpreter the module was built for: --python EXE."
