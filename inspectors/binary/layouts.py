"""CPython's C structures: field order and offsets, as tables.

Sources: ``Include/moduleobject.h``, ``Include/object.h``, ``Include/cpython/object.h``,
``Include/methodobject.h`` of 3.8 to 3.15, checked by compiling ``offsetof`` programs. The part of
``PyModuleDef``, ``PyMethodDef``, ``PyType_Spec`` and the slot structures is stable ABI;
``PyTypeObject`` is the same in all of 3.8 to 3.15 up to ``tp_vectorcall``. A free-threaded build
has a longer object head, and nothing else differs. Offsets and sizes are bytes.
"""

from functools import cache, cached_property

from isoview.inspectors.record import Record

MODULEDEF_FIELDS = (
    "m_init", "m_index", "m_copy", "m_name", "m_doc", "m_size",
    "m_methods", "m_slots", "m_traverse", "m_clear", "m_free",
)  # fmt: skip
"""Fields of PyModuleDef after the object head; each is one word."""

TYPE_FIELDS = (
    "ob_size", "tp_name", "tp_basicsize", "tp_itemsize", "tp_dealloc", "tp_vectorcall_offset",
    "tp_getattr", "tp_setattr", "tp_as_async", "tp_repr", "tp_as_number", "tp_as_sequence",
    "tp_as_mapping", "tp_hash", "tp_call", "tp_str", "tp_getattro", "tp_setattro",
    "tp_as_buffer", "tp_flags", "tp_doc", "tp_traverse", "tp_clear", "tp_richcompare",
    "tp_weaklistoffset", "tp_iter", "tp_iternext", "tp_methods", "tp_members", "tp_getset",
    "tp_base", "tp_dict", "tp_descr_get", "tp_descr_set", "tp_dictoffset", "tp_init", "tp_alloc",
    "tp_new", "tp_free", "tp_is_gc", "tp_bases", "tp_mro", "tp_cache", "tp_subclasses",
    "tp_weaklist", "tp_del", "tp_version_tag", "tp_finalize", "tp_vectorcall",
)  # fmt: skip
"""Fields of PyTypeObject after the object head; each takes one word (padding included)."""

TYPE_INTEGER_FIELDS = frozenset({
    "ob_size", "tp_basicsize", "tp_itemsize", "tp_vectorcall_offset", "tp_flags",
    "tp_weaklistoffset", "tp_dictoffset", "tp_version_tag",
})  # fmt: skip
TYPE_FUNCTION_FIELDS = frozenset({
    "tp_dealloc", "tp_getattr", "tp_setattr", "tp_repr", "tp_hash", "tp_call", "tp_str",
    "tp_getattro", "tp_setattro", "tp_traverse", "tp_clear", "tp_richcompare", "tp_iter",
    "tp_iternext", "tp_descr_get", "tp_descr_set", "tp_init", "tp_alloc", "tp_new", "tp_free",
    "tp_is_gc", "tp_del", "tp_finalize", "tp_vectorcall",
})  # fmt: skip
TYPE_RUNTIME_FIELDS = frozenset({
    "tp_dict", "tp_bases", "tp_mro", "tp_cache", "tp_subclasses", "tp_weaklist", "tp_version_tag",
})  # fmt: skip
"""Zero in every file: the interpreter fills them when the type is readied."""


class Layout(Record):
    """Where fields stand for one word size and one kind of object head."""

    word: int  # bytes in a pointer
    free_threaded: bool

    @cached_property
    def head(self) -> int:
        """Size of PyObject. Free-threaded: ob_tid, u16, u8, u8, u32, ob_ref_shared, ob_type."""
        return 3 * self.word + 8 if self.free_threaded else 2 * self.word

    @cached_property
    def moduledef_offsets(self) -> dict[str, int]:
        """Offset of every PyModuleDef field behind the head."""
        return {field: self.head + n * self.word for n, field in enumerate(MODULEDEF_FIELDS)}

    def moduledef(self, field: str) -> int:
        """Offset of a PyModuleDef field."""
        return self.moduledef_offsets[field]

    @cached_property
    def moduledef_size(self) -> int:
        """Size of PyModuleDef."""
        return self.head + len(MODULEDEF_FIELDS) * self.word

    @cached_property
    def type_offsets(self) -> dict[str, int]:
        """Offset of every PyTypeObject field behind the head."""
        return {field: self.head + n * self.word for n, field in enumerate(TYPE_FIELDS)}

    def type(self, field: str) -> int:
        """Offset of a PyTypeObject field."""
        return self.type_offsets[field]

    @cached_property
    def type_size(self) -> int:
        """Size up to and including tp_vectorcall: the least any version has."""
        return self.head + len(TYPE_FIELDS) * self.word

    @property
    def method_size(self) -> int:
        """PyMethodDef: name, function, int flags, doc."""
        return 4 * self.word

    @cached_property
    def spec_slots(self) -> int:
        """Offset of PyType_Spec.slots: name, int basicsize, int itemsize, unsigned flags, slots."""
        return 24 if self.word == 8 else 16

    @cached_property
    def spec_size(self) -> int:
        """Size of PyType_Spec."""
        return self.spec_slots + self.word


@cache
def layout_of(word: int, free_threaded: bool) -> Layout:
    """The layout for a word size and a kind of head; there are four."""
    return Layout(word, free_threaded)


PYSLOT_SIZE = 16
"""PySlot (3.15, PEP 820): u16 id, u16 flags, u32 zero, 8-byte value; the same everywhere."""
