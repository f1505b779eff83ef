"""Memory that lies: sizes, cycles, words that look like something. Read from this very process."""

import ctypes
import os
import struct
from collections.abc import Callable
from typing import Any

import pytest
from process.targets import LINUX

from isoview.inspectors.process import debug_offsets
from isoview.inspectors.process.elf_memory import Loaded, read_loaded
from isoview.inspectors.process.maps import Maps, parse_maps, read_maps
from isoview.inspectors.process.memory import Memory, Unread
from isoview.inspectors.process.objects import ObjectReader, Torn
from isoview.inspectors.process.runtime import Interpreter
from isoview.inspectors.process.structures import OBJECTS, Runtime
from isoview.inspectors.process.walk import Walker

pytestmark = LINUX
OBJECTS_313 = OBJECTS[13, False]


class Lies:
    """Bytes in this process, at an address."""

    def __init__(self, raw: bytes) -> None:
        self._buffer = ctypes.create_string_buffer(raw, len(raw))
        self.address = ctypes.addressof(self._buffer)

    def put(self, offset: int, value: int) -> None:
        ctypes.c_uint64.from_address(self.address + offset).value = value


def reader() -> ObjectReader:
    return ObjectReader(Memory(os.getpid()), OBJECTS_313, free_threaded=False)


def dict_object(**keys: int) -> Lies:
    """A dict whose keys object lies right behind it."""
    lies = Lies(bytes(4096))
    shape = {
        "used": 1,
        "log2_size": 3,
        "log2_bytes": 3,
        "kind": 1,
        "entries": 1,
        "values": 0,
    } | keys
    lies.put(16, shape["used"])
    lies.put(32, lies.address + 64)
    lies.put(40, shape["values"] and lies.address + 2048)
    raw = struct.pack("<qBBBxIqq", 1, shape["log2_size"] & 0xFF, shape["log2_bytes"] & 0xFF,
                      shape["kind"] & 0xFF, 0, 0, shape["entries"])  # fmt: skip
    ctypes.memmove(lies.address + 64, raw, len(raw))
    lies.put(64 + 32 + 8, 0x1111)
    lies.put(64 + 32 + 16, 0x2222)
    return lies


def test_a_dict_as_it_should_be() -> None:
    lies = dict_object()
    assert reader().table(lies.address).pairs == ((0x1111, 0x2222),)


@pytest.mark.parametrize(
    "lie",
    [
        {"entries": -1}, {"entries": 1 << 60}, {"entries": 9}, {"used": -5}, {"used": 2},
        {"kind": 7}, {"kind": 0, "values": 1}, {"kind": 1, "values": 1}, {"log2_size": 200}, {"log2_bytes": 63}, {"log2_size": 40, "entries": 1 << 39},
    ],
)  # fmt: skip
def test_a_dict_that_lies(lie: dict[str, int]) -> None:
    lies = dict_object(**lie)
    with pytest.raises((Torn, Unread)):
        reader().table(lies.address)


def string(length: int, state: int) -> Lies:
    lies = Lies(bytes(4096))
    ctypes.memmove(lies.address + 16, struct.pack("<qqI", length, 0, state), 20)
    return lies


@pytest.mark.parametrize(
    ("length", "state"),
    [(-1, 0x64), (1 << 50, 0x64), (3, 0x04), (3, 0x7C), (3, 0x60)],
    ids=["negative", "endless", "not compact", "kind 7", "kind 0"],
)
def test_a_string_that_lies(length: int, state: int) -> None:
    lies = string(length, state)
    with pytest.raises((Torn, Unread)):
        reader().text(lies.address)


def test_a_long_string_is_cut_and_surrogates_are_escaped() -> None:
    lies = string(1 << 20, 0x64)
    ctypes.memset(lies.address + 40, ord("a"), 4000)
    text = reader().text(lies.address)
    assert text.endswith("…")
    assert len(text) < 5000
    lone = string(1, 0x28)
    ctypes.memmove(lone.address + 56, b"\x00\xd8", 2)
    assert reader().text(lone.address).isascii()


def walker(memory: Memory, head: int) -> Walker:
    runtime = Runtime(0, 8, 0, 16, 24, None, None, 0, 8, 16)
    image = Loaded(0, 0, (), (0, 0), {})
    file: Any = None
    interpreter = Interpreter("3.13.0", 13, False, head, image, file, runtime, OBJECTS_313, None)
    return Walker(memory, interpreter, Maps(os.getpid(), []))


def test_interpreters_in_a_circle() -> None:
    lies = Lies(bytes(256))
    first, second = lies.address + 64, lies.address + 128
    lies.put(0, first)
    for at, following, number in ((64, second, 0), (128, first, 1)):
        lies.put(at, number)
        lies.put(at + 8, following)
        lies.put(at + 16, lies.address + 192)
    lies.put(192, lies.address + 192)  # a thread that follows itself
    heads = walker(Memory(os.getpid()), lies.address).heads()
    assert [head.id for head in heads] == [0, 1]
    assert [len(head.threads) for head in heads] == [1, 1]


def test_interpreters_that_lead_nowhere() -> None:
    lies = Lies(struct.pack("<Q", 0xDEADBEEF000))
    with pytest.raises(Unread):
        walker(Memory(os.getpid()), lies.address).heads()


def test_a_cached_pointer_to_type_is_no_static_type() -> None:
    """What a ``static PyTypeObject *x = &PyType_Type`` leaves in memory has a type's head."""
    import sys

    if sys.version_info[:2] not in {(minor[0], minor[1]) for minor in ((3, 11), (3, 12), (3, 13))}:
        pytest.skip("written for the running interpreter's own layout: 3.11 to 3.13")
    memory = Memory(os.getpid())
    found = ObjectReader(memory, OBJECTS[sys.version_info[1], False], free_threaded=False)
    modules = id(sys.modules)
    found.anchor(modules)
    assert found.core.type == id(type)
    lies = Lies(bytes(1024))
    lies.put(8, id(type))
    assert found.is_type(lies.address)
    with pytest.raises((Torn, Unread)):
        found.live_type(lies.address)
    assert found.live_type(id(dict)).name == "dict"


def test_headers_that_lie() -> None:
    memory = Memory(os.getpid())
    assert read_loaded(memory, 0x1000) is None
    raw = bytearray(4096)
    raw[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<H", raw, 16, 3)
    for table, size, count in ((64, 56, 0xFFFF), (1 << 60, 56, 3), (64, 7, 3), (64, 56, 3)):
        struct.pack_into("<Q", raw, 32, table)
        struct.pack_into("<HH", raw, 54, size, count)
        assert read_loaded(memory, Lies(bytes(raw)).address) is None


@pytest.mark.parametrize("offset", range(24, 300, 8))
def test_a_table_of_offsets_that_lies(offset: int) -> None:
    raw = bytearray(debug_offsets.TOTAL)
    struct.pack_into("<8sQQ", raw, 0, debug_offsets.COOKIE, 0x030D00F0, 0)
    struct.pack_into("<Q", raw, offset, 1 << 63)
    runtime = debug_offsets.read_runtime(bytes(raw), 13)
    assert runtime is None or all((value or 0) < 1 << 24 for value in runtime)
    assert debug_offsets.disagreements(bytes(raw), 13, OBJECTS_313)


def test_maps_that_make_no_sense() -> None:
    lines = [
        b"", b"nonsense", b"zz-10 r--p 0 00:00 0", b"20-10 r--p 0 00:00 0", b"10-20 r 0 00:00 0",
        b"1000-2000 r--p 00000000 08:01 7 /a\\012b (deleted)",
    ]  # fmt: skip
    (mapping,) = parse_maps(b"\n".join(lines))
    assert (mapping.path, mapping.deleted) == ("/a\nb", True)


def test_memory_ends_where_it_ends() -> None:
    memory = Memory(os.getpid())
    last = max(m.end for m in read_maps(os.getpid()).mappings if m.path == "[stack]")
    checks: list[Callable[[], object]] = [
        lambda: memory.read(last - 4, 8),
        lambda: memory.read(0, 8),
        lambda: memory.read(1 << 62, 8),
        lambda: memory.word((1 << 64) - 8),
        lambda: memory.cstring(0x10, 10),
    ]
    for check in checks:
        with pytest.raises(Unread):
            check()
    assert memory.many([(0x10, 8), (id(memory), 8), (0x20, 8)])[0::2] == [b"", b""]
