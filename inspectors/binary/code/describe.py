"""The list of globals with what the code shows: who holds objects, what the others are."""

import re
from bisect import bisect_left, bisect_right
from functools import cached_property

from isoview.inspectors.binary.code.holders import Holder
from isoview.inspectors.binary.code.known import (
    is_cell,
    is_module_state,
    is_vtable,
    object_by_name,
)
from isoview.inspectors.binary.code.statics import PARSER_SIZE, Statics
from isoview.inspectors.binary.code.values import RESULT
from isoview.inspectors.binary.code.wording import Wording
from isoview.inspectors.binary.code.writers import INIT, OUTSIDE, RUNTIME, Writers
from isoview.inspectors.binary.image import Declaration
from isoview.inspectors.facts import Evidence, Global, GlobalKind, SourceLine
from isoview.inspectors.record import replace

EVIDENCE_LIMIT = 6
"""Most pieces of evidence for one static."""
JOIN_GAP = 64
"""Bytes between objects of a Cython module without symbols that belong to one run."""
JOIN_LEAST = 16
"""Fewer words than these are not joined."""
WRITE_LIMIT = 3
_WRITTEN_KINDS = frozenset({"unknown", "scalar", "buffer"})
_CLOSED = frozenset({"type", "definition", "runtime", "lock"})
_CELL_KINDS = frozenset({"unknown", "buffer", "table"})
_TABLES = r"\b(PyType_Slot|PyMethodDef|PyMemberDef|PyGetSetDef|PyModuleDef_Slot|PyType_Spec)\b"
"""Types of tables that CPython reads once, whatever is put into them before."""
_LOCK_MAKERS = frozenset({"PyThread_allocate_lock", "PyThread_create_key", "CreateMutexW"})
_CAPSULES = frozenset({"PyCapsule_Import", "PyCapsule_GetPointer"})
_ALLOCATORS = frozenset({
    "malloc", "calloc", "realloc", "PyMem_Malloc", "PyMem_Calloc", "PyMem_Realloc",
    "PyMem_RawMalloc", "PyMem_RawCalloc", "PyObject_Malloc", "PyObject_Calloc", "_Znwm", "_Znam",
})  # fmt: skip

_SELF_EVIDENT = frozenset({"definition", "table", "runtime"})


class Describer:
    """Makes the new list of globals of one file."""

    def __init__(self, statics: Statics) -> None:
        self.statics = statics
        self.image = statics.image
        self.wording = Wording(statics.functions, statics.record, statics.knowledge.nodes)
        self.cython = any(entry.name == "Cython" for entry in statics.facts.toolchains)
        self.rust = any(entry.name in ("PyO3", "Rust") for entry in statics.facts.toolchains)

    def globals(self) -> tuple[Global, ...]:
        """Every global: those that were known, and those that only code refers to."""
        inside: dict[int, list[Holder]] = {}
        loose: list[Holder] = []
        for holder in self.statics.holders.values():
            owner = self.statics.variable(holder.address)
            if owner is None:
                loose.append(holder)
            else:
                inside.setdefault(owner.address, []).append(holder)
        listed = [
            self._known(entry, inside.get(entry.address, []))
            for entry in self.statics.facts.globals
        ]
        objects = self._loose(sorted(loose, key=lambda holder: holder.address))
        taken = [*listed, *objects]
        everything = sorted((*taken, *self._unnamed(taken)), key=lambda entry: entry.address)
        return self._declared(self._written(everything))

    def _declared(self, entries: tuple[Global, ...]) -> tuple[Global, ...]:
        """The globals with how the sources declare them, where there is debug information."""
        if self.image.load_declarations is None:
            return entries
        path = self.statics.facts.artifact.path
        # Reading debug information costs more than the rest of a small file: not where there is
        # nothing to say but tables and definitions. Once it is read, it is asked about all.
        if all(entry.kind in _SELF_EVIDENT for entry in entries):
            return entries
        found, _ = self.image.load_declarations({entry.address for entry in entries}, path)
        return tuple(
            _with_declaration(entry, found[entry.address]) if entry.address in found else entry
            for entry in entries
        )

    # Those with a name

    def _known(self, entry: Global, holders: list[Holder]) -> Global:
        """A global that was known before, with what its words turned out to be."""
        if entry.kind in _CLOSED and not (holders and _is_misnamed(entry, holders)):
            return entry
        if not holders:
            return self._other(entry)
        words = _words(holders, entry.address + max(entry.size, 8))
        holders = sorted(holders, key=_order)
        evidence = [
            self._evidence(holder, entry.address if entry.size > 8 else None)
            for holder in holders[:EVIDENCE_LIMIT]
        ]
        if is_module_state(entry.symbol):
            evidence.insert(0, Evidence("shape", f"module state of Cython in a static: "
                                        f"{words} of {entry.size // 8} words hold objects"))  # fmt: skip
        elif words > 1:
            evidence.insert(
                0, Evidence("count", f"{words} of {entry.size // 8} words hold objects")
            )
        elif len(holders) == 1:
            evidence = self._all_evidence(holders[0])
        if entry.kind == "table" and entry.evidence and entry.evidence[0].kind == "shape":
            return replace(entry, evidence=(*entry.evidence, *evidence))
        return replace(entry, kind="object", evidence=tuple(evidence))

    def _evidence(self, holder: Holder, base: int | None) -> Evidence:
        prefix = f"+{holder.address - base:#x}: " if base is not None else ""
        if holder.elements > 1:
            prefix += f"{holder.elements} elements, {holder.stride} bytes apart: "
        return self.wording.evidence(holder.reasons[0], holder.address, prefix)

    def _all_evidence(self, holder: Holder) -> list[Evidence]:
        said = [
            self.wording.evidence(reason, holder.address)
            for reason in holder.reasons[:EVIDENCE_LIMIT]
        ]
        return list(dict.fromkeys(said))

    def _other(self, entry: Global) -> Global:
        """A global in which no object was seen."""
        record = self.statics.record
        if entry.address in record.caches:
            return replace(entry, kind="runtime", evidence=(self._cache(entry.address),))
        lock = record.locks.get(entry.address)
        if lock is not None:
            text = f"passed to {lock.name} at {self.wording.place(lock.at)}"
            return replace(entry, kind="lock", evidence=(Evidence("used", text, lock.at),))
        if self.rust and entry.kind in _CELL_KINDS and is_cell(entry, self.statics.facts):
            text = "a cell of PyO3, by its name: it may be empty until its first use, then it holds an object"
            return replace(entry, kind="object", evidence=(Evidence("name", text),))
        known = object_by_name(entry.symbol) if entry.symbol else None
        if known is not None:
            return replace(entry, kind="object", evidence=(Evidence("name", known),))
        if entry.kind in _WRITTEN_KINDS and entry.symbol and is_vtable(entry.symbol):
            text = "a table of a class's functions, by its name"
            return replace(entry, kind="table", evidence=(Evidence("name", text),))
        if entry.kind == "unknown" and self._is_empty_table(entry.address, entry.size):
            text = "an empty slot table: a PyType_Spec of the file points to it"
            return replace(entry, kind="table", evidence=(Evidence("data", text),))
        kind, evidence = self._by_contents(entry.address)
        if evidence is not None and entry.kind in _WRITTEN_KINDS:
            return replace(entry, kind=kind or entry.kind, evidence=(*entry.evidence, evidence))
        return entry

    def _cache(self, address: int) -> Evidence:
        reason = self.statics.record.caches[address]
        text = f"_PyArg_Parser passed to {reason.name}: CPython looks after what it keeps"
        return Evidence("used", text, reason.at)

    def _by_contents(self, address: int) -> tuple[GlobalKind | None, Evidence | None]:
        """What a word is by the result of the function that is stored there."""
        reason = self.statics.record.contrary.get(address)
        if reason is None or reason.kind != RESULT:
            return None, None
        text = f"result of {reason.name} stored at {self.wording.place(reason.at)}"
        if reason.name in _LOCK_MAKERS:
            return "lock", Evidence("used", text, reason.at)
        if reason.name in _CAPSULES:
            if reason.function in self.statics.record.capsule_makers:
                text += ", by a function that makes a capsule as well"
                return None, Evidence("own-capsule", text, reason.at)
            return None, Evidence("capsule", text, reason.at)
        if reason.name in _ALLOCATORS:
            return "buffer", Evidence("allocated", text, reason.at)
        return None, None

    def _is_empty_table(self, address: int, size: int) -> bool:
        """Whether a PyType_Spec (name, two sizes, flags, slots) has ``address`` for its slots."""
        if size % 16 or any(self.image.read(address, size)):
            return False
        return address in self._spec_slots

    @cached_property
    def _spec_slots(self) -> frozenset[int]:
        offset = self.statics.layout.spec_slots
        pointers = self.image.pointers
        return frozenset(
            target
            for slot, target in pointers.items()
            if slot - offset in pointers
            and self.image.cstring(pointers[slot - offset]) is not None
            and slot - offset + 8 not in pointers
        )

    # Those without

    def _loose(self, holders: list[Holder]) -> list[Global]:
        """Holders outside of every named static."""
        runs: list[list[Holder]] = []
        for holder in holders:
            end = runs[-1][-1].address + runs[-1][-1].elements * runs[-1][-1].stride if runs else 0
            if runs and holder.address < end:
                continue
            if runs and self.cython and holder.address - end <= JOIN_GAP:
                runs[-1].append(holder)
            else:
                runs.append([holder])
        found: list[Global] = []
        for run in runs:
            words = _words(run, 1 << 64)
            if len(run) > 1 and words >= JOIN_LEAST:
                found.append(self._run(run, words))
            else:
                found += [self._single(holder) for holder in run]
        return found

    def _run(self, run: list[Holder], words: int) -> Global:
        first, last = run[0].address, run[-1].address + run[-1].elements * run[-1].stride
        text = (
            f"{words} of {(last - first) // 8} words in a row hold objects: "
            "Cython's module state, or its constants"
        )
        evidence = [Evidence("count", text)]
        evidence += [self._evidence(h, first) for h in sorted(run, key=_order)[:EVIDENCE_LIMIT]]
        return Global(first, None, self._section(first), last - first, "object", tuple(evidence))

    def _single(self, holder: Holder) -> Global:
        size = holder.elements * holder.stride
        evidence = self._all_evidence(holder)
        if holder.elements > 1:
            evidence.insert(0, Evidence("count", f"an array of {holder.elements} elements"))
        section = self._section(holder.address)
        return Global(holder.address, None, section, size, "object", tuple(evidence))

    def _section(self, address: int) -> str:
        region = self.image.region_at(address)
        return region.name if region is not None else ""

    def _unnamed(self, taken: list[Global]) -> list[Global]:
        """Statics that only code tells of: what it refers to, outside of all that is listed."""
        spans = sorted((entry.address, entry.address + max(entry.size, 1)) for entry in taken)
        lows = [low for low, _ in spans]
        record = self.statics.record
        touched = [
            address for address in sorted(record.touched) if self._free(address, spans, lows)
        ]
        found = []
        for index, address in enumerate(touched):
            region = self.image.region_at(address)
            if region is None:
                continue
            following = (
                touched[index + 1] if index + 1 < len(touched) else region.address + region.size
            )
            at = bisect_right(lows, address)
            if at < len(lows):
                following = min(following, lows[at])
            width = record.narrow.get(address)
            room = following - address
            size = width if width is not None and width < 8 else min(room, 8) if width else room
            found.append(self._unnamed_static(address, size, region.name))
        return found

    @staticmethod
    def _free(address: int, spans: list[tuple[int, int]], lows: list[int]) -> bool:
        index = bisect_right(lows, address) - 1
        return index < 0 or address >= spans[index][1]

    def _unnamed_static(self, address: int, size: int, section: str) -> Global:
        if self.statics.cached(address):
            cache = max(start for start in self.statics.record.caches if start <= address)
            size = PARSER_SIZE if cache == address else size
            return Global(address, None, section, size, "runtime", (self._cache(cache),))
        kind: GlobalKind = "unknown"
        evidence: tuple[Evidence, ...] = ()
        words = range(address + -address % 8, min(address + max(size, 1), address + 4096), 8)
        filled = sum(word in self.image.pointers or word in self.image.imports_at for word in words)
        if filled:
            kind = "table"
            evidence = (Evidence("data", f"starts out with {filled} addresses"),)
            if self.image.pointers.get(address) == address:
                kind, evidence = (
                    "runtime",
                    (Evidence("data", "points to itself: the file's handle"),),
                )
        elif size < self.image.word_size:
            kind = "scalar"
            evidence = (Evidence("size", f"read or written as {size} bytes"),)
        elif size > 8 * self.image.word_size:
            kind = "buffer"
            evidence = (
                Evidence("size", f"{size} bytes until the next static that code refers to"),
            )
        return self._other(Global(address, None, section, size, kind, evidence))

    # Who writes

    def _written(self, entries: list[Global]) -> tuple[Global, ...]:
        """The globals of plain data with who writes them."""
        writes = self.statics.record.writes
        ordered = sorted(writes)
        by_entry: dict[int, dict[int, int]] = {}
        for entry in entries:
            if entry.kind not in _WRITTEN_KINDS:
                continue
            low = bisect_left(ordered, entry.address)
            high = bisect_left(ordered, entry.address + max(entry.size, 1))
            found: dict[int, int] = {}
            for address in ordered[low:high]:
                for function, at in writes[address].items():
                    found.setdefault(function, at)
            if found:
                by_entry[entry.address] = found
        wanted = {function for found in by_entry.values() for function in found}
        if not wanted:
            return tuple(entries)
        writers = Writers(
            self.image,
            self.statics.facts,
            self.statics.functions,
            wanted,
            self.statics.record.constructors,
            self.statics.scene,
        )
        return tuple(
            self._with_writers(entry, by_entry[entry.address], writers)
            if entry.address in by_entry
            else entry
            for entry in entries
        )

    def _with_writers(self, entry: Global, found: dict[int, int], writers: Writers) -> Global:
        sorts: dict[str, list[tuple[int, int]]] = {}
        for function, at in sorted(found.items(), key=lambda pair: pair[1]):
            sorts.setdefault(writers.sort(function), []).append((function, at))
        if set(sorts) == {RUNTIME}:
            text = "written only by what the compiler's library runs at load and unload"
            return replace(entry, kind="runtime", evidence=(Evidence("write-end", text),))
        evidence = list(entry.evidence)
        if OUTSIDE in sorts:
            evidence += [self._write("write", "", *pair) for pair in sorts[OUTSIDE][:WRITE_LIMIT]]
        elif set(sorts) == {INIT}:
            text = "only by init code: "
            evidence += [self._write("write-init", text, *p) for p in sorts[INIT][:WRITE_LIMIT]]
        else:
            text = "by code that nothing was seen to call: "
            rest = [pair for sort, pairs in sorts.items() if sort != INIT for pair in pairs]
            evidence += [self._write("write-unplaced", text, *p) for p in rest[:WRITE_LIMIT]]
        return replace(entry, evidence=tuple(evidence))

    def _write(self, kind: str, how: str, function: int, at: int) -> Evidence:
        name = self.statics.functions.names.get(function)
        return Evidence(kind, f"written {how}at {self.wording.place(at)}", at, name)


def _with_declaration(entry: Global, declared: Declaration) -> Global:
    where = SourceLine(declared.file, declared.line or 0) if declared.file else None
    kind = entry.kind
    if declared.objects and kind in _WRITTEN_KINDS:
        kind = "object"
    elif re.search(_TABLES, declared.type) and kind not in _CLOSED:
        kind = "table"
    evidence = Evidence("declared", f"declared as {declared.type}", entry.address)
    return replace(entry, kind=kind, source=where, evidence=(*entry.evidence, evidence))


def _is_misnamed(entry: Global, holders: list[Holder]) -> bool:
    """Whether a static is called a lock, and an object was seen being put there: a lock of Python's."""
    named = entry.kind == "lock" and entry.evidence[0].kind == "name"
    return named and any(holder.grade == "strong" for holder in holders)


def _words(holders: list[Holder], end: int) -> int:
    """How many words below ``end`` hold objects; elements of arrays may be listed twice."""
    found = {
        holder.address + n * holder.stride for holder in holders for n in range(holder.elements)
    }
    return sum(address < end for address in found)


def _order(holder: Holder) -> tuple[int, int]:
    return ("strong", "medium", "weak").index(holder.grade), holder.address
