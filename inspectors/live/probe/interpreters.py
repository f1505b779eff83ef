"""Sub-interpreters through the module that each version has for them."""

import marshal
import os
import sys

from .outcomes import describe, outcome

OWN_GIL_FROM = (3, 12)
FOLDER = os.path.dirname(os.path.abspath(__file__))

SCRIPT = """
import sys
sys.path[:] = {path!r}
sys.dont_write_bytecode = True
def start():
    from importlib import import_module
    from types import ModuleType
    package = ModuleType({package!r})
    package.__path__ = [{folder!r}]  # the package itself is not run: it wants ctypes
    sys.modules[{package!r}] = package
    import_module({package!r} + ".sub_main").main({options!r})
start()
"""


_streams = []
"""Files without a name, where the system has no memory files: they end with the process."""


class CannotError(Exception):
    """Sub-interpreters of that kind cannot be made here, and why."""


class SubInterpreter:
    """One sub-interpreter. It answers through a file: nothing it says can block it."""

    def __init__(self, own_gil):
        self._module = _module()
        self._number = _create(self._module, own_gil)
        self._answers = _unnamed_file()

    def look(self, options):
        """Import the target there and tell its objects; the answer of ``sub_main``.

        The interpreter stays as it is until :meth:`destroy`.
        """
        script = SCRIPT.format(
            path=sys.path,
            package=__package__,
            folder=FOLDER,
            options=dict(options, answers=self._answers),
        )
        os.lseek(self._answers, 0, os.SEEK_SET)
        os.ftruncate(self._answers, 0)
        try:
            said = self._module.run_string(self._number, script)
        except Exception as error:  # 3.12 and earlier raise what the script raised
            said = error
        raw = _whole(self._answers)
        if raw:
            return marshal.loads(raw)
        reason = describe(said) if isinstance(said, Exception) else _snapshot(said)
        return outcome("failed", "the sub-interpreter did not answer: %s" % reason)

    def destroy(self):
        """End the interpreter, and all that lives in it."""
        self._module.destroy(self._number)


def _module():
    try:
        if sys.version_info >= (3, 13):
            import _interpreters as module
        else:
            import _xxsubinterpreters as module
    except ImportError as error:
        raise CannotError("no sub-interpreters here: %s" % error) from None
    return module


def _create(module, own_gil):
    """With an own GIL (and the check of extensions), or as Py_NewInterpreter makes them."""
    if own_gil and sys.version_info < OWN_GIL_FROM:
        raise CannotError("%d.%d has no own-GIL interpreters" % sys.version_info[:2])
    if sys.version_info >= (3, 13):
        return module.create("isolated" if own_gil else "legacy")
    try:
        return module.create(isolated=own_gil)
    except TypeError:
        return module.create()  # 3.8 has the one kind


def _unnamed_file():
    try:
        return os.memfd_create("isoview")
    except (AttributeError, OSError):
        import tempfile

        stream = tempfile.TemporaryFile()
        _streams.append(stream)
        return stream.fileno()


def _whole(descriptor):
    """Everything in the file, whatever its position is."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts = []
    while True:
        part = os.read(descriptor, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _snapshot(said):
    return str(getattr(said, "formatted", said) or "nothing was said")[:500]
