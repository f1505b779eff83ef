"""ISO104."""

from collections.abc import Iterator

from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class SlotExport(Rule):
    """The module is exported as slots, which only Python 3.15 and later read.

    What it finds
        A file that exports `PyModExport_<name>` (PEP 793) and no `PyInit_<name>` beside it.

    Why it matters
        There is no `PyModuleDef`: older interpreters do not find the module at all, and
        functions that need a definition, such as `PyType_GetModuleByDef` and
        `PyState_FindModule`, cannot find it. For isolation it is a good way: there is no
        static definition to share.

    How to fix
        C: Nothing to mend when 3.15 is your oldest version. Otherwise export
        `PyInit_<name>` too, with a `PyModuleDef` whose slots are the same; find the module
        by token (`PyType_GetModuleByToken`).

        PyO3: PyO3 0.29 exports both for version-specific wheels, and only the new one for
        `abi3t`; build a version-specific wheel beside it for older versions.

    Guide
        pep-793-pymodexport
    """

    code = "ISO104"
    name = "slot-export"
    severity = "note"
    guide = "pep-793-pymodexport"

    def check(self, facts: Facts) -> Iterator[Finding]:
        own = [entry for entry in facts.init if entry.own]
        for entry in own:
            if entry.phase == "export" and len(own) == 1:
                yield self.finding(
                    facts,
                    "module",
                    f"{entry.symbol} is the only export: the module loads on 3.15 and later",
                    where=Where(symbol=entry.symbol, address=entry.address),
                )
