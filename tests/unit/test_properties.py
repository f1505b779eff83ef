"""What holds for every value, tried on many: fingerprints, decisions, JSON, addresses, slots, paths."""

import json
import posixpath
import struct
import tomllib
from pathlib import Path
from unicodedata import bidirectional, category

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from properties import HOSTILE, TEXT, WORDS, images, values

from isoview import triage
from isoview.codec import report_from_data, report_to_data
from isoview.codec_fast import report_from_own
from isoview.decision_file import change, store
from isoview.fingerprint import dotted_place, fingerprint, stable_symbol, symbol_subject
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.slot_arrays import read_slot_array
from isoview.inspectors.binary.source import split_name
from isoview.model import STATUSES, Report
from isoview.visible import visible

settings.register_profile(
    "isoview", max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
settings.load_profile("isoview")

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
CLONES = st.sampled_from(
    ["", ".0", ".12", ".lto_priv.3", ".constprop.0", ".isra.0.cold", ".part.7", ".llvm.991"]
)
DECISIONS = st.dictionaries(
    st.builds(fingerprint, st.sampled_from(["ISO201", "ISO301"]), TEXT, TEXT),
    st.tuples(st.sampled_from(STATUSES[1:]), TEXT.filter(str.strip), st.integers(1, 9999)),
    max_size=5,
)


# -- fingerprints -----------------------------------------------------------------------------------


@given(NAMES, CLONES)
def test_a_symbol_keeps_its_fingerprint_whatever_the_compiler_appends(
    name: str, clone: str
) -> None:
    assert symbol_subject(name + clone) == symbol_subject(name) == f"symbol:{name}"


@given(TEXT)
def test_the_stable_name_of_a_symbol_is_stable(symbol: str) -> None:
    once = stable_symbol(symbol)
    assert stable_symbol(once) == once or "." in once


@given(NAMES, NAMES)
def test_two_names_have_two_fingerprints(one: str, other: str) -> None:
    assert (symbol_subject(one) == symbol_subject(other)) == (one == other)


# -- decisions --------------------------------------------------------------------------------------


def made(entries: dict[str, tuple[triage.Status, str, int]]) -> dict[str, triage.Decision]:
    return {name: triage.Decision(name, *entry) for name, entry in entries.items()}


@given(entries=DECISIONS, chance=st.randoms())
def test_decisions_in_any_order_make_one_file(entries, chance, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    decisions, texts = made(entries), set()
    for _ in range(2):
        path = tmp_path / "isoview.toml"
        path.unlink(missing_ok=True)
        order = list(decisions)
        chance.shuffle(order)
        for name in order:
            store(path, name, decisions[name])
        texts.add(path.read_text("utf-8") if order else "")
        assert dict(triage.load(path)) == decisions
    assert len(texts) == 1


@given(old=DECISIONS, new=DECISIONS)
def test_the_later_decision_wins_and_can_be_taken_back(old, new, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "isoview.toml"
    path.write_text("# ours\n")
    change(path, dict(made(old)))
    before = path.read_text("utf-8")
    previous = change(path, dict(made(new)))
    assert dict(triage.load(path)) == made(old) | made(new)
    change(path, previous)
    assert dict(triage.load(path)) == made(old)
    assert path.read_text("utf-8").startswith("# ours\n")
    assert tomllib.loads(path.read_text("utf-8")) == tomllib.loads(before)


# -- JSON -------------------------------------------------------------------------------------------


@given(values(Report))
def test_a_report_comes_back_from_json_as_it_was(report: Report) -> None:
    text = json.dumps(report_to_data(report))
    assert report_from_data(json.loads(text)) == report
    assert report_from_own(json.loads(text)) == report


# -- addresses --------------------------------------------------------------------------------------


@given(images(), st.integers(0, 1 << 21), st.integers(0, 100))
def test_what_is_read_is_what_the_segments_hold(image: Image, address: int, size: int) -> None:
    memory: dict[int, int] = {}
    for segment in image.segments:
        for offset in range(segment.size):
            raw = segment.data[offset] if offset < len(segment.data) else 0
            memory[segment.address + offset] = raw
    inside = [*memory, address]
    for start in (address, inside[size % len(inside)]):
        got = image.read(start, size)
        assert list(got) == [memory[start + n] for n in range(len(got))]
        segment = image.segment_at(start)
        assert (segment is not None) == (start in memory)
        left = segment.address + segment.size - start if segment else 0
        assert len(got) == min(size, left)
        word = image.unsigned(start, image.word_size)
        if word is not None:
            raw = image.read(start, image.word_size)
            assert word == int.from_bytes(raw, "little" if image.endian == "little" else "big")
            assert image.window(start, 1)[0] == word
        region = image.region_at(start)
        assert (region is not None) == (start in memory)


# -- slot arrays ------------------------------------------------------------------------------------

BASE, CODE = 0x1000, 0x9000
SIZE, FUNCTIONS = 102, (85, 104, 105, 106)  # Py_mod_state_size; exec, traverse, clear, free
SLOTS = st.lists(
    st.one_of(
        st.tuples(st.just(SIZE), st.integers(1, 1 << 40)),
        st.tuples(st.sampled_from(FUNCTIONS), st.integers(CODE, CODE + 0xFF)),
    ),
    max_size=8, unique_by=lambda slot: slot[0],
)  # fmt: skip


@given(SLOTS, st.binary(max_size=48))
@example([(SIZE, 1)], b"")
def test_a_slot_array_is_read_as_it_was_written(slots: list[tuple[int, int]], after: bytes) -> None:
    # PySlot of Include/slots.h (3.15): u16 id, u16 flags, u32 zero, 8 bytes of value.
    raw = b"".join(struct.pack("<HHIQ", number, 0, 0, value) for number, value in slots)
    raw += struct.pack("<HHIQ", 0, 0, 0, 0) + after
    segments = (
        Segment("data", BASE, len(raw), memoryview(raw), writable=True, executable=False),
        Segment("code", CODE, 0x100, memoryview(bytes(0x100)), writable=False, executable=True),
    )
    image = Image(
        format="elf", arch="x86-64", bits=64, endian="little", segments=segments,
        regions=tuple(
            Region(s.name, s.address, s.size, s.writable, s.executable, zero_fill=False)
            for s in segments
        ),
        pointers={
            BASE + 16 * at + 8: value
            for at, (number, value) in enumerate(slots) if number in FUNCTIONS
        },
        imports_at={}, imported=frozenset(), exports={}, export_sizes={}, libraries=(),
        build_id=None, compilers=(), stripped=True, module_file=True, load_symbols=lambda: (),
        load_function_starts=lambda: (),
    )  # fmt: skip
    definition = read_slot_array(image, BASE)
    if not slots:
        assert definition is None or not definition.slots
        return
    assert definition is not None
    found = [
        (slot.id, slot.value if slot.id == SIZE else slot.function) for slot in definition.slots
    ]
    assert found == slots
    assert definition.m_size == dict(slots).get(SIZE, definition.m_size)


OVERRIDES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # Unicode UAX #9
# -- paths and shown text ---------------------------------------------------------------------------


@given(TEXT, WORDS)
def test_what_is_shown_can_neither_hide_nor_act(text: str, limit: int) -> None:
    shown = visible(text)
    acting = {char for char in shown if category(char) in {"Cc", "Cs", "Zl", "Zp"}}
    assert not acting
    assert all(bidirectional(char) not in OVERRIDES for char in shown)
    assert not {"\x1b", "\n", "\r", "\u202e", "\u2028", "\0"} & set(shown)
    assert visible(shown) == shown
    short = visible(text, limit % 20 + 1)
    assert len(short) <= limit % 20 + 1


@given(st.lists(st.one_of(NAMES, HOSTILE), min_size=1, max_size=5), NAMES)
def test_a_module_is_called_alike_wherever_it_is_installed(parts: list[str], stem: str) -> None:
    folders = [part.replace("/", "_").replace("\0", "_") for part in parts]
    file = f"{stem}.cpython-313-x86_64-linux-gnu.so"
    inside = posixpath.join(*folders, file)
    in_wheel = dotted_place("/tmp/x.whl", inside)
    for home in ("/usr/lib/python3.13/site-packages", "/v/lib/python3/dist-packages"):
        assert dotted_place(f"{home}/{inside}", None) == in_wheel
    assert dotted_place("/tmp/x.whl", inside.replace("/", "\\")) == in_wheel
    assert split_name(inside) == (stem, "cpython-313-x86_64-linux-gnu")
