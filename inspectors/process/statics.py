"""C statics that hold live objects: every writable word of a mapped extension, looked at.

A word counts where it points to something whose type is proven to be a class (``objects``), whose
reference count makes sense, and which is not a word that the loader put there. Words that are
fields of a static type, of a PyModuleDef or of another static object of the file say nothing new:
they are named as such.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.process.describe import Describer
from isoview.inspectors.process.elf_memory import Loaded
from isoview.inspectors.process.facts import ExtensionFile, FileStatics, Static
from isoview.inspectors.process.maps import Maps
from isoview.inspectors.process.memory import PAGE, Memory, Unread
from isoview.inspectors.process.objects import Core, ObjectReader, Torn
from isoview.inspectors.process.runtime import Interpreter

SEGMENT_LIMIT = 64 << 20
"""Most bytes of one writable segment that are looked at; the rest counts as unread."""
STATIC_LIMIT = 50_000
"""Most statics of one file that are reported."""
COUNT_LIMIT = 1 << 40


class _Object(NamedTuple):
    """What a word points to."""

    kind: str
    description: str
    core: bool
    type: int


class _Extent(NamedTuple):
    start: int
    end: int
    name: str


class StaticReader:
    """Looks at the statics of one process's extensions; what it proved once it remembers."""

    def __init__(self, memory: Memory, interpreter: Interpreter, maps: Maps, core: Core) -> None:
        self.memory = memory
        self.interpreter = interpreter
        self.maps = maps
        self.reader = ObjectReader(
            memory, interpreter.objects, free_threaded=interpreter.free_threaded
        )
        self.reader.core = core
        self._describer = Describer(self.reader)
        self._known: dict[int, _Object | None] = {}
        self._type_names: dict[int, str | None] = {}
        self._readable = _Spans(maps)

    # -- one file -------------------------------------------------------------------------------

    def read(self, file: ExtensionFile) -> FileStatics:
        """The statics of a mapped extension, as they are now."""
        words: list[tuple[int, int]] = []
        total = unread = 0
        for start, raw, wanted in self._writable(file.loaded):
            unread += wanted - len(raw)
            view = memoryview(raw)[: len(raw) // 8 * 8].cast("Q")
            total += len(view)
            words += [
                (start + 8 * index, value)
                for index, value in enumerate(view)
                if value > PAGE and not value & 7
            ]
        words = [pair for pair in words if self._readable.holds(pair[1])]
        self.memory.fetch(value for _address, value in words if value not in self._known)
        extents = _Extents(self._static_objects(words, file.loaded))
        found = list(self._held(words, file, extents))
        return FileStatics(file, total, tuple(found[:STATIC_LIMIT]), unread)

    def _writable(self, loaded: Loaded) -> Iterator[tuple[int, bytes, int]]:
        """(address, bytes, size) of every part that can be written while the program runs: of a
        very large one only the beginning is read.
        """
        low, high = loaded.sealed
        for segment in loaded.segments:
            if not segment.writable:
                continue
            start, end = segment.start, segment.start + segment.size
            if low <= start < high:
                start = min(high, end)
            start += -start % 8
            if start < end:
                yield start, self._bytes(start, min(end - start, SEGMENT_LIMIT)), end - start

    def _bytes(self, start: int, size: int) -> bytes:
        """As much as is mapped from ``start`` on."""
        parts: list[bytes] = []
        left = size
        while left > 0:
            part = self.memory.direct(start + size - left, min(left, 1 << 20))
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _held(
        self, words: list[tuple[int, int]], file: ExtensionFile, extents: "_Extents"
    ) -> Iterator[Static]:
        bias = file.loaded.bias
        for address, value in words:
            found = self._object(value)
            if found is None or extents.is_head(address):
                continue
            yield Static(
                address, address - bias, value, found.kind, found.description, found.core,
                extents.name_at(address),
            )  # fmt: skip

    # -- objects --------------------------------------------------------------------------------

    def _object(self, address: int) -> _Object | None:
        """What lives at ``address``; None where it is no object."""
        if address in self._known:
            return self._known[address]
        try:
            found = self._proven(address)
        except (Unread, Torn):
            found = None
        self._known[address] = found
        return found

    def _proven(self, address: int) -> _Object | None:
        reader = self.reader
        kind = reader.type_of(address)
        name = self._type_name(kind)
        if name is None or not self._counted(address):
            return None
        core = self.interpreter.image.base <= address < self.interpreter.image.end
        if reader.is_type(address):
            # A static `PyTypeObject *x = &PyType_Type` has a type's head and no body.
            reader.live_type(address)
            said = self._describer.type_or_module(address, module=False)
        elif name == "module":
            said = self._describer.type_or_module(address, module=True)
        else:
            said = self._describer.describe(address, name)
        return _Object(name, said, core, kind)

    def _type_name(self, address: int) -> str | None:
        """Name of a proven type; None for everything else."""
        if address not in self._type_names:
            name = None
            if not address & 7 and self._readable.holds(address):
                try:
                    name = self.reader.live_type(address).name
                except (Unread, Torn):
                    name = None
            self._type_names[address] = name
        return self._type_names[address]

    def _counted(self, address: int) -> bool:
        """Whether the reference count is one that a live object can have.

        From 3.12 on the head's first word also holds flags of immortal objects in its upper half;
        free-threaded: two counts, one of them the owner's.
        """
        if self.interpreter.free_threaded:
            local = int.from_bytes(self.memory.read(address + 12, 4), "little")
            shared = self.reader.signed(address + 16)
            return local > 0 or shared > 0
        count = self.memory.word(address)
        if self.interpreter.minor >= 12:
            return count & 0xFFFFFFFF > 0
        return 0 < count < COUNT_LIMIT

    # -- static objects of the file -------------------------------------------------------------

    def _static_objects(self, words: list[tuple[int, int]], loaded: Loaded) -> Iterator[_Extent]:
        """Objects that lie in the file's own memory: static types, module definitions."""
        reader = self.reader
        offset = reader.head - 8
        for address, value in words:
            name = self._type_name(value) if value in self._type_names else self._maybe_type(value)
            if name is None:
                continue
            start = address - offset
            if name == "moduledef":
                yield _Extent(start, start + reader.layout.moduledef_size, "PyModuleDef")
            elif reader.is_metatype(value):
                try:
                    fact = reader.live_type(start)
                except (Unread, Torn):
                    continue
                if fact.static and loaded.base <= start < loaded.end:
                    size = reader.objects.type_size
                    yield _Extent(start, start + size, f"static type {fact.name}")

    def _maybe_type(self, address: int) -> str | None:
        """The name where ``address`` is a class, cheaply: most words are none."""
        try:
            return self._type_name(address) if self.reader.is_type(address) else None
        except Unread:
            return None


class _Extents:
    """Pieces of memory that belong to static objects."""

    def __init__(self, extents: Iterator[_Extent]) -> None:
        self._all = sorted(set(extents))
        self._starts = [extent.start for extent in self._all]

    def name_at(self, address: int) -> str | None:
        """The name of the static object that a word is a part of."""
        index = bisect_right(self._starts, address) - 1
        if index >= 0 and address < self._all[index].end:
            return self._all[index].name
        return None

    def is_head(self, address: int) -> bool:
        """Whether the word is the object's own type: it has one by being an object."""
        index = bisect_right(self._starts, address) - 1
        return (
            index >= 0 and address - self._all[index].start < 32 and address < self._all[index].end
        )


class _Spans:
    """Readable memory as sorted spans."""

    def __init__(self, maps: Maps) -> None:
        spans: list[list[int]] = []
        for mapping in maps.mappings:
            if not mapping.readable or mapping.path in {"[vvar]", "[vsyscall]"}:
                continue
            if spans and spans[-1][1] == mapping.start:
                spans[-1][1] = mapping.end
            else:
                spans.append([mapping.start, mapping.end])
        self._starts = [span[0] for span in spans]
        self._ends = [span[1] for span in spans]

    def holds(self, address: int) -> bool:
        """Whether ``address`` can be read."""
        index = bisect_right(self._starts, address) - 1
        return index >= 0 and address < self._ends[index]
