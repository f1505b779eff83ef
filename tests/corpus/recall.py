"""How many of the globals that CPython's developers listed for repair are found.

    python tests/corpus/recall.py --list FILE PYTHON [--list FILE PYTHON ...] [--missed]
    python tests/corpus/recall.py --fetch PYTHON...

CPython keeps a list of the globals it means to get rid of, one for each version
(``Tools/c-analyzer/cpython/globals-to-fix.tsv`` in its sources). ``--list`` takes such a file (out of
a source archive, say), ``--fetch`` gets the one of each interpreter's own version from CPython's
repository. The list is read and compared, never kept.

An entry counts where the symbol table of an extension module of that interpreter (``nm``) has its
name as data: the list is also about code that is linked into the interpreter itself, and a static
type that was mended has no symbol any more. Bars: 95 % of the static types, 90 % of the objects.
"""

import argparse
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from isoview.core_build import is_core_build
from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Facts
from isoview.judge import judge

WHERE = "https://raw.githubusercontent.com/python/cpython/v{}/Tools/c-analyzer/cpython/globals-to-fix.tsv"
BARS = {"types": 0.95, "objects": 0.90}
TYPES = frozenset({"ISO201", "ISO202"})
OBJECTS = frozenset({"ISO301", "ISO306", "ISO310", "ISO311"})
_MANAGED = "_PyStaticType_InitForExtension"
_MODULES, _STATIC = "modules", "static types"
_GROUPS = (
    _MODULES,
    _STATIC,
    "non-static types - initialized once",
    "cached - initialized once",
    "other",
)
_REMARKS = ("XXX", "???", "<none>")
_LOOKED_AFTER = ("_Py_IDENTIFIER", "_Py_static_string", "_PyArg_Parser")
"""Parts of the list whose objects the interpreter keeps itself (identifiers from 3.10 on)."""


class Listed(NamedTuple):
    """One row of the list."""

    file: str
    name: str
    kind: str  # types or objects, as the list's headings tell


def rows(text: str) -> Iterator[Listed]:
    """What the list says about objects: static types, and the others."""
    objects, group, part = False, "", ""
    for line in text.splitlines():
        heading = line.lstrip("#").strip()
        if line.startswith("#") and "\t" not in line:
            if heading.startswith("global "):
                objects, group, part = "non-object" not in heading, "", ""
            elif heading in _GROUPS:
                group, part = heading, ""
            elif heading.strip("-") and not heading.startswith(_REMARKS):
                part = heading
            continue
        fields = line.split("\t")
        if not objects or len(fields) < 3 or not fields[0].startswith("Modules/"):
            continue
        if group != _MODULES and not part.startswith(_LOOKED_AFTER):
            yield Listed(fields[0], fields[2], "types" if group == _STATIC else "objects")


def modules(python: str) -> dict[str, Path]:
    """The interpreter's extension modules, by name."""
    script = (
        "import sysconfig as s, os; print(os.path.join(s.get_path('platstdlib'), 'lib-dynload'))"
    )
    done = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True)
    folder = Path(done.stdout.strip())
    return {path.name.partition(".")[0]: path for path in sorted(folder.glob("*.so"))}


def of_file(file: str, found: dict[str, Path]) -> list[Path]:
    """Modules that a source file may be part of: those of its name or its folder's."""
    parts = [*Path(file).parent.parts[1:], Path(file).stem]
    names = {part.removesuffix("module").strip("_").lower() for part in parts} - {""}
    return [path for name, path in found.items() if name.strip("_").lower() in names]


def data_symbols(path: Path) -> dict[str, list[int]]:
    """Addresses of writable data, by name without a compiler's number."""
    done = subprocess.run(["nm", str(path)], check=True, capture_output=True, text=True)
    found: dict[str, list[int]] = {}
    for line in done.stdout.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] in "bBdD":
            found.setdefault(re.sub(r"\.\d+$", "", fields[2]), []).append(int(fields[0], 16))
    return found


def told(path: Path, rules: frozenset[str]) -> tuple[Facts, set[int]]:
    """Addresses that the findings of some rules are about."""
    with load(str(path)) as loaded:
        report = judge(code(loaded, shape(loaded)))
    places = {
        where.address
        for finding in report.findings
        if finding.rule in rules
        for where in (finding.where, *finding.related)
        if where.address is not None
    }
    return report.facts, places


def compare(text: str, python: str, *, show: bool) -> bool:
    """Print one row; whether both bars hold."""
    found = modules(python)
    symbols = {path: data_symbols(path) for path in found.values()}
    places: dict[tuple[Path, str], tuple[Facts, set[int]]] = {}
    hits, wanted, left_out = {"types": 0, "objects": 0}, {"types": 0, "objects": 0}, 0
    for row in dict.fromkeys(rows(text)):
        for path in of_file(row.file, found):
            for address in symbols[path].get(row.name, ()):
                key = (path, row.kind)
                if key not in places:
                    places[key] = told(path, TYPES | OBJECTS)
                facts, known = places[key]
                if row.kind == "types" and _MANAGED in facts.capi.imports and is_core_build(facts):
                    left_out += 1  # the runtime keeps their state per interpreter
                    continue
                wanted[row.kind] += 1
                hits[row.kind] += address in known
                if show and address not in known:
                    print(f"  missed: {path.name.partition('.')[0]}.{row.name} ({row.kind})")
    share = {kind: hits[kind] / wanted[kind] if wanted[kind] else 1.0 for kind in wanted}
    words = ", ".join(
        f"{kind} {hits[kind]} of {wanted[kind]} ({share[kind]:.1%})" for kind in wanted
    )
    print(f"{python}: {words}; {left_out} types that the runtime manages left out")
    return all(share[kind] >= BARS[kind] for kind in share)


def fetched(python: str) -> str:
    """The list of the interpreter's own version."""
    done = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    with urllib.request.urlopen(WHERE.format(done.stdout.strip()), timeout=60) as answer:
        return str(answer.read().decode("utf-8"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", nargs=2, action="append", default=[], metavar=("FILE", "PYTHON"))
    parser.add_argument("--fetch", nargs="+", default=[], metavar="PYTHON")
    parser.add_argument("--missed", action="store_true", help="name what was missed")
    arguments = parser.parse_args()
    pairs = [(Path(file).read_text("utf-8"), python) for file, python in arguments.list]
    pairs += [(fetched(python), python) for python in arguments.fetch]
    held = [compare(text, python, show=arguments.missed) for text, python in pairs]
    return 0 if held and all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
