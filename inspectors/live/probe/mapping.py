"""Where a loaded file lies in this process: its load bias and the range of its memory."""

import os
import struct
import sys

LOAD, RELRO, WRITABLE = 1, 0x6474E552, 2
"""PT_LOAD, PT_GNU_RELRO, PF_W (elf.h)."""


class Loaded:
    """A loaded file: ``address = link_address + bias`` for everything inside ``[start, end)``."""

    def __init__(self, bias, start, end):
        self.bias = bias
        self.start = start
        self.end = end

    def holds(self, address):
        """Whether a run-time address lies in the file."""
        return address is not None and self.start <= address < self.end

    def link_address(self, address):
        """The address as the file itself numbers it; None outside the file."""
        return address - self.bias if self.holds(address) else None


def locate(path):
    """The :class:`Loaded` of ``path``, or None: not mapped, not ELF, or no way to know here.

    The lowest mapping is where the loader put the lowest page of the file's first segment;
    .bss lies behind the last file mapping and is found through the program headers only.
    """
    if not path or not sys.platform.startswith("linux"):
        return None
    lowest = _lowest_mapping(path)
    span = _elf_span(path)
    if lowest is None or span is None:
        return None
    first, end = span
    bias = lowest - first
    return Loaded(bias, lowest, bias + end)


def file_at(address):
    """The loaded file in whose memory a run-time address lies, or None: in none, or no way to know.

    Zero fill lies behind the last mapping of its file, and has no name.
    """
    named = None
    for line in _maps():
        parts = line.split(None, 5)
        start, end = [int(part, 16) for part in parts[0].split(b"-")]
        if len(parts) == 6 and parts[5].startswith(b"/"):
            named = os.fsdecode(parts[5].replace(b"\\012", b"\n"))
        if start <= address < end:
            loaded = locate(named)
            return named if loaded is not None and loaded.holds(address) else None
    return None


def _maps():
    """The lines of ``/proc/self/maps``, sorted by address; none where there is no such file."""
    try:
        with open("/proc/self/maps", "rb") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _lowest_mapping(path):
    real = os.path.realpath(path)
    try:
        status = os.stat(real)
    except OSError:
        return None
    wanted = os.fsencode(real).replace(b"\n", b"\\012")
    by_inode = None
    for line in _maps():
        parts = line.split(None, 5)
        if len(parts) < 6:
            continue
        start = int(parts[0].split(b"-")[0], 16)
        if parts[5] == wanted:
            return start  # the list is sorted by address
        # A path seen through another mount: the inode is the second-best proof.
        same = int(parts[4]) == status.st_ino and os.path.basename(wanted) == os.path.basename(
            parts[5]
        )
        if by_inode is None and same:
            by_inode = start
    return by_inode


def writable_ranges(path, loaded):
    """[(address, size)] in this process of what the file keeps writable while it runs.

    The writable PT_LOAD segments with their zero fill, less what is sealed after relocation
    (PT_GNU_RELRO). Word-aligned. Empty where the file is not ELF or not loaded.
    """
    if loaded is None:
        return []
    segments = _program_headers(path)
    sealed = [(address, address + size) for kind, _, address, size in segments if kind == RELRO]
    ranges = []
    for kind, flags, address, size in segments:
        if kind != LOAD or not flags & WRITABLE:
            continue
        end = address + size
        start = max([address, *(after for before, after in sealed if before <= address < after)])
        start += -start % 8
        if start < end:
            ranges.append((start + loaded.bias, (end - start) // 8 * 8))
    return ranges


def _elf_span(path):
    """(lowest page, end) of the file's PT_LOAD segments in its own addresses."""
    segments = [
        (address, size) for kind, _, address, size in _program_headers(path) if kind == LOAD
    ]
    if not segments:
        return None
    page = os.sysconf("SC_PAGE_SIZE")
    return min(address for address, _ in segments) // page * page, max(
        address + size for address, size in segments
    )


def _program_headers(path):
    """[(type, flags, address, size in memory)] of an ELF file; empty for any other."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(64)
            if len(head) < 52 or head[:4] != b"\x7fELF":
                return []
            wide = head[4] == 2
            order = "<" if head[5] == 1 else ">"
            offset = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)[0]
            entry, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
            stream.seek(offset)
            table = stream.read(entry * count)
    except (OSError, struct.error, OverflowError):
        return []
    # Elf64_Phdr: type, flags, offset, vaddr, paddr, filesz, memsz. Elf32_Phdr: flags stand later.
    form = order + ("IIQQQQQQ" if wide else "IIIIIIII")
    if entry < struct.calcsize(form):
        return []
    found = []
    for position in range(0, len(table) - entry + 1, entry):
        fields = struct.unpack_from(form, table, position)
        if wide:
            found.append((fields[0], fields[1], fields[3], fields[6]))
        else:
            found.append((fields[0], fields[6], fields[2], fields[5]))
    return found
