"""ISO808."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import growth
from isoview.rules.behaviour.base import LiveRule, evidence, under


class GrowthPerCycle(LiveRule):
    """Each time the module is made, used and dropped, memory is left behind.

    What it finds
        Growth in allocated blocks or in resident memory between N and 2N cycles, by the lower bound
        of a 95 % interval. What the interpreter itself leaves with every import, a few blocks, is
        not counted.

    Why it matters
        A process that makes and ends interpreters, or loads the module again, grows without end.
        It also means that something of the dropped module is still there, and somebody may use it.

    How to fix
        C: Give the definition `m_traverse`, `m_clear` and `m_free` that cover every field of the
        state, and release there what `Py_mod_exec` allocated. Objects kept in C statics are never
        released: move them into the state.

        Cython: Module state is released only with `CYTHON_USE_MODULE_STATE=1`.

        PyO3: What is kept in statics stays until the process ends.

    Guide
        managing-per-module-state
    """

    code = "ISO808"
    name = "growth-per-cycle"
    severity = "warning"
    guide = "managing-per-module-state"
    experiments = ("lifecycle",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        seen = self.seen(live, growth)
        if seen:
            yield self.finding(
                facts,
                "module",
                f"every cycle leaves {growth(seen[0].outcome)} behind {under(seen)}",
                evidence=evidence(seen, _bounds),
            )


def _bounds(outcome: Mapping[str, Any]) -> str:
    words = []
    for what in ("blocks", "bytes"):
        bounds = outcome[f"{what}_per_cycle"]
        if bounds["low"] is not None:
            words.append(f"{bounds['low']:.0f} to {bounds['high']:.0f} {what} per cycle")
    freed = f"{outcome['types_freed']} of {outcome['types_made']} types freed"
    return "; ".join([*words, freed])
