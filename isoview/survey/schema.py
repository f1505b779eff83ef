"""The tables of a survey and their columns: what is written, and what ``docs/survey.md`` says.

Columns are added, never renamed. Every column may be null, which means *not told by the file*,
never zero. Names are the data: they are stored as they came and made visible when shown.
"""

from typing import Any, NamedTuple

from isoview.model import QUESTIONS

VERSION = "isoview.survey/1"


class Column(NamedTuple):
    """``kind``: text, integer, address (unsigned, 64 bits), number, truth, texts, integers."""

    name: str
    kind: str
    text: str


_WHEEL = Column("wheel", "text", "the wheel: its path below the folder surveyed, or its file name")
_MEMBER = Column(
    "member", "text", "the module's name in the wheel; with `#slice` of a universal file"
)
_ASKED = {
    "multiple_module_objects": "can independent module objects be made of it",
    "shared_gil": "does it work in sub-interpreters that share the GIL",
    "own_gil": "does it work in sub-interpreters with their own GIL",
    "free_threaded": "can it run without the GIL",
}


def _worst() -> tuple[Column, ...]:
    return tuple(
        Column(
            question,
            "text",
            f"{_ASKED[question]}: the worst answer of its modules (no, contradiction, unknown, yes); "
            "null without a module",
        )
        for question in QUESTIONS
    )


def _answers() -> tuple[Column, ...]:
    return tuple(
        column
        for question in QUESTIONS
        for column in (
            Column(question, "text", f"{_ASKED[question]}: yes, no, unknown, contradiction"),
            Column(f"{question}_declared", "text", "what the file claims: yes, no, omitted, cannot-say, unknown"),
            Column(f"{question}_evidence", "text", "what was found: none-found, partial, against, not-analysed"),
            Column(f"{question}_summary", "text", "the answer as a sentence"),
        )
    )  # fmt: skip


TABLES: dict[str, tuple[Column, ...]] = {
    "distributions": (
        _WHEEL,
        Column("requested", "text", "what was asked for: a line of the list, or the file's path"),
        Column("name", "text", "the distribution, in the form that all spellings of it share"),
        Column("version", "text", "its release"),
        Column("python_tag", "text", "the wheel's Python tags, with dots between them"),
        Column("abi_tag", "text", "the wheel's ABI tags"),
        Column("platform_tag", "text", "the wheel's platform tags"),
        Column("sha256", "text", "hash of the wheel"),
        Column("size", "integer", "bytes of the wheel"),
        Column("kind", "text", "compiled, pure (no compiled module), unreadable (nothing in it could be read, or its worker died), missing (no wheel to be had)"),
        Column("modules", "integer", "extension modules read"),
        Column("errors", "integer", "rows of it in `errors`"),
        *_worst(),
    ),
    "modules": (
        _WHEEL,
        _MEMBER,
        Column("module", "text", "dotted name, by its place in the wheel"),
        Column("format", "text", "elf, pe, mach-o"),
        Column("arch", "text", "processor: x86-64, aarch64, ..."),
        Column("bits", "integer", "64 or 32"),
        Column("tag", "text", "the file name's tag, as cpython-313-x86_64-linux-gnu or abi3"),
        Column("size", "integer", "bytes of the file"),
        Column("build_id", "text", "the linker's build id"),
        Column("minors", "integers", "minors of Python 3 it is known to load on"),
        Column("free_threaded_layout", "truth", "built for the free-threaded ABI"),
        Column("stripped", "truth", "has no full symbol table"),
        Column("is_extension", "truth", "exports an init function"),
        Column("stage", "text", "shape or code: how deep it was read"),
        Column("toolchain", "text", "what made it: C, Cython, pybind11, PyO3, ..."),
        Column("toolchain_version", "text", "version of that"),
        Column("toolchains", "texts", "all that is compiled into it"),
        Column("init", "text", "its own init function's name"),
        Column("phase", "text", "single, multi, export (PEP 793), delegated, unknown"),
        Column("phase_source", "text", "how the phase is known: code, imports, data, ..."),
        Column("m_size", "integer", "bytes of module state its definition asks for; -1: global state"),
        Column("multiple_interpreters_slot", "integer", "value of Py_mod_multiple_interpreters; null: no slot"),
        Column("gil_slot", "integer", "value of Py_mod_gil; null: no slot"),
        Column("limited_api", "text", "the limited API that its imports amount to"),
        Column("capi_imports", "integer", "C-API symbols it imports"),
        Column("static_types", "integer", "static types found"),
        Column("heap_types", "integer", "types made from a spec or at run time"),
        Column("globals", "integer", "writable statics found"),
        Column("findings", "integer", "findings, counted with what they fold"),
        Column("worst_finding", "text", "error, warning or note; null without a finding"),
        Column("definitions_read", "text", "full, partial or none"),
        Column("types_read", "text", "full, partial or none"),
        Column("globals_read", "text", "full, partial or none"),
        Column("unread_reason", "text", "why something was not read in full"),
        Column("damage", "integer", "parts of the file that are not as its format demands"),
        Column("budget_reached", "truth", "the code stage stopped at its instruction budget"),
        Column("guards", "integer", "guards against a second interpreter that were found as text"),
        *_answers(),
    ),
    "definitions": (
        _WHEEL,
        _MEMBER,
        Column("kind", "text", "moduledef, or slot-array (PEP 793)"),
        Column("address", "address", "link-time address"),
        Column("origin", "text", "static or runtime"),
        Column("own", "truth", "belongs to the file's own init function"),
        Column("m_name", "text", "the name in it"),
        Column("m_size", "integer", "bytes of module state; -1: global state"),
        Column("methods", "integer", "entries of its method table"),
        Column("slots", "texts", "names of its slots"),
        Column("slots_complete", "truth", "the slot table was read to its end"),
        Column("has_traverse", "truth", "m_traverse is set"),
        Column("has_clear", "truth", "m_clear is set"),
        Column("has_free", "truth", "m_free is set"),
    ),
    "types": (
        _WHEEL,
        _MEMBER,
        Column("name", "text", "its name, as the file has it"),
        Column("kind", "text", "static, spec, template, built"),
        Column("address", "address", "link-time address"),
        Column("base", "text", "its base, where the file tells"),
        Column("basicsize", "integer", "bytes of an instance"),
        Column("itemsize", "integer", "bytes of an item"),
        Column("flags", "address", "the flags in the file"),
        Column("flag_names", "texts", "the flags by name"),
        Column("slots_set", "texts", "behaviour slots that are set"),
        Column("module_tied", "truth", "made with its module"),
        Column("completed_at_runtime", "truth", "code fills in what the file leaves open"),
    ),
    "globals": (
        _WHEEL,
        _MEMBER,
        Column("address", "address", "link-time address"),
        Column("symbol", "text", "its name, where the file has one"),
        Column("section", "text", "where it lies"),
        Column("size", "integer", "bytes"),
        Column("kind", "text", "object, table, type, definition, lock, buffer, scalar, runtime, unknown"),
        Column("evidence", "texts", "kinds of evidence for that"),
        Column("source_file", "text", "from debug information"),
        Column("source_line", "integer", "from debug information"),
    ),
    "findings": (
        _WHEEL,
        _MEMBER,
        Column("rule", "text", "the rule's code, as ISO101"),
        Column("name", "text", "the rule's name"),
        Column("severity", "text", "error, warning or note"),
        Column("confidence", "text", "high, medium or low"),
        Column("message", "text", "what was found"),
        Column("guide", "text", "section of the guide"),
        Column("fingerprint", "text", "its name across rebuilds and platforms"),
        Column("count", "integer", "unnamed subjects folded into it"),
        Column("symbol", "text", "where: the symbol"),
        Column("address", "address", "where: the link-time address"),
        Column("section", "text", "where: the section"),
        Column("evidence", "texts", "up to five pieces of evidence, in words"),
    ),
    "errors": (
        _WHEEL,
        Column("member", "text", "the module in the wheel; null: the wheel itself"),
        Column("stage", "text", "resolve (no wheel to be had), worker (a worker died on it), read"),
        Column("error", "text", "what happened"),
        Column("hint", "text", "what to do about it"),
    ),
    "costs": (
        _WHEEL,
        Column("seconds", "number", "wall clock that it took its worker"),
        Column("cpu_seconds", "number", "processor time"),
        Column("unpacked", "integer", "bytes of its modules, unpacked"),
        Column("rows", "integer", "rows written for it"),
        Column("peak_memory", "integer", "most memory that its worker had held by then, bytes"),
        Column("worker", "text", "host and process that read it"),
    ),
    "live": (
        _WHEEL,
        Column("module", "text", "dotted name of what was imported"),
        Column("python", "text", "version of the interpreter"),
        Column("free_threaded", "truth", "a free-threaded build"),
        Column("experiment", "text", "info, twice, shared-gil, own-gil, ..."),
        Column("status", "text", "ok, refused, failed, crashed, timed-out, not-run"),
        Column("word", "text", "what it came to, in a word or two"),
        Column("sentence", "text", "what it came to, as a sentence"),
        Column("message", "text", "what the interpreter or the module said"),
    ),
}  # fmt: skip
STATIC = ("distributions", "modules", "definitions", "types", "globals", "findings", "errors", "costs")  # fmt: skip
"""The tables of the survey itself; ``live`` is written apart, and only where it is asked for."""
REPEATABLE = STATIC[:-1]
"""Those that come out the same whenever the same wheels are surveyed by the same isoview."""


def arrow_schema(table: str, *, described: bool = True) -> Any:
    """The table's schema, with each column's description unless it is only to be sent."""
    from isoview.survey import need

    arrow = need("pyarrow")
    kinds = {
        "text": arrow.string(),
        "integer": arrow.int64(),
        "address": arrow.uint64(),
        "number": arrow.float64(),
        "truth": arrow.bool_(),
        "texts": arrow.list_(arrow.string()),
        "integers": arrow.list_(arrow.int64()),
    }
    if not described:
        return arrow.schema([(column.name, kinds[column.kind]) for column in TABLES[table]])
    fields = [
        arrow.field(column.name, kinds[column.kind], metadata={"description": column.text})
        for column in TABLES[table]
    ]
    return arrow.schema(fields, metadata={"isoview": VERSION, "table": table})
