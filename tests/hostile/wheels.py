"""Hostile wheels: bombs, names that climb out, sizes and checksums that lie."""

import io
import struct
import warnings
import zipfile
from collections.abc import Iterator, Sequence

from hostile.damage import Bad

_TAG = "cp311-abi3-manylinux2014_x86_64"
Member = tuple[str | zipfile.ZipInfo, bytes]


def _archive(members: Sequence[Member]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # duplicate names are the point
        for name, blob in members:
            made = isinstance(name, zipfile.ZipInfo)
            info = name if made else zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, blob)
    return stream.getvalue()


def _about(name: str) -> list[Member]:
    folder = f"wheel_{name}-1.0.dist-info"
    wheel = f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: false\nTag: {_TAG}\n"
    metadata = f"Metadata-Version: 2.1\nName: wheel_{name}\nVersion: 1.0\n"
    return [
        (f"{folder}/WHEEL", wheel.encode()),
        (f"{folder}/METADATA", metadata.encode()),
        (f"{folder}/RECORD", b""),
    ]


def bad_wheels(module: bytes, stem: str, bomb_mb: int = 1000) -> Iterator[Bad]:
    """All of them; ``module`` is a sound ELF module that is called ``stem``."""
    for name, blob, what in (*_members(module, stem, bomb_mb), *_broken(module, stem), *_many()):
        yield f"wheel_{name}-1.0-{_TAG}.whl", blob, what


def _members(module: bytes, stem: str, bomb_mb: int) -> Iterator[Bad]:
    member = f"m/{stem}.abi3.so"
    link = zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0))
    link.external_attr, link.create_system = 0o120777 << 16, 3
    climbing = ("../../../../ESCAPED.abi3.so", "/ESCAPED2.abi3.so", "..\\..\\ESCAPED3.pyd")
    odd = ("m/\x1b[31mx\n.abi3.so", f"m/{'a' * 300}.abi3.so", "m/\u202eos.3iba.so")
    good = _archive([(member, module), *_about("good")])
    inner = f"m/inner-1.0-{_TAG}.whl"
    for name, members, what in (
        ("good", [(member, module)], "a valid wheel (sound)"),
        ("traversal", [(each, module) for each in climbing], "member names that climb out"),
        ("symlink_member", [(link, b"/etc/passwd")], "a member that is a symlink to /etc/passwd"),
        ("duplicate", [(member, module), (member, b"second")], "the same name twice"),
        ("nested", [(inner, good)], "a wheel in a wheel"),
        ("text_so", [(member, b"not an ELF file\n")], "text named .abi3.so"),
        ("empty_so", [(member, b"")], "an empty .abi3.so"),
        ("odd_names", [(each, module) for each in odd], "control characters and long names"),
    ):
        yield name, _archive([*members, *_about(name)]), what
    yield "no_distinfo", _archive([(member, module)]), "no dist-info"
    yield "bomb", _bomb(member, bomb_mb), f"{bomb_mb} MB of zeros behind ELF's magic"


def _bomb(member: str, megabytes: int) -> bytes:
    """Written piece by piece: what made it must not weigh more than what reads it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(member, "w", force_zip64=True) as out:
            out.write(b"\x7fELF\x02\x01\x01")
            for _ in range(megabytes):
                out.write(bytes(10**6))
        for name, blob in _about("bomb"):
            archive.writestr(name, blob)
    return stream.getvalue()


def _broken(module: bytes, stem: str) -> Iterator[Bad]:
    good = _archive([(f"m/{stem}.abi3.so", module), *_about("good")])
    central = good.find(b"PK\x01\x02")
    size = struct.pack("<I", len(module))
    yield "lying_size", good.replace(size, struct.pack("<I", 16)), "headers say 16 bytes"
    crc = bytearray(good)
    crc[central + 16] ^= 0xFF
    yield "bad_crc", bytes(crc), "wrong CRC"
    yield "truncated", good[: len(good) // 2], "half a zip"
    yield "no_central", good[:central], "no central directory"
    yield "not_a_zip", b"hello\n" * 100, "text"
    yield "empty", b"", "zero bytes"
    entry = b"PK\x01\x02\x14\x03\x14\x00"
    yield "encrypted_flag", good.replace(entry + b"\0\0", entry + b"\1\0"), "encrypted bit set"


def _many() -> Iterator[Bad]:
    members = [(f"m/{number}.abi3.so", b"") for number in range(65000)]
    yield "65000_members", _archive([*members, *_about("65000_members")]), "65,000 empty modules"
    inner = _archive([("m/x.abi3.so", b"\x7fELF\x02\x01\x01" + bytes(20_000_000))])
    central, end = inner.find(b"PK\x01\x02"), inner.find(b"PK\x05\x06")
    names = (b"m/%c.abi3.so" % (97 + number) for number in range(26))
    rows = b"".join(inner[central:end].replace(b"m/x.abi3.so", name) for name in names)
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 26, 26, len(rows), central, 0)
    yield "overlap_bomb", inner[:central] + rows + tail, "26 members over one 20 MB stream"
