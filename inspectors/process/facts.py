"""What reading a process gives. Addresses are run-time addresses of the target."""

from typing import NamedTuple

from isoview.inspectors.process.elf_memory import Loaded
from isoview.inspectors.process.maps import MappedFile


class Slot(NamedTuple):
    """One slot of a module definition."""

    id: int
    name: str
    value: int | None  # of slots that hold a number


class Definition(NamedTuple):
    """A PyModuleDef, or the token of a PEP 793 module."""

    address: int
    kind: str  # moduledef, token
    m_size: int | None
    phase: str  # single, multi, export, unknown
    slots: tuple[Slot, ...]


class TypeRow(NamedTuple):
    """A class in a module's dict."""

    name: str
    attribute: str
    address: int
    flags: int
    basicsize: int
    static: bool
    own: bool  # of this module, not imported from elsewhere
    tied: bool  # ht_module is set


class Module(NamedTuple):
    """One entry of an interpreter's ``sys.modules``."""

    name: str
    address: int
    kind: str  # extension, builtin, python, other
    object_type: str
    file: str | None
    image: MappedFile | None  # the mapped extension
    definition: Definition | None
    m_size: int | None
    state: int | None
    types: tuple[TypeRow, ...]
    complete: bool  # every entry of its dict was read

    @property
    def extension(self) -> bool:
        """Whether it came from an extension file."""
        return self.kind == "extension"

    @property
    def phase(self) -> str:
        """How it was initialized: single, multi, export, unknown."""
        if self.definition is not None:
            return self.definition.phase
        return "unknown"


class Thread(NamedTuple):
    """A thread that has a state in an interpreter."""

    id: int  # threading.get_ident()
    native_id: int


class InterpreterFact(NamedTuple):
    """One interpreter of the process."""

    id: int
    address: int
    gil: str  # own, shared, process (up to 3.11: one for all), off
    threads: tuple[Thread, ...]
    modules: tuple[Module, ...]

    @property
    def own_gil(self) -> bool | None:
        """Whether it has a GIL of its own; None where the question makes no sense."""
        return {"own": True, "shared": False}.get(self.gil)


class Shared(NamedTuple):
    """Something that several interpreters hold."""

    name: str
    kind: str  # module, type, or the object's type
    address: int
    interpreters: tuple[int, ...]
    static: bool | None  # of types
    core: bool  # the interpreter's own: made to be shared


class Unreadable(NamedTuple):
    """An entry that did not hold together however often it was read."""

    interpreter: int | None
    module: str
    entry: str
    reason: str


class Sharing(NamedTuple):
    """What more than one interpreter holds."""

    modules: tuple[Shared, ...] = ()
    types: tuple[Shared, ...] = ()
    objects: tuple[Shared, ...] = ()
    plain_objects: int = 0  # strings, numbers and other immutable data


class Walk(NamedTuple):
    """One reading of a process."""

    interpreters: tuple[InterpreterFact, ...]
    sharing: Sharing
    unread: tuple[Unreadable, ...]
    unread_count: int  # all of them; those beyond a bound are not named
    again: int  # entries that were read more than once
    paused_ms: float
    milliseconds: float


class ExtensionFile(NamedTuple):
    """A mapped extension: where it lies, and where its bytes can be had."""

    file: str
    image: MappedFile
    loaded: Loaded
    readable: str | None
    state: str  # same, replaced, deleted, unreadable


class Static(NamedTuple):
    """A word of a C static that points to a live object."""

    address: int
    link_address: int
    target: int
    object_type: str
    description: str
    core: bool  # the object is the interpreter's own (None, a built-in class)
    inside: str | None  # name of the static type or definition that the word is a field of


class FileStatics(NamedTuple):
    """The statics of one mapped extension."""

    file: ExtensionFile
    words: int  # looked at
    statics: tuple[Static, ...]
    unread: int  # bytes that could not be read
