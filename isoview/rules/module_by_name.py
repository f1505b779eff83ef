"""ISO313."""

from isoview.inspectors.facts import Facts
from isoview.rules.imports import ImportRule

_BY_HAND = frozenset({"C", "C++", "Rust"})


class ModuleByName(ImportRule):
    """A module is looked up by its name.

    What it finds
        Calls that look into `sys.modules`. Which name they are given is not read, so this
        is a hint, and only for modules written by hand.

    Why it matters
        A name leads to the module object that is registered at that moment. If a module
        finds itself that way, a second copy finds the first one and uses its state; a
        borrowed result (`PyImport_AddModule`) can also be freed by another thread.

    How to fix
        C: Functions get their module as `self`, methods with `METH_METHOD` (3.9) their
        defining class, slot methods call `PyType_GetModuleByDef` (3.11). For other modules
        import once in the exec function and keep the result in the module state;
        `PyImport_AddModuleRef` (3.13) returns a reference of your own.

    Guide
        module-state-access-from-functions
    """

    code = "ISO313"
    name = "module-by-name"
    severity = "note"
    guide = "module-state-access-from-functions"
    names = frozenset(
        {
            "PyImport_GetModule",
            "PyImport_AddModule",
            "PyImport_AddModuleObject",
            "PyImport_AddModuleRef",
            "PyImport_GetModuleDict",
        }
    )
    says = "finds whatever module has that name now; the own module must not be found that way"

    def cannot_run(self, facts: Facts) -> str | None:
        if facts.generator not in _BY_HAND:
            return f"{facts.generator} looks up modules of its own that way"
        return None
