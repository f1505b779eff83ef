"""How well statics that hold objects are told on AArch64, against x86-64 after import.

    python tests/corpus/statics_twins.py PYTHON FOLDER... [--list]

Each FOLDER holds one unpacked aarch64 wheel for Linux; PYTHON is an x86-64 interpreter in which the
x86-64 wheel of the same version is installed. The module is imported there, and what its statics
hold is the truth for the statics of the same name in the aarch64 file. Suffixes that a compiler
numbers anew for each build (``cache.81``) are cut off. Only named statics can be compared, so a
stripped file counts for nothing.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from statics import counts_for_truth, predict, truth

from isoview.inspectors.binary.code.statics import Statics
from isoview.inspectors.binary.inspect import DEFAULT_LIMIT

# Numbers of local statics, of copies of functions, and the hash of a crate in Rust's mangling.
_NUMBERED = re.compile(r"\.(\d+|llvm\.\d+|constprop.*|isra.*|lto_priv.*)\Z")
_CRATE = re.compile(r"Cs[0-9A-Za-z]{8,12}_|17h[0-9a-f]{16}E")


def plain(symbol: str | None) -> str:
    return _CRATE.sub("", _NUMBERED.sub("", symbol or ""))


def names(statics: Statics, addresses: set[int]) -> set[str]:
    """The names of the statics that lie at ``addresses``."""
    found = (statics.variable(address) for address in addresses)
    return {plain(entry.symbol) for entry in found if entry is not None} - {""}


def site_of(python: str) -> Path:
    code = "import json,sysconfig; print(json.dumps(sysconfig.get_paths()['platlib']))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout))


def compare(python: str, name: str, arm: Path, twin: Path, listed: bool) -> Counter[str] | None:
    """Counts for one pair of files; None where there is no truth."""
    here, there = predict(str(arm), DEFAULT_LIMIT), predict(str(twin), DEFAULT_LIMIT)
    if here is None or there is None:
        return None
    regions = [
        (region.address, region.size)
        for region in there.statics.image.regions
        if region.writable and not region.thread_local and not region.executable
    ]
    live = truth(python, name, str(twin), regions)
    if live is None:
        return None
    set_live = {a: kind for a, kind in live.items() if counts_for_truth(there.statics, a)}
    true = names(there.statics, {a for a, kind in set_live.items() if kind != "?"})
    other = names(there.statics, {a for a, kind in set_live.items() if kind == "?"}) - true
    told = {plain(symbol) for symbol in here.symbols}
    if listed:
        print(f"  {name}: missed {sorted(true - told)[:8]}, wrong {sorted(told & other)[:8]}")
    return Counter(
        files=1, true=len(true), found=len(true & told), told=len(told), wrong=len(told & other)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("python")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    site = site_of(options.python)
    total: Counter[str] = Counter()
    without = 0
    for folder in options.folders:
        for arm in sorted(folder.rglob("*.so")):
            relative = arm.relative_to(folder)
            twin = site / str(relative).replace("aarch64", "x86_64")
            name = ".".join([*relative.parent.parts, arm.name.partition(".")[0]])
            counts = None
            if twin.exists():
                counts = compare(options.python, name, arm, twin, options.list)
            if counts is None:
                without += 1
            else:
                total += counts
    share = f"{100 * total['found'] / total['true']:.1f} %" if total["true"] else "-"
    print(
        f"{total['files']} pairs: {total['found']} of {total['true']} symbols found ({share}); "
        f"{total['told']} told, {total['wrong']} of them hold something else on x86-64; "
        f"{without} files without a twin or a truth"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
