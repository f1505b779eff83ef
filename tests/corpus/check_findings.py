"""Hold findings of a sample against other readers of the same file.

    python tests/corpus/check_findings.py SAMPLE.jsonl [--draw N --seed S] [--output FILE]

``sample_findings.py`` writes the sample. Each finding is looked at with lief and llvm-objdump, which
isoview does not use, and comes out as ``confirmed``, ``overturned`` or ``open`` (nothing here
decides it). What is checked is what the finding says, not whether one must act on it.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from corpus.other_reader import Line, OtherReader

Found = dict[str, Any]
Outcome = tuple[str, str]
OPEN = ("open", "nothing here decides it")
_AT = re.compile(r"\bat (0x[0-9a-f]+)")
REACH = 4096
"""Bytes behind a static's address that count as its own: a finding does not tell its size."""
_HEAP, _IMMUTABLE, _GC, _CLOSED = 1 << 9, 1 << 8, 1 << 14, 1 << 7
_NEW, _INIT, _FREE, _BASE, _BASES = 65, 60, 74, 48, 49
_STORES = ("mov", "movq", "movl", "movb", "movw", "movups", "movaps", "movdqa", "movdqu", "movhps",
           "movlps", "movlpd", "movsd", "movss", "addl", "addq", "subl", "subq", "incl", "incq", "decl",
           "decq", "orl", "orq", "orb", "andl", "andq", "xchgl", "xchgq", "xchgb", "cmpxchgl",
           "cmpxchgq", "movabs", "vmovdqu", "vmovdqa", "vmovups", "vmovaps", "xaddq", "xaddl",
           "popq", "setne", "sete", "vmovq", "vmovd", "movd", "xorl", "notl", "negl")  # fmt: skip


def yes(fact: bool, says: str) -> Outcome:
    return ("confirmed" if fact else "overturned", says)


# --- imported names, exported names, texts ------------------------------------------------------


def imported(file: OtherReader, entry: Found) -> Outcome:
    names = [text.removeprefix("imports ") for kind, text in entry["ev"] if kind == "import"]
    missing = [name for name in names if name not in file.imports]
    return yes(bool(names) and not missing, f"imports {', '.join(names)}; not there: {missing}")


def texts(file: OtherReader, entry: Found) -> Outcome:
    quoted = [found for _, text in entry["ev"] for found in re.findall(r'text "(.+?)"?\)?$', text)]
    there = [text for text in quoted if text.encode() in file.bytes]
    return yes(bool(quoted) and there == quoted, f"texts in the file's bytes: {there}")


def capsule(file: OtherReader, entry: Found) -> Outcome:
    if "PyCapsule_New" not in file.imports:
        return ("overturned", "PyCapsule_New is not imported")
    named = re.match(r"makes the capsule (.+); no version", entry["msg"])
    return yes(named is None or named[1].encode() in file.bytes, "PyCapsule_New, and the name")


def exports(file: OtherReader, entry: Found) -> Outcome:
    own = {
        name.partition("_")[2]
        for name in file.exports
        if name.startswith(("PyInit", "PyModExport"))
    }
    return yes(len(own) > 1, f"{len(own)} exported init functions")


def single_phase(file: OtherReader, entry: Found) -> Outcome:
    if "PyModuleDef_Init" not in file.imports:
        created = {"PyModule_Create2", "PyModule_Create2TraceRefs"} & file.imports
        by_backend = b"_cffi_backend" in file.bytes and "PyImport_ImportModule" in file.imports
        return yes(bool(created) or by_backend, "no PyModuleDef_Init is imported")
    return OPEN


# --- data ------------------------------------------------------------------------------------------


def _layout(entry: Found) -> int:
    """Bytes that the free-threaded build adds to an object's head."""
    return 16 if re.search(r"\d+t[.-]", str(entry["tag"]) + "-") else 0


def definition_field(file: OtherReader, entry: Found, offset: int) -> int:
    """A word of the PyModuleDef, by its offset in words after its head and m_base."""
    base = 5 * file.word + _layout(entry)
    return file.number(entry["where"][1] + base + offset * file.word, file.word, signed=True)


def m_size(file: OtherReader, entry: Found) -> Outcome:
    return yes(definition_field(file, entry, 2) == -1, "m_size in the definition's data")


def hooks(file: OtherReader, entry: Found) -> Outcome:
    place = entry["where"][1] + 5 * file.word + _layout(entry)
    wanted = [(5, "m_traverse"), (6, "m_clear")]
    named = [at for at, name in wanted if any(name in text for _, text in entry["ev"])]
    empty = all(file.pointer(place + at * file.word) is None for at in named)
    return yes(empty and definition_field(file, entry, 2) > 0, "state without these hooks")


def _slots(file: OtherReader, table: int | None) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    while table is not None and len(found) < 100:
        identifier = file.number(table, 4)
        if identifier == 0:
            break
        found[identifier] = file.pointer(table + file.word)
        table += 2 * file.word
    return found


def module_slots(file: OtherReader, entry: Found) -> Outcome:
    if entry["where"][0]:  # about an init function
        return OPEN
    table = file.pointer(entry["where"][1] + 5 * file.word + _layout(entry) + 4 * file.word)
    slots = _slots(file, table)
    if not slots:
        return OPEN
    value = {3: slots.get(3, slots.get(86)), 4: slots.get(4, slots.get(87))}
    has = {3: bool({3, 86} & set(slots)), 4: bool({4, 87} & set(slots))}
    says = f"slots {sorted(slots)}"
    match entry["rule"]:
        case "ISO111":
            return yes(not has[3], says)
        case "ISO112":
            return yes(has[3] and not value[3], says)
        case "ISO121":
            return yes(not has[4], says)
        case "ISO122":
            return yes(has[4] and not value[4], says)
        case "ISO901":
            return yes(value[3] == 2, f"{says}, value of slot 3: {value[3]}")
    return OPEN


def static_type(file: OtherReader, entry: Found) -> Outcome:
    head = 3 * file.word + _layout(entry)
    at = entry["where"][1]
    name = file.text(file.pointer(at + head))
    flags = file.number(at + head + 18 * file.word, 4)
    said = entry["msg"].partition(" is a static type")[0]
    return yes(name == said and not flags & _HEAP, f"tp_name {name!r}, flags {flags:#x}")


def spec(file: OtherReader, entry: Found) -> Outcome:
    at = entry["where"][1]
    name = file.text(file.pointer(at))
    flags = file.number(at + file.word + 8, 4)
    slots = _slots(file, file.pointer(at + (24 if file.bits == 64 else 16)))
    says = f"spec {name!r}, flags {flags:#x}, slots {sorted(slots)}"
    named = name and name in entry["msg"]
    match entry["rule"]:
        case "ISO203":
            return yes(bool(named and not flags & (_GC | _IMMUTABLE) and _BASE not in slots), says)
        case "ISO206":
            return yes(bool(named and not flags & _IMMUTABLE), says)
        case "ISO207":
            return yes(bool(named and not flags & _CLOSED and not {_NEW, _INIT} & set(slots)), says)
        case "ISO209":
            return yes(bool(named and _FREE in slots), says)
    return made_without_module(file, entry)


def made_without_module(file: OtherReader, entry: Found) -> Outcome:
    makers = set()
    for index in file.naming.get(entry["where"][1], ()):
        for line in file.code[index + 1 : index + 12]:
            name = file.called(line)
            if name and name.startswith("PyType_From"):
                makers.add(name)
                break
    if not makers:
        return OPEN
    untied = makers <= {"PyType_FromSpec", "PyType_FromSpecWithBases"}
    return yes(untied, f"passed to {', '.join(sorted(makers))}")


def thread_local(file: OtherReader, entry: Found) -> Outcome:
    sections = {s.name: s.size for s in file.binary.sections}
    size = sum(
        size for name, size in sections.items() if name in (".tbss", ".tdata") or "__thread" in name
    )
    return yes(size > 0, f"{size} bytes of thread-local sections")


# --- code ------------------------------------------------------------------------------------------


def _is_store(line: Line, static: int) -> bool:
    """An instruction whose last operand is memory within ``REACH`` of ``static``."""
    operands = line.operands.partition("#")[0].strip()
    writes = line.mnemonic in _STORES and operands.endswith("(%rip)")
    return writes and line.target is not None and static <= line.target < static + REACH


def _near(file: OtherReader, at: int, before: int = 40) -> list[Line]:
    index = file.places.get(at)
    return [] if index is None else file.code[max(index - before, 0) : index + 1]


def stored(file: OtherReader, entry: Found) -> Outcome:
    """The evidence's own place: a store to the static, of what the named function returned."""
    static, end = entry["where"][1], entry["where"][1] + REACH
    seen = []
    for kind, text in entry["ev"]:
        at = _AT.search(text)
        if at is None or not file.code or file.bits == 32:
            continue
        lines = _near(file, int(at[1], 16), 120)
        if not lines:
            continue
        names = [file.called(line) for line in lines]
        if kind in ("stored", "capsule"):
            function = re.search(r"(?:result of|object from|filled by) (\w+)", text)
            store = lines[-1].target is not None and _is_store(lines[-1], static)
            if store and (function is None or function[1] in names):
                return ("confirmed", f"stores there what {function[1] if function else '?'} gave")
            if _through_pointer(file, lines, entry) and (function is None or function[1] in names):
                return ("confirmed", "stores through its address what the function gave")
            seen.append(f"{lines[-1].mnemonic} {lines[-1].operands.strip()}")
        elif kind in ("used", "flow"):
            used = re.search(r"passed to (\w+)", text)
            near = any(line.target is not None and static <= line.target < end for line in lines)
            if used and used[1] in names[-1:] and near:
                return ("confirmed", f"loaded and passed to {used[1]}")
            if "reference count" in text and near:
                return ("confirmed", "loaded, and its count changed")
    return ("open", "; ".join(seen) or OPEN[1])


def _through_pointer(file: OtherReader, lines: list[Line], entry: Found) -> bool:
    """A store through a register, after an instruction that names the static or its symbol."""
    store = re.search(r", \(%\w+\)$", lines[-1].operands.strip())
    symbol = entry["where"][0]
    return store is not None and any(
        line.target is not None
        and (line.target == entry["where"][1] or (symbol and file.slots.get(line.target) == symbol))
        for line in lines
    )


def written(file: OtherReader, entry: Found) -> Outcome:
    static = entry["where"][1]
    wanted = [text for kind, text in entry["ev"] if kind.startswith("write")]
    for text in wanted:
        at = _AT.search(text)
        lines = _near(file, int(at[1], 16), 60) if at else []
        if not lines or file.bits == 32:
            continue
        if _is_store(lines[-1], static):
            return ("confirmed", f"{lines[-1].mnemonic} to {lines[-1].target:#x}")
        memory = "(" in lines[-1].operands and lines[-1].mnemonic.startswith(
            (*_STORES, "rep", "stos")
        )
        if memory and any(
            line.target is not None and abs(line.target - static) < 65536 for line in lines
        ):
            return ("confirmed", "stores through its address")
    if wanted or not file.code or file.bits == 32:
        return OPEN
    stores = [
        file.code[i].address for i in file.naming.get(static, ()) if _is_store(file.code[i], static)
    ]
    return yes(not stores, f"no instruction names it and stores: {[hex(at) for at in stores[:3]]}")


CHECKS: dict[str, Callable[[OtherReader, Found], Outcome]] = {
    "ISO101": single_phase, "ISO102": m_size, "ISO103": hooks, "ISO107": exports, "ISO108": texts,
    "ISO111": module_slots, "ISO112": module_slots, "ISO121": module_slots, "ISO122": module_slots,
    "ISO201": static_type, "ISO203": spec, "ISO206": spec, "ISO207": spec, "ISO208": spec,
    "ISO209": spec, "ISO210": imported, "ISO304": imported, "ISO308": imported, "ISO309": imported,
    "ISO301": stored, "ISO302": written, "ISO303": thread_local, "ISO305": imported,
    "ISO306": stored, "ISO307": written, "ISO310": stored, "ISO311": stored, "ISO312": stored,
    "ISO313": imported, "ISO314": imported, "ISO315": imported, "ISO316": imported, "ISO403": spec,
    "ISO501": imported, "ISO502": imported, "ISO504": imported, "ISO601": imported, "ISO603": written,
    "ISO703": texts, "ISO704": texts, "ISO705": capsule, "ISO901": module_slots,
}  # fmt: skip


def check(entry: Found, files: dict[str, OtherReader]) -> Outcome:
    """How one finding fares."""
    how = CHECKS.get(entry["rule"])
    if how is None:
        return ("open", "no check for this rule")
    file = files.get(entry["path"])
    if file is None:
        files.clear()  # one file's code is kept at a time
        file = files[entry["path"]] = OtherReader(entry["path"])
    if entry["where"][1] is None and how not in (
        imported,
        texts,
        exports,
        single_phase,
        thread_local,
        capsule,
    ):
        return ("open", "the finding names no address")
    return how(file, entry)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sample", type=Path)
    parser.add_argument("--draw", type=int, default=0, help="so many at random; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    entries = [json.loads(line) for line in arguments.sample.read_text("utf-8").splitlines()]
    if arguments.draw:
        entries = random.Random(arguments.seed).sample(entries, arguments.draw)
    files: dict[str, OtherReader] = {}
    counts: Counter[tuple[str, str]] = Counter()
    rows = []
    for entry in sorted(entries, key=lambda entry: entry["path"]):
        outcome, says = check(entry, files)
        counts[entry["severity"], outcome] += 1
        rows.append({**entry, "outcome": outcome, "says": says})
        if outcome != "confirmed":
            print(outcome, entry["rule"], Path(entry["path"]).name, entry["msg"][:60], "|", says)
    for (severity, outcome), number in sorted(counts.items()):
        print(f"{severity:8} {outcome:11} {number}")
    if arguments.output:
        lines = (json.dumps(row) + "\n" for row in rows)
        arguments.output.write_text("".join(lines), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
