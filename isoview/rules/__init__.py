"""The catalogue of rules.

One rule is one file. The list is written out, in the order of the file names: no folder is
searched when the command starts, and a reader sees what there is.
"""

from typing import TYPE_CHECKING

from isoview.rules.base import Rule
from isoview.rules.gc_without_traverse import GcWithoutTraverse
from isoview.rules.generator_guard import GeneratorGuard
from isoview.rules.gil_undeclared import GilUndeclared
from isoview.rules.gil_used import GilUsed
from isoview.rules.gilstate_api import GilStateApi
from isoview.rules.heap_type_without_gc import HeapTypeWithoutGc
from isoview.rules.init_name_mismatch import InitNameMismatch
from isoview.rules.interpreters_refused import InterpretersRefused
from isoview.rules.interpreters_undeclared import InterpretersUndeclared
from isoview.rules.libpython_linked import LibpythonLinked
from isoview.rules.m_size_minus_one import MSizeMinusOne
from isoview.rules.mutable_heap_type import MutableHeapType
from isoview.rules.mutable_static import MutableStatic
from isoview.rules.object_in_static import ObjectInStatic
from isoview.rules.opt_out_guard import OptOutGuard
from isoview.rules.own_gil_contradicted import OwnGilContradicted
from isoview.rules.private_api import PrivateApi
from isoview.rules.pystate_find_module import PyStateFindModule
from isoview.rules.run_time_definition import RunTimeDefinition
from isoview.rules.runtime_internals import RuntimeInternals
from isoview.rules.several_inits import SeveralInits
from isoview.rules.shared_gil_only import SharedGilOnly
from isoview.rules.single_phase_init import SinglePhaseInit
from isoview.rules.state_without_hooks import StateWithoutHooks
from isoview.rules.static_type import StaticType
from isoview.rules.type_without_module import TypeWithoutModule

if TYPE_CHECKING:
    ALL_RULES: tuple[Rule, ...]
    """Every rule, by code."""

_RULES: tuple[Rule, ...] = (
    GcWithoutTraverse(),
    GeneratorGuard(),
    GilUndeclared(),
    GilUsed(),
    GilStateApi(),
    HeapTypeWithoutGc(),
    InitNameMismatch(),
    InterpretersRefused(),
    InterpretersUndeclared(),
    LibpythonLinked(),
    MSizeMinusOne(),
    MutableHeapType(),
    MutableStatic(),
    ObjectInStatic(),
    OptOutGuard(),
    OwnGilContradicted(),
    PrivateApi(),
    PyStateFindModule(),
    RunTimeDefinition(),
    RuntimeInternals(),
    SeveralInits(),
    SharedGilOnly(),
    SinglePhaseInit(),
    StateWithoutHooks(),
    StaticType(),
    TypeWithoutModule(),
)

FILE_RULES: tuple[Rule, ...] = tuple(sorted(_RULES, key=lambda rule: rule.code))
"""Every rule that looks at a file, by code."""


def __getattr__(name: str) -> tuple[Rule, ...]:
    """``ALL_RULES``: with those about live runs, which are loaded when somebody asks."""
    if name != "ALL_RULES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from isoview.rules.behaviour import LIVE_RULES

    every = tuple(sorted((*FILE_RULES, *LIVE_RULES), key=lambda rule: rule.code))
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
