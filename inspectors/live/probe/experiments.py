"""The experiments by name. Each takes the channel (to name its stages) and a function that
imports the target, and returns plain data; what it raises is its outcome.
"""

from .importing import NotRunError
from .inspection import UnsupportedError, inspect


def info(channel, load):
    """The module as it is after an ordinary import."""
    module = load()
    try:
        answer = inspect(module, channel.stage)
    except UnsupportedError as reason:
        raise NotRunError(str(reason)) from None
    if answer["kind"] == "python":
        raise NotRunError("%s is written in Python: it is no extension module" % answer["module"])
    return answer


EXPERIMENTS = {"info": info}
