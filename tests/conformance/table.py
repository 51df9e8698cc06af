"""Example inputs and parameters of every primitive; the conformance tests go over them.

Inputs named by a draw are numbers in general position: smooth there, without ties, so that differences can be trusted.
Where a rule asks for a certain dtype (an index, a condition), the input is given as an array of that dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.dtype import ALL, FLOATING, INTEGER, bool_, float32, float64, int64
from chainrule.ops.convolution import Frame

NUMBERS = (*INTEGER, *FLOATING)


@dataclass(frozen=True)
class Row:
    """One application of a primitive.

    Attributes:
        inputs: Arrays. Those of float64 stand for whatever of `dtypes` is tested.
        params: Its parameters.
        dtypes: The dtypes that the float64 inputs may have.
        constants: Which inputs are never differentiated by.
    """

    inputs: tuple[np.ndarray, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    dtypes: tuple[np.dtype, ...] = FLOATING
    constants: tuple[int, ...] = ()

    def of(self, dtype: np.dtype) -> list[np.ndarray]:
        """The inputs with `dtype` in place of float64; read-only, because no rule may write to them."""
        arrays = [x.astype(dtype) if x.dtype == float64 else x.copy() for x in self.inputs]
        for array in arrays:
            array.flags.writeable = False
        return arrays


def draw(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Different numbers from `low` to `high`, spread evenly and shuffled: no two are close to each other."""
    count = int(np.prod(shape))
    even = low + (high - low) * (np.arange(count) + 0.37) / max(count, 1)
    return np.random.RandomState(count).permutation(even).reshape(shape)


def index(*values: Any) -> np.ndarray:
    return np.array(values, np.int64)


def _unary(low: float = -2.0, high: float = 2.0, dtypes: tuple[np.dtype, ...] = FLOATING) -> list[Row]:
    return [
        Row((draw(2, 3, low=low, high=high),), dtypes=dtypes),
        Row((draw(low=low, high=high),), dtypes=dtypes),
        Row((draw(0, 3),), dtypes=dtypes),
    ]


def _binary(
    low: float = -2.0, high: float = 2.0, dtypes: tuple[np.dtype, ...] = FLOATING, other: Callable[..., Any] = draw
) -> list[Row]:
    return [
        Row((draw(2, 3, low=low, high=high), other(2, 3, low=low, high=high + 0.3)), dtypes=dtypes),
        Row((draw(low=low, high=high), other(low=low, high=high + 0.3)), dtypes=dtypes),
        Row((draw(2, 3, low=low, high=high), other(low=low, high=high + 0.3)), dtypes=dtypes, constants=(1,)),
        Row((draw(low=low, high=high), other(2, 3, low=low, high=high + 0.3)), dtypes=dtypes, constants=(0,)),
        Row((draw(0, 3), draw(0, 3)), dtypes=dtypes),
    ]


def _away_from_zero(*shape: int, low: float, high: float) -> np.ndarray:
    """Whole numbers too, when cast: for divisors."""
    x = draw(*shape, low=low, high=high)
    return np.asarray(x + np.where(x < 0, -1.0, 1.0))


_MASK = np.array([[True, False, True], [False, False, True]])
_FRAMES = {
    "plain": Frame(stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1),
    "all at once": Frame(stride=(2, 1), padding=((1, 2), (0, 1)), dilation=(1, 2), groups=2),
    "rows left over": Frame(stride=(3, 2), padding=((0, 0), (1, 1)), dilation=(1, 1), groups=1),
    "depthwise": Frame(stride=(1, 2), padding=((1, 1), (1, 1)), dilation=(1, 1), groups=4),
}


def _convolutions(kind: str) -> list[Row]:
    """The three passes over the same frames, and one over sequences."""
    line = Frame(stride=(2,), padding=((1, 0),), dilation=(2,), groups=1)
    cases = [((2, 6, 5, 4), (4, 2, 3), frame) for frame in _FRAMES.values()] + [((2, 7, 2), (3, 2), line)]
    rows = []
    for shape, (out, *kernel), frame in cases:
        x = draw(*shape)
        w = draw(out, *kernel, shape[-1] // frame.groups)
        g = draw(shape[0], *frame.positions(shape[1:-1], tuple(kernel)), out)
        rows.append(
            {
                "forward": Row((x, w), {"frame": frame}),
                "input": Row((g, w), {"spatial": shape[1:-1], "frame": frame}),
                "weight": Row((x, g), {"kernel": tuple(kernel), "frame": frame}),
            }[kind]
        )
    if kind == "weight":
        rows += [Row(row.inputs, {**row.params, "parts": 2}) for row in rows[:2]]
    return rows


ROWS: dict[str, list[Row]] = {
    # Movement
    "cast": [Row((draw(2, 3),), {"dtype": to}, ALL) for to in (float32, float64)]
    + [Row((draw(3, low=0.1, high=4.0),), {"dtype": to}, ALL) for to in (*INTEGER, bool_)],
    "broadcast": [
        Row((draw(3, 1),), {"shape": (2, 3, 4)}, ALL),
        Row((draw(),), {"shape": (2, 2)}, ALL),
        Row((draw(1, 3),), {"shape": (0, 3)}, ALL),
        Row((draw(1, 1),), {"shape": (1, 1, 1)}, ALL),
    ],
    "reshape": [
        Row((draw(2, 6),), {"shape": (3, 4)}, ALL),
        Row((draw(1),), {"shape": ()}, ALL),
        Row((draw(0, 3),), {"shape": (5, 0)}, ALL),
    ],
    "permute": [Row((draw(2, 3, 4),), {"dims": (2, 0, 1)}, ALL), Row((draw(),), {"dims": ()}, ALL)],
    "flip": [Row((draw(2, 3),), {"dims": (1,)}, ALL), Row((draw(2, 3),), {"dims": (0, 1)}, ALL)],
    "slice": [
        Row((draw(5, 7),), {"start": (1, 0), "stop": (4, 6), "step": (1, 3)}, ALL),
        Row((draw(5, 7),), {"start": (2, 3), "stop": (2, 7), "step": (1, 2)}, ALL),
    ],
    "update": [
        Row((draw(5, 7), draw(3, 2)), {"start": (1, 0), "stop": (4, 6), "step": (1, 3)}, ALL),
        Row((draw(5, 7), draw(0, 2)), {"start": (2, 3), "stop": (2, 7), "step": (1, 2)}, ALL),
        Row((draw(), draw(high=2.3)), {"start": (), "stop": (), "step": ()}, ALL),
    ],
    "pad": [
        Row((draw(2, 3),), {"widths": ((1, 0), (2, 1)), "inner": (0, 2), "value": 0.0}, ALL),
        Row((draw(2, 3),), {"widths": ((0, 0), (0, 2)), "inner": (1, 0), "value": 3.0}, NUMBERS),
        Row((draw(0, 3),), {"widths": ((1, 2), (0, 0)), "inner": (3, 1), "value": 0.0}, ALL),
    ],
    "concatenate": [
        Row((draw(2, 3), draw(2, 1), draw(2, 0)), {"dim": 1}, ALL),
        Row((draw(2), draw(3)), {"dim": 0}, ALL),
    ],
    "windows": [
        Row((draw(2, 7, 3),), {"size": (3,), "stride": (2,), "dilation": (1,)}, ALL),
        Row((draw(1, 5, 6, 2),), {"size": (2, 3), "stride": (1, 2), "dilation": (2, 1)}, ALL),
    ],
    "overlap_add": [
        Row((draw(2, 3, 3, 2),), {"spatial": (7,), "size": (3,), "stride": (2,), "dilation": (1,)}, NUMBERS),
        Row(
            (draw(1, 3, 2, 2, 3, 2),),
            {"spatial": (5, 6), "size": (2, 3), "stride": (1, 2), "dilation": (2, 1)},
            NUMBERS,
        ),
    ],
    # Comparison, logic, choice
    "where": [
        Row((_MASK, draw(2, 3), draw(2, 3, high=2.3)), dtypes=ALL),
        Row((np.array(True), draw(), draw(high=2.3)), dtypes=ALL),
        Row((_MASK, draw(), draw(2, 3)), dtypes=ALL, constants=(1,)),
        Row((_MASK, draw(2, 3), draw()), dtypes=ALL, constants=(2,)),
    ],
    "eq": [*_binary(dtypes=ALL), Row((draw(3), draw(3)), dtypes=ALL)],
    "lt": _binary(dtypes=ALL),
    "le": _binary(dtypes=ALL),
    "not": _unary(dtypes=(bool_, *INTEGER)),
    "and": _binary(dtypes=(bool_, *INTEGER)),
    "or": _binary(dtypes=(bool_, *INTEGER)),
    "xor": _binary(dtypes=(bool_, *INTEGER)),
    # Reductions
    "sum": [
        Row((draw(2, 3, 4),), {"dims": (0, 2)}, NUMBERS),
        Row((draw(2, 3),), {"dims": ()}, NUMBERS),
        Row((draw(0, 3),), {"dims": (0,)}, NUMBERS),
    ],
    "amax": [Row((draw(2, 3, 4),), {"dims": (0, 2)}, ALL), Row((draw(2, 3),), {"dims": ()}, ALL)],
    "amin": [Row((draw(2, 3, 4),), {"dims": (1,)}, ALL), Row((draw(),), {"dims": ()}, ALL)],
    "argmax": [Row((draw(2, 3, 4),), {"dim": 1}, ALL), Row((draw(0, 3),), {"dim": 1}, ALL)],
    "argmin": [Row((draw(2, 3, 4),), {"dim": 2}, ALL)],
    "cumsum": [Row((draw(2, 3, 4),), {"dim": 1}, NUMBERS), Row((draw(2, 0),), {"dim": 1}, NUMBERS)],
    # Exponentials
    "exp": _unary(),
    "expm1": _unary(),
    "log": _unary(low=0.2),
    "log1p": _unary(low=-0.8),
    "sqrt": _unary(low=0.2),
    "rsqrt": _unary(low=0.2),
    "sigmoid": _unary(),
    "erf": _unary(),
    "erfc": _unary(),
    # Arithmetic
    "neg": _unary(dtypes=NUMBERS),
    "abs": _unary(dtypes=ALL),
    "sign": _unary(dtypes=ALL),
    "add": _binary(dtypes=ALL),
    "sub": _binary(dtypes=NUMBERS),
    "mul": _binary(dtypes=ALL),
    "div": _binary(other=_away_from_zero),
    "floor_divide": _binary(dtypes=NUMBERS, low=0.0, high=9.0, other=_away_from_zero),
    "remainder": _binary(dtypes=NUMBERS, low=0.0, high=9.0, other=_away_from_zero),
    "pow": _binary(dtypes=NUMBERS, low=0.2),
    "maximum": _binary(dtypes=ALL),
    "minimum": _binary(dtypes=ALL),
    # Contractions
    "matmul": [
        Row((draw(2, 3), draw(3, 4)), dtypes=NUMBERS),
        Row((draw(2, 1, 2, 3), draw(2, 1, 3, 2)), dtypes=NUMBERS),
        Row((draw(2, 0), draw(0, 3)), dtypes=NUMBERS),
    ],
    "convolution": _convolutions("forward"),
    "convolution_input": _convolutions("input"),
    "convolution_weight": _convolutions("weight"),
    # Indices
    "take": [
        Row((draw(4, 3), index(2, 0, 2)), {"axis": 0}, ALL),
        Row((draw(2, 4, 3), index([1, 1], [0, 3])), {"axis": 1}, ALL),
        Row((draw(2, 4), index(3).reshape(())), {"axis": 1}, ALL),
        Row((draw(2, 4), np.zeros((0,), np.int64)), {"axis": 0}, ALL),
    ],
    "index_add": [
        Row((draw(3, 2), index(2, 0, 2)), {"axis": 0, "length": 4}, NUMBERS),
        Row((draw(2, 2, 2, 3), index([1, 1], [0, 3])), {"axis": 1, "length": 4}, NUMBERS),
        Row((draw(2), index(3).reshape(())), {"axis": 1, "length": 4}, NUMBERS),
        Row((draw(0, 2), np.zeros((0,), np.int64)), {"axis": 0, "length": 3}, NUMBERS),
    ],
    "gather": [
        Row((draw(2, 4), index([3, 3, 0], [1, 2, 2])), {"axis": 1}, ALL),
        Row((draw(4, 2), index([3, 1])), {"axis": 0}, ALL),
    ],
    "scatter_add": [
        Row((draw(2, 3), index([3, 3, 0], [1, 2, 2])), {"axis": 1, "length": 4}, NUMBERS),
        Row((draw(1, 2), index([3, 1])), {"axis": 0, "length": 4}, NUMBERS),
    ],
    "put": [Row((draw(5), index(3, 0, 3, 1), draw(4)), dtypes=ALL)],
    "argsort": [
        Row((draw(2, 5),), {"dim": 1, "descending": False}, ALL),
        Row((draw(5, 2),), {"dim": 0, "descending": True}, ALL),
    ],
    # Rounding
    "floor": _unary(dtypes=ALL),
    "ceil": _unary(dtypes=ALL),
    "round": _unary(dtypes=ALL),
    # Trigonometry
    "sin": _unary(),
    "cos": _unary(),
    "tan": _unary(low=-1.2, high=1.2),
    "asin": _unary(low=-0.8, high=0.8),
    "acos": _unary(low=-0.8, high=0.8),
    "atan": _unary(),
    "atan2": _binary(),
    "sinh": _unary(),
    "cosh": _unary(),
    "tanh": _unary(),
    "asinh": _unary(),
    "acosh": _unary(low=1.3, high=3.0),
    "atanh": _unary(low=-0.8, high=0.8),
    # Random
    "random_uniform": [Row((index(7, 0),), {"shape": (2, 3), "dtype": dtype}, (int64,)) for dtype in FLOATING],
}
