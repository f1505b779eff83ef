"""How well statics that hold objects are told, against the interpreter after import.

    python tests/corpus/statics.py PYTHON... [--words] [--limit N] [--list WHAT] [--only REGEX]

For each interpreter every extension module it can import is imported in a child, the writable words
of the file are read from memory, and those that point to a live object are the truth. Words that
are not zero in the file, and those inside static types, definitions and keyword caches of Argument
Clinic, count neither way. What is told and NULL after import may be filled later: it is counted
apart. ``--list`` prints the words that were missed or wrong.

A module counts once for each file. Toolchains are isoview's own word for them.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from isoview.inspectors.binary.code.describe import Describer
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.code.statics import Statics
from isoview.inspectors.binary.inspect import DEFAULT_LIMIT, load, shape

CHILD = Path(__file__).with_name("statics_child.py")
TIMEOUT = 60


@dataclass
class Score:
    """Sums over the modules of one toolchain."""

    modules: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    cpu: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def row(self, name: str) -> str:
        c = self.counts
        times = sorted(self.cpu)
        middle = times[len(times) // 2] * 1e3 if times else 0
        late = times[int(len(times) * 0.95)] * 1e3 if times else 0
        parts = [f"{name:14} {self.modules:4}"]
        for unit in ("symbols", "words"):
            truth, found, wrong = c[f"{unit} truth"], c[f"{unit} found"], c[f"{unit} wrong"]
            share = f"{100 * found / truth:5.1f}%" if truth else "    - "
            parts.append(
                f"{truth:6} {found:6} {share} {c[f'{unit} told']:6} {c[f'{unit} null']:6} {wrong:4}"
            )
        parts.append(f"{middle:6.1f} {late:7.1f}")
        return " | ".join(parts)


HEAD = (
    "toolchain       mod |  truth  found  share   told   null wrong (symbols) "
    "|  truth  found  share   told   null wrong (words) | ms median p95"
)


def modules(python: str) -> Iterator[tuple[str, str]]:
    """(name, path) of the extension modules an interpreter has, standard library and installed."""
    code = (
        "import sys,sysconfig,json,os\n"
        "from importlib.machinery import EXTENSION_SUFFIXES as S\n"
        "found=[]\n"
        "p=sysconfig.get_paths()\n"
        "roots=[r for r in sys.path if r.endswith('lib-dynload')]+[p['platlib'],p['purelib']]\n"
        "for root in dict.fromkeys(map(os.path.realpath,roots)):\n"
        "  for folder,_,files in os.walk(root):\n"
        "    for f in files:\n"
        "      for s in S:\n"
        "        if f.endswith(s):\n"
        "          path=os.path.join(folder,f)\n"
        "          rel=os.path.relpath(path,root)[:-len(s)]\n"
        "          found.append((rel.replace(os.sep,'.'),path)); break\n"
        "print(json.dumps(found))\n"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    yield from json.loads(done.stdout)


def truth(
    python: str, name: str, path: str, regions: list[tuple[int, int]]
) -> dict[int, str] | None:
    """Type name by link-time address of the words that point to live objects after import."""
    request = json.dumps({"module": name, "path": path, "regions": regions})
    try:
        done = subprocess.run(
            [python, str(CHILD)],
            input=request,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    line = done.stdout.rpartition("@@")[2]
    if done.returncode or not line:
        return None
    return {int(address): kind for address, kind in json.loads(line).items()}


class Told(NamedTuple):
    """What isoview says of one file."""

    statics: Statics
    words: set[int]
    symbols: set[str]
    seconds: float


def predict(path: str, limit: int) -> Told | None:
    """The statics of a file, and the words and symbols told to hold objects."""
    with load(path) as loaded:
        facts = shape(loaded)
        if machine(loaded.image) is None:
            return None
        begun = time.process_time()
        statics = Statics(loaded.image, facts, limit, Functions(loaded.image))
        told = {
            holder.address + n * holder.stride
            for holder in statics.holders.values()
            for n in range(holder.elements)
        }
        listed = Describer(statics).globals()
        seconds = time.process_time() - begun
        symbols = {g.symbol for g in listed if g.kind == "object" and g.symbol}
        return Told(statics, told, symbols, seconds)


def counts_for_truth(statics: Statics, address: int) -> bool:
    """Whether a word can be truth: zero in the file, and the module's own."""
    image = statics.image
    if address in image.pointers or address in image.imports_at or image.unsigned(address, 8):
        return False
    owner = statics.variable(address)
    if owner is not None and owner.kind == "runtime":
        return False
    if owner is not None and (owner.symbol or "").partition(".")[0].endswith("_slots"):
        return False  # a slot table that code completes: CPython reads it once
    return statics.writable(address)


def judge(python: str, name: str, path: str, limit: int, score: Score, listed: str | None) -> bool:
    found = predict(path, limit)
    if found is None:
        return False
    statics, told = found.statics, found.words
    regions = [
        (r.address, r.size)
        for r in statics.image.regions
        if r.writable and not r.thread_local and not r.executable
    ]
    live = truth(python, name, path, regions)
    if live is None:
        return False
    nonzero = {address for address, kind in live.items() if kind == "?"}
    holders = {
        address: kind
        for address, kind in live.items()
        if kind != "?" and counts_for_truth(statics, address)
    }
    wrong = told & nonzero
    score.modules += 1
    score.cpu.append(found.seconds)
    score.sizes.append(Path(path).stat().st_size)
    tally(score, "words", set(holders), told, wrong)
    names = {a: statics.variable(a) for a in {*holders, *told}}
    symbols = {a: v.symbol or "" for a, v in names.items() if v is not None}
    tally(
        score,
        "symbols",
        {symbols[a] for a in holders if a in symbols},
        found.symbols,
        {symbols[a] for a in wrong if a in symbols} - {symbols[a] for a in holders if a in symbols},
    )
    if listed in ("missed", "both"):
        for address in sorted(set(holders) - told):
            print(f"  missed {name} {address:#x} {symbols.get(address)} {holders[address]}")
        held = {symbols[a] for a in holders if a in symbols}
        for symbol in sorted(held - found.symbols):
            print(f"  missed symbol {name} {symbol} {statics.facts.artifact.stripped}")
    if listed in ("wrong", "both"):
        for address in sorted(wrong):
            print(f"  wrong  {name} {address:#x} {symbols.get(address)}")
    return True


def tally(score: Score, unit: str, holders: set, told: set, wrong: set) -> None:  # type: ignore[type-arg]
    score.counts[f"{unit} truth"] += len(holders)
    score.counts[f"{unit} found"] += len(holders & told)
    score.counts[f"{unit} told"] += len(told)
    score.counts[f"{unit} wrong"] += len(wrong)
    score.counts[f"{unit} null"] += len(told - holders - wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="+")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT)
    parser.add_argument("--list", choices=("missed", "wrong", "both"))
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    scores: dict[str, Score] = {}
    skipped = 0
    for python in arguments.pythons:
        seen: set[str] = set()
        for name, path in modules(python):
            if path in seen or not re.search(arguments.only, f"{name} {path}"):
                continue
            seen.add(path)
            kind = toolchain(path)
            score = scores.setdefault(kind, Score())
            if not judge(python, name, path, arguments.limit, score, arguments.list):
                skipped += 1
    print(HEAD)
    for kind, score in sorted(scores.items()):
        if score.modules:
            print(score.row(kind))
    for low, high in ((0, 100_000), (100_000, 1_000_000), (1_000_000, 1 << 40)):
        times = sorted(
            seconds * 1e3
            for score in scores.values()
            for seconds, size in zip(score.cpu, score.sizes, strict=True)
            if low <= size < high
        )
        if times:
            middle, late = times[len(times) // 2], times[int(len(times) * 0.95)]
            print(
                f"{low} to {high} bytes: {len(times)} files, median {middle:.1f} ms, "
                f"p95 {late:.1f} ms, most {times[-1]:.1f} ms"
            )
    print(f"{skipped} files could not be imported or read, and do not count")


def toolchain(path: str) -> str:
    if "lib-dynload" in path:
        return "stdlib"
    with load(path) as loaded:
        return shape(loaded).generator


if __name__ == "__main__":
    sys.exit(main())
