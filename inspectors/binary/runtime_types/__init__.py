"""Classes that generators build at run time, read from the code and the data that build them.

One idea serves PyO3, pybind11 and nanobind: a class is made by one library function that is called
once for each class with constants; so the function is looked for, then its calls, then what is
passed. Boost.Python's classes are read the same way. cffi, SWIG, SIP and f2py keep tables in data,
Shiboken specs. Capsules are found the same way. A file without any of
these costs nothing here.
"""

from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.image import Image
from isoview.inspectors.facts import Facts
from isoview.inspectors.record import replace

_IN_CODE = ("PyO3", "pybind11", "nanobind", "Boost.Python")

_IN_TABLES = frozenset({"SIP", "Shiboken", "f2py"})


def add_built_types(
    image: Image, facts: Facts, functions: Functions, limit: int
) -> tuple[Facts, int, bool]:
    """``facts`` with the classes and tables of its generators; how many instructions were read, and
    whether ``limit`` of them was too few.
    """
    names = [toolchain.name for toolchain in facts.toolchains]
    facts = _add_tables(image, facts, names)
    shares = any(name.startswith("PyCapsule_") for name in facts.capi.imports)
    if not shares and not any(name in _IN_CODE for name in names):
        return facts, 0, False
    from isoview.inspectors.binary.runtime_types.shared import open_code

    code = open_code(image, functions, limit)
    if code is None:
        return facts, 0, False
    if "PyO3" in names:
        from isoview.inspectors.binary.runtime_types.pyo3_facts import add_pyo3

        facts = add_pyo3(code, facts)
    for generator in ("nanobind", "pybind11"):
        if generator in names:
            from isoview.inspectors.binary.runtime_types.records_facts import add_records

            facts = add_records(code, facts, generator)
            break
    if "Boost.Python" in names:
        from isoview.inspectors.binary.runtime_types.records_facts import add_boost

        facts = add_boost(code, facts)
    if shares:
        from isoview.inspectors.binary.runtime_types.capsules import find_capsules

        facts = replace(facts, capsules=find_capsules(code))
    return facts, code.read, code.refused > 0


def _add_tables(image: Image, facts: Facts, names: list[str]) -> Facts:
    """Tables in data, of any processor."""
    if "cffi" in names:
        from isoview.inspectors.binary.runtime_types.cffi import cffi_tables

        facts = replace(facts, tables=(*facts.tables, *cffi_tables(image)))
    if "SWIG" in names:
        from isoview.inspectors.binary.runtime_types.swig import swig_tables

        facts = replace(facts, tables=(*facts.tables, *swig_tables(image)))
    if not _IN_TABLES.isdisjoint(names):
        from isoview.inspectors.binary.runtime_types.table_facts import add_tables

        facts = add_tables(image, facts, names)
    return facts
