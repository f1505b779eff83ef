"""What the app's Symbols screen holds: the dynamic symbols of a library, and one page of them."""

import sys

from isoview.inspectors.binary.source import read_file
from isoview.inspectors.binary.symbol_table import read_columns


def no_image() -> None:
    raise AssertionError("an ELF file needs no image for its symbols")


columns = read_columns(read_file(sys.argv[1]), no_image, dynamic=True)
page = [columns.row(columns.rows[at]) for at in range(min(50, len(columns)))]
