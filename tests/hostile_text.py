"""A name that wants to be acted on, and a look whether anything on the screen could."""

import re

from app_pilot import said, screen_text

from isoview.tui.app import IsoviewApp

HOSTILE = "\x1b[31m\x1b]52;c;aGk=\x07[red]x[/red][/]\u202eevil\u200b\r\n\t\x9b2J`|<b>"
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def nothing_acts(app: IsoviewApp) -> None:
    for text in (screen_text(app), app.clipboard, said(app)):
        found = ACTING.search(text)
        assert not found, f"{found!r} in {text!r}"
