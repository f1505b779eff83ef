"""The findings table: folded by rule, worst first."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from isoview.tui.ink import Ink, shown
from isoview.tui.marks import GONE, MARKED, MARKED_SOME, NEW, TIMES, finding_mark
from isoview.tui.widgets.moves import MOVES

if TYPE_CHECKING:
    from isoview.model import Finding
    from isoview.tui.rows import Row

NAME_WIDTH = 30


class FindingsTable(DataTable[Text]):
    """Rows of findings. It keeps what was unfolded, and the place, when they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("right", "unfold", "unfold", show=False, tooltip="Unfold the findings of a rule"),
        Binding("left", "fold", "fold", show=False, tooltip="Fold the findings of a rule"),
        Binding(
            "enter,space",
            "open",
            "open",
            tooltip="Fold or unfold a rule; on one finding, show its evidence",
        ),
    ]
    WHERE = (
        "The findings, worst first; equal ones are folded under their rule. "
        "● error  ◐ warning  ○ note  ◇ intended  ∅ false positive  ✓ fixed  ▌ marked  + new  - gone"
    )

    class Chosen(Message):
        """The cursor came to a row (``entered``: by enter or a click)."""

        def __init__(self, row: Row, entered: bool) -> None:
            super().__init__()
            self.row = row
            self.entered = entered

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(
            id=id, cursor_type="row", show_header=False, cell_padding=0, show_row_labels=False
        )
        self._rows: tuple[Row, ...] = ()
        self._findings: tuple[Finding, ...] = ()
        self._new: frozenset[str] = frozenset()
        self._gone: tuple[Finding, ...] = ()
        self._marked: AbstractSet[str] = frozenset()
        self._unfolded: frozenset[str] = frozenset()
        self._stays = False
        self._unfiltered: frozenset[str] | None = None  # what was unfolded before a filter

    # -- content --------------------------------------------------------------------------------

    def fill(
        self,
        findings: Iterable[Finding],
        new: frozenset[str] = frozenset(),
        gone: tuple[Finding, ...] = (),
        marked: AbstractSet[str] = frozenset(),
        *,
        unfold: bool = False,
    ) -> None:
        """Show ``findings``; ``unfold`` unfolds every rule for as long as a filter stands."""
        self._findings = tuple(findings)
        self._new, self._gone, self._marked = new, gone, marked
        if unfold:
            self._unfiltered = self._unfolded if self._unfiltered is None else self._unfiltered
            self._unfolded = frozenset(finding.rule for finding in self._findings)
        elif self._unfiltered is not None:
            self._unfolded, self._unfiltered = self._unfiltered, None
        self._refill()

    def _refill(self) -> None:
        from isoview.tui.rows import rows

        place = None if self._stays else self.current
        line = self.cursor_row
        self._rows = rows(self._findings, self._unfolded, self._gone)
        ink = Ink(self.app)
        width = min(max((len(row.finding.name) for row in self._rows), default=0), NAME_WIDTH)
        cells = [self._cells(row, ink, width) for row in self._rows]
        # Widths are ours: DataTable measures a column only when it next idles, and loses that
        # when it is filled twice before (the column then stays empty).
        self.clear(columns=True)
        self.add_column(Text(), key="mark", width=3)
        longest = max((what.cell_len for _, what in cells), default=1)
        self.add_column(Text(), key="what", width=longest)
        for index, row in enumerate(cells):
            self.add_row(*row, key=str(index))
        self._return_to(place, line)
        self._stays = False

    def _cells(self, row: Row, ink: Ink, width: int) -> tuple[Text, Text]:
        """The mark, and everything else as one cell: lines of a rule use the width of its name."""
        finding = row.finding
        mark = finding_mark(finding)
        quiet = ink.style("quiet")
        first = Text(self._left_of(row), style=ink.style("good"))
        first.append_text(ink.mark(mark))
        if row.inside:
            return first, Text.assemble((" └ ", quiet), self._about(row, ink), no_wrap=True)
        if row.gone:
            first = Text(GONE + mark.shape, style=quiet)
        style = quiet if row.gone else ink.style(mark.tone)
        name = shown(finding.name, quiet if row.gone else "", limit=width)
        name.pad_right(width - name.cell_len)
        rule = shown(f"{finding.rule} ", style)
        return first, Text.assemble(rule, name, " ", self._about(row, ink), no_wrap=True)

    def _about(self, row: Row, ink: Ink) -> Text:
        """What a row is about: how many, what was decided, the subject."""
        from isoview.tui.rows import subject

        finding = row.finding
        quiet = ink.style("quiet")
        about = Text()
        if row.is_group:
            about.append("▸ " if row.folded else "▾ ", style=quiet)
        if row.number > 1:
            about.append(f"{TIMES}{row.number} ", style="bold")
        if row.gone:
            about.append("gone  ", style=quiet)
        elif finding.status != "open":
            about.append(f"{finding.status} ", style=ink.style("good"))
        style = quiet if row.is_group or row.gone else ""
        return about.append_text(shown(subject(finding), style, limit=300))

    def _left_of(self, row: Row) -> str:
        """What stands left of the mark: marked for a decision, or new."""
        marked = sum(f.fingerprint in self._marked for f in row.findings)
        if marked and not row.gone:
            return MARKED if marked == len(row.findings) else MARKED_SOME
        return NEW if self._is_new(row) else " "

    def _is_new(self, row: Row) -> bool:
        return any(finding.fingerprint in self._new for finding in row.findings)

    # -- place ----------------------------------------------------------------------------------

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor_row] if 0 <= self.cursor_row < len(self._rows) else None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def stay_on_line(self) -> None:
        """At the next change keep the line, not the row: what was decided moves away."""
        self._stays = True

    def _return_to(self, place: Row | None, line: int) -> None:
        keys = [row.key for row in self._rows]
        if place is None:
            self.move_cursor(row=min(line, max(len(keys) - 1, 0)))
            return
        if place.key in keys:
            self.move_cursor(row=keys.index(place.key))
        elif not self.reveal(place.finding):
            self.move_cursor(row=min(line, max(len(keys) - 1, 0)))

    def reveal(self, finding: Finding, *, unfold: bool = False) -> bool:
        """Move the cursor to a finding, or to the folded rule that holds it."""
        if unfold and finding.rule not in self._unfolded:
            self._unfolded |= {finding.rule}
            self._refill()
        group = None
        for index, row in enumerate(self._rows):
            if row.gone or all(f.fingerprint != finding.fingerprint for f in row.findings):
                continue
            if not row.is_group:
                self.move_cursor(row=index)
                return True
            group = index
        if group is not None:
            self.move_cursor(row=group)
        return group is not None

    # -- keys -----------------------------------------------------------------------------------

    def action_open(self) -> None:
        row = self.current
        if row is None:
            self.app.notify("There is no finding to open here.")
        elif row.is_group:
            self._fold(row.finding.rule, fold=not row.folded)
        else:
            self.post_message(self.Chosen(row, entered=True))

    def action_unfold(self) -> None:
        row = self.current
        if row is not None and row.is_group and row.folded:
            self._fold(row.finding.rule, fold=False)
        else:
            self.action_cursor_down()

    def action_fold(self) -> None:
        row = self.current
        if row is None:
            return
        if row.inside:
            self.move_cursor(row=[r.key for r in self._rows].index(f"rule {row.finding.rule}"))
        elif row.is_group and not row.folded:
            self._fold(row.finding.rule, fold=True)

    def _fold(self, rule: str, *, fold: bool) -> None:
        self._unfolded = self._unfolded - {rule} if fold else self._unfolded | {rule}
        self._refill()

    def action_first(self) -> None:
        self.action_scroll_top()

    def action_last(self) -> None:
        self.action_scroll_bottom()

    # -- events ---------------------------------------------------------------------------------

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        # The cursor also moves when another pane was chosen in; only our own choices are news.
        row = self.current
        if row is not None and self.has_focus:
            self.post_message(self.Chosen(row, entered=False))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()  # a second click on the row under the cursor
        self.action_open()
