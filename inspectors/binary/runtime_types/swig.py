"""SWIG's type tables: every C or C++ type that its wrappers pass around.

``swig_type_info`` (``swigrun.swg``, the same since SWIG 1.3.25) is six words in writable data:
mangled name, readable name, cast function, cast list, client data, and an owner's flag. The file
holds the first two as pointers; the others are null, except for the casts of derived classes. The
classes that users see are Python code in the module's shadow file, made from these types.
"""

import re

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.scan import function_at, is_plain, is_zero
from isoview.inspectors.facts import Evidence, NameTable

_WORDS = 6
_NAME_LIMIT = 1024
_MANGLED = re.compile(r"_[a-z]+_\w")  # _p_Point, _p_p_char, _a_4__double


def swig_tables(image: Image) -> tuple[NameTable, ...]:
    """The names of all types in the file's SWIG table, as SWIG shows them ("Point *")."""
    found = swig_types(image)
    if not found:
        return ()
    names = tuple(sorted(set(found.values())))
    first = min(found)
    text = f"{len(found)} swig_type_info structures, the first at {first:#x}"
    return (NameTable("SWIG types", "SWIG", names, True, (Evidence("data", text, first),)),)


def swig_types(image: Image) -> dict[int, str]:
    """Readable name by the address of the ``swig_type_info``."""
    size = image.word_size
    writable = [
        (region.address, region.address + region.size)
        for region in image.regions
        if region.writable and not (region.zero_fill or region.thread_local)
    ]
    found: dict[int, str] = {}
    bare: dict[int, str] = {}
    for address, target in image.pointers.items():
        if not any(low <= address < high for low, high in writable):
            continue
        # A linker may let a text begin in the middle of a longer one: only the pointer tells.
        name = image.cstring(target, _NAME_LIMIT) if image.read(target, 1) == b"_" else None
        if name is None or not _MANGLED.match(name) or not _shaped(image, address):
            continue
        if address + size in image.pointers:
            text = image.cstring(image.pointers[address + size])
            if text and text.isprintable():
                # Equivalent spellings stand before the one that SWIG shows.
                found[address] = text.rpartition("|")[2].strip()
        elif is_zero(image, address + size):
            bare[address] = name  # SWIG shows the mangled name then
    if found:
        low, high = min(found), max(found)
        around = _WORDS * size * 2
        found.update((a, name) for a, name in bare.items() if low - around <= a <= high + around)
    return found


def _shaped(image: Image, address: int) -> bool:
    """Whether what follows the two names can be the rest of a ``swig_type_info``."""
    size = image.word_size
    cast, casts, data, owned = (address + n * size for n in range(2, _WORDS))
    return (
        (is_zero(image, cast) or function_at(image, cast) is not None)
        and (is_zero(image, casts) or image.is_writable(image.pointers.get(casts, 0)))
        and (is_zero(image, data) or data in image.pointers)
        and is_plain(image, owned)
        and image.unsigned(owned, 4) in (0, 1)
    )
