"""ISO105."""

from collections.abc import Iterator

from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class RunTimeDefinition(Rule):
    """The module's definition is put together while the program runs.

    What it finds
        An init function whose definition is not in the file: it is allocated or filled in by code,
        by the module itself or by another module that makes it.

    Why it matters
        Nothing is wrong with the module. What it declares (its state size, its slots, its methods)
        cannot be read off the file, so every statement that rests on the declaration is unknown
        here rather than good or bad.

    How to fix
        C: Where nothing stands against it, make the definition a `static PyModuleDef` with
        constant slots: it can then be checked without running it. Otherwise run
        `isoview live MODULE --only info`, which asks a running interpreter.

    Guide
        managing-per-module-state
    """

    code = "ISO105"
    name = "run-time-definition"
    severity = "note"
    guide = "managing-per-module-state"

    def cannot_run(self, facts: Facts) -> str | None:
        return None if facts.own_init else "no init function belongs to the file's name"

    def check(self, facts: Facts) -> Iterator[Finding]:
        init, definition = facts.own_init, facts.own_definition
        if init is None or (definition is not None and definition.origin == "static"):
            return
        reason = init.reason or facts.completeness.definitions.reason
        yield self.finding(
            facts,
            "module",
            "the definition is not in the file: " + (reason or "it is built at run time"),
            where=Where(symbol=init.symbol, address=init.address),
            confidence="medium",
        )
