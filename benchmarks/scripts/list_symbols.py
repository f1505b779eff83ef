"""Names and values of the dynamic symbols of 64-bit little-endian ELF files, by mmap and struct."""

import mmap
import struct
import sys

for path in open(sys.argv[1], encoding="utf-8").read().splitlines():
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start, size, count = (
            *struct.unpack_from("<Q", data, 40),
            *struct.unpack_from("<HH", data, 58),
        )
        rows = list(struct.iter_unpack("<IIQQQQIIQQ", data[start : start + size * count]))
        table = next(row for row in rows if row[1] == 11)  # SHT_DYNSYM
        names = rows[table[6]]
        text = data[names[4] : names[4] + names[5]]
        symbols = [
            (text[name : text.find(b"\0", name)], value)
            for name, _, _, _, value, _ in struct.iter_unpack(
                "<IBBHQQ", data[table[4] : table[4] + table[5]]
            )
        ]
