"""The catalogue of rules.

One rule is one file. The list is written out, in the order of the file names: no folder is
searched when the command starts, and a reader sees what there is.
"""

from typing import TYPE_CHECKING

from isoview.rules.at_exit import AtExit
from isoview.rules.base import Rule
from isoview.rules.borrowed_references import BorrowedReferences
from isoview.rules.capsule_published import CapsulePublished
from isoview.rules.capsule_table_in_static import CapsuleTableInStatic
from isoview.rules.dealloc_keeps_type import DeallocKeepsType
from isoview.rules.dealloc_without_untrack import DeallocWithoutUntrack
from isoview.rules.embedding_calls import EmbeddingCalls
from isoview.rules.free_list import FreeList
from isoview.rules.gc_without_traverse import GcWithoutTraverse
from isoview.rules.generator_guard import GeneratorGuard
from isoview.rules.gil_free_statics import GilFreeStatics
from isoview.rules.gil_undeclared import GilUndeclared
from isoview.rules.gil_used import GilUsed
from isoview.rules.gilstate_api import GilStateApi
from isoview.rules.heap_type_without_gc import HeapTypeWithoutGc
from isoview.rules.inherited_new import InheritedNew
from isoview.rules.init_name_mismatch import InitNameMismatch
from isoview.rules.init_once_flag import InitOnceFlag
from isoview.rules.interned_string_in_static import InternedStringInStatic
from isoview.rules.interpreter_id import InterpreterId
from isoview.rules.interpreters_refused import InterpretersRefused
from isoview.rules.interpreters_undeclared import InterpretersUndeclared
from isoview.rules.libpython_linked import LibpythonLinked
from isoview.rules.local_static_object import LocalStaticObject
from isoview.rules.m_size_minus_one import MSizeMinusOne
from isoview.rules.module_by_name import ModuleByName
from isoview.rules.mutable_heap_type import MutableHeapType
from isoview.rules.mutable_static import MutableStatic
from isoview.rules.object_in_static import ObjectInStatic
from isoview.rules.opt_out_guard import OptOutGuard
from isoview.rules.other_interpreters import OtherInterpreters
from isoview.rules.outside_stable_abi import OutsideStableAbi
from isoview.rules.own_gil_contradicted import OwnGilContradicted
from isoview.rules.own_tp_free import OwnTpFree
from isoview.rules.private_api import PrivateApi
from isoview.rules.process_wide_classes import ProcessWideClasses
from isoview.rules.pyobject_new import PyobjectNew
from isoview.rules.pystate_find_module import PyStateFindModule
from isoview.rules.run_time_definition import RunTimeDefinition
from isoview.rules.runtime_hook import RuntimeHook
from isoview.rules.runtime_internals import RuntimeInternals
from isoview.rules.several_inits import SeveralInits
from isoview.rules.shared_gil_only import SharedGilOnly
from isoview.rules.shared_registry import SharedRegistry
from isoview.rules.single_phase_init import SinglePhaseInit
from isoview.rules.slot_export import SlotExport
from isoview.rules.slots_without_module import SlotsWithoutModule
from isoview.rules.state_from_own_type import StateFromOwnType
from isoview.rules.state_never_read import StateNeverRead
from isoview.rules.state_without_hooks import StateWithoutHooks
from isoview.rules.static_struct_sequence import StaticStructSequence
from isoview.rules.static_type import StaticType
from isoview.rules.tag_contradicted import TagContradicted
from isoview.rules.thread_local_data import ThreadLocalData
from isoview.rules.type_without_module import TypeWithoutModule
from isoview.rules.unlocked_dict_iteration import UnlockedDictIteration

if TYPE_CHECKING:
    ALL_RULES: tuple[Rule, ...]
    """Every rule, by code."""

_RULES: tuple[Rule, ...] = (
    AtExit(),
    BorrowedReferences(),
    CapsulePublished(),
    CapsuleTableInStatic(),
    DeallocKeepsType(),
    DeallocWithoutUntrack(),
    EmbeddingCalls(),
    FreeList(),
    GcWithoutTraverse(),
    GeneratorGuard(),
    GilFreeStatics(),
    GilUndeclared(),
    GilUsed(),
    GilStateApi(),
    HeapTypeWithoutGc(),
    InheritedNew(),
    InitNameMismatch(),
    InitOnceFlag(),
    InternedStringInStatic(),
    InterpreterId(),
    InterpretersRefused(),
    InterpretersUndeclared(),
    LibpythonLinked(),
    LocalStaticObject(),
    MSizeMinusOne(),
    ModuleByName(),
    MutableHeapType(),
    MutableStatic(),
    ObjectInStatic(),
    OptOutGuard(),
    OtherInterpreters(),
    OutsideStableAbi(),
    OwnGilContradicted(),
    OwnTpFree(),
    PrivateApi(),
    ProcessWideClasses(),
    PyobjectNew(),
    PyStateFindModule(),
    RunTimeDefinition(),
    RuntimeHook(),
    RuntimeInternals(),
    SeveralInits(),
    SharedGilOnly(),
    SharedRegistry(),
    SinglePhaseInit(),
    SlotExport(),
    SlotsWithoutModule(),
    StateFromOwnType(),
    StateNeverRead(),
    StateWithoutHooks(),
    StaticStructSequence(),
    StaticType(),
    TagContradicted(),
    ThreadLocalData(),
    TypeWithoutModule(),
    UnlockedDictIteration(),
)

FILE_RULES: tuple[Rule, ...] = tuple(sorted(_RULES, key=lambda rule: rule.code))
"""Every rule that looks at a file, by code."""


def __getattr__(name: str) -> tuple[Rule, ...]:
    """``ALL_RULES``: with those about live runs and several modules, which are loaded when somebody asks."""
    if name != "ALL_RULES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from isoview.rules.behaviour import LIVE_RULES
    from isoview.rules.between import SHARING_RULES

    every = tuple(sorted((*FILE_RULES, *LIVE_RULES, *SHARING_RULES), key=lambda rule: rule.code))
    globals()["ALL_RULES"] = every
    return every


def find(code_or_name: str) -> Rule | None:
    """The rule of that code (``ISO101``) or name (``single-phase-init``), in any case."""
    from isoview.rules import ALL_RULES

    wanted = code_or_name.strip().casefold()
    for rule in ALL_RULES:
        if wanted in {rule.code.casefold(), rule.name}:
            return rule
    return None


__all__ = ["ALL_RULES", "FILE_RULES", "Rule", "find"]
