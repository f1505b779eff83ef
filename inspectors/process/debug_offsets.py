"""``_Py_DebugOffsets``: the table that an interpreter from 3.13 on keeps of its own structures.

Source: ``Include/internal/pycore_debug_offsets.h`` (3.13: ``pycore_runtime.h``). It is the first
member of ``_PyRuntime``: a cookie, the version, whether the build is free-threaded, then 64-bit
offsets whose order is fixed within a minor version. The target may lie: every offset is bounded,
and what our own table says too must agree.
"""

import struct
from typing import NamedTuple

from isoview.inspectors.process.structures import DICT, Objects, Runtime

COOKIE = b"xdebugpy"
OFFSET_LIMIT = 1 << 24
"""No structure of an interpreter is larger: PyInterpreterState has some 300 kB."""


class Places(NamedTuple):
    """Where entries stand in the table of one minor version."""

    total: int
    gil: int  # interpreter_state.ceval_gil; gil_runtime_state is the next entry
    thread: int  # thread_state.size
    thread_id: int
    objects: int  # pyobject.size
    dict: int  # dict_object.size
    unicode: int  # unicode_object.size
    debugger: int | None  # debugger_support.eval_breaker


PLACES = {
    13: Places(584, 112, 152, 192, 352, 448, 536, None),
    14: Places(760, 120, 176, 216, 400, 528, 616, 712),
    15: Places(888, 120, 176, 240, 464, 624, 712, 840),
}
TOTAL = max(places.total for places in PLACES.values())


class Head(NamedTuple):
    """What the table says of the interpreter."""

    version: int  # PY_VERSION_HEX
    free_threaded: bool

    @property
    def major(self) -> int:
        """Of the version: 3 as long as there is no 4."""
        return self.version >> 24

    @property
    def minor(self) -> int:
        """Of the version: 13 for 3.13."""
        return self.version >> 16 & 0xFF

    @property
    def text(self) -> str:
        """The version as it is written: ``3.14.0b2``."""
        level = {0xA: "a", 0xB: "b", 0xC: "rc"}.get(self.version >> 4 & 0xF)
        serial = f"{level}{self.version & 0xF}" if level else ""
        return f"{self.major}.{self.minor}.{self.version >> 8 & 0xFF}{serial}"

    @property
    def changing(self) -> bool:
        """Whether this is an alpha or beta: their structures still move."""
        return self.version >> 4 & 0xF in {0xA, 0xB}


def read_head(raw: bytes) -> Head | None:
    """The head of the table; None where the cookie is not there."""
    if len(raw) < 24 or raw[:8] != COOKIE:
        return None
    version, free_threaded = struct.unpack_from("<QQ", raw, 8)
    return Head(version & 0xFFFFFFFF, bool(free_threaded))


def read_runtime(raw: bytes, minor: int) -> Runtime | None:
    """The offsets of the table in ``raw``; None where one is out of bounds."""
    places = PLACES[minor]
    if len(raw) < places.total:
        return None

    def entry(at: int) -> int:
        return int(struct.unpack_from("<Q", raw, at)[0])

    threads_main = 0 if minor == 13 else 8
    runtime = Runtime(
        interpreters_head=entry(40),
        next=entry(64),
        id=entry(56),
        threads_head=entry(72),
        modules=entry(88 + threads_main),
        gil=entry(places.gil),
        own_gil=entry(places.gil + 8),
        thread_next=entry(places.thread + 16),
        thread_id=entry(places.thread_id),
        native_thread_id=entry(places.thread_id + 8),
    )
    return runtime if all(0 <= (v or 0) < OFFSET_LIMIT for v in runtime) else None


def disagreements(raw: bytes, minor: int, objects: Objects) -> list[str]:
    """Structures whose offsets are others in the interpreter's table than in ours."""
    places = PLACES[minor]
    head = objects.head
    ours = {
        "PyObject": (places.objects, head),
        "PyObject.ob_type": (places.objects + 8, objects.type),
        "PyTypeObject": (places.objects + 16, objects.type_size),
        "PyDictObject.ma_keys": (places.dict + 8, head + DICT.keys),
        "PyDictObject.ma_values": (places.dict + 16, head + DICT.values),
        "PyASCIIObject.state": (places.unicode + 8, head + 16),
        "PyASCIIObject.length": (places.unicode + 16, head),
        "PyASCIIObject": (places.unicode + 24, objects.ascii),
    }
    return [
        name
        for name, (at, offset) in ours.items()
        if struct.unpack_from("<Q", raw, at)[0] != offset
    ]


class Debugger(NamedTuple):
    """Offsets that PEP 768's protocol uses; only ``enabled`` is ever read here."""

    support: int  # in PyThreadState
    enabled: int  # in PyInterpreterState
    pending: int  # in the support structure


def read_debugger(raw: bytes, minor: int) -> Debugger | None:
    """Where the target says whether it takes scripts (3.14 and later)."""
    at = PLACES[minor].debugger if minor in PLACES else None
    if at is None or len(raw) < at + 48:
        return None
    found = Debugger(*struct.unpack_from("<QQQ", raw, at + 8))
    return found if all(value < OFFSET_LIMIT for value in found) else None
