"""ISO905."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.claims import GIL_NOT_USED, gil
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import turned_gil_on
from isoview.rules.behaviour.base import LiveRule, evidence, under


class GilClaimBroken(LiveRule):
    """The module declares that it runs without the GIL, and its import turned the GIL on.

    What it finds
        `Py_mod_gil` with the value `Py_MOD_GIL_NOT_USED` in the file, and a free-threaded interpreter
        that turned the GIL on for this very module.

    Why it matters
        The declaration did not reach the interpreter: a slot in another definition than the one that
        the init function returns, or a submodule that does not declare it.

    How to fix
        C: Put the slot into the definition that the init function returns, and into that of every
        submodule that it makes itself.

    Guide
        managing-global-state
    """

    code = "ISO905"
    name = "gil-claim-broken"
    severity = "error"
    guide = "managing-global-state"
    experiments = ("free-threaded",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        if gil(facts) != GIL_NOT_USED:
            return
        seen = self.seen(
            live,
            lambda outcome: (
                turned_gil_on(outcome)
                and outcome.get("turned_on_by") in {None, outcome.get("module")}
            ),
        )
        if seen:
            yield self.finding(
                facts,
                "module",
                f"GIL not used is declared, yet importing it turned the GIL on {under(seen)}",
                evidence=evidence(seen, "the GIL was off before, and on after"),
            )
