"""Facts: what the inspectors return, and nothing they think about it.

Frozen records only. Addresses are link-time virtual addresses of the file unless a field
says otherwise; sizes are bytes. ``None`` means *unset* or *not told by the file*, never zero.
``unknown`` is a value, and its reason stands beside it.

The field names are those of the JSON report, version 1 (``isoview/schemas``): fields may be
added, never renamed.
"""

from operator import attrgetter, itemgetter

from isoview.inspectors.hints import Literal
from isoview.inspectors.late import Late, LateField
from isoview.inspectors.record import Record, cached_property
from isoview.inspectors.text import beginning, begins

Phase = Literal["single", "multi", "export", "delegated", "unknown"]
Level = Literal["full", "partial", "none"]
GlobalKind = Literal[
    "object", "table", "type", "definition", "lock", "buffer", "scalar", "runtime", "unknown"
]


class Evidence(Record):
    """Why we say so, in words a maintainer can check against the file."""

    kind: str
    text: str
    address: int | None = None
    function: str | None = None

    # Written out, as in the model, for the records that files have by the thousand.
    def __init__(
        self, kind: str, text: str, address: int | None = None, function: str | None = None
    ) -> None:
        state = self.__dict__
        state["kind"] = kind
        state["text"] = text
        state["address"] = address
        state["function"] = function


class Damage(Record):
    """A part of the file that could not be read as its format demands."""

    where: str
    text: str


class Budget(Record):
    """How many instructions the code stage may decode (0: it has not run)."""

    limit: int = 0
    reached: bool = False


class Artifact(Record):
    """The file itself, before anything in it is interpreted."""

    path: str
    container: str | None = None
    member: str | None = None
    size: int = 0
    build_id: str | None = None
    sha256: str | None = None
    format: str = "unknown"  # elf, pe, mach-o
    arch: str = "unknown"  # x86-64, aarch64, i686, armv7, ppc64, ppc64le, s390x, riscv64, ...
    bits: int = 64
    endian: str = "little"
    # File-name tag: "cpython-313-x86_64-linux-gnu", "abi3", ... A .pyd without one has that of the
    # Python DLL it links: Windows gives the stable ABI no suffix.
    tag: str | None = None
    free_threaded_layout: bool = False
    stripped: bool = False  # no symbol table is left that names the file's own statics
    is_extension: bool = False
    slice: str | None = None  # of a universal Mach-O file: "arm64", "x86_64"


class Toolchain(Record):
    """What made the module (first), or what else is compiled into it."""

    name: str
    version: str | None
    evidence: tuple[Evidence, ...] = ()


class Init(Record):
    """An exported init function. ``definition`` is the address of the definition it returns."""

    symbol: str
    module: str
    own: bool  # belongs to this file's name
    phase: Phase
    phase_source: str  # code, imports, data, export, strings, none
    from_minor: int | None = None
    address: int | None = None
    definition: int | None = None
    reason: str | None = None  # why the phase is unknown or delegated


class Method(Record):
    """One entry of a ``PyMethodDef`` table; ``flags`` are the ``METH_*`` bits."""

    name: str
    flags: int


class Slot(Record):
    """One entry of a slot table.

    ``value`` is a number (``Py_mod_gil`` and its like), ``function`` a link-time address or an
    imported name, ``address`` what a slot that holds data points to (link-time).
    """

    id: int
    name: str
    value: int | None = None
    function: int | str | None = None
    source: str = "data"  # data, code, live
    address: int | None = None


class Definition(Record):
    """A ``PyModuleDef``, or the slot array of PEP 793 (kind ``slot-array``).

    ``m_size`` is None where the definition does not tell (unset is not zero); ``slots_complete``
    is False where the table is filled at run time and was not read to its end.
    """

    kind: str  # moduledef, slot-array
    address: int | None
    origin: str  # static, runtime
    own: bool | None
    token: int | None
    m_name: str | None
    m_doc: str | None
    m_size: int | None
    methods: tuple[Method, ...] = ()
    slots: tuple[Slot, ...] = ()
    slots_complete: bool = True
    has_traverse: bool | None = None
    has_clear: bool | None = None
    has_free: bool | None = None
    # PyABIInfo of a slot array (3.15): STABLE 1, GIL 2, FREETHREADED 4, INTERNAL 8; and the
    # version it was made for, as PY_VERSION_HEX or Py_LIMITED_API (0: not told).
    abi_flags: int | None = None
    abi_version: int | None = None


class Type(Record):
    """A class: a static ``PyTypeObject``, a ``PyType_Spec``, or one built at run time.

    ``flags`` and sizes are the words in the file; ``completed_at_runtime`` says that code or
    ``PyType_Ready`` fills in what the file leaves at zero. ``base`` is a name ("object",
    "PyLong_Type", "pkg.Base") and None where the file does not tell.
    """

    address: int | None
    name: str
    kind: str  # static, spec, template, built
    base: str | None = None
    basicsize: int | None = None
    itemsize: int | None = None
    flags: int | None = None
    flag_names: tuple[str, ...] = ()
    slots_set: tuple[str, ...] = ()  # "tp_traverse", "tp_dealloc", "nb_add", ...
    module_tied: bool | None = None
    completed_at_runtime: bool = False
    methods: tuple[Method, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    # What generators tell of the classes they build (None: the code does not show it).
    doc: str | None = None
    getters: tuple[str, ...] = ()
    native: str | None = None  # the C++ type behind the class
    subclassable: bool | None = None  # may be a base (Py_TPFLAGS_BASETYPE)
    has_dict: bool | None = None  # instances have a __dict__ of the class's own making
    has_weakrefs: bool | None = None


class NameTable(Record):
    """Names that a generator keeps in the file: a cffi library, SWIG's types, PyO3's functions."""

    kind: str
    generator: str
    names: tuple[str, ...]
    complete: bool = True
    evidence: tuple[Evidence, ...] = ()


class SourceLine(Record):
    """A place in the sources, from DWARF."""

    file: str
    line: int


class Global(Record):
    """A writable C static, as far as the file names it."""

    address: int
    symbol: str | None
    section: str
    size: int
    kind: GlobalKind
    evidence: tuple[Evidence, ...] = ()
    source: SourceLine | None = None


Told = tuple[str, str, int | None]  # the fields of an Evidence that is about no function
StaticRow = tuple[int, str | None, str, int, GlobalKind, tuple[Told, ...]]
"""The fields of a :class:`Global`, as a file's shapes tell them: no source line yet."""
_ROW = attrgetter("address", "symbol", "section", "size", "kind")
_TOLD = attrgetter("kind", "text", "address")
_SYMBOL, _SECTION = itemgetter(1), itemgetter(2)


class Cells(Record):
    """Process-wide cells of a run-time library (PyO3), each at least so many."""

    classes: int
    interned: int
    imports: int


class Capsule(Record):
    """A capsule's name, and whether this file offers or takes it."""

    name: str
    role: str  # published, imported
    address: int | None = None


class Library(Record):
    """A linked library that speaks the C API too, and whether it was audited with the file."""

    name: str
    audited: bool


class Section(Record):
    """A section, or a segment where the file has no sections."""

    name: str
    address: int
    size: int
    writable: bool


SectionRow = tuple[str, int, int, bool, bool, bool, bool]  # the fields of a Section, and more


class CApiUse(Record):
    """Imported C-API names, and the limited API version they amount to, if the file keeps to it."""

    imports: tuple[str, ...] = ()
    limited: str | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """The imported names as a set."""
        return frozenset(self.imports)

    def like(self, start: str) -> list[str]:
        """The imported names that begin like this, in their order."""
        return beginning(self._ordered, start)

    def has_like(self, *starts: str) -> bool:
        """Whether a name is imported that begins like one of these."""
        return any(begins(self._ordered, start) for start in starts)

    @cached_property
    def _ordered(self) -> list[str]:
        return sorted(self.imports)


class Item(Record):
    """How completely one kind of fact could be read."""

    level: Level
    reason: str | None = None


class Completeness(Record):
    """How completely definitions, types and statics could be read."""

    definitions: Item
    types: Item
    globals: Item


class Facts(Late):
    """Everything the file says about itself. ``stage`` is ``shape`` or ``code``.

    ``globals`` and ``sections`` may be put off: most files have hundreds, and who counts them, or
    looks for some, needs no more than ``static_rows``.
    """

    artifact: Artifact
    stage: str
    damage: tuple[Damage, ...] = ()
    budget: Budget = Budget()
    toolchains: tuple[Toolchain, ...] = ()
    init: tuple[Init, ...] = ()
    definitions: tuple[Definition, ...] = ()
    types: tuple[Type, ...] = ()
    globals: tuple[Global, ...] = ()
    cells: Cells | None = None
    capsules: tuple[Capsule, ...] = ()
    tables: tuple[NameTable, ...] = ()
    libraries: tuple[Library, ...] = ()
    linked: tuple[str, ...] = ()  # every library the file names as needed
    sections: tuple[Section, ...] = ()
    capi: CApiUse = CApiUse()
    guards: tuple[Evidence, ...] = ()  # opt-out and generator guards found as text
    completeness: Completeness = Completeness(Item("none"), Item("none"), Item("none"))
    _late = ("globals", "sections")

    @cached_property
    def own_init(self) -> Init | None:
        """The init function that belongs to this file's name, if it exports one."""
        return next((entry for entry in self.init if entry.own), None)

    @cached_property
    def own_definition(self) -> Definition | None:
        """The definition that the own init function returns, if the file holds it."""
        return next((entry for entry in self.definitions if entry.own), None)

    @cached_property
    def static_rows(self) -> list[StaticRow]:
        """The statics without a record for each."""
        return [(*_ROW(entry), tuple(map(_TOLD, entry.evidence))) for entry in self.globals]

    def with_rows(
        self, statics: list[StaticRow], sections: tuple[SectionRow, ...], *, objects: bool
    ) -> "Facts":
        """These facts, with records of statics (some of which hold ``objects``) and sections put off."""
        self.put_off(
            globals=lambda: tuple(map(_of_row, statics)),
            sections=lambda: tuple([Section(*row[:4]) for row in sections]),
        )
        names = frozenset([row[0] for row in sections])
        self.__dict__.update(static_rows=statics, section_names=names)
        if not objects:
            self.__dict__["objects"] = ()
        return self

    @cached_property
    def section_names(self) -> frozenset[str]:
        """What the sections are called."""
        return frozenset([entry.name for entry in self.sections])

    @cached_property
    def objects(self) -> tuple[Global, ...]:
        """The statics that hold Python objects."""
        return tuple([entry for entry in self.globals if entry.kind == "object"])

    @cached_property
    def specs(self) -> tuple[Type, ...]:
        """The heap types that a ``PyType_Spec`` of the file describes."""
        return tuple([entry for entry in self.types if entry.kind == "spec"])

    @cached_property
    def statics_of_types(self) -> dict[int, tuple[str | None, str, SourceLine | None]]:
        """Symbol, section and source line of the statics in which types lie, by address."""
        places = {entry.address for entry in self.types}
        if "globals" in self.__dict__:
            found = [entry for entry in self.globals if entry.address in places]
            return {entry.address: (entry.symbol, entry.section, entry.source) for entry in found}
        return {row[0]: (row[1], row[2], None) for row in self.static_rows if row[0] in places}

    @cached_property
    def has_named_statics(self) -> bool:
        """Whether a symbol names any of the statics."""
        return any(map(_SYMBOL, self.static_rows))

    @cached_property
    def statics_sections(self) -> frozenset[str]:
        """The sections in which the statics lie."""
        return frozenset(map(_SECTION, self.static_rows))

    @cached_property
    def statics_evidence(self) -> frozenset[str]:
        """The kinds of evidence that there are about statics."""
        return frozenset([kind for row in self.static_rows for kind, _, _ in row[5]])

    @property
    def generator(self) -> str:
        """Name of the toolchain that made the module ("C" where nothing else shows)."""
        return self.toolchains[0].name if self.toolchains else "C"


def _of_row(row: StaticRow) -> Global:
    return Global(*row[:5], tuple([Evidence(*told) for told in row[5]]))


Facts.globals = LateField("globals")  # type: ignore[assignment]
Facts.sections = LateField("sections")  # type: ignore[assignment]
