"""Debug information that lies about its size, or belongs to another build."""

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from compiled import compile_fixture

from isoview.inspectors.binary.elf import ElfFile
from isoview.inspectors.binary.elf_dwarf import TRY_LIMIT, declarations
from isoview.inspectors.binary.inspect import load

SOURCE = "object_in_static_bad.c"
COMPRESSED, NOBITS = 0x800, 8


def with_debug(*flags: str) -> Path:
    return compile_fixture(SOURCE, "-g", *flags)


def declared(path: Path, raw: bytes | None = None) -> tuple[int, str | None]:
    """How many statics have a declaration, and why others may not."""
    with load(str(path)) as loaded:
        wanted = [symbol.address for symbol in loaded.image.symbols if symbol.kind == "object"]
    found, reason = declarations(ElfFile(memoryview(raw or path.read_bytes())), wanted, str(path))
    return len(found), reason


def changed(raw: bytes, section: str, *, name: str = "", **fields: int) -> bytes:
    """The file with other fields in a section's header; ``name`` replaces its name in place."""
    file = bytearray(raw)
    start, count, names = (
        struct.unpack_from(form, file, at)[0] for form, at in (("<Q", 40), ("<H", 60), ("<H", 62))
    )
    texts = struct.unpack_from("<Q", file, start + 64 * names + 24)[0]
    for at in range(start, start + 64 * count, 64):
        text = texts + struct.unpack_from("<I", file, at)[0]
        if file[text : text + len(section) + 1] != section.encode() + b"\0":
            continue
        for field, (form, offset) in {
            "type": ("<I", 4), "flags": ("<Q", 8), "offset": ("<Q", 24), "size": ("<Q", 32),
        }.items():  # fmt: skip
            if field in fields:
                struct.pack_into(form, file, at + offset, fields[field])
        if name:
            file[text : text + len(section)] = name.encode()
    return bytes(file)


def packed(raw: bytes, section: str, claimed: int) -> bytes:
    """The file with a section that says it unpacks to ``claimed`` bytes."""
    body = struct.pack("<IIQQ", 1, 0, claimed, 1) + zlib.compress(bytes(1 << 20), 9)
    file = changed(raw, section, flags=COMPRESSED, offset=len(raw), size=len(body))
    return file + body


def test_sound_debug_information_is_read() -> None:
    found, reason = declared(with_debug())
    assert found >= 2
    assert reason is None


@pytest.mark.parametrize("section", [".debug_info", ".debug_str", ".debug_line"])
def test_what_would_unpack_to_a_gigabyte_is_not_unpacked(section: str) -> None:
    path = with_debug()
    found, reason = declared(path, packed(path.read_bytes(), section, 1 << 30))
    assert not found
    assert reason is not None
    assert str(1 << 30) in reason or "unpack to" in reason


def test_zeros_without_bytes_in_the_file_are_not_made() -> None:
    path = with_debug()
    raw = changed(path.read_bytes(), ".debug_str", type=NOBITS, size=1 << 45)
    assert declared(path, raw)[1] is not None


def test_sections_packed_in_the_old_way_are_not_read() -> None:
    path = with_debug()
    raw = changed(path.read_bytes(), ".debug_aranges", name=".zdebug_arange")
    assert declared(path, raw) == (0, declared(path, raw)[1])


def test_places_that_only_look_like_variables_are_not_tried_for_ever() -> None:
    """A section of nothing but places that name one static: each is a variable's for all it knows,
    and the bound ends it.
    """
    path = with_debug()
    raw = path.read_bytes()
    with load(str(path)) as loaded:
        address = next(s.address for s in loaded.image.symbols if s.kind == "object" and s.size)
    place = bytes([9, 3]) + address.to_bytes(8, "little")
    info = next(s for s in ElfFile(memoryview(raw)).sections if s.name == ".debug_info")
    body = raw[info.offset : info.offset + info.size] + place * (TRY_LIMIT // 10)
    body = struct.pack("<I", len(body) - 4) + body[4:]  # all of it is one unit
    file = changed(raw, ".debug_info", offset=len(raw), size=len(body)) + body
    assert declared(path, file)[1] == "too much in DWARF looks like a variable"


@pytest.mark.parametrize("own", [True, False], ids=["its own", "another's"])
def test_a_debug_file_without_a_build_number_is_known_by_its_checksum(
    tmp_path: Path, own: bool
) -> None:
    objcopy = shutil.which("objcopy")
    if objcopy is None:
        pytest.skip("no objcopy here")
    built = with_debug("-Wl,--build-id=none")
    path, debug = tmp_path / built.name, tmp_path / "module.dbg"
    subprocess.run([objcopy, "--only-keep-debug", str(built), str(debug)], check=True)
    link = ["--strip-debug", f"--add-gnu-debuglink={debug}", str(built), str(path)]
    subprocess.run([objcopy, *link], check=True)
    if not own:
        debug.write_bytes(debug.read_bytes() + b"\0")
    assert (declared(path)[0] > 0) is own
