"""What a file's data holds by its shape: definitions, static types and specs, in one layout."""

from isoview.inspectors.binary.abi_tag import names_free_threaded
from isoview.inspectors.binary.definitions import FoundDefinition, find_definitions
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import Layout, layout_of
from isoview.inspectors.binary.spec_use import CommonUse
from isoview.inspectors.binary.types import FoundType, find_specs, find_static_types
from isoview.inspectors.record import Record


class Structures(Record):
    """What was recognised by shape, with its extents."""

    layout: Layout
    definitions: tuple[FoundDefinition, ...]
    static_types: tuple[FoundType, ...]
    specs: tuple[FoundType, ...]


def find_structures(image: Image, tag: str | None, use: CommonUse) -> Structures:
    """Definitions, types and specs in the object layout the file uses; ``use`` is what is known of
    how it uses all its specs.

    The tag says which that is; where it does not, or lies, the one in which something is found.
    """
    first = layout_of(image.word_size, names_free_threaded(tag))
    for layout in (first, layout_of(image.word_size, not first.free_threaded)):
        definitions = find_definitions(image, (layout,))
        types = apart(find_static_types(image, (layout,)), definitions)
        if definitions or types:
            break
    else:
        layout = first
    taken = [
        (d.fact.address or 0, (d.fact.address or 0) + d.layout.moduledef_size) for d in definitions
    ]
    taken += [(t.fact.address or 0, (t.fact.address or 0) + t.size) for t in types]
    return Structures(layout, definitions, types, find_specs(image, taken, use))


def apart(
    types: tuple[FoundType, ...], definitions: tuple[FoundDefinition, ...]
) -> tuple[FoundType, ...]:
    """``types`` without those that are the words of a definition, read from its middle.

    Where the definition is filled in at run time (pybind11), only its name stands in the file, and
    that stands where a type 16 bytes further on would have one.
    """
    spans = [
        (entry.fact.address, entry.fact.address + entry.layout.moduledef_size)
        for entry in definitions
        if entry.fact.address is not None
    ]
    return tuple(
        entry
        for entry in types
        if entry.fact.basicsize
        or not any(low < (entry.fact.address or 0) < high for low, high in spans)
    )
