"""Values for property tests: any text, any record of the facts and the report, any image."""

import sys
from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st

from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.hints import get_type_hints

HOSTILE = st.sampled_from(
    ["\x1b[31m", "\u202e", "\n", "\0", "]]>", "'\"`", "[b]", "é", "\u2028", ":", "/"]
)
TEXT = st.lists(st.one_of(st.text(max_size=6), HOSTILE), max_size=4).map("".join)
"""Any text, what is hostile somewhere more often; no lone surrogates, which JSON has no form for."""
WORDS = st.integers(min_value=0, max_value=(1 << 64) - 1)


@cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type as the records declare them."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in {Union, UnionType}:
        return st.one_of([values(part) for part in parts])
    if origin is tuple and parts[-1] is ...:
        return st.lists(values(parts[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, parts))
    if origin in {dict, Mapping}:
        return st.dictionaries(TEXT, values(parts[1]), max_size=2)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXT, int: WORDS, bool: st.booleans(), NoneType: st.none(),
        float: st.floats(allow_nan=False, allow_infinity=False), Any: TEXT,
    }  # fmt: skip
    if hint in plain:
        return plain[hint]
    hints = get_type_hints(hint, vars(sys.modules[hint.__module__]))
    fields = {name: hints[name] for name in hint.__match_args__}
    return st.fixed_dictionaries({name: values(kind) for name, kind in fields.items()}).map(
        lambda made: hint(**made)
    )


@st.composite
def images(draw: st.DrawFn) -> Image:
    """An image of up to four segments that do not overlap, each partly zero fill."""
    bits = draw(st.sampled_from([32, 64]))
    segments, at = [], draw(st.integers(0, 1 << 20))
    for number in range(draw(st.integers(1, 4))):
        data = draw(st.binary(max_size=80))
        size = len(data) + draw(st.integers(0, 40))
        at += draw(st.integers(0, 64))
        writable = draw(st.booleans())
        segments.append(Segment(f"s{number}", at, size, memoryview(data), writable, not writable))
        at += size
    regions = [
        Region(s.name, s.address, s.size, s.writable, s.executable, zero_fill=False)
        for s in segments
    ]
    return Image(
        format="elf", arch="x86-64", bits=bits, endian=draw(st.sampled_from(["little", "big"])),
        segments=tuple(segments), regions=tuple(regions), pointers={}, imports_at={},
        imported=frozenset(), exports={}, export_sizes={}, libraries=(), build_id=None,
        compilers=(), stripped=True, module_file=True, load_symbols=lambda: (),
        load_function_starts=lambda: (),
    )  # fmt: skip
