"""The classes of pybind11, nanobind and Boost.Python as facts."""

from isoview.inspectors.binary.runtime_types.cxx import readable
from isoview.inspectors.binary.runtime_types.record_names import Record
from isoview.inspectors.binary.runtime_types.records import Records, find_records
from isoview.inspectors.binary.runtime_types.shared import Code, classes_read
from isoview.inspectors.facts import Evidence, Facts, Item, NameTable, Type
from isoview.inspectors.record import replace

_ENUM = "Boost.Python.enum"
UNNAMED = "C++ types of classes named at run time"


def add_records(code: Code, facts: Facts, generator: str) -> Facts:
    """``facts`` with the classes that ``generator`` ("pybind11", "nanobind") makes."""
    records = find_records(code, nanobind=generator == "nanobind")
    classes = [record for record in records.named if record.kind == "class"]
    enums = sorted({str(record.name) for record in records.named if record.kind == "enum"})
    tables = facts.tables
    if enums:
        # They are enum.Enum classes, which Python code makes: no class of the file's own.
        tables = (*tables, NameTable("enums", generator, tuple(enums), False))
    return _with(facts, generator, records, _types(classes), tables)


def add_boost(code: Code, facts: Facts) -> Facts:
    """``facts`` with the classes and enums that Boost.Python makes: both are heap types."""
    from isoview.inspectors.binary.runtime_types.boost import find_boost

    records = find_boost(code)
    return _with(facts, "Boost.Python", records, _types(list(records.named)), facts.tables)


def _with(
    facts: Facts,
    generator: str,
    records: Records,
    types: list[Type],
    tables: tuple[NameTable, ...],
) -> Facts:
    unnamed = sorted({readable(record.type_info) for record in records.nameless} - {""})
    if unnamed:
        tables = (*tables, NameTable(UNNAMED, generator, tuple(unnamed), False))
    return replace(
        facts,
        types=(*facts.types, *types),
        tables=tables,
        completeness=replace(
            facts.completeness, types=Item("partial", _reason(generator, records, len(types)))
        ),
    )


def _types(classes: list[Record]) -> list[Type]:
    names = {record.type_info: str(record.name) for record in classes if record.type_info}
    found: dict[tuple[str, str], Type] = {}
    for record in classes:
        key = (str(record.name), record.type_info)
        if key in found:
            continue
        where = "record" if record.kind == "class" else "enum"
        where += f" for C++ type {record.type_info}" if record.type_info else ""
        where += _whereto(record)
        found[key] = Type(
            address=None,
            name=key[0],
            kind="built",
            base=_ENUM if record.kind == "enum" else names.get(record.base or ""),
            completed_at_runtime=True,
            evidence=(Evidence("call", where, record.site, record.function.name),),
            doc=record.doc,
            native=readable(record.type_info) if record.type_info else None,
        )
    return [found[key] for key in sorted(found)]


def _whereto(record: Record) -> str:
    """What becomes of the record, as the end of a sentence."""
    if record.target is None:
        return ", in the function that makes the class"
    known = isinstance(record.target, int)
    return (
        f" passed to {record.target:#x}" if known else " passed to the function that makes classes"
    )


def _reason(generator: str, records: Records, classes: int) -> str:
    reason = classes_read(classes, generator)
    if records.nameless:
        more = len(records.nameless)
        reason += (
            f"; {more} more get{'s' if more == 1 else ''} a name that is put together at run time"
        )
    if records.unread:
        left = records.unread
        reason += f"; the budget was reached with {left} function{'' if left == 1 else 's'} left"
    return reason + "; their modules, and which of them exist after import, show live"
