"""ISO811."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import fell_back
from isoview.rules.behaviour.base import LiveRule, evidence, under


class SilentFallback(LiveRule):
    """In a sub-interpreter its package quietly uses pure Python instead of this module.

    What it finds
        A Python module that imports the extension under `try`, gets it in the main interpreter, and
        goes on without it in a sub-interpreter, where the import fails.

    Why it matters
        Nothing fails, and nobody is told: the same program is slower by a large factor, or behaves
        differently in corners, depending on the interpreter that it runs in.

    How to fix
        C: Make the extension load in sub-interpreters. Until it does, have the package tell which
        implementation it uses, or warn when the extension is there and refuses.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO811"
    name = "silent-fallback"
    severity = "warning"
    guide = "making-modules-safe-with-multiple-interpreters"
    experiments = ("fallback",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        seen = self.seen(live, fell_back)
        if seen:
            users = ", ".join(seen[0].outcome["users"])
            yield self.finding(
                facts,
                "module",
                f"in a sub-interpreter {users} goes on without it, in pure Python, {under(seen)}",
                evidence=evidence(seen, lambda outcome: f"main: extension, sub: {outcome['sub']}"),
            )
