"""A reading of a process as plain data: the form ``isoview.process/1``.

Fields are added, never renamed. Addresses are run-time addresses of the target; a
``link_address`` is the file's own numbering.
"""

from collections.abc import Iterable
from typing import Any

from isoview.attach import Attached, Audited, Observed, Read, StaticsRead, observed
from isoview.inspectors.process.facts import InterpreterFact, Module, Shared, Walk
from isoview.model import COUNTING, QUESTIONS, Finding
from isoview.version import VERSION

SCHEMA = "isoview.process/1"


def process_to_data(
    attached: Attached,
    reading: Read,
    statics: list[dict[str, Any]],
    audits: list[dict[str, Any]],
) -> dict[str, Any]:
    """Everything that one attach gave; statics and audits are data already, for they are many."""
    walk = reading.walk
    return {
        "schema": SCHEMA,
        "isoview": VERSION,
        "pid": attached.pid,
        "command": _text(attached.command),
        "python": {"version": attached.version, "free_threaded": attached.free_threaded},
        "mode": "read-only",
        "interpreters": [interpreter_to_data(entry) for entry in walk.interpreters],
        "shared": {
            "modules": [_shared(entry) for entry in walk.sharing.modules],
            "types": [
                {**_shared(entry), "static": entry.static, "core": entry.core}
                for entry in walk.sharing.types
            ],
            "objects": [
                {**_shared(entry), "object_type": entry.kind} for entry in walk.sharing.objects
            ],
            "plain_objects": walk.sharing.plain_objects,
        },
        "files": [
            {"file": _text(file.file), "load_bias": file.loaded.bias, "on_disk": file.state}
            for file in reading.files
        ],
        "statics": statics,
        "observed": [observed_to_data(entry) for entry in observed(walk)],
        "audits": audits,
        "consistency": consistency_to_data(walk),
    }


def _text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def interpreter_to_data(interpreter: InterpreterFact) -> dict[str, Any]:
    return {
        "id": interpreter.id,
        "address": interpreter.address,
        "own_gil": interpreter.own_gil,
        "gil": interpreter.gil,
        "threads": [
            {"id": thread.id, "native_id": thread.native_id} for thread in interpreter.threads
        ],
        "modules": [module_to_data(module) for module in interpreter.modules],
    }


def module_to_data(module: Module) -> dict[str, Any]:
    definition = module.definition
    return {
        "name": module.name,
        "address": module.address,
        "kind": module.kind,
        "object_type": module.object_type,
        "file": module.file,
        "extension": module.extension,
        "definition": definition.address if definition else None,
        "definition_kind": definition.kind if definition else None,
        "phase": module.phase,
        "m_size": module.m_size,
        "state": module.state,
        "slots": [slot._asdict() for slot in definition.slots] if definition else [],
        "complete": module.complete,
        "types": [
            {
                "name": row.name,
                "attribute": row.attribute,
                "address": row.address,
                "flags": row.flags,
                "basicsize": row.basicsize,
                "static": row.static,
                "own": row.own,
                "module_tied": row.tied,
            }
            for row in module.types
        ],
    }


def _shared(entry: Shared) -> dict[str, Any]:
    return {
        "name": entry.name,
        "address": entry.address,
        "interpreters": list(entry.interpreters),
    }


def statics_to_data(entry: StaticsRead) -> list[dict[str, Any]]:
    file = _text(entry.file.file)
    return [
        {
            "file": file,
            "symbol": named.symbol,
            "place": named.place,
            "address": named.static.address,
            "link_address": named.static.link_address,
            "target": named.static.target,
            "object_type": named.static.object_type,
            "description": named.static.description,
            "core": named.static.core,
            "inside": named.static.inside,
        }
        for named in entry.named
    ]


def observed_to_data(entry: Observed) -> dict[str, Any]:
    return {
        "module": entry.module,
        "file": entry.file,
        "interpreters": list(entry.interpreters),
        "outcome": entry.outcome,
        "shared_types": list(entry.shared_types),
        "shared_objects": list(entry.shared_objects),
    }


def audit_to_data(entry: Audited) -> dict[str, Any]:
    verdict = entry.verdict
    return {
        "file": _text(entry.file.file),
        "problem": None if entry.problem is None else _text(entry.problem),
        "verdict": None
        if verdict is None
        else {
            question: {
                "declared": getattr(verdict, question).declared,
                "evidence": getattr(verdict, question).evidence,
                "answer": getattr(verdict, question).answer,
            }
            for question in QUESTIONS
        },
        "findings": None if entry.problem is not None else _counts(entry.findings),
    }


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How often each rule was met, of what still counts."""
    counts: dict[str, int] = {}
    for finding in findings:
        if finding.status in COUNTING:
            counts[finding.rule] = counts.get(finding.rule, 0) + finding.count
    return counts


def consistency_to_data(walk: Walk) -> dict[str, Any]:
    return {
        "entries_unread": walk.unread_count,
        "unread": [entry._asdict() for entry in walk.unread],
        "entries_read_again": walk.again,
        "paused_ms": round(walk.paused_ms, 3),
        "walk_ms": round(walk.milliseconds, 3),
    }


def inside_to_data(
    pid: int,
    mode: str,
    status: str,
    message: str | None,
    python: dict[str, Any] | None,
    modules: list[dict[str, Any]],
) -> dict[str, Any]:
    """What the probe said inside the process: the same form, with what it can know."""
    known = [
        entry["info"] | {"name": entry["name"], "address": entry["address"]}
        for entry in modules
        if "info" in entry
    ]
    return {
        "schema": SCHEMA,
        "isoview": VERSION,
        "pid": pid,
        "command": None,
        "python": python,
        "mode": mode,
        "status": status,
        "message": message,
        "interpreters": [
            {"id": 0, "own_gil": None, "modules": [_inside_module(info) for info in known]}
        ]
        if known
        else [],
        "shared": {"modules": [], "types": [], "objects": [], "plain_objects": 0},
        "files": [
            {"file": info["file"], "load_bias": info["load_bias"]}
            for info in known
            if info["file"] is not None and info["load_bias"] is not None
        ],
        "statics": [],
        "inside": modules,
        "consistency": {"entries_unread": len(modules) - len(known), "paused_ms": 0.0},
    }


def _inside_module(info: dict[str, Any]) -> dict[str, Any]:
    definition = info["definition"]
    return {
        "name": info["name"],
        "address": info["address"],
        "file": info["file"],
        "extension": True,
        "definition": definition["address"] if definition else None,
        "phase": info["phase"],
        "m_size": info["m_size"],
        "state": None,
        "types": [
            {key: row[key] for key in ("name", "address", "flags", "static", "module_tied")}
            for row in info["types"]
        ],
    }
