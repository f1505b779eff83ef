"""Runs inside the target, by its own interpreter (PEP 768). Standard library and probe only.

``remote_exec`` puts this file, with the probe's folder beside it, where the target can read it,
and fills in ``FOLDER``. The answer is written under another name and then renamed, so that nobody
reads half of it. Nothing stays behind in the target's ``sys.modules``.
"""

FOLDER = ""  # filled in where the file is copied to


def _run(folder: str) -> None:
    import json
    import os
    import sys
    from importlib.util import module_from_spec, spec_from_file_location

    name = "_isoview_probe"
    probe = folder + "/probe"
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    modules: list = []  # type: ignore[type-arg]  # runs in the target, without typing
    answer = {
        "version": ".".join(map(str, sys.version_info[:3])),
        "free_threaded": "t" in getattr(sys, "abiflags", ""),
        "modules": modules,
    }
    try:
        spec = spec_from_file_location(
            name, probe + "/__init__.py", submodule_search_locations=[probe]
        )
        package = module_from_spec(spec)  # type: ignore[arg-type]  # an exception is the answer
        sys.modules[name] = package
        spec.loader.exec_module(package)  # type: ignore[union-attr]
        kind_of = sys.modules[name + ".inspection"].kind_of
        for key, module in list(sys.modules.items()):
            try:
                if not isinstance(key, str) or kind_of(module) != "extension":
                    continue
                entry = {"name": key, "address": id(module), "info": package.inspect(module)}
            except Exception as error:  # noqa: BLE001 - it is the answer
                entry = {"name": str(key), "error": f"{type(error).__name__}: {error}"}
            modules.append(entry)
    except Exception as error:  # noqa: BLE001 - it is the answer
        answer["error"] = f"{type(error).__name__}: {error}"
    finally:
        sys.dont_write_bytecode = before
        for key in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[key]
    part = folder + "/answer.part"
    with open(part, "w", encoding="ascii") as stream:
        json.dump(answer, stream)
    os.replace(part, folder + "/answer.json")  # noqa: PTH105 - nothing imported needlessly


if FOLDER:
    _run(FOLDER)
