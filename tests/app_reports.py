"""A module made up for the app's tests: every kind of fact and finding, no path of any machine."""

from isoview.inspectors.facts import (
    Artifact,
    CApiUse,
    Completeness,
    Definition,
    Evidence,
    Facts,
    Global,
    Init,
    Item,
    Method,
    Section,
    Slot,
    Toolchain,
    Type,
)
from isoview.model import Answer, Finding, NotRun, Report, Verdict, Where

INIT = Init("PyInit_sample", "sample", True, "single", "code", None, 0x1200, 0x4000)
DEFINITION = Definition(
    "moduledef", 0x4000, "static", True, None, "sample", "A sample.", -1,
    (Method("connect", 0x3), Method("close", 0x4)),
    (Slot(2, "Py_mod_exec", None, 0x1300),),
    True, False, False, True,
)  # fmt: skip
TYPES = tuple(
    Type(
        0x4100 + 0x1A0 * index, f"sample.{name}", "static", "object", 40 + index, 0,
        0x4400, ("BASETYPE", "HAVE_GC"), ("tp_dealloc",), False, True,
        (Method("fetch", 0x4),), (Evidence("type", "PyTypeObject in .data", 0x4100),),
    )
    for index, name in enumerate(("Connection", "Cursor", "Column"))
)  # fmt: skip
STATICS = (
    Global(0x5000, "cached_null", ".bss", 8, "object",
           (Evidence("stored", "the result of PyObject_CallObject is stored here", 0x1444),)),
    Global(0x5008, "counter", ".bss", 4, "scalar"),
    Global(0x4800, "methods", ".data", 96, "table"),
)  # fmt: skip
FACTS = Facts(
    artifact=Artifact(
        path="site-packages/sample.cpython-313-x86_64-linux-gnu.so", size=123456, format="elf",
        arch="x86-64", tag="cpython-313-x86_64-linux-gnu", is_extension=True, build_id="1f2e3d",
    ),
    stage="code",
    toolchains=(Toolchain("C", None, ()), Toolchain("GCC", "14.2.0", ())),
    init=(INIT,),
    definitions=(DEFINITION,),
    types=TYPES,
    globals=STATICS,
    linked=("libpq.so.5", "libc.so.6"),
    sections=(Section(".data", 0x4000, 0x900, True), Section(".bss", 0x5000, 0x20, True)),
    capi=CApiUse(("PyModule_Create2", "PyType_Ready", "PyGILState_Ensure", "PyLong_FromLong"), None),
    completeness=Completeness(Item("full"), Item("full"), Item("partial", "no .symtab")),
)  # fmt: skip


def finding(
    rule: str, name: str, severity: str, subject: str, message: str, guide: str, where: Where
) -> Finding:
    return Finding(
        rule, name, severity, "high", message, guide,  # type: ignore[arg-type]  # one of three
        f"{rule}:sample:{subject}", where, (Evidence("why", f"evidence of {rule}", where.address),),
    )  # fmt: skip


FINDINGS = (
    finding("ISO101", "single-phase-init", "error", "module", "PyInit_sample creates the module",
            "managing-per-module-state", Where("PyInit_sample", 0x1200, ".text")),
    finding("ISO301", "object-in-static", "error", "symbol:cached_null",
            "cached_null holds a Python object for the whole process",
            "enter-per-module-state", Where("cached_null", 0x5000, ".bss", "src/sample.c", 41)),
    *(finding("ISO201", "static-type", "warning", f"type:{t.name}", f"{t.name} is a static type",
              "heap-types", Where(f"{t.name.split('.')[1]}_Type", t.address, ".data"))
      for t in TYPES),
    finding("ISO305", "gilstate-api", "note", "api:PyGILState_Ensure",
            "PyGILState_Ensure is imported", "managing-global-state",
            Where("PyGILState_Ensure")),
)  # fmt: skip


def answer(declared: str, evidence: str, said: str, summary: str, *decided: str) -> Answer:
    return Answer(
        declared, evidence, "not-run", None, said, (13,), decided, summary  # type: ignore[arg-type]  # closed sets
    )  # fmt: skip


VERDICT = Verdict(
    answer("no", "against", "no", "The module says that its state is global.", FINDINGS[0].fingerprint),
    answer("omitted", "against", "unknown", "Nothing is declared.", FINDINGS[1].fingerprint),
    answer("no", "against", "no", "Single-phase init is refused.", FINDINGS[0].fingerprint),
    answer("cannot-say", "not-analysed", "unknown", "The file cannot say."),
)  # fmt: skip
SCORECARD = {"managing-per-module-state": "open", "heap-types": "open", "background": "met"}
REPORT = Report(FACTS, VERDICT, SCORECARD, FINDINGS, (NotRun("ISO206", "no flags"),), 14)
