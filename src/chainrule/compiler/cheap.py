"""What costs less than the way to memory and back."""

from __future__ import annotations

from chainrule.core.primitive import Primitive

# Arrays of fewer bytes stay in a cache anyway.
LARGE = 1 << 18
# Of the elementwise primitives.
_CHEAP = frozenset(
    {"add", "sub", "mul", "neg", "abs", "sign", "maximum", "minimum", "floor", "ceil", "round", "cast"}
    | {"where", "eq", "lt", "le", "not", "and", "or", "xor"}
)


def is_cheap(primitive: Primitive) -> bool:
    """Whether to do an elementwise operation again costs less than to write what it makes to memory and to read it."""
    return primitive.name in _CHEAP
