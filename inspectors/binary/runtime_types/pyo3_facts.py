"""PyO3's classes, functions, exceptions, submodules and cells, as facts."""

from isoview.inspectors.binary.names import TYPE_SLOTS
from isoview.inspectors.binary.runtime_types import pyo3_calls, pyo3_data
from isoview.inspectors.binary.runtime_types.pyo3 import BuiltClass, Classes, find_classes
from isoview.inspectors.binary.runtime_types.shared import Code, classes_read
from isoview.inspectors.facts import Completeness, Evidence, Facts, Item, NameTable, Type
from isoview.inspectors.record import replace

_OBJECT = "PyBaseObject_Type"
# With PyO3's feature multiple-pymethods the methods of each block are put into a list at load.
_UNTOLD = (
    "which of them exist after import, which are frozen, and what second #[pymethods] blocks add, "
    "shows live"
)


def add_pyo3(code: Code, facts: Facts) -> Facts:
    """``facts`` with what PyO3's code and data say."""
    own = facts.own_init
    classes = find_classes(code, own.module if own else None)
    types = _types(classes)
    creators = {entry.creator.start for entry in classes.found}
    return replace(
        facts,
        types=(*facts.types, *types),
        tables=(*facts.tables, *_tables(code, facts, classes)),
        cells=pyo3_data.cells(code.image, len(creators)),
        guards=_guards(code, facts),
        completeness=_completeness(facts, classes, types),
    )


def _types(classes: Classes) -> tuple[Type, ...]:
    """The classes with a name, each once: a creator can be compiled into several places."""
    names = {
        entry.creator.start: name
        for entry in classes.found
        if (name := _full_name(entry)) is not None
    }
    found: dict[tuple[object, ...], Type] = {}
    for entry in classes.found:
        name = names.get(entry.creator.start)
        if name is None:
            continue
        made = _type(entry, name, names)
        # Two classes of one module may have one name; two copies of one creator say the same.
        key = (name, made.base, made.basicsize, made.methods, made.getters, made.slots_set)
        found.setdefault(key, made)
    return tuple(sorted(found.values(), key=lambda made: (made.name, made.basicsize or 0)))


def _full_name(entry: BuiltClass) -> str | None:
    if entry.name is None:
        return None
    if entry.module is not None:
        return f"{entry.module.text}.{entry.name.text}"
    return f"builtins.{entry.name.text}" if entry.in_builtins else entry.name.text


def _type(entry: BuiltClass, name: str, names: dict[int, str]) -> Type:
    slots = entry.items.slots if entry.items else ()
    flags = []
    if entry.subclassable:
        flags.append("BASETYPE")
    if 71 in slots:  # a traverse function: PyO3 sets Py_TPFLAGS_HAVE_GC with it
        flags.append("HAVE_GC")
    base = _base(entry, names)
    text = f"create_type_object at {entry.creator.start:#x} makes it"
    return Type(
        address=None,
        name=name,
        kind="built",
        base=base,
        basicsize=entry.basicsize,
        flag_names=tuple(flags),
        slots_set=tuple(TYPE_SLOTS.get(n, f"slot {n}") for n in slots),
        module_tied=False,  # PyType_FromSpec takes no module
        completed_at_runtime=True,
        methods=entry.items.methods if entry.items else (),
        evidence=(Evidence("call", text, entry.site, entry.creator.name),),
        doc=entry.doc,
        getters=entry.items.getters if entry.items else (),
        subclassable=entry.subclassable,
        has_dict=_own(entry.has_dict, base),
        has_weakrefs=_own(entry.has_weakrefs, base),
    )


def _own(has: bool | None, base: str | None) -> bool | None:
    """A class without one of its own may inherit it from a base other than ``object``."""
    return has if has or base == "object" else None


def _base(entry: BuiltClass, names: dict[int, str]) -> str | None:
    if isinstance(entry.base, str):
        return "object" if entry.base == _OBJECT else entry.base
    if isinstance(entry.base, tuple):
        return str(entry.base[1])  # ("import", "PyExc_...")
    return names.get(entry.base_creator) if entry.base_creator is not None else None


def _tables(code: Code, facts: Facts, classes: Classes) -> list[NameTable]:
    found: list[NameTable] = []
    # Without the classes' own tables their methods could not be told from functions.
    if all(entry.items is not None for entry in classes.found):
        taken = [place for entry in classes.found if entry.items for place in entry.items.tables]
        names = tuple(method.name for method in pyo3_data.functions(code.image, taken))
        if names:
            found.append(NameTable("functions", "PyO3", names, False))
    raised = pyo3_calls.exceptions(code)
    if raised:
        found.append(NameTable("exceptions", "PyO3", raised, False))
    submodules = tuple(
        entry.m_name for entry in facts.definitions if entry.m_name and entry.own is False
    )
    if submodules:
        found.append(NameTable("submodules", "PyO3", submodules, False))
    return found


def _guards(code: Code, facts: Facts) -> tuple[Evidence, ...]:
    if not any(guard.kind == "generator-guard" for guard in facts.guards):
        return facts.guards
    version = next((t.version for t in facts.toolchains if t.name == "PyO3"), None)
    submodules = len(facts.definitions) - 1  # each has an init function as well, unless told not to
    starts = [facts.own_init.address] if facts.own_init and facts.own_init.address else []
    if facts.own_definition is not None:
        starts += [s.function for s in facts.own_definition.slots if isinstance(s.function, int)]
    reach = pyo3_calls.guard_reach(code, starts, version, submodules)
    return (*facts.guards, reach) if reach is not None else facts.guards


def _completeness(facts: Facts, classes: Classes, types: tuple[Type, ...]) -> Completeness:
    nameless = sum(entry.name is None for entry in classes.found)
    if not classes.found and not classes.builders:
        if facts.completeness.types.level == "partial" and not _makes_types(facts):
            return replace(facts.completeness, types=Item("full"))
        return facts.completeness
    reason = f"{classes_read(len(types), 'PyO3')}; {_UNTOLD}"
    if nameless:
        reason += f"; {nameless} more have no name in the code"
    if classes.unread:
        reason += f"; {classes.unread} more were not read: the budget was reached"
    return replace(facts.completeness, types=Item("partial", reason))


def _makes_types(facts: Facts) -> bool:
    """Whether the file imports any function that makes types."""
    return any(name.startswith(("PyType_From", "PyType_Ready")) for name in facts.capi.imports)
