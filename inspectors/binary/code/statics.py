"""Which statics hold objects, and who writes the others: the code stage's part on globals."""

from bisect import bisect_right
from functools import cached_property

from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.holders import Holder, Weigher
from isoview.inspectors.binary.code.instructions import machine
from isoview.inspectors.binary.code.record import Record
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.solve import Knowledge, Solver
from isoview.inspectors.binary.code.survey import Survey, survey
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.facts import Facts, Global

_OWNED = frozenset({"type", "definition"})


class Statics:
    """What the code of one file shows about its statics."""

    def __init__(self, image: Image, facts: Facts, limit: int, functions: Functions) -> None:
        self.image = image
        self.facts = facts
        self.functions = functions
        self.layout = Layout(image.word_size, facts.artifact.free_threaded_layout)
        self.owned = self._owned()
        found = machine(image)
        assert found is not None  # noqa: S101 - only files whose code can be read come here
        types = {
            entry.address: entry.name
            for entry in facts.types
            if entry.kind in ("static", "template") and entry.address is not None
        }
        self.scene = Scene(image, functions, found, self.layout, types)
        self.survey: Survey = survey(self.scene, limit)

    @property
    def record(self) -> Record:
        """What following the code brought to light."""
        return self.scene.record

    def _owned(self) -> list[tuple[int, int]]:
        """Ranges of static types and definitions: what stands inside belongs to CPython."""
        layout = self.layout
        found = [(g.address, g.address + g.size) for g in self.facts.globals if g.kind in _OWNED]
        found += [
            (entry.address, entry.address + layout.type_size)
            for entry in self.facts.types
            if entry.kind != "spec" and entry.address is not None
        ]
        found += [
            (entry.address, entry.address + layout.moduledef_size)
            for entry in self.facts.definitions
            if entry.kind == "moduledef" and entry.address is not None
        ]
        return sorted(found)

    def writable(self, address: int) -> bool:
        """Whether a word is writable data of the module's own."""
        index = bisect_right(self.owned, (address, 1 << 64)) - 1
        inside = index >= 0 and address < self.owned[index][1]
        return not inside and self.scene.is_data(address) and not self.cached(address)

    def cached(self, address: int) -> bool:
        """Whether a word belongs to a ``_PyArg_Parser``, whose tuple CPython looks after."""
        caches = self._caches
        index = bisect_right(caches, address) - 1
        return index >= 0 and address < caches[index] + PARSER_SIZE

    @cached_property
    def _caches(self) -> list[int]:
        return sorted(self.record.caches)  # the survey is over: there will be no more

    @cached_property
    def _symbols(self) -> tuple[list[int], list[Global]]:
        sized = [entry for entry in self.facts.globals if entry.symbol is not None and entry.size]
        return [entry.address for entry in sized], sized

    def variable(self, address: int) -> Global | None:
        """The named static that an address lies in."""
        starts, sized = self._symbols
        index = bisect_right(starts, address) - 1
        if index >= 0 and address < starts[index] + sized[index].size:
            return sized[index]
        return None

    def _end(self, address: int) -> int | None:
        found = self.variable(address)
        return found.address + found.size if found is not None else None

    @cached_property
    def knowledge(self) -> Knowledge:
        """All that follows from what was seen."""
        return Solver(self.record, self.scene.type_offset, self._end).solve()

    @cached_property
    def holders(self) -> dict[int, Holder]:
        """Words that hold objects, by address."""
        weigher = Weigher(self.image, self.record, self.knowledge, self._end, self.writable)
        return {
            address: holder
            for address, holder in weigher.holders().items()
            if not (holder.grade == "weak" and self._is_table(address))
        }

    def _is_table(self, address: int) -> bool:
        """A table of the file's own data holds objects only where one was seen being stored."""
        owner = self.variable(address)
        return owner is not None and owner.kind in ("table", "runtime", "lock")


PARSER_SIZE = 72
"""Least bytes of a ``_PyArg_Parser`` (3.8 to 3.15: its list link is the last word)."""
