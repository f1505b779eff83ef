"""Another process's memory through ``process_vm_readv``: read only, block by block.

Reading a word costs a system call of about 20 microseconds, and a walk reads 160,000 of them, so
memory is fetched in blocks that are kept. Blocks age: :meth:`Memory.forget` drops them where
freshness matters.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

BLOCK_BITS = 14
BLOCK = 1 << BLOCK_BITS
BLOCK_MASK = BLOCK - 1
PAGE = 4096
VECTORS = 1024
"""IOV_MAX on Linux: most ranges one call may name."""
BLOCK_LIMIT = 7000
"""Blocks that are kept at once (112 MB); a walk over 600 modules needs about 2,000."""
ADDRESS_END = 1 << 52
"""No user address lies beyond it: 47 bits on x86-64, 48 on aarch64, 52 with large addresses."""

_WORD = struct.Struct("<Q").unpack_from


class Unread(Exception):
    """Memory that cannot be read: not mapped, or not part of a snapshot."""

    def __init__(self, address: int) -> None:
        super().__init__(f"no memory at {address:#x}")
        self.address = address


class Vanished(Exception):
    """The process is gone."""


class Forbidden(Exception):
    """The system does not let us read the process."""


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@cache
def _read_vectors() -> Callable[..., int]:
    function: Any = ctypes.CDLL(None, use_errno=True).process_vm_readv
    vector = ctypes.POINTER(_Vector)
    function.argtypes = (
        ctypes.c_int, vector, ctypes.c_ulong, vector, ctypes.c_ulong, ctypes.c_ulong,
    )  # fmt: skip
    function.restype = ctypes.c_ssize_t
    return function  # type: ignore[no-any-return]  # ctypes functions are untyped


class Memory:
    """The memory of process ``pid``."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.calls = 0
        self._blocks: dict[int, bytes] = {}
        self._sealed = False
        self.missed: set[int] = set()
        self.touched: set[int] = set()

    # -- straight from the process --------------------------------------------------------------

    def direct(self, address: int, size: int) -> bytes:
        """``size`` bytes in one call, past the cache; fewer where the memory ends."""
        if size <= 0 or not 0 < address < ADDRESS_END:
            return b""
        if self._sealed:
            return self._kept(address, size)
        buffer = ctypes.create_string_buffer(size)
        done = self._read(ctypes.addressof(buffer), [(address, size)])
        return buffer.raw[: max(done, 0)]

    def _read(self, destination: int, ranges: list[tuple[int, int]]) -> int:
        """Bytes read, 0 where the first range is not mapped."""
        local = _Vector(destination, sum(size for _address, size in ranges))
        remote = (_Vector * len(ranges))(*(_Vector(*place) for place in ranges))
        self.calls += 1
        ctypes.set_errno(0)
        done = _read_vectors()(self.pid, ctypes.byref(local), 1, remote, len(ranges), 0)
        if done >= 0:
            return done
        code = ctypes.get_errno()
        if code == errno.ESRCH:
            raise Vanished(os.strerror(code))
        if code == errno.EPERM:
            raise Forbidden(os.strerror(code))
        return 0

    def many(self, ranges: list[tuple[int, int]]) -> list[bytes]:
        """Each range's bytes, as few calls as possible; a range that cannot be read whole is empty."""
        if self._sealed:
            kept = [self._kept(address, size) for address, size in ranges]
            return [
                raw if len(raw) == size else b""
                for raw, (_, size) in zip(kept, ranges, strict=True)
            ]
        found: list[bytes] = []
        for start in range(0, len(ranges), VECTORS):
            found += self._batch(ranges[start : start + VECTORS])
        return found

    def _batch(self, ranges: list[tuple[int, int]]) -> list[bytes]:
        found: list[bytes] = []
        while len(found) < len(ranges):
            left = ranges[len(found) :]
            total = sum(size for _address, size in left)
            buffer = ctypes.create_string_buffer(max(total, 1))
            done = self._read(ctypes.addressof(buffer), left)
            view = memoryview(buffer)
            at = 0
            for _address, size in left:
                if at + size > done:
                    break
                found.append(bytes(view[at : at + size]))
                at += size
            else:
                break
            found.append(b"")  # the range that stopped the transfer
        return found

    # -- blocks ---------------------------------------------------------------------------------

    def _block(self, number: int) -> bytes:
        """The block, or as much of its beginning as is mapped."""
        block = self._blocks.get(number)
        if block is None:
            if self._sealed:
                self.missed.add(number)
                return b""
            self.touched.add(number)
            block = self.direct(number << BLOCK_BITS, BLOCK)
            if len(self._blocks) >= BLOCK_LIMIT:
                self._blocks.clear()
            if block:
                self._blocks[number] = block
        return block

    def word(self, address: int) -> int:
        """The pointer-sized word at ``address``. Raises :class:`Unread`."""
        offset = address & BLOCK_MASK
        block = self._blocks.get(address >> BLOCK_BITS)
        if block is not None and offset <= len(block) - 8:
            value: int = _WORD(block, offset)[0]
            return value
        return int.from_bytes(self.read(address, 8), "little")

    def read(self, address: int, size: int) -> bytes:
        """Exactly ``size`` bytes, by way of the cache. Raises :class:`Unread`."""
        if not 0 < address < ADDRESS_END or size < 0:
            raise Unread(address)
        offset = address & BLOCK_MASK
        block = self._block(address >> BLOCK_BITS)
        if offset + size <= len(block):
            return block[offset : offset + size]
        return self._across(address, size)

    def _across(self, address: int, size: int) -> bytes:
        """What lies across blocks, or in a block whose beginning is not mapped."""
        parts: list[bytes] = []
        at, end = address, address + size
        while at < end:
            offset = at & BLOCK_MASK
            part = self._block(at >> BLOCK_BITS)[offset : offset + end - at]
            if not part:
                break
            parts.append(part)
            at += len(part)
        if at < end and not self._sealed:
            parts.append(self.direct(at, end - at))
        raw = b"".join(parts)
        if len(raw) < size:
            raise Unread(address)
        return raw

    def _kept(self, address: int, size: int) -> bytes:
        try:
            return self.read(address, size)
        except Unread:
            return b""

    def cstring(self, address: int, limit: int) -> bytes:
        """The bytes up to a NUL, at most ``limit``. Raises :class:`Unread` where there is no NUL."""
        raw = b""
        at = address
        while len(raw) < limit:
            if not 0 < at < ADDRESS_END:
                break
            offset = at & BLOCK_MASK
            part = self._block(at >> BLOCK_BITS)[offset : offset + limit - len(raw)]
            if not part and not self._sealed:
                part = self.direct(at, min(PAGE - at % PAGE, limit - len(raw)))
            if not part:
                break
            end = part.find(b"\0")
            if end >= 0:
                return raw + part[:end]
            raw += part
            at += len(part)
        raise Unread(address)

    # -- keeping and forgetting -----------------------------------------------------------------

    def fetch(self, addresses: Iterable[int]) -> None:
        """Bring the blocks of ``addresses`` in with few calls."""
        wanted = {a >> BLOCK_BITS for a in addresses if 0 < a < ADDRESS_END}
        self.fetch_blocks(wanted.difference(self._blocks))

    def fetch_blocks(self, numbers: Iterable[int]) -> None:
        """Bring blocks in with few calls; blocks that are not wholly mapped come when asked for."""
        if self._sealed:
            return
        order = sorted(numbers)[:BLOCK_LIMIT]
        self.touched.update(order)
        if len(self._blocks) + len(order) > BLOCK_LIMIT:
            self._blocks.clear()
        for some in _parts(order, 128):
            blocks = self.many([(number << BLOCK_BITS, BLOCK) for number in some])
            self._blocks.update(
                (number, block) for number, block in zip(some, blocks, strict=True) if block
            )
            for number, block in zip(some, blocks, strict=True):
                if not block:
                    self._block(number)

    def forget(self) -> None:
        """Drop every block: what is read next is read anew. What is sealed stays."""
        if not self._sealed:
            self._blocks.clear()

    def release(self) -> None:
        """Drop every block, and which ones there were."""
        self.forget()
        self.touched.clear()
        self.missed.clear()

    def seal(self, sealed: bool) -> None:
        """Sealed, memory is what was fetched: everything else is missing, and is noted."""
        self._sealed = sealed
        if sealed:
            self.missed.clear()


def _parts(numbers: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
