"""The words of an ELF file that the loader fills in: where each of them leads.

Source: the ELF generic ABI, chapter 5 (DT_REL, DT_RELA, DT_JMPREL, DT_RELR).
"""

from collections.abc import Mapping

from isoview.inspectors.binary import elf
from isoview.inspectors.binary import elf_relocations as relocations
from isoview.inspectors.binary.deferred import Deferred
from isoview.inspectors.binary.elf import ElfFile
from isoview.inspectors.binary.elf_symbols import SymbolTable
from isoview.inspectors.facts import Damage
from isoview.inspectors.hints import Any, NamedTuple


class Words(NamedTuple):
    """By link-time address of a word: the local address it will hold, or the imported name."""

    pointers: Mapping[int, int]
    imports_at: Mapping[int, str]


class _Table(NamedTuple):
    """One relocation table; ``explicit`` where its entries have an addend."""

    raw: memoryview
    explicit: bool


def relocated_words(
    reader: ElfFile, dynamic: SymbolTable, kinds: relocations.Numbers | None, *, deferred: bool
) -> Words:
    """What the relocations do to the file's words; ``kinds`` are its processor's numbers.

    ``deferred`` leaves the reading to whoever looks into it: of a library that has nothing to do
    with Python nobody does. What is missing of the tables is noted at once either way.
    """
    tables = _tables(reader) if kinds is not None else []
    if kinds is None:
        return Words({}, {})
    if not deferred:
        return _read(reader, dynamic, kinds, tables)
    found: list[Words] = []

    def read() -> Words:
        if not found:
            found.append(_read(reader, dynamic, kinds, tables))
        return found[0]

    return Words(Deferred(lambda: read().pointers), Deferred(lambda: read().imports_at))


def _tables(reader: ElfFile) -> list[_Table]:
    jumps = reader.tag(elf.DT_PLTREL) == elf.DT_RELA
    found: list[_Table] = []
    for name, table, length, explicit in (
        ("DT_RELA", elf.DT_RELA, elf.DT_RELASZ, True),
        ("DT_REL", elf.DT_REL, elf.DT_RELSZ, False),
        ("DT_JMPREL", elf.DT_JMPREL, elf.DT_PLTRELSZ, jumps),
    ):
        where, claimed = reader.tag(table), reader.tag(length)
        if where is None or not claimed:
            continue
        raw = reader.at(where, claimed)
        if len(raw) < claimed:
            missing = f"{claimed - len(raw)} of {claimed} bytes are missing"
            reader.damage.append(Damage(name, missing))
        found.append(_Table(raw, explicit))
    return found


def _read(
    reader: ElfFile, dynamic: SymbolTable, kinds: relocations.Numbers, tables: list[_Table]
) -> Words:
    pointers: dict[int, int] = {}
    imports_at: dict[int, str] = {}
    size = reader.bits // 8
    order: Any = reader.endian
    mask = (1 << reader.bits) - 1

    def stored(address: int) -> int:
        return int.from_bytes(reader.at(address, size), order)

    undefined = dynamic.undefined
    highest: int | None = None if reader.damage else 0
    for raw, explicit in tables:
        found = relocations.read_table(
            raw, bits=reader.bits, endian=order, explicit_addend=explicit, kinds=kinds
        )
        if highest is not None:
            highest = None if found.highest is None else max(highest, found.highest)
        if pointers:
            pointers.update(found.relative)
        else:
            pointers = found.relative
        for address in found.relative_in_place:
            pointers[address] = stored(address)
        try:
            names = list(map(undefined.__getitem__, found.symbolic.indexes))
        except IndexError:  # of a damaged file
            names = [
                undefined[at] if at < len(undefined) else None for at in found.symbolic.indexes
            ]
        if all(names):  # as in nearly every table
            imports_at.update(zip(found.symbolic.addresses, names, strict=True))  # type: ignore[arg-type]
            continue
        values = dynamic.values
        for name, address, index, addend in zip(names, *found.symbolic, strict=True):
            if name is not None or index >= len(values):
                if name:
                    imports_at[address] = name
            elif addend is not None:
                pointers[address] = values[index] + addend & mask
            else:
                # A GOT or PLT slot of a REL file holds the lazy-binding address, not an addend.
                value, added = values[index], stored(address)
                pointers[address] = value if value == added else value + added & mask
    reader.highest_symbol = highest
    relr, claimed = reader.tag(elf.DT_RELR), reader.tag(elf.DT_RELRSZ)
    if relr is not None and claimed:
        for address in relocations.relr_addresses(
            reader.at(relr, claimed),
            bits=reader.bits,
            endian=order,
            limit=2 * len(reader.data) // size,
            mapped=lambda address: bool(reader.at(address, size)),
        ):
            if address not in pointers:
                pointers[address] = stored(address)
    return Words(pointers, imports_at)
