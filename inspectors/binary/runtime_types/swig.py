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
_MANGLED = re.compile(rb"\0(?=_[a-z]+_)")  # _p_Point, _p_p_char, _a_4__double


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
    mangled = _mangled_names(image)
    size = image.word_size
    found: dict[int, str] = {}
    for address, target in image.pointers.items():
        if target in mangled and address + size in image.pointers and image.is_writable(address):
            name = _type_name(image, address)
            if name is not None:
                found[address] = name
    return found


def _mangled_names(image: Image) -> frozenset[int]:
    """Addresses of the texts that begin as SWIG's mangled names do."""
    found: set[int] = set()
    for region in image.regions:
        if region.executable or region.zero_fill:
            continue
        raw = image.read(region.address, region.size)
        found.update(region.address + match.end() for match in _MANGLED.finditer(raw))
    return frozenset(found)


def _type_name(image: Image, address: int) -> str | None:
    size = image.word_size
    name = image.cstring(image.pointers[address + size])
    cast, casts, data, owned = (address + n * size for n in range(2, _WORDS))
    shaped = (
        (is_zero(image, cast) or function_at(image, cast) is not None)
        and (is_zero(image, casts) or image.is_writable(image.pointers.get(casts, 0)))
        and (is_zero(image, data) or data in image.pointers)
        and is_plain(image, owned)
        and image.unsigned(owned, 4) in (0, 1)
    )
    if not shaped or not name or not name.isprintable():
        return None
    # Equivalent spellings stand before the one that SWIG shows.
    return name.rpartition("|")[2].strip()
