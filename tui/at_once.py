"""A message that is handed to the screen now, so that one key is one frame.

A message that is posted climbs from widget to widget, a turn of the event loop for each. By the
time that it comes to the screen, Textual has painted the widget that sent it, and what the screen
changes then waits for the next frame: a sixtieth of a second for what is there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.message import Message
    from textual.widget import Widget


def tell(widget: Widget, message: Message) -> None:
    """Call the handler that the widget's screen has for a message; ``prevent`` is respected."""
    if not widget.is_attached or widget._is_prevented(type(message)):  # noqa: SLF001 - as post_message
        return
    handler = getattr(widget.screen, message.handler_name, None)
    if handler is not None:
        handler(message)
