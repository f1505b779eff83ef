"""Capsules: the names under which a module offers C functions to others, or takes theirs.

The name is an argument of the call: the second of ``PyCapsule_New``, the first of
``PyCapsule_Import``. Where it comes in as an argument of the function around the call (Cython's and
mypyc's helpers), the callers of that function are asked, once. A name is what a module path can be,
or a plain word (the Arrow and DLPack protocols); Cython also uses the C signature of a function as
a name, which says nothing about who shares it. A capsule without a name (NumPy's table) is found
by the attribute that it becomes.
"""

import re
from collections.abc import Iterator

from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import Value
from isoview.inspectors.binary.runtime_types.tracker import Site
from isoview.inspectors.facts import Capsule

_GIVERS = frozenset({
    "PyDict_SetItemString", "PyModule_AddObject", "PyModule_AddObjectRef", "PyModule_Add",
    "PyObject_SetAttrString",
})  # fmt: skip
"""Called with an owner, a name and a value."""
FUNCTIONS = {"PyCapsule_Import": ("imported", 0), "PyCapsule_New": ("published", 1)}
_NAME = re.compile(r"[A-Za-z_][\w.]*\Z")
_NUMPYS = (b"_ARRAY_API", b"_UFUNC_API")
_NAME_LIMIT = 300


def find_capsules(code: Code) -> tuple[Capsule, ...]:
    """Every capsule whose name the code shows, each name and role once."""
    found: dict[tuple[str, str], Capsule] = {}
    for function, (role, argument) in FUNCTIONS.items():
        if function not in code.image.imported:
            continue
        sites = code.callers_of_import((function,))
        helpers: dict[int, int] = {}  # function that passes an argument on: which one
        _read(code, sites, argument, role, found, helpers)
        for helper, number in helpers.items():
            _read(code, code.calls.sites_of((helper,)), number, role, found, {})
    for table in _numpys(code):
        if (table.name, "published") not in found:
            found.setdefault((table.name, table.role), table)
    return tuple(found[key] for key in sorted(found))


def _read(
    code: Code,
    sites: list[int],
    argument: int,
    role: str,
    found: dict[tuple[str, str], Capsule],
    helpers: dict[int, int],
) -> None:
    """Names at ``sites``; functions that only pass the name on are added to ``helpers``."""
    wanted = set(sites)
    done: set[int] = set()
    for address in sites:
        function = code.functions.containing(address)
        if function is None or function.start in done:
            continue
        done.add(function.start)
        decoded = code.decode(function)
        nameless: set[int] = set()
        for site in code.tracker.sites(function.start, function.end, decoded or ()):
            if nameless:
                given = _given_to(code, site, nameless)
                if given is not None:
                    found.setdefault((given, role), Capsule(given, role, site.address))
            if site.address not in wanted or argument >= len(code.machine.arguments):
                continue
            value = site.state.registers.get(code.machine.arguments[argument])
            if value == 0 and role == "published":
                nameless.add(site.address)
                continue
            if isinstance(value, tuple) and value[0] == "argument":
                helpers[function.start] = value[1]
                continue
            name = _name(code, value)
            if name is not None:
                found.setdefault((name, role), Capsule(name, role, site.address))


def _given_to(code: Code, site: Site, nameless: set[int]) -> str | None:
    """The name under which a capsule without one is put into a module, or its dictionary."""
    target = code.stub(site.target) if isinstance(site.target, int) else site.target
    if target not in _GIVERS or len(code.machine.arguments) < 3:
        return None
    value = site.state.registers.get(code.machine.arguments[2])
    if not isinstance(value, tuple) or value[0] != "result" or value[1] not in nameless:
        return None
    return _name(code, site.state.registers.get(code.machine.arguments[1]))


def _name(code: Code, value: Value | None) -> str | None:
    if not isinstance(value, int) or code.image.in_code(value):
        return None
    text = code.image.cstring(value, _NAME_LIMIT)
    return text if text is not None and _NAME.match(text) else None


def _numpys(code: Code) -> Iterator[Capsule]:
    """NumPy's tables: users take the attribute and ask for a nameless capsule."""
    if "PyCapsule_GetPointer" not in code.image.imported:
        return
    for region in code.image.regions:
        if region.executable or region.writable or region.zero_fill:
            continue
        data = code.image.read(region.address, region.size)
        for name in _NUMPYS:
            at = data.find(b"\0%b\0" % name)
            if at >= 0:
                yield Capsule(name.decode(), "imported", region.address + at + 1)
