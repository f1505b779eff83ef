"""What the readers of generated code share: the code of one file, and what is said about a class."""

from collections.abc import Collection
from functools import cache

from isoview.inspectors.binary.code.functions import (
    FUNCTION_LIMIT,
    WHOLE_LIMIT,
    Function,
    Functions,
)
from isoview.inspectors.binary.code.instructions import Instruction, Machine, machine
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.tracker import Tracker


class Code:
    """The code of one image, and how much of it may still be read."""

    def __init__(self, image: Image, how: Machine, functions: Functions, limit: int) -> None:
        self.image = image
        self.machine = how
        self.limit = limit
        self.read = 0
        self.refused = 0
        """Functions that were wanted but not read, because the budget was used up."""
        self.functions = functions
        self.calls = functions.calls
        self.stub = cache(lambda address: _stub(image, address))
        self.judged: dict[tuple[str, int], bool] = {}
        """What was found out about functions by address, for whoever asks twice."""
        self.results: dict[int, tuple[object, ...] | None] = {}
        """What the strings consist of that functions make of their arguments."""
        self.tracker = Tracker(image, how, self.stub)

    def another_tracker(self) -> Tracker:
        """For a function that is looked at in the middle of another."""
        another = Tracker(self.image, self.machine, self.stub)
        another.returned = self.tracker.returned
        return another

    @property
    def exhausted(self) -> bool:
        """Whether the budget of instructions is used up."""
        return self.read >= self.limit

    def decode(self, function: Function, *, whole: bool = False) -> list[Instruction] | None:
        """The instructions of a function, of a very long one only those at its start unless the
        ``whole`` is wanted; None where the budget is used up.
        """
        if self.exhausted:
            self.refused += 1
            return None
        limit = WHOLE_LIMIT if whole else FUNCTION_LIMIT
        found = self.machine.decode(self.functions.read(function, limit), function.start)
        self.read += len(found)
        return found

    def callers_of_import(self, names: Collection[str]) -> list[int]:
        """Addresses of the calls of one of the imported functions ``names``."""
        wanted = frozenset(names)
        slots = [at for at, name in self.image.imports_at.items() if name in wanted]
        stubs = {target for target in self._stub_targets() if self.stub(target) in wanted}
        # The jump of a stub stands behind endbr64, bnd or a REX prefix, if not first.
        own = {stub + skip for stub in stubs for skip in (0, 1, 4, 5)}
        through = [site for site in self.calls.sites_through(slots) if site not in own]
        return sorted({*through, *self.calls.sites_of(stubs)})

    def _stub_targets(self) -> Collection[int]:
        """Targets of direct calls that can be stubs of imported functions."""
        named = [
            (region.address, region.address + region.size)
            for region in self.image.regions
            if region.executable and region.name.rpartition(",")[2].startswith(_STUBS)
        ]
        targets = self.calls.targets()
        if not named:
            return targets
        return [target for low, high in named for target in targets if low <= target < high]


_STUBS = (".plt", "__stubs")
"""Sections in which linkers put the stubs; PE files have theirs among the code."""


def open_code(image: Image, functions: Functions, limit: int) -> Code | None:
    """The code of ``image``; None for a processor whose instructions are not read."""
    how = machine(image)
    return Code(image, how, functions, limit) if how is not None else None


def _stub(image: Image, address: int) -> str | int | None:
    """The import, or the function of this very file, that a stub at ``address`` leads to."""
    if image.arch == "aarch64":
        from isoview.inspectors.binary import walk_aarch64

        return walk_aarch64.stub_target(image, address)
    from isoview.inspectors.binary import machine_x86_64

    name = machine_x86_64.stub_target(image, address)
    if name is not None:
        return name
    raw = image.read(address, 11)
    at = 4 if raw[:4] == b"\xf3\x0f\x1e\xfa" else 0
    if raw[at : at + 2] != b"\xff\x25":
        return None
    slot = address + at + 6 + int.from_bytes(raw[at + 2 : at + 6], "little", signed=True)
    return image.pointers.get(slot)


def classes_read(number: int, generator: str) -> str:
    """How many classes the code tells of, as the first half of a reason."""
    if number == 0:
        return f"no class of {generator} was found in the code that makes classes"
    if number == 1:
        return f"1 class of {generator} is read from the code that makes it"
    return f"{number} classes of {generator} are read from the code that makes them"
