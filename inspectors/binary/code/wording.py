"""Evidence in words: what was seen, and where a maintainer finds it."""

from isoview.inspectors.binary.code import api
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.record import Record
from isoview.inspectors.binary.code.values import (
    ADDRESS_OF,
    ARGUMENT,
    COMPARED,
    COUNTED,
    FIELD,
    FILLED_BY,
    FLOWED,
    GIVEN_BY,
    MEMORY,
    PASSED,
    RESULT_OF,
    RETURNED,
    TYPE_OF,
    TYPED,
    VALUE_OF,
    Node,
    Reason,
)
from isoview.inspectors.facts import Evidence

STORED, CORE, USED, DERIVED = "stored", "core", "used", "flow"
"""Kinds of evidence: an object was stored, one of the interpreter's own static ones was (None, a
type, an exception), it is used as an object, or it comes by way of other code.
"""
CHAIN_LIMIT = 4

_KINDS = {RESULT_OF: STORED, ADDRESS_OF: STORED, VALUE_OF: STORED, TYPE_OF: STORED,
          FILLED_BY: STORED, GIVEN_BY: STORED, PASSED: USED, COUNTED: USED, COMPARED: USED, TYPED: USED,
          FLOWED: DERIVED}  # fmt: skip


class Wording:
    """Puts the reasons of one file into words."""

    def __init__(
        self, functions: Functions, record: Record, nodes: dict[Node, list[Reason]]
    ) -> None:
        self.functions = functions
        self.record = record
        self.nodes = nodes

    def evidence(self, reason: Reason, node: Node, prefix: str = "") -> Evidence:
        """One reason why ``node`` holds an object."""
        through = reason.through
        if isinstance(through, tuple) and through[0] == FIELD and isinstance(through[1], int):
            known = self.nodes.get(through)  # any element of an array: what is known of one
            if known:
                reason, node = known[0], through
        function = self.functions.containing(reason.at)
        text = f"{prefix}{self._said(reason, node)} at {self.place(reason.at)}"
        name = function.name if function is not None else None
        kind = _KINDS[reason.kind]
        if reason.kind == VALUE_OF or (
            reason.kind == ADDRESS_OF and api.is_object_address(reason.name)
        ):
            kind = CORE
        return Evidence(kind, text, reason.at, name)

    def place(self, at: int) -> str:
        """An instruction, and how far into which function it stands."""
        function = self.functions.containing(at)
        if function is None:
            return f"{at:#x}"
        return f"{at:#x} (+{at - function.start:#x} of {function.label})"

    def function(self, start: int) -> str:
        """How to speak of the function that starts at a link-time address."""
        return self.functions.at(start).label

    def _said(self, reason: Reason, node: Node) -> str:
        name = reason.name
        if reason.kind == PASSED:
            prototype = api.prototype(name)
            return f"passed to {name} as {prototype.spoken(reason.position) if prototype else ''}"
        if reason.kind == FLOWED:
            return self._came(reason, node)
        return {
            RESULT_OF: f"result of {name} stored",
            ADDRESS_OF: f"address of {name} stored",
            VALUE_OF: f"value of {name} stored",
            TYPE_OF: f"type of the result of {name} stored",
            FILLED_BY: f"filled by {name}",
            GIVEN_BY: f"object from {name} stored",
            COUNTED: "reference count changed",
            COMPARED: f"compared with {name}",
            TYPED: "flags of its type read",
        }[reason.kind]

    def _came(self, reason: Reason, node: Node) -> str:
        """How it came by way of other code of the file."""
        through = reason.through
        stored = (through, node) in self.record.flows if through is not None else False
        if isinstance(through, int):
            return (
                f"value of the static at {through:#x} stored"
                if stored
                else (f"copied to the static at {through:#x}, which holds an object,")
            )
        assert through is not None  # noqa: S101 - what came has come from somewhere
        kind = through[0]
        if kind == RETURNED:
            inner = self._inner(through)
            returns = f", which returns {inner}," if inner else ""
            return f"result of {self.function(through[1])}{returns} stored"
        if kind == ARGUMENT:
            where = f"argument {through[2] + 1} of {self.function(through[1])}"
            if stored:
                return f"{where} stored"
            inner = self._inner(through)
            return f"passed as {where}" + (f" ({inner} there)" if inner else "")
        if kind in (MEMORY, FIELD):
            base = through[1]
            if isinstance(base, tuple) and base[0] == ARGUMENT:
                inner = self._inner(through)
                how = f" ({inner})" if inner else ""
                return f"reached through argument {base[2] + 1} of {self.function(base[1])}{how}"
            return "element of an array of objects"
        return "object stored"

    def _inner(self, node: Node) -> str:
        """The first known reason of another node, in short."""
        for _ in range(CHAIN_LIMIT):
            reasons = self.nodes.get(node)
            if not reasons:
                return ""
            reason = reasons[0]
            if reason.kind != FLOWED:
                said = self._said(reason, node)
                return said.removesuffix(" stored")
            if reason.through is None:
                return ""
            node = reason.through
        return ""
