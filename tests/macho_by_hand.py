"""A Mach-O file put together by hand, for what no linker here writes: one pointer format after the
other, opcodes one by one, and damage at a chosen place.

Layout: ``__TEXT`` at 0 (code at 0x1000, constants at 0x2000), ``__DATA_CONST`` at 0x4000, ``__DATA``
at 0x8000 with zero fill behind it, ``__LINKEDIT`` last. Addresses are file offsets plus BASE.
"""

import struct
from itertools import pairwise

BASE = 0x100000000
CODE, CONSTANTS, SEALED, DATA, LINKED = 0x1000, 0x2000, 0x4000, 0x8000, 0xA000
ZERO_FILL = 0xA000
ARM64, X86_64, I386 = 0x0100000C, 0x01000007, 7
BUNDLE, DYLIB, DSYM, OBJECT = 8, 6, 10, 1
REBASE, BIND, WEAK, LAZY, TRIE = range(5)
CHAINED_FIXUPS, EXPORTS_TRIE, FUNCTION_STARTS = 0x80000034, 0x80000033, 0x26


def uleb(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


class Built:
    """One thin file in the making."""

    def __init__(self, cpu: int = ARM64, kind: int = BUNDLE) -> None:
        self.cpu, self.kind = cpu, kind
        self.image = bytearray(LINKED)
        self.linked = bytearray()
        self.commands: list[bytes] = []
        # Segment, section, offset, size and flags of each.
        self.sections: list[tuple[str, str, int, int, int]] = [
            ("__TEXT", "__text", CODE, 0x800, 0x80000400),
            ("__TEXT", "__stubs", CODE + 0x800, 0x100, 0x80000408),
            ("__TEXT", "__cstring", CONSTANTS, 0x1000, 2),
            ("__DATA_CONST", "__const", SEALED, 0x1000, 0),
            ("__DATA", "__data", DATA, 0x1800, 0),
            ("__DATA", "__thread_vars", DATA + 0x1800, 0x40, 0x13),
            ("__DATA", "__bss", ZERO_FILL, 0x1000, 1),
        ]
        self.symbols: list[tuple[bytes, int, int, int]] = []  # (name, n_type, section, value)

    def put(self, offset: int, raw: bytes) -> None:
        self.image[offset : offset + len(raw)] = raw

    def word(self, offset: int, value: int) -> None:
        self.put(offset, struct.pack("<Q", value))

    def link(self, raw: bytes) -> tuple[int, int]:
        """(file offset, size) of ``raw`` in ``__LINKEDIT``."""
        at = LINKED + len(self.linked)
        self.linked += raw + bytes(-len(raw) % 8)
        return at, len(raw)

    def linked_command(self, command: int, raw: bytes) -> None:
        self.commands.append(struct.pack("<IIII", command, 16, *self.link(raw)))

    def dyld_info(self, streams: dict[int, bytes]) -> None:
        places = [self.link(streams.get(number, b"")) for number in range(5)]
        self.commands.append(struct.pack("<II10I", 0x80000022, 48, *sum(places, ())))

    def uuid(self, raw: bytes) -> None:
        self.commands.append(struct.pack("<II", 0x1B, 24) + raw)

    def library(self, name: bytes, command: int = 0x0C) -> None:
        padded = name + bytes(8 - len(name) % 8)
        size = 24 + len(padded)
        self.commands.append(struct.pack("<IIIIII", command, size, 24, 0, 0, 0) + padded)

    def _symbol_table(self) -> bytes:
        names = bytearray(b"\0")
        rows = b""
        for name, kind, section, value in self.symbols:
            rows += struct.pack("<IBBHQ", len(names), kind, section, 0, value)
            names += name + b"\0"
        at, size = self.link(rows)
        return struct.pack("<IIIIII", 2, 24, at, size // 16, *self.link(bytes(names)))

    def _segment(self, name: str, low: int, size: int, filled: int, protection: int) -> bytes:
        mine = [section for section in self.sections if section[0] == name]
        raw = b"".join(
            struct.pack(
                "<16s16sQQIIIIIIII",
                section.encode(), name.encode(), BASE + at, length, at, 0, 0, 0, flags, 0, 0, 0,
            )
            for _, section, at, length, flags in mine
        )  # fmt: skip
        sealed = 0x10 if name == "__DATA_CONST" else 0
        return struct.pack(
            "<II16sQQQQIIII",
            0x19, 72 + len(raw), name.encode(), BASE + low, size, low, filled, protection,
            protection, len(mine), sealed,
        ) + raw  # fmt: skip

    def build(self) -> bytes:
        commands = list(self.commands)
        if self.symbols:
            commands.append(self._symbol_table())
        commands[:0] = [
            self._segment("__TEXT", 0, SEALED, SEALED, 5),
            self._segment("__DATA_CONST", SEALED, 0x4000, 0x4000, 3),
            self._segment("__DATA", DATA, 0x4000, LINKED - DATA, 3),
            struct.pack(
                "<II16sQQQQIIII",
                0x19, 72, b"__LINKEDIT", BASE + 0xC000, 0x4000, LINKED, len(self.linked), 1, 1, 0, 0,
            ),
        ]  # fmt: skip
        raw = b"".join(commands)
        self.put(
            0,
            struct.pack(
                "<IIIIIIII", 0xFEEDFACF, self.cpu, 0, self.kind, len(commands), len(raw), 0, 0
            ),
        )
        self.put(32, raw)
        return bytes(self.image + self.linked)


def names_of(names: list[bytes]) -> tuple[bytes, list[int]]:
    """A pool of the names, and where each begins."""
    pool, at = bytearray(b"\0"), []
    for name in names:
        at.append(len(pool))
        pool += name + b"\0"
    return bytes(pool), at


def chained(
    form: int,
    words: dict[int, bytes | int],
    *,
    authenticated: frozenset[int] = frozenset(),
    imports_form: int = 1,
    packed: bool = False,
) -> tuple[dict[int, int], bytes]:
    """Words and LC_DYLD_CHAINED_FIXUPS data for ``words`` of ``__DATA`` (segment 2): file offset to
    an imported name or to the offset of a local target.

    Sources: ``<mach-o/fixup-chains.h>``; pages of 0x1000 bytes.
    """
    import zlib

    names = sorted({name for name in words.values() if isinstance(name, bytes)})
    pool, at = names_of(names)
    encoded: dict[int, int] = {}
    pages: list[int] = []
    wide = form in (1, 9, 12)
    for page in range(2):
        inside = sorted(o for o in words if page * 0x1000 <= o - DATA < (page + 1) * 0x1000)
        pages.append(inside[0] - DATA - page * 0x1000 if inside else 0xFFFF)
        for place, following in pairwise([*inside, 0]):
            step = (following - place) // (8 if wide else 4) if following else 0
            target = words[place]
            signed = place in authenticated
            if isinstance(target, bytes):
                number = names.index(target)
                word = number | (1 << 62 if wide else 1 << 63)
            elif signed:
                word = target
            else:
                word = target + (BASE if form in (1, 2) else 0) | (0x80 << (43 if wide else 36))
            if signed:
                word |= 1 << 63 | 0x1234 << 32
            encoded[place] = word | step << 51
    if imports_form == 3:
        table = b"".join(struct.pack("<QQ", offset << 32 | 0xFFFE, 0) for offset in at)
    elif imports_form == 2:
        table = b"".join(struct.pack("<Ii", offset << 9 | 0xFE, 0) for offset in at)
    else:
        table = b"".join(struct.pack("<I", offset << 9 | 0xFE) for offset in at)
    segment = struct.pack("<IHHQIHHH", 26, 0x1000, form, DATA, 0, 2, *pages)
    starts = struct.pack("<I4I", 4, 0, 0, 24, 0) + bytes(4) + segment
    imports_at = 32 + len(starts) + -len(starts) % 8
    head = struct.pack(
        "<7I", 0, 32, imports_at, imports_at + len(table), len(names), imports_form, packed
    )
    raw = (head + bytes(4) + starts).ljust(imports_at, b"\0") + table
    return encoded, raw + (zlib.compress(pool) if packed else pool)


def universal(*parts: tuple[int, bytes], wide: bool = False) -> bytes:
    """A universal file of (cputype, thin file) parts."""
    form = ">IIQQII" if wide else ">IIIII"
    head = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(parts))
    body = b""
    for cpu, raw in parts:
        body += bytes(-len(body) % 0x1000)
        fields = (cpu, 0, 0x1000 + len(body), len(raw), 12) + ((0,) if wide else ())
        head += struct.pack(form, *fields)
        body += raw
    return head.ljust(0x1000, b"\0") + body


def trie(nodes: dict[bytes, bytes]) -> bytes:
    """An export trie with one level: name to terminal information."""
    children = sorted(nodes)
    sizes = [len(uleb(len(nodes[name]))) + len(nodes[name]) + 1 for name in children]
    offset_width = 3
    root = 2 + sum(len(name) + 1 + offset_width for name in children)
    out, at = bytes([0, len(children)]), root
    for name, size in zip(children, sizes, strict=True):
        out += name + b"\0" + bytes([at & 0x7F | 0x80, at >> 7 & 0x7F | 0x80, at >> 14])
        at += size
    for name in children:
        out += uleb(len(nodes[name])) + nodes[name] + b"\0"
    return out
