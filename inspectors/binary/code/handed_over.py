"""Functions that are not called by name but handed over: to whoever calls them at once, or in a
capsule to the modules of a mypyc group.
"""

import re

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.instructions import NONE, Instruction
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.values import STATIC
from isoview.inspectors.facts import Facts

REACH = 64
"""Bytes behind the instruction that takes an address in which the call is looked for."""
BODY = 512
"""Bytes of the function called in which the call through its argument is looked for."""
_MODULES_INIT = re.compile(r".+__mypyc\.(init|exec)_\w+\Z")
"""Capsules in which mypyc's group library offers the init functions of its modules."""
_SETS = frozenset({i.CLOBBER, i.CONST, i.ADDRESS, i.LEA, i.SHIFT, i.LOAD, i.READ, i.SUM, i.POP})
_KEPT = frozenset({i.STORE, i.EXCHANGE})
_CALLS = (i.CALL, i.CALL_REG, i.CALL_MEMORY)
AT_ONCE, AWAY = "at once", "away"


def _moved(ins: Instruction, held: set[int]) -> None:
    """What one instruction does to the registers that hold the address."""
    kind = ins[1]
    if kind in (i.MOVE, i.ADD):  # adrp gives a page, and add the address
        (held.add if ins[4] in held else held.discard)(ins[3])
    elif kind in _SETS:
        held.discard(ins[3])


def handed_over(scene: Scene, site: int) -> str | None:
    """What becomes of the address taken at ``site``: ``AT_ONCE`` where it is an argument for a
    function of this file that calls it and does not keep it, ``AWAY`` where it is one for a function
    that nobody knows here (in a table of another library, say). None where neither was seen.
    """
    machine = scene.machine
    code = machine.decode(scene.image.read(site, REACH), site)
    if not code or code[0][1] != i.ADDRESS:
        return None
    held = {code[0][3]}
    for ins in code[1:]:
        kind = ins[1]
        given = [register for register in machine.arguments if register in held]
        if kind in (i.CALL, i.JUMP):
            reached = scene.target(ins[8])
            if reached is None or reached[0] != STATIC:
                return None
            calls = any(_calls_through(scene, reached[1], register) for register in given)
            return AT_ONCE if calls else None
        if kind in (i.CALL_REG, i.CALL_MEMORY):
            imported = kind == i.CALL_MEMORY and ins[7] in scene.image.imports_at
            return AWAY if given and not imported else None
        if kind > i.CALL or (kind in _KEPT and ins[3] in held):
            return None
        _moved(ins, held)
    return None


def _calls_through(scene: Scene, start: int, argument: int) -> bool:
    """Whether a function calls what it is given in the register ``argument``."""
    machine = scene.machine
    size = min(scene.functions.at(start).end - start, BODY)
    held = {argument}
    called = False
    for ins in machine.decode(scene.image.read(start, size), start):
        kind = ins[1]
        if kind in _KEPT and ins[3] in held and ins[4] not in (machine.stack, machine.frame):
            return False
        if kind in (i.CALL_REG, i.JUMP_REG) and ins[4] in held:
            called = True
        if kind in _CALLS:
            held &= machine.kept
        _moved(ins, held)
    return called


def offered_inits(scene: Scene, facts: Facts) -> frozenset[int]:
    """Functions in the capsules from which the modules of a mypyc group are made."""
    makers: dict[int, set[int]] = {}  # functions, and where each makes such capsules
    for capsule in facts.capsules:
        at = capsule.address
        if capsule.role == "published" and at is not None and _MODULES_INIT.match(capsule.name):
            maker = scene.functions.containing(at)
            if maker is not None:
                makers.setdefault(maker.start, set()).add(at)
    found: set[int] = set()
    for start, sites in makers.items():
        found |= _given_at(scene, start, sites)
    return frozenset(target for target in found if scene.functions.starts_at(target))


def _given_at(scene: Scene, start: int, sites: set[int]) -> set[int]:
    """The addresses that stand in the first argument's register at ``sites``."""
    argument = scene.machine.arguments[0]
    pointers = scene.image.pointers
    found: set[int] = set()
    given: int | None = None
    for ins in scene.machine.decode(scene.functions.read(scene.functions.at(start)), start):
        if ins[0] in sites and given is not None:
            found.add(given)
        if ins[3] != argument:
            continue
        if ins[1] == i.ADDRESS:
            given = ins[8]
        elif ins[1] == i.LOAD and ins[4] == ins[5] == NONE:
            given = pointers.get(ins[7])
        elif ins[1] == i.ADD and ins[4] == argument and given is not None:
            given += ins[8]
        elif ins[1] == i.LOAD and ins[4] == argument and given is not None:
            given = pointers.get(given + ins[7])  # AArch64: page, then offset
    return found
