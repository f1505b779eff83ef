"""C++ type information: which address stands for which C++ type.

Itanium ABI (ELF, Mach-O, MinGW): ``std::type_info`` is a pointer to one of three vtables of
``__cxxabiv1``, imported or linked in, and a pointer to the mangled name. Microsoft: a pointer to the
vtable of ``type_info``, a spare word, and the decorated name itself, which begins with ``.?A``.
"""

import re
from collections import Counter

from isoview.inspectors.binary.image import Image

_VTABLES = re.compile(r"_?_ZTVN10__cxxabiv1\d+__")
_NAME = re.compile(r"\*?[A-Za-z0-9_$.]+\Z")
_CLASS = re.compile(r"(?:N(?:K|V)?)?(?:St|S[abdios]|\d+[A-Za-z_])")
_NAME_LIMIT = 2048
_MSVC = b".?A"


def type_infos(image: Image) -> dict[int, str]:
    """Mangled name by the address of every ``std::type_info`` of the file."""
    if image.format == "pe":
        found = _microsoft(image)
        if found:
            return found
    size = image.word_size
    tables = {at for at, name in image.imports_at.items() if _VTABLES.match(name)}
    found = _named(image, tables)
    if len(found) < _FEW:  # with the C++ library linked in, the vtables are the file's own
        found.update(_named(image, _own_tables(image, size)))
    return found


_FEW = 2


def _named(image: Image, starts: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for address in starts:
        target = image.pointers.get(address + image.word_size)
        if target is None:
            continue
        # On Apple's ARM64 the highest bit says that the name may occur more than once.
        name = image.cstring(target & (1 << 63) - 1, _NAME_LIMIT)
        if name and _NAME.match(name):
            found[address] = name.lstrip("*")
    return found


def _own_tables(image: Image, size: int) -> set[int]:
    """Words that point to what most words before a class's mangled name point to."""
    counts: Counter[int] = Counter()
    candidates: list[tuple[int, int]] = []
    for address, target in image.pointers.items():
        vtable = image.pointers.get(address - size)
        if vtable is None or image.in_code(target) or image.in_code(vtable):
            continue
        raw = image.read(target, 3)
        if raw[:1] in b"N*S0123456789" and raw and _CLASS.match(raw.lstrip(b"*").decode("latin-1")):
            counts[vtable] += 1
            candidates.append((address - size, vtable))
    common = {vtable for vtable, _ in counts.most_common(3)}
    return {address for address, vtable in candidates if vtable in common}


def _microsoft(image: Image) -> dict[int, str]:
    found: dict[int, str] = {}
    for region in image.regions:
        if region.executable or region.zero_fill:
            continue
        raw = image.read(region.address, region.size)
        at = raw.find(_MSVC)
        while at >= 0:
            start = region.address + at - 2 * image.word_size
            if start in image.pointers:
                end = raw.find(b"\0", at, at + _NAME_LIMIT)
                if end >= 0:
                    found[start] = raw[at:end].decode("latin-1")
            at = raw.find(_MSVC, at + 1)
    return found


def readable(mangled: str) -> str:
    """The C++ name of a mangled one, where it is a plain nested name; else the mangled name."""
    if mangled.startswith(_MSVC.decode()):
        parts = mangled[4:].split("@@", maxsplit=1)[0].split("@")
        plain = all(part.replace("_", "a").isalnum() for part in parts)
        return "::".join(reversed(parts)) if plain else mangled
    rest = mangled
    nested = rest.startswith("N")
    if nested:
        rest = rest[1:].removeprefix("K")
    parts = []
    if rest.startswith("St"):
        parts.append("std")
        rest = rest[2:]
    while (match := re.match(r"\d+", rest)) is not None:
        length = int(match.group())
        part = rest[match.end() : match.end() + length]
        if len(part) != length:
            return mangled
        parts.append("(anonymous namespace)" if part.startswith("_GLOBAL__N") else part)
        rest = rest[match.end() + length :]
    return "::".join(parts) if parts and rest == ("E" if nested else "") else mangled
