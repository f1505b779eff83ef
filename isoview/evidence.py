"""The bytes behind a finding or a fact, decoded when somebody asks to see them.

Screens hold facts only. What they show beside a finding (the structure in the file, field by
field) comes from here: one :class:`EvidenceSource` per open file, which reads the file when it
is first asked and keeps the image until it is closed.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from isoview.fingerprint import subject_of
from isoview.inspectors.binary.decode import Field, Structure, decode
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.facts import Definition, Facts, Global, Init, Type
from isoview.model import Finding

if TYPE_CHECKING:
    from isoview.inspectors.binary.parts import Parts

Subject = Type | Definition | Global | Init | str
"""A fact that a finding can be about; ``str`` is the name of an imported C-API function."""
Load = Callable[[str], AbstractContextManager[Any]]

_TYPE_KINDS = {"static": "PyTypeObject", "template": "PyTypeObject", "spec": "PyType_Spec"}
# A table that hangs on a structure is decoded with it: (field that points to it, its kind).
_TABLES = {
    "PyModuleDef": (("m_slots", "PyModuleDef_Slot[]"), ("m_methods", "PyMethodDef[]")),
    "PyType_Spec": (("slots", "PyType_Slot[]"),),
}
# Members whose zero is a statement about isolation.
_TELLING = frozenset({
    "m_size", "m_slots", "m_traverse", "m_clear", "tp_flags", "tp_traverse", "flags",
})  # fmt: skip


class Subjects:
    """Which fact a finding is about, and which findings are about a fact."""

    def __init__(self, facts: Facts, findings: tuple[Finding, ...] = ()) -> None:
        self._module = facts.own_definition or facts.own_init
        self._imports = frozenset(facts.capi.imports)
        self._types = {entry.name: entry for entry in reversed(facts.types)}
        self._symbols: dict[str, Subject] = {entry.symbol: entry for entry in facts.init}
        self._symbols |= {entry.symbol: entry for entry in facts.globals if entry.symbol}
        self._addresses: dict[int, Subject] = {}
        located: tuple[Type | Definition | Global | Init, ...] = (
            *facts.types,
            *facts.definitions,
            *facts.globals,
            *facts.init,
        )
        for entry in located:
            if entry.address is not None:
                self._addresses.setdefault(entry.address, entry)
        self._findings: dict[int, list[Finding]] = {}
        for finding in findings:
            self._findings.setdefault(_identity(self.of(finding)), []).append(finding)

    def of(self, finding: Finding) -> Subject | None:
        """The fact behind ``finding``: by address, else by name, else the module itself."""
        kind, name = subject_of(finding.fingerprint)
        if kind == "api" or finding.where.symbol in self._imports:
            symbol = finding.where.symbol or name
            return symbol if symbol in self._imports else self._module
        if finding.where.address in self._addresses:
            return self._addresses[finding.where.address]
        if kind == "type":
            return self._types.get(name)
        if kind == "symbol":
            return self._symbols.get(finding.where.symbol or name)
        return None if kind == "unnamed" else self._module

    def at(self, address: int) -> Subject | None:
        """The fact at a link-time address."""
        return self._addresses.get(address)

    def findings(self, subject: object) -> tuple[Finding, ...]:
        """The findings about ``subject``, in their order."""
        return () if subject is None else tuple(self._findings.get(_identity(subject), ()))


def _identity(subject: object) -> int:
    """Facts are compared by what they are, not by what they hold: two may hold the same."""
    return hash(subject) if isinstance(subject, str) else id(subject)


class EvidenceSource:
    """Decodes structures of one file. Use it from worker threads: the first call reads the file."""

    def __init__(self, path: str, load: Load | None = None) -> None:
        self.path = path
        self._load = load
        self._stack = ExitStack()
        self._lock = Lock()
        self._loaded: Any = None
        self._part: str | None = None  # the slice that is loaded, of a universal file
        self._parts: Parts | None = None

    def decode_for(self, facts: Facts, subject: Finding | Subject) -> tuple[Structure, ...]:
        """The structure behind ``subject`` and the tables that hang on it; () where it has none."""
        fact = Subjects(facts).of(subject) if isinstance(subject, Finding) else subject
        if isinstance(fact, Init):
            fact = _definition_of(facts, fact)
        if fact is None or isinstance(fact, str) or fact.address is None:
            return ()
        kind, size = structure_kind(fact)
        if kind is None:
            return ()
        return self._decode(facts, fact.address, kind, size)

    def structure_at(self, facts: Facts, address: int, kind: str, size: int = 0) -> Structure:
        """The structure of one kind at an address of the file."""
        with self._lock:
            image = self._image(facts.artifact.slice)
            layout = Layout(image.word_size, facts.artifact.free_threaded_layout)
            return decode(image, address, kind, layout, size)

    def parts(self, facts: Facts) -> "Parts":
        """All bytes of the file, section by section."""
        from isoview.inspectors.binary.parts import Parts

        with self._lock:
            image = self._image(facts.artifact.slice)
            if self._parts is None or self._parts.image is not image:
                self._parts = Parts(file_bytes(self.path), image)
            return self._parts

    def _decode(self, facts: Facts, address: int, kind: str, size: int) -> tuple[Structure, ...]:
        with self._lock:
            image = self._image(facts.artifact.slice)
            layout = Layout(image.word_size, facts.artifact.free_threaded_layout)
            first = decode(image, address, kind, layout, size)
            tables = [
                decode(image, field.target, table, layout)
                for name, table in _TABLES.get(kind, ())
                if (field := _field(first, name)) is not None and field.target is not None
            ]
        return (first, *tables)

    def _image(self, part: str | None) -> Any:
        if self._loaded is None or self._part != part:
            self._part = part
            load = self._load or partial(_load_file, part=part)
            self._loaded = self._stack.enter_context(load(self.path))
        return self._loaded.image

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._loaded = self._parts = None
            self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _load_file(path: str, part: str | None) -> AbstractContextManager[Any]:
    from isoview.inspectors.binary.inspect import choose, load_bytes

    return choose(load_bytes(file_bytes(path), path), part)


def file_bytes(path: str) -> memoryview:
    """The bytes of a target's file: a member of its wheel, where it stands in one.

    Raises :class:`Unreadable` as reading it for the report does.
    """
    from isoview.inspectors.binary.source import read_file
    from isoview.targets import Place, find

    found = next(iter(find([path])), None)
    if isinstance(found, Place) and found.container is not None and found.member is not None:
        from isoview.wheels import read_member

        return read_member(found.container, found.member)
    return read_file(path)


def _field(structure: Structure, name: str) -> Field | None:
    return next((field for field in structure.fields if field.name == name), None)


def _definition_of(facts: Facts, init: Init) -> Definition | None:
    """The definition that an init function returns."""
    for definition in facts.definitions:
        if definition.address is not None and definition.address == init.definition:
            return definition
    return None


def structure_kind(fact: Type | Definition | Global) -> tuple[str | None, int]:
    """The kind of structure at the address of ``fact``, and its size where that varies."""
    if isinstance(fact, Type):
        return _TYPE_KINDS.get(fact.kind), 0
    if isinstance(fact, Global):
        return "words", fact.size
    return ("PyModuleDef" if fact.kind == "moduledef" else "PySlot[]"), 0


def only_set(structure: Structure) -> Structure:
    """``structure`` as it is first shown: without the members that say nothing by being zero."""
    return replace(structure, fields=tuple(field for field in structure.fields if _says(field)))


def _says(field: Field) -> bool:
    if field.name.startswith("["):  # a slot or method: its values count even where they are 0
        return "(" not in field.name and "end of the table" not in field.meaning
    return field.is_set or field.name in _TELLING
