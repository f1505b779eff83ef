"""The least Textual app with a screen like isoview's: a tree, a table and a footer, painted once."""

from collections.abc import Iterator

from textual.app import App
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import DataTable, Footer, Tree


class BareApp(App[None]):
    BINDINGS = [("q", "quit", "quit")]  # noqa: RUF012 - as Textual's own tutorial has it

    def compose(self) -> Iterator[Widget]:
        tree: Tree[None] = Tree("painted")
        tree.root.expand()
        for number in range(8):
            tree.root.add_leaf(f"fact {number}")
        table: DataTable[str] = DataTable()
        table.add_columns("code", "finding")
        for number in range(8):
            table.add_row(f"ISO{number}", "something was found")
        yield Horizontal(tree, table)
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
