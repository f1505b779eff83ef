"""What runs inside a sub-interpreter: import the target, say what objects it has.

Imports nothing that is an extension module with a doubtful standing in sub-interpreters.
"""

import marshal
import os
import sys
from importlib import import_module

from .channel import Channel
from .exercise import snippet
from .importing import NotRunError, load_target
from .objects import namespace_of, own_objects
from .origin import kind_of
from .outcomes import describe, failure, outcome

_kept = []
"""The module must live as long as the interpreter does: addresses are compared meanwhile."""


def main(options):
    """``options``: those of the child, with ``answers`` (descriptor to answer on), ``label`` (of the
    stages), and ``gate`` (two descriptors: told when ready to import, and waited on), if any.
    """
    also = []
    sys.unraisablehook = lambda entry: also.append(str(entry.exc_value))
    channel = Channel(int(options["fd"]))
    result = _result(channel, options, also)
    result["stage"] = channel.at
    os.write(options["answers"], marshal.dumps(result))


def _result(channel, options, also):
    _wait(options.get("gate"))
    label = options["label"]
    channel.stage("import in %s" % label)
    try:
        if options.get("users"):
            return outcome("ok", data=implementation(options["users"], options["name"]))
        module = load_target(options)
        if kind_of(module) == "python":
            return outcome("not-run", "it is written in Python: it is no extension module")
        _kept.append(module)
        objects = own_objects(module, str(namespace_of(module).get("__name__")))
        channel.stage("use in %s" % label)
        snippet(options.get("exercise"))(module)
    except NotRunError as reason:
        return outcome("not-run", str(reason))
    except BaseException as error:
        return failure(error, also)
    return outcome("ok", data=objects)


def implementation(users, name):
    """(``extension``, ``python`` or ``failed``, message): what the package uses in this interpreter."""
    for user in users:
        try:
            import_module(user)
        except BaseException as error:
            return "failed", "%s: %s" % (user, describe(error))
    module = sys.modules.get(name)
    if module is None or kind_of(module) == "python":
        return "python", None
    return "extension", None


def _wait(gate):
    if gate is not None:
        ready, go = gate
        os.write(ready, b".")
        os.read(go, 1)
