"""ISO107."""

from collections.abc import Iterator

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule

_PACKAGE = "__init__"
"""No module is imported by this name: the file of a package is initialized by the package's name.
mypyc and tools that give linkers a list of exports add such a function, which jumps to the real one."""


class SeveralInits(Rule):
    """One file holds several modules.

    What it finds
        A file that exports init functions for more than one module name.

    Why it matters
        All modules in one file share its C statics, so a static in any of them is shared by all.
        isoview judges the module that the file is named after; the others are listed among the
        facts.

    How to fix
        C: Several modules in one file are legitimate (PEP 489 describes them) as long as each
        keeps its state in its own module object. If an init function is there by accident, because
        a static library brought it in, hide it: link with a version script or
        `-Wl,--exclude-libs,ALL`.

        Cython: If several .pyx files are linked into one file on purpose, nothing is to be done.

    Guide
        pep-489-multi-phase-initialization
    """

    code = "ISO107"
    name = "several-inits"
    severity = "note"
    guide = "pep-489-multi-phase-initialization"

    def check(self, facts: Facts) -> Iterator[Finding]:
        inits = [entry for entry in facts.init if entry.module != _PACKAGE]
        modules = {entry.module for entry in inits}  # both hooks of one count once
        if len(modules) < 2:
            return
        yield self.finding(
            facts,
            "module",
            f"{len(modules)} modules live in this file and share its C statics",
            where=Where(symbol=inits[0].symbol, address=inits[0].address),
            evidence=tuple(
                Evidence("export", f"exported: {entry.symbol}", entry.address) for entry in inits
            ),
        )
