"""ISO302."""

from collections.abc import Iterator
from itertools import compress

from isoview.fingerprint import dotted_module, fingerprint, symbol_subject
from isoview.inspectors.facts import Facts, Global
from isoview.inspectors.record import kept
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import keeps_capsule, label, no_globals, place

_PLAIN = frozenset({"buffer", "scalar", "unknown"})
THREAD_LOCAL = (".tdata", ".tbss", "__thread_data", "__thread_bss", ".tls")
_WRITE = "write"
"""Kind of evidence for a write outside the init function, which the code stage finds."""
_UNREAD = "are not read"
"""How the reason ends where the instructions of a processor are not decoded."""
_GUARD = "_ZGV"  # the guard of a static of a C++ function (Itanium ABI)
_IN_INIT, _UNPLACED = "write-init", "write-unplaced"
_NOT_STATICS = (*THREAD_LOCAL, ".got")  # the dynamic linker fills in the global offset table
_LIBRARY_FUNCTIONS = ("_ZSt", "_ZNSt", "_ZNKSt", "_ZN9__gnu_cxx", "_ZN10__cxxabiv1", "_ZN3std",
                      "__cxa_", "__gxx_", "__gcc_", "__deregister_frame", "__register_frame")  # fmt: skip


class MutableStatic(Rule):
    """A C static can change, and it is shared by everything in the process.

    What it finds
        A writable C static of plain C data: a counter, a buffer, a cache, a flag. It is a note as
        long as no write outside the init function is seen, a warning where one is. Tables,
        definitions, types, locks and what compilers and run-time libraries keep are not counted.

    Why it matters
        What one module object or interpreter writes, all others read. Where interpreters have
        their own GIL, or there is none, two threads may write at once.

    How to fix
        C: Make it `const` if it never changes. Move it into the module's state if it belongs to
        the module. If it truly belongs to the process, protect it: with a lock or an atomic, not
        with the GIL.

        Cython: A `cdef` global of a C type stays a C static in every mode. Make it `const`, or an
        attribute of an instance that the module holds.

        pybind11: Static data of C++ is the same: make it `constexpr`, a member of an object that
        Python holds, or guard it with a `std::mutex`.

        nanobind: Static data of C++ is the same: make it `constexpr`, a member of an object that
        Python holds, or guard it with a `std::mutex`.

        PyO3: A `static` with interior mutability (`Mutex`, atomics) is thread-safe in Rust; decide
        whether it is meant to be shared between interpreters, and record that.

    Guide
        managing-global-state
    """

    code = "ISO302"
    name = "mutable-static"
    severity = "warning"
    guide = "managing-global-state"
    sums = True

    def cannot_run(self, facts: Facts) -> str | None:
        return no_globals(facts)

    def sum_of(self, facts: Facts) -> Finding | None:
        plain = list(compress(facts.static_rows, _are_plain(facts)))
        told = [row[5] for row in plain if row[5]]
        if not plain or [one for one in told if len(one) > 1 or one[0][0] != "size"]:
            return None
        return self.finding(
            facts,
            "statics",
            "statics of plain data",
            severity="note",
            confidence="medium",
            count=len(plain),
        )

    def check(self, facts: Facts) -> Iterator[Finding]:
        nothing = "no write seen" if _code_was_read(facts) else "who writes it was not read"
        alike: dict[str, list[Global]] = {}  # statics that a fingerprint does not tell apart
        told: set[str] = set()  # fingerprints of those that something but their size speaks of
        plain = _are_plain(facts)
        for entry in compress(facts.globals, plain) if True in plain else ():
            if symbol := entry.symbol:
                subject = symbol_subject(symbol)
                alike.setdefault(subject, []).append(entry)
                if entry.evidence and not _unwritten(entry):
                    told.add(subject)
            elif (finding := self._told(facts, entry, nothing)) is not None:
                yield finding
        unseen = _Unseen(dotted_module(facts), nothing)
        for subject, statics in alike.items():
            if subject not in told:
                yield unseen.finding(subject, statics)
                continue
            for entry in statics:
                if (finding := self._told(facts, entry, nothing)) is not None:
                    yield finding

    def _told(self, facts: Facts, entry: Global, nothing: str) -> Finding | None:
        """What is found of one static, by all that is known of it."""
        if _unwritten(entry):
            doubt: str | None = nothing
        elif keeps_capsule(entry) or _of_run_time_library(entry):
            return None  # a capsule's table is ISO312's
        else:
            doubt = _doubt(facts, entry) if is_written(entry) else _when_written(entry)
        return self.finding(
            facts,
            symbol_subject(entry.symbol, _subject(doubt, nothing)),
            f"{label(entry)}: {octets(entry.size)} of writable static data, "
            + (doubt or "written outside the init function: decide whether all may share it"),
            where=place(entry),
            evidence=entry.evidence,
            severity="note" if doubt else None,
            confidence="medium" if doubt else "high",
        )


def _are_plain(facts: Facts) -> list[bool]:
    """Which of the statics are plain C data."""
    rows = facts.static_rows
    plain = [row[4] in _PLAIN for row in rows]
    others = {name for name in facts.statics_sections if name.startswith(_NOT_STATICS)}
    # By its name alone a guard is none of these kinds; what the code shows of it can make it one.
    # Few files have any: all their names together are looked through in no time.
    named = "" if facts.stage == "shape" else "\n".join([row[1] or "" for row in rows])
    if others or _GUARD in named:
        return [
            is_plain and row[2] not in others and not (row[1] or "").startswith(_GUARD)
            for is_plain, row in zip(plain, rows, strict=True)
        ]
    return plain


class _Unseen:
    """What is found of nearly all statics, without the detours: there are thousands."""

    def __init__(self, module: str, nothing: str) -> None:
        self._start = fingerprint(MutableStatic.code, module, "")
        self._nothing = nothing
        self._says: dict[int, str] = {}

    def finding(self, subject: str, statics: list[Global]) -> Finding:
        """One finding of all statics with that subject, folded as :mod:`isoview.judge` would."""
        entry = statics[0]
        symbol, size, evidence = entry.symbol, entry.size, entry.evidence
        says = self._says.get(size)
        if says is None:
            says = f": {octets(size)} of writable static data, {self._nothing}"
            self._says[size] = says
        related = tuple([place(other) for other in statics[1:]])
        if related:
            evidence = tuple(dict.fromkeys([item for each in statics for item in each.evidence]))
        return Finding(
            MutableStatic.code,
            MutableStatic.name,
            "note",
            "medium",
            f"{symbol}{says}",
            MutableStatic.guide,
            self._start + subject,
            place(entry),
            evidence,
            len(statics),
            related,
        )


def _subject(doubt: str | None, nothing: str) -> str:
    """What unnamed statics have in common: one finding stands for those of which the same is said."""
    if doubt is None:
        return "written static"
    return "static" if doubt == nothing else f"static {doubt}"


def _code_was_read(facts: Facts) -> bool:
    """Whether "no write seen" rests on the code: not in the first stage, nor on every processor."""
    return facts.stage == "code" and not (facts.completeness.globals.reason or "").endswith(_UNREAD)


def _doubt(facts: Facts, entry: Global) -> str | None:
    """Why a static that is written may be nobody's business; None where it is the module's."""
    symbol = entry.symbol
    if symbol is None and facts.artifact.format == "pe":
        # The C run-time library is part of every DLL, and nothing tells its statics apart.
        return "written outside the init function, maybe by the C run-time library"
    if symbol is not None and symbol.startswith("_ZZ") and f"_ZGV{symbol[2:]}" in _symbols(facts):
        return "set once, under a guard of C++, when its function first runs"
    return None


@kept
def _symbols(facts: Facts) -> frozenset[str | None]:
    return frozenset([row[1] for row in facts.static_rows])


def _when_written(entry: Global) -> str:
    """What is known of a static that nothing was seen to write after initialization."""
    kinds = {evidence.kind for evidence in entry.evidence}
    if _UNPLACED in kinds:
        return "written, and what calls the code that writes was not seen"
    return "written while the module is initialized" if _IN_INIT in kinds else "no write seen"


def _of_run_time_library(entry: Global) -> bool:
    """Nothing but functions of the C++ or Rust library writes it: a copy linked into the file."""
    places = [item.text for item in entry.evidence if item.kind.startswith("write")]
    return bool(places) and all(
        any(f" of {name}" in text for name in _LIBRARY_FUNCTIONS) for text in places
    )


def _unwritten(entry: Global) -> bool:
    """Nothing but its size speaks of it, which is so for most."""
    evidence = entry.evidence
    return not evidence or (len(evidence) == 1 and evidence[0].kind == "size")


def octets(size: int) -> str:
    """``1 byte``, ``8 bytes``."""
    return "1 byte" if size == 1 else f"{size} bytes"


def is_changed(facts: Facts, entry: Global) -> bool:
    """Plain data of the module's own that was seen changing after initialization."""
    if entry.kind not in _PLAIN or not is_written(entry) or _of_run_time_library(entry):
        return False
    return not (entry.symbol is None and facts.artifact.format == "pe")


def is_written(entry: Global) -> bool:
    """A write outside the init function was seen."""
    return any(evidence.kind == _WRITE for evidence in entry.evidence)
