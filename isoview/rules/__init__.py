"""The catalogue of rules.

One rule is one file. The list is written out, in the order of the file names: no folder is
searched when the command starts, and a reader sees what there is.
"""

from typing import TYPE_CHECKING

from isoview.rules.base import Rule
from isoview.rules.capsule_published import CapsulePublished
from isoview.rules.capsule_table_in_static import CapsuleTableInStatic
from isoview.rules.deferred import (
    Deferred,
    has_slot_export,
    has_specs,
    imports,
    is_free_threaded,
    is_pyo3,
    leaves_stable_abi,
)
from isoview.rules.embedding_calls import EmbeddingCalls
from isoview.rules.free_list import FreeList
from isoview.rules.generator_guard import GeneratorGuard
from isoview.rules.gilstate_api import GilStateApi
from isoview.rules.init_name_mismatch import InitNameMismatch
from isoview.rules.init_once_flag import InitOnceFlag
from isoview.rules.interned_string_in_static import InternedStringInStatic
from isoview.rules.interpreter_id import InterpreterId
from isoview.rules.interpreters_refused import InterpretersRefused
from isoview.rules.interpreters_undeclared import InterpretersUndeclared
from isoview.rules.libpython_linked import LibpythonLinked
from isoview.rules.local_static_object import LocalStaticObject
from isoview.rules.m_size_minus_one import MSizeMinusOne
from isoview.rules.mutable_static import MutableStatic
from isoview.rules.object_in_static import ObjectInStatic
from isoview.rules.opt_out_guard import OptOutGuard
from isoview.rules.other_interpreters import OtherInterpreters
from isoview.rules.own_gil_contradicted import OwnGilContradicted
from isoview.rules.private_api import PrivateApi
from isoview.rules.run_time_definition import RunTimeDefinition
from isoview.rules.runtime_hook import RuntimeHook
from isoview.rules.runtime_internals import RuntimeInternals
from isoview.rules.several_inits import SeveralInits
from isoview.rules.shared_gil_only import SharedGilOnly
from isoview.rules.shared_registry import SharedRegistry
from isoview.rules.single_phase_init import SinglePhaseInit
from isoview.rules.state_never_read import StateNeverRead
from isoview.rules.state_without_hooks import StateWithoutHooks
from isoview.rules.static_type import StaticType
from isoview.rules.tag_contradicted import TagContradicted
from isoview.rules.thread_local_data import ThreadLocalData

if TYPE_CHECKING:
    ALL_RULES: tuple[Rule, ...]
    """Every rule, by code."""
    FILE_RULES: tuple[Rule, ...]
    """Every rule that looks at a file, by code."""

_RULES: tuple[Rule, ...] = (
    CapsulePublished(),
    CapsuleTableInStatic(),
    EmbeddingCalls(),
    FreeList(),
    GeneratorGuard(),
    GilStateApi(),
    InitNameMismatch(),
    InitOnceFlag(),
    InternedStringInStatic(),
    InterpreterId(),
    InterpretersRefused(),
    InterpretersUndeclared(),
    LibpythonLinked(),
    LocalStaticObject(),
    MSizeMinusOne(),
    MutableStatic(),
    ObjectInStatic(),
    OptOutGuard(),
    OtherInterpreters(),
    OwnGilContradicted(),
    PrivateApi(),
    RunTimeDefinition(),
    RuntimeHook(),
    RuntimeInternals(),
    SeveralInits(),
    SharedGilOnly(),
    SharedRegistry(),
    SinglePhaseInit(),
    StateNeverRead(),
    StateWithoutHooks(),
    StaticType(),
    TagContradicted(),
    ThreadLocalData(),
)

# Loaded only for a file that they can say something about: 56 small modules would cost 12 ms.
_DEFERRED: tuple[Deferred, ...] = (
    Deferred("ISO104", "pep-793-pymodexport", "slot_export:SlotExport", has_slot_export),
    Deferred(
        "ISO121", "ft-module-initialization", "gil_undeclared:GilUndeclared", is_free_threaded
    ),
    Deferred("ISO122", "ft-module-initialization", "gil_used:GilUsed", is_free_threaded),
    Deferred(
        "ISO202",
        "heap-types",
        "static_struct_sequence:StaticStructSequence",
        imports("PyStructSequence_InitType", "PyStructSequence_InitType2"),
    ),
    Deferred(
        "ISO203", "garbage-collection-protocol", "heap_type_without_gc:HeapTypeWithoutGc", has_specs
    ),
    Deferred(
        "ISO204", "garbage-collection-protocol", "gc_without_traverse:GcWithoutTraverse", has_specs
    ),
    Deferred(
        "ISO206",
        "changing-static-types-to-heap-types",
        "mutable_heap_type:MutableHeapType",
        has_specs,
    ),
    Deferred(
        "ISO207", "changing-static-types-to-heap-types", "inherited_new:InheritedNew", has_specs
    ),
    Deferred("ISO208", "defining-heap-types", "type_without_module:TypeWithoutModule", has_specs),
    Deferred("ISO209", "not-overriding-tp-free", "own_tp_free:OwnTpFree", has_specs),
    Deferred(
        "ISO210",
        "avoiding-pyobject-new",
        "pyobject_new:PyobjectNew",
        imports("_PyObject_New", "_PyObject_NewVar"),
    ),
    Deferred(
        "ISO211", "defining-tp-dealloc", "dealloc_without_untrack:DeallocWithoutUntrack", has_specs
    ),
    Deferred("ISO212", "defining-tp-dealloc", "dealloc_keeps_type:DeallocKeepsType", has_specs),
    Deferred(
        "ISO304",
        "module-state-access-from-functions",
        "pystate_find_module:PyStateFindModule",
        imports("PyState_FindModule"),
    ),
    Deferred(
        "ISO313",
        "module-state-access-from-functions",
        "module_by_name:ModuleByName",
        imports(
            "PyImport_GetModule",
            "PyImport_AddModule",
            "PyImport_AddModuleObject",
            "PyImport_AddModuleRef",
            "PyImport_GetModuleDict",
        ),
    ),
    Deferred("ISO315", "managing-global-state", "at_exit:AtExit", imports("Py_AtExit")),
    Deferred(
        "ISO402",
        "module-state-access-from-regular-methods",
        "state_from_own_type:StateFromOwnType",
        has_specs,
    ),
    Deferred(
        "ISO403",
        "module-state-access-from-slot-methods-getters-and-setters",
        "slots_without_module:SlotsWithoutModule",
        has_specs,
    ),
    Deferred(
        "ISO502",
        "pep-384-stable-abi",
        "outside_stable_abi:OutsideStableAbi",
        leaves_stable_abi,
    ),
    Deferred(
        "ISO601",
        "ft-borrowed-references",
        "borrowed_references:BorrowedReferences",
        is_free_threaded,
    ),
    Deferred(
        "ISO602",
        "ft-container-thread-safety",
        "unlocked_dict_iteration:UnlockedDictIteration",
        imports("PyDict_Next"),
    ),
    Deferred(
        "ISO603",
        "ft-protecting-internal-state",
        "gil_free_statics:GilFreeStatics",
        is_free_threaded,
    ),
    Deferred(
        "ISO702",
        "pyo3-multi-phase-initialization",
        "process_wide_classes:ProcessWideClasses",
        is_pyo3,
    ),
)

ASKED: tuple[Rule | Deferred, ...] = tuple(
    sorted((*_RULES, *_DEFERRED), key=lambda rule: rule.code)
)
"""Every rule that looks at a file, by code; some stand for a rule that is not loaded yet."""


def __getattr__(name: str) -> tuple[Rule, ...]:
    """``FILE_RULES``: every rule about files, loaded. ``ALL_RULES``: those about live runs and
    several modules, too.
    """
    if name not in {"ALL_RULES", "FILE_RULES"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    every: tuple[Rule, ...] = (*_RULES, *(rule.load() for rule in _DEFERRED))
    if name == "ALL_RULES":
        from isoview.rules.behaviour import LIVE_RULES
        from isoview.rules.between import SHARING_RULES

        every += (*LIVE_RULES, *SHARING_RULES)
    every = tuple(sorted(every, key=lambda rule: rule.code))
    globals()[name] = every
    return every


def find(code_or_name: str) -> Rule | None:
    """The rule of that code (``ISO101``) or name (``single-phase-init``), in any case."""
    from isoview.rules import ALL_RULES

    wanted = code_or_name.strip().casefold()
    for rule in ALL_RULES:
        if wanted in {rule.code.casefold(), rule.name}:
            return rule
    return None


__all__ = ["ALL_RULES", "ASKED", "FILE_RULES", "Rule", "find"]
