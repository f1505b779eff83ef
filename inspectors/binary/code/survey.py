"""Going through a file's code under a budget: which functions are followed, in which order."""

from isoview.inspectors.binary.code.follow import Follower
from isoview.inspectors.binary.code.functions import WHOLE_LIMIT, Function
from isoview.inspectors.binary.code.instructions import HERE, NONE, WRITING
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.code.static_references import UNKNOWN, Reference, referring
from isoview.inspectors.binary.code.values import ARGUMENT, DIRECT, MEMORY, RETURNED, STATIC, Node
from isoview.inspectors.hints import NamedTuple

ROUNDS = 3
"""How far calls are followed from the functions that refer to statics."""
FIRST_SHARE = 0.9
"""Part of the budget for functions that refer to statics; the rest is for what they call."""
ENOUGH = 3
"""So many functions that refer to a word are followed where nothing shows what it holds."""

_LONGEST = 16
"""Bytes: no instruction is longer."""
BEHIND = 64
"""Bytes behind the beginning of a reference that the instruction, or the few of AArch64, can have."""


class Survey(NamedTuple):
    """How much of the code was gone through."""

    instructions: int
    followed: int
    wanted: int  # functions that there was reason to follow

    @property
    def complete(self) -> bool:
        """Whether all of it was."""
        return self.followed >= self.wanted


def survey(scene: Scene, limit: int) -> Survey:
    """Follow the functions that refer to statics, and those they share values with."""
    follower = Follower(scene)
    spent = followed = wanted = 0
    looked: dict[int, int] = {}
    for function, references in referring(scene.image, scene.functions):
        if _settled(scene, references, looked):
            spent += _only_writes(scene, function, references)
            continue
        wanted += 1
        if spent >= limit * FIRST_SHARE:
            continue
        for target in {reference.target & ~7 for reference in references}:
            looked[target] = looked.get(target, 0) + 1
        read, whole = _follow(scene, follower, function)
        spent += read
        followed += whole
    for _ in range(ROUNDS):
        callees = _worth_following(scene)
        if not callees:
            break
        wanted += len(callees)
        for start in callees:
            if spent >= limit:
                break
            read, whole = _follow(scene, follower, scene.functions.at(start))
            spent += read
            followed += whole
    return Survey(spent, followed, wanted)


def _follow(scene: Scene, follower: Follower, function: Function) -> tuple[int, bool]:
    """Follow one function, if it is not too long: how many instructions were read, and whether that
    is all of it. Bytes that are no instruction end the reading.
    """
    scene.record.followed.add(function.start)
    if function.end - function.start > WHOLE_LIMIT:
        return 0, False
    code = scene.machine.read(scene.functions.read(function, WHOLE_LIMIT), function.start)
    follower.follow(function, code)
    count = len(code.instructions)
    return count, count > 0 and code.last >= function.end - _LONGEST


def _settled(scene: Scene, references: list[Reference], looked: dict[int, int]) -> bool:
    """Whether all that a function refers to is known well enough without it."""
    record = scene.record
    for reference in references:
        if reference.target == UNKNOWN:
            return False
        word = reference.target & ~7
        known = word in record.uses or word in record.sources or word in record.contrary
        if not known and looked.get(word, 0) < ENOUGH:
            return False
    return True


def _only_writes(scene: Scene, function: Function, references: list[Reference]) -> int:
    """Note the writes of a function that is not followed to words that are no objects; how many
    instructions had to be read.
    """
    record = scene.record
    wanted: set[int] = set()
    last = 0
    for reference in references:
        target = reference.target
        if (
            reference.stores
            and target & ~7 not in record.uses
            and target not in record.sources
            and function.start not in record.writes.get(target, ())
        ):
            wanted.add(target)
            last = max(last, reference.at)
    if not wanted:
        return 0
    raw = scene.functions.read(function, WHOLE_LIMIT)
    # What stands behind the last store is of no interest.
    code = scene.machine.read(raw[: last - function.start + BEHIND], function.start)
    for at, ins in zip(code.addresses(), code.instructions):  # noqa: B905 - one more
        if ins[4] < 0 and ins[1] in WRITING and ins[5] == NONE:
            address = ins[7] + at if ins[4] == HERE else ins[7]
            if address in wanted:
                record.write(address, function.start, at)
    return len(code.instructions) // 4  # reading is that much cheaper than following


def _worth_following(scene: Scene) -> list[int]:
    """Functions not yet followed that values of statics go into or come from; those that get the
    address of one come first.
    """
    record, followed = scene.record, scene.record.followed
    found: set[int] = set()
    for source, target in record.flows:
        if isinstance(target, tuple) and target[0] == ARGUMENT:
            start = target[1]
            if start not in followed and start not in found and _unsettled(scene, source):
                found.add(start)
        if isinstance(source, tuple) and source[0] == RETURNED:
            start = source[1]
            if start not in followed and start not in found and _unsettled(scene, target):
                found.add(start)
    pointed = {
        node[1]
        for node, values in record.points.items()
        if isinstance(node, tuple)
        and node[1] not in followed
        and any(value and value[0] == STATIC for value in values)
    }
    wanted = [start for start in found | pointed if scene.functions.containing(start) is not None]
    return sorted(wanted, key=lambda start: (start not in pointed, start))


def _unsettled(scene: Scene, node: Node) -> bool:
    """Whether more could be learnt of a node that has to do with a static."""
    if isinstance(node, tuple):
        return node[0] in (ARGUMENT, RETURNED, MEMORY)
    record = scene.record
    return not any(reason.kind in DIRECT for reason in record.sources.get(node, ())) and (
        node not in record.uses
    )
