"""Fingerprints survive rebuilds and hold no address."""

from dataclasses import replace
from pathlib import Path

import pytest
from facts_by_hand import facts, static, static_type

from isoview.fingerprint import dotted_module, dotted_place, stable_symbol, subject_of
from isoview.judge import judge


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("cache", "cache"),
        ("cache.0", "cache"),
        ("cache.1234", "cache"),
        ("cache.lto_priv.3", "cache"),
        ("cache.lto_priv.0.lto_priv.1", "cache"),
        ("grow.constprop.0", "grow"),
        ("grow.isra.0.cold", "grow"),
        ("grow.part.2", "grow"),
        ("anon.llvm.12345678901234", "anon"),
        (".L.str.5", ".L.str"),
        (".0", ".0"),
        ("ns.inner.cache", "ns.inner.cache"),
        ("_ZN5rpds_6CACHED17h0123456789abcdefE", "_ZN5rpds_6CACHEDE"),
        ("_ZN5rpds_6CACHED17h0123456789abcdefE.llvm.77", "_ZN5rpds_6CACHEDE"),
        ("_ZN3foo17h0123E", "_ZN3foo17h0123E"),
        ("h17h0123456789abcdefE", "h17h0123456789abcdefE"),
        ("_RNvCs9ltgdHTiPiY_4rpds5CACHE", "_RNvC4rpds5CACHE"),
    ],
)
def test_symbols_lose_what_changes_from_build_to_build(symbol: str, expected: str) -> None:
    assert stable_symbol(symbol) == expected


def test_two_builds_of_one_rust_static_have_one_fingerprint() -> None:
    first = facts(statics=(static("_ZN3lib5CACHE17h0123456789abcdefE"),))
    second = facts(statics=(static("_ZN3lib5CACHE17hfedcba9876543210E", address=0x9990),))
    assert prints(first) == prints(second)


def prints(made: object) -> set[str]:
    return {finding.fingerprint for finding in judge(made).findings}  # type: ignore[arg-type]


def test_fingerprints_can_be_read_and_name_no_address() -> None:
    made = facts(types=(static_type("mod.Item"),), statics=(static("cache"),))
    assert prints(made) == {
        "ISO111:mod:module",
        "ISO201:mod:type:mod.Item",
        "ISO301:mod:symbol:cache",
    }
    moved = facts(
        types=(static_type("mod.Item", address=0xABC0),),
        statics=(static("cache", address=0xDEF0),),
    )
    assert prints(moved) == prints(made)


def test_the_module_is_named_by_its_place_in_the_container() -> None:
    made = facts()
    for member, expected in (
        ("numpy/_core/_multiarray_umath.cpython-313-x86_64-linux-gnu.so", "numpy._core._multiarray_umath"),
        ("numpy-2.0.data/platlib/numpy/fft/_pocketfft.so", "numpy.fft._pocketfft"),
        ("top.abi3.so", "top"),
        ("pkg/__init__.cp313-win_amd64.pyd", "pkg"),
    ):  # fmt: skip
        artifact = replace(made.artifact, container="some.whl", member=member)
        assert dotted_module(replace(made, artifact=artifact)) == expected


def test_else_by_the_packages_it_lies_in(tmp_path: Path) -> None:
    inner = tmp_path / "site" / "pkg" / "sub"
    inner.mkdir(parents=True)
    (inner / "__init__.py").touch()
    (inner.parent / "__init__.py").touch()
    made = facts(path=str(inner / "_fast.cpython-313-x86_64-linux-gnu.so"))
    assert dotted_module(made) == "pkg.sub._fast"


def test_else_by_the_init_function(tmp_path: Path) -> None:
    assert dotted_module(facts(path=str(tmp_path / "renamed.so"))) == "mod"


def test_else_by_the_file(tmp_path: Path) -> None:
    assert dotted_module(facts(path=str(tmp_path / "lib.abi3.so"), init=())) == "lib"


def test_platforms_agree_on_named_subjects() -> None:
    made = facts(types=(static_type("pkg.Item"),))
    linux = replace(
        made.artifact, container="a.whl", member="pkg/m.cpython-313-x86_64-linux-gnu.so"
    )
    windows = replace(made.artifact, container="b.whl", member="pkg/m.cp313-win_amd64.pyd")
    assert prints(replace(made, artifact=linux)) == prints(replace(made, artifact=windows))


@pytest.mark.parametrize("symbol", ["buf.0", "buf", "_test_getbuf.buf", "_test_getbuf.buf.3"])
def test_a_static_of_a_function_is_called_the_same_by_every_compiler(symbol: str) -> None:
    assert stable_symbol(symbol) == "buf"


@pytest.mark.parametrize("symbol", ["anon.abcdef", "switch.table.f", ".str.x", "a..b"])
def test_names_that_only_look_like_it_stay(symbol: str) -> None:
    assert stable_symbol(symbol) == symbol


def test_what_is_installed_is_called_as_in_its_wheel(tmp_path: Path) -> None:
    path = tmp_path / "lib" / "python3.13" / "site-packages" / "space" / "part" / "_x.abi3.so"
    assert dotted_place(str(path), None) == "space.part._x"
    assert dotted_place("x.whl/space/part/_x.abi3.so", "space/part/_x.abi3.so") == "space.part._x"


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("ISO201:decimal._decimal:type:decimal.Decimal", ("type", "decimal.Decimal")),
        ("ISO301:pkg.freetype:symbol:cache", ("symbol", "cache")),
        ("ISO201:pkg._capi:type:a::type:b", ("type", "a::type:b")),
        ("ISO101:pkg._capi:module", ("module", "")),
        ("ISO705:m:capsule:m.api", ("capsule", "m.api")),
    ],
)
def test_a_modules_name_is_never_taken_for_the_kind_of_the_subject(
    name: str, subject: tuple[str, str]
) -> None:
    assert subject_of(name) == subject
