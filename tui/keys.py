"""The keys that work right now, from the bindings themselves: help, palette and toasts read this."""

from dataclasses import dataclass
from typing import Any

from textual.dom import DOMNode
from textual.screen import Screen


@dataclass(frozen=True)
class Key:
    """One action with the keys that run it, what it does, and why it cannot right now."""

    action: str
    namespace: DOMNode
    keys: tuple[str, ...]
    display: str
    title: str
    tooltip: str
    reason: str | None
    inner: bool  # of the focused pane, not of the whole screen


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
                inner=active.node is not screen and active.node is not screen.app,
            )
        )
    return sorted(keys, key=_order)


def _order(key: Key) -> int:
    """What only this pane does, then what the screen does, then moving about."""
    if key.title.startswith("move: "):
        return 2
    return 0 if key.inner else 1


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
