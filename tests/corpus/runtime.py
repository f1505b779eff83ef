"""The corpus against the interpreters of this machine: import a module, compare what it says."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from live.interpreters import Interpreter
from live.truth import Target, check
from live.truth_compare import Result

from corpus.wheels import SUPPORT, Wheel, manifest, modules

FIXTURES = Path(__file__).parents[1] / "fixtures" / "built" / "elf-x86-64"


@dataclass
class Score:
    """Counts over all modules and interpreters, and what is to be said about them."""

    modules: int = 0
    skipped: int = 0
    init_right: int = 0
    init_unknown: int = 0
    init_wrong: int = 0
    definitions_right: int = 0
    definitions_missed: int = 0
    definitions_wrong: int = 0
    definitions_elsewhere: int = 0
    static_right: int = 0
    static_missed: int = 0
    static_false: int = 0
    static_unused: int = 0
    static_unproven: int = 0
    static_late: int = 0
    specs_right: int = 0
    specs_missed: int = 0
    specs_false: int = 0
    specs_unseen: int = 0
    specs_built: int = 0
    arrays: int = 0
    arrays_right: int = 0
    talk: list[str] = field(default_factory=list)

    def add(self, label: str, result: Result, *, verbose: bool) -> None:
        """Count one module; ``verbose`` says what was skipped or is unknown, too."""
        self.modules += 1
        where = f"{label} {result.name}"
        if result.skipped:
            self.skipped += 1
            if verbose:
                self.talk.append(f"{where}: skipped: {result.skipped}")
            return
        for held in result.checks:
            if held.grade == "wrong" or (verbose and held.grade == "unknown"):
                got, expected = _short(held.got), _short(held.expected)
                self.talk.append(f"{where}: {held.field} {held.grade}: {got}, not {expected}")
        self._init_and_definition(result)
        self._types(where, result)

    def _init_and_definition(self, result: Result) -> None:
        grades = {held.field: held.grade for held in result.checks}
        phase = {grades["init symbol"], grades["phase"]}
        self.init_wrong += "wrong" in phase
        self.init_unknown += "wrong" not in phase and "unknown" in phase
        self.init_right += phase == {"right"}
        expected = {held.field: held.expected for held in result.checks}
        fields = {grades.get(name, "right") for name in DEFINITION_FIELDS}
        if expected.get("definition", 0) is None and grades["definition"] == "right":
            self.definitions_elsewhere += 1
        elif grades.get("definition") == "unknown":
            # A shim's definition lies in its group library, which is checked itself.
            self.definitions_elsewhere += "unknown" in phase
            self.definitions_missed += "unknown" not in phase
        else:
            self.definitions_wrong += "wrong" in fields
            self.definitions_missed += "wrong" not in fields and "unknown" in fields
            self.definitions_right += fields == {"right"}
        if expected["phase"] == "export":
            self.arrays += 1
            self.arrays_right += fields | phase == {"right"}

    def _types(self, where: str, result: Result) -> None:
        self.static_right += result.real
        self.static_missed += len(result.missed)
        self.static_false += len(result.false)
        self.static_unused += len(result.never_readied)
        self.static_unproven += len(result.unproven)
        self.static_late += len(result.made_later)
        self.specs_right += result.specs_right
        self.specs_unseen += len(result.specs_unseen)
        self.specs_false += len(result.specs_false)
        self.talk += [f"{where}: static type missed: {name}" for name in result.missed]
        self.talk += [f"{where}: false static type: {name}" for name in result.false]
        self.talk += [f"{where}: false spec: {name}" for name in result.specs_false]
        if result.built_at_runtime:
            self.specs_built += len(result.specs_missed)
        else:
            self.specs_missed += len(result.specs_missed)
            self.talk += [f"{where}: spec missed: {name}" for name in result.specs_missed]


DEFINITION_FIELDS = (
    "definition", "token is not the array", "m_name", "m_size", "methods", "slots", "has_traverse", "has_clear", "has_free",
)  # fmt: skip


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def loads_on(wheel: Wheel, interpreter: Interpreter) -> bool:
    """Whether the interpreter is the one the wheel was made for (abi3: one newer will do)."""
    minor = interpreter.version[1]
    if wheel.system != "linux_x86_64" and wheel.platform != "any":
        return False
    tag = f"cp3{minor}{'t' if interpreter.free_threaded else ''}"
    if wheel.abi in (tag, "none"):
        return wheel.python in (f"cp3{minor}", "py3", "py2.py3")
    if not wheel.abi.startswith("abi3") or interpreter.free_threaded:
        return False
    # One interpreter for each stable-ABI file is enough: 3.11, or the oldest that it promises.
    return minor == max(11, wheel.minor)


def against(
    interpreter: Interpreter, folders: dict[Wheel, Path], wheels: list[Wheel]
) -> Iterator[Result]:
    """One wheel after another; all that load here are on the path of each. The built fixtures
    that this interpreter can load come first.
    """
    yield from check(interpreter, list(_fixtures(interpreter)), FIXTURES)
    fitting = [w for w in [*wheels, *manifest(SUPPORT)] if loads_on(w, interpreter)]
    path = os.pathsep.join(str(folders[wheel]) for wheel in fitting if wheel in folders)
    for wheel in fitting:
        targets = list(_targets(wheel, folders[wheel])) if wheel in folders else []
        if targets:
            yield from check(interpreter, targets, path)


def _fixtures(interpreter: Interpreter) -> Iterator[Target]:
    minor = interpreter.version[1]
    free = "t" if interpreter.free_threaded else ""
    endings = {f".cpython-3{minor}{free}-x86_64-linux-gnu.so"}
    if minor == 15:
        endings |= {".abi3.so"} if not free else {".abi3t.so"}
    elif minor == 13 and not free:
        endings.add("limited_39.abi3.so")
    for path in sorted(FIXTURES.iterdir()):
        if path.name.endswith(tuple(endings)):
            yield Target(path.name.partition(".")[0], str(path))


def _targets(wheel: Wheel, folder: Path) -> Iterator[Target]:
    for module in modules(wheel, folder):
        if "-" not in module.name and _has_init(module.path):
            yield Target(module.name.removesuffix(".__init__"), str(module.path))


def _has_init(path: Path) -> bool:
    """Whether the file is a module at all; the bytes are asked, not the reader under test."""
    data = path.read_bytes()
    return b"\0PyInit_" in data or b"\0PyModExport_" in data
