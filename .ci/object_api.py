"""Write the table of C-API prototypes that the code stage reads: which result and which argument
is an object.

    python .ci/object_api.py FOLDER... > inspectors/binary/code/object_api.txt

Each FOLDER holds CPython's headers of one version (where ``Python.h`` is, with its ``cpython`` and
``internal``). A line is ``NAME RESULT ARGUMENTS``, one letter each: ``O`` an object, ``P`` a pointer
to an object pointer that is filled in, ``A`` the start of an array of objects, ``K`` a ``_PyArg_Parser``, ``V``
variable arguments, ``.`` anything else. Functions with none of these but ``.`` are left out. Where
versions differ, what only some of them say is kept only if the others do not contradict it. After
these come the names of the object arguments, where the headers name them, as ``POSITION=NAME``.
"""

import re
import sys
from pathlib import Path

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE | re.DOTALL)
_PROTOTYPE = re.compile(
    r"(?:PyAPI_FUNC\s*\(\s*(?P<api>[^()]+?)\s*\)|\bextern\s+(?P<ret>[\w\s]+?[\s*]))"
    r"\s*(?P<name>_?Py\w+)\s*\((?P<args>[^;{]*?)\)\s*(?:Py_\w+\([^)]*\)\s*|_Py_\w+\s*)*;"
)
_OBJECT = re.compile(
    r"(?:const\s+)?(?:struct\s+)?_?(?:Py\w*Object|longobject)\s*(?:const\s*)?\*\s*(?:const\s*)?(?P<more>\*?)"
)
# Objects in name only: definitions that stand in the file, and what is not counted as an object.
_NOT_RESULTS = frozenset({"PyModuleDef_Init"})
# Not prototypes of any header, or macros there: what compiled code really calls.
_BY_HAND = {
    "_Py_Dealloc": (".", "O"),
    "Py_IncRef": (".", "O"),
    "Py_DecRef": (".", "O"),
    "_Py_IncRef": (".", "O"),
    "_Py_DecRef": (".", "O"),
    "_Py_NegativeRefcount": (".", "..O"),
    "_Py_DecRefShared": (".", "O"),
    "_Py_MergeZeroLocalRefcount": (".", "O"),
}


def letter(declared: str) -> str:
    """What one argument or result is."""
    text = " ".join(declared.split())
    if text == "...":
        return "V"
    if "(" in text:
        return "."
    if "_PyArg_Parser" in text:
        return "K"
    found = _OBJECT.match(text)
    if found is None:
        return "."
    rest = text[found.end() :].strip()
    if found["more"] or rest.startswith("*") or rest.endswith("]"):
        if text.count("*") > 2:
            return "."
        return "A" if "*const" in text.replace(" ", "") or rest.endswith("]") else "P"
    return "O"


def split(arguments: str) -> list[str]:
    """The arguments of a prototype; commas inside parentheses do not count."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(arguments):
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append(arguments[start:at])
            start = at + 1
    return [*parts, arguments[start:]]


def named(arguments: str) -> dict[int, str]:
    """Names of the arguments that are objects, by position."""
    found = {}
    for position, part in enumerate(split(arguments)):
        name = re.search(r"[\s*](\w+)\s*(?:\[\])?\s*\Z", part)
        if letter(part) in "OPA" and name and not name[1].endswith("Object"):
            found[position] = name[1].strip("_")
    return found


def prototypes(text: str, names: dict[str, dict[int, str]]) -> dict[str, tuple[str, str]]:
    """Result and arguments by name; ``names`` takes what the arguments are called."""
    text = _DIRECTIVE.sub("", _COMMENT.sub(" ", text))
    found = {}
    for match in _PROTOTYPE.finditer(text):
        result = letter(match["api"] or match["ret"])
        arguments = "".join(letter(part) for part in split(match["args"]))
        found.setdefault(match["name"], (result, arguments))
        names.setdefault(match["name"], {}).update(named(match["args"]))
    return found


def table(folders: list[Path], names: dict[str, dict[int, str]]) -> dict[str, tuple[str, str]]:
    """All prototypes of the headers in ``folders``."""
    merged = dict(_BY_HAND)
    for folder in folders:
        for header in sorted(folder.rglob("*.h")):
            text = header.read_text("utf-8", "replace")
            for name, new in prototypes(text, names).items():
                if name not in _BY_HAND:
                    merged[name] = agreed(merged.get(name, new), new)
    for name in _NOT_RESULTS & merged.keys():
        merged[name] = (".", merged[name][1])
    return merged


def agreed(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    """What two versions of a prototype have in common."""
    result = one[0] if one[0] == other[0] else "."
    pairs = zip(one[1], other[1], strict=False)
    return result, "".join(a if a == b else "." for a, b in pairs)


def main() -> None:
    names: dict[str, dict[int, str]] = {}
    for name, (result, arguments) in sorted(table([Path(a) for a in sys.argv[1:]], names).items()):
        if set(result + arguments) - {"."}:
            said = sorted(names.get(name, {}).items())
            print(name, result, arguments, *(f"{position}={text}" for position, text in said))


if __name__ == "__main__":
    main()
