"""One module: every field of the file against what the interpreter said, graded."""

import struct
from dataclasses import dataclass, field
from typing import Any

from isoview.inspectors.facts import Definition, Facts, Init

TYPE_SIZES = (408, 416, 424, 432, 440)
"""sizeof(PyTypeObject) on 64 bits, 3.8 to 3.15, with and without the GIL."""
SPEC_SIZE = 32
"""sizeof(PyType_Spec) on 64 bits."""
NUMBER_SLOTS = {3, 4, 86, 87, 102}
"""Module slots that hold a number; what the others hold is an address."""
MADE_BY_HAND = {"ManualHeapType"}
"""Heap types that no spec describes: CPython's tests fill this one in field by field."""


@dataclass(frozen=True)
class Check:
    field: str
    got: object
    expected: object
    grade: str  # right, unknown, wrong


@dataclass
class Result:
    """One module: every field compared, and its types."""

    name: str
    checks: list[Check] = field(default_factory=list)
    skipped: str | None = None  # why it could not be imported
    real: int = 0
    never_readied: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    made_later: list[str] = field(default_factory=list)
    specs_right: int = 0
    specs_missed: list[str] = field(default_factory=list)
    specs_unseen: list[str] = field(default_factory=list)
    specs_false: list[str] = field(default_factory=list)
    built_at_runtime: bool = False  # the file says that it builds classes without a static spec

    @property
    def grade(self) -> str:
        if self.skipped:
            return "skipped"
        grades = {check.grade for check in self.checks}
        if "wrong" in grades or self.false or self.missed:
            return "wrong"
        return "unknown" if "unknown" in grades else "right"


def compare(result: Result, facts: Facts, answer: dict[str, Any]) -> None:
    info = answer["info"]
    _compare_init(result, facts, info)
    _compare_definition(result, facts, info)
    elf = Elf(facts.artifact.path)
    _compare_static_types(result, facts, answer, elf)
    _compare_heap_types(result, facts, answer, elf)


def _grade(result: Result, what: str, got: object, expected: object) -> None:
    """None is the file's "I do not know"; anything else must be right."""
    grade = "right" if got == expected else "unknown" if got is None else "wrong"
    result.checks.append(Check(what, got, expected, grade))


def _own_init(facts: Facts, info: dict[str, Any]) -> Init | None:
    """The init function that the interpreter took: a file may have PEP 793's beside the older."""
    export = info["phase"] == "export"
    taken = (init for init in facts.init if init.own and (init.phase == "export") == export)
    return next(taken, facts.own_init)


def _compare_init(result: Result, facts: Facts, info: dict[str, Any]) -> None:
    last = result.name.rpartition(".")[2]
    prefix = "PyModExport_" if info["phase"] == "export" else "PyInit_"
    init = _own_init(facts, info)
    _grade(result, "init symbol", init and init.symbol, prefix + last)
    phase = None if init is None or init.phase in {"unknown", "delegated"} else init.phase
    _grade(result, "phase", phase, info["phase"])


def _compare_definition(result: Result, facts: Facts, info: dict[str, Any]) -> None:
    live = info["definition"]
    init = _own_init(facts, info)
    if live is None and info["phase"] == "export":
        # The module names a token of its own: its array cannot be found from the module.
        own = next((d for d in facts.definitions if d.own), None)
        _grade(result, "token is not the array", own and own.token != own.address, True)
        _grade(result, "m_size", own and own.m_size, info["state"]["size"])
        return
    expected = live and live["link_address"]  # None: made at run time, outside the file
    _grade(result, "definition", init and init.definition, expected)
    address = init and init.definition
    mine: Definition | None = next(
        (d for d in facts.definitions if d.own and d.address == address), None
    )
    if live is None or mine is None:
        return
    _grade(result, "m_name", mine.m_name, live["m_name"])
    _grade(result, "m_size", mine.m_size, live["m_size"])
    methods = [(method["name"], method["flags"]) for method in live["methods"]]
    _grade(result, "methods", [(m.name, m.flags) for m in mine.methods], methods)
    seen = [_slot(slot["id"], slot["value"]) for slot in live["slots"]]
    got = [_slot(slot.id, slot.value) for slot in mine.slots]
    complete = mine.slots_complete or got == seen
    _grade(result, "slots", got if complete else None, seen)
    for hook in ("has_traverse", "has_clear", "has_free"):
        _grade(result, hook, getattr(mine, hook), live[hook])


def _slot(number: int, value: int | None) -> tuple[int, int | None]:
    return (number, value if number in NUMBER_SLOTS else None)


def _compare_static_types(result: Result, facts: Facts, answer: dict[str, Any], elf: "Elf") -> None:
    """A static type is real when the interpreter readied it, or the linker's own symbol table
    has such an object there (some are compiled in and never used). Without a symbol table an
    unused one can be neither proved nor refuted. One that is zero in the file is made by code
    (struct sequences): the file's completeness must admit it."""
    ready = dict(map(tuple, answer["ready"]))
    names = {t.address: t.name for t in facts.types if t.kind == "static"}
    for address, name in names.items():
        if ready.get(address):
            result.real += 1
            continue
        if not elf.symbols:
            result.unproven.append(f"{name} at {address:#x}")
        elif elf.has_type_symbol(address):
            result.never_readied.append(name)
        else:
            result.false.append(f"{name} at {address:#x}")
    live = {t["link_address"]: t["name"] for t in answer["info"]["types"] if t["static"]}
    for address, name in live.items():
        if address not in names:
            kind = result.made_later if elf.is_zero(address) else result.missed
            kind.append(f"{name} at {address:#x}")
    if result.made_later:
        level = facts.completeness.types.level
        _grade(result, "types may be made at run time", level != "full", True)
    for address in set(live) & set(names):
        _grade(result, f"name of the type at {address:#x}", names[address], live[address])


STT_OBJECT = 1
SYMBOLS = {32: "IIIBBH", 64: "IBBHQQ"}
"""The fields of Elf32_Sym and Elf64_Sym (elf(5))."""


class Elf:
    """What the linker says of the file, read without isoview."""

    def __init__(self, path: str) -> None:
        from elftools.elf.elffile import ELFFile

        with open(path, "rb") as stream:
            elf = ELFFile(stream)
            table = elf.get_section_by_name(".symtab")
            fields = ("<" if elf.little_endian else ">") + SYMBOLS[elf.elfclass]
            rows = struct.iter_unpack(fields, table.data()) if table is not None else ()
            if elf.elfclass == 32:
                found = [(value, size, info) for _, value, size, info, _, _ in rows]
            else:
                found = [(value, size, info) for _, info, _, _, value, size in rows]
            self.symbols = [(value, size) for value, size, info in found if info & 15 == STT_OBJECT]
            self._zero = [
                range(section["sh_addr"], section["sh_addr"] + section["sh_size"])
                for section in elf.iter_sections()
                if section["sh_type"] == "SHT_NOBITS" and section.name != ".tbss"
            ]

    def has_type_symbol(self, address: int) -> bool:
        """Whether an object of a type's size, or an array of such, has an element there."""
        # Types of metatypes written in C are longer than PyTypeObject.
        if any(start == address and size >= min(TYPE_SIZES) for start, size in self.symbols):
            return True
        return any(
            start <= address < start + size
            and any(size % unit == 0 and (address - start) % unit == 0 for unit in TYPE_SIZES)
            for start, size in self.symbols
        )

    def may_be_spec(self, address: int) -> bool:
        """Whether nothing speaks against a PyType_Spec (32 bytes, or part of a larger object):
        no symbol table, or a symbol with room for it. Rust and C++ may keep none for constants."""
        spans = [(start, size) for start, size in self.symbols if start <= address < start + size]
        return all(start + size >= address + SPEC_SIZE for start, size in spans)

    def is_zero(self, address: int) -> bool:
        return any(address in span for span in self._zero)


def _compare_heap_types(result: Result, facts: Facts, answer: dict[str, Any], elf: Elf) -> None:
    """Heap types made of the file's own functions come from a spec in it."""
    specs = {t.name.rpartition(".")[2] for t in facts.types if t.kind != "static"}
    live = {name.rpartition(".")[2]: name for name in answer["code_types"]}
    result.specs_right = len(specs & set(live))
    result.specs_missed = [
        live[name] for name in sorted(set(live) - specs) if live[name] not in MADE_BY_HAND
    ]
    reason = facts.completeness.types.reason or ""
    result.built_at_runtime = "run time" in reason and facts.completeness.types.level != "full"
    for entry in facts.types:
        if entry.kind == "spec" and entry.address and not elf.may_be_spec(entry.address):
            result.specs_false.append(f"{entry.name} at {entry.address:#x}")
    every = {t["name"].rpartition(".")[2] for t in answer["info"]["types"]}
    result.specs_unseen = sorted(specs - every)
