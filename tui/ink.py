"""Text on the screen: every name from a file becomes a ``Text`` here, made visible, never markup.

Colours are the theme's own variables, so that every theme (ANSI and high contrast too) decides
what *error* looks like; they only repeat what a shape and a word already say.
"""

from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.text import Text
from textual.color import Color

from isoview.tui.marks import TONES, Mark
from isoview.visible import visible

if TYPE_CHECKING:
    from textual.app import App

TEXT_LIMIT = 2000
"""Longest text shown in one place: names of 3,000 bytes do occur, nobody reads them whole."""


def shown(text: str, style: Style | str = "", limit: int = TEXT_LIMIT) -> Text:
    """Text from anywhere as the screen may show it."""
    return Text(visible(text, limit), style=style)


def prose(text: str, code: Style | str = "bold") -> Text:
    """A sentence of our own, with what stands between backticks set apart."""
    parts = text.split("`")
    return Text.assemble(
        *((visible(part), code if index % 2 else "") for index, part in enumerate(parts))
    )


class Ink:
    """The styles of one theme."""

    def __init__(self, app: "App[Any]") -> None:
        variables = app.theme_variables
        self._styles = {tone: _style(variables.get(name)) for tone, name in TONES.items()}
        self._styles["quiet"] = Style(dim=True)

    def style(self, tone: str | None) -> Style:
        """The style of a tone; plain for none."""
        return self._styles.get(tone or "", Style())

    def mark(self, mark: Mark) -> Text:
        """A mark as its shape alone, in its tone."""
        return Text(mark.shape, style=self.style(mark.tone))


def _style(value: str | None) -> Style:
    if not value or value.startswith("auto"):
        return Style()
    # ANSI themes say "ansi_default 50%": a terminal's own colours know no share of one.
    name = value.partition(" ")[0] if value.startswith("ansi_") else value
    return Style(color=Color.parse(name).rich_color)
