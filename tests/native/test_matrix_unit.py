"""Products on the matrix unit: float32's accuracy, its infinities and NaN, and any shape, whatever would be faster."""

from __future__ import annotations

from dataclasses import replace
from itertools import product as combinations
from math import ceil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule.native.contraction import emission
from chainrule.native.contraction.plan import Plan, make_plan, matrix_plans
from chainrule.native.contraction.product import Product
from chainrule.native.target import Target, host
from tests.native.harness import VECTORS
from tests.native.test_contraction import Case

pytestmark = pytest.mark.skipif(not host().matrix, reason="this processor has no matrix unit, or the system keeps it")

ORDERS = [((0, 1), (1, 0)), ((0, 1), (0, 1)), ((1, 0), (0, 1)), ((1, 0), (1, 0))]
"""How the operands of `x @ W.T`, `dY @ W` and `dY.T @ X` lie in memory, and both the other way."""


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of float32 take the matrix unit's form, in units of 64 rows and two panels, with k in parts of 64."""

    def plan(product: Product, target: Target) -> Plan:
        plans = matrix_plans(product, target)
        found = next(iter(plans), None) or make_plan(product, target)
        depth = min(64, found.depth)
        return replace(found, block=min(64, found.block), group=min(2, found.panels), depth=depth)

    monkeypatch.setattr(emission, "make_plan", plan)


def multiplied(
    case: Case, a: np.ndarray, b: np.ndarray, orders: tuple = ORDERS[0], target: Target | None = None
) -> np.ndarray:
    """The product of two arrays."""
    loads = [
        case.load(name, case.axes(axes), order) for name, axes, order in zip("ab", ("mk", "kn"), orders, strict=True)
    ]
    for (_, view), values in zip(loads, (a, b), strict=True):
        view[...] = values
    store, result = case.store(case.total)
    case.run(case.kernel(loads[0][0], loads[1][0], store), target or host(), apart=True)
    return result()


def check(a: np.ndarray, b: np.ndarray, found: np.ndarray) -> None:
    """`found` is `a @ b`, within what is left out of a product (2**-22 of it) and what rounding of each step can do."""
    wide = np.longdouble
    bound = 2.0**-24 * (a.shape[-1] + 6) * np.matmul(abs(a).astype(wide), abs(b).astype(wide))
    assert (abs(found - np.matmul(a.astype(wide), b.astype(wide))) <= bound).all()


@pytest.mark.usefixtures("always")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_is_the_product(data: st.DataObject) -> None:
    """Any shape: rows, columns and steps that fill no tile; numbers beside the operands do not matter."""
    m, n, k = (data.draw(st.one_of(st.integers(1, 40), st.integers(1, 140)), name) for name in "mnk")
    case = Case(m, n, k)
    a, b = case.numbers(m, k), case.numbers(k, n)
    check(a, b, multiplied(case, a, b, data.draw(st.sampled_from(ORDERS), "orders")))


@pytest.mark.usefixtures("always")
def test_numbers_here_and_there() -> None:
    """Operands none of whose neighbours stand side by side, in a batch."""
    case = Case(19, 37, 41, batch=(2,))
    a, left = case.load("a", case.axes("mk"), (1, 2, 0))
    b, right = case.load("b", case.axes("kn"), (2, 1, 0))
    store, result = case.store(case.total, (1, 0, 2))
    case.run(case.kernel(a, b, store), host())
    check(left, right, result())


def test_errors_are_no_larger_than_those_of_multiply_adds() -> None:
    """On numbers of many magnitudes, in the mean over all sums."""
    shape = 96, 96, 700
    errors = []
    for target in (host(), VECTORS):
        case = Case(*shape)
        scale = np.exp(case.random.uniform(-8, 8, (96, 700))).astype(np.float32)
        a, b = case.numbers(96, 700) * scale, case.numbers(700, 96) / scale.T
        exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
        bound = abs(a).astype(np.longdouble) @ abs(b).astype(np.longdouble)
        errors.append(float(np.mean(abs(multiplied(case, a, b, target=target) - exact) / bound)))
    assert make_plan(Product.of(_kernel(*shape)), host()).form == "matrix"
    assert errors[0] <= errors[1]


def _kernel(m: int, n: int, k: int):  # type: ignore[no-untyped-def]
    case = Case(m, n, k)
    a, _ = case.load("a", case.axes("mk"))
    b, _ = case.load("b", case.axes("kn"))
    store, _ = case.store(case.total)
    return case.kernel(a, b, store)


def test_every_bit_of_a_number_counts() -> None:
    """A product with the unit matrix is the same bits: no part of a number is lost."""
    case = Case(70, 96, 96)
    a = case.numbers(70, 96) * np.exp2(case.random.integers(-80, 80, (70, 96))).astype(np.float32)
    assert np.array_equal(multiplied(case, a, np.eye(96, dtype=np.float32)), a)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("orders", ORDERS)
def test_infinity_and_nan(orders: tuple) -> None:
    """As float32's rules ask, and nowhere else; in several parts of k, where they meet again."""
    case = Case(40, 50, 150)
    a, b = case.numbers(40, 150), case.numbers(150, 50)
    for (row, step), value in zip(combinations((3, 33), (5, 100)), (np.inf, -np.inf, np.inf, np.nan), strict=True):
        a[row, step] = value
    a[20, 70], b[70, 4] = np.inf, 0
    b[9, 40] = -np.inf
    found = multiplied(case, a, b, orders)
    with np.errstate(invalid="ignore"):
        expected = a.astype(np.float64) @ b.astype(np.float64)
    bad = ~np.isfinite(expected)
    np.testing.assert_array_equal(found[bad], expected[bad])
    np.testing.assert_allclose(found[~bad], expected[~bad], rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("always")
def test_the_largest_numbers() -> None:
    """They are not rounded to infinity; sums that are too large are infinite."""
    largest = np.finfo(np.float32).max
    case = Case(33, 33, 40)
    a, b = np.zeros((33, 40), np.float32), np.zeros((40, 33), np.float32)
    a[:, 0], a[:, 1], b[0], b[1, ::2] = largest, largest, 0.5, 0.75
    expected = np.where(np.arange(33) % 2, largest * np.float32(0.5), np.inf)
    np.testing.assert_array_equal(multiplied(case, a, b), np.broadcast_to(expected, (33, 33)))


@pytest.mark.usefixtures("always")
def test_numbers_of_no_weight() -> None:
    """Small numbers lose bits below 2**-126, which nothing of the size of the others notices."""
    case = Case(16, 16, 32)
    a, b = case.numbers(16, 32) * np.float32(2.0**-118), case.numbers(32, 16)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    assert np.max(abs(multiplied(case, a, b) - exact)) < 32 * 4 * 2.0**-126


@pytest.mark.parametrize("size", [(256, 1024, 1024), (1024, 784, 256), (64, 128, 784), (1024, 1024, 4096)])
def test_large_products_take_it(size: tuple[int, int, int]) -> None:
    plan = make_plan(Product.of(_kernel(*size)), host())
    assert plan.form == "matrix"
    assert plan.units >= 4
    assert ceil(plan.block / 32) * plan.depth * 32 * 6 <= 1 << 20, "the packed rows fit the second-level cache"
