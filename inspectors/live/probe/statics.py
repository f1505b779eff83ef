"""The file's writable words: which hold objects, and which a second copy overwrote."""

import gc

from .classes import every_type
from .importing import NotRunError
from .interpreter import HEAD, OB_TYPE, WORD
from .mapping import locate, writable_ranges
from .memory import Memory
from .outcomes import CutShortError, failure

TYPE_WORDS = 56
"""More than any PyTypeObject has, in words; what lies inside the module's static types is theirs."""
SHOWN = 2000
PIECE = 1 << 20
"""Bytes that are read at once."""


def statics(target):
    """Read the words, make a second copy, read again.

    *Overwritten* is a word that held one object before the second copy and holds another one
    after it: the first copy now uses what is not its own.
    """
    loaded = locate(target.file)
    ranges = writable_ranges(target.file, loaded)
    if not ranges:
        raise NotRunError(
            "where the file's writable memory lies is only known for ELF files on Linux"
        )
    with Memory() as memory:
        target.channel.stage("statics")
        reader = _Reader(memory, ranges, loaded)
        gc.collect()
        before = reader.objects()
        words = reader.words()
        answer = {
            "words": sum(size for _, size in ranges) // WORD,
            "objects": len(before),
            "held": [
                {"address": address - loaded.bias, "type": name}
                for address, (_, name) in sorted(before.items())[:SHOWN]
            ],
            "overwritten": [],
            "changed": 0,
        }
        answer.update(target.identity)
        target.channel.stage("second import")
        try:
            second = target.again()
        except BaseException as error:
            raise CutShortError(failure(error), answer) from None
        target.channel.stage("compare")
        after = reader.words()
        answer["changed"] = sum(
            1 for address in words.keys() | after.keys() if words.get(address) != after.get(address)
        )
        answer["overwritten"] = [
            {"address": address - loaded.bias, "type": name}
            for address, (value, name) in sorted(before.items())
            if after.get(address) != value
        ][:SHOWN]
        target.channel.stage("use")
        target.use(second)
        target.use(target.first)
    return answer


class _Reader:
    def __init__(self, memory, ranges, loaded):
        self._memory = memory
        self._ranges = ranges
        self._types = {id(cls): cls for cls in every_type()}
        self._inside = [
            (address, address + TYPE_WORDS * WORD)
            for address in self._types
            if loaded.holds(address)
        ]

    def words(self):
        """{address: value} of every word that is not zero: most of a large .bss is."""
        found = {}
        for start, size in self._ranges:
            for at in range(start, start + size, PIECE):
                raw = self._memory.read(at, min(PIECE, start + size - at)) or b""
                values = memoryview(raw[: len(raw) // WORD * WORD]).cast("N")
                found.update(
                    (at + index * WORD, value) for index, value in enumerate(values) if value
                )
        return found

    def objects(self):
        """{address: (object's address, its type's name)} of words that point to a live object.

        A word does if what it points to begins like one: its type is a class that the interpreter
        knows. Words that belong to static types and definitions themselves are left out.
        """
        kinds = {}
        found = {}
        for address, value in self.words().items():
            if value < 4096 or value % WORD:
                continue
            if value not in kinds:
                kinds[value] = self._kind(value)
            if kinds[value] is not None and not self._is_part(address):
                found[address] = (value, kinds[value])
        return found

    def _kind(self, value):
        head = self._memory.word(value + OB_TYPE)
        cls = self._types.get(head)
        if cls is None or not self._is_counted(value):
            return None
        if issubclass(cls, type) and value not in self._types:
            return None  # a class that is not ready, or memory that only looks like one
        return type.__dict__["__qualname__"].__get__(cls)

    def _is_counted(self, value):
        """The reference count of a live object is not zero (where there is one count)."""
        if HEAD != 2 * WORD:
            return True
        return bool(self._memory.uint32(value))

    def _is_part(self, address):
        """Whether the word lies in a static type, or is the type word of a definition."""
        if any(start <= address < end for start, end in self._inside):
            return True
        cls = self._types.get(self._memory.word(address))
        return cls is not None and cls.__name__ == "moduledef"
