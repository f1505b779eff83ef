"""ISO103."""

from collections.abc import Iterator

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class StateWithoutHooks(Rule):
    """The module has state, and the garbage collector cannot see into it.

    What it finds
        A definition with a positive `m_size` that lacks `m_traverse` or `m_clear`. It is a note as
        long as nothing shows that the state holds Python objects: plain C values need no hooks.

    Why it matters
        Objects that are referenced from module state only through C are invisible to the garbage
        collector. A cycle through them (a class in the state, whose methods refer to the module)
        is never freed, so each interpreter or module object that goes away leaves memory behind.

    How to fix
        C: Set `m_traverse` to a function that calls `Py_VISIT` on each object in the state,
        `m_clear` to one that calls `Py_CLEAR` on each, and `m_free` to one that calls the clear
        function. If the state holds plain C data only, record that as the decision.

        Cython: Cython writes the hooks itself when it is compiled with module state
        (`-DCYTHON_USE_MODULE_STATE=1`, Cython 3.1 or later).

        nanobind: The state is one pointer of nanobind's own; nothing to do in the module.

    Guide
        managing-per-module-state
    """

    code = "ISO103"
    name = "state-without-hooks"
    severity = "note"
    guide = "managing-per-module-state"

    def cannot_run(self, facts: Facts) -> str | None:
        definition = facts.own_definition
        if definition is None or definition.m_size is None:
            return facts.completeness.definitions.reason or "the file does not hold the definition"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or (definition.m_size or 0) <= 0:
            return
        missing = [
            hook
            for hook, present in (
                ("m_traverse", definition.has_traverse),
                ("m_clear", definition.has_clear),
            )
            if present is False
        ]
        if missing:
            yield self.finding(
                facts,
                "module",
                f"{definition.m_size} bytes of module state without {' and '.join(missing)}; "
                "needed if the state holds Python objects",
                where=Where(address=definition.address),
                evidence=tuple(
                    Evidence("definition", f"{hook} is not set", definition.address)
                    for hook in missing
                ),
                confidence="medium",
            )
