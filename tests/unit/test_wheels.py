"""Wheels, good and hostile: read in place, bounded, and every refusal a line with a hint."""

import json
import resource
import struct
import sys
import zipfile
from pathlib import Path

import pytest
from command import isoview
from targets_by_hand import MEMBER, archive, code, good_wheel, information, wheel

from isoview import wheels
from isoview.commands import ExitCode
from isoview.inspectors.errors import IsoviewError
from isoview.wheels import Bad, Wheel


def contents(path: Path) -> list[str | Bad]:
    with Wheel(str(path)) as opened:
        return list(opened.contents())


def test_a_member_is_reported_under_its_wheel(tmp_path: Path) -> None:
    path = good_wheel(tmp_path)
    document = json.loads(isoview("check", "--format", "json", "--hash", path).stdout)
    (artifact,) = document["artifacts"]
    assert (artifact["container"], artifact["member"]) == (str(path), MEMBER)
    assert artifact["path"] == f"{path}/{MEMBER}"
    assert artifact["size"] == len(code())
    assert artifact["tag"] == "abi3"
    assert artifact["sha256"]


def test_one_member_can_be_named(tmp_path: Path) -> None:
    path = wheel(tmp_path, [(MEMBER, code()), ("pkg/other.abi3.so", code())])
    shown = isoview("check", "--format", "json", f"{path}/{MEMBER}")
    assert [each["member"] for each in json.loads(shown.stdout)["artifacts"]] == [MEMBER]
    missing = isoview("check", f"{path}/pkg/none.so")
    assert missing.returncode == ExitCode.NOT_ANALYSED
    assert "has no member pkg/none.so" in missing.stderr


def test_fingerprints_name_the_place_in_the_wheel(tmp_path: Path) -> None:
    hidden = wheel(tmp_path, [("space/part/_speedups.abi3.so", code())])
    findings = json.loads(isoview("check", "--format", "json", hidden).stdout)["artifacts"][0]
    assert all(":space.part._speedups:" in each["fingerprint"] for each in findings["findings"])


def test_libraries_beside_modules_are_left_out(tmp_path: Path) -> None:
    library = Path(sys.executable).resolve().read_bytes()
    path = wheel(tmp_path, [(MEMBER, code()), ("pkg.libs/libfoo-abc.so", library)])
    document = json.loads(isoview("check", "--format", "json", path).stdout)
    assert [each["member"] for each in document["artifacts"]] == [MEMBER]


def test_a_module_without_init_is_not_left_out(tmp_path: Path) -> None:
    path = wheel(tmp_path, [("pkg/_x.abi3.so", Path(sys.executable).resolve().read_bytes())])
    (artifact,) = json.loads(isoview("check", "--format", "json", path).stdout)["artifacts"]
    assert artifact["is_extension"] is False


def test_a_wheel_of_python_code_is_no_error(tmp_path: Path) -> None:
    shown = isoview("check", wheel(tmp_path, [("pkg/__init__.py", b"")]))
    assert shown.returncode == ExitCode.CLEAN
    assert "holds no compiled module" in shown.stderr


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(MEMBER)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


def _wrong_crc(data: bytes) -> bytes:
    damaged = bytearray(data)
    damaged[16 + data.find(b"PK\x01\x02")] ^= 0xFF
    return bytes(damaged)


def _encrypted(data: bytes) -> bytes:
    damaged = bytearray(data)
    damaged[8 + data.find(b"PK\x01\x02")] |= 1
    return bytes(damaged)


def _overlapping() -> bytes:
    inner = archive([("m/x.abi3.so", b"\x7fELF" + bytes(100_000))])
    start, end = inner.find(b"PK\x01\x02"), inner.find(b"PK\x05\x06")
    entries = b"".join(
        inner[start:end].replace(b"m/x.abi3.so", b"m/%c.abi3.so" % letter) for letter in b"abcdefgh"
    )
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 8, 8, len(entries), start, 0)
    return inner[:start] + entries + last


GOOD = archive([(MEMBER, code()), *information()])
HOSTILE = {
    "a bomb": (archive([(MEMBER, b"\x7fELF" + bytes(500_000_000))]), "unpacks to 476 MB"),
    "a smaller bomb": (archive([(MEMBER, b"\x7fELF" + bytes(50_000_000))]), "times its size"),
    "sizes that lie": (GOOD.replace(struct.pack("<I", len(code())), struct.pack("<I", 16)), "damaged"),
    "a wrong checksum": (_wrong_crc(GOOD), "damaged: Bad CRC"),
    "names that climb out": (archive([("../../x.abi3.so", code())]), "climbs out"),
    "names from the root": (archive([("/x.abi3.so", code())]), "climbs out"),
    "names with backslashes": (archive([("..\\..\\x.pyd", code())]), "climbs out"),
    "names with a drive": (archive([("c:x.pyd", code())]), "climbs out"),
    "a link": (archive([(_link(), b"/etc/passwd")]), "symbolic link"),
    "members that share bytes": (_overlapping(), "8 of its modules share their bytes"),
    "an encrypted member": (_encrypted(GOOD), "encrypted"),
    "an empty member": (archive([(MEMBER, b"")]), "is empty"),
    "text for a member": (archive([(MEMBER, b"hello, I am text\n" * 9)]), "a text file"),
    "half a wheel": (GOOD[: len(GOOD) // 2], "is a damaged wheel"),
    "no central directory": (GOOD[: GOOD.find(b"PK\x01\x02")], "is a damaged wheel"),
    "text": (b"hello\n" * 100, "is no zip archive"),
    "nothing": (b"", "is empty"),
    "no information": (archive([(MEMBER, code())]), "no .dist-info"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_wheel_is_said_to_be_one(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "bad-1.0-cp311-abi3-linux_x86_64.whl"
    path.write_bytes(data)
    good = good_wheel(tmp_path)
    shown = isoview("check", "--format", "json", path, good)
    assert shown.returncode == ExitCode.NOT_ANALYSED
    document = json.loads(shown.stdout)
    assert any(said in error["error"] for error in document["errors"]), document["errors"]
    assert all(error["hint"] for error in document["errors"])
    assert [each["container"] for each in document["artifacts"]][-1] == str(good)
    assert not list(tmp_path.parent.glob("x.*"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_not_chosen_by_chance(tmp_path: Path) -> None:
    path = wheel(tmp_path, [(MEMBER, code()), (MEMBER, b"second")])
    assert [(each.member, each.error) for each in contents(path) if isinstance(each, Bad)] == [
        (MEMBER, "the wheel has it twice")
    ]


def test_a_wheel_inside_a_wheel_is_named_and_not_opened(tmp_path: Path) -> None:
    path = wheel(tmp_path, [("pkg/inner-1.0-py3-none-any.whl", GOOD), (MEMBER, code())])
    said = contents(path)
    assert MEMBER in said
    assert any(isinstance(each, Bad) and "inside a wheel" in each.error for each in said)


def test_a_flood_of_members_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "MODULES_LIMIT", 10)
    path = wheel(tmp_path, [(f"m/{number}.so", b"") for number in range(11)])
    (said,) = contents(path)
    assert isinstance(said, Bad)
    assert "11 modules" in said.error


def test_control_characters_in_names_are_shown_escaped(tmp_path: Path) -> None:
    path = wheel(tmp_path, [("pkg/\x1b[31mx\u202e.abi3.so", code())])
    shown = isoview("check", path)
    assert "\x1b" not in shown.stdout + shown.stderr
    assert "\u202e" not in shown.stdout + shown.stderr
    assert "\\x1b[31mx\\u202e" in shown.stdout


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.whl"
    path.write_bytes(HOSTILE["a bomb"][0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Wheel(str(path)) as opened, pytest.raises(IsoviewError):
        opened.read(MEMBER)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pkg-1.0.tar.gz", "source distribution"),
        ("pkg.zip", "an archive"),
        ("pkg.egg", "an archive"),
    ],
)
def test_other_archives_say_what_they_are(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_bytes(GOOD)
    shown = isoview("check", tmp_path / name)
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert said in shown.stderr
