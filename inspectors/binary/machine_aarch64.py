"""AArch64 init functions: what they call and with what, what they store and return.

The counterpart of ``machine_x86_64`` for ELF, Mach-O and PE files; the code is followed by
``walk_aarch64``.
"""

from collections.abc import Iterator

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.machine_x86_64 import Call
from isoview.inspectors.binary.walk_aarch64 import STACK, walk

_EXPORT_LENGTH = 64
"""Bytes of a ``PyModExport_*`` function that are read: it only returns an address."""


def calls(image: Image, start: int, code: bytes) -> Iterator[Call]:
    """Every call and tail jump to an imported function in ``code``, which starts at ``start``."""
    for event in walk(image, start, code):
        if event.kind == "call" and isinstance(event.value, str):
            yield Call(event.value, event.address, 4)


def first_argument(image: Image, start: int, code: bytes, call: Call) -> int | None:
    """The address passed in x0 to ``call``."""
    for event in walk(image, start, code):
        if event.kind == "call" and event.address == call.address:
            value = event.registers.get(0)
            return value if isinstance(value, int) and value != STACK else None
    return None


def returned_address(image: Image, address: int) -> int | None:
    """What a function that only returns an address returns (``PyModExport_*``, PEP 793)."""
    for event in walk(image, address, image.read(address, _EXPORT_LENGTH)):
        if event.kind != "return":
            return None
        value = event.registers.get(0)
        return value if isinstance(value, int) and value != STACK else None
    return None


def stores(image: Image, start: int, code: bytes) -> Iterator[tuple[int, int | None]]:
    """(target address, number or address stored) of the stores into statics in ``code``."""
    for event in walk(image, start, code):
        if event.kind == "store" and event.target is not None:
            for word in range(event.target, event.target + max(event.size, 1), 8):
                yield word, event.value if isinstance(event.value, int) else None


def touches(image: Image, start: int, code: bytes, low: int, high: int) -> bool:
    """Whether ``code`` can store into [low, high): a store to an unknown place can."""
    return any(
        event.target is None or (event.target < high and low < event.target + event.size)
        for event in walk(image, start, code)
        if event.kind == "store"
    )


def local_calls(image: Image, start: int, code: bytes) -> Iterator[int]:
    """Addresses of this file's own functions that ``code`` calls."""
    for event in walk(image, start, code):
        if event.kind == "call" and isinstance(event.value, int) and image.in_code(event.value):
            yield event.value


def only_calls(image: Image, start: int, code: bytes, name: str) -> bool:
    """Whether the function calls nothing but the import ``name``."""
    return all(event.value == name for event in walk(image, start, code) if event.kind == "call")
