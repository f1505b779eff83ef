"""A file as readers see it that isoview does not use: lief for data, llvm-objdump for code."""

import re
import shutil
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

_LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)(?:\s+(.*))?$")
_COMMENT = re.compile(r"#\s*0x([0-9a-f]+)")
_NAMED = re.compile(r"<([^>+]+?)(@plt)?>$")
_RELATIVE = {
    "X86_64_RELATIVE",
    "AARCH64_RELATIVE",
    "X86_RELATIVE",
    "ARM_RELATIVE",
    "RISCV_RELATIVE",
    "PPC64_RELATIVE",
    "SYSTEMZ_RELATIVE",
}


class Line(NamedTuple):
    """One instruction as text."""

    address: int
    mnemonic: str
    operands: str
    target: int | None  # the static that a rip-relative operand names


class OtherReader:
    """Bytes, pointers, imports and instructions of one file."""

    def __init__(self, path: str) -> None:
        import lief

        self.path = path
        parsed: Any = lief.parse(path)
        if isinstance(parsed, lief.MachO.FatBinary):
            parsed = parsed.at(0)
        self.binary: Any = parsed
        self.format = parsed.format.name.lower()
        self.bits = 32 if self._is_32() else 64

    def _is_32(self) -> bool:
        raw = Path(self.path).read_bytes()[:1024]
        if self.format == "elf":
            return raw[4] == 1
        return self.format == "pe" and "I386" in str(self.binary.header.machine)

    @property
    def word(self) -> int:
        return self.bits // 8

    def read(self, address: int, size: int) -> bytes:
        if self.format == "pe" and address >= self.binary.optional_header.imagebase:
            address -= self.binary.optional_header.imagebase
        found = bytes(self.binary.get_content_from_virtual_address(address, size))
        return found + bytes(size - len(found))

    def number(self, address: int, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.read(address, size), "little", signed=signed)

    @cached_property
    def _addends(self) -> dict[int, int]:
        if self.format != "elf":
            return {}
        return {
            entry.address: entry.addend
            for entry in self.binary.relocations
            if entry.type.name in _RELATIVE and entry.addend
        }

    @cached_property
    def slots(self) -> dict[int, str]:
        """Address of a word that the loader fills with an imported symbol: the symbol's name."""
        if self.format == "elf":
            return {
                entry.address: entry.symbol.name
                for entry in self.binary.relocations
                if entry.has_symbol and entry.symbol.name
            }
        if self.format == "pe":
            base = self.binary.optional_header.imagebase
            return {
                base + entry.iat_address: entry.name
                for library in self.binary.imports
                for entry in library.entries
                if entry.name
            }
        return {
            binding.address: binding.symbol.name.removeprefix("_")
            for binding in self.binary.bindings
            if binding.has_symbol
        }

    def pointer(self, address: int) -> int | None:
        """What a word of data points to in this file."""
        addend = self._addends.get(address)
        if addend is not None:
            return int(addend)
        value = self.number(address, self.word)
        if self.format == "macho":
            value &= (1 << 36) - 1  # chained fixups keep their own bits above
        return value or None

    def text(self, address: int | None) -> str:
        return (
            ""
            if address is None
            else self.read(address, 256).partition(b"\0")[0].decode("utf-8", "replace")
        )

    @cached_property
    def imports(self) -> frozenset[str]:
        if self.format == "elf":
            return frozenset(s.name for s in self.binary.dynamic_symbols if s.shndx == 0 and s.name)
        if self.format == "pe":
            return frozenset(self.slots.values())
        return frozenset(s.name.removeprefix("_") for s in self.binary.imported_symbols)

    @cached_property
    def exports(self) -> frozenset[str]:
        return frozenset(f.name.removeprefix("_") for f in self.binary.exported_functions)

    @cached_property
    def bytes(self) -> bytes:
        return Path(self.path).read_bytes()

    @cached_property
    def code(self) -> list[Line]:
        """All instructions; empty where no disassembler for them is at hand."""
        tool = shutil.which("llvm-objdump")
        if tool is None:
            return []
        done = subprocess.run(
            [tool, "-d", "--no-show-raw-insn", self.path],
            check=False, capture_output=True, text=True, errors="replace",
        )  # fmt: skip
        found = []
        for raw in done.stdout.splitlines():
            match = _LINE.match(raw)
            if match is None:
                continue
            operands = match[3] or ""
            comment = _COMMENT.search(operands)
            target = int(comment[1], 16) if comment else None
            found.append(Line(int(match[1], 16), match[2], operands, target))
        return found

    @cached_property
    def places(self) -> dict[int, int]:
        """Index of each instruction by its address."""
        return {line.address: index for index, line in enumerate(self.code)}

    @cached_property
    def naming(self) -> dict[int, list[int]]:
        """Indexes of the instructions that name an address."""
        found: dict[int, list[int]] = {}
        for index, line in enumerate(self.code):
            if line.target is not None:
                found.setdefault(line.target, []).append(index)
        return found

    def called(self, line: Line) -> str | None:
        """The imported function that an instruction calls or jumps to."""
        if not line.mnemonic.startswith(("call", "jmp")):
            return None
        if line.target is not None:
            return self.slots.get(line.target)
        named = _NAMED.search(line.operands)
        if named is not None and named[2]:
            return named[1]
        jumped = re.match(r"0x([0-9a-f]+)", line.operands)
        index = self.places.get(int(jumped[1], 16)) if jumped else None
        if index is None:
            return None
        for following in self.code[index : index + 3]:  # a stub: (endbr64) jmp *slot
            if following.mnemonic.startswith("jmp") and following.target is not None:
                return self.slots.get(following.target)
        return None
