"""The fact tree as plain data: a report becomes branches. Nothing here knows Textual."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby

from isoview.capi_groups import grouped
from isoview.evidence import Subjects
from isoview.inspectors.facts import Definition, Facts, Global, Type
from isoview.model import SEVERITIES, Report
from isoview.reports.words import file_format
from isoview.tui.branch import (
    PHASES,
    Branch,
    GuideRef,
    evidence_lines,
    init_details,
    method_lines,
    several,
    size_text,
    type_details,
    unknown,
    yes_no,
)

TYPE_KINDS = ("static", "spec", "template", "built")
SCORE_STATES = ("met", "open", "not-applicable", "not-analysed")


def outline(report: Report, subjects: Subjects) -> tuple[Branch, ...]:
    """The branches of a report, in reading order: what it claims, what it carries."""
    return _Outline(report, subjects).branches()


class _Outline:
    def __init__(self, report: Report, subjects: Subjects) -> None:
        self.report = report
        self.facts: Facts = report.facts
        self.subjects = subjects

    def branches(self) -> tuple[Branch, ...]:
        return (
            *self.inits(),
            *(self.definition(entry) for entry in self.facts.definitions),
            self.types(),
            self.statics(),
            self.capi(),
            *self.capsules(),
            self.libraries(),
            self.toolchains(),
            *self.scorecard(),
            self.completeness(),
            *self.damage(),
            self.file(),
        )

    def branch(
        self,
        key: str,
        name: str,
        value: str = "",
        about: object = None,
        grow: Callable[[], Iterable[Branch]] | None = None,
        unfolded: bool = False,
    ) -> Branch:
        return Branch(key, name, value, about, grow, unfolded, self.worst(about))

    def worst(self, about: object) -> str | None:
        """The severity of the worst open finding about a fact."""
        open_ones = {
            f.severity for f in self.subjects.findings(about) if f.status in {"open", "confirmed"}
        }
        return next((severity for severity in SEVERITIES if severity in open_ones), None)

    # -- what it claims -------------------------------------------------------------------------

    def inits(self) -> Iterator[Branch]:
        if not self.facts.init:
            yield Branch("init", "init", "none exported")
        for entry in self.facts.init:
            yield self.branch(
                f"init/{entry.symbol}",
                "init" if entry.own else "other init",
                PHASES.get(entry.phase, entry.phase),
                entry,
                partial(init_details, entry),
            )

    def definition(self, entry: Definition) -> Branch:
        key = f"definition/{entry.m_name or entry.kind}"
        kind = "PyModuleDef" if entry.kind == "moduledef" else "slot array"
        where = "made at run time" if entry.address is None else f"{entry.address:#x}"
        own = entry.own is not False
        return self.branch(
            key,
            kind if own else f"{kind} (other)",
            where,
            entry,
            lambda: self.definition_details(key, entry),
            unfolded=own,
        )

    def definition_details(self, key: str, entry: Definition) -> Iterator[Branch]:
        yield Branch(f"{key}/m_name", "m_name", entry.m_name or "unknown", entry)
        yield Branch(f"{key}/m_size", "m_size", unknown(entry.m_size), entry)
        methods = method_lines(f"{key}/methods", entry.methods, entry)
        yield Branch(f"{key}/methods", "methods", str(len(entry.methods)), entry, methods)
        if entry.slots:
            count = str(len(entry.slots)) + ("" if entry.slots_complete else " or more")
        else:
            count = "none" if entry.slots_complete else "unknown"
        yield Branch(
            f"{key}/slots",
            "slots",
            count,
            entry,
            (lambda: self.slots(key, entry)) if entry.slots else None,
            unfolded=True,
        )
        for hook in ("traverse", "clear", "free"):
            value = yes_no(getattr(entry, f"has_{hook}"))
            yield Branch(f"{key}/m_{hook}", f"m_{hook}", value, entry)
        if entry.m_doc:
            yield Branch(f"{key}/m_doc", "m_doc", entry.m_doc, entry)

    def slots(self, key: str, entry: Definition) -> Iterator[Branch]:
        for index, slot in enumerate(entry.slots):
            if slot.value is not None:
                value = str(slot.value)
            elif isinstance(slot.function, int):
                value = f"{slot.function:#x}"
            else:
                value = slot.function or "unknown"
            name = slot.name.removeprefix("Py_mod_")
            yield Branch(f"{key}/slots/{index}.{slot.name}", name, value, entry)

    # -- what it carries ------------------------------------------------------------------------

    def types(self) -> Branch:
        entries = self.facts.types
        kinds = {kind: sum(t.kind == kind for t in entries) for kind in TYPE_KINDS}
        value = ", ".join(f"{number} {kind}" for kind, number in kinds.items() if number)
        if not entries:
            level = self.facts.completeness.types.level
            value = "none" if level == "full" else f"none found ({level})"

        def grow() -> Iterator[Branch]:
            for kind in TYPE_KINDS:
                for entry in entries:
                    if entry.kind == kind:
                        yield self.type(entry)

        return Branch("types", "types", value, None, grow if entries else None)

    def type(self, entry: Type) -> Branch:
        key = f"types/{entry.name}"
        return self.branch(key, entry.name, entry.kind, entry, lambda: type_details(key, entry))

    def statics(self) -> Branch:
        entries = sorted(self.facts.globals, key=lambda entry: (entry.section, entry.address))
        objects = sum(entry.kind == "object" for entry in entries)
        value = f"{len(entries)}" + (f" ({several(objects, 'object')})" if objects else "")

        def grow() -> Iterator[Branch]:
            for section, found in groupby(entries, key=lambda entry: entry.section):
                group = tuple(found)
                size = size_text(sum(entry.size for entry in group))
                yield Branch(
                    f"statics/{section}",
                    section,
                    f"{len(group)} · {size}",
                    None,
                    partial(map, self.static, group),
                )

        return Branch("statics", "statics", value, None, grow if entries else None)

    def static(self, entry: Global) -> Branch:
        name = entry.symbol or f"{entry.address:#x}"
        value = f"{entry.kind} · {size_text(entry.size)}"
        return self.branch(f"statics/{entry.section}/{name}", name, value, entry)

    def capi(self) -> Branch:
        imports = self.facts.capi.imports
        limited = f" · limited {self.facts.capi.limited}" if self.facts.capi.limited else ""

        def grow() -> Iterator[Branch]:
            for group, symbols in grouped(imports).items():
                yield Branch(
                    f"capi/{group}",
                    group,
                    str(len(symbols)),
                    None,
                    partial(map, self.api_name, symbols),
                )

        value = f"{len(imports)}{limited}"
        return Branch("capi", "C API", value, None, grow if imports else None)

    def api_name(self, symbol: str) -> Branch:
        return self.branch(f"capi/{symbol}", symbol, "", symbol)

    def capsules(self) -> Iterator[Branch]:
        entries = self.facts.capsules
        if entries:
            yield Branch(
                "capsules",
                "capsules",
                str(len(entries)),
                None,
                lambda: (Branch(f"capsules/{c.role}/{c.name}", c.name, c.role) for c in entries),
            )

    def libraries(self) -> Branch:
        speaking = {entry.name: entry.audited for entry in self.facts.libraries}
        linked = tuple(dict.fromkeys((*speaking, *self.facts.linked)))

        def grow() -> Iterator[Branch]:
            for name in linked:
                audited = speaking.get(name)
                value = (
                    ""
                    if audited is None
                    else "C API · " + ("audited" if audited else "not analysed")
                )
                yield Branch(f"libraries/{name}", name, value)

        return Branch("libraries", "libraries", str(len(linked)), None, grow if linked else None)

    # -- how it was made, and how well it could be read ------------------------------------------

    def toolchains(self) -> Branch:
        entries = self.facts.toolchains
        value = f"{entries[0].name} {entries[0].version or ''}".strip() if entries else "unknown"

        def grow() -> Iterator[Branch]:
            for entry in entries:
                name = f"{entry.name} {entry.version or ''}".strip()
                key = f"toolchain/{entry.name}"
                yield Branch(key, name, "", None, evidence_lines(key, entry.evidence))
            yield from evidence_lines("toolchain/guards", self.facts.guards)()

        return Branch("toolchain", "toolchain", value, None, grow)

    def scorecard(self) -> Iterator[Branch]:
        score = self.report.scorecard
        if not score:
            return
        count = {state: sum(value == state for value in score.values()) for state in SCORE_STATES}
        value = ", ".join(f"{count[state]} {state}" for state in ("open", "met") if count[state])
        yield Branch(
            "guide",
            "guide",
            value,
            None,
            lambda: (
                Branch(f"guide/{section}", section, state, GuideRef(section))
                for section, state in score.items()
            ),
        )

    def completeness(self) -> Branch:
        items = {
            item: getattr(self.facts.completeness, item)
            for item in ("definitions", "types", "globals")
        }
        levels = [entry.level for entry in items.values()]
        worst = "none" if "none" in levels else "partial" if "partial" in levels else "full"
        not_run = self.report.not_run

        def grow() -> Iterator[Branch]:
            for item, entry in items.items():
                value = entry.level + (f": {entry.reason}" if entry.reason else "")
                yield Branch(f"read/{item}", item, value)
            yield Branch("read/stage", "stage", self.facts.stage)
            rules = f"{self.report.rules_run} ran, {len(not_run)} could not"
            yield Branch(
                "read/rules",
                "rules",
                rules,
                None,
                (lambda: (Branch(f"read/{n.rule}", n.rule, n.reason) for n in not_run))
                if not_run
                else None,
            )

        return Branch("read", "completeness", worst, None, grow)

    def damage(self) -> Iterator[Branch]:
        entries = self.facts.damage
        if entries:
            yield Branch(
                "damage",
                "damage",
                str(len(entries)),
                None,
                lambda: (Branch(f"damage/{i}", d.where, d.text) for i, d in enumerate(entries)),
            )

    def file(self) -> Branch:
        artifact = self.facts.artifact

        def grow() -> Iterator[Branch]:
            for name, value in (
                ("path", artifact.path),
                ("size", size_text(artifact.size)),
                (
                    "format",
                    f"{file_format(artifact.format)} {artifact.bits}-bit {artifact.endian}-endian",
                ),
                ("arch", artifact.arch),
                ("tag", artifact.tag or "none"),
                ("build id", artifact.build_id or "none"),
                ("symbols", "stripped" if artifact.stripped else "full table"),
                ("extension", yes_no(artifact.is_extension)),
            ):
                yield Branch(f"file/{name}", name, value)
            for section in self.facts.sections:
                kind = "writable" if section.writable else "read-only"
                value = f"{size_text(section.size)} · {kind}"
                yield Branch(f"file/section/{section.name}", section.name, value)

        return Branch("file", "file", size_text(artifact.size), None, grow)
