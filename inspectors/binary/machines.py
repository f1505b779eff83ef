"""Which module reads a file's instructions: one for each processor, all with the same functions."""

from collections.abc import Iterator
from functools import lru_cache

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.machine_x86_64 import Call
from isoview.inspectors.hints import Protocol


class Machine(Protocol):
    """What is asked of the code of one processor."""

    def calls(self, image: Image, start: int, code: bytes) -> Iterator[Call]:
        """Every call and tail jump to an imported function in ``code``."""
        ...

    def first_argument(self, image: Image, start: int, code: bytes, call: Call) -> int | None:
        """The address passed as first argument to ``call``."""
        ...

    def returned_address(self, image: Image, address: int) -> int | None:
        """What a function that only returns an address returns."""
        ...

    def stores(self, image: Image, start: int, code: bytes) -> Iterator[tuple[int, int | None]]:
        """(target address, number or address stored) of the stores into statics."""
        ...

    def touches(self, image: Image, start: int, code: bytes, low: int, high: int) -> bool:
        """Whether ``code`` can write into [low, high): a no is certain."""
        ...

    def local_calls(self, image: Image, start: int, code: bytes) -> Iterator[int]:
        """Addresses of this file's own functions that ``code`` calls."""
        ...

    def only_calls(self, image: Image, start: int, code: bytes, name: str) -> bool:
        """Whether ``code`` calls nothing but the import ``name``."""
        ...


def machine(image: Image) -> Machine | None:
    """The module for the processor of ``image``; None where its instructions are not read."""
    return _machine(image.arch, image.format)


@lru_cache(maxsize=64)
def _machine(arch: str, file_format: str) -> Machine | None:
    if arch == "x86-64":
        from isoview.inspectors.binary import machine_x86_64

        return machine_x86_64
    if arch == "aarch64":
        from isoview.inspectors.binary import machine_aarch64

        return machine_aarch64
    if arch == "i686" and file_format == "pe":
        from isoview.inspectors.binary import machine_i686

        return machine_i686
    return None
