"""What a register or a stack slot may hold while a function is followed, and where values live.

A *value* is a tuple whose first entry is one of the tags below, or None where nothing is known. A
*node* is a place that values come from or go to: a word of the file (its link-time address), an
argument or the result of a function of the file, or memory that one of these points to.
"""

from functools import partial

from isoview.inspectors.hints import NamedTuple

OBJECT = "object"  # (OBJECT, reason): a Python object
PART = "part"  # (PART, reason, offset): an address inside an object
FROM = "from"  # (FROM, node): what stands at a node
INSIDE = "inside"  # (INSIDE, node, offset): an address, counted from what stands at a node
AT = "at"  # (AT, node): the address of an element, not what stands there
STATIC = "static"  # (STATIC, address): an address of the file
ELEMENT = "element"  # (ELEMENT, address, stride): an address somewhere in an array from there
STACK = "stack"  # (STACK, offset): an address in the frame, counted from the stack at entry
NUMBER = "number"  # (NUMBER, value)
IMPORT = "import"  # (IMPORT, name): the address of an imported function or variable
SCALED = "scaled"  # (SCALED, factor): an index times the size of an element
RESULT = "result"  # (RESULT, name): what a function returned that returns no object

# Nodes that are no words of the file.
ARGUMENT = "argument"  # (ARGUMENT, function, position)
RETURNED = "returned"  # (RETURNED, function)
MEMORY = "memory"  # (MEMORY, node, offset): what stands at an offset from where a node points
FIELD = "field"  # (FIELD, node or address, offset): any element of an array that begins there

Value = tuple | None  # type: ignore[type-arg]
Node = int | tuple  # type: ignore[type-arg]

ZERO: Value = (NUMBER, 0)
DEPTH = 2
"""How many steps of memory behind memory are followed."""
STEP_LIMIT = 256
"""Two addresses not farther apart that meet are one that moves on."""


class Reason(NamedTuple):
    """Why something is an object. ``kind`` says how; ``name`` of which function or variable;
    ``at`` is the instruction, ``function`` where its function starts.
    """

    kind: str
    name: str
    at: int
    function: int
    position: int = 0
    through: Node | None = None


reason_of = partial(tuple.__new__, Reason)
"""Makes a reason of all its parts, in half the time that the class takes: each call has one."""

# Kinds of reasons, from the surest to the least sure.
RESULT_OF = "result-of"
ADDRESS_OF = "address-of"
VALUE_OF = "value-of"
TYPE_OF = "type-of"
FILLED_BY = "filled-by"
GIVEN_BY = "given-by"
PASSED = "passed"
COUNTED = "counted"
COMPARED = "compared"
TYPED = "typed"
FLOWED = "flowed"

DIRECT = frozenset({RESULT_OF, ADDRESS_OF, VALUE_OF, TYPE_OF, FILLED_BY, GIVEN_BY})
"""An object was seen being put there."""


def number(value: int) -> Value:
    """A number as a register holds it: 64 bits, however often it was shifted or added to."""
    return (NUMBER, value if -(1 << 63) <= value < 1 << 64 else value & (1 << 64) - 1)


def depth(node: Node) -> int:
    """How many steps of memory a node is behind."""
    found = 0
    while isinstance(node, tuple) and node[0] in (MEMORY, FIELD):
        found += 1
        node = node[1]
    return found


def merged(one: Value, other: Value) -> Value:
    """What is known where two paths meet: NULL joins with anything, an object stays one unless
    the other path brings what surely is none.
    """
    if one == other:
        return one
    if one is not None and one[0] == NUMBER and one[1] == 0:
        return other
    if other is not None and other[0] == NUMBER and other[1] == 0:
        return one
    for value, against in ((one, other), (other, one)):
        if value is not None and value[0] == OBJECT:
            return against if against is not None and against[0] == RESULT else value
    if one is None or other is None or one[0] != other[0]:
        return None
    if one[0] == STATIC:
        step = abs(one[1] - other[1])
        if step % 8 == 0 and step <= STEP_LIMIT:  # a loop that walks over an array
            return (ELEMENT, min(one[1], other[1]), step)
    elif one[0] == INSIDE and one[1] == other[1]:
        step = abs(one[2] - other[2])
        if step % 8 == 0 and step <= STEP_LIMIT:
            return min(one, other, key=lambda value: value[2])
    return None
