"""Runs inside the target, by its own interpreter (PEP 768). Standard library and probe only.

``remote_exec`` puts this file, with the probe's folder beside it, where the target can read it,
and fills in ``FOLDER``. The answer is written under another name and then renamed, so that nobody
reads half of it. Nothing stays behind in the target's ``sys.modules``.
"""


def _run(folder):  # noqa: ANN001, ANN202 - runs without isoview's types
    import json
    import os
    import sys
    from importlib.util import module_from_spec, spec_from_file_location

    name = "_isoview_probe"
    probe = os.path.join(folder, "probe")
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    answer = {
        "version": "%d.%d.%d" % sys.version_info[:3],
        "free_threaded": "t" in getattr(sys, "abiflags", ""),
        "modules": [],
    }
    try:
        spec = spec_from_file_location(
            name, os.path.join(probe, "__init__.py"), submodule_search_locations=[probe]
        )
        package = module_from_spec(spec)
        sys.modules[name] = package
        spec.loader.exec_module(package)
        kind_of = sys.modules[name + ".inspection"].kind_of
        for key, module in list(sys.modules.items()):
            try:
                if not isinstance(key, str) or kind_of(module) != "extension":
                    continue
                entry = {"name": key, "address": id(module), "info": package.inspect(module)}
            except Exception as error:
                entry = {"name": str(key), "error": "%s: %s" % (type(error).__name__, error)}
            answer["modules"].append(entry)
    except Exception as error:
        answer["error"] = "%s: %s" % (type(error).__name__, error)
    finally:
        sys.dont_write_bytecode = before
        for key in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[key]
    part = os.path.join(folder, "answer.part")
    with open(part, "w", encoding="ascii") as stream:
        json.dump(answer, stream)
    os.rename(part, os.path.join(folder, "answer.json"))


_run(FOLDER)  # noqa: F821 - filled in above this line when the file is copied
