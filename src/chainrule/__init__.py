"""chainrule: deep learning on ordinary machines, with nothing hidden.

>>> import chainrule as cr
>>> x = cr.tensor(2.0, requires_grad=True)
>>> y = x**2 + 3 * x + 1
>>> y.backward()
>>> x.grad
tensor(7.)

What all operations have in common, so that each need not repeat it:

- They are functions here and methods of `Tensor`: `cr.exp(x)` is `x.exp()`. Names, arguments, their order and their
  defaults are PyTorch's; where something differs, the docstring says so.
- `input`, `other`, `tensor` and the like are tensors, NumPy arrays or Python numbers. A number takes the dtype of
  the tensor beside it, unless it is of a higher kind (`1.5` beside integers).
- Elementwise operations take any shape. Two inputs are broadcast as NumPy does it: aligned at the right, 1
  stretches.
- Two dtypes combine to `result_type` of them. What has no whole results (`exp`, `sqrt`, `/`) makes floats of
  integers, in the default dtype: float32, unless `set_default_dtype` says otherwise.
- `dim` counts from 0, or from the end if negative. Where it may be None, that means all dimensions. `keepdim=True`
  keeps what was reduced as a dimension of length 1.
- `size` is given as several numbers or as one tuple. `dtype=None` is the default dtype; `requires_grad=True` makes
  a leaf that `backward` leaves a gradient in; `generator=None` draws from the generator that `manual_seed` sets.
- `device` is taken for the sake of programs written for PyTorch: there is only the CPU, and asking for another is a
  `DeviceError`.
- Pictures and sequences are channels last, (N, H, W, C) and (N, L, C), as in Keras.
- Angles are in radians, logarithms natural unless the name says otherwise.
- Infinities and NaN mean what they mean (`1 / 0`, `log(-1)`), without a warning.
- Derivatives exist to every order. Where a function has a corner, its derivative there is PyTorch's.
- What does not fit is an error at once: `errors.ShapeError` for shapes and dimensions, `errors.DTypeError` for
  dtypes, `errors.IndexingError` for indices, `errors.ArgumentError` for values that make no sense.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from chainrule import augment, autograd, data, errors, inspect, interop, metrics, models, nn, optim, training
from chainrule._tensor import Tensor
from chainrule._version import __version__
from chainrule.autodiff import grad, gradcheck, hessian, jacobian, jvp, value_and_grad, vjp
from chainrule.config import get_default_dtype, get_num_threads, set_default_dtype, set_num_threads
from chainrule.core.device import NoAccelerator, device
from chainrule.core.dtype import bool_, float32, float64, int32, int64, result_type, uint8
from chainrule.core.modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from chainrule.inspect import profile
from chainrule.jit import jit
from chainrule.nn import init
from chainrule.nn.files import load, save
from chainrule.ops.activation import log_softmax, relu, softmax
from chainrule.ops.arithmetic import (
    abs,
    add,
    clip,
    div,
    floor_divide,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    reciprocal,
    remainder,
    sign,
    square,
    sub,
)
from chainrule.ops.compare import (
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    equal,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    masked_fill,
    ne,
    where,
)
from chainrule.ops.contraction import bmm, dot, matmul, mv, outer, tril, triu
from chainrule.ops.convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from chainrule.ops.creation import (
    arange,
    asarray,
    clone,
    detach,
    empty,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from chainrule.ops.einsum import einsum
from chainrule.ops.exponential import erf, erfc, exp, expm1, log, log1p, log2, log10, rsqrt, sigmoid, sqrt
from chainrule.ops.gathering import (
    gather,
    index_select,
    masked_select,
    nonzero,
    one_hot,
    scatter,
    scatter_add,
    take,
    take_along_dim,
)
from chainrule.ops.indexing import put, put_add
from chainrule.ops.interpolation import interpolate
from chainrule.ops.layout import (
    broadcast_to,
    chunk,
    concatenate,
    expand,
    flatten,
    flip,
    movedim,
    narrow,
    permute,
    reshape,
    roll,
    split,
    squeeze,
    stack,
    t,
    tile,
    transpose,
    unbind,
    unsqueeze,
)
from chainrule.ops.padding import pad
from chainrule.ops.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)
from chainrule.ops.random import (
    Generator,
    bernoulli,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
)
from chainrule.ops.reduce import all, amax, amin, any, argmax, argmin, cumsum, max, min, sum
from chainrule.ops.rounding import ceil, floor, round, trunc
from chainrule.ops.sorting import argsort, sort, topk
from chainrule.ops.statistics import logsumexp, mean, norm, prod, std, var
from chainrule.ops.trigonometric import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    sin,
    sinh,
    tan,
    tanh,
)

# Tutorials ask for these before they choose a device.
cuda = accelerator = NoAccelerator()

# Other names that the tutorials use for the same.
cat = concat = concatenate
clamp = clip
mm = matmul
multiply = mul
subtract = sub
divide = div
swapaxes = transpose
inference_mode = no_grad
bool = bool_
float = float32
double = float64
int = int32
long = int64


if TYPE_CHECKING:
    from chainrule.interop import ChainruleClassifier, ChainruleRegressor
    from chainrule.tables.run import train

# Loaded when they are first asked for: tables need more of the standard library, the estimators scikit-learn.
_LATER = {
    "ChainruleClassifier": "chainrule.interop",
    "ChainruleRegressor": "chainrule.interop",
    "train": "chainrule.tables.run",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


__all__ = [
    "ChainruleClassifier",
    "ChainruleRegressor",
    "Generator",
    "NoAccelerator",
    "Tensor",
    "__version__",
    "abs",
    "acos",
    "acosh",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "add",
    "all",
    "allclose",
    "amax",
    "amin",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "augment",
    "autograd",
    "avg_pool1d",
    "avg_pool2d",
    "bernoulli",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "bmm",
    "bool",
    "bool_",
    "broadcast_to",
    "cat",
    "ceil",
    "chunk",
    "clamp",
    "clip",
    "clone",
    "concatenate",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cos",
    "cosh",
    "cuda",
    "cumsum",
    "data",
    "detach",
    "device",
    "div",
    "divide",
    "dot",
    "double",
    "einsum",
    "empty",
    "enable_grad",
    "eq",
    "equal",
    "erf",
    "erfc",
    "errors",
    "exp",
    "expand",
    "expm1",
    "eye",
    "flatten",
    "flip",
    "float",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "from_dlpack",
    "from_numpy",
    "full",
    "full_like",
    "gather",
    "ge",
    "get_default_dtype",
    "get_num_threads",
    "grad",
    "gradcheck",
    "gt",
    "hessian",
    "index_select",
    "inference_mode",
    "init",
    "inspect",
    "int",
    "int32",
    "int64",
    "interop",
    "interpolate",
    "is_grad_enabled",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "jacobian",
    "jit",
    "jvp",
    "le",
    "linspace",
    "load",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logsumexp",
    "long",
    "lt",
    "manual_seed",
    "masked_fill",
    "masked_select",
    "matmul",
    "max",
    "max_pool1d",
    "max_pool2d",
    "maximum",
    "mean",
    "metrics",
    "min",
    "minimum",
    "mm",
    "models",
    "movedim",
    "mul",
    "multinomial",
    "multiply",
    "mv",
    "narrow",
    "ne",
    "neg",
    "nn",
    "no_grad",
    "nonzero",
    "norm",
    "normal",
    "one_hot",
    "ones",
    "ones_like",
    "optim",
    "outer",
    "pad",
    "permute",
    "pow",
    "prod",
    "profile",
    "put",
    "put_add",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "reciprocal",
    "relu",
    "remainder",
    "reshape",
    "result_type",
    "roll",
    "round",
    "rsqrt",
    "save",
    "scatter",
    "scatter_add",
    "set_default_dtype",
    "set_grad_enabled",
    "set_num_threads",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "sub",
    "subtract",
    "sum",
    "swapaxes",
    "t",
    "take",
    "take_along_dim",
    "tan",
    "tanh",
    "tensor",
    "tile",
    "topk",
    "train",
    "training",
    "transpose",
    "tril",
    "triu",
    "trunc",
    "uint8",
    "unbind",
    "unsqueeze",
    "value_and_grad",
    "var",
    "vjp",
    "where",
    "zeros",
    "zeros_like",
]
