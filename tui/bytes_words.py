"""What is said about a byte: where it stands, what its word is, what it points to. Plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoview.readable import readable
from isoview.tui.bytes_place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isoview.inspectors.binary.decode import Field, Structure
    from isoview.inspectors.binary.image import Symbol
    from isoview.inspectors.binary.parts import Parts, Spot

LINE = 16


def spot_of(parts: Parts | None, place: Place | None) -> Spot | None:
    """The byte that a place means; None outside of the file."""
    from isoview.inspectors.binary.parts import Spot

    if parts is None or place is None:
        return None
    if not place.in_file:
        return parts.spot(place.at)
    for number, part in enumerate(parts.all):
        if not part.mapped and part.start <= place.at < part.end:
            return Spot(number, place.at)
    return None


def is_zero_fill(parts: Parts | None, spot: Spot | None) -> bool:
    """Whether the loader makes a byte: the file has none there."""
    return parts is not None and spot is not None and parts.all[spot.part].zero_fill


def symbol_at(parts: Parts | None, address: int | None) -> Symbol | None:
    """The symbol whose bytes hold an address."""
    return None if parts is None or address is None else parts.image.covering(address)


def name_at(parts: Parts | None, address: int) -> str:
    """The symbol at an address, and how far into it; empty without one."""
    symbol = symbol_at(parts, address)
    if symbol is None:
        return ""
    inside = address - symbol.address
    name = readable(symbol.name)
    return f"{name}+{inside:#x}" if inside else name


def where(parts: Parts, spot: Spot) -> str:
    """Where a byte stands."""
    part = parts.all[spot.part]
    if not part.mapped:
        return f"{part.name}: offset {spot.at:#x} of the file"
    name = name_at(parts, spot.at)
    return f"{part.name}+{spot.at - part.start:#x}  {name}".strip()


def values(parts: Parts, spot: Spot) -> str:
    """The byte, and the word it stands in."""
    part = parts.all[spot.part]
    raw = parts.read(spot.part, spot.at, 1)
    if not raw:
        return ""
    said = f"byte {raw[0]:#04x} = {raw[0]}"
    if not part.mapped:
        return said
    image = parts.image
    start = _aligned(spot.at, image.word_size)
    imported = image.imports_at.get(start)
    if imported is not None:
        return f"{said}   word → {imported} (imported)"
    target = image.pointers.get(start)
    if target is not None:
        name = name_at(parts, target)
        return f"{said}   word → {target:#x} {name}".rstrip()
    word = image.unsigned(start, image.word_size)
    return said if word is None else f"{said}   word {word:#x} = {word}"


def pointer_at(parts: Parts | None, spot: Spot | None) -> int | None:
    """Where the word under a byte leads, if it is a pointer into the file."""
    if parts is None or spot is None or not parts.all[spot.part].mapped:
        return None
    return parts.image.pointers.get(_aligned(spot.at, parts.image.word_size))


def _aligned(address: int, word: int) -> int:
    return address - address % word


def no_pointer(field: Field) -> str:
    """Why a field leads nowhere."""
    if field.meaning.endswith("(imported)"):
        return f"{field.name} points into another library: this file has no bytes of it."
    return f"{field.name} is no pointer into this file."


def place_named(parts: Parts | None, text: str) -> Place | None:
    """The place that was typed: a number, a section's name, a symbol's name."""
    if parts is None:
        return None
    number = _number(text)
    if number is not None:
        return Place(number)
    at = parts.named(text)
    if at is not None:
        part = parts.all[at]
        return Place(part.start, in_file=not part.mapped, pane="hex")
    symbol = parts.image.columns.named(text)
    if symbol is not None:
        return Place(symbol.address, size=symbol.size)
    address = parts.image.exports.get(text)
    return None if address is None else Place(address)


def _number(text: str) -> int | None:
    try:
        found = int(text, 0)
    except ValueError:
        return None
    return found if found >= 0 else None


def line_text(parts: Parts | None, spot: Spot | None) -> str:
    """The line of bytes around a byte, as it is shown."""
    if parts is None or spot is None:
        return ""
    start = max(spot.at - spot.at % LINE, parts.all[spot.part].start)
    raw = parts.read(spot.part, start, LINE - start % LINE)
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in raw)
    return f"{start:#x}  {raw.hex(' ')}  {text}"


def markdown(structure: Structure, fields: Iterable[Field]) -> str:
    """A structure as a table to paste into an issue; names cannot become markup in it."""
    from isoview.tui.texts import code

    lines = [
        f"{structure.kind} at {structure.address:#x} in {code(structure.source)}",
        "",
        "| address | field | value | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for field in fields:
        meaning = code(field.meaning).replace("|", "\\|") if field.meaning else ""
        lines.append(f"| {field.address:#x} | {field.name} | {field.number:#x} | {meaning} |")
    return "\n".join(lines)
