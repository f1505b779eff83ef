"""The keys that work right now, from the bindings themselves: help, palette and toasts read this."""

from collections.abc import Iterator
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from isoview.inspectors.record import Record

SCOPES = ("in this pane", "on this screen", "everywhere", "in other panes", "moving about")
"""Where a key belongs, in the order of the help."""


class Key(Record):
    """One action with the keys that run it, what it does, and why it cannot right now."""

    action: str
    namespace: DOMNode
    keys: tuple[str, ...]
    display: str
    title: str
    tooltip: str
    reason: str | None
    scope: str  # one of SCOPES


def available(screen: Screen[Any]) -> list[Key]:
    """Every described action of the focused widget, the screen and the app, nearest first."""
    found: dict[tuple[int, str], list[str]] = {}
    bound = screen.active_bindings
    for key, active in bound.items():
        if active.binding.tooltip:
            found.setdefault((id(active.node), active.binding.action), []).append(key)
    keys = []
    for (_, action), names in found.items():
        active = bound[names[0]]
        shown = " ".join(dict.fromkeys(screen.app.get_key_display(bound[n].binding) for n in names))
        keys.append(
            Key(
                action=action,
                namespace=active.node,
                keys=tuple(names),
                display=shown,
                title=active.binding.description,
                tooltip=active.binding.tooltip,
                reason=None if active.enabled else reason(active.node, action),
                scope=_scope(screen, active.node, active.binding.description),
            )
        )
    return sorted(keys, key=lambda key: SCOPES.index(key.scope))


def _scope(screen: Screen[Any], node: DOMNode, title: str) -> str:
    if title.startswith("move: "):
        return "moving about"
    if node is screen.app:
        return "everywhere"
    return "on this screen" if node is screen else "in this pane"


def elsewhere(screen: Screen[Any]) -> Iterator[tuple[Widget, Binding]]:
    """Described actions of panes that do not have the keys now, for the palette."""
    here = set(screen.focused.ancestors_with_self) if screen.focused is not None else set()
    known = {active.binding.action for active in screen.active_bindings.values()}
    for widget in screen.query("*"):
        if widget in here or not widget.focusable:
            continue
        for _key, binding in widget._bindings:  # noqa: SLF001 - Textual has no other way to them
            if not binding.tooltip or binding.description.startswith("move: "):
                continue
            if binding.action not in known:
                known.add(binding.action)
                yield widget, binding


def reason(node: DOMNode, action: str) -> str:
    """Why ``node`` will not do ``action`` now, in its own words."""
    why = getattr(node, "why_not", None)
    said: str | None = why(action) if callable(why) else None
    return said or "that is not possible here"


def where(screen: Screen[Any]) -> str:
    """A sentence about the place the keys go to."""
    node: DOMNode | None = screen.focused or screen
    while node is not None:
        said = getattr(node, "WHERE", None)
        if isinstance(said, str):
            return said
        node = node.parent
    return "Nothing is focused: tab goes to the first pane."
