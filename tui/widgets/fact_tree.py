"""The fact tree: what the file says about itself, folded until asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from isoview.tui.ink import Ink, shown
from isoview.tui.marks import DIFFERS, SEVERITY
from isoview.tui.widgets.moves import MOVES

if TYPE_CHECKING:
    from isoview.tui.branch import Branch

    Node = TreeNode[Branch]

NAME_WIDTH = 11
_TOGGLES = Style.from_meta({"toggle": True})  # what Tree looks for under a click


class FactTree(Tree["Branch"]):
    """Branches of an outline. It keeps what was unfolded, and the place, when they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("right", "unfold", "unfold", show=False, tooltip="Unfold, or go into it"),
        Binding("left", "fold", "fold", show=False, tooltip="Fold, or go to what holds it"),
        Binding("space", "toggle_node", "fold or unfold", show=False, tooltip="Fold or unfold"),
        Binding("enter", "select_cursor", "open", show=False, tooltip="Show it in the detail pane"),
    ]
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    WHERE = "The facts: what the file says about itself. A mark is the worst open finding on it."

    class Chosen(Message):
        """The cursor came to a branch (``entered``: by enter or a click)."""

        def __init__(self, branch: Branch, entered: bool) -> None:
            super().__init__()
            self.branch = branch
            self.entered = entered

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(Text("facts"), id=id)
        self.show_root = False
        self.show_guides = False
        self.guide_depth = 2
        self.auto_expand = False
        self._unfolded: dict[str, bool] = {}
        self._ours: set[int] = set()  # nodes whose next fold or unfold is not the user's
        self._lent: list[Node] = []  # unfolded to show a choice made elsewhere; folded after it
        self._changed: Callable[[str, str], str | None] = lambda _key, _value: None

    # -- content --------------------------------------------------------------------------------

    def fill(self, branches: Iterable[Branch], changed: Callable[[str, str], str | None]) -> None:
        """Show ``branches``; ``changed`` tells what stood at a key in an earlier reading."""
        key = self.current.key if self.current else None
        offset = self.scroll_offset.y
        self._changed = changed
        self._lent.clear()
        self._ours.clear()
        self.clear()
        self._add(self.root, tuple(branches))
        self.root.expand()
        if key is None or not self.reveal(key):
            self.cursor_line = 0
        self.scroll_to(y=offset, animate=False)

    def _add(self, parent: Node, branches: tuple[Branch, ...]) -> None:
        width = min(max((len(branch.name) for branch in branches), default=0), NAME_WIDTH)
        for branch in branches:
            label = self._label(branch, width)
            node = parent.add(label, branch, allow_expand=branch.grow is not None)
            if branch.grow and self._unfolded.get(branch.key, branch.unfolded):
                self._grow(node)
                self._fold(node, unfold=True)

    def _fold(self, node: Node, *, unfold: bool) -> None:
        """Fold or unfold on our own account: only what the user does is remembered."""
        if node.is_expanded != unfold:
            self._ours.add(node.id)
            node.toggle()

    def _grow(self, node: Node) -> None:
        if node.data is not None and not node.children:
            self._add(node, node.data.children())

    def _label(self, branch: Branch, width: int) -> Text:
        ink = Ink(self.app)
        label = Text(no_wrap=True)
        label.append_text(shown(branch.name))
        if branch.severity or branch.value:
            label.append(" " * max(width - len(branch.name), 0) + " ")
        if branch.severity:
            label.append(f"{SEVERITY[branch.severity]} ", style=ink.style(branch.severity))
        if branch.value:
            label.append_text(shown(branch.value, ink.style("quiet"), limit=200))
        differs = branch.differs
        before = self._changed(branch.key, branch.value)
        if before is not None:
            differs = f"was {before or 'empty'}"
        if differs:
            label.append(f" {DIFFERS} ", style=ink.style("warning"))
            label.append_text(shown(differs, ink.style("warning"), limit=200))
        return label

    def render_label(self, node: Node, base_style: Style, style: Style) -> Text:
        """A label with room for the fold mark on every line, so that siblings line up."""
        label = node._label.copy()  # noqa: SLF001 - what Tree.render_label itself draws
        label.stylize(style)
        icon = "  "
        if node.allow_expand:
            icon = self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE
        return Text.assemble((icon, base_style + _TOGGLES), label)

    # -- place ----------------------------------------------------------------------------------

    @property
    def current(self) -> Branch | None:
        """The branch under the cursor."""
        return self.cursor_node.data if self.cursor_node else None

    def reveal(self, key: str) -> bool:
        """Move the cursor to the branch of ``key``, unfolding the way to it."""
        return self._reveal(key.split("/", maxsplit=1)[0], lambda branch: branch.key == key)

    def reveal_about(self, about: object, *, whole_branch: bool = False) -> bool:
        """Move the cursor to the branch of a fact, unfolding the way to it (or to its home)."""
        home = _home(about)
        if whole_branch:
            return self._reveal(home, lambda branch: branch.key.split("/")[0] == home)
        return self._reveal(home, lambda branch: _same(branch.about, about))

    def _reveal(self, home: str, wanted: Callable[[Branch], bool]) -> bool:
        found = _search(self.root, home, wanted)
        if found is None:
            return False
        self._fold_lent(found)
        node = self.root
        for step in found:
            self._grow(node)
            if not node.is_expanded:
                self._lent.append(node)
                self._fold(node, unfold=True)
            inside = (child for child in node.children if child.data and child.data.key == step)
            below = next(inside, None)
            if below is None:  # the file is being read again: the tree is of the last reading
                return False
            node = below
        _ = self.last_line  # lays out the lines, so that the node knows its own
        self.move_cursor(node)
        return True

    def _fold_lent(self, path: list[str]) -> None:
        """Fold what an earlier choice had unfolded, but for the way to the new one."""
        for node in list(self._lent):
            if node.data is not None and node.data.key not in path:
                self._lent.remove(node)
                self._fold(node, unfold=False)

    # -- keys -----------------------------------------------------------------------------------

    def action_unfold(self) -> None:
        node = self.cursor_node
        if node is None:
            return
        if node.allow_expand and not node.is_expanded:
            node.expand()
        else:
            self.action_cursor_down()

    def action_fold(self) -> None:
        node = self.cursor_node
        if node is None:
            return
        if node.is_expanded and node.allow_expand:
            node.collapse()
        elif node.parent and node.parent is not self.root:
            self.move_cursor(node.parent)

    def action_first(self) -> None:
        self.action_scroll_home()

    def action_last(self) -> None:
        self.action_scroll_end()

    # -- events ---------------------------------------------------------------------------------

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Branch]) -> None:
        event.stop()
        if event.node.data is not None:
            self._remember(event.node, unfolded=True)
            self._grow(event.node)

    def on_tree_node_collapsed(self, event: Tree.NodeCollapsed[Branch]) -> None:
        event.stop()
        if event.node.data is not None:
            self._remember(event.node, unfolded=False)

    def _remember(self, node: Node, *, unfolded: bool) -> None:
        if node.id in self._ours:
            self._ours.discard(node.id)
        elif node.data is not None:
            self._unfolded[node.data.key] = unfolded

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Branch]) -> None:
        event.stop()
        # The cursor also moves when another pane was chosen in; only our own choices are news.
        if event.node.data is not None and self.has_focus:
            self.post_message(self.Chosen(event.node.data, entered=False))

    def on_tree_node_selected(self, event: Tree.NodeSelected[Branch]) -> None:
        event.stop()
        if event.node.data is None:
            return
        if event.node.allow_expand:
            event.node.toggle()
        self.post_message(self.Chosen(event.node.data, entered=True))


def _home(about: object) -> str:
    """The top branch under which a fact stands."""
    from isoview.inspectors.facts import Definition, Global, Init, Type

    if isinstance(about, str):
        return "capi"
    homes = {Init: "init", Definition: "definition", Type: "types", Global: "statics"}
    return next((home for kind, home in homes.items() if isinstance(about, kind)), "guide")


def _same(one: object, other: object) -> bool:
    """Facts are the same by identity, names and sections by what they say."""
    from isoview.tui.branch import GuideRef

    return one is other or (isinstance(one, str | GuideRef) and one == other)


def _search(root: Node, home: str, wanted: Callable[[Branch], bool]) -> list[str] | None:
    """The keys from below ``root`` to the first wanted branch, without unfolding anything."""
    branches = [child.data for child in root.children if child.data is not None]
    waiting = [([branch.key], branch) for branch in branches if branch.key.split("/")[0] == home]
    for path, branch in waiting:  # breadth first: a fact's own line comes before lines below it
        if wanted(branch):
            return path
        waiting.extend(([*path, child.key], child) for child in branch.children())
    return None
