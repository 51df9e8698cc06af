"""The functions of `ops` as methods of the tensor, a line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from chainrule.autodiff import in_place
from chainrule.core.types import Tensor
from chainrule.ops import (
    activation,
    arithmetic,
    compare,
    contraction,
    creation,
    exponential,
    gathering,
    layout,
    reduce,
    rounding,
    sorting,
    statistics,
    trigonometric,
)

P = ParamSpec("P")


def _in_place(function: Callable[Concatenate[Tensor, P], Tensor]) -> Callable[Concatenate[Tensor, P], Tensor]:
    """The method that changes a tensor to what `function` makes of it."""

    def method(self: Tensor, /, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        return in_place.update(self, function(in_place.before(self), *args, **kwargs))

    method.__name__ = f"{function.__name__}_"
    method.__doc__ = f"`{function.__name__}` in place."
    return method


class Methods:
    """What a tensor does by a function of `ops`: `x.exp()` is `exp(x)`, `x.exp_()` changes `x` to it."""

    __slots__ = ()

    add = arithmetic.add
    sub = arithmetic.sub
    mul = arithmetic.mul
    div = arithmetic.div
    floor_divide = arithmetic.floor_divide
    remainder = arithmetic.remainder
    pow = arithmetic.pow
    neg = arithmetic.neg
    abs = arithmetic.abs
    sign = arithmetic.sign
    square = arithmetic.square
    reciprocal = arithmetic.reciprocal
    maximum = arithmetic.maximum
    minimum = arithmetic.minimum
    clip = arithmetic.clip
    clamp = arithmetic.clip
    exp = exponential.exp
    expm1 = exponential.expm1
    log = exponential.log
    log1p = exponential.log1p
    log2 = exponential.log2
    log10 = exponential.log10
    sqrt = exponential.sqrt
    rsqrt = exponential.rsqrt
    sigmoid = exponential.sigmoid
    erf = exponential.erf
    erfc = exponential.erfc
    sin = trigonometric.sin
    cos = trigonometric.cos
    tan = trigonometric.tan
    asin = trigonometric.asin
    acos = trigonometric.acos
    atan = trigonometric.atan
    atan2 = trigonometric.atan2
    sinh = trigonometric.sinh
    cosh = trigonometric.cosh
    tanh = trigonometric.tanh
    asinh = trigonometric.asinh
    acosh = trigonometric.acosh
    atanh = trigonometric.atanh
    floor = rounding.floor
    ceil = rounding.ceil
    round = rounding.round
    trunc = rounding.trunc
    eq = compare.eq
    ne = compare.ne
    lt = compare.lt
    le = compare.le
    gt = compare.gt
    ge = compare.ge
    isnan = compare.isnan
    isinf = compare.isinf
    isfinite = compare.isfinite
    isclose = compare.isclose
    allclose = compare.allclose
    equal = compare.equal
    logical_not = compare.logical_not
    logical_and = compare.logical_and
    logical_or = compare.logical_or
    logical_xor = compare.logical_xor
    masked_fill = compare.masked_fill
    sum = reduce.sum
    amax = reduce.amax
    amin = reduce.amin
    argmax = reduce.argmax
    argmin = reduce.argmin
    max = reduce.max
    min = reduce.min
    any = reduce.any
    all = reduce.all
    cumsum = reduce.cumsum
    mean = statistics.mean
    var = statistics.var
    std = statistics.std
    prod = statistics.prod
    logsumexp = statistics.logsumexp
    norm = statistics.norm
    reshape = layout.reshape
    view = layout.reshape
    flatten = layout.flatten
    permute = layout.permute
    transpose = layout.transpose
    swapaxes = layout.transpose
    t = layout.t
    movedim = layout.movedim
    squeeze = layout.squeeze
    unsqueeze = layout.unsqueeze
    expand = layout.expand
    broadcast_to = layout.broadcast_to
    flip = layout.flip
    narrow = layout.narrow
    split = layout.split
    chunk = layout.chunk
    unbind = layout.unbind
    roll = layout.roll
    tile = layout.tile
    repeat = layout.tile
    gather = gathering.gather
    scatter = gathering.scatter
    scatter_add = gathering.scatter_add
    take = gathering.take
    index_select = gathering.index_select
    masked_select = gathering.masked_select
    nonzero = gathering.nonzero
    sort = sorting.sort
    argsort = sorting.argsort
    topk = sorting.topk
    matmul = contraction.matmul
    mm = contraction.matmul
    bmm = contraction.bmm
    mv = contraction.mv
    dot = contraction.dot
    outer = contraction.outer
    tril = contraction.tril
    triu = contraction.triu
    relu = activation.relu
    softmax = activation.softmax
    log_softmax = activation.log_softmax
    clone = creation.clone
    detach = creation.detach
    zeros_like = creation.zeros_like
    ones_like = creation.ones_like

    # In place

    add_ = _in_place(arithmetic.add)
    sub_ = _in_place(arithmetic.sub)
    mul_ = _in_place(arithmetic.mul)
    div_ = _in_place(arithmetic.div)
    pow_ = _in_place(arithmetic.pow)
    neg_ = _in_place(arithmetic.neg)
    abs_ = _in_place(arithmetic.abs)
    clip_ = _in_place(arithmetic.clip)
    clamp_ = _in_place(arithmetic.clip)
    exp_ = _in_place(exponential.exp)
    log_ = _in_place(exponential.log)
    sqrt_ = _in_place(exponential.sqrt)
    sigmoid_ = _in_place(exponential.sigmoid)
    tanh_ = _in_place(trigonometric.tanh)
    floor_ = _in_place(rounding.floor)
    round_ = _in_place(rounding.round)
    relu_ = _in_place(activation.relu)
    masked_fill_ = _in_place(compare.masked_fill)
    scatter_ = _in_place(gathering.scatter)
    scatter_add_ = _in_place(gathering.scatter_add)

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = div_
    __ipow__ = pow_
