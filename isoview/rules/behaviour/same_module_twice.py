"""ISO801."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.behaviour.base import LiveRule, evidence, under


class SameModuleTwice(LiveRule):
    """A second import gives the same module object.

    What it finds
        A module that hands out its first module object again when it is imported a second time,
        although it is no longer in `sys.modules`.

    Why it matters
        Code that asks for a fresh module gets the used one, with everything the first user changed
        in it. Tests that reload it test nothing, and dropping it frees nothing: whoever cached it
        keeps it for as long as the process lives.

    How to fix
        C: Do not keep the module object in a C static. With multi-phase initialization create it
        anew whenever asked, and keep what it needs in its module state.

        Cython: Define `CYTHON_USE_MODULE_STATE=1` for the C compiler (Cython 3.1 or later); without
        it the generated code returns the one module object it knows.

        pybind11: From 3.0 on the module is cached for each interpreter on purpose. There is no
        switch; record the decision if one object per interpreter is enough for you.

        PyO3: Up to 0.27 `#[pymodule]` keeps the module in a static. Rebuild with 0.28 or later,
        which makes a new module object; its classes stay shared.

        mypyc: The generated init function returns the module it made first; no option changes that.

    Guide
        isolated-module-objects
    """

    code = "ISO801"
    name = "same-module-twice"
    severity = "warning"
    guide = "isolated-module-objects"
    experiments = ("twice",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        seen = self.seen(live, lambda outcome: outcome.get("same_module"))
        if seen:
            yield self.finding(
                facts,
                "module",
                f"a second import gave the same module object {under(seen)}",
                evidence=evidence(seen, "the same module object"),
            )
