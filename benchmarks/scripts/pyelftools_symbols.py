"""pyelftools lists the dynamic symbols."""

import sys

from elftools.elf.elffile import ELFFile

for path in open(sys.argv[1], encoding="utf-8").read().splitlines():
    with open(path, "rb") as file:
        for symbol in ELFFile(file).get_section_by_name(".dynsym").iter_symbols():
            _ = symbol.name, symbol["st_value"]
