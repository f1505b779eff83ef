"""What PyO3 leaves in data: its process-wide cells, and the functions it wraps.

Recognised by shape, in every format and for every processor of 64 bits. Cells lie in memory that
stays writable: the class cell (``LazyTypeObject``) holds an empty vector, an interned string's the
text it is made from, an import's the names of module and attribute. Cells that start as zeros leave
no mark, so every count is a lower bound.
"""

from collections.abc import Iterator

from isoview.inspectors.binary.image import Image, Region
from isoview.inspectors.facts import Cells, Method

# LazyTypeObject from 0.23 on: cell, flag, then an empty Vec (capacity 0, pointer 8, length 0).
_CLASS_CELL = b"".join(n.to_bytes(8, "little") for n in (0, 0, 8, 0, 0, 0, 0))
_TEXT_LIMIT = 512
_CALLING = frozenset({1, 2, 3, 4, 8, 0x80, 0x82})
"""METH_* of a function's calling convention; CLASS (0x10) and STATIC (0x20) may be added."""


def cells(image: Image, classes: int) -> Cells | None:
    """The cells of the file; ``classes`` is how many classes the code makes."""
    if image.bits != 64 or image.endian != "little":
        return None
    made = 0
    interned = imports = 0
    for region in _writable(image):
        raw = image.read(region.address, region.size)
        made += _class_cells(image, region, raw)
        named, modules = _texts(image, region)
        interned += named
        imports += modules
    return Cells(min(made, classes) if made and classes else made or classes, interned, imports)


def _writable(image: Image) -> Iterator[Region]:
    for region in image.regions:
        if region.writable and not (region.zero_fill or region.thread_local or region.executable):
            yield region


def _class_cells(image: Image, region: Region, raw: bytes) -> int:
    count = 0
    at = raw.find(_CLASS_CELL)
    while at >= 0:
        address = region.address + at
        if address % 8:
            at = raw.find(_CLASS_CELL, at + 1)
            continue
        if not any(address + 8 * n in image.pointers for n in range(7)):
            count += 1
        at = raw.find(_CLASS_CELL, at + len(_CLASS_CELL))
    return count


def _texts(image: Image, region: Region) -> tuple[int, int]:
    """(interned strings, imports): cells of one text, and of two."""
    low, high = region.address, region.address + region.size
    starts = {
        address for address in image.pointers if low <= address < high and _is_text(image, address)
    }
    imports = {
        address
        for address in starts
        if address + 16 in starts and _zero(image, address + 32) and _zero(image, address + 40)
    }
    second = {address + 16 for address in imports}
    interned = sum(
        _zero(image, address + 16) and _zero(image, address + 24)
        for address in starts - imports - second
    )
    return interned, len(imports)


def _is_text(image: Image, address: int) -> bool:
    """Whether a pointer and a length stand at ``address`` that are a printable constant text."""
    length = image.unsigned(address + 8, 8) or 0
    if not 0 < length < _TEXT_LIMIT or address + 8 in image.pointers:
        return False
    target = image.pointers[address]
    if image.in_code(target) or image.is_writable(target):
        return False
    raw = image.read(target, length)
    return len(raw) == length and raw.isascii() and raw.decode("ascii").isprintable()


def _zero(image: Image, address: int) -> bool:
    return (
        address not in image.pointers
        and address not in image.imports_at
        and image.unsigned(address, 8) == 0
    )


def functions(image: Image, taken: list[tuple[int, int]]) -> tuple[Method, ...]:
    """The functions that PyO3 wraps (``#[pyfunction]``), by their definitions in data.

    ``taken`` are the places of classes' method tables, whose entries look alike.
    """
    found: dict[str, Method] = {}
    for address, target in image.pointers.items():
        if address + 8 not in image.pointers:
            continue
        method = _plain(image, address, target) or _tagged(image, address)
        if method is not None and not any(low <= address < high for low, high in taken):
            found.setdefault(method.name, method)
    return tuple(found[name] for name in sorted(found))


def _plain(image: Image, address: int, name: int) -> Method | None:
    """A ``PyMethodDef`` (0.26 and later): name, function, flags, doc, none of them null."""
    if address + 24 not in image.pointers or address + 16 in image.pointers:
        return None
    flags = image.unsigned(address + 16, 8) or 0
    if flags & ~0x30 not in _CALLING or not image.in_code(image.pointers[address + 8]):
        return None
    text = image.cstring(name, _TEXT_LIMIT)
    doc = image.cstring(image.pointers[address + 24])
    if not text or not text.isidentifier() or doc is None:
        return None
    return Method(text, flags)


def _tagged(image: Image, function: int) -> Method | None:
    """PyO3's own form (before 0.26): tag, function, name and its length, doc and its length, flags.

    ``function`` is the address of the second word.
    """
    if not image.in_code(image.pointers[function]) or function + 24 not in image.pointers:
        return None
    tag = image.unsigned(function - 8, 8)
    length = image.unsigned(function + 16, 8) or 0
    doc_length = image.unsigned(function + 32, 8) or 0
    flags = image.unsigned(function + 40, 4) or 0
    if tag is None or tag > 3 or not 0 < length < _TEXT_LIMIT or not 0 < doc_length < 1 << 16:
        return None
    if flags & ~0x30 not in _CALLING or function - 8 in image.pointers:
        return None
    raw = image.read(image.pointers[function + 8], length).rstrip(b"\0")
    text = raw.decode("utf-8", "replace")
    return Method(text, flags) if text.isidentifier() else None
