"""What the child forbids itself before it touches foreign code."""

import sys


def confine(memory):
    """No core file, and at most ``memory`` bytes of private writable memory (0: no limit).

    RLIMIT_DATA counts what is private and writable. RLIMIT_AS would also count address space
    that is only reserved, as several allocators and run-time libraries do by the terabyte.
    Linux counts so since 4.7; macOS takes the value and does not hold it (not tested there).
    Windows has no such limits: nothing is done there.
    """
    try:
        import resource
    except ImportError:
        return
    _lower(resource, "RLIMIT_CORE", 0)
    if memory:
        _lower(resource, "RLIMIT_DATA", memory)


def _lower(resource, name, wanted):
    which = getattr(resource, name, None)
    if which is None:
        return
    try:
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(which, (wanted, wanted))
    except (OSError, ValueError):
        pass


def report_crashes(timeout, deadline):
    """A fatal signal leaves the Python stack (3.14 and later: the C stack too) on stderr.

    So does a hang, shortly before the runner ends it: ``timeout`` is the runner's, in seconds, and
    ``deadline`` its end by the monotonic clock, which all processes of a machine share.
    """
    import faulthandler
    import time

    try:
        faulthandler.enable(file=sys.stderr, all_threads=True)
        left = deadline - time.monotonic() - timeout * 0.1
        if timeout > 0 and left > 0:
            faulthandler.dump_traceback_later(left, exit=False)
    except (AttributeError, ValueError, OSError, RuntimeError):
        pass  # no usable stderr: the exit status still tells
