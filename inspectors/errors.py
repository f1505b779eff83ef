"""What can go wrong with a target, each with a line for the user and a line of what to do."""

from collections.abc import Sequence


class IsoviewError(Exception):
    """One thing went wrong; ``message`` says what, ``hint`` says what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreadable(IsoviewError):
    """The target cannot be read: it is missing, no regular file, or not ours to open."""


class UnsupportedFormat(IsoviewError):
    """The target is no ELF, PE or Mach-O file, or of a kind we do not read."""


class NotFound(IsoviewError):
    """No file or installed module of that name; ``folders`` are those of a package of that name."""

    def __init__(self, message: str, hint: str, folders: Sequence[str] = ()) -> None:
        super().__init__(message, hint)
        self.folders = tuple(folders)


class BuiltIn(IsoviewError):
    """The module is compiled into the interpreter itself: there is no file to open."""


class ProbeFailed(IsoviewError):
    """The child that should have looked at the module could not be started or made no sense."""


class BadConfig(IsoviewError):
    """A configuration or decision file cannot be read as what it should be."""


class BadUsage(IsoviewError):
    """A command line that cannot be understood."""


class AttachRefused(IsoviewError):
    """A process that cannot be looked into: not ours, gone, not CPython, of a kind we do not read."""
