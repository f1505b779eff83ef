"""The app on two builds: what ``isoview diff --app`` opens."""

from __future__ import annotations

from isoview.tui.app import IsoviewApp
from isoview.tui.services import Services


class CompareApp(IsoviewApp):
    """isoview on an old and a new build."""

    def __init__(self, old: str, new: str, services: Services | None = None) -> None:
        super().__init__([], services)
        self._builds = (old, new)

    def first_place(self) -> tuple[str, object]:
        return "compare", self._builds

    def begin(self) -> None:
        """The screen itself reads the two."""


def run(old: str, new: str) -> int:
    """Open the app on two builds; returns the exit code."""
    app = CompareApp(old, new)
    app.run()
    return app.return_code or 0
