"""``PyModuleDef`` structures of a file, found by their shape.

Layout: ``Include/moduleobject.h`` (stable ABI); shape and its limits were measured on some 660
modules against what the interpreter says after importing them.
"""

from collections.abc import Sequence

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.binary.scan import (
    candidates,
    data_segments,
    function_at,
    head_at,
    is_module_name,
    is_plain,
    is_zero,
    read_module_slots,
    shared_methods,
)
from isoview.inspectors.facts import Definition, Method, Slot
from isoview.inspectors.record import Record

STATE_LIMIT = 1 << 24
"""No module asks for more state than this many bytes; a larger m_size is another structure."""


DOC_LIMIT, DOC_KEPT = 1 << 20, 1 << 12
"""Longest doc of a module, and how much of it is kept, in bytes: several definitions may share one."""


class FoundDefinition(Record):
    """A definition and what later stages need to know about it; addresses are link-time."""

    fact: Definition
    layout: Layout
    methods_at: int | None
    slots_at: int | None


def find_definitions(image: Image, layouts: tuple[Layout, ...]) -> tuple[FoundDefinition, ...]:
    """Every definition of the file in one of ``layouts``, in order of address."""
    found: dict[int, FoundDefinition] = {}
    for layout in layouts:
        for segment in data_segments(image):
            name_at = layout.moduledef("m_name")
            plain = (layout.moduledef("m_size") - name_at,)
            scan = candidates(image, segment, layout, name_at, image.after_plain, 3, plain)
            for address, words, index in scan:
                if not _promising(image, address, layout, words, index):
                    continue
                definition = read_definition(image, address, layout)
                if definition is not None:
                    found[address] = definition
    # The tail of a free-threaded head passes for a whole head of the other layout.
    for address, entry in list(found.items()):
        if entry.layout.free_threaded:
            found.pop(address + 2 * image.word_size, None)
    return tuple(found[address] for address in sorted(found))


def _promising(
    image: Image, address: int, layout: Layout, words: Sequence[int], index: int
) -> bool:
    """Whether it is worth looking closer: m_size can be one, m_traverse is a function if it is of
    this file, and where no head was written, there are methods or slots. ``index`` is the place of
    m_name among ``words``.
    """
    size, pointers = layout.word, image.pointers
    m_size = words[index + 2] if index + 2 < len(words) else 0
    if STATE_LIMIT < m_size != (1 << 8 * size) - 1:
        return False
    at = layout.moduledef_offsets
    if (
        not layout.free_threaded
        and not words[index - at["m_name"] // size]
        and address + at["m_methods"] not in pointers
        and address + at["m_slots"] not in pointers
    ):
        return False
    traverse = address + at["m_traverse"]
    return traverse not in pointers or function_at(image, traverse) is not None


def read_definition(image: Image, address: int, layout: Layout) -> FoundDefinition | None:
    """The definition at ``address``, or None where the words there have another shape."""
    size = image.word_size
    at = {field: address + offset for field, offset in layout.moduledef_offsets.items()}
    words = dict(zip(at, image.window(address + layout.head, len(at)), strict=False))
    if len(words) < len(at):
        return None
    m_size = words["m_size"]  # first: it tells most other structures apart
    m_size = -1 if m_size == (1 << 8 * size) - 1 else m_size
    if m_size > STATE_LIMIT or not is_plain(image, at["m_size"]):
        return None
    headed = image.unsigned(address, size) != 0 or layout.free_threaded
    if not headed and at["m_methods"] not in image.pointers and at["m_slots"] not in image.pointers:
        return None
    if not head_at(image, address, layout) or not is_zero(image, address + layout.head - size):
        return None
    for field in ("m_init", "m_index", "m_copy"):
        if words[field] or not is_plain(image, at[field]):
            return None
    hooks = [_hook(image, at[field], words[field]) for field in _HOOKS]
    if None in hooks:
        return None
    name_at = image.pointers.get(at["m_name"])
    name = image.cstring(name_at, 512) if name_at is not None else None
    if not name or name_at in image.pointers:  # no text starts with a relocated word
        return None
    doc_at = image.pointers.get(at["m_doc"])
    if doc_at is None and not is_zero(image, at["m_doc"]):
        return None
    doc = image.cstring(doc_at, DOC_LIMIT, DOC_KEPT) if doc_at is not None else None
    if doc_at is not None and (image.in_code(doc_at) or doc is None):
        return None
    tables = _tables(image, at["m_methods"], at["m_slots"])
    if tables is None:
        return None
    methods, slots, complete = tables
    content = bool(methods) or bool(slots)
    # CPython takes any text for a name. One that no import statement could hold is believed
    # where everything else speaks for a definition.
    if not (headed or content) or not (is_module_name(name) or (headed and content)):
        return None
    fact = Definition(
        kind="moduledef",
        address=address,
        origin="static",
        own=None,
        token=None,
        m_name=name,
        m_doc=doc,
        m_size=m_size,
        methods=methods,
        slots=slots,
        slots_complete=complete,
        has_traverse=hooks[0],
        has_clear=hooks[1],
        has_free=hooks[2],
    )
    return FoundDefinition(
        fact, layout, image.pointers.get(at["m_methods"]), image.pointers.get(at["m_slots"])
    )


_HOOKS = ("m_traverse", "m_clear", "m_free")


def _hook(image: Image, address: int, word: int) -> bool | None:
    """Whether a hook is set; None where the word is neither a function nor zero."""
    if not word and is_plain(image, address):
        return False
    return True if function_at(image, address) is not None else None


def _tables(
    image: Image, methods_word: int, slots_word: int
) -> tuple[tuple[Method, ...], tuple[Slot, ...], bool] | None:
    """Methods, slots, and whether the slots were read to their end; None for another shape."""
    methods: tuple[Method, ...] | None = ()
    slots: tuple[Slot, ...] | None = ()
    complete = True
    methods_at, slots_at = image.pointers.get(methods_word), image.pointers.get(slots_word)
    if methods_at is not None:
        methods = shared_methods(image, methods_at)
    elif not is_zero(image, methods_word):
        return None
    if slots_at is not None:
        slots = read_module_slots(image, slots_at)
        # An empty table in writable memory is filled by code (pybind11 3): nothing is known of it.
        complete = bool(slots) or not image.is_writable(slots_at)
    elif not is_zero(image, slots_word):
        return None
    if methods is None or slots is None:
        return None
    return methods, slots, complete
