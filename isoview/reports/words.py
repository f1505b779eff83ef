"""Questions, answers, numbers and names as the reports say them."""

from collections.abc import Sequence

LABELS = {
    "multiple_module_objects": "copies",
    "shared_gil": "shared GIL",
    "own_gil": "own GIL",
    "free_threaded": "free threading",
}
"""The four questions as the report and ``--require`` call them (there with a hyphen)."""

MARKS = {
    "yes": ("✓", "good"),
    "no": ("✗", "error"),
    "unknown": ("?", "unknown"),
    "contradiction": ("◐", "warning"),
}
"""What stands for each answer, and its style."""

NAME_WIDTH = 70
_FORMATS = {"elf": "ELF", "pe": "PE", "mach-o": "Mach-O"}


def counted(number: int, what: str, several: str = "") -> str:
    """``1 finding``, ``3 findings``, ``no findings``; ``several`` is a plural that is not regular."""
    return f"{number or 'no'} {what if number == 1 else several or what + 's'}"


def named(name: str, limit: int = NAME_WIDTH) -> str:
    """A name from a file, cut where it would flood the report.

    Paths of C++ and Rust are cut in the middle: where they begin and what they end in tell most.
    """
    if len(name) <= limit:
        return name
    tail = limit // 2 if "::" in name else 0
    return f"{name[: limit - 1 - tail]}…{name[len(name) - tail :]}"


def listed(names: Sequence[str], most: int) -> str:
    """``a, b, … and 7 more``; ``none`` of an empty list."""
    if not names:
        return "none"
    if len(names) <= most + 1:  # "and 1 more" is as long as the name itself
        return ", ".join(names)
    return f"{', '.join(names[:most])}, … and {len(names) - most} more"


def file_format(name: str) -> str:
    """A format of the facts as people write it."""
    return _FORMATS.get(name, name)


def size(octets: int) -> str:
    """A size as a person says it: ``812 bytes``, ``1.2 kB``, ``512 kB``, ``20 MB``."""
    if octets < 1000:
        return counted(octets, "byte") if octets else "0 bytes"
    unit, scale = ("kB", 1e3) if octets < 1e6 else ("MB", 1e6)
    number = octets / scale
    return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
