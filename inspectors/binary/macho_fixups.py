"""Where a Mach-O file holds addresses: dyld's opcode streams and its chained fixups.

Sources: ``<mach-o/loader.h>`` (opcodes) and ``<mach-o/fixup-chains.h>``. Addresses are
link-time. Each stream may touch each word of the writable segments a few times at most; one that
goes on is damaged, and what it gave so far is kept.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from isoview.inspectors.binary.image import Segment
from isoview.inspectors.binary.macho_symbols import Names, uleb
from isoview.inspectors.binary.words import integers
from isoview.inspectors.facts import Damage

if TYPE_CHECKING:
    from isoview.inspectors.binary.macho_file import MachFile

WORD = 8
_UNPACKED_LIMIT = 64 << 20  # bytes of packed import names
_MASK = (1 << 64) - 1


class Run(NamedTuple):
    """``length`` words from ``address``, ``step`` bytes apart; ``name`` is None for a rebase."""

    address: int
    length: int
    step: int
    name: str | None


class Chain(NamedTuple):
    """One pointer format of chained fixups: how its 64-bit words are divided.

    ``offsets``: plain targets count from the image's base. ``authenticated``: arm64e's layout,
    where bit 63 marks a signed pointer and bit 62 an import.
    """

    stride: int
    offsets: bool
    authenticated: bool
    ordinal_bits: int


# dyld_chained_starts_in_segment.pointer_format (DYLD_CHAINED_PTR_*); formats of 32-bit files, of
# firmware and of kernels are not read.
_CHAINS = {
    1: Chain(8, offsets=False, authenticated=True, ordinal_bits=16),  # ARM64E
    2: Chain(4, offsets=False, authenticated=False, ordinal_bits=24),  # 64
    6: Chain(4, offsets=True, authenticated=False, ordinal_bits=24),  # 64_OFFSET
    9: Chain(8, offsets=True, authenticated=True, ordinal_bits=16),  # ARM64E_USERLAND
    12: Chain(8, offsets=True, authenticated=True, ordinal_bits=24),  # ARM64E_USERLAND24
}


def read_fixups(
    file: "MachFile", defined: Mapping[str, int]
) -> tuple[dict[int, int], dict[int, str]]:
    """The image's ``pointers`` and ``imports_at``.

    An imported name that the file itself defines (a C++ weak definition) is a local address.
    """
    pointers: dict[int, int] = {}
    bound: dict[int, str] = {}
    chained = file.linked(0x80000034)  # LC_DYLD_CHAINED_FIXUPS
    info = file.first(0x80000022, 0x22)  # LC_DYLD_INFO_ONLY, LC_DYLD_INFO
    if chained:
        _Chains(file, chained).read(pointers, bound)
    elif info is not None and len(info) >= 40:
        _opcodes(file, info, pointers, bound)
    elif _has_old_relocations(file):
        file.damage.append(
            Damage("relocations", "they are in the form of Mac OS X 10.5, which is not read")
        )
    imports_at: dict[int, str] = {}
    for address, name in bound.items():
        if name in defined:
            pointers[address] = defined[name]
        else:
            pointers.pop(address, None)  # a lazy pointer is rebased first, to its stub helper
            imports_at[address] = name
    return pointers, imports_at


def _has_old_relocations(file: "MachFile") -> bool:
    raw = file.first(0x0B)  # LC_DYSYMTAB: nextrel and nlocrel
    return raw is not None and len(raw) >= 80 and any(struct.unpack_from("<4I", raw, 64)[1::2])


# -- opcode streams ------------------------------------------------------------------------------


def _opcodes(
    file: "MachFile", info: memoryview, pointers: dict[int, int], bound: dict[int, str]
) -> None:
    streams = struct.unpack_from("<8I", info, 8)
    room = 4 * sum(len(segment.data) for segment in file.segments) // WORD + 64
    words = {segment: _words(segment) for segment in file.segments}
    for index, where in enumerate(("rebases", "binds", "weak binds", "lazy binds")):
        raw = bytes(file.part(streams[2 * index], streams[2 * index + 1], where))
        runs = _rebases(raw, file) if index == 0 else _binds(raw, file, lazy=index == 3)
        left = room
        try:
            for run in runs:
                segment = _segment_of(file, run)
                left -= run.length
                if segment is None or left < 0:
                    text = "more than fit" if segment else "an address outside its segment"
                    file.damage.append(Damage(where, text))
                    break
                addresses = range(run.address, run.address + run.length * run.step, run.step)
                if run.name is not None:
                    bound.update(dict.fromkeys(addresses, run.name))
                else:
                    pointers.update(_stored(addresses, segment, words[segment]))
        except (IndexError, ValueError) as error:
            text = str(error) if isinstance(error, ValueError) else "cut off in an opcode"
            file.damage.append(Damage(where, text))


def _words(segment: Segment) -> Sequence[int]:
    return integers(segment.data, WORD, "little")


def _segment_of(file: "MachFile", run: Run) -> Segment | None:
    """The segment that holds all words of a run; file bytes must be there for them."""
    last = run.address + (run.length - 1) * run.step
    for segment in file.segments:
        filled = segment.address + len(segment.data)
        if segment.address <= run.address and last + WORD <= filled:
            return segment
    return None


def _stored(addresses: range, segment: Segment, words: Sequence[int]) -> Iterable[tuple[int, int]]:
    """(word address, word in the file) of each address."""
    first = addresses.start - segment.address
    if not first % WORD and not addresses.step % WORD:
        step = addresses.step // WORD
        start = first // WORD
        return zip(addresses, words[start : start + len(addresses) * step : step], strict=True)
    return (
        (
            a,
            int.from_bytes(
                segment.data[a - segment.address : a - segment.address + WORD], "little"
            ),
        )
        for a in addresses
    )


def _rebases(raw: bytes, file: "MachFile") -> Iterator[Run]:
    """The runs of a rebase stream (REBASE_OPCODE_*)."""
    at, address, kind = 0, 0, 1
    while at < len(raw):
        opcode, immediate = raw[at] & 0xF0, raw[at] & 0x0F
        at += 1
        count, skip = 0, 0
        if opcode == 0x00:  # DONE
            return
        if opcode == 0x10:  # SET_TYPE_IMM
            kind = immediate
        elif opcode == 0x20:  # SET_SEGMENT_AND_OFFSET_ULEB
            offset, at = uleb(raw, at)
            address = _segment_start(file, immediate) + offset
        elif opcode == 0x30:  # ADD_ADDR_ULEB
            offset, at = uleb(raw, at)
            address += offset
        elif opcode == 0x40:  # ADD_ADDR_IMM_SCALED
            address += immediate * WORD
        elif opcode == 0x50:  # DO_REBASE_IMM_TIMES
            count = immediate
        elif opcode == 0x60:  # DO_REBASE_ULEB_TIMES
            count, at = uleb(raw, at)
        elif opcode == 0x70:  # DO_REBASE_ADD_ADDR_ULEB
            skip, at = uleb(raw, at)
            count = 1
        elif opcode == 0x80:  # DO_REBASE_ULEB_TIMES_SKIPPING_ULEB
            count, at = uleb(raw, at)
            skip, at = uleb(raw, at)
        else:
            raise ValueError(f"unknown opcode {opcode:#x}")
        step = WORD + skip
        if count and kind == 1:  # POINTER
            yield Run(address & _MASK, count, step if count > 1 else WORD, None)
        address = (address + count * step) & _MASK


def _binds(raw: bytes, file: "MachFile", *, lazy: bool) -> Iterator[Run]:
    """The runs of a bind stream (BIND_OPCODE_*). In the lazy stream DONE separates entries."""
    names = Names(raw)
    at, address, kind, name = 0, 0, 1, ""
    while at < len(raw):
        opcode, immediate = raw[at] & 0xF0, raw[at] & 0x0F
        at += 1
        count, skip = 0, 0
        if opcode == 0x00:  # DONE
            if not lazy:
                return
        elif opcode in (0x10, 0x30):  # SET_DYLIB_ORDINAL_IMM, SET_DYLIB_SPECIAL_IMM
            pass
        elif opcode in (0x20, 0x60):  # SET_DYLIB_ORDINAL_ULEB, SET_ADDEND_SLEB
            _, at = uleb(raw, at)
        elif opcode == 0x40:  # SET_SYMBOL_TRAILING_FLAGS_IMM
            name = names.at(at)
            end = raw.find(b"\0", at)
            if end < 0:
                raise ValueError("a name without an end")
            at = end + 1
        elif opcode == 0x50:  # SET_TYPE_IMM
            kind = immediate
        elif opcode == 0x70:  # SET_SEGMENT_AND_OFFSET_ULEB
            offset, at = uleb(raw, at)
            address = _segment_start(file, immediate) + offset
        elif opcode == 0x80:  # ADD_ADDR_ULEB
            offset, at = uleb(raw, at)
            address += offset
        elif opcode == 0x90:  # DO_BIND
            count = 1
        elif opcode == 0xA0:  # DO_BIND_ADD_ADDR_ULEB
            skip, at = uleb(raw, at)
            count = 1
        elif opcode == 0xB0:  # DO_BIND_ADD_ADDR_IMM_SCALED
            count, skip = 1, immediate * WORD
        elif opcode == 0xC0:  # DO_BIND_ULEB_TIMES_SKIPPING_ULEB
            count, at = uleb(raw, at)
            skip, at = uleb(raw, at)
        else:
            raise ValueError(f"opcode {opcode:#x} is not read")
        step = WORD + skip
        if count and kind == 1 and name:  # POINTER
            yield Run(address & _MASK, count, step if count > 1 else WORD, name)
        address = (address + count * step) & _MASK


def _segment_start(file: "MachFile", number: int) -> int:
    segment = file.numbered[number] if number < len(file.numbered) else None
    if segment is None:
        raise ValueError(f"segment {number} is not there")
    return segment.address


# -- chained fixups ------------------------------------------------------------------------------


class _Chains:
    """The chains of one file: header, imports, and a walk through each page that has one."""

    def __init__(self, file: "MachFile", raw: memoryview) -> None:
        self.file = file
        self.raw = raw
        self.names: list[int] = []  # name offset of each import
        self.pool = Names(b"")

    def read(self, pointers: dict[int, int], bound: dict[int, str]) -> None:
        try:
            self._header(pointers, bound)
        except struct.error:
            self._damaged("cut off")
        except ValueError as error:
            self._damaged(str(error))

    def _damaged(self, text: str) -> None:
        self.file.damage.append(Damage("chained fixups", text))

    def _header(self, pointers: dict[int, int], bound: dict[int, str]) -> None:
        _, starts, imports, symbols, count, form, packing = struct.unpack_from("<7I", self.raw)
        self.pool = Names(self._symbols(symbols, packing))
        self.names = self._imports(imports, count, form)
        (segments,) = struct.unpack_from("<I", self.raw, starts)
        if segments > len(self.file.numbered):
            self._damaged(f"{segments} segments are claimed, {len(self.file.numbered)} are there")
        for number in range(min(segments, len(self.file.numbered))):
            (offset,) = struct.unpack_from("<I", self.raw, starts + 4 + 4 * number)
            segment = self.file.numbered[number]
            if offset and segment is not None:
                self._segment(starts + offset, segment, pointers, bound)

    def _symbols(self, offset: int, packing: int) -> bytes:
        raw = bytes(self.raw[offset:])
        if packing == 0:
            return raw
        if packing != 1:
            raise ValueError(f"names are packed in an unknown way ({packing})")
        unpacker = zlib.decompressobj()
        try:
            return unpacker.decompress(raw, _UNPACKED_LIMIT)
        except zlib.error as error:
            raise ValueError(f"names cannot be unpacked ({error})") from error

    def _imports(self, offset: int, count: int, form: int) -> list[int]:
        """Offsets of the imports' names: u32 (name from bit 9), u32 and i32 addend, or two u64
        (name from bit 32).
        """
        size = {1: 4, 2: 8, 3: 16}.get(form)
        if size is None:
            raise ValueError(f"unknown form of imports ({form})")
        raw = self.raw[offset : offset + count * size]
        if len(raw) < count * size:
            self._damaged(f"{count} imports are claimed, {len(raw) // size} are there")
        if form == 3:
            return [word >> 32 for word in integers(raw, 8, "little")[0::2]]
        return [word >> 9 for word in integers(raw, 4, "little")[0 :: size // 4]]

    def _segment(
        self, at: int, segment: Segment, pointers: dict[int, int], bound: dict[int, str]
    ) -> None:
        _, page, form, _, _, count = struct.unpack_from("<IHHQIH", self.raw, at)
        chain = _CHAINS.get(form)
        if chain is None:
            self._damaged(f"pointer format {form} of {segment.name} is not read")
            return
        if not page or count * page > len(segment.data) + page:
            self._damaged(f"{segment.name} has no {count} pages of {page} bytes")
        starts = struct.unpack_from(f"<{count}H", self.raw, at + 22)
        for index, start in enumerate(starts):
            if start == 0xFFFF:  # DYLD_CHAINED_PTR_START_NONE
                continue
            low = index * page
            if start >= page or low + start + WORD > len(segment.data):
                self._damaged(f"page {index} of {segment.name} has no chain at {start:#x}")
                return
            self._page(segment, chain, low + start, low + page, pointers, bound)

    def _page(
        self,
        segment: Segment,
        chain: Chain,
        at: int,
        end: int,
        pointers: dict[int, int],
        bound: dict[int, str],
    ) -> None:
        data = segment.data
        base = self.file.base
        bind_bit = 62 if chain.authenticated else 63
        next_mask = 0x7FF if chain.authenticated else 0xFFF
        target_mask = (1 << 43 if chain.authenticated else 1 << 36) - 1  # high8 is a tag: dropped
        ordinal_mask = (1 << chain.ordinal_bits) - 1
        origin = base if chain.offsets else 0
        end = min(end, len(data) - WORD + 1)
        while at < end:
            word = int.from_bytes(data[at : at + WORD], "little")
            if word >> bind_bit & 1:
                ordinal = word & ordinal_mask
                name = self.pool.at(self.names[ordinal]) if ordinal < len(self.names) else ""
                if name:
                    bound[segment.address + at] = name
                else:
                    self._damaged(f"import {ordinal} is not there")
                    return
            elif chain.authenticated and word >> 63:
                pointers[segment.address + at] = base + (word & 0xFFFFFFFF)
            else:
                pointers[segment.address + at] = origin + (word & target_mask)
            step = (word >> 51 & next_mask) * chain.stride
            if not step:
                return
            at += step
        self._damaged(f"a chain of {segment.name} leaves its page")
