"""Keys that move a cursor the same way in every pane: no list of Textual binds j, k, g and G."""

from textual.binding import Binding

MOVES = [
    Binding("j,down", "cursor_down", "move: down", show=False, tooltip="Move to the next line"),
    Binding("k,up", "cursor_up", "move: up", show=False, tooltip="Move to the line above"),
    Binding("g,home", "first", "move: first", show=False, tooltip="Go to the first line"),
    Binding("G,end", "last", "move: last", show=False, tooltip="Go to the last line"),
    Binding("pagedown", "page_down", "move: page down", show=False, tooltip="One page down"),
    Binding("pageup", "page_up", "move: page up", show=False, tooltip="One page up"),
]
SCROLLS = [
    Binding("j,down", "scroll_down", "move: down", show=False, tooltip="Scroll down a line"),
    Binding("k,up", "scroll_up", "move: up", show=False, tooltip="Scroll up a line"),
    Binding("g,home", "scroll_home", "move: top", show=False, tooltip="Scroll to the top"),
    Binding("G,end", "scroll_end", "move: bottom", show=False, tooltip="Scroll to the bottom"),
    Binding("pagedown", "page_down", "move: page down", show=False, tooltip="Scroll one page down"),
    Binding("pageup", "page_up", "move: page up", show=False, tooltip="Scroll one page up"),
]
