"""The table of the workspace: distributions and modules, a mark for each question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from isoview.tui import words
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import Told, answer_mark
from isoview.tui.widgets.lines import Column, LineTable
from isoview.tui.workspace import Row, Workspace

WIDE = 110
"""From this width on, marks have their words beside them, and the worst finding is named."""
_HEADS = {"own_gil": "own", "shared_gil": "shared"}
_LEAST_NAME = 16


class ModulesTable(LineTable):
    """Shows the rows of a workspace."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "unfold", "unfold", show=False, tooltip="Unfold a distribution, or open a module"),
        Binding("left", "fold", "fold", show=False, tooltip="Fold the distribution"),
    ]  # fmt: skip
    WHERE = (
        "The files, by distribution; a mark for each question: ✗ blocks, ◐ undeclared, ? unknown, "
        "✓ ready, ⊘ refuses cleanly, ! not read. A distribution shows its worst."
    )

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(id="modules")
        self.workspace = workspace
        self.rows: tuple[Row, ...] = ()
        self._ink: Ink | None = None

    @property
    def current(self) -> Row | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def is_wide(self) -> bool:
        return self.size.width >= WIDE

    def show(self, *, follow: bool) -> None:
        """Show the rows as they are now; with ``follow`` the cursor stays on its line's subject."""
        before = self.current
        self.rows = self.workspace.rows()
        self._ink = Ink(self.app)
        place = None if follow else 0
        if follow and before is not None:
            keys = {row.key: index for index, row in enumerate(self.rows)}
            group = f"group {before.group.key}"
            place = keys.get(before.key, keys.get(group, self.cursor))
        self.fill(len(self.rows), self._columns_now(), place)

    def go_to(self, key: str) -> None:
        """Put the cursor on a line, where it is still there."""
        for index, row in enumerate(self.rows):
            if row.key == key:
                self.cursor = index

    # -- columns and cells ----------------------------------------------------------------------

    def _columns_now(self) -> list[Column]:
        workspace, wide = self.workspace, self.is_wide
        columns = [Column("files", "files", 6, right=True)]
        for field, name, _ in words.QUESTIONS:
            label = name if wide else _HEADS.get(field, name)
            # Only whether it can be loaded twice is contradicted often enough to need the room.
            long = 14 if field == "multiple_module_objects" and self.size.width >= 130 else 12
            columns.append(Column(field, label, long if wide else 7))
        columns.append(Column("open", "open", 6, right=True))
        columns.append(Column("toolchain", "made with", 16 if wide else 10))
        left = self.size.width - 1 - sum(column.width + 1 for column in columns)
        if wide:
            last = max(min(left - 28, 44), 20)
            columns.append(Column("last", "pulled in by" if workspace.blockers else "worst", last))
            left -= last + 1
        name = "file" if workspace.flat else "  distribution"
        columns.insert(0, Column("name", name, max(left - 1, _LEAST_NAME)))
        arrow = "▴" if workspace.backwards else "▾"
        return [
            column._replace(label=f"{column.label}{arrow}") if column.key == workspace.sort else column
            for column in columns
        ]  # fmt: skip

    def cells(self, index: int) -> Sequence[Text]:
        row, ink = self.rows[index], self._ink or Ink(self.app)
        module = row.module
        if module is not None and module.error:
            mark = Text("!", style=ink.style("error"))
            blank = [Text("")] * (len(words.QUESTIONS) + 2)
            return [
                self._called(row, ink),
                *blank,
                Text.assemble(mark, " not read"),
                shown(module.error),
            ]
        marks = [self._mark(row, field, ink) for field, _, _ in words.QUESTIONS]
        number = Text(str(row.number) if row.number else "")
        number.stylize(ink.style("error" if row.errors else None))
        files = "" if row.inside else str(len(row.modules))
        made = " ".join([row.toolchains[0], f"+{len(row.toolchains) - 1}"][: len(row.toolchains)]) if row.toolchains else ""  # fmt: skip
        if module is not None and not module.extension:
            made = "no extension"
        cells = [self._called(row, ink), Text(files), *marks, number, shown(made, limit=40)]
        return [*cells, self._last(row, ink)] if self.is_wide else cells

    def _called(self, row: Row, ink: Ink) -> Text:
        if row.inside:
            module = row.modules[0]
            name = module.place if self.workspace.flat else _below(module.place, row.group.name)
            doubled = sum(m.path == module.path for m in row.group.modules) > 1
            name = f"{name} [{module.arch}]" if doubled else name
            return Text("" if self.workspace.flat else "    ") + shown(_short(name), limit=200)
        fold = "  " if len(row.group.modules) == 1 else "▸ " if row.folded else "▾ "
        return Text.assemble((fold, ink.style("quiet")), shown(row.group.called, limit=200))

    def _mark(self, row: Row, field: str, ink: Ink) -> Text:
        told = row.mark_of(field)
        if not told:
            return Text("")
        mark = answer_mark(Told(*told))
        return Text(f"{mark.shape} {mark.word}" if self.is_wide else mark.shape,
                    style=ink.style(mark.tone))  # fmt: skip

    def _last(self, row: Row, ink: Ink) -> Text:
        if not self.workspace.blockers:
            return shown(row.worst, limit=60)
        chain = row.group.chain[:-1]
        return shown(" > ".join(chain), limit=200) if chain else Text("itself", ink.style("quiet"))

    # -- folding --------------------------------------------------------------------------------

    def action_unfold(self) -> None:
        row = self.current
        if row is None:
            self.app.notify("There is no line to unfold.")
        elif row.inside or len(row.group.modules) == 1:
            self.action_open()
        else:
            self.workspace.unfolded.add(row.group.key)
            self.show(follow=True)

    def action_fold(self) -> None:
        row = self.current
        if row is None or self.workspace.flat or row.group.key not in self.workspace.unfolded:
            self.app.notify("Nothing is unfolded here.")
            return
        self.workspace.unfolded.discard(row.group.key)
        self.show(follow=True)

    def toggle(self) -> None:
        """Unfold what is folded, or fold it."""
        row = self.current
        if row is not None and not row.folded and not row.inside:
            self.action_fold()
        else:
            self.action_unfold()


def _below(place: str, package: str) -> str:
    """A module's place without the package that its distribution is called after."""
    first, slash, rest = place.partition("/")
    same = first.replace("-", "_").lower() == package.replace("-", "_").lower()
    return rest if slash and same else place


def _short(place: str) -> str:
    """A module's place without the tag and the ending that each has."""
    folder, slash, name = place.rpartition("/")
    stem = name.partition(".")[0]
    return f"{folder}{slash}{stem}" if stem else place
