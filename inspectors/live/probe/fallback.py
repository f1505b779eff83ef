"""Does the package quietly use pure Python in a sub-interpreter?"""

import sys

from .importing import NotRunError
from .interpreters import OWN_GIL_FROM, SubInterpreter
from .sub_main import implementation
from .users import users_of


def fallback(target, options):
    """Import the modules that use the extension: here, then in sub-interpreters, and look whether
    the extension came with them.

    A sub-interpreter with its own GIL refuses cleanly, so it comes before the one that shares it.
    """
    users = users_of(target.import_name, target.file)
    if not users:
        raise NotRunError(
            "no Python module was found that could do without %s" % target.import_name
        )
    answer = {"users": users, "main": None, "own_gil": None, "shared_gil": None, "sub": None,
              "messages": []}  # fmt: skip
    target.channel.stage("import %s" % users[0])
    answer["main"], said = implementation(users, target.import_name)
    if answer["main"] != "extension":
        raise NotRunError(
            "%s does not use it in the main interpreter%s"
            % (users[0], " (%s)" % said if said else "")
        )
    for kind, own_gil in (("own_gil", True), ("shared_gil", False)):
        if own_gil and sys.version_info < OWN_GIL_FROM:
            continue
        sub = SubInterpreter(own_gil)
        label = "a sub-interpreter (%s)" % kind.replace("_", " ")
        said = sub.look(dict(options, label=label, users=users, name=target.import_name))
        used, message = said["data"] or ("failed", said["message"])
        answer[kind] = used
        _note(answer, kind, message)
        target.channel.stage("destroy %s" % label)
        sub.destroy()
    subs = (answer["own_gil"], answer["shared_gil"])
    answer["sub"] = next((word for word in ("python", "failed") if word in subs), "extension")
    answer.update(target.identity)
    return answer


def _note(answer, where, message):
    if message:
        answer["messages"].append({"where": where, "message": message})
