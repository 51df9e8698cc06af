"""Matrix products against NumPy: any shapes, strides and dtypes, and what follows each sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product as combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Number, Result
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import Contraction, Store, buffers
from chainrule.native.contraction import emit_contraction
from chainrule.native.contraction.plan import make_plan
from chainrule.native.contraction.product import Product
from chainrule.native.target import Target
from chainrule.ops.arithmetic import ADD, MAXIMUM, MUL
from tests.native.harness import AVX2, EVERY, NEON, RUNNABLE, Compiled, assembly
from tests.native.registers import check_sums_stay_in_registers

FLOAT32 = np.dtype("float32")


@dataclass
class Case:
    """A contraction under construction, and the arrays that it is called on."""

    m: int
    n: int
    k: int
    batch: tuple[int, ...] = ()
    dtype: np.dtype = FLOAT32
    arrays: dict[Buffer, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.vars = {"m": Var("m", self.m), "n": Var("n", self.n), "k": Var("k", self.k)}
        self.outer = tuple(Var(f"b{i}", extent) for i, extent in enumerate(self.batch))
        self.random = np.random.default_rng(0)
        self.total = Result(self.dtype, "total")

    def axes(self, letters: str) -> tuple[Var, ...]:
        """The batch variables and those of the letters."""
        return (*self.outer, *(self.vars[letter] for letter in letters))

    def numbers(self, *shape: int) -> np.ndarray:
        if self.dtype.kind == "f":
            return self.random.standard_normal(shape).astype(self.dtype)
        info = np.iinfo(self.dtype)
        return self.random.integers(info.min, info.max, shape, self.dtype, endpoint=True)

    def load(
        self, name: str, axes: tuple[Var, ...], order: tuple[int, ...] | None = None, flipped: tuple[int, ...] = ()
    ) -> tuple[Load, np.ndarray]:
        """A new array over some axes that lies in memory in another order, and a view of it in theirs.

        `flipped` are the positions of axes that run backwards.
        """
        order = order or tuple(range(len(axes)))
        array = self.numbers(*[axes[i].extent for i in order])
        buffer = Buffer(name, array.size + 3, self.dtype, "input", len(self.arrays))
        # Three elements that do not belong to it stand before it.
        flat = np.concatenate([self.numbers(3), array.reshape(-1)])
        self.arrays[buffer] = flat
        strides, step, start = {}, 1, 3
        for i in reversed(order):
            strides[axes[i]] = -step if i in flipped else step
            start += step * (axes[i].extent - 1) if i in flipped else 0
            step *= axes[i].extent
        view = np.flip(flat[3:].reshape(array.shape).transpose(np.argsort(order)), flipped)
        return Load(self.dtype, buffer, Index(start, strides)), view

    def store(self, value: Expr, order: tuple[int, ...] | None = None) -> tuple[Store, Callable[[], np.ndarray]]:
        """A new array for a value at each (batch, m, n), and what stands in it afterwards."""
        axes = self.axes("mn")
        load, view = self.load("result", axes, order)
        buffer = load.buffer
        self.arrays[buffer][:] = 7
        return Store(buffer, load.index, value), lambda: view

    def kernel(self, a: Load, b: Load, *stores: Store) -> Contraction:
        m, n, k = self.vars["m"], self.vars["n"], self.vars["k"]
        return Contraction("product", self.outer, m, n, k, a, b, self.total, stores)

    def run(self, kernel: Contraction, target: Target, apart: bool = False) -> None:
        """All units at once, or `apart`: one at a time, the last one first."""
        found = buffers(kernel)
        compiled = Compiled(lambda module: emit_contraction(module, kernel, "product", target), target)
        units = compiled.code.units
        spans = [(unit, unit + 1) for unit in reversed(range(units))] if apart else [(0, units)]
        assert compiled(*[self.arrays[buffer] for buffer in found], spans=spans) is None


def check(a: np.ndarray, b: np.ndarray, found: np.ndarray) -> None:
    """`found` is `a @ b`: exactly for whole numbers, else within what rounding of each step can do."""
    if a.dtype.kind != "f":
        np.testing.assert_array_equal(found, np.matmul(a, b))
        return
    wide = np.longdouble
    step = np.finfo(a.dtype).eps / 2 * (a.shape[-1] + 2)
    bound = step / (1 - step) * np.matmul(abs(a).astype(wide), abs(b).astype(wide))
    assert (abs(found - np.matmul(a.astype(wide), b.astype(wide))) <= bound).all()


def check_all_transpositions(shape: tuple[int, int, int], target: Target, dtype: np.dtype) -> None:
    for a_order, b_order in combinations([(0, 1), (1, 0)], repeat=2):
        case = Case(*shape, dtype=dtype)
        a, left = case.load("a", case.axes("mk"), a_order)
        b, right = case.load("b", case.axes("kn"), b_order)
        store, result = case.store(case.total)
        case.run(case.kernel(a, b, store), target)
        check(left, right, result())


@pytest.mark.parametrize("orders", [((0, 1), (1, 0)), ((1, 0), (0, 1))], ids=["along k", "across k"])
@pytest.mark.parametrize("length", [0, 6])
def test_long_sums_are_made_in_parts(orders: tuple, length: int) -> None:
    case = Case(300, 33, 2100)
    a, left = case.load("a", case.axes("mk"), orders[0])
    b, right = case.load("b", case.axes("kn"), orders[1])
    value: Expr = case.total
    for _ in range(length):
        value = Call(FLOAT32, MUL, (value, Number(FLOAT32, 2.0)))
    store, result = case.store(value)
    case.run(case.kernel(a, b, store), RUNNABLE[0], apart=True)
    check(left, right, result() / 2**length)


EXTENTS = st.one_of(st.integers(1, 9), st.integers(1, 70))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_is_the_product(data: st.DataObject) -> None:
    batch = tuple(data.draw(st.lists(st.integers(1, 3), max_size=2), "batch"))
    sizes = [data.draw(EXTENTS, name) for name in "mnk"]
    dtype = np.dtype(data.draw(st.sampled_from(["float32", "float32", "float64", "int32", "int64", "uint8"]), "dtype"))
    case = Case(*sizes, batch, dtype)
    orders = [data.draw(st.permutations(range(len(batch) + 2)), name) for name in ("a", "b", "result")]
    flips = [tuple(data.draw(st.sets(st.sampled_from(orders[0]), max_size=1), "flipped")) for _ in "ab"]
    a, left = case.load("a", case.axes("mk"), tuple(orders[0]), flips[0])
    b, right = case.load("b", case.axes("kn"), tuple(orders[1]), flips[1])
    store, result = case.store(case.total, tuple(orders[2]))
    target = data.draw(st.sampled_from(RUNNABLE), "target")
    case.run(case.kernel(a, b, store), target, apart=data.draw(st.booleans(), "apart"))
    check(left, right, result())


# Shapes of layers: each has its own tile, blocks, panels, packing.
@pytest.mark.parametrize(
    "shape", [(64, 128, 200), (33, 100, 300), (130, 90, 70), (256, 1, 100), (1, 300, 90), (40, 10, 64), (400, 40, 200)]
)
@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_layers(shape: tuple[int, int, int], target: Target) -> None:
    check_all_transpositions(shape, target, FLOAT32)


def test_layers_in_float64() -> None:
    check_all_transpositions((400, 40, 200), RUNNABLE[0], np.dtype("float64"))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("shape", [(130, 200, 90), (256, 128, 1100), (64, 128, 784), (520, 160, 128)])
def test_the_same_bits_in_any_order_of_units(shape: tuple[int, int, int], turned: bool) -> None:
    """Also where units one after another use the same packed rows."""
    case = Case(*shape)
    a, left = case.load("a", case.axes("mk"), (1, 0) if turned else (0, 1))
    b, right = case.load("b", case.axes("kn"), (0, 1) if turned else (1, 0))
    store, result = case.store(case.total)
    case.run(case.kernel(a, b, store), RUNNABLE[0])
    check(left, right, result())
    once = result().copy()
    case.run(case.kernel(a, b, store), RUNNABLE[0], apart=True)
    assert once.tobytes() == result().tobytes()


def test_one_matrix_for_the_whole_batch() -> None:
    case = Case(5, 20, 6, batch=(3, 2))
    a, left = case.load("a", case.axes("mk"))
    b, right = case.load("b", (case.vars["k"], case.vars["n"]))
    store, result = case.store(case.total)
    case.run(case.kernel(a, b, store), RUNNABLE[0])
    check(left, np.broadcast_to(right, (3, 2, 6, 20)), result())


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_what_follows_each_sum(target: Target) -> None:
    """A bias over n, a scale over m, ReLU, and a second result: a short epilogue and a long one."""
    for length in (1, 5):
        case = Case(9, 21, 5)
        a, left = case.load("a", case.axes("mk"))
        b, right = case.load("b", case.axes("kn"))
        bias, over_n = case.load("bias", (case.vars["n"],))
        scale, over_m = case.load("scale", (case.vars["m"],))
        before, old = case.load("before", case.axes("mn"), (1, 0))
        value: Expr = case.total
        for _ in range(length):
            value = Call(FLOAT32, ADD, (Call(FLOAT32, MUL, (value, scale)), bias))
        active = Call(FLOAT32, MAXIMUM, (value, Number(FLOAT32, 0.0)))
        first, relu = case.store(active)
        second, updated = case.store(Call(FLOAT32, ADD, (before, value)), (1, 0))
        expected = (left @ right).astype(FLOAT32)
        for _ in range(length):
            expected = expected * over_m[:, None] + over_n
        case.run(case.kernel(a, b, first, second), target)
        np.testing.assert_allclose(relu(), np.maximum(expected, 0), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(updated(), old + expected, rtol=1e-4, atol=1e-4)


def test_updates_in_place() -> None:
    """A store may write where its value was read: the same element, after it was read."""
    case = Case(20, 40, 8)
    a, left = case.load("a", case.axes("mk"), (1, 0))
    b, right = case.load("b", case.axes("kn"))
    weight, view = case.load("weight", case.axes("mn"))
    value = Call(FLOAT32, ADD, (weight, case.total))
    expected = view + left @ right
    case.run(case.kernel(a, b, Store(weight.buffer, weight.index, value)), RUNNABLE[0])
    np.testing.assert_allclose(view, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_numbers_go_where_they_belong_and_nowhere_else(target: Target, bad: float) -> None:
    for order in [(0, 1), (1, 0)]:
        case = Case(7, 19, 5)
        a, left = case.load("a", case.axes("mk"), order)
        b, right = case.load("b", case.axes("kn"), order)
        right[2, 18] = left[6, 4] = bad
        for load in (a, b):
            case.arrays[load.buffer][:3] = np.nan
        store, result = case.store(case.total)
        case.run(case.kernel(a, b, store), target)
        hit = np.zeros((7, 19), bool)
        hit[6], hit[:, 18] = True, True
        np.testing.assert_array_equal(np.isfinite(result()), ~hit)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(result()[hit], (left @ right)[hit])


def test_without_products_the_sum_is_zero() -> None:
    case = Case(3, 17, 0)
    a, _ = case.load("a", case.axes("mk"))
    b, _ = case.load("b", case.axes("kn"))
    store, result = case.store(case.total)
    case.run(case.kernel(a, b, store), RUNNABLE[0])
    assert not result().any()


@pytest.mark.parametrize("shape", [(0, 3, 2), (3, 0, 2)])
def test_without_sums_there_is_nothing_to_do(shape: tuple[int, int, int]) -> None:
    case = Case(*shape)
    a, _ = case.load("a", case.axes("mk"))
    b, _ = case.load("b", case.axes("kn"))
    store, _ = case.store(case.total)
    case.run(case.kernel(a, b, store), RUNNABLE[0])


# (m, n, k) of a layer's three products, and the orders of their operands: x @ W.T, dY @ W, dY.T @ X.
PASSES = [((0, 1), (1, 0)), ((0, 1), (0, 1)), ((1, 0), (0, 1))]


@pytest.mark.parametrize(("outputs", "packed"), [(256, True), (128, True), (64, False), (16, False)])
def test_rows_that_push_each_other_out_of_the_cache_are_packed_where_many_panels_read_them(
    outputs: int, packed: bool
) -> None:
    """A gradient to a weight of 128 channels: walks through its batch come back to the same places of the cache."""
    case = Case(outputs, 128, 4096)
    a, _ = case.load("a", case.axes("mk"), (1, 0))
    b, _ = case.load("b", case.axes("kn"), (0, 1))
    store, _ = case.store(case.total)
    assert make_plan(Product.of(case.kernel(a, b, store)), AVX2).pack_a == packed


@pytest.mark.parametrize("target", [*EVERY[:2], NEON], ids=lambda target: target.name)
@pytest.mark.parametrize("shape", [(64, 128, 784), (256, 1024, 1024), (32, 64, 30), (64, 10, 64), (13, 50, 40)])
@pytest.mark.parametrize("orders", PASSES, ids=["forward", "to the input", "to the weight"])
def test_sums_stay_in_registers(shape: tuple[int, int, int], orders: tuple, target: Target) -> None:
    """No loop that multiplies and adds moves vectors to the stack or from it."""
    case = Case(*shape)
    a, _ = case.load("a", case.axes("mk"), orders[0])
    b, _ = case.load("b", case.axes("kn"), orders[1])
    store, _ = case.store(case.total)
    kernel = case.kernel(a, b, store)
    text = assembly(lambda module: emit_contraction(module, kernel, "product", target), target)
    check_sums_stay_in_registers(text)
