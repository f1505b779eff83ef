"""ISO302."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts, Global
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import keeps_capsule, no_globals, place

_PLAIN = frozenset({"buffer", "scalar", "unknown"})
THREAD_LOCAL = (".tdata", ".tbss", "__thread_data", "__thread_bss", ".tls")
_WRITE = "write"
"""Kind of evidence for a write outside the init function, which the code stage finds."""


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

    def cannot_run(self, facts: Facts) -> str | None:
        return no_globals(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in facts.globals:
            if entry.kind not in _PLAIN or entry.section.startswith(THREAD_LOCAL):
                continue
            if keeps_capsule(entry):  # ISO312 speaks about it
                continue
            written = is_written(entry)
            label = entry.symbol or f"an unnamed static in {entry.section}"
            yield self.finding(
                facts,
                symbol_subject(entry.symbol, "static"),
                f"{label}: {entry.size} bytes of writable static data"
                + (", written outside the init function" if written else ", no write seen"),
                where=place(entry),
                evidence=entry.evidence,
                severity=None if written else "note",
                confidence="high" if written else "medium",
            )


def is_written(entry: Global) -> bool:
    """A write outside the init function was seen."""
    return any(evidence.kind == _WRITE for evidence in entry.evidence)
