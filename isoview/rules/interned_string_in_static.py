"""ISO306."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import label, no_globals, object_sort, object_statics, place


class InternedStringInStatic(Rule):
    """A C static caches an interned string.

    What it finds
        A static that holds nothing but what `PyUnicode_InternFromString` or its relatives
        returned.

    Why it matters
        From 3.12 every interpreter has its own interned strings, and they go when it goes.
        The next interpreter compares names with a string that is not its own, or that no
        longer exists.

    How to fix
        C: Put the strings into the module state, made in the exec function. In code that
        runs seldom, make the string where it is used: interning it again finds the one that
        exists.

        Cython: Build with `-DCYTHON_USE_MODULE_STATE=1` (Cython 3.1 or later).

        PyO3: `intern!` keeps one string per process; use it for names only where one
        interpreter is enough, else pass the `&str`.

    Guide
        enter-per-module-state
    """

    code = "ISO306"
    name = "interned-string-in-static"
    severity = "error"
    guide = "enter-per-module-state"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_globals(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in object_statics(facts):
            if object_sort(entry) == "interned":
                yield self.finding(
                    facts,
                    symbol_subject(entry.symbol, "string"),
                    f"{label(entry)} keeps an interned string for the whole process",
                    where=place(entry),
                    evidence=entry.evidence,
                )
