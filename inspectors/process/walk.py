"""From the runtime to interpreters, modules and types, while the target goes on running.

Nothing holds still, so everything that is believed was seen twice. The dicts are copied first; then
the objects in them are looked at; then the dicts are read again. An entry that stands in both
copies held its objects alive in between, so what was read of them is true. An entry that stands
in only one is read again, and counted as unread where it never holds still.
"""

import time
from collections.abc import Iterable, Sequence

from isoview.inspectors.process.facts import (
    InterpreterFact,
    Module,
    Unreadable,
    Walk,
)
from isoview.inspectors.process.interpreters import InterpreterHead, read_heads
from isoview.inspectors.process.maps import Maps
from isoview.inspectors.process.memory import Memory, Unread
from isoview.inspectors.process.module_facts import ModuleFacts, Seen
from isoview.inspectors.process.modules import ModuleObject, ModuleReader
from isoview.inspectors.process.objects import Core, ObjectReader, Table, Torn, TypeFact
from isoview.inspectors.process.runtime import Interpreter
from isoview.inspectors.process.sharing import Holdings, find_sharing

ROUNDS = 5
"""How often an entry that changed is read again."""
ATTEMPTS = 60
"""How often one dict is read that was being changed; each takes some 0.1 ms."""
ENTRY_BUDGET = 5_000_000
"""Most dict entries of one reading; 600 modules have 40,000. A target could go on for ever."""
UNREAD_NAMED = 200


class Walker:
    """One walk over one process."""

    def __init__(
        self, memory: Memory, interpreter: Interpreter, maps: Maps, core: Core | None = None
    ) -> None:
        self.memory = memory
        self.interpreter = interpreter
        self.maps = maps
        self.reader = ObjectReader(
            memory, interpreter.objects, free_threaded=interpreter.free_threaded
        )
        if core is not None:
            self.reader.core = core
        self.modules = ModuleReader(self.reader)
        self.unread: list[Unreadable] = []
        self.unread_count = 0
        self.again = 0
        self.entries_left = ENTRY_BUDGET
        self.facts = ModuleFacts(self.reader, self.modules, interpreter, maps)

    def heads(self) -> list[InterpreterHead]:
        """Every interpreter of the process, main first. Raises :class:`Unread`."""
        return read_heads(self.memory, self.interpreter)

    # -- the walk -------------------------------------------------------------------------------

    def walk(self) -> Walk:
        """Interpreters, modules, types, and what is shared. Raises :class:`Unread`, :class:`Torn`."""
        began = time.perf_counter()
        self._start_afresh()
        heads = self.heads()
        self._anchor(heads)
        found: list[InterpreterFact] = []
        holdings: list[Holdings] = []
        for head in heads:
            fact, held = self._interpreter(head)
            found.append(fact)
            holdings.append(held)
        core = self.interpreter.image
        sharing = find_sharing(self.reader, holdings, core.base, core.end)
        spent = (time.perf_counter() - began) * 1000
        unread = tuple(self.unread)
        return Walk(tuple(found), sharing, unread, self.unread_count, self.again, 0.0, spent)

    def _start_afresh(self) -> None:
        self.unread, self.unread_count, self.again = [], 0, 0
        self.entries_left = ENTRY_BUDGET
        self.reader.forget()
        self.modules.forget()

    def _anchor(self, heads: Sequence[InterpreterHead]) -> None:
        """Find the core types, once: they lie in the interpreter's own image and stay there."""
        if not heads or not heads[0].modules:
            raise Torn("it has no sys.modules: it is starting or ending")
        for attempt in range(ATTEMPTS):
            if self.reader.core.module:
                return
            try:
                self.reader.anchor(heads[0].modules)
            except (Unread, Torn):
                if attempt == ATTEMPTS - 1:
                    raise
                self.memory.forget()

    def _interpreter(self, head: InterpreterHead) -> tuple[InterpreterFact, Holdings]:
        names = self._module_entries(head)
        seen = self._read_modules(list(dict.fromkeys(names.values())))
        made: dict[str, Module] = {}
        for name, address in names.items():
            if address in seen:
                made[name] = self._module(head.id, name, seen[address])
        # What left sys.modules meanwhile may have been freed, and another object read for it.
        still = {value for _key, value in self._fresh_table(head).pairs}
        modules = [module for module in made.values() if module.address in still]
        for name, address in names.items():
            if address in still and name not in made:
                self._miss(head.id, name, "", "the module object cannot be read")
        held = {module.name: seen[module.address] for module in modules}
        fact = InterpreterFact(head.id, head.address, head.gil, head.threads, tuple(modules))
        facts = {m.name: m for m in modules}
        tables = {name: e.table.pairs for name, e in held.items() if e.table is not None}
        return fact, Holdings(head.id, facts, tables)

    def _module(self, interpreter: int, name: str, seen: Seen) -> Module:
        if seen.module.dict and seen.table is None:
            why = "its dict kept changing" if self.entries_left > 0 else "too many entries in all"
            self._miss(interpreter, name, "", why)
        for key, _value in seen.changing:
            self._miss(interpreter, name, self.facts.key(key), "the entry kept changing")
        return self.facts.module(name, seen)

    def _miss(self, interpreter: int, module: str, entry: str, reason: str) -> None:
        self.unread_count += 1
        if len(self.unread) < UNREAD_NAMED:
            self.unread.append(Unreadable(interpreter, module, entry, reason))

    def chase(self) -> None:
        """Touch what a walk begins with, so that a copy made now holds it: every dict as it is now,
        and where its values lie. What only a whole walk finds was touched by the one before.
        """
        memory, head = self.memory, self.reader.head
        for interpreter in self.heads():
            try:
                pairs = self.reader.table(interpreter.modules).pairs
            except (Unread, Torn):
                continue
            memory.fetch(address for pair in pairs for address in pair)
            memory.fetch(self._words(value + head for _key, value in pairs))
            modules = self._objects(value for _key, value in pairs)
            memory.fetch(self._words(m.dict + head + 16 for m in modules if m.dict))
            values: set[int] = set()
            for module in modules:
                table = self._table(module)
                if table is not None:
                    values.update(value for _key, value in table.pairs)
            memory.fetch(values)

    def _objects(self, addresses: Iterable[int]) -> list[ModuleObject]:
        found: list[ModuleObject] = []
        for address in addresses:
            try:
                found.append(self.modules.read(address))
            except (Unread, Torn):
                continue
        return found

    # -- sys.modules ----------------------------------------------------------------------------

    def _module_entries(self, head: InterpreterHead) -> dict[str, int]:
        """Names and addresses in ``sys.modules``.

        An entry is believed whose name was read twice, with the dict read before, between and
        after: memory is reused at once, so that another module may come to lie where one went.
        """
        table = self._fresh_table(head)
        before: dict[tuple[int, int], str] = {}
        believed: dict[tuple[int, int], str] = {}
        stood: set[tuple[int, int]] = set()
        for attempt in range(ROUNDS + 1):
            names = self._names(pair for pair in table.pairs if pair not in believed)
            self.again += len(names) if attempt > 1 else 0
            now, table = set(table.pairs), self._fresh_table(head)
            later = set(table.pairs)
            always = stood & now & later
            believed |= {
                pair: name
                for pair, name in names.items()
                if pair in always and before.get(pair) == name
            }
            before, stood = names, now & later
            believed = {pair: name for pair, name in believed.items() if pair in later}
            if attempt and later <= believed.keys():
                break
        for _pair in set(table.pairs) - believed.keys():
            self._miss(head.id, "", "", "an entry of sys.modules kept changing")
        return {believed[pair]: pair[1] for pair in table.pairs if pair in believed}

    def _names(self, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """The names of entries, read anew."""
        wanted = list(pairs)
        self.memory.forget()
        self.reader.forget()
        self.memory.fetch(address for pair in wanted for address in pair)
        names: dict[tuple[int, int], str] = {}
        for pair in wanted:
            try:
                self.reader.type_of(pair[1])
                names[pair] = self.reader.text(pair[0])
            except (Unread, Torn):
                continue
        return names

    def _fresh_table(self, head: InterpreterHead) -> Table:
        for _attempt in range(ATTEMPTS):
            self.memory.forget()
            try:
                return self.reader.table(head.modules)
            except (Unread, Torn):
                continue
        self._miss(head.id, "", "", "sys.modules kept changing")
        return Table((), (), ())

    # -- modules --------------------------------------------------------------------------------

    def _read_modules(self, addresses: Sequence[int]) -> dict[int, Seen]:
        """Every module of one interpreter, in bulk; those whose dict changed again, one by one."""
        self.memory.forget()
        found = self._once(addresses)
        for address in self._changed(found):
            found[address] = self._settled(found[address])
        return found

    def _once(self, addresses: Sequence[int]) -> dict[int, Seen]:
        """Copy every dict, then look at what is in them."""
        memory, reader = self.memory, self.reader
        memory.fetch(addresses)
        objects = self._objects(addresses)
        memory.fetch(module.dict for module in objects)
        head = reader.head
        memory.fetch(self._words(module.dict + head + 16 for module in objects if module.dict))
        tables = {module.address: self._table(module) for module in objects}
        memory.forget()
        reader.forget()
        self.modules.forget()
        values = {value for table in tables.values() if table for _key, value in table.pairs}
        memory.fetch(values)
        return {module.address: self._look(module, tables[module.address]) for module in objects}

    def _words(self, addresses: Iterable[int]) -> list[int]:
        found: list[int] = []
        for address in addresses:
            try:
                found.append(self.memory.word(address))
            except Unread:
                continue
        return found

    def _table(self, module: ModuleObject) -> Table | None:
        if not module.dict:
            return None
        for _attempt in range(ROUNDS):
            if self.entries_left <= 0:
                return None
            try:
                table = self.reader.table(module.dict)
            except (Unread, Torn):
                self.memory.forget()
            else:
                self.entries_left -= len(table.pairs) + 1
                return table
        return None

    def _look(self, module: ModuleObject, table: Table | None) -> Seen:
        types: dict[tuple[int, int], TypeFact] = {}
        torn: list[tuple[int, int]] = []
        if table is not None:
            self._types(table.pairs, types, torn)
            self.modules.file(table)  # learns the key, for modules that got it late
        return Seen(module, table, types, tuple(torn))

    def _types(
        self,
        pairs: Iterable[tuple[int, int]],
        types: dict[tuple[int, int], TypeFact],
        torn: list[tuple[int, int]],
    ) -> None:
        """Which of the entries are classes."""
        reader = self.reader
        word, offset, metatypes = self.memory.word, reader.type_head, reader.metatypes
        for pair in pairs:
            try:
                known = metatypes.get(word(pair[1] + offset))
                if known is False:
                    continue
                if known or reader.is_type(pair[1]):
                    types[pair] = reader.live_type(pair[1])
            except (Unread, Torn):
                torn.append(pair)

    def _changed(self, found: dict[int, Seen]) -> list[int]:
        """Modules whose dict is not what it was."""
        memory = self.memory
        ranges: list[tuple[int, int]] = []
        for seen in found.values():
            if seen.table is not None:
                ranges += seen.table.ranges
        now = iter(memory.many(ranges))
        changed: list[int] = []
        for address, seen in found.items():
            table = seen.table
            if table is None:
                if seen.module.dict:
                    changed.append(address)
                continue
            raws = [next(now) for _ in table.ranges]
            if seen.changing or not _same(table.raws, raws):
                changed.append(address)
        return changed

    def _settled(self, seen: Seen) -> Seen:
        """Read one module again until every entry was seen twice, or often enough."""
        table: Table | None = None
        types: dict[tuple[int, int], TypeFact] = {}
        proven: set[tuple[int, int]] = set()
        left: set[tuple[int, int]] = set()
        for _attempt in range(ROUNDS):
            self.memory.forget()
            self.reader.forget()
            table = self._table(seen.module)
            if table is None:
                continue
            fresh = [pair for pair in table.pairs if pair not in proven]
            self.again += len(fresh)
            torn: list[tuple[int, int]] = []
            self.memory.forget()
            self._types(fresh, types, torn)
            self.memory.forget()
            later = self._table(seen.module)
            if later is None:
                continue
            stands = set(later.pairs)
            proven = (proven | (set(fresh) - set(torn))) & stands
            left = stands - proven
            table = later
            if not left:
                break
        types = {pair: fact for pair, fact in types.items() if pair in proven}
        return Seen(seen.module, table, types, tuple(left))


def _same(before: Sequence[bytes], now: Sequence[bytes]) -> bool:
    """Whether the dict stands as it did; the watcher and version word (bytes 8 to 16) is not it."""
    head, later = before[0], now[0]
    same_head = head[:8] == later[:8] and head[16:] == later[16:]
    return same_head and list(before[1:]) == list(now[1:])
