"""f2py's tables of Fortran objects: the functions of a module, and the variables and functions of
the Fortran modules in it.

``FortranDataDef`` (numpy's ``fortranobject.h``) is a name, a rank with room for 40 dimensions, a
type, three pointers: data, set-up function and documentation. A table of them ends with a null
name. A rank of -1 says that the entry is a function.
"""

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.scan import function_at, is_zero
from isoview.inspectors.facts import Evidence, NameTable

_DIMENSIONS = 40  # F2PY_MAX_DIMS
_LIMIT = 1 << 16


def f2py_tables(image: Image) -> tuple[NameTable, ...]:
    """The functions, and the variables of Fortran modules, that f2py offers."""
    entries = _entries(image)
    found = []
    for kind, wanted in (("f2py functions", True), ("f2py variables", False)):
        names = tuple(sorted({name for name, function in entries.values() if function == wanted}))
        if names:
            text = f"{len(names)} FortranDataDef structures of {kind.split()[1]}"
            first = min(at for at, (_, function) in entries.items() if function == wanted)
            found.append(NameTable(kind, "f2py", names, True, (Evidence("data", text, first),)))
    return tuple(found)


def _entries(image: Image) -> dict[int, tuple[str, bool]]:
    """(name, whether it is a function) by address."""
    size = image.word_size
    step = 2 * size + _DIMENSIONS * size + 8 + 3 * size
    found: dict[int, tuple[str, bool]] = {}
    looked: set[int] = set()  # entries of tables without an end, too: each is read once
    for address in sorted(image.pointers):
        if address in looked or len(found) > _LIMIT:
            continue
        at = address
        table: dict[int, tuple[str, bool]] = {}
        while (entry := _entry(image, at)) is not None:
            table[at] = entry
            at += step
        looked.update(table)
        if table and is_zero(image, at):  # the table's end
            found.update(table)
    return found


def _entry(image: Image, at: int) -> tuple[str, bool] | None:
    size = image.word_size
    rank = image.signed(at + size, 4)
    if rank is None or not -1 <= rank <= _DIMENSIONS or not image.is_writable(at):
        return None
    name = image.cstring(image.pointers[at]) if at in image.pointers else None
    if name is None or not name.isidentifier():
        return None
    data = at + 2 * size + _DIMENSIONS * size + 8
    doc = data + 2 * size
    if rank == -1:
        good = function_at(image, data + size) is not None and _text_at(image, doc)
        return (name, True) if good else None
    # Where the variable lies is found out when the module is made.
    good = is_zero(image, data) and _text_at(image, doc) and _dimensions(image, at + 2 * size, rank)
    return (name, False) if good else None


def _dimensions(image: Image, at: int, rank: int) -> bool:
    """Whether the dimensions can be a variable's: -1 for a scalar, and none behind the last."""
    words = [image.signed(at + n * image.word_size, image.word_size) for n in range(_DIMENSIONS)]
    used = max(rank, 1)
    if not all(word is not None and word != 0 for word in words[:used]) or any(words[used:]):
        return False
    return rank > 0 or words[0] == -1


def _text_at(image: Image, at: int) -> bool:
    """Whether a pointer to a text, or null, stands at ``at``."""
    target = image.pointers.get(at)
    if target is None:
        return is_zero(image, at)
    return not image.in_code(target) and image.cstring(target, 1 << 16) is not None
