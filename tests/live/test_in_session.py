"""A module of the running session: read only, as data, and richly in a notebook."""

import gc
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from live.built import build

import isoview
from isoview.model import Report


def load_it(like: str) -> object:
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import module_from_spec, spec_from_file_location

    path = str(build("behaving", f"LIKE={like}", "LIKE_OWN_GIL=0"))
    loader = ExtensionFileLoader("behaving", path)
    spec = spec_from_file_location("behaving", path, loader=loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_audit_of_a_module_has_what_only_the_loaded_one_tells() -> None:
    module = load_it("CLEAN")
    before = sys.getrefcount(module)
    report = isoview.audit(module)  # type: ignore[arg-type]
    assert isinstance(report, Report)
    assert report.live is not None
    assert report.live["runs"][0]["python"]["executable"] == sys.executable
    info = report.live["runs"][0]["experiments"]["info"]
    assert [entry["name"] for entry in info["heap_types"]] == ["behaving.Item"]
    assert set(report.live["runs"][0]["experiments"]) == {"info"}, "no experiment in process"
    gc.collect()
    assert sys.getrefcount(module) == before


def test_explore_without_a_terminal_returns_the_report() -> None:
    module = load_it("CLEAN")
    assert isinstance(isoview.explore(module), Report)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["sys", "json"])
def test_what_has_no_file_or_no_code_is_said(name: str) -> None:
    with pytest.raises(isoview.IsoviewError) as raised:
        isoview.audit(sys.modules[name])
    assert name in raised.value.message
    assert raised.value.hint.endswith(".")


def test_the_notebooks_html_is_whole_and_safe() -> None:
    from html.parser import HTMLParser

    report = isoview.audit(load_it("CLEAN"))  # type: ignore[arg-type]
    opened: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "style", "link", "iframe", "img"}
            assert not any(name.startswith("on") for name, _ in attrs)
            opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    text = report._repr_html_()
    Checker().feed(text)
    assert opened == []
    assert "own GIL" in text
    bundle = report._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/html"] == text
    assert "Verdict" in bundle["text/plain"]


def test_hostile_names_stay_text_in_a_notebook() -> None:
    from dataclasses import replace

    from facts_by_hand import facts, static_type

    from isoview.judge import judge

    made = facts(types=(static_type("mod.<script>alert(1)</script>\x1b[31m\u202e"),))
    text = judge(replace(made))._repr_html_()
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_in_a_notebook_explore_returns_the_report(tmp_path: Path) -> None:
    """IPython with a kernel behind it, as far as isoview asks."""
    (tmp_path / "IPython.py").write_text(
        "class Shell: kernel = object()\ndef get_ipython(): return Shell()\n"
    )
    program = textwrap.dedent(
        """
        import IPython, isoview, isoview.in_session as session
        session.has_terminal = lambda: True
        import markupsafe._speedups
        print(type(isoview.explore(markupsafe._speedups)).__name__)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("Report\n", "")
