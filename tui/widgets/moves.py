"""Keys that move a cursor the same way in every pane: no list of Textual binds j, k, g and G."""

from textual.binding import Binding

MOVES = [
    Binding("j,down", "cursor_down", "Down", show=False, tooltip="Move to the next line"),
    Binding("k,up", "cursor_up", "Up", show=False, tooltip="Move to the line above"),
    Binding("g,home", "first", "First", show=False, tooltip="Go to the first line"),
    Binding("G,end", "last", "Last", show=False, tooltip="Go to the last line"),
    Binding("pagedown", "page_down", "Page down", show=False, tooltip="One page down"),
    Binding("pageup", "page_up", "Page up", show=False, tooltip="One page up"),
]
SCROLLS = [
    Binding("j,down", "scroll_down", "Down", show=False, tooltip="Scroll down a line"),
    Binding("k,up", "scroll_up", "Up", show=False, tooltip="Scroll up a line"),
    Binding("g,home", "scroll_home", "Top", show=False, tooltip="Scroll to the top"),
    Binding("G,end", "scroll_end", "Bottom", show=False, tooltip="Scroll to the bottom"),
    Binding("pagedown", "page_down", "Page down", show=False, tooltip="Scroll one page down"),
    Binding("pageup", "page_up", "Page up", show=False, tooltip="Scroll one page up"),
]
