"""Coverage-guided fuzzing of one reader, with atheris.

    python tests/fuzz/run.py TARGET [--runs N | --seconds S] [--corpus FOLDER] [--findings FOLDER]

Prints how many inputs were tried and how many of them reached something new. What makes a reader
fail is kept in the folder for findings; put it into ``tests/fuzz/found/TARGET`` and mend the reader.
"""

import argparse
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script

INPUT_LIMIT = 1 << 16  # bytes
SECONDS_EACH = 10  # an input that takes longer is a finding; two seconds with instruments off
MEGABYTES = 2048
# The app and the survey need more than is there; the probe runs in other interpreters.
_LEFT_OUT = (
    "isoview.tui", "isoview.survey", "isoview.serve", "isoview.__main__", "isoview.commands",
    "isoview.inspectors.live.probe", "isoview.inspectors.process.remote_script",
    "isoview.inspectors.live.supervisor", "isoview.inspectors.live.spawn_windows",
)  # fmt: skip


def _import_all() -> None:
    """Load what is loaded on demand, too: only what is imported here has its branches counted."""
    import isoview
    import isoview.inspectors

    for package in (isoview, isoview.inspectors):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(_LEFT_OUT):
                importlib.import_module(found.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target")
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--corpus", type=Path, help="what was found before, and will be")
    parser.add_argument("--findings", type=Path, default=Path())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=SECONDS_EACH, help="seconds for one input")
    args = parser.parse_args()
    with atheris.instrument_imports(include=["isoview"]):
        from fuzz.targets import TARGETS, seeds

        _import_all()
    with tempfile.TemporaryDirectory() as made:
        start = Path(made, "seeds")
        start.mkdir()
        for number, raw in enumerate(seeds(args.target)):
            (start / f"{number:04d}").write_bytes(raw)
        corpus = args.corpus or Path(made, "corpus")
        corpus.mkdir(parents=True, exist_ok=True)
        args.findings.mkdir(parents=True, exist_ok=True)
        options = {
            "runs": args.runs, "max_total_time": args.seconds, "seed": args.seed,
            "max_len": INPUT_LIMIT, "timeout": args.each, "rss_limit_mb": MEGABYTES,
            "artifact_prefix": f"{args.findings}/", "print_final_stats": 1, "len_control": 0,
        }  # fmt: skip
        flags = [f"-{name}={value}" for name, value in options.items()]
        atheris.Setup([sys.argv[0], *flags, str(corpus), str(start)], TARGETS[args.target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
