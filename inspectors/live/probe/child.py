"""One child process, one experiment. Arguments are ``key=value`` pairs:

``fd`` descriptor to answer on, ``experiment`` its name, ``kind`` (``name`` or ``file``),
``target``, ``memory`` limit in bytes (0: none), ``timeout`` of the runner in seconds,
``folder`` searched last for modules (the user's
working folder; empty: none).

Lines sent: ``{"python": ...}`` once, ``{"stage": NAME}`` before each step that may not come back,
``{"result": {"status", "message", "recognised", "data", "stage"}}`` once, then ``{"stage": "exit"}``: the interpreter
still has to shut down with the module in it.
"""

import sys

from .channel import Channel
from .importing import NotRunError, import_by_name, load_file
from .limits import confine, report_crashes

REFUSALS = (
    ("cpython", "does not support loading in subinterpreters"),
    ("cpython", "failed to import from subinterpreter due to exception"),
    ("cython", "Interpreter change detected"),
    ("cython", "has already been imported. Re-initialisation is not supported"),
    ("cython", "has already been imported into this interpreter"),
    ("pyo3", "PyO3 modules do not yet support subinterpreters"),
    ("pyo3", "may only be initialized once per interpreter process"),
    ("opt-out", "cannot load module more than once per process"),
    ("opt-out", "can only be loaded once per process"),
)
"""Who refuses, by the text it refuses with: see the sources of CPython, Cython, PyO3, and the
opt-out that the isolation HOWTO shows."""
MESSAGE_LIMIT = 2000


def main():
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    channel = Channel(int(options["fd"]))
    sys.argv = ["-c"]  # what the module sees is not our business with the runner
    report_crashes(float(options.get("timeout") or 0))
    _greet(channel)
    folder = options.get("folder")
    if folder and folder not in sys.path:
        sys.path.append(folder)
    confine(int(options.get("memory") or 0))
    result = _outcome(channel, options)
    result["stage"] = channel.at
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
    """{"status", "message", "recognised", "data", "stage"}; whatever foreign code raises is an outcome."""
    try:
        data = _experiment(options["experiment"])(channel, lambda: load(channel, options))
    except NotRunError as reason:
        return _result("not-run", str(reason))
    except BaseException as error:  # SystemExit and KeyboardInterrupt too
        return _failure(error)
    return _result("ok", None, data=data)


def load(channel, options):
    """The target module, freshly imported. Foreign code runs here."""
    channel.stage("import")
    if options["kind"] == "file":
        return load_file(options["target"])
    return import_by_name(options["target"])


def _experiment(name):
    from . import experiments

    return experiments.EXPERIMENTS[name]


def _result(status, message, recognised=None, data=None):
    return {"status": status, "message": message, "recognised": recognised, "data": data}


def _failure(error):
    message = _describe(error)
    if isinstance(error, ImportError):
        for who, text in REFUSALS:
            if text in message:
                return _result("refused", message, who)
    return _result("failed", message)


def _describe(error):
    try:
        text = str(error)
    except BaseException:
        text = "(its text cannot be had)"
    return ("%s: %s" % (type(error).__name__, text) if text else type(error).__name__)[
        :MESSAGE_LIMIT
    ]
