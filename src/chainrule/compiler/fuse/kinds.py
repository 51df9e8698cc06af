"""What kind of work each value is."""

from __future__ import annotations

from chainrule.compiler import cheap
from chainrule.compiler.fuse.moves import MOVES
from chainrule.compiler.fuse.place import Place
from chainrule.compiler.index import Index
from chainrule.graph import Apply, Value
from chainrule.ops.elementwise import Binary, Unary, Where

REDUCTIONS = frozenset({"sum", "amax", "amin", "argmax", "argmin"})


def is_contraction(value: Value) -> bool:
    """Whether it is a matrix product, or a convolution, whose sums take an epilogue likewise."""
    return isinstance(value, Apply) and (value.primitive.name == "matmul" or is_convolution(value))


def is_convolution(value: Value) -> bool:
    """Whether it is a convolution or its gradient to the input."""
    return isinstance(value, Apply) and value.primitive.name in ("convolution", "convolution_input")


def is_reduction(value: Value) -> bool:
    """Whether it reduces dimensions."""
    return isinstance(value, Apply) and value.primitive.name in REDUCTIONS


def reduced_dims(value: Apply) -> tuple[int, ...]:
    """Which dimensions a reduction goes over."""
    return tuple(value.params["dims"]) if "dims" in value.params else (value.params["dim"],)


def is_one_hot(value: Value) -> bool:
    """Whether it scatters one element a row: each result is that element or 0, so it is computed element by element."""
    return (
        isinstance(value, Apply)
        and value.primitive.name == "scatter_add"
        and value.inputs[1].shape[value.params["axis"]] == 1
    )


def is_map(value: Value) -> bool:
    """Whether each element is computed from the elements at the same place of the inputs (and by moving them)."""
    if not isinstance(value, Apply):
        return False
    elementwise = isinstance(value.primitive, (Unary, Binary, Where)) or value.primitive.name in ("cast", *MOVES)
    return elementwise or value.primitive.name == "random_uniform" or is_one_hot(value)


def is_whole(value: Value) -> bool:
    """Whether it is computed by a kernel of its own over whole arrays."""
    return isinstance(value, Apply) and not (is_map(value) or is_reduction(value) or is_contraction(value))


def is_cheap(value: Apply) -> bool:
    """Whether computing it again costs less than writing it to memory and reading it."""
    return cheap.is_cheap(value.primitive)


def operands(value: Apply, place: Place) -> list[tuple[Value, Place]]:
    """What the element of a map's result at `place` is computed from, and at which places."""
    if is_one_hot(value):
        g, index = value.inputs
        indices = list(place.indices)
        indices[value.params["axis"]] = Index(0)
        return [(g, Place(g.shape, tuple(indices))), (index, Place(index.shape, tuple(indices)))]
    return [(source, place if source.shape == place.shape else Place((), ())) for source in value.inputs]
