"""Runs ``isoview check`` over hundreds of damaged and hostile files and prints what happened.

    python tests/hostile/sweep.py [--seed N] [--so FILE --pyd FILE --macho FILE] [--markdown]

Every file is looked at by a process of its own. What is asked of each: no traceback, at most two
seconds of CPU, at most 500 MB, exit status 3 with a hint where nothing can be read, and otherwise
a report that tells of the damage. Silent files are listed; those that equal the sound file, or
whose damage lies in what no table describes (bits of code, say), cannot be told from sound ones.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script

from hostile.elf import bad_elf
from hostile.macho import bad_macho
from hostile.others import not_modules, special_files
from hostile.pe import bad_pe
from hostile.wheels import bad_wheels

BUILT = Path(__file__).parents[1] / "fixtures" / "built"
SOUND = {
    "so": BUILT / "elf-x86-64" / "multi_313.cpython-313-x86_64-linux-gnu.so",
    "pyd": BUILT / "pe-x86-64" / "multi_313.cp313-win_amd64.pyd",
    "macho": BUILT / "macho-arm64" / "multi_313.cpython-313-darwin.so",
}
CPU_SECONDS, MEMORY_MB, WALL_SECONDS = 2.0, 500, 120
_COMMAND = (
    "-m",
    "isoview",
    "check",
    "--no-cache",
    "--jobs",
    "1",
    "--fail-on",
    "never",
    "--format",
    "json",
)


class Outcome(NamedTuple):
    """What one run did: seconds of CPU, megabytes at the peak, and what it said."""

    status: int
    seconds: float
    megabytes: int
    said: bytes
    complained: str

    @property
    def kind(self) -> str:
        if self.status == 3 and not json.loads(self.said)["artifacts"]:
            return "refused"
        if self.status not in (0, 3):
            return f"status {self.status}"
        data = json.loads(self.said)
        told = data["errors"] or any(each["damage"] for each in data["artifacts"])
        return "read, damage told" if told else "read, nothing told"

    @property
    def faults(self) -> list[str]:
        found = []
        if "Traceback" in self.complained:
            found.append("traceback")
        if self.seconds > CPU_SECONDS:
            found.append(f"{self.seconds:.1f} s")
        if self.megabytes > MEMORY_MB:
            found.append(f"{self.megabytes} MB")
        if self.status not in (0, 3):
            found.append(f"status {self.status}")
        elif self.status == 3 and not all(e["hint"] for e in json.loads(self.said)["errors"]):
            found.append("no hint")
        return found


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MB << 20, MEMORY_MB << 20))


def _resident() -> int:
    """Most megabytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(path: Path) -> Outcome:
    """One run of the command on one file."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            [sys.executable, *_COMMAND, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=_limit_memory,  # noqa: PLW1509 - it does nothing but set a limit
        )
        ours = _resident()
        deadline = time.monotonic() + WALL_SECONDS
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                child.kill()
            time.sleep(0.002)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Outcome(
            child.returncode,
            used.ru_utime + used.ru_stime,
            # Linux counts what this process had when it made the other; where that is the most,
            # nothing is known but that the limit was kept.
            used.ru_maxrss // 1024 if used.ru_maxrss // 1024 > ours + 1 else 0,
            out.read(),
            err.read().decode(errors="replace"),
        )


def inputs(
    folder: Path, sound: dict[str, Path], seed: int
) -> Iterator[tuple[str, Path, str, bool]]:
    """Family, path, what was done, and whether the bytes are the sound ones; removed afterwards."""
    module = sound["so"].read_bytes()
    stem = sound["so"].name.partition(".")[0]
    families = {
        "ELF": (bad_elf(module, seed), module),
        "PE": (bad_pe(sound["pyd"].read_bytes(), seed), sound["pyd"].read_bytes()),
        "Mach-O": (bad_macho(sound["macho"].read_bytes(), seed), sound["macho"].read_bytes()),
        "wheels": (bad_wheels(module, stem), b""),
        "no module": (not_modules(module, seed), b""),
    }
    for family, (made, original) in families.items():
        for name, raw, what in made:
            path = folder / name
            path.write_bytes(raw)
            yield family, path, what, raw == original
            path.unlink()
    for name, what in special_files(folder, module):
        yield "no file", folder / name, what, False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    for name, path in SOUND.items():
        parser.add_argument(f"--{name}", type=Path, default=path, help="the sound file")
    parser.add_argument(
        "--markdown", action="store_true", help="the table of docs/hostile-input.md"
    )
    args = parser.parse_args()
    sound = {name: getattr(args, name) for name in SOUND}
    counts: dict[str, Counter[str]] = {}
    most: dict[str, tuple[float, int]] = {}
    faults, silent = [], []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        for family, path, what, is_sound in inputs(Path(folder), sound, args.seed):
            outcome = run(path)
            kind = "sound" if is_sound else outcome.kind
            counts.setdefault(family, Counter())[kind] += 1
            seconds, megabytes = most.get(family, (0.0, 0))
            most[family] = max(seconds, outcome.seconds), max(megabytes, outcome.megabytes)
            faults += [(path.name, what, fault) for fault in outcome.faults]
            if kind == "read, nothing told":
                silent.append((path.name, what))
    _show(counts, most, faults, silent, markdown=args.markdown)
    return 1 if faults else 0


def _show(counts, most, faults, silent, *, markdown: bool) -> None:  # type: ignore[no-untyped-def]
    kinds = ("refused", "read, damage told", "read, nothing told", "sound")
    head = ("input", "files", *kinds, "most CPU s", "most MB", "faults")
    rows = []
    for family, seen in counts.items():
        numbers = [sum(seen.values()), *(seen[kind] for kind in kinds)]
        wrong = sum(1 for name, *_ in faults if family_of(name) == family)
        rows.append((family, *numbers, f"{most[family][0]:.2f}", most[family][1], wrong))
    bar = " | " if markdown else "  "
    print(bar.join(head) if not markdown else f"| {bar.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        text = bar.join(
            str(cell).ljust(0 if markdown else len(name))
            for cell, name in zip(row, head, strict=True)
        )
        print(f"| {text} |" if markdown else text)
    for name, what, fault in faults:
        print(f"FAULT {name!a}: {fault} ({what})")
    if not markdown:
        for name, what in silent:
            print(f"nothing told: {name!a} ({what})")


def family_of(name: str) -> str:
    prefixes = {
        "elf": "ELF",
        "pe": "PE",
        "macho": "Mach-O",
        "wheel": "wheels",
        "other": "no module",
        "fs": "no file",
    }
    return prefixes[name.replace("_", "-").partition("-")[0]]


if __name__ == "__main__":
    sys.exit(main())
