"""Values that stand side by side in another: concatenations, and concatenations within them."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.graph import Apply, Value


def is_joined(value: Value) -> bool:
    """Whether a value consists of parts side by side in each row, and of several rows."""
    if not isinstance(value, Apply) or value.primitive.name != "concatenate":
        return False
    return any(length > 1 for length in value.shape[: value.params["dim"]])


def parts_of(value: Apply, start: int = 0) -> Iterator[tuple[Value, int]]:
    """The parts of a concatenation, and where each begins; those of one that is itself a part are parts too."""
    dim = value.params["dim"]
    for part in value.inputs:
        if isinstance(part, Apply) and part.primitive.name == "concatenate" and part.params["dim"] == dim:
            yield from parts_of(part, start)
        elif part.shape[dim]:
            yield part, start
        start += part.shape[dim]
