"""Reading this very process's memory, by address, without ever crashing it where we can help it."""

import os
import struct
import sys

TEXT_LIMIT = 4096


class Memory:
    """Reads raw memory of this process.

    On Linux through ``/proc/self/mem``: an address that is not mapped gives None instead of a
    fatal signal. Elsewhere through ctypes, where only null and unaligned words are refused.
    Use as a context manager.
    """

    def __init__(self):
        self.word_size = struct.calcsize("P")
        # A pointer word in native byte order; struct's "P" refuses nothing and is unsigned.
        self._file = None
        if sys.platform.startswith("linux"):
            try:
                self._file = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                self._file = None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def guarded(self):
        """Whether a wrong address is refused rather than fatal."""
        return self._file is not None

    def read(self, address, size):
        """Up to ``size`` bytes at ``address``; None where nothing is mapped."""
        if not address or address < 4096 or address >= 1 << 63 or size <= 0:
            return None
        if self._file is not None:
            try:
                return os.pread(self._file, size, address) or None
            except (OSError, OverflowError, ValueError):
                return None
        import ctypes

        return ctypes.string_at(address, size)

    def _unpack(self, address, code):
        size = struct.calcsize(code)
        raw = self.read(address, size)
        if raw is None or len(raw) < size:
            return None
        return struct.unpack(code, raw)[0]

    def word(self, address):
        """The pointer at ``address``."""
        if address and address % self.word_size:
            return None
        return self._unpack(address, "P")

    def ssize(self, address):
        """The Py_ssize_t at ``address``."""
        return self._unpack(address, "n")

    def int32(self, address):
        """The int at ``address``."""
        return self._unpack(address, "i")

    def uint32(self, address):
        """The unsigned int at ``address``."""
        return self._unpack(address, "I")

    def uint16(self, address):
        """The unsigned short at ``address``."""
        return self._unpack(address, "H")

    def uint64(self, address):
        """The 8-byte unsigned number at ``address``."""
        return self._unpack(address, "Q")

    def text(self, address, limit=TEXT_LIMIT):
        """The C string at ``address``, cut at ``limit`` bytes; None where there is none."""
        if not address:
            return None
        raw = b""
        while len(raw) <= limit:
            step = 256 - (address + len(raw)) % 256  # never reaches over the end of a page
            more = self.read(address + len(raw), step)
            if not more:
                return None
            end = more.find(b"\0")
            if end >= 0:
                return (raw + more[:end])[:limit].decode("utf-8", "backslashreplace")
            raw += more
        return raw[:limit].decode("utf-8", "backslashreplace") + "\u2026"
