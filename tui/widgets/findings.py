"""The findings table: folded by rule, worst first."""

from collections.abc import Iterable
from typing import ClassVar

from isoview.tui.ink import Ink, shown
from isoview.tui.marks import GONE, NEW, TIMES, finding_mark
from isoview.tui.rows import Row, rows, subject
from isoview.tui.widgets.moves import MOVES
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from isoview.model import Finding


class FindingsTable(DataTable[Text]):
    """Rows of findings. It keeps what was unfolded, and the place, when they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("right", "unfold", "Unfold", show=False, tooltip="Unfold the findings of a rule"),
        Binding("left", "fold", "Fold", show=False, tooltip="Fold the findings of a rule"),
        Binding(
            "enter,space",
            "open",
            "open",
            tooltip="Fold or unfold a rule; on one finding, show its evidence",
        ),
    ]
    WHERE = (
        "The findings, worst first; equal ones are folded under their rule. "
        "● error  ◐ warning  ○ note  ◇ intended  ∅ false positive  ✓ fixed  + new  - gone"
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
        self._unfolded: frozenset[str] = frozenset()
        self._unfiltered: frozenset[str] | None = None  # what was unfolded before a filter

    # -- content --------------------------------------------------------------------------------

    def fill(
        self,
        findings: Iterable[Finding],
        new: frozenset[str] = frozenset(),
        gone: tuple[Finding, ...] = (),
        *,
        unfold: bool = False,
    ) -> None:
        """Show ``findings``; ``unfold`` unfolds every rule for as long as a filter stands."""
        self._findings = tuple(findings)
        self._new, self._gone = new, gone
        if unfold:
            self._unfiltered = self._unfolded if self._unfiltered is None else self._unfiltered
            self._unfolded = frozenset(finding.rule for finding in self._findings)
        elif self._unfiltered is not None:
            self._unfolded, self._unfiltered = self._unfiltered, None
        self._refill()

    def _refill(self) -> None:
        place = self.current
        line = self.cursor_row
        self._rows = rows(self._findings, self._unfolded, self._gone)
        ink = Ink(self.app)
        # All columns have fixed widths: a long name is cut by the pane, not by a scroll bar.
        self.clear(columns=True)
        for key, width in (("mark", 3), ("rule", 7), ("name", self._name_width()), ("about", None)):
            self.add_column("", key=key, width=width)
        for index, row in enumerate(self._rows):
            self.add_row(*self._cells(row, ink), key=str(index))
        self._return_to(place, line)

    def _name_width(self) -> int:
        return min(max((len(row.finding.name) for row in self._rows), default=0), 30) + 1

    def _cells(self, row: Row, ink: Ink) -> tuple[Text, Text, Text, Text]:
        finding = row.finding
        mark = finding_mark(finding)
        quiet = ink.style("quiet")
        if row.gone:
            return (
                Text(f"{GONE}{mark.shape}", style=quiet),
                shown(finding.rule, quiet),
                shown(finding.name, quiet),
                shown(f"gone  {subject(finding)}", quiet, limit=300),
            )
        first = Text(NEW if self._is_new(row) else " ", style=ink.style("good"))
        first.append_text(ink.mark(mark))
        about = Text(no_wrap=True)
        if row.is_group:
            about.append(f"{TIMES}{row.count} ", style="bold")
        elif finding.count > 1:
            about.append(f"{TIMES}{finding.count} ", style="bold")
        if finding.status != "open":
            about.append(f"{finding.status} ", style=ink.style("good"))
        about.append_text(shown(subject(finding), quiet if row.is_group else "", limit=300))
        if row.inside:
            return first, Text(""), shown(f" └ {mark.word}", quiet), about
        style = ink.style(mark.tone)
        fold = ("▸ " if row.folded else "▾ ") if row.is_group else ""
        name = shown(finding.name)
        return first, shown(finding.rule, style), name, Text.assemble((fold, quiet), about)

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

    def _return_to(self, place: Row | None, line: int) -> None:
        if place is None:
            self.move_cursor(row=0)
            return
        keys = [row.key for row in self._rows]
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
