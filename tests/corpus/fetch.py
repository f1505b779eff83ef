"""Fetches the corpus: the wheels that ``manifest.tsv`` and ``support.tsv`` name, by hash.

    python tests/corpus/fetch.py CACHE [--only REGEX]

About 610 MB for all of it, through pip, whose own configuration says where packages come from. A wheel that is
there already is not fetched again; one whose hash differs is refused by pip.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script

from corpus.wheels import SUPPORT, Wheel, by_digest, manifest


def fetch(wheels: list[Wheel], cache: Path) -> list[str]:
    """Bring what is missing into ``cache``; what could not be had, with pip's last word."""
    cache.mkdir(parents=True, exist_ok=True)
    have = by_digest(cache)
    groups: dict[tuple[str, str, str], list[Wheel]] = {}
    for wheel in wheels:
        if wheel.sha256 not in have:
            groups.setdefault((wheel.python, wheel.abi, wheel.platform), []).append(wheel)
    troubles = []
    for (python, abi, platform), members in groups.items():
        message = _download(python, abi, platform, members, cache)
        if message:
            troubles.append(f"{python}-{abi}-{platform}: {message}")
    have = by_digest(cache)
    troubles += [f"missing: {wheel.label}" for wheel in wheels if wheel.sha256 not in have]
    return troubles


def _download(python: str, abi: str, platform: str, wheels: list[Wheel], cache: Path) -> str:
    version = re.sub(r"^(?:cp|py)3(\d+).*", r"3.\1", python)
    target = ["--implementation", "cp", "--python-version", version]
    if abi != "none":
        target += ["--abi", abi.split(".", maxsplit=1)[0]]
    for tag in platform.split("."):
        target += ["--platform", tag]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        wanted = Path(folder, "wanted.txt")
        wanted.write_text(
            "".join(f"{w.name}=={w.version} --hash=sha256:{w.sha256}\n" for w in wheels)
        )
        command = [*pip, "--only-binary=:all:", "--require-hashes", "--dest", folder, *target]
        done = subprocess.run(
            [*command, "-r", str(wanted)], capture_output=True, text=True, check=False
        )
        for path in Path(folder).glob("*.whl"):
            path.replace(cache / path.name)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"pip ended {done.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--only", default="", help="a regular expression on name-version-tags")
    options = parser.parse_args()
    every = [*manifest(), *manifest(SUPPORT)]
    wheels = [wheel for wheel in every if re.search(options.only, wheel.label)]
    troubles = fetch(wheels, options.cache)
    sys.stderr.write("".join(f"{line}\n" for line in troubles))
    missing = sum(line.startswith("missing: ") for line in troubles)
    sys.stdout.write(f"{len(wheels) - missing} of {len(wheels)} wheels in {options.cache}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
