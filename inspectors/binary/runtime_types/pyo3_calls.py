"""PyO3's exceptions and its interpreter guard, from the calls that make and reach them."""

import re
from collections.abc import Collection

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.runtime_types.pyo3_builder import arguments
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import Value
from isoview.inspectors.facts import Evidence

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+\Z")
_PANIC = "pyo3_runtime.PanicException"
_WORDS = 16
_REACH = 300
"""Functions that are looked through for a way from the init function to the guard."""


def exceptions(code: Code) -> tuple[str, ...]:
    """Dotted names of the exceptions made with ``create_exception!``.

    One library function calls ``PyErr_NewExceptionWithDoc``; its callers pass the name. PyO3's own
    PanicException is in every file and left out.
    """
    makers = {
        function.start
        for site in code.callers_of_import(("PyErr_NewExceptionWithDoc",))
        if (function := code.functions.containing(site)) is not None
    }
    names: set[str] = set()
    for address in code.calls.sites_of(makers):
        function = code.functions.containing(address)
        decoded = code.decode(function) if function is not None else None
        if function is None or decoded is None:
            continue
        passed: dict[int, str] = {}  # texts that a call got, by the call: a check, then the text
        for site in code.tracker.sites(function.start, function.end, decoded):
            values = arguments(code, site)[:8]
            texts = [name for value in values if (name := _dotted(code, value))]
            if site.address == address:
                results = (value for value in values if isinstance(value, tuple))
                texts += [passed[v[1]] for v in results if v[0] == "result" and v[1] in passed]
                names.update(texts)
            elif texts:
                passed[site.address] = texts[0]
    return tuple(sorted(names - {_PANIC}))


def _dotted(code: Code, value: Value | None) -> str | None:
    if not isinstance(value, int) or code.image.in_code(value):
        return None
    text = code.image.cstring(value, 256)
    return text if text is not None and _DOTTED.match(text) else None


def guard_reach(
    code: Code, starts: Collection[int], version: str | None, submodules: int
) -> Evidence | None:
    """Where PyO3's guard stands in the code, and whether initialization leads to it.

    The guard compares the interpreter's id with the first one's; up to 0.27 every module does, from
    0.28 on only those that are added as submodules, which a module does while it is filled.
    ``starts`` are the init function and what it hands to the interpreter to be run.
    """
    guards = {
        function.start
        for site in code.callers_of_import(("PyInterpreterState_GetID",))
        if (function := code.functions.containing(site)) is not None
    }
    if not guards:
        return None
    first = min(guards)
    where = f"the interpreter's id is asked for in the function at {first:#x}"
    if version is not None and _number(version) < (0, 28):
        text = f"{where}; PyO3 {version} goes through it for every module it makes"
        return Evidence("guard-reached", text, first)
    if any(_leads_to(code, code.functions.at(start), guards) for start in starts):
        return Evidence("guard-reached", f"{where}, to which the init function leads", first)
    if submodules > 0:
        text = f"{where}; a submodule goes through it, and {submodules} are defined in the file"
        return Evidence("guard-reached", text, first)
    text = f"{where}; no way from the init function to it was seen (submodules go through it)"
    return Evidence("guard-elsewhere", text, first)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _leads_to(code: Code, start: Function, wanted: set[int]) -> bool:
    pending, seen = [start], {start.start}
    while pending and len(seen) < _REACH:
        function = pending.pop(0)
        if function.start in wanted:
            return True
        for step in code.decode(function) or ():
            if step[1] not in (i.CALL, i.JUMP, i.ADDRESS):
                continue
            # Also the functions that a constant structure points to: PyO3's module definition.
            words = (step[8] + 8 * n for n in range(_WORDS)) if step[1] == i.ADDRESS else ()
            for target in (step[8], *(code.image.pointers.get(word) for word in words)):
                if target and code.functions.starts_at(target) and target not in seen:
                    seen.add(target)
                    pending.append(code.functions.at(target))
    return bool(seen & wanted)
