"""The same definitions and types without section headers, and without the symbol table."""

import struct
from collections.abc import Iterator

from corpus.wheels import Module
from isoview.inspectors.binary import inspect
from isoview.inspectors.facts import Facts

SHT_NULL, SHT_SYMTAB = 0, 2


def without_section_headers(data: bytes) -> bytes:
    """An ELF file whose header names no section table (e_shoff, e_shnum, e_shstrndx are 0)."""
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    copy = bytearray(data)
    struct.pack_into(order + ("Q" if wide else "I"), copy, 40 if wide else 32, 0)
    struct.pack_into(order + "HH", copy, 60 if wide else 48, 0, 0)
    return bytes(copy)


def without_symbols(data: bytes) -> bytes:
    """An ELF file whose full symbol table is none (its section has no type and no size)."""
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    (offset,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 40 if wide else 32)
    entry, count = struct.unpack_from(order + "HH", data, 58 if wide else 46)
    copy = bytearray(data)
    for number in range(count):
        header = offset + number * entry
        if struct.unpack_from(order + "I", data, header + 4)[0] == SHT_SYMTAB:
            struct.pack_into(order + "I", copy, header + 4, SHT_NULL)
            struct.pack_into(order + ("Q" if wide else "I"), copy, header + (32 if wide else 20), 0)
    return bytes(copy)


def differences(module: Module, facts: Facts) -> Iterator[str]:
    """What is lost or gained; ``facts`` are those of the file as it is."""
    data = module.path.read_bytes()
    if data[:4] != b"\x7fELF":
        return
    for what, change in (("no section headers", without_section_headers),
                         ("no symbols", without_symbols)):  # fmt: skip
        image = inspect.read_image(memoryview(change(data)))
        changed = inspect.shape(inspect.Loaded(facts.artifact, image))
        for name in ("init", "definitions", "types"):
            mine, theirs = getattr(changed, name), getattr(facts, name)
            if mine != theirs:
                yield f"{what}: {name}: {_unlike(mine, theirs)}"


def _unlike(mine: tuple[object, ...], theirs: tuple[object, ...]) -> str:
    gained = [entry for entry in mine if entry not in theirs]
    lost = [entry for entry in theirs if entry not in mine]
    return f"{len(gained)} other, {len(lost)} lost; {repr((gained or lost)[:1])[:300]}"
