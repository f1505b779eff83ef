"""What a key says wherever it is: the bindings that several screens share, word for word."""

from textual.binding import Binding

# fmt: off
HELP = Binding("question_mark", "app.help", "help", key_display="?", tooltip="What the keys do here")
QUIT = Binding("q", "app.quit", "quit", tooltip="Leave isoview")
ZOOM = Binding("z", "zoom", "zoom", show=False, tooltip="Give the whole screen to this pane, or share it again")
FILTER_LINES = Binding("slash", "filter", "filter", key_display="/", tooltip="Show only lines that hold the typed words")
NEXT_PANE = Binding("tab", "pane(1)", "pane", key_display="⇥", tooltip="Go to the next pane")
OTHER_PANE = Binding("tab", "pane(1)", "pane", key_display="⇥", tooltip="Go to the other pane")
PANE_BEFORE = Binding("shift+tab", "pane(-1)", "pane before", show=False, tooltip="Go to the pane before")
