"""ISO211."""

from collections.abc import Iterator

from isoview.core_build import is_core_build
from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import deallocating_types, no_specs, place


class DeallocWithoutUntrack(Rule):
    """A collected heap type is torn down while the collector still sees it.

    What it finds
        A heap type directly under `object` with `Py_TPFLAGS_HAVE_GC` and a `tp_dealloc` of
        its own, in a file that never calls `PyObject_GC_UnTrack`. Files that call it
        somewhere are not judged: which function calls it is not read.

    Why it matters
        While `tp_dealloc` drops fields, other code can run and start a collection. The
        collector then walks an object that is half gone.

    How to fix
        C: Begin `tp_dealloc` with `PyObject_GC_UnTrack(self)`, then clear the fields, call
        `type->tp_free(self)`, and give up the reference to the type last.

        Cython: Cython writes this itself; rebuild with a current release.

    Guide
        defining-tp-dealloc
    """

    code = "ISO211"
    name = "dealloc-without-untrack"
    severity = "warning"
    guide = "defining-tp-dealloc"

    def cannot_run(self, facts: Facts) -> str | None:
        if is_core_build(facts):
            return "CPython's own modules untrack objects inline"
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        if "PyObject_GC_UnTrack" in facts.capi.names:
            return
        for entry in deallocating_types(facts):
            if "HAVE_GC" in entry.flag_names:
                yield self.finding(
                    facts,
                    type_subject(entry.name),
                    f"{entry.name} has a tp_dealloc, and nothing in the file calls PyObject_GC_UnTrack",
                    where=place(entry, facts),
                    evidence=entry.evidence,
                )
