"""Where functions begin and end, and what they are called, on stripped files too.

Starts come from unwind tables (``.eh_frame_hdr``, ``.pdata``), from LC_FUNCTION_STARTS, from
function symbols where there are any, and from the lists of what runs at load and at exit: the
compiler's own functions there have no unwind table, and an optimizing linker puts them between the
module's. A function ends where the next one starts, or its code does.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property

from isoview.inspectors.binary.image import Image, Region
from isoview.inspectors.hints import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from isoview.inspectors.binary.code.calls import CallIndex

FUNCTION_LIMIT = 400_000
"""Bytes of one function that are read where many are looked through for one thing."""
WHOLE_LIMIT = 1 << 22
"""Bytes of one function that are read at all: there are init functions of more than 1 MB. What is
larger is data or a table of jumps, as a rule.
"""


RUN_FIRST = (".init_array", "__mod_init_func", ".CRT")
RUN_LAST = (".fini_array", ".dtors", "__mod_term_func")
"""Ends of the names of sections that list functions: what a loader runs first, and last."""
LIST_LIMIT = 1 << 20
"""Bytes of such a list that are looked through."""


class Function(NamedTuple):
    """One function: [start, end) in link-time addresses. ``name`` is None on stripped files."""

    start: int
    end: int
    name: str | None

    @property
    def label(self) -> str:
        """How to speak of it: its name, or where it starts."""
        return self.name or f"the function at {self.start:#x}"


class Functions:
    """All functions of an image, by address."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.names: dict[int, str] = {}
        for address, name in _named(image):
            if name and not name.startswith("$"):
                self.names.setdefault(address, name)
        for name, address in image.exports.items():
            self.names.setdefault(address, name)
        self.code: tuple[Region, ...] = tuple(
            sorted(
                (r for r in image.regions if r.executable and not r.zero_fill),
                key=lambda region: region.address,
            )
        )
        self._bounds = [(region.address, region.address + region.size) for region in self.code]
        starts = {*image.function_starts, *self.names, *listed(image, *RUN_FIRST, *RUN_LAST)}
        ordered = sorted(starts)
        inside: set[int] = set()
        for low, high in self._bounds:
            inside.update(ordered[bisect_left(ordered, low) : bisect_left(ordered, high)])
        self.starts: list[int] = sorted(inside)
        self._start_set = frozenset(inside)

    def __iter__(self) -> Iterator[Function]:
        return (self._function(index) for index in range(len(self.starts)))

    def __len__(self) -> int:
        return len(self.starts)

    def starts_at(self, address: int) -> bool:
        """Whether a function starts at ``address``."""
        return address in self._start_set

    def containing(self, address: int) -> Function | None:
        """The function that the code at ``address`` belongs to."""
        index = bisect_right(self.starts, address) - 1
        if index < 0:
            return None
        found = self._function(index)
        return found if address < found.end else None

    def at(self, start: int) -> Function:
        """The function from ``start``, which need not be known, to the next known start."""
        index = bisect_right(self.starts, start) - 1
        if index >= 0 and self.starts[index] == start:
            return self._function(index)
        following = self.starts[index + 1] if index + 1 < len(self.starts) else start + 4096
        return Function(start, min(following, self._region_end(start)), None)

    @cached_property
    def calls(self) -> "CallIndex":
        """Who calls what, for everybody who asks about this image."""
        from isoview.inspectors.binary.code.calls import CallIndex

        return CallIndex(self.image)

    def _function(self, index: int) -> Function:
        start = self.starts[index]
        end = self._region_end(start)
        if index + 1 < len(self.starts):
            end = min(end, self.starts[index + 1])
        return Function(start, end, self.names.get(start))

    def _region_end(self, address: int) -> int:
        return next((high for low, high in self._bounds if low <= address < high), address)

    def read(self, function: Function, limit: int = FUNCTION_LIMIT) -> bytes:
        """The bytes of a function, at most ``limit``."""
        return self.image.read(function.start, min(function.end - function.start, limit))


def listed(image: Image, *sections: str) -> set[int]:
    """Functions (link-time addresses) whose addresses stand in sections of these names."""
    found = set()
    for region in image.regions:
        if region.name.endswith(sections):
            end = region.address + min(region.size, LIST_LIMIT)
            words = range(region.address, end, image.word_size)
            found |= {image.pointers[word] for word in words if word in image.pointers}
    return found


def _named(image: Image) -> list[tuple[int, str]]:
    """Address and name of the functions that have one."""
    if image.load_functions is not None:
        return image.load_functions()
    return [(s.address, s.name) for s in image.symbols if s.kind == "function"]
