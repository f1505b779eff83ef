"""The guide: the outline of the HOWTO is complete, every part is there, every snippet works.

A *before* snippet must really show the problem and its *after* must not: each pair is compiled
as an extension module and tried in a child process. Interpreters beside the running one are
taken from ``ISOVIEW_PYTHONS`` (a path list).
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from guide_snippets import LOADER, SNIPPETS, build_facts, compile_snippet, run

import isoview.guide
from isoview.guide import Section, find, search, sections

PAGE = "https://docs.python.org/3/howto/isolating-extensions.html"

OUTLINE = (
    "isolating-extension-modules",
    "who-should-read-this",
    "background",
    "enter-per-module-state",
    "isolated-module-objects",
    "surprising-edge-cases",
    "making-modules-safe-with-multiple-interpreters",
    "managing-global-state",
    "managing-per-module-state",
    "opt-out-limiting-to-one-module-object-per-process",
    "module-state-access-from-functions",
    "heap-types",
    "changing-static-types-to-heap-types",
    "defining-heap-types",
    "garbage-collection-protocol",
    "tp-traverse-in-python-3-8-and-lower",
    "delegating-tp-traverse",
    "defining-tp-dealloc",
    "not-overriding-tp-free",
    "avoiding-pyobject-new",
    "module-state-access-from-classes",
    "module-state-access-from-regular-methods",
    "module-state-access-from-slot-methods-getters-and-setters",
    "lifetime-of-the-module-state",
    "open-issues",
    "per-class-scope",
    "lossless-conversion-to-heap-types",
)
# Sections in which there is nothing to show, and which say so.
WITHOUT_SNIPPETS = {
    "who-should-read-this",
    "open-issues",
    "per-class-scope",
    "lossless-conversion-to-heap-types",
}
PARTS = ("What it asks", "Why", "How isoview checks it", "Fix by generator")
GENERATORS = {"C", "Cython", "pybind11", "nanobind", "PyO3", "SWIG", "cffi", "mypyc"}

# What goes wrong with the module named "before": true there, false for "after". A child that dies
# has the problem, too.
PROBLEMS = {
    "isolating-extension-modules": "problem = load().Refused is a.Refused",
    "background": "a.remember('x'); problem = 'x' in load().remember('y')",
    "enter-per-module-state": "a.count(); problem = load().count() != 1",
    "isolated-module-objects": "problem = load().log is a.log",
    "surprising-edge-cases": """
b = load()
try:
    a.fail()
except Exception as error:
    assert type(error) in (a.Error, b.Error)
    problem = type(error) is not a.Error
""",
    "making-modules-safe-with-multiple-interpreters": """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
source = 'from importlib.machinery import ExtensionFileLoader as L\\n' \\
         'from importlib.util import module_from_spec, spec_from_file_location as s\\n' \\
         f'module_from_spec(s({NAME!r}, {PATH!r}, loader=L({NAME!r}, {PATH!r})))'
own_gil = interpreters.create()
try:
    failure = interpreters.run_string(own_gil, source)
except interpreters.RunFailedError as error:
    failure = error
interpreters.destroy(own_gil)
assert failure is None or 'does not support loading in subinterpreters' in str(failure), failure
problem = failure is not None
""",
    "managing-global-state": "b = load(); del a; gc.collect(); problem = not b.is_on()",
    "managing-per-module-state": """
a.keep(a); dead = weakref.ref(a); del a; gc.collect(); problem = dead() is not None
""",
    "opt-out-limiting-to-one-module-object-per-process": """
problem = not raises(ImportError, load) or not raises(ImportError, load) or a.count() != 0
""",
    "module-state-access-from-functions": "b = load(); a.add_one(); problem = b.add_one() != 1",
    "heap-types": "problem = load().Marker is a.Marker",
    "changing-static-types-to-heap-types": """
callable_ = not raises(TypeError, a.Token)
mutable = not raises(TypeError, setattr, a.Token, 'x', 1)
assert callable_ == mutable
problem = callable_
""",
    "defining-heap-types": """
problem = raises(TypeError, a.Thing().home)
if not problem:
    assert a.Thing().home() is a
""",
    "garbage-collection-protocol": """
class Other: pass
box, other = a.Box(), Other()
box.hold(other); other.box = box
dead = weakref.ref(other); del box, other; gc.collect(); problem = dead() is not None
""",
    "tp-traverse-in-python-3-8-and-lower": "problem = a.Node not in gc.get_referents(a.Node())",
    "delegating-tp-traverse": "problem = gc.get_referents(a.Derived()).count(a.Derived) != 1",
    "defining-tp-dealloc": """
had = sys.getrefcount(a.Item)
for _ in range(100): a.Item()
problem = sys.getrefcount(a.Item) > had + 50
""",
    "not-overriding-tp-free": "a.Cell(); problem = False",
    "avoiding-pyobject-new": "a.make_point(); gc.collect(); problem = False",
    "module-state-access-from-classes": "a.Ticket.issue(); problem = load().Ticket.issue() != 1",
    "module-state-access-from-regular-methods": """
class Sub(a.Counter): pass
assert a.Counter().bump() == 1
problem = raises(TypeError, Sub().bump)
if not problem:
    assert raises(TypeError, a.Counter().bump, 1)
""",
    "module-state-access-from-slot-methods-getters-and-setters": """
b = load(); a.set_prefix('other'); problem = repr(b.Tag()) != '<tag>'
assert repr(a.Tag()) == '<other>'
""",
    "lifetime-of-the-module-state": """
dead = weakref.ref(a); held = a.subscribe(); del a; gc.collect(); problem = dead() is None
del held; gc.collect(); assert dead() is None
""",
}
# Memory damage: the child has to die, not just to answer.
FATAL = {"not-overriding-tp-free", "avoiding-pyobject-new"}
FIRST_VERSION = {"making-modules-safe-with-multiple-interpreters": (3, 12)}

PYTHONS = [sys.executable, *filter(None, os.environ.get("ISOVIEW_PYTHONS", "").split(os.pathsep))]
HOWTO = [section for section in sections() if section.source == "howto"]
by_id = pytest.mark.parametrize("section", HOWTO, ids=lambda section: section.id)
by_snippet = pytest.mark.parametrize("section_id", sorted(PROBLEMS))
by_python = pytest.mark.parametrize("python", PYTHONS)


def test_every_section_of_the_howto_is_there_once_and_in_order():
    assert tuple(section.id for section in HOWTO) == OUTLINE
    assert [section.order for section in HOWTO] == list(range(len(OUTLINE)))


def test_ids_are_unique_over_all_sources():
    ids = [section.id for section in sections()]
    assert len(ids) == len(set(ids))


def test_file_names_agree_with_the_front_matter():
    folder = Path(isoview.guide.__file__).parent
    names = {path.name for path in folder.glob("*.md")}
    assert names == {f"{s.source}-{s.order:02d}-{s.id}.md" for s in sections()}


@by_id
def test_url_is_well_formed_and_anchored(section):
    parts = urlsplit(section.url)
    assert parts.scheme == "https"
    assert parts.netloc
    assert section.url == (PAGE if section.order == 0 else f"{PAGE}#{section.id}")


@by_id
def test_every_part_is_there_and_says_something(section):
    headings = re.findall(
        r"^## (.+)$", re.sub(r"(?ms)^```.*?^```$", "", section.body), re.MULTILINE
    )
    expected = list(PARTS)
    if section.id not in WITHOUT_SNIPPETS:
        expected[3:3] = SNIPPETS
    assert headings == expected
    for heading in headings:
        text = section.part(heading)
        assert text is not None
        assert len(text) > 80, heading
    assert section.title


@by_id
def test_no_rule_code_is_named(section):
    assert not re.search(r"\bISO\d", section.body)


@by_id
def test_the_checks_say_what_cannot_be_checked(section):
    text = section.part("How isoview checks it")
    if section.id in WITHOUT_SNIPPETS:
        assert "nothing to check" in text
    else:
        assert re.findall(r"^- \*\*(.+?)\*\*:", text, re.MULTILINE) == [
            "In the file",
            "Loaded",
            "Not checked",
        ]


@by_id
def test_every_generator_has_its_line(section):
    text = section.part("Fix by generator")
    if section.id in WITHOUT_SNIPPETS:
        assert all(name in text for name in GENERATORS)
        return
    named = re.findall(r"^- \*\*(.+?)\*\*:", text, re.MULTILINE)
    generators = [name for lead in named for name in lead.split(", ")]
    assert sorted(generators) == sorted(GENERATORS)


def test_the_problems_cover_every_pair_of_snippets():
    assert set(PROBLEMS) == set(OUTLINE) - WITHOUT_SNIPPETS


@by_python
@by_snippet
def test_before_has_the_problem_and_after_has_not(section_id, python, tmp_path):
    version = build_facts(python)[0]
    outcomes = {}
    for part in SNIPPETS:
        module = compile_snippet(python, section_id, part, tmp_path)
        imported = run(python, LOADER, part, module)
        assert imported.returncode == 0, imported.stderr
        if version >= FIRST_VERSION.get(section_id, version):
            outcomes[part] = run(
                python, f"{LOADER}\n{PROBLEMS[section_id]}\nprint(problem)", part, module
            )
    if not outcomes:
        pytest.skip(f"compiled and imported; what it shows begins with {FIRST_VERSION[section_id]}")
    before, after = outcomes["Before"], outcomes["After"]
    assert (after.returncode, after.stdout) == (0, "False\n"), after.stderr
    if section_id in FATAL and "t-" in build_facts(python)[3]:
        pytest.skip("compiled and run; the free-threaded allocator leaves this damage silent")
    if section_id in FATAL:
        assert before.returncode < 0, "the child survived"
    else:
        assert (before.returncode, before.stdout) == (0, "True\n"), before.stderr


def test_find_reads_only_the_section_it_is_asked_for():
    script = (
        "import isoview.guide as g\n"
        "g.find('heap-types')\n"
        "print(g._read.cache_info().currsize)\n"
        "import sys; print('isoview.rules' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["1", "False"]


def test_find_knows_no_other_id():
    assert find("heap-types").title == "Heap Types"
    assert find("no-such-section") is None


def test_part_is_exact_and_survives_fences():
    section = Section("x", "X", "howto", PAGE, 1, "## A\n\n```c\n## B\n```\n\n## B\n\ntext\n")
    assert section.part("A") == "```c\n## B\n```"
    assert section.part("B") == "text"
    assert section.part("C") is None


def test_search_wants_all_words_in_any_case_and_prefers_titles():
    assert [s.id for s in search("HEAP types")][:3] == [
        "heap-types",
        "changing-static-types-to-heap-types",
        "defining-heap-types",
    ]
    assert {s.id for s in search(["PyMutex", "flag"])} <= {s.id for s in search("pymutex")}
    assert search("tp_free overriding")[0].id == "not-overriding-tp-free"
    assert search("zebra heap") == ()
    assert search("  ") == ()
