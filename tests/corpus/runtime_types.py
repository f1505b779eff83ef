"""Classes built at run time: what the file says against what an interpreter has after import.

    python tests/corpus/runtime_types.py FOLDER ... [--python EXE] [--path DIR] [--as FOLDER] [--verbose]

Each FOLDER holds one unpacked wheel. Its extensions are read with the default budget, and imported
in a child of EXE with FOLDER on the path (and DIR, for what they need). ``--as`` takes the truth
from another wheel of the same version: an aarch64 or Windows wheel against its x86-64 Linux twin.

Compared are the heap types whose code lies in the file (PyO3), or whose metaclass is the
generator's and whose ``__module__`` is the extension (the others), or f2py's functions. Classes that Python code
made from them are not counted: their ``tp_name`` has no dot, as no class of PyO3's or pybind11's
has. *only declared* are classes of the file that the import did not create.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Facts, Type

CHILD = Path(__file__).with_name("runtime_types_child.py")
GENERATORS = ("PyO3", "pybind11", "nanobind", "Boost.Python", "SIP", "Shiboken", "f2py")
METACLASSES = {
    "pybind11": "pybind11_type",
    "nanobind": "nb_type",
    "SIP": "wrappertype",
    "Shiboken": "ObjectType",
}
FULL = ("SIP", "Shiboken")
"""Generators whose files have the names with module and scope."""
TIMEOUT = 120


@dataclass
class Row:
    """One extension."""

    name: str
    generator: str
    true: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)  # of the true ones
    other: list[str] = field(default_factory=list)  # declared, but not in truth
    seconds: float = 0.0
    size: int = 0
    budget: bool = False
    trouble: str = ""


def extensions(folder: Path) -> Iterator[tuple[str, Path]]:
    """(dotted name, path) of the extension modules of an unpacked wheel."""
    for path in sorted([*folder.rglob("*.so"), *folder.rglob("*.pyd")]):
        parts = [*path.relative_to(folder).parent.parts, path.name.partition(".")[0]]
        if all(part.isidentifier() for part in parts):
            yield ".".join(parts).removesuffix(".__init__"), path


def truth(python: str, name: str, path: Path, search: list[Path]) -> dict[str, Any]:
    """What the child says, or ``{"error": ...}``."""
    environment = {"PYTHONPATH": ":".join(map(str, search)), "PATH": "/usr/bin:/bin"}
    try:
        run = subprocess.run(
            [python, "-B", str(CHILD), name, str(path)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            env=environment,
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": "not done in time"}
    for line in run.stdout.splitlines():
        if line.startswith('{"classes"'):
            answer: dict[str, Any] = json.loads(line)
            return answer
    lines = run.stderr.strip().splitlines()
    return {"error": lines[-1] if lines else f"ended with status {run.returncode}"}


def true_names(said: dict[str, Any], generator: str, name: str) -> list[str]:
    """The classes that the file made, as this generator names them."""
    if generator == "f2py":
        return [str(entry) for entry in said["fortran"]]
    heap = [entry for entry in said["classes"] if not entry["static"]]
    if generator == "PyO3":
        return [entry["name"] for entry in heap if "." in entry["name"]]
    if generator == "Boost.Python":
        made = heap
    else:
        made = [e for e in heap if e["metaclass"].startswith(METACLASSES[generator])]
    own = [
        entry
        for entry in made
        if (
            (entry["module"] + ".").startswith((name + ".", name.rpartition(".")[2] + "."))
            or (generator == "pybind11" and entry["held"])  # with another module's name
        )
        and (generator != "pybind11" or "." in entry["name"])
    ]
    if generator in FULL:
        return [f"{entry['module']}.{entry['qualname']}" for entry in own]
    return [entry["qualname"].rpartition(".")[2] for entry in own]


def row_of(name: str, path: Path, said: dict[str, Any] | None) -> Row | None:
    """The comparison for one extension; None where no generator of ours made it."""
    with load(str(path)) as loaded:
        before = shape(loaded)
        shaped = time.process_time()
        facts = code(loaded, before)
    generator = facts.generator
    if generator not in GENERATORS:
        return None
    row = Row(name, generator, seconds=time.process_time() - shaped, size=path.stat().st_size)
    row.budget = facts.budget.reached
    if said is None or "error" in said:
        row.trouble = said["error"] if said else "no truth"
        return row
    row.true = true_names(said, generator, name)
    declared = names_of(facts)
    row.found = [entry for entry in row.true if entry in declared]
    row.other = sorted(declared - set(row.true))
    return row


def names_of(facts: Facts) -> set[str]:
    if facts.generator == "f2py":
        return {
            name for table in facts.tables if table.kind == "f2py functions" for name in table.names
        }
    kind = "spec" if facts.generator == "Shiboken" else "built"
    made: list[Type] = [entry for entry in facts.types if entry.kind == kind]
    return {entry.name for entry in made}


def rows(options: argparse.Namespace) -> Iterator[Row]:
    for folder in (entry.resolve() for entry in options.folders):
        twin = options.twin.resolve() / folder.name if options.twin else folder
        known = dict(extensions(twin)) if twin.exists() else {}
        for name, path in extensions(folder):
            said = None
            if name in known:
                said = truth(options.python, name, known[name], [twin, *options.path])
            found = row_of(name, path, said)
            if found is not None:
                yield found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--path", action="append", type=Path, default=[], metavar="DIR")
    parser.add_argument(
        "--as", dest="twin", type=Path, metavar="FOLDER", help="parent of the twins"
    )
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    sums: dict[str, list[int]] = {}
    print(f"{'module':44} {'made with':9} true found  only declared   code stage")
    for row in rows(options):
        what = f"{len(row.true):4} {len(row.found):5}  {len(row.other):13}"
        note = row.trouble or ("budget reached" if row.budget else "")
        print(
            f"{row.name[:44]:44} {row.generator:9} {what}   {row.seconds * 1000:7.0f} ms  {note[:60]}"
        )
        if row.trouble:
            continue
        total = sums.setdefault(row.generator, [0, 0, 0])
        total[0] += len(row.true)
        total[1] += len(row.found)
        total[2] += len(row.other)
        missed = [name for name in row.true if name not in row.found]
        if options.verbose and (missed or row.other):
            print(f"    missed: {missed[:20]}\n    only declared: {row.other[:20]}")
    for generator, (true, found, other) in sorted(sums.items()):
        share = f"{100 * found / true:.1f} %" if true else "-"
        print(f"{generator}: {found} of {true} ({share}); {other} only declared")
    return 0


if __name__ == "__main__":
    sys.exit(main())
