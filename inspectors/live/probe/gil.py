"""A free-threaded build: does importing the module turn the GIL on, and who did?"""

import re
import sys
import warnings

from .importing import NotRunError
from .interpreter import is_free_threaded

_ENABLED = re.compile(r"GIL\) has been enabled to load module '([^']*)'")
THREADS = 4


def free_threaded(start):
    """Import with the GIL off, as the build has it, and see whether it stays off.

    ``start`` imports the target and gives the experiment's Target.
    """
    if not is_free_threaded():
        raise NotRunError("this interpreter is not a free-threaded build")
    before = bool(sys._is_gil_enabled())
    if before:
        raise NotRunError("the GIL is on before anything is imported")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        target = start()
    answer = {"gil_before": before, "gil_after": bool(sys._is_gil_enabled())}
    matches = (_ENABLED.search(str(entry.message)) for entry in caught)
    answer["turned_on_by"] = next((match.group(1) for match in matches if match), None)
    target.channel.stage("use in %d threads" % THREADS)
    _use_in_threads(target)
    answer.update(target.identity)
    return answer


def _use_in_threads(target):
    """The user's snippet in several threads at once; the first exception is the outcome."""
    import threading

    raised = []

    def work():
        try:
            target.use(target.first)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
