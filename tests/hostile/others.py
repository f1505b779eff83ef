"""What is no module at all: empty, random and foreign files; and what is no file at all."""

import gzip
import os
import random
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from hostile.damage import Bad


def not_modules(module: bytes, seed: int = 1) -> Iterator[Bad]:
    """Files named as modules are, with something else in them."""
    chance = random.Random(f"other {seed}")
    yield "other-empty.so", b"", "zero bytes"
    yield "other-empty.pyd", b"", "zero bytes"
    for size in (1, 3, 64, 1000, 1_000_000):
        for name, magic in (("", b""), ("elfmagic-", b"\x7fELF\x02\x01\x01"), ("mz-", b"MZ")):
            end = "pyd" if magic == b"MZ" else "so"
            raw = magic + chance.randbytes(size)
            yield f"other-random-{name}{size}.{end}", raw, f"{magic!r} and {size} random bytes"
    head = struct.pack(">HHIIIIIHHHHHH", 3, 8, 1, 0, 52, 0, 0, 52, 32, 0, 40, 0, 0)
    for name, raw, what in (
        ("text.so", "plain text é\n".encode() * 50, "text"),
        ("text.pyd", b"plain text\r\n" * 50, "text"),
        ("ldscript.so", b"/* GNU ld script */\nINPUT(libfoo.so.1)\n", "a linker script"),
        ("ar.so", b"!<arch>\nx.o/            0           0     0     644     4         `\nABCD",
         "an ar archive"),
        ("gzip.so", gzip.compress(module, mtime=0), "a gzipped module"),
        ("python.so", b"import os\nprint(os.getpid())\n", "Python source named .so"),
        ("zeros.so", bytes(1_000_000), "a million zero bytes"),
        ("elf32be.so", b"\x7fELF\x01\x02\x01" + bytes(9) + head, "an ELF32 header, no tables"),
        ("lfs-pointer.so", b"version https://example/spec/v1\noid sha256:%b\nsize 12345\n"
         % (b"0" * 64), "a Git LFS pointer"),
    ):  # fmt: skip
        yield f"other-{name}", raw, what


def special_files(folder: Path, module: bytes) -> Iterator[tuple[str, str]]:
    """Makes FIFOs, links, sparse files and odd names in ``folder``; yields (name, what it is)."""

    def sparse(path: Path, start: bytes) -> None:
        path.write_bytes(start)
        os.truncate(path, 4 << 30)

    def unix_socket(path: Path) -> None:
        os.mknod(path, stat.S_IFSOCK | 0o600)  # bind() takes no more than 107 bytes of path

    def unreadable(path: Path) -> None:
        path.write_bytes(module)
        path.chmod(0)

    made: dict[str, tuple[str, Callable[[Path], object]]] = {
        "fs-fifo.so": ("a FIFO nobody writes to", os.mkfifo),
        "fs-directory.so": ("a directory", Path.mkdir),
        "fs-dangling.so": ("a dangling symlink", lambda path: path.symlink_to("no-such-file")),
        "fs-loop.so": ("a symlink to itself", lambda path: path.symlink_to(path.name)),
        "fs-devzero.so": ("a symlink to /dev/zero", lambda path: path.symlink_to("/dev/zero")),
        "fs-sparse-4g.so": ("4 GiB of nothing", lambda path: sparse(path, b"")),
        "fs-sparse-4g-elf.so": ("a module, then a hole", lambda path: sparse(path, module)),
        "fs-noread.so": ("mode 000", unreadable),
        "fs-new\nline\x1b[31m.so": ("a hostile name", lambda path: path.write_bytes(module)),
        os.fsdecode(b"fs-bad-utf8-\xff\xfe.so"): (
            "a name that is not UTF-8",
            lambda path: path.write_bytes(module),
        ),
        "fs-socket.so": ("a Unix socket", unix_socket),
    }
    for name, (what, make) in made.items():
        make(folder / name)
        yield name, what
