"""How each primitive is drawn for a random graph: its operands from what there is, and its parameters."""

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.core.dtype import ALL, FLOATING, INTEGER, bool_, float32, int64
from chainrule.ops.convolution import Frame
from tests.graph.random_graphs import Maker

Operation = Callable[[Maker], object]
NUMBERS = (*INTEGER, *FLOATING)
LOGIC = (bool_, *INTEGER)


def _unary(name: str, dtypes: Sequence[np.dtype] = FLOATING, within: tuple[float, float] | None = None) -> Operation:
    def operation(m: Maker) -> None:
        x = m.value(dtypes)
        m.apply(name, m.within(x, *within) if within else x)

    return operation


def _binary(name: str, dtypes: Sequence[np.dtype] = NUMBERS) -> Operation:
    def operation(m: Maker) -> None:
        pair = [x := m.value(dtypes), m.beside(x)]
        m.apply(name, *(pair if m.chance(0.5) else pair[::-1]))

    return operation


def _by_divisor(name: str, dtypes: Sequence[np.dtype] = NUMBERS) -> Operation:
    def operation(m: Maker) -> None:
        x = m.value(dtypes)
        divisor = m.beside(x)
        array = m.arrays[divisor]
        if not (np.abs(array) > 0.2).all():
            divisor = m.given(np.asarray(np.where(np.abs(array) > 0.2, array, 1), x.dtype))
        m.apply(name, x, divisor)

    return operation


def _power(m: Maker) -> None:
    x = m.value(NUMBERS)
    if x.dtype in FLOATING and m.chance(0.5):
        m.apply("pow", m.within(x, 0.3, 2.0), m.within(m.beside(x), -2.0, 2.0))
    else:
        m.apply("pow", x, m.known(np.asarray(m.one_of([0, 1, 2, 3]), x.dtype)))


def _where(m: Maker) -> None:
    x = m.value(ALL)
    same = [value for value in m.arrays if value.dtype == bool_ and value.shape == x.shape]
    condition = m.one_of(same) if same and m.chance(0.8) else m.fresh(x.shape, bool_)
    pair = [x, m.beside(x)]
    m.apply("where", condition, *(pair if m.chance(0.5) else pair[::-1]))


def _cast(m: Maker) -> None:
    x = m.value()
    dtype = m.one_of(ALL)
    low, high = (0, 255) if dtype.kind == "u" else (-(2**31), 2**31 - 1)
    if not ((m.arrays[x] >= low) & (m.arrays[x] <= high)).all():
        dtype = float32
    m.apply("cast", x, dtype=dtype)


def _broadcast(m: Maker) -> None:
    x = m.value(ndim=range(3))
    stretched = tuple(m.one_of([1, 3, 8]) if n == 1 else n for n in x.shape)
    m.apply("broadcast", x, shape=(*m.shape(int(m.draw.integers(2))), *stretched))


def _reshape(m: Maker) -> None:
    x = m.value()
    lengths = [n for n in x.shape if n != 1]
    kind = m.draw.random()
    if kind < 0.3 or not lengths:
        shape = (*x.shape, 1) if len(x.shape) < 3 else tuple(lengths)
        m.apply("reshape", x, shape=shape)
    elif kind < 0.6:
        m.apply("reshape", x, shape=(int(np.prod(x.shape)),))
    else:
        divisor = next((d for d in (2, 3, 5) if lengths[0] and lengths[0] % d == 0), 1)
        m.apply("reshape", x, shape=(divisor, lengths[0] // divisor, *lengths[1:]))


def _permute(m: Maker) -> None:
    x = m.value()
    m.apply("permute", x, dims=tuple(int(d) for d in m.draw.permutation(len(x.shape))))


def _some_dims(m: Maker, ndim: int) -> tuple[int, ...]:
    return tuple(d for d in range(ndim) if m.chance(0.5))


def _flip(m: Maker) -> None:
    x = m.value()
    m.apply("flip", x, dims=_some_dims(m, len(x.shape)))


def _part(m: Maker, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    bounds = [sorted(int(n) for n in m.draw.integers(0, n + 1, 2)) if m.chance(0.6) else [0, n] for n in shape]
    start, stop = ([pair[side] for pair in bounds] for side in (0, 1))
    return {"start": tuple(start), "stop": tuple(stop), "step": tuple(m.one_of([1, 1, 2, 3]) for _ in shape)}


def _slice(m: Maker) -> None:
    x = m.value()
    m.apply("slice", x, **_part(m, x.shape))


def _update(m: Maker) -> None:
    x = m.value()
    part = _part(m, x.shape)
    taken = m.apply("slice", x, **part)
    m.apply("update", x, m.fresh(taken.shape, x.dtype) if m.chance(0.7) else taken, **part)


def _pad(m: Maker) -> None:
    x = m.value(ndim=range(3))
    value = m.one_of([0.0, 0.0, 1.0]) if x.dtype != bool_ else 0.0
    widths = tuple((m.one_of([0, 0, 1, 2]), m.one_of([0, 0, 1, 3])) for _ in x.shape)
    m.apply("pad", x, widths=widths, inner=tuple(m.one_of([0, 0, 0, 1]) for _ in x.shape), value=value)


def _concatenate(m: Maker) -> None:
    x = m.value(ndim=range(1, 4))
    dim = int(m.draw.integers(len(x.shape)))
    others = [m.fresh((*x.shape[:dim], m.one_of([0, 1, 3]), *x.shape[dim + 1 :]), x.dtype) for _ in range(2)]
    m.apply("concatenate", *[x, x, *others][: m.one_of([2, 3, 4])], dim=dim)


def _frame_of_windows(m: Maker) -> dict[str, tuple[int, ...]]:
    return {"size": (m.one_of([1, 2, 3]),), "stride": (m.one_of([1, 2]),), "dilation": (m.one_of([1, 2]),)}


def _windows(m: Maker) -> None:
    m.apply("windows", m.value(ndim=(3,)), **_frame_of_windows(m))


def _overlap_add(m: Maker) -> None:
    x = m.value(NUMBERS, ndim=(3,))
    frame = _frame_of_windows(m)
    windows = m.apply("windows", x, **frame)
    m.apply("overlap_add", windows, spatial=x.shape[1:2], **frame)


def _reduction(name: str, dtypes: Sequence[np.dtype] = ALL) -> Operation:
    def operation(m: Maker) -> None:
        x = m.value(dtypes)
        m.apply(name, x, dims=_some_dims(m, len(x.shape)))

    return operation


def _along(name: str, dtypes: Sequence[np.dtype] = ALL) -> Operation:
    def operation(m: Maker) -> None:
        x = m.value(dtypes, ndim=range(1, 4))
        m.apply(name, x, dim=int(m.draw.integers(len(x.shape))))

    return operation


def _argsort(m: Maker) -> None:
    x = m.value(ndim=range(1, 4))
    m.apply("argsort", x, dim=int(m.draw.integers(len(x.shape))), descending=m.chance(0.5))


def _matmul(m: Maker) -> None:
    a = m.value(NUMBERS, ndim=(2, 3))
    *batch, _, inner = a.shape
    columns = m.one_of([1, 3, 4, 17])
    fitting = [b for b in m.arrays if b.dtype == a.dtype and b.shape[:-1] == (*batch, inner)]
    b = m.one_of(fitting) if fitting and m.chance(0.4) else m.fresh((*batch, inner, columns), a.dtype)
    if m.chance(0.3):
        b = m.apply(
            "permute", m.fresh((*batch, columns, inner), a.dtype), dims=(*range(len(batch)), *_last(len(batch)))
        )
    product = m.apply("matmul", a, b)
    if m.chance(0.3):
        m.apply("permute", product, dims=(*range(len(batch)), *_last(len(batch))))


def _last(before: int) -> tuple[int, int]:
    return before + 1, before


def _convolution(kind: str) -> Operation:
    def operation(m: Maker) -> None:
        x = m.value(FLOATING, ndim=(3, 4))
        spatial, channels = x.shape[1:-1], x.shape[-1]
        groups = m.one_of([n for n in (1, 2, 4) if channels % n == 0])
        kernel = tuple(m.one_of([1, 2, 3]) for _ in spatial)
        padding = tuple((m.one_of([0, 1]), m.one_of([0, 2])) for _ in spatial)
        dilation = tuple(m.one_of([1, 1, 2]) for _ in spatial)
        frame = Frame(tuple(m.one_of([1, 2]) for _ in spatial), padding, dilation, groups)
        w = m.fresh((groups * m.one_of([1, 2]), *kernel, channels // groups), x.dtype)
        out = m.apply("convolution", x, w, frame=frame)
        if kind == "input":
            m.apply("convolution_input", out, w, spatial=spatial, frame=frame)
        elif kind == "weight":
            m.apply("convolution_weight", x, out, kernel=kernel, frame=frame)

    return operation


def _index(m: Maker, shape: tuple[int, ...], length: int) -> object:
    return m.given(np.asarray(m.draw.integers(0, length, shape), np.int64))


def _axis(m: Maker, dtypes: Sequence[np.dtype] = ALL):
    """A value with a dimension that has elements."""
    x = m.value(dtypes, ndim=range(1, 4))
    if 0 in x.shape:
        x = m.fresh((3, 4), m.one_of(dtypes))
    return x, int(m.draw.integers(len(x.shape)))


def _take(m: Maker) -> None:
    x, axis = _axis(m)
    m.apply("take", x, _index(m, m.one_of([(), (3,), (2, 2), (0,)]), x.shape[axis]), axis=axis)


def _index_add(m: Maker) -> None:
    x, axis = _axis(m, NUMBERS)
    length = m.one_of([1, 3, 7])
    m.apply("index_add", x, _index(m, (x.shape[axis],), length), axis=axis, length=length)


def _gather(m: Maker) -> None:
    x, axis = _axis(m)
    shape = (*x.shape[:axis], m.one_of([1, 1, 3]), *x.shape[axis + 1 :])
    m.apply("gather", x, _index(m, shape, x.shape[axis]), axis=axis)


def _scatter_add(m: Maker) -> None:
    x, axis = _axis(m, NUMBERS)
    if m.chance(0.5):
        length = m.one_of([1, 3, 7])
        m.apply("scatter_add", x, _index(m, x.shape, length), axis=axis, length=length)
        return
    # As in the derivative of a gather: the same index, with one element a row or more.
    shape = (*x.shape[:axis], m.one_of([1, 1, 2]), *x.shape[axis + 1 :])
    index = _index(m, shape, x.shape[axis])
    picked = m.apply("gather", x, index, axis=axis)
    spread = m.apply("scatter_add", picked, index, axis=axis, length=x.shape[axis])
    if m.chance(0.5):
        m.apply("sum", spread, dims=(axis,))


def _put(m: Maker) -> None:
    x = m.value(ndim=(1,))
    if not x.shape[0]:
        x = m.fresh((5,), x.dtype)
    count = m.one_of([0, 2, 6])
    m.apply("put", x, _index(m, (count,), x.shape[0]), m.fresh((count,), x.dtype))


def _random_uniform(m: Maker) -> None:
    state = m.given(np.asarray(m.draw.integers(0, 2**40, 2), int64))
    m.apply("random_uniform", state, shape=m.shape(), dtype=m.one_of(FLOATING))


OPERATIONS: dict[str, Operation] = {
    "cast": _cast,
    "broadcast": _broadcast,
    "reshape": _reshape,
    "permute": _permute,
    "flip": _flip,
    "slice": _slice,
    "update": _update,
    "pad": _pad,
    "concatenate": _concatenate,
    "windows": _windows,
    "overlap_add": _overlap_add,
    "where": _where,
    **{name: _binary(name, ALL) for name in ("eq", "lt", "le", "maximum", "minimum", "add", "mul")},
    **{name: _binary(name, LOGIC) for name in ("and", "or", "xor")},
    "sub": _binary("sub"),
    "atan2": _binary("atan2", FLOATING),
    "div": _by_divisor("div", FLOATING),
    "floor_divide": _by_divisor("floor_divide"),
    "remainder": _by_divisor("remainder"),
    "pow": _power,
    "not": _unary("not", LOGIC),
    "neg": _unary("neg", NUMBERS),
    **{name: _unary(name, ALL) for name in ("abs", "sign", "floor", "ceil", "round")},
    **{name: _unary(name) for name in ("exp", "expm1", "sigmoid", "erf", "erfc", "sin", "cos")},
    **{name: _unary(name) for name in ("atan", "sinh", "cosh", "tanh", "asinh")},
    **{name: _unary(name, within=(0.2, 3.0)) for name in ("log", "sqrt", "rsqrt")},
    "log1p": _unary("log1p", within=(-0.8, 3.0)),
    "tan": _unary("tan", within=(-1.2, 1.2)),
    **{name: _unary(name, within=(-0.8, 0.8)) for name in ("asin", "acos", "atanh")},
    "acosh": _unary("acosh", within=(1.3, 3.0)),
    "sum": _reduction("sum", NUMBERS),
    "amax": _reduction("amax"),
    "amin": _reduction("amin"),
    "argmax": _along("argmax"),
    "argmin": _along("argmin"),
    "cumsum": _along("cumsum", NUMBERS),
    "argsort": _argsort,
    "matmul": _matmul,
    "convolution": _convolution("forward"),
    "convolution_input": _convolution("input"),
    "convolution_weight": _convolution("weight"),
    "take": _take,
    "index_add": _index_add,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "put": _put,
    "random_uniform": _random_uniform,
}
