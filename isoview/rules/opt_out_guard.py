"""ISO108."""

from collections.abc import Iterator

from isoview.guards import OPT_OUT, opt_out
from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class OptOutGuard(Rule):
    """The module refuses to be loaded a second time, and says so.

    What it finds
        The message that the guide proposes for modules which cannot be isolated yet: "cannot load
        module more than once per process".

    Why it matters
        The module knows that it is not isolated and fails cleanly instead of corrupting memory.
        That is the documented way out, and an honest one. It also means that only one module
        object can exist: no second interpreter in the process can use the module, and no test can
        import it afresh.

    How to fix
        C: Nothing has to be done. When the last static is gone (see the other findings), remove
        the check and declare `Py_mod_multiple_interpreters`. Until then, reset the flag in
        `m_clear` or `m_free` if the module can be loaded again after it was unloaded.

    Guide
        opt-out-limiting-to-one-module-object-per-process
    """

    code = "ISO108"
    name = "opt-out-guard"
    severity = "note"
    guide = "opt-out-limiting-to-one-module-object-per-process"

    def check(self, facts: Facts) -> Iterator[Finding]:
        guards = opt_out(facts)
        if guards:
            yield self.finding(
                facts,
                "module",
                f'the module limits itself to one module object per process ("{OPT_OUT}")',
                where=Where(address=guards[0].address),
                evidence=guards,
            )
