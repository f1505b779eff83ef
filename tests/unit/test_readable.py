"""Mangled names in what people read: as they were written, and nothing else is touched."""

from dataclasses import replace

import pytest
from app_reports import FINDINGS

from isoview.model import Where
from isoview.readable import as_written, readable
from isoview.reports.findings import subject, subjects

POOL = "_RNvNtNtCs17Bu4CxtQqK_4pyo38internal5state4POOL"
# A method of a trait for a type of the same crate: NtB7_ points back to that crate's name.
BACK = (
    "_RNvXs5_Csksd2Lx8GkXR_6blake3NtB5_11Blake3ClassNtNtNtCsksfUNVVxtl4_4pyo35impl_7pyclass"
    "11PyClassImpl16lazy_type_object"
)


def test_names_of_cpp_and_rust_stand_in_a_sentence_as_they_were_written() -> None:
    said = as_written(f"{POOL} holds what _ZL10contiguous and __ZN5numpy5cacheE hold")
    assert said == "pyo3::internal::state::POOL holds what contiguous and numpy::cache hold"


@pytest.mark.parametrize(
    "plain",
    [
        "cached_null is writable",
        "_RC4_set_key and _Random_state are names of C",
        "foo._ZL3bar is one name, x_ZL3bar another",
        "_Z stands alone, _R too, and _ZL99short is cut",
    ],
)
def test_what_is_no_mangled_name_stays_as_it_stands(plain: str) -> None:
    assert as_written(plain) == plain


def test_a_name_that_would_fill_a_page_is_cut() -> None:
    deep = "_Z1fI" + "St4pairIiiE" * 200 + "EvT_"
    assert len(readable(deep)) > 1000
    assert len(as_written(f"{deep} is called")) < 230


def static(symbol: str, stable: str) -> str:
    finding = FINDINGS[0]
    named = replace(
        finding, fingerprint=f"ISO301:sample:symbol:{stable}", where=Where(symbol=symbol)
    )
    return subject(named)


def test_a_subject_is_read_from_the_whole_symbol_where_hashes_matter() -> None:
    assert readable(BACK).startswith("<blake3::Blake3Class as pyo3::impl_::pyclass::PyClassImpl>")
    stable = BACK.replace("sksd2Lx8GkXR_", "").replace("sksfUNVVxtl4_", "")
    assert static(BACK, stable).startswith("<blake3::Blake3Class as ")
    assert static(BACK, stable).endswith("…ass::PyClassImpl>::lazy_type_object"), (
        "cut in the middle"
    )
    assert static("_ZL6buffer.14", "_ZL6buffer") == "buffer"
    assert static("buffer.14", "buffer") == "buffer"


def test_equal_names_are_said_once() -> None:
    group = [replace(FINDINGS[0], fingerprint=f"ISO301:sample:symbol:{name}", where=Where())
             for name in ("_ZL5first", "_ZZ4loopvE5first", "_ZL5first")]  # fmt: skip
    assert subjects(group, 4) == "first (2 times), loop()::first"
