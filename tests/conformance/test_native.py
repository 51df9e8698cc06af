"""Every primitive as machine code, by itself: what it means in NumPy, for all dtypes, on special numbers, at odd sizes.

Whole numbers, and what only moves or picks numbers, are the same bit for bit (any NaN is NaN). Elsewhere the distance
to the meaning is bounded: for functions of one element in units in the last place, for sums by what rounding of each
step can do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from chainrule.core.dtype import FLOATING, float32, float64
from chainrule.core.primitive import PRIMITIVES, Primitive
from chainrule.errors import ChainruleError
from chainrule.graph import Apply, Graph, Input
from chainrule.jit.native import native
from chainrule.ops.elementwise import Binary, Unary, Where
from tests.conformance.table import ROWS, Row, index
from tests.native.accuracy import LIMITS, LIMITS_OF_TWO, errors, numbers, pairs, same

# Sums of products, or of the elements themselves.
SUMS = {
    *("sum", "cumsum", "matmul", "convolution", "convolution_input", "convolution_weight"),
    *("index_add", "scatter_add", "overlap_add"),
}
# Functions of one element, and how far they may be from the truth.
ROUNDED = LIMITS | LIMITS_OF_TWO
# How far NumPy's own functions of float64 are from the truth, in units in the last place.
OF_NUMPY = 4.0
# NumPy does not say which of two equal zeros it picks.
EITHER_ZERO = {"amax", "amin"}
LENGTHS = ((1,), (37,), (3, 37), (37, 3), (2, 1100))


def rows(name: str) -> Iterator[tuple[list[np.ndarray], dict]]:
    """Inputs and parameters for a primitive; of floats also with special numbers among them."""
    for row in [*ROWS[name], *_longer(name)]:
        for dtype in row.dtypes:
            arrays = row.of(dtype)
            yield arrays, dict(row.params)
            if name != "random_uniform" and any(array.dtype in FLOATING for array in arrays):
                yield [_with_special(array) for array in arrays], dict(row.params)
    if isinstance(PRIMITIVES[name], (Unary, Binary, Where)):
        for dtype in ROWS[name][0].dtypes:
            yield _of_all_kinds(name, dtype), {}


def _longer(name: str) -> Iterator[Row]:
    """Reductions and what else goes along a dimension, at lengths that fill no vectors, and that fill many."""
    params = ROWS[name][0].params
    for shape in LENGTHS:
        x = np.random.default_rng(len(shape)).normal(size=shape) * 9
        for dim in range(len(shape)):
            if name in ("sum", "amax", "amin"):
                yield Row((x,), {"dims": (dim,)}, ROWS[name][0].dtypes)
            elif "dim" in params and name != "concatenate":
                yield Row((x,), {**params, "dim": dim}, ROWS[name][0].dtypes)


def _of_all_kinds(name: str, dtype: np.dtype) -> list[np.ndarray]:
    """Inputs of many numbers of a dtype, such as its limits; of two inputs, many with each other."""
    if isinstance(PRIMITIVES[name], Unary):
        return [numbers(dtype)]
    a, b = pairs(dtype)
    if dtype.kind in "iu" and name in ("floor_divide", "remainder", "pow"):
        legal = b >= 0 if name == "pow" else b != 0
        a, b = a[legal], b[legal]
    condition = np.random.default_rng(0).random(a.size) < 0.5
    return [condition, a, b] if isinstance(PRIMITIVES[name], Where) else [a, b]


def _with_special(array: np.ndarray) -> np.ndarray:
    """Some of the floats replaced by NaN, infinities, zeros and the smallest numbers."""
    if array.dtype not in FLOATING:
        return array
    rng = np.random.default_rng(array.size)
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(array.dtype).smallest_subnormal], array.dtype)
    return np.where(rng.random(array.shape) < 0.15, rng.choice(special, array.shape), array)


def evaluate(primitive: Primitive, arrays: list[np.ndarray], params: dict) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(primitive.evaluate(*arrays, **params))


class Together:
    """Many primitives as one program.

    Attributes:
        results: What it computes, in the order in which they were added.
    """

    def __init__(self) -> None:
        self._inputs: list[Input] = []
        self._arrays: list[np.ndarray] = []
        self._values: list[Apply] = []

    def add(self, primitive: Primitive, arrays: list[np.ndarray], params: dict) -> None:
        """A primitive of arrays."""
        inputs = [Input(array.shape, array.dtype, f"x{len(self._inputs) + i}") for i, array in enumerate(arrays)]
        self._inputs += inputs
        self._arrays += [np.ascontiguousarray(array).reshape(array.shape) for array in arrays]
        self._values.append(Apply.of(primitive, *inputs, **params))

    def run(self) -> list[np.ndarray]:
        """What the primitives make of their arrays."""
        program = native(Graph(tuple(self._inputs), tuple(self._values)))
        results = [np.empty(value.shape, value.dtype) for value in self._values]
        for number, array in enumerate([*self._arrays, *results]):
            program.addresses[number] = array.ctypes.data
        program.run()
        return results


def check(primitive: Primitive, arrays: list[np.ndarray], params: dict, found: np.ndarray) -> None:
    name, expected = primitive.name, evaluate(primitive, arrays, params)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if name in SUMS and expected.dtype in FLOATING:
        right = _sums_agree(primitive, arrays, params, found, expected)
    elif name in ROUNDED and expected.dtype in FLOATING:
        right = _distance(primitive, arrays, params, found) <= _limit(name, expected.dtype)
    elif name in EITHER_ZERO:
        right = (found == expected) | same(found, expected)
    else:
        right = same(found, expected)
    wrong = np.argwhere(~right)
    assert not wrong.size, (
        f"{name}({[(array.shape, array.dtype.name) for array in arrays]}, {params}) at {wrong[0]}: "
        f"{found[tuple(wrong[0])]!r}, but {expected[tuple(wrong[0])]!r}; {len(wrong)} in all"
    )


def _limit(name: str, dtype: np.dtype) -> float:
    single, double = ROUNDED[name]
    return single if dtype == float32 else double + OF_NUMPY


def _distance(primitive: Primitive, arrays: list[np.ndarray], params: dict, found: np.ndarray) -> np.ndarray:
    """From the meaning, in more digits if NumPy has them, in units in the last place."""
    with np.errstate(invalid="ignore"):
        wide = [array.astype(float64) if array.dtype == float32 else array for array in arrays]
    return errors(found, evaluate(primitive, wide, params))


def _sums_agree(
    primitive: Primitive, arrays: list[np.ndarray], params: dict, found: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """Whether sums in two orders differ by no more than the rounding of each step can do."""
    terms = evaluate(primitive, [np.ones_like(x) if x.dtype in FLOATING else x for x in arrays], params)
    sizes = evaluate(primitive, [np.abs(x) if x.dtype in FLOATING else x for x in arrays], params)
    with np.errstate(invalid="ignore"):
        near = np.abs(found - expected) <= np.finfo(expected.dtype).eps * (terms + 2) * sizes
    return np.where(np.isfinite(expected), near, same(found, expected))


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_machine_code_does_what_the_primitive_means(name):
    cases, together = list(rows(name)), Together()
    for arrays, params in cases:
        together.add(PRIMITIVES[name], arrays, params)
    for (arrays, params), found in zip(cases, together.run(), strict=True):
        check(PRIMITIVES[name], arrays, params, found)


FAULTS = [
    ("take", [np.arange(4.0), index(0, 4)], {"axis": 0}),
    ("take", [np.arange(4.0), index(0, -5)], {"axis": 0}),
    ("gather", [np.ones((2, 4)), index([0, 4], [1, 2])], {"axis": 1}),
    ("put", [np.arange(5.0), index(1, 7), np.ones(2)], {}),
    ("index_add", [np.ones((2, 3)), index(0, 3)], {"axis": 0, "length": 3}),
    ("scatter_add", [np.ones((1, 2)), index([3, 4])], {"axis": 0, "length": 4}),
    ("floor_divide", [index(5, 6), index(1, 0)], {}),
    ("remainder", [index(5, 6), index(1, 0)], {}),
    ("pow", [index(5, 6), index(1, -2)], {}),
]


@pytest.mark.parametrize(("name", "arrays", "params"), FAULTS)
def test_bad_data_is_the_same_error(name, arrays, params):
    with pytest.raises(ChainruleError) as expected:
        evaluate(PRIMITIVES[name], arrays, params)
    together = Together()
    together.add(PRIMITIVES[name], arrays, params)
    with pytest.raises(type(expected.value)) as found:
        together.run()
    assert type(found.value) is type(expected.value)
    assert (found.value.expected, found.value.got) == (expected.value.expected, expected.value.got)
