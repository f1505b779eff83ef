"""A decoded structure, line by line: address, bytes, field, value, meaning, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from isoview.evidence import only_set
from isoview.tui import evidence_text
from isoview.tui.ink import Ink, shown
from isoview.tui.widgets.lines import Column, LineTable

if TYPE_CHECKING:
    from isoview.inspectors.binary.decode import Field, Structure

MEANING_SHOWN = 400


class FieldTable(LineTable):
    """The fields that are set, or all of them."""

    WHERE = (
        "A structure of the file, field by field; its bytes are lit below. enter goes where a "
        "pointer leads, x shows the fields of zeros too."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "follow", tooltip="Go where this pointer leads"),
    ]

    structure: Structure | None = None
    everything = False
    zero_fill = False  # the loader makes these bytes

    def show(
        self, structure: Structure | None, offset: int = 0, *, zero_fill: bool = False
    ) -> None:
        """Show a structure with the cursor on the field at an offset."""
        self.structure, self.zero_fill = structure, zero_fill
        if offset and offset not in [field.offset for field in self.fields]:
            self.everything = True
        offsets = [field.offset for field in self.fields]
        self._fill(offsets.index(offset) if offset in offsets else 0)

    def toggle(self) -> None:
        """Show all fields, or only those that are set; the cursor stays on its field."""
        field = self.field
        self.everything = not self.everything
        fields = self.fields
        self._fill(fields.index(field) if field in fields else 0)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that are shown."""
        if self.structure is None:
            return ()
        kept = self.structure if self.everything else only_set(self.structure)
        return kept.fields or self.structure.fields

    @property
    def field(self) -> Field | None:
        """The field under the cursor."""
        fields = self.fields
        return fields[self.cursor] if self.cursor < len(fields) else None

    def _fill(self, line: int) -> None:
        width = max(self.scrollable_content_region.width, 20)
        end = self.structure.address + self.structure.size if self.structure is not None else 0
        columns = [Column("address", "address", max(len(f"{end:#x}"), 7), right=True)]
        if width >= 124:  # below, what stands beside shows them
            columns.append(Column("bytes", "bytes", 23))
        columns += [Column("field", "field", 22 if width >= 90 else 15),
                    Column("value", "value", 18 if width >= 90 else 12, right=True)]  # fmt: skip
        told = Column("from", "told by", 10)
        taken = sum(column.width + 1 for column in columns)
        rest = width - taken - (told.width + 1 if width >= 90 else 0)
        columns.append(Column("meaning", "meaning", max(rest, 8)))
        if width >= 90:
            columns.append(told)
        self.fill(len(self.fields), columns, line)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self.structure is not None:
            self._fill(self.cursor)

    def cells(self, index: int) -> Sequence[Text]:
        field = self.fields[index]
        quiet = Ink(self.app).style("quiet")
        meaning = shown(evidence_text.meaning(field), limit=MEANING_SHOWN)
        if field.target is not None:
            meaning.stylize("underline")
        found = {
            "address": Text(f"{field.address:#x}", style=quiet),
            "bytes": Text(_bytes(field.raw), style=quiet),
            "field": shown(field.name),
            "value": Text(f"{field.number:#x}" if field.number else "0"),
            "meaning": meaning,
            "from": Text(told_by(field, zero_fill=self.zero_fill), style=quiet),
        }
        return [found[column.key] for column in self._columns]


def _bytes(raw: bytes) -> str:
    shown_ones = raw[:8].hex(" ")
    return shown_ones if len(raw) <= 8 else shown_ones[:-3] + " …"


def told_by(field: Field, *, zero_fill: bool = False) -> str:
    """What a field's meaning is taken from."""
    if field.meaning.endswith("(imported)"):
        return "import"
    if field.target is not None:
        # RELA keeps the address in the relocation, REL and PE in the word itself.
        return "file" if field.number == field.target else "relocation"
    return "zero fill" if zero_fill else "file"
