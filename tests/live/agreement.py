"""Does the product see what an independent script sees? Modules times interpreters times experiments.

    python tests/live/agreement.py --python 3.13=/path/to/venv ... [--module NAME ...]
                                   [--passes 5] [--kept FILE] [--unstable FILE]

Each cell is run ``--passes`` times by ``independent.py`` and once by the product. A cell whose
independent outcomes are not all equal is unstable: it is listed, not compared. ``--kept`` keeps the
independent outcomes, so that an interrupted run goes on where it was. Prints every disagreement;
the exit code is 1 where there is one, or where more than a tenth of the cells is unstable.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isoview.inspectors.live.runner import run
from isoview.observed import BLOCKS_PER_CYCLE, keeping_types

SCRIPT = Path(__file__).with_name("independent.py")
TIMEOUT = 10.0
MODULES = (
    "numpy._core._multiarray_umath", "pandas._libs.lib", "lxml.etree",
    "pydantic_core._pydantic_core", "cryptography.hazmat.bindings._rust", "orjson.orjson",
    "kiwisolver._cext", "contourpy._contourpy", "multidict._multidict", "frozenlist._frozenlist",
    "regex._regex", "psutil._psutil_linux", "greenlet._greenlet", "msgpack._cmsgpack",
    "markupsafe._speedups", "_cffi_backend", "yaml._yaml", "ujson", "simplejson._speedups",
    "rpds.rpds", "google._upb._message", "boost_histogram._core", "PIL._imaging", "_asyncio",
    "_socket", "readline", "_decimal", "_json", "_ssl", "_curses", "_ctypes", "_csv", "_queue",
    "_elementtree", "_sqlite3", "_bz2",
)  # fmt: skip
EXPERIMENTS = (
    "info", "twice", "shared-gil", "own-gil", "free-threaded", "lifecycle", "instances", "statics",
    "fallback",
)  # fmt: skip
PARTS = {"shared-gil": ("shared-gil/main-first", "shared-gil/in-turn")}
WORST = ("crashed", "hung", "failed", "refused", "ok", "not-run")
UNSTABLE_MOST = 0.1


ALLOCATORS = (None, "debug", None, "debug", None)
"""PYTHONMALLOC of each pass. With memory that is overwritten when it is freed, what depends on chance
shows: a cell that ends otherwise then is not stable, however often it comes out the same."""


def independent(python: str, experiment: str, module: str, number: int) -> dict[str, Any]:
    """What the script says, and how its process ended."""
    environment = dict(os.environ)
    allocator = ALLOCATORS[number % len(ALLOCATORS)]
    if allocator is not None:
        environment["PYTHONMALLOC"] = allocator
    parts = [
        one(python, part, module, environment) for part in PARTS.get(experiment, (experiment,))
    ]
    worst = min(parts, key=lambda said: WORST.index(said["status"]))
    if len(parts) > 1 and parts[0]["status"] == worst["status"]:
        return parts[0]
    return worst


def one(
    python: str, experiment: str, module: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    process = subprocess.Popen(
        [python, "-B", str(SCRIPT), experiment, module],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env=environment,
    )
    try:
        out, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"status": "hung"}
    if process.returncode < 0:
        return {"status": "crashed"}
    lines = [line for line in out.splitlines() if line.startswith(b"@@")]
    if not lines:
        return {"status": "failed"}
    return {"status": "ok", **json.loads(lines[-1][2:])}


def product(outcome: Mapping[str, Any], experiment: str) -> dict[str, Any]:
    """The product's outcome in the same words."""
    status = {"timed-out": "hung"}.get(outcome["status"], outcome["status"])
    said: dict[str, Any] = {"status": status}
    if status != "ok":
        return said
    if experiment == "info":
        said["phase"] = outcome["phase"]
        said["m_size"] = outcome["m_size"]
    elif experiment in {"twice", "shared-gil", "own-gil"}:
        said["shares"] = bool(outcome["shared_types"])
        if experiment == "twice":
            said["same_module"] = outcome["same_module"]
    elif experiment == "free-threaded":
        said["gil_after"] = outcome["gil_after"]
    elif experiment == "lifecycle":
        said["freed"] = outcome["module_freed"]
        bounds = outcome["blocks_per_cycle"]
        said["blocks"] = (bounds["low"] + bounds["high"]) / 2
    elif experiment == "instances":
        said["keep"] = sorted(keeping_types(outcome))
    elif experiment == "statics":
        said["overwritten"] = bool(outcome["overwritten"])
    else:
        said["sub"] = outcome["sub"]
    return said


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two outcomes say the same: numbers of blocks within what one run differs from another."""
    if one["status"] != other["status"]:
        return False
    for key in set(one) & set(other):
        if key == "blocks":
            # What the interpreter itself keeps of an import differs from place to place in a run.
            if abs(one[key] - other[key]) > max(BLOCKS_PER_CYCLE, 0.25 * abs(other[key])):
                return False
        elif one[key] != other[key]:
            return False
    return True


def wavers(outcome: Mapping[str, Any]) -> bool:
    """Whether the product itself saw a crash in some of its runs only."""
    count, runs = outcome["repeats"].split("/")
    return bool(count != runs)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--python", action="append", required=True, metavar="LABEL=EXE")
    parser.add_argument("--module", action="append", metavar="NAME")
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--kept", type=Path, metavar="FILE")
    parser.add_argument("--unstable", type=Path, metavar="FILE", help="write the unstable cells")
    options = parser.parse_args()
    pythons = dict(entry.split("=", 1) for entry in options.python)
    kept: dict[str, list[dict[str, Any]]] = {}
    if options.kept and options.kept.exists():
        kept = json.loads(options.kept.read_text())
    compared, wrong, unstable, absent = 0, [], [], 0
    for label, folder in pythons.items():
        executable = str(Path(folder) / "bin" / "python") if Path(folder).is_dir() else folder
        for module in options.module or MODULES:
            began = time.monotonic()
            cells = {}
            for experiment in EXPERIMENTS:
                cell = f"{label} {module} {experiment}"
                runs = kept.setdefault(cell, [])
                while len(runs) < options.passes:
                    runs.append(independent(executable, experiment, module, len(runs)))
                    if len(runs) == 1 and runs[0]["status"] == "not-run":
                        runs *= options.passes  # nothing was run: it will not be the next time
                cells[experiment] = runs[: options.passes]
            if options.kept:
                options.kept.write_text(json.dumps(kept))
            outcomes = run(module, EXPERIMENTS, executable, TIMEOUT)["runs"][0]["experiments"]
            for experiment, runs in cells.items():
                cell = f"{label} {module} {experiment}"
                ours = product(outcomes[experiment], experiment)
                if runs[0]["status"] == ours["status"] == "not-run":
                    absent += 1
                elif not all(same(runs[0], other) for other in runs) or wavers(
                    outcomes[experiment]
                ):
                    unstable.append((cell, sorted({entry["status"] for entry in runs})))
                elif experiment == "fallback" and runs[0]["status"] == "not-run":
                    absent += 1  # a package that nobody read
                else:
                    compared += 1
                    if not same(ours, runs[0]):
                        wrong.append(f"{cell}: product {ours}, independent {runs[0]}")
                        print(wrong[-1], flush=True)
            print(f"{label} {module} {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    total = compared + len(unstable)
    print(
        f"{compared} cells compared, {len(wrong)} disagree; {len(unstable)} unstable of {total}; "
        f"{absent} not run on either side"
    )
    for cell, found in unstable:
        print(f"unstable: {cell}: {', '.join(found)}")
    if options.unstable:
        options.unstable.write_text("".join(f"{cell}: {', '.join(f)}\n" for cell, f in unstable))
    return int(bool(wrong) or len(unstable) > UNSTABLE_MOST * max(total, 1))


if __name__ == "__main__":
    sys.exit(main())
