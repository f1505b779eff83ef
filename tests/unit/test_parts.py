"""The bytes of a file as parts: what stands where, and looking for something in them."""

import pytest
from compiled import compile_fixture
from symbols_by_hand import image

from isoview.evidence import EvidenceSource, Subjects
from isoview.inspectors.binary.image import Region
from isoview.inspectors.binary.inspect import load, shape
from isoview.inspectors.binary.parts import STEP, WHOLE, Parts, Spot
from isoview.links import first, follow

TEXT = Region(".text", 0x1000, 0x20, False, True, False)
DATA = Region(".data", 0x2000, 0x10, True, False, False)
BSS = Region(".bss", 0x2010, 0x1000, True, False, True)


def parts() -> Parts:
    made = image(((TEXT, b"ab" * 16), (DATA, b"0123456789abcdef"), (BSS, b"")))
    return Parts(memoryview(b"file: ab"), made)


def test_sections_come_by_address_and_the_file_last() -> None:
    found = parts()
    assert [part.name for part in found.all] == [".text", ".data", ".bss", WHOLE]
    assert found.spot(0x1000) == Spot(0, 0x1000)
    assert found.spot(0x200F) == Spot(1, 0x200F)
    assert [found.spot(at) for at in (0xFFF, 0x1020, 0x3010)] == [None, None, None]
    assert found.read(1, 0x200C, 99) == b"cdef"
    assert found.read(2, 0x3000, 99) == bytes(16)
    assert found.read(3, 6, 99) == b"ab"


def test_search_goes_round_all_sections_and_back() -> None:
    found = parts()
    spot = Spot(0, 0x1000)
    forward = []
    for _ in range(17):
        step = found.find(b"ab", spot)
        assert step is not None
        spot = step
        forward.append((spot.part, spot.at))
    assert forward[0] == (0, 0x1002)
    assert forward[14:] == [(0, 0x101E), (1, 0x200A), (0, 0x1000)]
    back = found.find(b"ab", Spot(0, 0x1000), backwards=True)
    assert back == Spot(1, 0x200A)
    assert found.find(b"ab", Spot(1, 0x200A), backwards=True) == Spot(0, 0x101E)
    assert found.find(b"nothing", Spot(0, 0x1000)) is None
    assert found.find(b"", Spot(0, 0x1000)) is None
    assert found.find(b"file", Spot(0, 0x1000)) is None, "only from inside of the whole file"
    assert found.find(b"file", Spot(3, 3)) == Spot(3, 0)


@pytest.mark.parametrize("at", [STEP - 3, STEP, 2 * STEP - 1])
def test_search_finds_what_lies_across_a_step(at: int) -> None:
    raw = bytearray(3 * STEP)
    raw[at : at + 6] = b"needle"
    region = Region(".rodata", 0, len(raw), False, False, False)
    found = Parts(memoryview(b""), image(((region, bytes(raw)),)))
    assert found.find(b"needle", Spot(0, 0)) == Spot(0, at)
    assert found.find(b"needle", Spot(0, len(raw) - 1), backwards=True) == Spot(0, at)


def test_a_claimed_size_is_no_reason_to_read_it() -> None:
    huge = Region(".bss", 0, 1 << 60, True, False, True)
    found = Parts(memoryview(b""), image(((huge, b""),)))
    assert found.all[0].size == 1 << 32
    assert found.read(0, 1 << 31, 16) == bytes(16)
    assert found.find(b"\0", Spot(0, 0)) is None, "zeros of the loader are not searched"


def test_a_pointer_leads_to_the_structure_that_stands_there() -> None:
    path = str(compile_fixture("static_type_bad.c"))
    facts = shape(load(path))
    subjects = Subjects(facts)
    with EvidenceSource(path) as source:
        begin = first(subjects, facts.definitions, facts.init)
        assert begin is not None
        assert begin.kind == "PyModuleDef"
        definition = source.structure_at(facts, begin.address, begin.kind)
        reached = {field.name: follow(definition, field, subjects) for field in definition.fields}
        methods = reached["m_methods"]
        name = reached["m_name"]
        assert reached["m_size"] is None
        assert name is not None
        assert name.kind is None
        if methods is not None:
            assert methods.kind == "PyMethodDef[]"
        static = next(entry for entry in facts.types if entry.address is not None)
        assert static.address is not None
        structure = source.structure_at(facts, static.address, "PyTypeObject")
        kinds = {
            field.name: target.kind
            for field in structure.fields
            if (target := follow(structure, field, subjects)) is not None
        }
        assert kinds["tp_name"] is None
        assert {kinds.get("tp_methods"), kinds.get("tp_members")} <= {
            None, "PyMethodDef[]", "PyMemberDef[]",
        }  # fmt: skip
        names = [part.name for part in source.parts(facts).all]
        assert names[-1] == WHOLE
        assert ".comment" in names, "sections that are not loaded can be looked at too"
