"""Show: the Textual app. It shows what the judge says, and opens no file itself."""


def run(targets: list[str]) -> None:
    """Open the app on files or installed modules, until the user leaves it."""
    from isoview.tui.app import IsoviewApp

    IsoviewApp(targets).run()
