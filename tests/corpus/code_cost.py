"""CPU time of the code stage, by toolchain and by size.

    python tests/corpus/code_cost.py PATH... [--largest BYTES] [--rounds N] [--list]

Each PATH is an extension module or a folder that is searched for them. Every file goes through both
stages N times (3) with the default budget, and the least time of its code stage counts. Beside the
figures stands how long this machine takes for a fixed piece of arithmetic, the mean over the whole run:
80 ms on the machine of our own figures when nothing else runs.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.errors import IsoviewError

BOUND = 1_000_000
EVERY = 10
"""Files between two measurements of the machine."""


def files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted([*path.rglob("*.so"), *path.rglob("*.pyd")])
        else:
            yield path


def arithmetic() -> float:
    """Milliseconds for the fixed piece of work."""
    begun = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number * number & 255
    return (time.process_time() - begun) * 1e3


def measure(path: Path, rounds: int) -> tuple[str, float, bool] | None:
    """(toolchain, milliseconds, whether the budget was reached); None for no extension."""
    best = float("inf")
    for _ in range(rounds):
        with load(str(path)) as loaded:
            before = shape(loaded)
            if not before.artifact.is_extension:
                return None
            begun = time.process_time()
            after = code(loaded, before)
            best = min(best, (time.process_time() - begun) * 1e3)
    return after.generator, best, after.budget.reached


def summary(name: str, times: list[float]) -> str:
    ordered = sorted(times)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return (
        f"{name:24} {len(ordered):4} files  median {middle:7.1f}  p95 {late:7.1f}  "
        f"most {ordered[-1]:7.1f} ms"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--largest", type=int, default=1 << 40, metavar="BYTES")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    found: list[tuple[str, int, float, bool]] = []
    machine: list[float] = []
    for number, path in enumerate(files(options.paths)):
        size = path.stat().st_size
        if size > options.largest:
            continue
        if number % EVERY == 0:
            machine.append(arithmetic())
        try:
            measured = measure(path, options.rounds)
        except IsoviewError as error:
            print(f"{path}: {error.message}", file=sys.stderr)
            continue
        if measured is None:
            continue
        found.append((measured[0], size, measured[1], measured[2]))
        if options.list:
            print(f"{measured[0]:14} {size:10} {measured[1]:8.1f} ms  {path}")
    small = [entry for entry in found if entry[1] < BOUND]
    large = [entry for entry in found if entry[1] >= BOUND]
    for name, entries in (("below 1 MB", small), ("1 MB and more", large)):
        if entries:
            print(summary(name, [entry[2] for entry in entries]))
    for toolchain in sorted({entry[0] for entry in small}):
        print(summary(f"  {toolchain}", [e[2] for e in small if e[0] == toolchain]))
    print(f"{sum(entry[3] for entry in found)} files reached the budget; ", end="")
    print(f"fixed arithmetic: {sum(machine) / max(len(machine), 1):.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
