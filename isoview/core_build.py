"""Is this one of CPython's own modules?

CPython's own extension modules are built as part of the core: internal headers and runtime
structures are theirs by right, and no rule holds that against them.
"""

import sys

from isoview.fingerprint import dotted_module
from isoview.inspectors.facts import Facts
from isoview.inspectors.record import kept

# Where CPython installs its own modules: lib/python3.X/lib-dynload, and DLLs on Windows.
_FOLDERS = ("/lib-dynload/", "/DLLs/")
# Extension modules of some versions only: the interpreter that runs isoview may not know them.
_OF_SOME_VERSIONS = frozenset({
    "_crypt", "_hmac", "_interpchannels", "_interpqueues", "_interpreters", "_remote_debugging",
    "_sha2", "_sha256", "_sha512", "_typing", "_zstd", "audioop", "nis", "ossaudiodev", "spwd",
})  # fmt: skip
# What Argument Clinic and internal headers put into core builds.
_CORE_ONLY = frozenset({
    "_PyArg_BadArgument", "_PyArg_CheckPositional", "_PyArg_NoKeywords", "_PyArg_UnpackKeywords",
    "_PyImport_GetModuleAttrString", "_PyLong_GCD", "_PyRuntime", "_PyStaticType_InitForExtension",
    "_PyType_GetModuleByDef2", "_PyType_GetModuleByDef3",
})  # fmt: skip


@kept
def is_core_build(facts: Facts) -> bool:
    """The file lies where CPython installs its modules, or its name and its imports say so.

    A name of the standard library alone proves nothing (backports use them inside packages): a
    file elsewhere must be a top-level module, carry a version-specific tag and import what only
    core builds may.
    """
    path = f"/{facts.artifact.path}".replace("\\", "/")
    if any(folder in path for folder in _FOLDERS):
        return True
    return (
        (facts.artifact.tag or "").startswith("cp")
        and facts.generator == "C"
        and not _CORE_ONLY.isdisjoint(facts.capi.names)
        and dotted_module(facts) in sys.stdlib_module_names | _OF_SOME_VERSIONS
    )
