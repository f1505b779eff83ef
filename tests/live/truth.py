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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Definition, Facts
from live.interpreters import Interpreter, Missing, ask, find

PROBE = Path(__file__).parents[2] / "inspectors" / "live" / "probe"
CHILD = Path(__file__).parent / "truth_child.py"
BATCH_TIMEOUT = 120
TYPE_SIZES = (408, 416, 424, 432, 440)
"""sizeof(PyTypeObject) on 64 bits, 3.8 to 3.15, with and without the GIL."""
NUMBER_SLOTS = {3, 4, 86, 87, 102}
"""Module slots that hold a number; what the others hold is an address."""
MADE_BY_HAND = {"ManualHeapType"}
"""Heap types that no spec describes: CPython's tests fill this one in field by field."""


@dataclass(frozen=True)
class Target:
    name: str
    path: str


@dataclass(frozen=True)
class Check:
    field: str
    got: object
    expected: object
    grade: str  # right, unknown, wrong


@dataclass
class Result:
    """One module: every field compared, and its types."""

    name: str
    checks: list[Check] = field(default_factory=list)
    skipped: str | None = None  # why it could not be imported
    real: int = 0
    never_readied: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    made_later: list[str] = field(default_factory=list)
    specs_right: int = 0
    specs_missed: list[str] = field(default_factory=list)
    specs_unseen: list[str] = field(default_factory=list)

    @property
    def grade(self) -> str:
        if self.skipped:
            return "skipped"
        grades = {check.grade for check in self.checks}
        if "wrong" in grades or self.false or self.missed:
            return "wrong"
        return "unknown" if "unknown" in grades else "right"


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
    interpreter: Interpreter, wanted: list[dict[str, Any]], folder: Path | None = None
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
    interpreter: Interpreter, targets: list[Target], folder: Path | None = None
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


def compare(result: Result, facts: Facts, answer: dict[str, Any]) -> None:
    info = answer["info"]
    _compare_init(result, facts, info)
    _compare_definition(result, facts, info)
    _compare_static_types(result, facts, answer)
    _compare_heap_types(result, facts, answer)


def _grade(result: Result, what: str, got: object, expected: object) -> None:
    """None is the file's "I do not know"; anything else must be right."""
    grade = "right" if got == expected else "unknown" if got is None else "wrong"
    result.checks.append(Check(what, got, expected, grade))


def _compare_init(result: Result, facts: Facts, info: dict[str, Any]) -> None:
    last = result.name.rpartition(".")[2]
    prefix = "PyModExport_" if info["phase"] == "export" else "PyInit_"
    init = facts.own_init
    _grade(result, "init symbol", init and init.symbol, prefix + last)
    phase = None if init is None or init.phase in {"unknown", "delegated"} else init.phase
    _grade(result, "phase", phase, info["phase"])


def _compare_definition(result: Result, facts: Facts, info: dict[str, Any]) -> None:
    live = info["definition"]
    init = facts.own_init
    expected = live and live["link_address"]  # None: made at run time, outside the file
    _grade(result, "definition", init and init.definition, expected)
    mine: Definition | None = facts.own_definition
    if live is None or mine is None:
        return
    _grade(result, "m_name", mine.m_name, live["m_name"])
    _grade(result, "m_size", mine.m_size, live["m_size"])
    methods = [(method["name"], method["flags"]) for method in live["methods"]]
    _grade(result, "methods", [(m.name, m.flags) for m in mine.methods], methods)
    seen = [_slot(slot["id"], slot["value"]) for slot in live["slots"]]
    got = [_slot(slot.id, slot.value) for slot in mine.slots]
    complete = mine.slots_complete or got == seen
    _grade(result, "slots", got if complete else None, seen)
    for hook in ("has_traverse", "has_clear", "has_free"):
        _grade(result, hook, getattr(mine, hook), live[hook])


def _slot(number: int, value: int | None) -> tuple[int, int | None]:
    return (number, value if number in NUMBER_SLOTS else None)


def _compare_static_types(result: Result, facts: Facts, answer: dict[str, Any]) -> None:
    """A static type is real when the interpreter readied it, or the linker's own symbol table
    has such an object there (some are compiled in and never used). Without a symbol table an
    unused one can be neither proved nor refuted. One that is zero in the file is made by code
    (struct sequences): the file's completeness must admit it."""
    ready = dict(map(tuple, answer["ready"]))
    names = {t.address: t.name for t in facts.types if t.kind == "static"}
    elf = Elf(facts.artifact.path)
    for address, name in names.items():
        if ready.get(address):
            result.real += 1
            continue
        if not elf.symbols:
            result.unproven.append(f"{name} at {address:#x}")
        elif elf.has_type_symbol(address):
            result.never_readied.append(name)
        else:
            result.false.append(f"{name} at {address:#x}")
    live = {t["link_address"]: t["name"] for t in answer["info"]["types"] if t["static"]}
    for address, name in live.items():
        if address not in names:
            kind = result.made_later if elf.is_zero(address) else result.missed
            kind.append(f"{name} at {address:#x}")
    if result.made_later:
        level = facts.completeness.types.level
        _grade(result, "types may be made at run time", level != "full", True)
    for address in set(live) & set(names):
        _grade(result, f"name of the type at {address:#x}", names[address], live[address])


class Elf:
    """What the linker says of the file, read without isoview."""

    def __init__(self, path: str) -> None:
        from elftools.elf.elffile import ELFFile
        from elftools.elf.sections import SymbolTableSection

        with open(path, "rb") as stream:
            elf = ELFFile(stream)
            table = elf.get_section_by_name(".symtab")
            self.symbols = [
                (symbol["st_value"], symbol["st_size"])
                for symbol in (
                    table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
                )
                if symbol["st_info"]["type"] == "STT_OBJECT"
            ]
            self._zero = [
                range(section["sh_addr"], section["sh_addr"] + section["sh_size"])
                for section in elf.iter_sections()
                if section["sh_type"] == "SHT_NOBITS" and section.name != ".tbss"
            ]

    def has_type_symbol(self, address: int) -> bool:
        """Whether an object of a type's size, or an array of such, has an element there."""
        # Types of metatypes written in C are longer than PyTypeObject.
        if any(start == address and size >= min(TYPE_SIZES) for start, size in self.symbols):
            return True
        return any(
            start <= address < start + size
            and any(size % unit == 0 and (address - start) % unit == 0 for unit in TYPE_SIZES)
            for start, size in self.symbols
        )

    def is_zero(self, address: int) -> bool:
        return any(address in span for span in self._zero)


def _compare_heap_types(result: Result, facts: Facts, answer: dict[str, Any]) -> None:
    """Heap types made of the file's own functions come from a spec in it."""
    specs = {t.name.rpartition(".")[2] for t in facts.types if t.kind != "static"}
    live = {name.rpartition(".")[2]: name for name in answer["code_types"]}
    result.specs_right = len(specs & set(live))
    result.specs_missed = [
        live[name] for name in sorted(set(live) - specs) if live[name] not in MADE_BY_HAND
    ]
    every = {t["name"].rpartition(".")[2] for t in answer["info"]["types"]}
    result.specs_unseen = sorted(specs - every)


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
