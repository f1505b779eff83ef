"""Draw a sample of findings to be labelled.

    python tests/corpus/sample_findings.py TARGET... --work DIR --output SAMPLE.jsonl
        [--each 30] [--modules 3] [--largest BYTES] [--seed S]

A target is a wheel or an extension module; of a wheel up to ``--modules`` modules are drawn and
unpacked into ``--work``. Of every rule and severity up to ``--each`` findings are drawn, findings that
differ before findings that repeat. ``check_findings.py`` holds them against other readers.
"""

import argparse
import json
import random
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.errors import IsoviewError
from isoview.judge import judge

Found = dict[str, Any]


def files(targets: Sequence[Path], work: Path, modules: int, largest: int) -> Iterator[Path]:
    """The modules to look at."""
    for target in targets:
        if target.suffix != ".whl":
            yield target
            continue
        with zipfile.ZipFile(target) as wheel:
            members = [
                entry
                for entry in wheel.infolist()
                if entry.filename.endswith((".so", ".pyd"))
                and ".libs/" not in entry.filename
                and entry.file_size < largest
            ]
            random.shuffle(members)
            for entry in members[:modules]:
                yield Path(wheel.extract(entry, work / target.stem))


def findings(path: Path) -> Iterator[Found]:
    """What is said about one file, with what a check needs."""
    with load(str(path)) as loaded:
        report = judge(code(loaded, shape(loaded)))
    artifact = report.facts.artifact
    for finding in report.findings:
        where = finding.where
        yield {
            "path": str(path),
            "gen": report.facts.generator,
            "tag": artifact.tag,
            "fmt": artifact.format,
            "arch": artifact.arch,
            "rule": finding.rule,
            "severity": finding.severity,
            "conf": finding.confidence,
            "msg": finding.message,
            "fp": finding.fingerprint,
            "count": finding.count,
            "where": [where.symbol, where.address, where.section],
            "ev": [[item.kind, item.text] for item in finding.evidence],
        }


def draw(found: Sequence[Found], each: int) -> list[Found]:
    """Up to ``each`` findings of every rule and severity."""
    by_rule: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for entry in found:
        by_rule[entry["rule"], entry["severity"]].append(entry)
    drawn: list[Found] = []
    for key in sorted(by_rule):
        group = by_rule[key]
        random.shuffle(group)
        seen: Counter[str] = Counter()
        first: list[Found] = []
        again: list[Found] = []
        for entry in group:
            (again if seen[entry["fp"]] else first).append(entry)
            seen[entry["fp"]] += 1
        drawn += [*first, *again][:each]
    return drawn


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--each", type=int, default=30)
    parser.add_argument("--modules", type=int, default=3)
    parser.add_argument("--largest", type=int, default=3_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    found: list[Found] = []
    looked = 0
    for path in files(
        sorted(arguments.targets), arguments.work, arguments.modules, arguments.largest
    ):
        try:
            found += findings(path)
            looked += 1
        except IsoviewError as error:
            print(f"{path}: {error.message}", file=sys.stderr)
    drawn = draw(found, arguments.each)
    arguments.output.write_text("".join(json.dumps(entry) + "\n" for entry in drawn), "utf-8")
    rules = len({entry["rule"] for entry in drawn})
    print(f"{looked} files, {len(found)} findings, {len(drawn)} drawn of {rules} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
