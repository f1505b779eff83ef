"""``PyModuleDef`` structures of a file, found by their shape.

Layout: ``Include/moduleobject.h`` (stable ABI); shape and its limits were measured on some 660
modules against what the interpreter says after importing them.
"""

from collections.abc import Iterator, Sequence

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import MODULEDEF_FIELDS, Layout
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
        name_at = layout.moduledef("m_name")
        # No pointer is m_size, ob_type, or the head's word before it (a reference count).
        plain = [
            field - name_at for field in (layout.moduledef("m_size"), layout.head - layout.word)
        ]
        if not layout.free_threaded:
            plain.append(-name_at)
        for segment in data_segments(image):
            scan = candidates(image, segment, layout, name_at, image.after_plain, (2, 3), plain)
            for address in _promising(image, layout, scan):
                definition = read_definition(image, address, layout)
                if definition is not None:
                    found[address] = definition
    # The tail of a free-threaded head passes for a whole head of the other layout.
    for address, entry in list(found.items()):
        if entry.layout.free_threaded:
            found.pop(address + 2 * image.word_size, None)
    return tuple(found[address] for address in sorted(found))


def _promising(
    image: Image, layout: Layout, scan: Iterator[tuple[int, Sequence[int], int]]
) -> Iterator[int]:
    """The addresses of ``scan`` that are worth a closer look: m_size can be one, where no head was
    written, there are methods or slots, and each hook is a function or zero.
    """
    size, pointers, (low, high) = layout.word, image.pointers, image.most_code
    all_ones, start = (1 << 8 * size) - 1, layout.head // size + _NAME
    methods, slots = layout.moduledef("m_methods"), layout.moduledef("m_slots")
    hooks = [(layout.head + number * size, number - _NAME) for number in _HOOKS]
    for address, words, index in scan:
        m_size = words[index + 2] if index + 2 < len(words) else 0
        if STATE_LIMIT < m_size != all_ones:
            continue
        if (
            not layout.free_threaded
            and not words[index - start]
            and address + methods not in pointers
            and address + slots not in pointers
        ):
            continue
        for offset, behind in hooks:
            hook = address + offset
            target = pointers.get(hook)
            if target is None:
                place = index + behind
                if place < len(words) and words[place] and hook not in image.imports_at:
                    break
            elif not low <= target < high and function_at(image, hook) is None:
                break
        else:
            yield address


def read_definition(image: Image, address: int, layout: Layout) -> FoundDefinition | None:
    """The definition at ``address``, or None where the words there have another shape."""
    size, pointers = image.word_size, image.pointers
    first, heads = address + layout.head, layout.head // size
    words = image.window(address, heads + len(MODULEDEF_FIELDS))
    if len(words) < heads + len(MODULEDEF_FIELDS):
        return None
    head, words = words[:heads], words[heads:]
    # What tells most other structures apart comes first.
    hooks = []
    for number in _HOOKS:
        hook = _hook(image, first + number * size, words[number])
        if hook is None:
            return None
        hooks.append(hook)
    m_size = -1 if words[_SIZE] == (1 << 8 * size) - 1 else words[_SIZE]
    if m_size > STATE_LIMIT or not is_plain(image, first + _SIZE * size):
        return None
    methods_word, slots_word = first + _METHODS * size, first + _SLOTS * size
    headed = head[0] != 0 or layout.free_threaded
    if not headed and methods_word not in pointers and slots_word not in pointers:
        return None
    if not head_at(image, address, layout, head[0]):
        return None
    if head[-1] or not is_plain(image, first - size):  # ob_type
        return None
    for number in range(_NAME):  # m_init, m_index and m_copy
        if words[number] or not is_plain(image, first + number * size):
            return None
    name_at = pointers.get(first + _NAME * size)
    name = image.cstring(name_at, 512) if name_at is not None else None
    if not name or name_at in pointers:  # no text starts with a relocated word
        return None
    doc_at = pointers.get(first + _DOC * size)
    if doc_at is None and not is_zero(image, first + _DOC * size):
        return None
    doc = image.cstring(doc_at, DOC_LIMIT, DOC_KEPT) if doc_at is not None else None
    if doc_at is not None and (image.in_code(doc_at) or doc is None):
        return None
    tables = _tables(image, methods_word, slots_word)
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
    return FoundDefinition(fact, layout, pointers.get(methods_word), pointers.get(slots_word))


_NAME, _DOC, _SIZE, _METHODS, _SLOTS = (
    MODULEDEF_FIELDS.index(field) for field in ("m_name", "m_doc", "m_size", "m_methods", "m_slots")
)
_HOOKS = tuple(MODULEDEF_FIELDS.index(field) for field in ("m_traverse", "m_clear", "m_free"))


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
