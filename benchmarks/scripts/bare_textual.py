"""The least that a Textual app can be."""

from textual.app import App
from textual.widgets import Static


class Bare(App):
    def compose(self):
        yield Static("first paint")


Bare().run()
