"""Names of statics: the symbol where the file has one, else section and offset."""

from bisect import bisect_right

from isoview.inspectors.binary.image import Image


class Namer:
    """Names link-time addresses of one file."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._symbols = [
            symbol for symbol in image.symbols if symbol.kind == "object" and symbol.size
        ]
        self._starts = [symbol.address for symbol in self._symbols]

    def symbol(self, address: int) -> str | None:
        """``name`` or ``name+0x8``; None where no symbol covers the address."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        found = self._symbols[index]
        offset = address - found.address
        if offset >= found.size:
            return None
        return f"{found.name}+{offset:#x}" if offset else found.name

    def place(self, address: int) -> str:
        """``.bss+0x40``: where the address lies in the file's own terms."""
        region = self._image.region_at(address)
        return f"{region.name}+{address - region.address:#x}" if region else f"{address:#x}"
