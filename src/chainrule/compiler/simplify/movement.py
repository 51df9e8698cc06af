"""Movements that go nowhere, and several in a row as one."""

from __future__ import annotations

from chainrule.compiler.simplify.reductions import with_sum_of_zero
from chainrule.compiler.simplify.rules import Rules, instead, is_apply, reshaped, stretched
from chainrule.core import shape as shapes
from chainrule.core.dtype import bool_, float32, float64, int32, int64, uint8
from chainrule.graph import Apply, Value
from chainrule.ops.movement import BROADCAST, CAST, CONCATENATE, FLIP, OVERLAP_ADD, PAD, PERMUTE, RESHAPE, SLICE, UPDATE

# To which dtypes all values of a dtype go unchanged.
_KEEPS = {
    bool_: (uint8, int32, int64, float32, float64),
    uint8: (int32, int64, float32, float64),
    int32: (int64, float64),
    float32: (float64,),
}


def to_same_dtype(value: Apply) -> Value | None:
    """A cast to the dtype it has."""
    (x,) = value.inputs
    return x if x.dtype == value.dtype else None


def cast_twice(value: Apply) -> Value | None:
    """A cast of a cast that has lost nothing; not of a float to an integer, whose range it may exceed on either way."""
    (x,) = value.inputs
    if not is_apply(x, CAST):
        return None
    source = x.inputs[0]
    if x.dtype not in _KEEPS.get(source.dtype, ()) or (source.dtype.kind == "f" and value.dtype.kind in "iu"):
        return None
    return instead(value, CAST, source, dtype=value.dtype)


def to_same_shape(value: Apply) -> Value | None:
    """A broadcast or reshape to the shape it has."""
    (x,) = value.inputs
    return x if x.shape == value.shape else None


def twice(value: Apply) -> Value | None:
    """A reshape of a reshape, or a broadcast of a broadcast: the last shape is all that counts."""
    (x,) = value.inputs
    return instead(value, value.primitive, x.inputs[0], shape=value.shape) if is_apply(x, value.primitive) else None


def of_one_element(value: Apply) -> Value | None:
    """What stretches a single element stretches a number, which goes beside any shape."""
    (x,) = value.inputs
    if x.shape == () or shapes.size(x.shape) != 1:
        return None
    return instead(value, BROADCAST, reshaped(value, x, ()), shape=value.shape)


def of_stretched_number(value: Apply) -> Value | None:
    """However a stretched number is moved, all its elements are the same."""
    (x,) = value.inputs
    if is_apply(x, BROADCAST) and x.inputs[0].shape == ():
        return stretched(value, x.inputs[0], value.shape)
    return None


def permute_nothing(value: Apply) -> Value | None:
    """A permutation of nothing but dimensions of length 1 leaves all elements where they are."""
    (x,) = value.inputs
    moved = [d for d in value.params["dims"] if x.shape[d] != 1]
    return reshaped(value, x, value.shape) if moved == sorted(moved) else None


def permute_twice(value: Apply) -> Value | None:
    """A permutation of a permutation is a permutation."""
    (x,) = value.inputs
    if not is_apply(x, PERMUTE):
        return None
    dims = tuple(x.params["dims"][d] for d in value.params["dims"])
    return instead(value, PERMUTE, x.inputs[0], dims=dims)


def flip_nothing(value: Apply) -> Value | None:
    """Dimensions of length 1 look the same from behind."""
    (x,) = value.inputs
    dims = tuple(d for d in value.params["dims"] if x.shape[d] > 1)
    if len(dims) == len(value.params["dims"]):
        return None
    return instead(value, FLIP, x, dims=dims) if dims else x


def flip_twice(value: Apply) -> Value | None:
    """What is flipped twice is not flipped."""
    (x,) = value.inputs
    if not is_apply(x, FLIP):
        return None
    once = sorted(set(x.params["dims"]) ^ set(value.params["dims"]))
    return instead(value, FLIP, x.inputs[0], dims=tuple(once)) if once else x.inputs[0]


def slice_all(value: Apply) -> Value | None:
    """A slice that takes everything."""
    (x,) = value.inputs
    return x if x.shape == value.shape else None


def slice_twice(value: Apply) -> Value | None:
    """A slice of a slice is a slice."""
    (x,) = value.inputs
    if not is_apply(x, SLICE):
        return None
    inner, outer = x.params, value.params
    start = tuple(a + b * c for a, b, c in zip(inner["start"], outer["start"], inner["step"], strict=True))
    step = tuple(a * b for a, b in zip(inner["step"], outer["step"], strict=True))
    # One past the last element taken.
    stop = tuple(a + (n - 1) * c + 1 if n else a for a, n, c in zip(start, value.shape, step, strict=True))
    return instead(value, SLICE, x.inputs[0], start=start, stop=stop, step=step)


def slice_of_update(value: Apply) -> Value | None:
    """The part that was just put in."""
    (x,) = value.inputs
    return x.inputs[1] if is_apply(x, UPDATE) and x.params == value.params else None


def slice_of_pad(value: Apply) -> Value | None:
    """The values without the padding about them."""
    (x,) = value.inputs
    if not is_apply(x, PAD) or x.inputs[0].shape != value.shape or 0 in value.shape:
        return None
    starts = tuple(before for before, _ in x.params["widths"])
    # Along a dimension of length 1 no step is taken.
    steps = zip(value.shape, value.params["step"], x.params["inner"], strict=True)
    same = all(n == 1 or step == gap + 1 for n, step, gap in steps)
    return x.inputs[0] if same and value.params["start"] == starts else None


def pad_nothing(value: Apply) -> Value | None:
    """Padding that adds no elements."""
    (x,) = value.inputs
    return x if x.shape == value.shape and not any(map(any, value.params["widths"])) else None


def windows_apart(value: Apply) -> Value | None:
    """Windows that stand side by side meet nowhere: adding them up only moves them."""
    (g,) = value.inputs
    spatial, size = value.params["spatial"], value.params["size"]
    if size != value.params["stride"] or any(step != 1 for step in value.params["dilation"]):
        return None
    ndim, dims = len(spatial), range(1, len(spatial) + 1)
    apart = instead(value, PERMUTE, g, dims=(0, *(d for dim in dims for d in (dim, dim + ndim)), 2 * ndim + 1))
    covered = tuple(g.shape[dim] * length for dim, length in zip(dims, size, strict=True))
    joined = reshaped(value, apart, (g.shape[0], *covered, g.shape[-1]))
    widths = ((0, 0), *((0, n - c) for n, c in zip(spatial, covered, strict=True)), (0, 0))
    padded = instead(value, PAD, joined, widths=widths, inner=(0,) * len(widths), value=0.0)
    return with_sum_of_zero(value, padded)


def concatenate_one(value: Apply) -> Value | None:
    """A single tensor, after those without elements are left out."""
    parts = [x for x in value.inputs if x.shape[value.params["dim"]]] or list(value.inputs[:1])
    if len(parts) == 1:
        return parts[0]
    return None if len(parts) == len(value.inputs) else instead(value, CONCATENATE, *parts, **value.params)


RULES: Rules = {
    CAST: (to_same_dtype, cast_twice),
    BROADCAST: (to_same_shape, twice, of_one_element),
    RESHAPE: (to_same_shape, twice, of_stretched_number),
    PERMUTE: (permute_nothing, permute_twice, of_stretched_number),
    FLIP: (flip_nothing, flip_twice, of_stretched_number),
    SLICE: (slice_all, slice_twice, slice_of_update, slice_of_pad, of_stretched_number),
    PAD: (pad_nothing,),
    CONCATENATE: (concatenate_one,),
    OVERLAP_ADD: (windows_apart,),
}
