"""Rules about what live runs showed (ISO8xx, ISO9xx, and what only a loaded module tells).

Loaded when there is a live report to judge, or when somebody asks for every rule: a command that
reads files alone does not pay for them.
"""

from isoview.rules.behaviour.base import LiveRule
from isoview.rules.behaviour.copies_not_freed import CopiesNotFreed
from isoview.rules.behaviour.copies_share_objects import CopiesShareObjects
from isoview.rules.behaviour.crashed import Crashed
from isoview.rules.behaviour.file_and_module_disagree import FileAndModuleDisagree
from isoview.rules.behaviour.first_interpreter_only import FirstInterpreterOnly
from isoview.rules.behaviour.gil_claim_broken import GilClaimBroken
from isoview.rules.behaviour.gil_turned_on import GilTurnedOn
from isoview.rules.behaviour.growth_per_cycle import GrowthPerCycle
from isoview.rules.behaviour.hung import Hung
from isoview.rules.behaviour.instances_keep_type import InstancesKeepType
from isoview.rules.behaviour.interpreters_claim_broken import InterpretersClaimBroken
from isoview.rules.behaviour.interpreters_share_objects import InterpretersShareObjects
from isoview.rules.behaviour.multi_phase_claim_broken import MultiPhaseClaimBroken
from isoview.rules.behaviour.own_gil_claim_broken import OwnGilClaimBroken
from isoview.rules.behaviour.refused_cleanly import RefusedCleanly
from isoview.rules.behaviour.refused_dirtily import RefusedDirtily
from isoview.rules.behaviour.same_module_twice import SameModuleTwice
from isoview.rules.behaviour.silent_fallback import SilentFallback
from isoview.rules.behaviour.statics_overwritten import StaticsOverwritten
from isoview.rules.behaviour.traverse_misses_type import TraverseMissesType

_RULES: tuple[LiveRule, ...] = (
    CopiesNotFreed(),
    CopiesShareObjects(),
    Crashed(),
    FileAndModuleDisagree(),
    FirstInterpreterOnly(),
    GilClaimBroken(),
    GilTurnedOn(),
    GrowthPerCycle(),
    Hung(),
    InstancesKeepType(),
    InterpretersClaimBroken(),
    InterpretersShareObjects(),
    MultiPhaseClaimBroken(),
    OwnGilClaimBroken(),
    RefusedCleanly(),
    RefusedDirtily(),
    SameModuleTwice(),
    SilentFallback(),
    StaticsOverwritten(),
    TraverseMissesType(),
)

LIVE_RULES: tuple[LiveRule, ...] = tuple(sorted(_RULES, key=lambda rule: rule.code))
"""Every rule about live runs, by code."""

__all__ = ["LIVE_RULES", "LiveRule"]
