"""Objects that stand in a file's data: instances of its own static types, compiled."""

from compiled import compile_fixture

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.judge import judge


def test_an_instance_of_a_static_type_is_an_object_for_the_whole_process() -> None:
    """CPython 3.13's `_datetime` has a zero timedelta and its UTC time zone in its data."""
    with load(str(compile_fixture("code/static_object.c"))) as loaded:
        report = judge(code(loaded, shape(loaded)))
    found = {entry.where.symbol: entry for entry in report.findings if entry.rule == "ISO301"}
    assert set(found) == {"zero_delta", "offer"}
    assert found["zero_delta"].message.startswith("zero_delta is a Python object")
    assert found["offer"].message.startswith("offer holds a Python object")
