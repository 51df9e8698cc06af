"""Random graphs of random primitives over small shapes: for testing what changes a graph, or runs it.

What is drawn can be compared: no value hangs on rounding. Beside each value stands a shadow, computed of disturbed
inputs and disturbed itself a little more than rounding would; a value whose shadow differs too much is not taken. So a
comparison never stands at a tie, and nothing small is the difference of two large numbers.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.core.dtype import ALL, FLOATING, bool_, float32
from chainrule.core.primitive import PRIMITIVES, Primitive
from chainrule.core.shape import Shape
from chainrule.errors import ChainruleError
from chainrule.graph import Apply, Constant, Graph, Input, Note, Value, inputs_of, verify

# How much a value may differ where its inputs were rounded otherwise: relative to 1, or to itself where it is larger.
TOLERANCE = {float32: 1e-4, np.dtype(np.float64): 1e-11}
_DISTURBANCE = {float32: 1e-6, np.dtype(np.float64): 1e-14}
# Their results are not rounded.
_EXACT = {
    *("cast", "broadcast", "reshape", "permute", "flip", "slice", "update", "pad", "concatenate", "windows"),
    *("where", "maximum", "minimum", "amax", "amin", "neg", "abs", "sign", "floor", "ceil", "round"),
    *("take", "gather", "put", "random_uniform"),
}
_LARGEST = 50.0
_LENGTHS = (1, 2, 3, 4, 5, 8, 17, 33)
_NUMBERS = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -0.7)


class UnfitError(Exception):
    """What was drawn does not go together, or hangs on rounding."""


class Maker:
    """A graph in the making, with the arrays of all its values.

    Attributes:
        draw: The source of all that is random.
        arrays: What each value is, for the inputs drawn.
    """

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        self.inputs: list[Input] = []
        self.arrays: dict[Value, np.ndarray] = {}
        self._shadows: dict[Value, np.ndarray] = {}

    def chance(self, probability: float) -> bool:
        return bool(self.draw.random() < probability)

    def one_of(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.draw.integers(len(choices)))]

    def shape(self, ndim: int | None = None) -> Shape:
        """A shape of at most about two hundred elements; sometimes of none."""
        ndim = int(self.draw.integers(4)) if ndim is None else ndim
        lengths = [0 if self.chance(0.02) else self.one_of(_LENGTHS) for _ in range(ndim)]
        while math.prod(lengths) > 200:
            longest = lengths.index(max(lengths))
            lengths[longest] = max(lengths[longest] // 2, 1)
        return tuple(lengths)

    def array(self, shape: Shape, dtype: np.dtype) -> np.ndarray:
        if dtype == bool_:
            return np.asarray(self.draw.random(shape) < 0.5)
        if dtype in FLOATING:
            return np.asarray(self.draw.uniform(-2, 2, shape), dtype)
        return np.asarray(self.draw.integers(0, 10, shape) - (0 if dtype.kind == "u" else 5), dtype)

    def given(self, array: np.ndarray) -> Value:
        """A new input, or sometimes a constant, that is `array`."""
        if self.chance(0.15):
            return self.known(array)
        value = Input(array.shape, array.dtype, f"x{len(self.inputs)}")
        self.inputs.append(value)
        self.arrays[value] = self._shadows[value] = array
        return value

    def known(self, array: np.ndarray) -> Constant:
        """A constant."""
        value = Constant.of(array)
        self.arrays[value] = self._shadows[value] = value.array
        return value

    def fresh(self, shape: Shape, dtype: np.dtype) -> Value:
        """A new input or constant of this shape and dtype."""
        return self.given(self.array(shape, dtype))

    def value(self, dtypes: Sequence[np.dtype] = ALL, ndim: Sequence[int] = range(5)) -> Value:
        """A value of one of these dtypes and numbers of dimensions: one of the last few, any other, or a new one."""
        fitting = [value for value in self.arrays if value.dtype in dtypes and len(value.shape) in ndim]
        if fitting and not self.chance(0.15):
            return self.one_of(fitting[-4:] if self.chance(0.6) else fitting)
        usual = [dtype for dtype in dtypes if dtype == float32] or dtypes
        return self.fresh(self.shape(self.one_of(ndim)), self.one_of(usual if self.chance(0.5) else dtypes))

    def beside(self, x: Value) -> Value:
        """A second operand for `x`: of its shape and dtype, or a number."""
        same = [value for value in self.arrays if value.spec == x.spec]
        kind = self.draw.random()
        if kind < 0.4 and same:
            return self.one_of(same)
        if kind < 0.6:
            return self.number(x.dtype)
        if kind < 0.7:
            return self.fresh((), x.dtype)
        if kind < 0.85 and x.shape:
            row = tuple(1 if self.chance(0.4) else n for n in x.shape[int(self.draw.integers(len(x.shape))) :])
            return self.apply("broadcast", self.fresh(row, x.dtype), shape=x.shape)
        return self.fresh(x.shape, x.dtype)

    def number(self, dtype: np.dtype) -> Constant:
        """A constant number that rules may know."""
        number = self.one_of(_NUMBERS)
        return self.known(np.asarray(number if dtype in FLOATING else abs(int(number)), dtype))

    def within(self, x: Value, low: float, high: float) -> Value:
        """`x` squashed to `low` ... `high`."""
        half, middle = (self.known(np.asarray(n, x.dtype)) for n in ((high - low) / 2, (high + low) / 2))
        return self.apply("add", self.apply("mul", self.apply("tanh", x), half), middle)

    def apply(self, name: str, *inputs: Value, **params: Any) -> Apply:
        """A primitive of values.

        Raises:
            UnfitError: If they do not go together, or the result hangs on rounding.
        """
        primitive = PRIMITIVES[name]
        try:
            value = Apply.of(primitive, *inputs, note=Note(line=f"value {len(self.arrays)}"), **params)
            array = _evaluated(primitive, [self.arrays[x] for x in inputs], params)
            shadow = _evaluated(primitive, [self._shadows[x] for x in inputs], params)
            mirrored = _evaluated(primitive, [self._mirrored(x) for x in inputs], params)
        except ChainruleError as error:
            raise UnfitError from error
        if array.size > 2000:
            raise UnfitError
        if array.dtype in FLOATING:
            if name not in _EXACT:
                scale = _DISTURBANCE[array.dtype] * (np.abs(shadow) + 0.1)
                shadow = np.asarray(shadow + scale * self.draw.choice([-1, 1], shadow.shape), shadow.dtype)
            # Each written as what must hold, so that a NaN does not pass.
            if not (np.abs(array) <= _LARGEST).all() or not (close(shadow, array, 0.2) and close(mirrored, array, 0.2)):
                raise UnfitError
        elif not (np.array_equal(array, shadow) and np.array_equal(array, mirrored)):
            raise UnfitError
        self.arrays[value], self._shadows[value] = array, shadow
        return value

    def _mirrored(self, x: Value) -> np.ndarray:
        """A value disturbed the other way: a step may stand on either side of a number."""
        array, shadow = self.arrays[x], self._shadows[x]
        return np.asarray(array - (shadow - array)) if array.dtype in FLOATING else array


def _evaluated(primitive: Primitive, arrays: list[np.ndarray], params: dict[str, Any]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(primitive.evaluate(*arrays, **params))


def close(got: np.ndarray, expected: np.ndarray, share: float = 1.0) -> bool:
    """Whether two arrays are the same, up to (a share of) what rounding may do to floats."""
    if (got.shape, got.dtype) != (expected.shape, expected.dtype):
        return False
    if expected.dtype not in FLOATING:
        return np.array_equal(got, expected)
    allowed = share * TOLERANCE[expected.dtype] * np.maximum(np.abs(expected), 1)
    return bool((np.abs(got - expected) <= allowed).all())


def random_graph(seed: int, size: int, without: Iterable[str] = ()) -> tuple[Graph, list[np.ndarray]]:
    """A graph of about `size` operations, and arrays for its inputs; the same ones for the same seed.

    Everything that nothing else uses is a result or is written to an input, as are some other values.
    Primitives named by `without` are left out.
    """
    from tests.graph.operations import OPERATIONS

    maker = Maker(seed)
    names = [name for name in OPERATIONS if name not in without]
    for _ in range(20 * size):
        if sum(isinstance(value, Apply) for value in maker.arrays) >= size:
            break
        try:
            OPERATIONS[maker.one_of(names)](maker)
        except UnfitError:
            continue
    computed = [value for value in maker.arrays if isinstance(value, Apply)]
    used = {x for value in computed for x in inputs_of(value)}
    results, writes = [], {}
    for value in computed:
        if value not in used or maker.chance(0.1):
            free = [i for i, given in enumerate(maker.inputs) if given.spec == value.spec and i not in writes]
            if free and maker.chance(0.3):
                writes[maker.one_of(free)] = value
            else:
                results.append(value)
    graph = Graph(tuple(maker.inputs), tuple(results), tuple(writes.items()))
    return verify(graph, f"random_graph({seed}, {size})"), [maker.arrays[given] for given in maker.inputs]
