"""Rules about several modules at once, loaded when several are compared."""

from isoview.rules.between.base import SharingRule
from isoview.rules.between.class_built_twice import ClassBuiltTwice
from isoview.rules.between.registries_disagree import RegistriesDisagree

SHARING_RULES: tuple[SharingRule, ...] = (ClassBuiltTwice(), RegistriesDisagree())
"""Every rule about several modules, by code."""

__all__ = ["SHARING_RULES", "SharingRule"]
