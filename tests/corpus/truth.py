"""The whole corpus judged: every module read, held to what interpreters say, and across platforms.

    python tests/corpus/truth.py --cache DIR [--limit N] [--only REGEX] [--no-code] [--verbose]

``fetch.py`` fills DIR. Prints one row for each fact with the bar it must reach and what was
measured, and every disagreement; the exit code is 1 where a bar is missed.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script

from live.interpreters import find

from corpus import bare
from corpus.platforms import Pairing, pairings
from corpus.runtime import Score, against
from corpus.sweep import Sweep, sweep
from corpus.wheels import SUPPORT, Module, Wheel, by_digest, manifest, modules, unpacked
from isoview.inspectors.facts import Facts


@dataclass
class Row:
    fact: str
    bar: str
    measured: str
    met: bool


@dataclass
class Outcome:
    rows: list[Row] = field(default_factory=list)
    talk: list[str] = field(default_factory=list)

    def add(self, fact: str, bar: str, measured: str, *, met: bool) -> None:
        self.rows.append(Row(fact, bar, measured, met))


def look_at_all(outcome: Outcome, wanted: list[Module], *, with_code: bool) -> Sweep:
    swept = sweep(wanted, with_code=with_code)
    stages = f"shape {swept.shape_seconds:.1f} s"
    if with_code:
        stages += f", code {swept.code_seconds:.1f} s"
    outcome.add(
        "corpus: every module, one process",
        "no error",
        f"{swept.modules} modules, {swept.bytes / 1e6:.0f} MB: {len(swept.errors)} errors; "
        f"{stages} of CPU (reading {swept.read_seconds:.1f} s)",
        met=not swept.errors,
    )
    outcome.talk += [f"error: {m.wheel.label} {m.name}: {why}" for m, why in swept.errors]
    outcome.add(
        "CPU of the shape stage",
        "at most 3 x reading + 100 ms, but for those listed",
        f"{len(swept.slow)} of {swept.modules} above",
        met=True,
    )
    for slow in sorted(swept.slow, key=lambda entry: -entry.seconds):
        outcome.talk.append(
            f"slow: {slow.module.wheel.label} {slow.module.name}: {slow.seconds * 1000:.0f} ms "
            f"(reading {slow.reading * 1000:.1f} ms), {slow.size / 1e6:.1f} MB, "
            f"{slow.pointers} relocated words, {slow.symbols} symbols"
        )
    return swept


def hold_to_interpreters(
    outcome: Outcome, folders: dict[Wheel, Path], wheels: list[Wheel], *, verbose: bool
) -> None:
    found, missing = find()
    outcome.talk += [f"{entry.label}: not asked: {entry.reason}" for entry in missing]
    score = Score()
    for interpreter in found:
        for result in against(interpreter, folders, wheels):
            score.add(interpreter.label, result, verbose=verbose)
    outcome.talk += score.talk
    asked = score.modules - score.skipped
    outcome.add(
        "own init symbol and phase",
        "right, or delegated or unknown with the reason; 0 wrong",
        f"{score.init_right} of {asked} right, {score.init_unknown} delegated or unknown, "
        f"{score.init_wrong} wrong ({score.skipped} could not be imported)",
        met=score.init_wrong == 0,
    )
    outcome.add(
        "static definition: all its fields",
        "100 % of the static ones; 0 false",
        f"{score.definitions_right} right, {score.definitions_missed} missed, "
        f"{score.definitions_wrong} wrong, {score.definitions_elsewhere} made at run time",
        met=score.definitions_wrong + score.definitions_missed == 0,
    )
    every = score.static_right + score.static_missed
    outcome.add(
        "static types",
        "99.5 % found, 0 false",
        f"{score.static_right} of {every} found, {score.static_false} false ({score.static_unused} proved by symbols only, {score.static_unproven} unproved, "
        f"{score.static_late} made at run time)",
        met=score.static_right >= 0.995 * every and score.static_false == 0,
    )
    every = score.specs_right + score.specs_missed
    outcome.add(
        "heap types by static spec",
        "99 % found, 0 false",
        f"{score.specs_right} of {every} found, {score.specs_false} false "
        f"({score.specs_unseen} of no type seen, {score.specs_built} types built at run time)",
        met=score.specs_right >= 0.99 * every and score.specs_false == 0,
    )
    outcome.add(
        "PEP 793 slot arrays, imported",
        "all, as the interpreter reports them",
        f"{score.arrays_right} of {score.arrays}",
        met=score.arrays_right == score.arrays,
    )


def count_arrays(outcome: Outcome, facts: dict[Module, Facts]) -> None:
    """Files export a function for each submodule, too: every one must lead to an array."""
    exported = [
        (module, init, {definition.address for definition in entry.definitions})
        for module, entry in facts.items()
        for init in entry.init
        if init.phase == "export"
    ]
    lost = [(module, init) for module, init, known in exported if init.definition not in known]
    outcome.talk += [f"no array: {module.wheel.label} {init.symbol}" for module, init in lost]
    outcome.add(
        "PEP 793 slot arrays, in files",
        "all",
        f"{len(exported) - len(lost)} of {len(exported)} exported functions",
        met=not lost,
    )


def compare_platforms(outcome: Outcome, facts: dict[Module, Facts]) -> None:
    for pairing in pairings(facts):
        unlike = len(pairing.differences)
        outcome.add(
            f"same version on {pairing.system}",
            "the same facts as Linux x86-64, but for those listed",
            f"{pairing.equal} of {pairing.pairs} modules equal, {unlike} differences "
            f"({pairing.static_types} static types, {pairing.specs} specs)",
            met=not _lost(pairing),
        )
        outcome.talk += [
            f"{pairing.system}: {label}: {what!r}" for label, what in pairing.differences
        ]


def _lost(pairing: Pairing) -> bool:
    """Whether an init function or a whole definition differs: no platform is a reason for that."""
    return any(what.startswith(("init ", "definition ")) for _, what in pairing.differences)


def compare_bare(outcome: Outcome, facts: dict[Module, Facts]) -> None:
    files = [m for m, f in facts.items() if f.artifact.format == "elf" and f.artifact.is_extension]
    unlike = 0
    for module in files:
        found = list(bare.differences(module, facts[module]))
        unlike += bool(found)
        outcome.talk += [f"bare: {module.wheel.label} {module.name}: {what}" for what in found]
    outcome.add(
        "section headers zeroed, symbols stripped",
        "the same definitions and types",
        f"{len(files) - unlike} of {len(files)} ELF modules",
        met=unlike == 0,
    )


def table(rows: list[Row]) -> str:
    lines = ["| fact | bar | measured | met |", "|---|---|---|---|"]
    lines += [
        f"| {row.fact} | {row.bar} | {row.measured} | {'yes' if row.met else 'NO'} |"
        for row in rows
    ]
    return "\n".join(lines)


def judge(
    cache: Path, *, only: str = "", limit: int | None = None, with_code: bool = True,
    verbose: bool = False,
) -> Outcome:  # fmt: skip
    """Everything, over the wheels in ``cache`` that ``only`` fits (the first ``limit`` of them)."""
    have = by_digest(cache)
    wheels = [w for w in manifest() if w.sha256 in have and re.search(only, w.label)][:limit]
    outcome = Outcome()
    absent = sum(wheel.sha256 not in have for wheel in manifest())
    if absent:
        outcome.talk.append(f"{absent} wheels of the manifest are not in {cache}")
    support = [wheel for wheel in manifest(SUPPORT) if wheel.sha256 in have]
    folders = {w: unpacked(w, have[w.sha256], cache) for w in [*wheels, *support]}
    every = [module for wheel in wheels for module in modules(wheel, folders[wheel])]
    swept = look_at_all(outcome, every, with_code=with_code)
    hold_to_interpreters(outcome, folders, wheels, verbose=verbose)
    count_arrays(outcome, swept.facts)
    compare_platforms(outcome, swept.facts)
    compare_bare(outcome, swept.facts)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="the folder fetch.py filled")
    parser.add_argument("--limit", type=int, help="only the first so many wheels")
    parser.add_argument("--only", default="", help="a regular expression on name-version-tags")
    parser.add_argument("--no-code", action="store_true", help="the shape stage only")
    parser.add_argument("--verbose", action="store_true", help="what could not be imported, too")
    options = parser.parse_args()
    outcome = judge(
        options.cache, only=options.only, limit=options.limit, with_code=not options.no_code,
        verbose=options.verbose,
    )  # fmt: skip
    sys.stdout.write("\n".join(outcome.talk) + "\n\n" + table(outcome.rows) + "\n")
    return 0 if all(row.met for row in outcome.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
