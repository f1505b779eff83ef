"""One child process, one experiment. Arguments are ``key=value`` pairs:

``fd`` descriptor to answer on, ``experiment`` its name, ``kind`` (``name`` or ``file``),
``target``, ``memory`` limit in bytes (0: none), ``timeout`` of the runner in seconds
and its ``deadline`` by the monotonic clock,
``folder`` searched last for modules (the user's
working folder; empty: none), ``exercise`` a file to run on the module (empty: none).

Lines sent: ``{"python": ...}`` once, ``{"stage": NAME}`` before each step that may not come back,
``{"result": {"status", "message", "recognised", "data", "stage"}}`` once, then ``{"stage": "exit"}``: the interpreter
still has to shut down with the module in it.
"""

import sys

from .channel import Channel
from .importing import NotRunError
from .limits import confine, report_crashes
from .outcomes import CutShortError, failure, outcome


def main():
    """Run the experiment that the arguments name, and answer."""
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    channel = Channel(int(options["fd"]))
    sys.argv = ["-c"]  # what the module sees is not our business with the runner
    report_crashes(float(options.get("timeout") or 0), float(options.get("deadline") or 0))
    _greet(channel)
    folder = options.get("folder")
    if folder and folder not in sys.path:
        sys.path.append(folder)
    confine(int(options.get("memory") or 0))
    result = _outcome(channel, options)
    result.setdefault("stage", channel.at)  # one that a sub-interpreter gave knows its own
    channel.answer(result)
    channel.stage("exit")


def _greet(channel):
    from .interpreter import is_free_threaded

    channel.hello(
        sys.executable or "",
        "%d.%d.%d" % sys.version_info[:3],
        sys.implementation.name,
        is_free_threaded(),
    )


def _outcome(channel, options):
    """{"status", "message", "recognised", "data"}; whatever foreign code raises is an outcome."""
    from .experiments import run

    try:
        data = run(options["experiment"], channel, options)
    except NotRunError as reason:
        return outcome("not-run", str(reason))
    except CutShortError as early:
        return early.result
    except BaseException as error:  # SystemExit and KeyboardInterrupt too
        return failure(error)
    return outcome("ok", data=data)
