"""What the functions that a file imports say about all its ``PyType_Spec``s."""

from isoview.inspectors.binary.image import Image
from isoview.inspectors.hints import NamedTuple


class CommonUse(NamedTuple):
    """How all specs of a file become types, where that is the same for all."""

    tied: bool | None  # whether they become types that know their module
    plain: bool  # those that name no base have ``object``


_TYING = frozenset({"PyType_FromModuleAndSpec", "PyType_FromMetaclass"})
_UNTYING = frozenset({"PyType_FromSpec", "PyType_FromSpecWithBases"})


def how_specs_are_used(image: Image) -> CommonUse:
    """By the functions that make types of specs, where all imported ones are of one kind."""
    tying, untying = not _TYING.isdisjoint(image.imported), _UNTYING & image.imported
    if tying == bool(untying):
        return CommonUse(None, plain=False)
    return CommonUse(tying, untying == {"PyType_FromSpec"})
