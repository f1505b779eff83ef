"""``python -m isoview`` and the script ``isoview`` are the command; both begin here.

Ctrl-C while the first modules are loaded ends the process at once and in silence, as any command:
nothing is open yet. From then on it is the command line's to deal with.
"""

# The module below `signal`: without the enumerations, which take 5 ms to load.
import _signal as signal  # type: ignore[import-not-found]

_heeds_ctrl_c = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored
if _heeds_ctrl_c:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from isoview.cli import main as _main  # noqa: E402 - not before Ctrl-C is quiet


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    if _heeds_ctrl_c:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _main()


if __name__ == "__main__":
    main()
