"""Every rule by code, name, severity and section of the guide, with nothing of it loaded.

One rule is one file, named as the rule is. What a file of rules costs to import is small, and there
are eighty of them: a rule is loaded when it may find something, or when somebody asks for it. A
test holds each entry to its rule, and the folders to this list.
"""

import sys
from collections.abc import Callable
from functools import lru_cache

from isoview.claims import NOT_SUPPORTED, PER_INTERPRETER_GIL, SHARED_GIL, interpreters, unread
from isoview.core_build import is_core_build
from isoview.guards import opt_out
from isoview.inspectors.facts import Facts
from isoview.inspectors.hints import Any
from isoview.inspectors.record import Record, cached_property
from isoview.loads_on import free_threaded, oldest_by_contents, versioned_minor
from isoview.model import Severity
from isoview.rules.classes import no_specs, spec_types


def always(_facts: Facts) -> bool:
    """For a rule that most files are asked about, or that may have something in its way."""
    return True


class Entry(Record):
    """One rule. ``when`` is a cheap question to the facts: where it says no, the rule could find
    nothing and would have nothing in its way, so it counts as run without being loaded.
    """

    code: str
    name: str
    severity: Severity
    guide: str
    kind: str  # the class
    when: Callable[[Facts], bool] = always
    folder: str = ""

    # Written out: there are eighty, and every run of the command makes them.
    def __init__(
        self,
        code: str,
        name: str,
        severity: Severity,
        guide: str,
        kind: str,
        when: Callable[[Facts], bool] = always,
        folder: str = "",
    ) -> None:
        state = self.__dict__
        state["code"] = code
        state["name"] = name
        state["severity"] = severity
        state["guide"] = guide
        state["kind"] = kind
        state["when"] = when
        state["folder"] = folder

    @cached_property
    def rule(self) -> Any:
        """The rule itself, loaded when it is first asked for."""
        home = f"isoview.rules.{self.folder}{self.name.replace('-', '_')}"
        __import__(home)  # by importlib it costs more than most rules do
        return getattr(sys.modules[home], self.kind)()


class Imports:
    """The file imports one of these names."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __call__(self, facts: Facts) -> bool:
        return not self.names.isdisjoint(facts.capi.names)


def imports_gilstate(facts: Facts) -> bool:
    return facts.capi.has_like("PyGILState_")


def imports_private(facts: Facts) -> bool:
    return facts.capi.has_like("_Py")


def may_be_single_phase(facts: Facts) -> bool:
    """The init function makes the module itself, or it is not known whether it does."""
    init = facts.own_init
    return init is None or init.phase not in {"multi", "export"}


def _size(facts: Facts) -> int | None:
    definition = facts.own_definition
    return None if definition is None else definition.m_size


def may_be_global(facts: Facts) -> bool:
    """The module says that its state is global, or its size is not known."""
    return _size(facts) in {None, -1}


def may_have_state(facts: Facts) -> bool:
    """There is module state, or it is not known."""
    size = _size(facts)
    return size is None or size > 0


def may_keep_state_unread(facts: Facts) -> bool:
    """There may be module state, or something may read it that is not seen."""
    unseen = bool(facts.libraries) or "_PyRuntime" in facts.capi.names
    return may_have_state(facts) or unseen or is_core_build(facts)


def may_contradict_tag(facts: Facts) -> bool:
    """The name gives a version or an ABI, and what is in the file can be of another."""
    named = versioned_minor(facts.artifact.tag or "")
    if named is None:
        return False
    return facts.artifact.free_threaded_layout or oldest_by_contents(facts) > named


def may_declare(support: int) -> Callable[[Facts], bool]:
    """The file declares this support for interpreters, or what it declares cannot be read."""

    def declares(facts: Facts) -> bool:
        claim = interpreters(facts)
        return claim == support or unread(facts, claim) is not None

    return declares


def has_specs(facts: Facts) -> bool:
    """There are heap types that are not a generator's own, or it is not known."""
    return bool(spec_types(facts)) or no_specs(facts) is not None


def has_specs_or_is_core(facts: Facts) -> bool:
    return has_specs(facts) or (bool(facts.specs) and is_core_build(facts))


def has_specs_or_unknown_state(facts: Facts) -> bool:
    return has_specs(facts) or (bool(facts.specs) and _size(facts) is None)


def may_hold_objects(facts: Facts) -> bool:
    """A static holds objects, or none is known."""
    return bool(facts.objects) or not facts.static_rows


def may_hold_objects_by_name(facts: Facts) -> bool:
    """A static holds objects, or none is known by its name."""
    return bool(facts.objects) or not facts.has_named_statics


def may_write_flags(facts: Facts) -> bool:
    """The code was looked at for what is written, or no static is known by its name."""
    return facts.stage == "code" or may_hold_objects_by_name(facts)


def may_take_capsules(facts: Facts) -> bool:
    """The code was looked at for what is taken, or no static is known."""
    return facts.stage == "code" or not facts.static_rows


def has_thread_local_data(facts: Facts) -> bool:
    return _are_thread_local(facts.section_names) or _are_thread_local(facts.statics_sections)


@lru_cache(maxsize=256)
def _are_thread_local(sections: frozenset[str]) -> bool:
    """Whether one of some sections is. What one compiler makes has much the same sections."""
    from isoview.rules.mutable_static import THREAD_LOCAL

    return any(name.startswith(THREAD_LOCAL) for name in sections)


def has_capsules(facts: Facts) -> bool:
    return bool(facts.capsules) or "PyCapsule_New" in facts.capi.names


def has_guards(facts: Facts) -> bool:
    return bool(facts.guards)


def opts_out(facts: Facts) -> bool:
    return bool(facts.guards and opt_out(facts))


def has_several_inits(facts: Facts) -> bool:
    return len(facts.init) > 1


def has_slot_export(facts: Facts) -> bool:
    return any(entry.phase == "export" for entry in facts.init)


def lacks_own_init(facts: Facts) -> bool:
    return facts.own_init is None


def lacks_definition(facts: Facts) -> bool:
    """The file does not hold the definition as data."""
    definition = facts.own_definition
    return facts.own_init is None or definition is None or definition.origin != "static"


def links_python(facts: Facts) -> bool:
    """Not on Windows, where every module has to."""
    return facts.artifact.format != "pe" and any("ython" in library for library in facts.linked)


def is_free_threaded(facts: Facts) -> bool:
    return free_threaded(facts)


def walks_dicts_without_gil(facts: Facts) -> bool:
    return free_threaded(facts) and "PyDict_Next" in facts.capi.names


def is_generated(facts: Facts) -> bool:
    return any(tool.name not in ("C", "C++") for tool in facts.toolchains)


def is_pyo3(facts: Facts) -> bool:
    return facts.generator == "PyO3"


def is_stable_abi(facts: Facts) -> bool:
    return (facts.artifact.tag or "").startswith("abi3")


def leaves_stable_abi(facts: Facts) -> bool:
    return facts.capi.limited is None and is_stable_abi(facts)


# fmt: off
FILES: tuple[Entry, ...] = (
    Entry("ISO101", "single-phase-init", "error", "managing-per-module-state", "SinglePhaseInit", when=may_be_single_phase),
    Entry("ISO102", "m-size-minus-one", "warning", "isolated-module-objects", "MSizeMinusOne", when=may_be_global),
    Entry("ISO103", "state-without-hooks", "note", "managing-per-module-state", "StateWithoutHooks", when=may_have_state),
    Entry("ISO104", "slot-export", "note", "pep-793-pymodexport", "SlotExport", when=has_slot_export),
    Entry("ISO105", "run-time-definition", "note", "managing-per-module-state", "RunTimeDefinition", when=lacks_definition),
    Entry("ISO106", "init-name-mismatch", "error", "course-modules", "InitNameMismatch", when=lacks_own_init),
    Entry("ISO107", "several-inits", "note", "pep-489-multi-phase-initialization", "SeveralInits", when=has_several_inits),
    Entry("ISO108", "opt-out-guard", "note", "opt-out-limiting-to-one-module-object-per-process", "OptOutGuard", when=opts_out),
    Entry("ISO111", "interpreters-undeclared", "warning", "making-modules-safe-with-multiple-interpreters", "InterpretersUndeclared"),
    Entry("ISO112", "interpreters-refused", "warning", "making-modules-safe-with-multiple-interpreters", "InterpretersRefused", when=may_declare(NOT_SUPPORTED)),
    Entry("ISO113", "shared-gil-only", "note", "making-modules-safe-with-multiple-interpreters", "SharedGilOnly", when=may_declare(SHARED_GIL)),
    Entry("ISO121", "gil-undeclared", "warning", "ft-module-initialization", "GilUndeclared", when=is_free_threaded),
    Entry("ISO122", "gil-used", "warning", "ft-module-initialization", "GilUsed", when=is_free_threaded),
    Entry("ISO201", "static-type", "warning", "heap-types", "StaticType"),
    Entry("ISO202", "static-struct-sequence", "warning", "heap-types", "StaticStructSequence", when=Imports("PyStructSequence_InitType", "PyStructSequence_InitType2")),
    Entry("ISO203", "heap-type-without-gc", "warning", "garbage-collection-protocol", "HeapTypeWithoutGc", when=has_specs),
    Entry("ISO204", "gc-without-traverse", "error", "garbage-collection-protocol", "GcWithoutTraverse", when=has_specs),
    Entry("ISO206", "mutable-heap-type", "note", "changing-static-types-to-heap-types", "MutableHeapType", when=has_specs),
    Entry("ISO207", "inherited-new", "note", "changing-static-types-to-heap-types", "InheritedNew", when=has_specs),
    Entry("ISO208", "type-without-module", "note", "defining-heap-types", "TypeWithoutModule", when=has_specs),
    Entry("ISO209", "own-tp-free", "warning", "not-overriding-tp-free", "OwnTpFree", when=has_specs),
    Entry("ISO210", "pyobject-new", "note", "avoiding-pyobject-new", "PyobjectNew", when=Imports("_PyObject_New", "_PyObject_NewVar")),
    Entry("ISO211", "dealloc-without-untrack", "warning", "defining-tp-dealloc", "DeallocWithoutUntrack", when=has_specs_or_is_core),
    Entry("ISO212", "dealloc-keeps-type", "error", "defining-tp-dealloc", "DeallocKeepsType", when=has_specs),
    Entry("ISO301", "object-in-static", "error", "enter-per-module-state", "ObjectInStatic", when=may_hold_objects),
    Entry("ISO302", "mutable-static", "warning", "managing-global-state", "MutableStatic"),
    Entry("ISO303", "thread-local-data", "note", "managing-global-state", "ThreadLocalData", when=has_thread_local_data),
    Entry("ISO304", "pystate-find-module", "warning", "module-state-access-from-functions", "PyStateFindModule", when=Imports("PyState_FindModule")),
    Entry("ISO305", "gilstate-api", "note", "making-modules-safe-with-multiple-interpreters", "GilStateApi", when=imports_gilstate),
    Entry("ISO306", "interned-string-in-static", "error", "enter-per-module-state", "InternedStringInStatic", when=may_hold_objects),
    Entry("ISO307", "init-once-flag", "note", "isolated-module-objects", "InitOnceFlag", when=may_write_flags),
    Entry("ISO308", "interpreter-id", "note", "enter-per-module-state", "InterpreterId", when=Imports("PyCode_AddWatcher", "PyContext_AddWatcher", "PyDict_AddWatcher", "PyFunction_AddWatcher", "PyType_AddWatcher", "PyUnstable_Eval_RequestCodeExtraIndex", "_PyEval_RequestCodeExtraIndex", "_PyInterpreterState_SetEvalFrameFunc")),
    Entry("ISO309", "runtime-hook", "note", "managing-global-state", "RuntimeHook", when=Imports("PyOS_InputHook", "PyOS_ReadlineFunctionPointer", "_PyOS_ReadlineTState", "_Py_HashSecret_Initialized")),
    Entry("ISO310", "free-list", "warning", "enter-per-module-state", "FreeList", when=may_hold_objects_by_name),
    Entry("ISO311", "local-static-object", "error", "enter-per-module-state", "LocalStaticObject", when=may_hold_objects_by_name),
    Entry("ISO312", "capsule-table-in-static", "warning", "managing-global-state", "CapsuleTableInStatic", when=may_take_capsules),
    Entry("ISO313", "module-by-name", "note", "module-state-access-from-functions", "ModuleByName", when=Imports("PyImport_GetModule", "PyImport_AddModule", "PyImport_AddModuleObject", "PyImport_AddModuleRef", "PyImport_GetModuleDict")),
    Entry("ISO314", "other-interpreters", "note", "making-modules-safe-with-multiple-interpreters", "OtherInterpreters", when=Imports("PyEval_SetProfileAllThreads", "PyEval_SetTraceAllThreads", "PyInterpreterState_Head", "PyInterpreterState_Main", "PyInterpreterState_Next", "PyInterpreterState_ThreadHead", "Py_AddPendingCall")),
    Entry("ISO315", "at-exit", "warning", "managing-global-state", "AtExit", when=Imports("Py_AtExit")),
    Entry("ISO316", "embedding-calls", "warning", "background", "EmbeddingCalls", when=Imports("PyImport_AppendInittab", "PyImport_ExtendInittab", "PySys_SetArgv", "PySys_SetArgvEx", "Py_BytesMain", "Py_EndInterpreter", "Py_Finalize", "Py_FinalizeEx", "Py_Initialize", "Py_InitializeEx", "Py_InitializeFromConfig", "Py_Main", "Py_NewInterpreter", "Py_NewInterpreterFromConfig", "Py_RunMain", "Py_SetPath", "Py_SetProgramName", "Py_SetPythonHome")),
    Entry("ISO401", "state-never-read", "warning", "module-state-access-from-functions", "StateNeverRead", when=may_keep_state_unread),
    Entry("ISO402", "state-from-own-type", "note", "module-state-access-from-regular-methods", "StateFromOwnType", when=has_specs),
    Entry("ISO403", "slots-without-module", "note", "module-state-access-from-slot-methods-getters-and-setters", "SlotsWithoutModule", when=has_specs_or_unknown_state),
    Entry("ISO501", "private-api", "note", "pep-384-stable-abi", "PrivateApi", when=imports_private),
    Entry("ISO502", "outside-stable-abi", "error", "pep-384-stable-abi", "OutsideStableAbi", when=leaves_stable_abi),
    Entry("ISO503", "libpython-linked", "warning", "background", "LibpythonLinked", when=links_python),
    Entry("ISO504", "runtime-internals", "warning", "making-modules-safe-with-multiple-interpreters", "RuntimeInternals", when=Imports("_PyRuntime")),
    Entry("ISO505", "tag-contradicted", "warning", "pep-384-stable-abi", "TagContradicted", when=may_contradict_tag),
    Entry("ISO506", "newer-than-declared", "error", "pep-384-stable-abi", "NewerThanDeclared", when=is_stable_abi),
    Entry("ISO601", "borrowed-references", "note", "ft-borrowed-references", "BorrowedReferences", when=is_free_threaded),
    Entry("ISO602", "unlocked-dict-iteration", "note", "ft-container-thread-safety", "UnlockedDictIteration", when=walks_dicts_without_gil),
    Entry("ISO603", "gil-free-statics", "note", "ft-protecting-internal-state", "GilFreeStatics", when=is_free_threaded),
    Entry("ISO702", "process-wide-classes", "error", "pyo3-multi-phase-initialization", "ProcessWideClasses", when=is_pyo3),
    Entry("ISO703", "shared-registry", "note", "isolated-module-objects", "SharedRegistry", when=is_generated),
    Entry("ISO704", "generator-guard", "warning", "opt-out-limiting-to-one-module-object-per-process", "GeneratorGuard", when=has_guards),
    Entry("ISO705", "capsule-published", "note", "pyo3-sharing-api-versioning", "CapsulePublished", when=has_capsules),
    Entry("ISO901", "own-gil-contradicted", "error", "making-modules-safe-with-multiple-interpreters", "OwnGilContradicted", when=may_declare(PER_INTERPRETER_GIL)),
)
"""Rules that look at a file."""

LIVE: tuple[Entry, ...] = (
    Entry("ISO205", "traverse-misses-type", "warning", "garbage-collection-protocol", "TraverseMissesType", folder="behaviour."),
    Entry("ISO801", "same-module-twice", "warning", "isolated-module-objects", "SameModuleTwice", folder="behaviour."),
    Entry("ISO802", "copies-share-objects", "error", "isolated-module-objects", "CopiesShareObjects", folder="behaviour."),
    Entry("ISO803", "statics-overwritten", "error", "enter-per-module-state", "StaticsOverwritten", folder="behaviour."),
    Entry("ISO804", "refused-cleanly", "note", "opt-out-limiting-to-one-module-object-per-process", "RefusedCleanly", folder="behaviour."),
    Entry("ISO805", "refused-dirtily", "warning", "opt-out-limiting-to-one-module-object-per-process", "RefusedDirtily", folder="behaviour."),
    Entry("ISO806", "crashed", "error", "isolated-module-objects", "Crashed", folder="behaviour."),
    Entry("ISO807", "first-interpreter-only", "error", "making-modules-safe-with-multiple-interpreters", "FirstInterpreterOnly", folder="behaviour."),
    Entry("ISO808", "growth-per-cycle", "warning", "managing-per-module-state", "GrowthPerCycle", folder="behaviour."),
    Entry("ISO809", "instances-keep-type", "error", "defining-tp-dealloc", "InstancesKeepType", folder="behaviour."),
    Entry("ISO810", "gil-turned-on", "warning", "managing-global-state", "GilTurnedOn", folder="behaviour."),
    Entry("ISO811", "silent-fallback", "warning", "making-modules-safe-with-multiple-interpreters", "SilentFallback", folder="behaviour."),
    Entry("ISO812", "hung", "error", "isolated-module-objects", "Hung", folder="behaviour."),
    Entry("ISO813", "interpreters-share-objects", "error", "making-modules-safe-with-multiple-interpreters", "InterpretersShareObjects", folder="behaviour."),
    Entry("ISO814", "copies-not-freed", "warning", "garbage-collection-protocol", "CopiesNotFreed", folder="behaviour."),
    Entry("ISO902", "own-gil-claim-broken", "error", "making-modules-safe-with-multiple-interpreters", "OwnGilClaimBroken", folder="behaviour."),
    Entry("ISO903", "interpreters-claim-broken", "error", "making-modules-safe-with-multiple-interpreters", "InterpretersClaimBroken", folder="behaviour."),
    Entry("ISO904", "multi-phase-claim-broken", "error", "isolated-module-objects", "MultiPhaseClaimBroken", folder="behaviour."),
    Entry("ISO905", "gil-claim-broken", "error", "managing-global-state", "GilClaimBroken", folder="behaviour."),
    Entry("ISO906", "file-and-module-disagree", "warning", "managing-per-module-state", "FileAndModuleDisagree", folder="behaviour."),
)
"""Rules about what a live run showed."""

SHARING: tuple[Entry, ...] = (
    Entry("ISO701", "class-built-twice", "warning", "pyo3-sharing-types", "ClassBuiltTwice", folder="between."),
    Entry("ISO706", "registries-disagree", "note", "isolated-module-objects", "RegistriesDisagree", folder="between."),
)
"""Rules about several modules at once."""
# fmt: on

EVERY: tuple[Entry, ...] = tuple(sorted((*FILES, *LIVE, *SHARING), key=lambda entry: entry.code))
"""All of them, by code."""

# Where in the list the rules stand that ask for a name; and all others, by what they ask.
_BY_NAME: dict[str, tuple[int, ...]] = {}
_BY_CONDITION: dict[Callable[[Facts], bool], tuple[int, ...]] = {}
for _place, _entry in enumerate(FILES):
    _asks = _entry.when
    if isinstance(_asks, Imports):
        _BY_NAME.update({name: (*_BY_NAME.get(name, ()), _place) for name in _asks.names})
    else:
        _BY_CONDITION[_asks] = (*_BY_CONDITION.get(_asks, ()), _place)
_NAMES = frozenset(_BY_NAME)
_ALWAYS = _BY_CONDITION.pop(always)


def due(facts: Facts) -> list[Entry]:
    """The rules that may have something to say about a file, in their order."""
    places = {*_ALWAYS}
    for name in _NAMES & facts.capi.names:
        places.update(_BY_NAME[name])
    for condition, those in _BY_CONDITION.items():
        if condition(facts):
            places.update(those)
    return [FILES[place] for place in sorted(places)]
