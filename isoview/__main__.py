"""``python -m isoview`` and the script ``isoview`` are the command; both begin here.

Ctrl-C while the first modules are loaded ends the process at once and in silence, as any command:
nothing is open yet. From then on it is the command line's to deal with.
"""

# The module below `signal`: without the enumerations, which take 5 ms to load.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys

_heeds_ctrl_c = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored
if _heeds_ctrl_c:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from isoview.cli import main as _main  # noqa: E402 - not before Ctrl-C is quiet


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    if _heeds_ctrl_c:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _main()
    except SystemExit as leaving:
        if isinstance(leaving.code, int) and _is_all_there_is():
            os._exit(leaving.code)
        raise


def _is_all_there_is() -> bool:
    """Whether nobody waits for the interpreter to be taken apart, which takes as long as a small
    file takes to be read: no thread, no function registered for the end, no caller but the script
    ``isoview`` itself (a debugger or profiler has frames of its own), and nothing left to write.
    """
    waited_for = not {"atexit", "threading"}.isdisjoint(sys.modules)
    if waited_for or sys._getframe(2).f_back is not None:  # noqa: SLF001 - it is documented
        return False
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # Python says so in its own way
        return False
    return True


if __name__ == "__main__":
    main()
