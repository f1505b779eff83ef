"""An image: one loaded file, whatever its format, as the scanners want to see it.

The readers (``elf``, ``pe``, ``macho``) build it from a readable buffer; nothing here knows a
file format. Addresses are link-time virtual addresses; sizes are bytes. An image never changes.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from operator import sub

from isoview.inspectors.binary.words import aligned, integers, words_from
from isoview.inspectors.facts import Damage
from isoview.inspectors.hints import TYPE_CHECKING, Any, NamedTuple
from isoview.inspectors.record import Record, cached_property
from isoview.inspectors.text import NAME_LIMIT, decode

if TYPE_CHECKING:
    from isoview.inspectors.binary.symbol_table import Columns, Index


ZERO_LIMIT = 1 << 20
"""Most zero bytes that one read makes up for memory that no file bytes fill."""
REGION_LIMIT = 256
"""Most regions of an image: the largest files have some 34 sections, and what asks about all of them
for each of a million addresses has to end.
"""


class Symbol(NamedTuple):
    """A defined symbol with its link-time address and size (0 where the format has none)."""

    name: str
    address: int
    size: int
    kind: str  # object, function, tls, other
    exported: bool


class Declaration(Record):
    """How the sources declare a global, from debug information; ``objects`` says whether its type
    is a pointer to a Python object, or an array of such.
    """

    type: str
    file: str | None
    line: int | None
    objects: bool


Declarations = tuple[dict[int, Declaration], str | None]
"""Declarations by link-time address, and why some may be missing."""


class Segment(NamedTuple):
    """A run of memory as the loader maps it; ``data`` may be shorter than ``size`` (zero fill)."""

    name: str
    address: int
    size: int
    data: memoryview
    writable: bool  # the file asks for it; parts may be sealed after relocation
    executable: bool
    offset: int | None = None  # where ``data`` begins in the buffer it is a part of, if known


class Region(NamedTuple):
    """A section, or a segment where the file has no sections.

    ``writable`` means writable while the program runs: memory sealed after relocation
    (PT_GNU_RELRO, __DATA_CONST) is not.
    """

    name: str
    address: int
    size: int
    writable: bool
    executable: bool
    zero_fill: bool
    thread_local: bool = False


class Image(Record):
    """One loaded file.

    ``pointers`` maps the address of a word to the local address the loader will store there;
    ``imports_at`` maps the address of a word to the imported name it will point to (GOT, IAT
    and plain data alike). A word in neither is plain data.
    """

    format: str
    arch: str
    bits: int
    endian: str  # little, big
    segments: tuple[Segment, ...]
    regions: tuple[Region, ...]
    pointers: Mapping[int, int]
    imports_at: Mapping[int, str]
    imported: frozenset[str]
    exports: Mapping[str, int]
    export_sizes: Mapping[int, int]  # address to size of exported ``Py...`` functions
    libraries: tuple[str, ...]
    build_id: str | None
    compilers: tuple[str, ...]  # what the compilers left about themselves (.comment and the like)
    stripped: bool  # no table is left that names what only this file sees
    module_file: bool  # of a kind that can be loaded as a module (ET_DYN, DLL, MH_BUNDLE, ...)
    load_symbols: Callable[[], tuple[Symbol, ...]]
    load_function_starts: Callable[[], Sequence[int]]
    damage: tuple[Damage, ...] = ()
    other_kind: str | None = None  # what the file is, in words, where it is no module file
    entry: int | None = None  # where the loader starts the file's own code: a DLL's start-up
    # Declarations of the globals at some addresses; the path is where to look beside the file.
    load_declarations: Callable[[Collection[int], str], Declarations] | None = None
    # (address, name, size) of objects in some ranges, by address; None: symbols have to tell.
    load_objects: Callable[[Sequence[tuple[int, int]]], list[tuple[int, str, int]]] | None = None
    load_functions: Callable[[], list[tuple[int, str]]] | None = None  # (address, name) of each
    load_thread_local: Callable[[], list[tuple[str, int]]] | None = None  # (name, size) of each
    load_columns: Callable[[], "Columns"] | None = None  # None: they are made of the symbols
    run_paths: tuple[str, ...] = ()  # folders in which the loader looks for libraries, as written
    python_exports: Mapping[str, int] | None = None  # those of ``exports`` called Py... or _Py...

    @cached_property
    def word_size(self) -> int:
        """Bytes in a pointer."""
        return self.bits // 8

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """Every defined symbol of the static and dynamic tables, sorted by address."""
        return tuple(sorted(self.load_symbols(), key=lambda symbol: symbol.address))

    @property
    def offered_to_python(self) -> Mapping[str, int]:
        """What is exported with a name that begins with ``Py`` or ``_Py``, among other things: to
        look through all names of a large library takes long.
        """
        return self.exports if self.python_exports is None else self.python_exports

    def objects(self, within: Sequence[tuple[int, int]]) -> list[tuple[int, str, int]]:
        """(address, name, size) of the named objects in some ranges (start, end), by address; of
        several at one address the first.
        """
        if self.load_objects is not None:
            return self.load_objects(within)
        found: dict[int, tuple[int, str, int]] = {}
        for name, address, size, kind, _ in self.symbols:
            if kind != "object" or not name or address in found:
                continue
            if any(start <= address < end for start, end in within):
                found[address] = (address, name, size)
        return list(found.values())

    @cached_property
    def columns(self) -> "Columns":
        """Every symbol, without an object for each."""
        from isoview.inspectors.binary.symbol_table import columns_of

        return columns_of(self) if self.load_columns is None else self.load_columns()

    @cached_property
    def _index(self) -> "Index":
        from isoview.inspectors.binary.symbol_table import Index

        return Index(self.columns)

    def covering(self, address: int) -> Symbol | None:
        """The symbol whose bytes hold ``address`` (a symbol without a size only at its start)."""
        found = self._index.covering(address)
        if found is None:
            return None
        name, start, size, kind, scope, _ = self.columns.row(found)
        return Symbol(name, start, size, kind, scope != "local")

    @cached_property
    def function_starts(self) -> Sequence[int]:
        """Sorted starts of functions, from unwind tables; empty where the file has none."""
        return self.load_function_starts()

    @cached_property
    def tables(self) -> dict[tuple[str, int, int], Any]:
        """Tables read already: many structures of a damaged file may point to one long table."""
        return {}

    @cached_property
    def relocated(self) -> list[int]:
        """Addresses of the words in ``pointers`` that stand where a word can stand, sorted."""
        return aligned(sorted(self.pointers), self.word_size)

    @cached_property
    def imported_words(self) -> list[int]:
        """The same for the words in ``imports_at``."""
        return aligned(sorted(self.imports_at), self.word_size)

    @cached_property
    def _far(self) -> list[int]:
        """Places in ``relocated`` of the words behind at least two that are not relocated."""
        step, words = 2 * self.word_size, self.relocated
        return [place for place, gap in enumerate(map(sub, words[1:], words), 1) if gap > step]

    @cached_property
    def after_plain(self) -> list[int]:
        """Relocated words behind at least five that are not: where a definition may be named."""
        step, words = 5 * self.word_size, self.relocated
        far = [words[place] for place in self._far if words[place] - words[place - 1] > step]
        return [*words[:1], *far]

    @cached_property
    def before_plain(self) -> list[int]:
        """Relocated words before at least two that are not: where a type or a spec may be named."""
        words = self.relocated
        return [*[words[place - 1] for place in self._far], *words[-1:]]

    @cached_property
    def _regions_apart(self) -> tuple[list[int], list[Region]] | None:
        """Starts of the regions and the regions, by address; None where some overlap."""
        regions = [region for region in self.regions if region.size and not region.thread_local]
        regions.sort(key=lambda region: region.address)
        end = 0
        for region in regions:
            if region.address < end:
                return None
            end = region.address + region.size
        return [region.address for region in regions], regions

    def segment_at(self, address: int) -> Segment | None:
        """The segment that holds the byte at ``address``."""
        for segment in self.segments:
            if segment.address <= address < segment.address + segment.size:
                return segment
        return None

    def region_at(self, address: int) -> Region | None:
        """The section that holds the byte at ``address`` (never a thread-local template)."""
        apart = self._regions_apart
        if apart is not None:
            index = bisect_right(apart[0], address) - 1
            region = apart[1][index] if index >= 0 else None
            return region if region and address < region.address + region.size else None
        for region in self.regions:
            if region.address <= address < region.address + region.size and not region.thread_local:
                return region
        return None

    @cached_property
    def _code_bounds(self) -> list[int] | None:
        """First and last address of each region with code, in turn; None where some overlap."""
        apart = self._regions_apart
        if apart is None:
            return None
        code = [region for region in apart[1] if region.executable]
        return [bound for one in code for bound in (one.address, one.address + one.size)]

    @cached_property
    def most_code(self) -> tuple[int, int]:
        """First address and end of the largest region with code, where most functions are."""
        bounds = self._code_bounds or [0, 0]
        return max(zip(bounds[::2], bounds[1::2], strict=True), key=lambda one: one[1] - one[0])

    def in_code(self, address: int) -> bool:
        """Whether instructions stand at ``address``: decided by section where there are any."""
        bounds = self._code_bounds
        if bounds is not None:
            return bisect_right(bounds, address) & 1 == 1
        region = self.region_at(address)
        return region is not None and region.executable

    def is_writable(self, address: int) -> bool:
        """Whether the byte at ``address`` can be written while the program runs."""
        region = self.region_at(address)
        return region is not None and region.writable

    def read(self, address: int, size: int) -> bytes:
        """At most ``size`` bytes from ``address``; memory without file bytes reads as zeros."""
        segment = self.segment_at(address)
        if segment is None or size <= 0:
            return b""
        start = address - segment.address
        raw = bytes(segment.data[start : start + size])
        # A damaged header may claim any size: what is not in the file is bounded.
        zeros = min(size, segment.size - start) - len(raw)
        return raw + bytes(min(zeros, ZERO_LIMIT)) if zeros > 0 else raw

    @cached_property
    def _filled(self) -> list[tuple[int, int, memoryview]]:
        """First address, end and file bytes of each segment, those with data before those with
        code; none where segments overlap.
        """
        ordered = sorted(self.segments, key=lambda segment: segment.address)
        if any(one.address + one.size > two.address for one, two in pairwise(ordered)):
            return []
        ordered.sort(key=lambda segment: (not segment.writable, segment.executable))
        return [(one.address, one.address + len(one.data), one.data) for one in ordered]

    def unsigned(self, address: int, size: int) -> int | None:
        """The ``size``-byte unsigned integer stored at ``address``; None outside the image."""
        order: Any = self.endian
        for low, end, data in self._filled:  # not by read(): every scan ends here
            if low <= address and address + size <= end:
                at = address - low
                return int.from_bytes(data[at : at + size], order)
        padded = self.read(address, size)
        return int.from_bytes(padded, order) if len(padded) == size else None

    def signed(self, address: int, size: int) -> int | None:
        """The ``size``-byte signed integer stored at ``address``; None outside the image."""
        value = self.unsigned(address, size)
        if value is None or value < 1 << (size * 8 - 1):
            return value
        return value - (1 << (size * 8))

    def window(self, address: int, count: int) -> Sequence[int]:
        """The file's ``count`` words from ``address`` on, not relocated; fewer at a segment's end."""
        size, behind = self.word_size, address + count * self.word_size
        for low, end, data in self._filled:  # most are read from here
            if low <= address and behind <= end:
                return words_from(self.endian, size, count)(data, address - low)
        segment = self.segment_at(address)
        if segment is None:
            return ()
        start = address - segment.address
        wanted = min(count * size, (segment.size - start) // size * size)
        raw = segment.data[start : start + wanted]
        if len(raw) < wanted:  # zero fill
            raw = memoryview(bytes(raw) + bytes(min(wanted - len(raw), ZERO_LIMIT)))
        return integers(raw, size, self.endian).tolist()

    def word(self, address: int) -> int | None:
        """The pointer-sized word at ``address`` as it is after loading (local pointers resolved)."""
        target = self.pointers.get(address)
        return self.unsigned(address, self.word_size) if target is None else target

    def place(self, address: int, size: int) -> tuple[Any, int, int] | None:
        """Where at most ``size`` bytes from ``address`` stand in the file: a buffer (bytes or a
        mapping), first and last place. None where they are not all one piece of it.
        """
        segment = self.segment_at(address)
        if segment is None or segment.offset is None:
            return None
        whole: Any = segment.data.obj
        start = segment.offset + address - segment.address
        end = min(start + size, segment.offset + len(segment.data))
        return (whole, start, end) if hasattr(whole, "find") and start < end else None

    @cached_property
    def _found_in(self) -> list[tuple[int, int, Any, int]]:
        """First address and end of the file bytes of each segment, constants first; the buffer that
        they stand in, and what leads from an address to a place in it. None where segments overlap.
        """
        found: list[tuple[int, int, Any, int]] = []
        for low, end, data in reversed(self._filled):
            place = self.place(low, end - low)
            if place is not None:
                found.append((low, low + len(data), place[0], place[1] - low))
        return found

    def cstring(self, address: int, limit: int = NAME_LIMIT, keep: int | None = None) -> str | None:
        """The text that ends with NUL within ``limit`` bytes of ``address``, cut after ``keep``."""
        keep = limit if keep is None else keep
        for low, behind, whole, shift in self._found_in:
            if low <= address < behind:
                start = address + shift
                end = whole.find(b"\0", start, start + limit + 1)
                if 0 <= end < behind + shift:
                    return decode(whole[start : min(end, start + keep + 1)], keep)
                break
        size = min(256, limit + 1)  # most are short, and what is read is copied
        while True:
            raw = self.read(address, size)
            end = raw.find(b"\0")
            if end >= 0:
                return decode(raw[: min(end, keep + 1)], keep)
            if len(raw) < size or size > limit:
                return None
            size = min(size * 16, limit + 1)

    def words(self, segment: Segment) -> Sequence[int]:
        """The file's words of ``segment`` from its first word-aligned address, not relocated."""
        skip = -segment.address % self.word_size
        usable = (len(segment.data) - skip) // self.word_size * self.word_size
        if usable <= 0:
            return ()
        return integers(segment.data[skip : skip + usable], self.word_size, self.endian)
