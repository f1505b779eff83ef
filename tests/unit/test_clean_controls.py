"""Modules that are known to be isolated: nothing above a note may be said about them."""

import importlib.util
import sys
from pathlib import Path

import pytest

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.judge import judge
from isoview.model import Report


def report(module: str) -> Report:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        pytest.skip(f"{module} is no file in this interpreter (it is built in, or not installed)")
    if not spec.origin.endswith((".so", ".pyd")):
        pytest.skip(f"{module} is not compiled in this installation")
    with load(spec.origin) as loaded:
        return judge(code(loaded, shape(loaded)))


@pytest.mark.parametrize(
    "module",
    [
        "_json",
        "_struct",
        "_bisect",
        "_heapq",
        "_csv",
        "math",
        "markupsafe._speedups",
        "multidict._multidict",
    ],
)
def test_clean_controls_have_nothing_above_a_note(module: str) -> None:
    if module.startswith("multidict") and sys.version_info < (3, 13):
        # pythoncapi-compat's Py_GetConstant keeps the constants in a static.
        pytest.skip("multidict is a clean control from 3.13 on")
    found = report(module)
    above = [finding for finding in found.findings if finding.severity != "note"]
    assert [f"{finding.rule} {finding.message}" for finding in above] == []
    verdict = found.verdict
    assert verdict is not None
    expected = {"yes"} if sys.version_info >= (3, 12) else {"cannot-say"}
    assert {verdict.shared_gil.declared, verdict.own_gil.declared} == expected
    for answer in (verdict.multiple_module_objects, verdict.shared_gil, verdict.own_gil):
        assert answer.answer in {"yes", "unknown"}
        assert answer.evidence in {"none-found", "partial"}
