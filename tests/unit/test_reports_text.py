"""The report for a person."""

import io
import unicodedata
from dataclasses import replace

import pytest
from samples import VARIANTS, full_report

from isoview.inspectors.facts import Completeness, Damage, Definition, Init, Item
from isoview.model import Answer, Finding, NotRun, Report, Verdict
from isoview.reports.lines import laid_out, line, plain
from isoview.reports.markdown import markdown_lines
from isoview.reports.terminal import show
from isoview.reports.text import report_lines
from isoview.reports.words import listed, size

HOSTILE = "\x1b]0;x\x07\x9b31m\u202eevil\r\n[bold]\udcff\u200b"


def finding(number: int = 0, **changes: object) -> Finding:
    base = Finding(
        "ISO201", "static-type", "warning", "high", f"pkg.T{number} is a static type.",
        "heap-types", f"ISO201:pkg.mod:type:pkg.T{number}",
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def report(*findings: Finding) -> Report:
    """A plausible report on a small extension."""
    no = Answer("no", "against", "not-run", None, "no", (13,), (), "it declares so.")
    unknown = replace(no, answer="unknown", summary="nobody looked.")
    base = full_report(0)
    full = Item("full")
    facts = replace(
        base.facts,
        artifact=replace(base.facts.artifact, path="pkg/mod.so", member=None, is_extension=True),
        stage="code",
        damage=(),
        init=(Init("PyInit_mod", "mod", True, "single", "code"),),
        definitions=(
            Definition("moduledef", 0x4000, "static", True, None, "mod", None, -1,
                       has_traverse=False, has_clear=False, has_free=False),
        ),
        completeness=Completeness(full, full, full),
    )  # fmt: skip
    verdict = Verdict(no, no, no, unknown)
    return replace(base, facts=facts, findings=findings, not_run=(), verdict=verdict, rules_run=20)


def text_of(subject: Report, *, verbose: bool = False) -> str:
    return plain(report_lines(subject, verbose=verbose))


def test_the_first_lines_say_what_it_is_and_how_bad() -> None:
    rows = text_of(report(finding())).splitlines()
    assert rows[0] == "mod.so"
    assert rows[1] == "  in pkg"
    assert "ELF" in rows[2]
    assert any("made with" in row for row in rows[3:5])  # a long second line may wrap
    verdict = rows[rows.index("Verdict") + 1 :][:4]
    assert [row[2] for row in verdict] == ["✗", "✗", "✗", "?"]
    assert "own GIL        no: it declares so." in verdict[2]
    assert "1 finding open: 1 warning. 20 rules ran." in rows[:14]


def test_equal_findings_fold_into_one_with_the_first_few_named() -> None:
    text = text_of(report(*(finding(number) for number in range(12))))
    assert "◐ warning ISO201 static-type, 12 times" in text
    assert "Also pkg.T1, pkg.T2, pkg.T3, pkg.T4, … and 7 more." in " ".join(text.split())
    assert "pkg.T9" not in text


def test_unnamed_subjects_that_one_finding_folds_are_counted_each() -> None:
    unnamed = finding(0, count=42, fingerprint="ISO201:pkg.mod:unnamed:object")
    text = text_of(report(unnamed, finding(1)))
    assert "43 findings open: 43 warnings." in text
    assert "ISO201 static-type, 43 times" in text


def test_verbose_shows_every_finding_with_its_evidence_and_fingerprint() -> None:
    text = text_of(report(*(finding(number) for number in range(12))), verbose=True)
    for number in range(12):
        assert f"ISO201:pkg.mod:type:pkg.T{number}" in text


def test_the_worst_finding_comes_first_and_is_the_next_step() -> None:
    grave = finding(1, rule="ISO301", name="object-in-static", severity="error")
    text = text_of(report(finding(0), grave))
    assert text.index("ISO301") < text.index("ISO201")
    assert "Next: isoview explain ISO301" in text


def test_what_was_decided_is_told_apart_with_its_reason() -> None:
    settled = finding(0, status="intended", reason="shared on purpose")
    text = text_of(report(settled, finding(1, rule="ISO301")))
    assert "1 finding open: 1 warning; 1 more decided." in text
    assert "Decision: shared on purpose" in text
    assert "ISO201 static-type, intended" in text


def test_silence_is_not_a_verdict() -> None:
    not_run = (NotRun("ISO301", "no symbols"), NotRun("ISO302", "no symbols"))
    blind = replace(report(), not_run=not_run)
    facts = replace(
        blind.facts,
        completeness=Completeness(Item("full"), Item("none", "PyO3 builds them"), Item("full")),
        damage=(Damage(".dynsym", "ends early"),),
        stage="shape",
        types=(),
    )
    text = text_of(replace(blind, facts=facts))
    assert "No findings open. 20 rules ran, 2 could not." in text
    assert "ISO301, ISO302 could not look: no symbols" in text
    assert "seen not at all: PyO3 builds them" in text
    assert "unknown: PyO3 builds them" in text
    assert ".dynsym: ends early" in text
    assert "no instruction was decoded" in text


def test_an_unset_m_size_is_not_a_zero() -> None:
    subject = report()
    unset = replace(subject.facts.definitions[0], m_size=None, has_traverse=None)
    text = text_of(replace(subject, facts=replace(subject.facts, definitions=(unset,))))
    assert "m_size         not told by the file" in text
    assert "state hooks    not told by the file" in text


def test_a_file_that_is_no_extension_is_said_to_be_none() -> None:
    subject = replace(report(), verdict=None)
    artifact = replace(subject.facts.artifact, is_extension=False)
    text = text_of(replace(subject, facts=replace(subject.facts, artifact=artifact, init=())))
    assert "This is no extension module" in text
    assert "Verdict" not in text


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
def test_no_name_from_a_file_acts_on_the_terminal(variant: int, verbose: bool) -> None:
    text = text_of(full_report(variant, HOSTILE), verbose=verbose)
    acting = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs"}} - {"\n"}
    assert acting == set()
    assert "\\x1b]0;x" in text


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
def test_plain_text_fits_80_columns(variant: int, verbose: bool) -> None:
    text = text_of(full_report(variant, "a_long_name_with_" * 8), verbose=verbose)
    header = 2  # file and folder stand as they are, to be copied
    assert max(len(row) for row in text.splitlines()[header:]) <= 80


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_the_same_words_in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    lines = report_lines(report(finding(0), finding(1)))
    styled = Terminal()
    show(lines, styled)
    assert "\x1b[1;31m" in styled.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    bare = Terminal()
    show(lines, bare)
    assert bare.getvalue() == plain(lines)


def test_no_color_takes_the_colours_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    styled = Terminal()
    show(report_lines(report(finding(0))), styled)
    assert "\x1b[31m" not in styled.getvalue()
    assert "\x1b[1;31m" not in styled.getvalue()


def test_marks_become_ascii_where_the_encoding_lacks_them() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="backslashreplace")
    show(report_lines(report(finding(0))), stream)
    shown = raw.getvalue().decode("ascii")
    assert "  x own GIL" in shown
    assert "\\u" not in shown


def test_lines_wrap_at_words_and_hang() -> None:
    text = plain([line("one two three four", indent=2, hang=4)], width=24)
    assert text == "  one two three four\n"
    rows = plain([line("word " * 20, indent=2, hang=4)], width=30).splitlines()
    assert rows[0].startswith("  word")
    assert all(row.startswith("    word") for row in rows[1:])
    assert max(map(len, rows)) <= 30


def test_a_word_longer_than_the_line_is_cut() -> None:
    rows = list(laid_out([line("x" * 100)], 40))
    assert [sum(len(text) for text, _style in row) for row in rows] == [40, 40, 20]


def test_markdown_keeps_code_and_flows_text() -> None:
    source = "Text\nthat *flows* with `code`.\n\n- one\n  more\n- two\n\n```c\nint  x;\n```\n"
    assert plain(markdown_lines(source)) == (
        "Text that flows with code.\n\n- one more\n- two\n\n    int  x;\n"
    )


def test_sizes_and_lists_read_well() -> None:
    assert [size(n) for n in (0, 1, 812, 1234, 512_000, 20_000_000)] == [
        "0 bytes", "1 byte", "812 bytes", "1.2 kB", "512 kB", "20 MB",
    ]  # fmt: skip
    assert listed([], 3) == "none"
    assert listed(list("abcd"), 3) == "a, b, c, d"
    assert listed(list("abcde"), 3) == "a, b, c, … and 2 more"
