"""Instructions in the common form: lengths of x86-64 opcodes of every map, and what each kind does."""

import pytest

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.aarch64 import read as read_aarch64
from isoview.inspectors.binary.code.instructions import NONE, VECTORS, Instruction, absolute
from isoview.inspectors.binary.code.x86_64 import read

# One instruction each, from real modules; the lengths were compared with iced-x86 1.21, which agrees
# on these and on the 1.9 million instructions of lxml, numpy and pydantic-core.
INSTRUCTIONS = """
    09f0 0f01d0 0f0b 0f110dc59b1300 0f13442470 0f15c1 0f16442408 0f177c2468 0f184520 0f29442440
    0f48c6 0f4a059519c100 0f54442450 0f578424a0000000 0f5d8424a0000000 0f80e8000000
    0f87b0060000 0f88bf000000 0f8976ffffff 0f8fde000000 0f94442406 0f94c2 0f9dc2 0f9e4424df
    0f9fc0 0fb68424a0000000 0fc2c107 31c0 410f18483f 410f4bf9 410f4ec0 410f99c1 41ff72f8
    42204432ff 440fbcf9 480f42c8 480fbaabb009000025 480fbaf23f 4881c430010000 4881ecc0040000
    488354247800 4887f3 4889f7 4898 48f73c24 48f757a4 48f76608 48f7b42490000000 48f7e3 48f7ea
    490f45de 4c1327 4d0fa3f3 55 5b 62f17d485b4c2405 62f17d48eb44240a 62f17d48ee44240a
    62f1fd4854442405 62f1ff486f8002000000 62f26d48a85afc 62f27d49a00c80 62f2d5287fdc
    62f2ed4877cb 62f2ed487ec1 62f2fd483dc1 62f2fe4829c0 62f2fe4838c7 660f100e 660f12442458
    660f15c0 660f1604c1 660f2fc8 660f3800ca 660f3815cb 660f3833d0 660f383b442450 660f383fc8
    660f38408424a0000000 660f38dcd1 660f38ddd0 660f3a094c245001 660f3a0fc908 660f3a16c002
    660f3a17d003 660f3a210c8210 660f514c2450 660f568424a0000000 660f5c8424f0000000
    660f5e8424a0000000 660f5fda 660f62cb 660f64442450 660f66c8 660f67c1 660f6ac1
    660f6b8c24a0000000 660f6cc8 660f6dc1 660f6f442450 660f71d008 660f73d220 660f73f808
    660f7e442410 660fc2c207 660fc4e200 660fd0c8 660fd5d9 660fd6442410 660fd88424a0000000
    660fe1c1 660fe2c1 660ff1c1 660ff9d8 660ffb8c24f0000000 660ffdc1 660ffec1 66410f2907
    66440f7f0424 66450f135e10 66480f3a16ca01 6690 71e5 7bde c1ea17 c4c279a90c81 c4c279ad5500
    c4e1f547c2 c4e1f890942440020000 c4e1f998c0 c4e26d2f18 c4e2793dc1 c4e27d29842480000000
    c4e27d33c8 c4e27d3705754b0600 c4e27d3cc1 c4e27d8c01 c4e2f5b41e c4e2fd8e0a
    c4e3612285d0feffff01 c4e3754cf300 c4e37d190001 c4e3fd01dcd8 c5d11240e8 c5e54bdc c5e96cca
    c5f016c0 c5f158c0 c5f45eca c5f565c0 c5f5fc8d30feffff c5f891542440 c5f9170cd0 c5f944c1
    c5fa1044241c c5fc2b00 c5fc588590fdffff c5fc59c0 c5fd6dc2 c5fddec1 c5fdeb842440010000
    c5fdfb842440010000 c784240001000017000000 c9 cc d8c0 d8f1 d8fa d9e1 d9ee db7c24e8 dd542408
    deca dee1 dee9 defa e808ecf2ff f049ff0c24 f20f100d4c251000 f20f114c24f8 f20f51c0 f20f5dc1
    f20f5fc1 f20f70c801 f20f7cc0 f20fc2c606 f20fd08424f0000000 f2480f2cf1 f30f12c9 f30f58c8
    f30f5a442430 f30f5ec1 f30f5fca f30fbcc0 f3480f2a842440010000 f3a5 f3aa f644030810 f7d0
    ff25cc6f1200
""".split()  # noqa: SIM905 - two hundred quoted strings would say no more
START = 0x1000


def decode(code: bytes, start: int) -> list[Instruction]:
    return absolute(read(code, start))


def decode_aarch64(code: bytes, start: int) -> list[Instruction]:
    return absolute(read_aarch64(code, start))


@pytest.mark.parametrize("code", INSTRUCTIONS)
def test_every_instruction_has_its_length(code: str) -> None:
    raw = bytes.fromhex(code)
    found = decode(raw + b"\xc3", START)
    assert {step[0] for step in found[:-1]} == {START}
    assert found[-1][:2] == (START + len(raw), i.RETURN)


def test_a_stream_stays_in_step() -> None:
    raw = [bytes.fromhex(code) for code in INSTRUCTIONS]
    starts = [START + sum(len(code) for code in raw[:n]) for n in range(len(raw))]
    found = [step[0] for step in decode(b"".join(raw), START)]
    assert sorted(set(found)) == starts


X86_64 = {
    "488b05f0000000": (i.LOAD, 8, 0, NONE, NONE, 0, START + 7 + 0xF0, 0),  # mov rax, [rip+0xf0]
    "488905f0000000": (i.STORE, 8, 0, NONE, NONE, 0, START + 7 + 0xF0, 0),
    "48c705f000000005000000": (i.STORE_CONST, 8, NONE, NONE, NONE, 0, START + 11 + 0xF0, 5),
    "488d3df0000000": (i.ADDRESS, 8, 7, NONE, NONE, 0, 0, START + 7 + 0xF0),  # lea rdi, [rip]
    "488d04cd00000000": (i.LEA, 8, 0, NONE, 1, 8, 0, 0),  # lea rax, [rcx*8]
    "4c8b4cd810": (i.LOAD, 8, 9, 0, 3, 8, 0x10, 0),  # mov r9, [rax+rbx*8+0x10]
    "4889e5": (i.MOVE, 8, 5, 4, NONE, 0, 0, 0),
    "31c0": (i.CONST, 4, 0, NONE, NONE, 0, 0, 0),  # xor eax, eax
    "30e4": (i.CLOBBER, 1, 0, NONE, NONE, 0, 0, 0),  # xor ah, ah: no more than a part of rax
    "b805000000": (i.CONST, 4, 0, NONE, NONE, 0, 0, 5),
    "48b88877665544332211": (i.CONST, 8, 0, NONE, NONE, 0, 0, 0x1122334455667788),
    "4883ec18": (i.ADD, 8, 4, 4, NONE, 0, 0, -0x18),  # sub rsp, 24
    "4883c308": (i.ADD, 8, 3, 3, NONE, 0, 0, 8),
    "48ff00": (i.UPDATE, 8, NONE, 0, NONE, 0, 0, 1),  # inc qword [rax]
    "48832f01": (i.UPDATE, 8, NONE, 7, NONE, 0, 0, -1),  # sub qword [rdi], 1
    "8305f000000001": (i.UPDATE, 4, NONE, NONE, NONE, 0, START + 7 + 0xF0, 1),
    "4801c8": (i.SUM, 8, 0, 1, NONE, 0, 0, 0),  # add rax, rcx
    "48c1e003": (i.SHIFT, 8, 0, 0, NONE, 0, 0, 3),  # shl rax, 3
    "480f44c1": (i.MERGE, 8, 0, 1, NONE, 0, 0, 0),  # cmove rax, rcx
    "4885c0": (i.COMPARE_CONST, 8, 0, NONE, NONE, 0, 0, 0),  # test rax, rax
    "4883f801": (i.COMPARE_CONST, 8, 0, NONE, NONE, 0, 0, 1),
    "483b05f0000000": (i.COMPARE_MEMORY, 8, 0, NONE, NONE, 0, START + 7 + 0xF0, 0),
    "4839d8": (i.COMPARE, 8, 0, 3, NONE, 0, 0, 0),
    "53": (i.PUSH, 8, 3, NONE, NONE, 0, 0, 0),
    "415c": (i.POP, 8, 12, NONE, NONE, 0, 0, 0),
    "e800010000": (i.CALL, 0, NONE, NONE, NONE, 0, 0, START + 5 + 0x100),
    "ff15f0000000": (i.CALL_MEMORY, 8, NONE, NONE, NONE, 0, START + 6 + 0xF0, 0),
    "ffd0": (i.CALL_REG, 8, NONE, 0, NONE, 0, 0, 0),
    "740e": (i.BRANCH, i.IF_ZERO, NONE, NONE, NONE, 0, 0, START + 2 + 14),
    "0f85f0ffffff": (i.BRANCH, i.IF_OTHER, NONE, NONE, NONE, 0, 0, START + 6 - 16),
    "ebfe": (i.JUMP, 0, NONE, NONE, NONE, 0, 0, START),
    "c3": (i.RETURN, 0, NONE, NONE, NONE, 0, 0, 0),
    "0f0b": (i.STOP, 0, NONE, NONE, NONE, 0, 0, 0),
    "660f6ec0": (i.CLOBBER, 4, VECTORS, 0, NONE, 0, 0, 0),  # movd xmm0, eax
    "66480f6ec8": (i.MOVE, 8, VECTORS + 1, 0, NONE, 0, 0, 0),  # movq xmm1, rax
    "660f6cc1": (i.UNPACK, 8, VECTORS, VECTORS + 1, NONE, 0, 0, 0),  # punpcklqdq
    "ff742438": (i.PUSH, 0, NONE, 4, NONE, 0, 0x38, 0),  # push [rsp + 0x38]
    # vpunpcklqdq xmm3, xmm1, xmm2 and vpinsrq xmm1, xmm2, r13, 1: the lower half from another
    "c5f16cda": (i.UNPACK, 8, VECTORS + 3, VECTORS + 2, VECTORS + 1, 0, 0, 0),
    "c4c3e922cd01": (i.UNPACK, 8, VECTORS + 1, 13, VECTORS + 2, 0, 0, 1),
    "0f2905f0000000": (i.STORE, 16, VECTORS, NONE, NONE, 0, START + 7 + 0xF0, 0),  # movaps
    "0f1605f0000000": (i.LOAD_HIGH, 8, VECTORS, NONE, NONE, 0, START + 7 + 0xF0, 0),  # movhps
    "64488b042528000000": (i.CLOBBER, 8, 0, NONE, NONE, 0, 0x28, 0),  # mov rax, fs:0x28
    "f0480fb10df0000000": (i.EXCHANGE, 8, 1, NONE, NONE, 0, START + 9 + 0xF0, 0),  # lock cmpxchg
}


@pytest.mark.parametrize("code", X86_64)
def test_what_x86_64_instructions_do(code: str) -> None:
    raw = bytes.fromhex(code)
    assert decode(raw, START) == [(START, *X86_64[code])]


@pytest.mark.parametrize("code", ["06", "0f04", "c4", "488b05", "62", "e8000000"])
def test_what_is_no_whole_instruction_stops(code: str) -> None:
    found = decode(bytes.fromhex(code), START)
    assert [step[:2] for step in found] == [(START, i.STOP)]


@pytest.mark.parametrize("head", ["480f3800", "0f380004", "480f0f04", "62f17c481004", "0f3a"])
def test_any_number_of_prefixes_is_gone_through(head: str) -> None:
    for count in range(16):
        raw = b"\x66" * count + bytes.fromhex(head)
        assert decode(raw + bytes(8), START)[0][0] == START


AARCH64 = {
    0xB0000041: [(i.ADDRESS, 8, 1, NONE, NONE, 0, 0, 0xA000)],  # adrp x1, +9 pages
    0x91002021: [(i.ADD, 8, 1, 1, NONE, 0, 0, 8)],
    0xD10083FF: [(i.ADD, 8, 31, 31, NONE, 0, 0, -32)],
    0xF9400820: [(i.LOAD, 8, 0, 1, NONE, 0, 16, 0)],  # ldr x0, [x1, 16]
    0xF9000820: [(i.STORE, 8, 0, 1, NONE, 0, 16, 0)],
    0xF900083F: [(i.STORE_CONST, 8, NONE, 1, NONE, 0, 16, 0)],  # str xzr
    0xB9400820: [(i.LOAD, 4, 0, 1, NONE, 0, 8, 0)],
    0xF8627820: [(i.LOAD, 8, 0, 1, 2, 8, 0, 0)],  # ldr x0, [x1, x2, lsl 3]
    0xA9BF7BFD: [  # stp x29, x30, [sp, -16]!
        (i.ADD, 8, 31, 31, NONE, 0, 0, -16),
        (i.STORE, 8, 29, 31, NONE, 0, 0, 0),
        (i.STORE, 8, 30, 31, NONE, 0, 8, 0),
    ],
    0xA8C17BFD: [  # ldp x29, x30, [sp], 16
        (i.LOAD, 8, 29, 31, NONE, 0, 0, 0),
        (i.LOAD, 8, 30, 31, NONE, 0, 8, 0),
        (i.ADD, 8, 31, 31, NONE, 0, 0, 16),
    ],
    0xAA0103E0: [(i.MOVE, 8, 0, 1, NONE, 0, 0, 0)],
    0xD28000A0: [(i.CONST, 8, 0, NONE, NONE, 0, 0, 5)],
    0x8B020C20: [(i.SUM, 8, 0, 1, 2, 8, 0, 0)],  # add x0, x1, x2, lsl 3
    0xD37DF020: [(i.SHIFT, 8, 0, 1, NONE, 0, 0, 3)],  # lsl x0, x1, 3
    0xEB01001F: [(i.COMPARE, 8, 0, 1, NONE, 0, 0, 0)],
    0xF100041F: [(i.COMPARE_CONST, 8, 0, NONE, NONE, 0, 0, 1)],
    0xB4000040: [(i.BRANCH, i.IF_ZERO, 0, NONE, NONE, 0, 0, START + 8)],  # cbz x0
    0x54000041: [(i.BRANCH, i.IF_OTHER, NONE, NONE, NONE, 0, 0, START + 8)],  # b.ne
    0x94000004: [(i.CALL, 0, NONE, NONE, NONE, 0, 0, START + 16)],
    0x14000004: [(i.JUMP, 0, NONE, NONE, NONE, 0, 0, START + 16)],
    0x9E670000: [(i.MOVE, 8, VECTORS, 0, NONE, 0, 0, 0)],  # fmov d0, x0
    0x3D800020: [(i.STORE, 16, VECTORS, 1, NONE, 0, 0, 0)],  # str q0, [x1]
    0xC8DFFC20: [(i.LOAD, 8, 0, 1, NONE, 0, 0, 0)],  # ldar
    0xC89FFC20: [(i.STORE, 8, 0, 1, NONE, 0, 0, 0)],  # stlr
    0xF8BFC020: [(i.LOAD, 8, 0, 1, NONE, 0, 0, 0)],  # ldapr: an acquiring load writes nothing
    0xD9408020: [(i.LOAD, 8, 0, 1, NONE, 0, 8, 0)],  # ldapur x0, [x1, 8]
    0xD91F8020: [(i.STORE, 8, 0, 1, NONE, 0, -8, 0)],  # stlur x0, [x1, -8]
    0xF821801F: [(i.STORE, 8, 1, 0, NONE, 0, 0, 0)],  # swp x1, xzr, [x0]: sp stays known
    0x4F000400: [(i.CONST, 16, VECTORS, NONE, NONE, 0, 0, 0)],  # movi v0.4s, 0
    0x6F000400: [(i.CLOBBER, 16, VECTORS, NONE, NONE, 0, 0, 0)],  # mvni v0.4s, 0: ones
    0x4E042C01: [  # smov x1, v0.s[0]
        (i.CLOBBER, 8, 1, NONE, NONE, 0, 0, 0),
        (i.CLOBBER, 16, VECTORS + 1, NONE, NONE, 0, 0, 0),
    ],
    0xD503201F: [(i.OTHER, 0, NONE, NONE, NONE, 0, 0, 0)],  # nop
    0x7A410802: [(i.OTHER, 0, NONE, NONE, NONE, 0, 0, 0)],  # ccmp: writes flags only
}


@pytest.mark.parametrize("word", AARCH64)
def test_what_aarch64_instructions_do(word: int) -> None:
    found = decode_aarch64(word.to_bytes(4, "little"), START)
    assert found == [(START, *step) for step in AARCH64[word]]


def test_a_return_ends_and_a_trap_stops() -> None:
    words = (0xD65F03C0, 0xD4200020)  # ret; brk 1
    code = b"".join(word.to_bytes(4, "little") for word in words)
    assert [step[1] for step in decode_aarch64(code, START)] == [i.RETURN, i.STOP]
