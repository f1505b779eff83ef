"""ISO307."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import no_symbols, place

_PLAIN = frozenset({"scalar", "unknown"})
_FLAGS = ("initialized", "initialised", "inited", "init_done", "is_init", "_once", "initialized_p")


class InitOnceFlag(Rule):
    """A flag in a static tells whether the module was initialized before.

    What it finds
        A small static that is written while the module initializes and is named as such a
        flag (`initialized`, `init_done`, `once`). Whether work is skipped because of it is
        not read; files without a symbol table are not judged.

    Why it matters
        The second module object finds the flag set. If its init function then skips work,
        that copy is incomplete and nobody is told; the guide asks for either a full
        initialization or an exception.

    How to fix
        C: Do the work for each module object, and keep its results in the module state.
        Where a C library can be set up only once, use `PyMutex` or a once function for that
        part alone; to refuse a second copy, raise `ImportError`.

    Guide
        isolated-module-objects
    """

    code = "ISO307"
    name = "init-once-flag"
    severity = "note"
    guide = "isolated-module-objects"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_symbols(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.stage != "code":  # which finds what is written
            return
        if not any(kind.startswith("write") for kind in facts.statics_evidence):
            return
        for entry in facts.globals:
            name = (entry.symbol or "").lower()
            if (
                entry.kind not in _PLAIN
                or entry.size > 8
                or not name.rstrip("0123456789.").endswith(_FLAGS)
            ):
                continue
            # A library's flag that other code sets says nothing of the module's initialization.
            kinds = {item.kind for item in entry.evidence if item.kind.startswith("write")}
            if "write-init" in kinds or (kinds and "module" in name):
                yield self.finding(
                    facts,
                    symbol_subject(entry.symbol, "flag"),
                    f"{entry.symbol} looks like a flag that the module was initialized before",
                    where=place(entry),
                    evidence=entry.evidence,
                    confidence="low",
                )
