"""What the file says against what the interpreter says, for every extension module there is.

    python tests/live/truth.py [--python EXE ...] [--wheels FOLDER ...] [--verbose]

The modules are those of each interpreter's standard library; ``--wheels`` adds the extensions
in the folder of an unpacked wheel (imported with that folder on the path). Prints one row for
each interpreter and every disagreement; the exit code is 1 where there is one.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script

from live.interpreters import Interpreter, Missing, ask, find
from live.truth_compare import Result, compare

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Facts

PROBE = Path(__file__).parents[2] / "inspectors" / "live" / "probe"
CHILD = Path(__file__).parent / "truth_child.py"
BATCH_TIMEOUT = 120


@dataclass(frozen=True)
class Target:
    name: str
    path: str


def standard_library(interpreter: Interpreter) -> list[Target]:
    """Extension modules of the interpreter's own folders, by name."""
    targets = {}
    for folder in interpreter.path:
        if Path(folder).name != "lib-dynload" or not Path(folder).is_dir():
            continue
        for path in sorted(Path(folder).glob("*.so")):
            targets.setdefault(path.name.partition(".")[0], str(path))
    return [Target(name, path) for name, path in targets.items()]


def modules_of(interpreter: Interpreter) -> list[Target]:
    """What to check; never nothing for the running interpreter: then markupsafe's extension."""
    targets = standard_library(interpreter)
    if targets or not interpreter.running:
        return targets
    from importlib.util import find_spec

    spec = find_spec("markupsafe._speedups")
    assert spec is not None
    assert spec.origin is not None
    return [Target("markupsafe._speedups", spec.origin)]


def wheels(folder: Path, interpreter: Interpreter) -> list[Target]:
    """Extensions under a folder of unpacked wheels that this interpreter could load."""
    tag = f"cpython-3{interpreter.version[1]}{'t' if interpreter.free_threaded else ''}-"
    targets = []
    for path in sorted(folder.rglob("*.so")):
        rest = path.name.partition(".")[2]
        if not (tag in rest or rest in {"so", "abi3.so"}):
            continue
        parts = [*path.relative_to(folder).parent.parts, path.name.partition(".")[0]]
        if all(part.isidentifier() for part in parts):
            targets.append(Target(".".join(parts), str(path)))
    return targets


def facts_of(path: str) -> Facts:
    with load(path) as loaded:
        return code(loaded, shape(loaded))


def ask_interpreter(
    interpreter: Interpreter, wanted: list[dict[str, Any]], folder: Path | str | None = None
) -> Iterator[dict[str, Any]]:
    """Answers of a child that looks at all modules; a child that ends early is started again
    behind the module that ended it."""
    environment = dict(os.environ)
    if folder is not None:
        environment["PYTHONPATH"] = str(folder)
    left = wanted
    while left:
        done, died_at = 0, None
        try:
            run = subprocess.run(
                [interpreter.executable, "-B", str(CHILD)],
                input=json.dumps({"probe": str(PROBE), "modules": left}).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=BATCH_TIMEOUT,
                env=environment,
                cwd="/",
                start_new_session=True,
                check=False,
            )
            said, how = run.stdout, f"ended with status {run.returncode}"
        except subprocess.TimeoutExpired as late:
            said, how = late.stdout or b"", f"not done within {BATCH_TIMEOUT} s"
        for line in said.splitlines():
            message = json.loads(line)
            if "begin" in message:
                died_at = message["begin"]
            else:
                died_at = None
                done += 1
                yield message
        if died_at is not None:
            yield {"name": died_at, "error": how}
            done += 1
        if done == 0:
            raise RuntimeError(f"{interpreter.executable}: the child said nothing; {how}")
        left = left[done:]


def check(
    interpreter: Interpreter, targets: list[Target], folder: Path | str | None = None
) -> list[Result]:
    """Every target's file against what the interpreter says."""
    facts = {target.name: facts_of(target.path) for target in targets}
    wanted = [
        {
            "name": name,
            "static": [t.address for t in fact.types if t.kind == "static" and t.address],
        }
        for name, fact in facts.items()
    ]
    results = []
    for answer in ask_interpreter(interpreter, wanted, folder):
        result = Result(answer["name"])
        if "error" in answer:
            result.skipped = answer["error"]
        elif answer["info"]["kind"] != "extension":
            result.skipped = f"not loaded from a file ({answer['info']['kind']})"
        else:
            compare(result, facts[answer["name"]], answer)
        results.append(result)
    return results


HEADINGS = (
    "interpreter", "modules", "right", "unknown", "wrong", "skipped",
    "static real", "unused", "unproven", "made later", "missed", "false",
    "specs right", "missed", "unused",
)  # fmt: skip


def row(label: str, results: list[Result]) -> tuple[str, ...]:
    grades = [result.grade for result in results]
    counts = (
        len(results),
        *(grades.count(grade) for grade in ("right", "unknown", "wrong", "skipped")),
        sum(result.real for result in results),
        sum(len(result.never_readied) for result in results),
        sum(len(result.unproven) for result in results),
        sum(len(result.made_later) for result in results),
        sum(len(result.missed) for result in results),
        sum(len(result.false) for result in results),
        sum(result.specs_right for result in results),
        sum(len(result.specs_missed) for result in results),
        sum(len(result.specs_unseen) for result in results),
    )
    return (label, *map(str, counts))


def table(rows: list[tuple[str, ...]]) -> str:
    every = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in every) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in every
    )


def disagreements(label: str, results: list[Result], *, verbose: bool) -> Iterator[str]:
    for result in results:
        where = f"{label} {result.name}"
        if result.skipped:
            yield f"{where}: skipped: {result.skipped}"
        for item in result.checks:
            if item.grade != "right":
                yield f"{where}: {item.field} {item.grade}: got {item.got!r}, expected {item.expected!r}"
        for what, names in (
            ("false static type", result.false),
            ("static type missed", result.missed),
            ("spec missed", result.specs_missed),
        ):
            for name in names:
                yield f"{where}: {what}: {name}"
        if verbose:
            for what, names in (
                ("static type never readied", result.never_readied),
                ("static type neither readied nor named by a symbol", result.unproven),
                ("static type made at run time", result.made_later),
                ("spec of no type seen", result.specs_unseen),
            ):
                for name in names:
                    yield f"{where}: {what}: {name}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--python", action="append", metavar="EXE", help="only these interpreters")
    parser.add_argument(
        "--wheels",
        type=Path,
        metavar="FOLDER",
        action="append",
        default=[],
        help="an unpacked wheel, too",
    )
    parser.add_argument("--verbose", action="store_true", help="types that nothing used, too")
    options = parser.parse_args()
    found: list[Interpreter]
    missing: list[Missing]
    if options.python:
        asked = [ask(name) for name in options.python]
        found = [entry for entry in asked if isinstance(entry, Interpreter)]
        missing = [entry for entry in asked if isinstance(entry, Missing)]
    else:
        found, missing = find()
    rows, talk, failed = (
        [],
        [f"{entry.label}: not checked: {entry.reason}" for entry in missing],
        False,
    )
    for interpreter in found:
        jobs: list[tuple[str, list[Target], Path | None]] = [
            (interpreter.label, modules_of(interpreter), None)
        ]
        jobs += [
            (f"{interpreter.label} {folder.name}", wheels(folder, interpreter), folder)
            for folder in (entry.resolve() for entry in options.wheels)
        ]
        for label, targets, folder in jobs:
            if not targets:
                talk.append(f"{label}: no extension modules found")
                continue
            results = check(interpreter, targets, folder)
            rows.append(row(label, results))
            talk += disagreements(label, results, verbose=options.verbose)
            failed = failed or any(result.grade == "wrong" for result in results)
    sys.stdout.write("".join(f"{line}\n" for line in (table(rows), *talk)))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
