"""``python -m benchmarks``: run the rows, print the tables, write the results as JSON."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from benchmarks import growth, table
from benchmarks.measure import in_turns
from benchmarks.rows import Row, rows
from benchmarks.things import CACHE, HERE, ROOT, Things

BASELINE = HERE / "baseline.json"


def main() -> int:
    """Exit code 1 where a ratio is worse than the baseline's, or (--bars) a bar does not hold."""
    asked = _arguments()
    things = Things(asked.folder, asked.library, asked.pyd, asked.files)
    environment = {**os.environ, "XDG_CACHE_HOME": str(CACHE), "NO_COLOR": "1"}
    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        "rounds": asked.rounds,
        "rows": [],
        "growth": [],
    }
    for row in rows(things):
        if not asked.only or row.key in asked.only:
            result["rows"].append(_measured(row, asked.rounds, environment))
    if not asked.only or "growth" in asked.only:
        result["growth"] = growth.measure(things)
    result["growth_worst"] = growth.worst(result["growth"])
    result["missing"] = things.missing
    print(table.markdown(result))
    if asked.output:
        Path(asked.output).write_text(json.dumps(result, indent=1) + "\n")
    if asked.write:
        said = f"{result['machine']}, {asked.rounds} rounds."
        table.put_into(ROOT / "docs" / "performance.md", f"{said}\n\n{table.markdown(result)}")
        table.put_into(ROOT / "README.md", table.bars(result))
    if asked.save:
        kept = {"made_with": result["machine"], "ratios": table.ratios(result)}
        Path(asked.save).write_text(json.dumps(kept, indent=1) + "\n")
    wrong = list(table.missed(result)) if asked.bars else []
    if asked.baseline:
        before = json.loads(Path(asked.baseline).read_text())["ratios"]
        wrong += table.worse(result, before, asked.tolerance)
    for line in wrong:
        print(f"worse: {line}", file=sys.stderr)
    return 1 if wrong else 0


def _measured(row: Row, rounds: int, environment: dict[str, str]) -> dict[str, Any]:
    print(f"  {row.title} ...", file=sys.stderr)
    costs = in_turns(row.commands, 1 if row.slow else rounds, environment)
    return {
        "key": row.key,
        "title": row.title,
        "costs": {name: cost._asdict() for name, cost in costs.items()},
        "bars": [{**bar._asdict(), "ratio": bar.ratio(costs)} for bar in row.bars],
        "peak": row.peak,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each row (slow rows: one)")
    parser.add_argument("--only", action="append", metavar="ROW", help="this row only; repeatable")
    parser.add_argument("--folder", help="extension modules to use, instead of packages.txt")
    parser.add_argument("--files", type=int, metavar="N", help="the first N of its files only")
    parser.add_argument("--library", help="the large library, instead of the folder's largest")
    parser.add_argument("--pyd", help="the Windows module, instead of a downloaded one")
    parser.add_argument("--output", metavar="FILE", help="write the results as JSON")
    parser.add_argument("--write", action="store_true",
                        help="put the tables into README.md and docs/performance.md")  # fmt: skip
    parser.add_argument("--save", metavar="FILE", nargs="?", const=BASELINE,
                        help="keep the ratios for later comparisons (default: baseline.json here)")  # fmt: skip
    parser.add_argument("--baseline", metavar="FILE", nargs="?", const=BASELINE,
                        help="compare the ratios with those kept before")  # fmt: skip
    parser.add_argument("--tolerance", type=float, default=1.3, help="how much worse is too much")
    parser.add_argument("--bars", action="store_true", help="exit with 1 where a bar does not hold")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
