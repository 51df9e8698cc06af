import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.dtype import ALL, FLOATING, float32, float64, int64
from chainrule.core.primitive import Spec
from chainrule.ops.sorting import ARGSORT
from tests.native.harness import RUNNABLE
from tests.native.whole.check import check, check_elsewhere, computed

special = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-42, -1e-42, np.inf, -np.inf, np.nan, -np.nan])


@settings(max_examples=30)
@given(st.data())
def test_argsort_is_numpys(data):
    dtype = data.draw(st.sampled_from(ALL))
    shape = data.draw(st.tuples(*[st.integers(0, 4), st.integers(0, 40), st.integers(0, 3)]))
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    if dtype in FLOATING and data.draw(st.booleans()):
        values = [float(data.draw(special)) for _ in range(5)]
        x = rng.choice(values, shape).astype(dtype)
    elif dtype.kind in "iu" and data.draw(st.booleans()):
        limits = np.iinfo(dtype)
        x = rng.choice([limits.min, limits.min + 1, limits.max - 1, limits.max], shape).astype(dtype)
    else:
        x = rng.integers(-9 if dtype.kind in "if" else 0, 9, shape).astype(dtype)
    check(
        data.draw(st.sampled_from(RUNNABLE)),
        ARGSORT,
        x,
        dim=data.draw(st.integers(0, 2)),
        descending=data.draw(st.booleans()),
    )


@pytest.mark.parametrize("length", [4, 5, 63, 64, 65, 1000, 5000])
@pytest.mark.parametrize("dtype", [float32, int64], ids=str)
def test_long_rows(length, dtype):
    x = np.random.default_rng(length).integers(-length, length, length).astype(dtype)
    check(RUNNABLE[0], ARGSORT, x, dim=0, descending=bool(length % 2))


def test_random_numbers_make_a_permutation():
    x = np.random.default_rng(1).random(70_000, np.float32)
    order, _ = computed(RUNNABLE[0], ARGSORT, x, dim=0, descending=False)
    np.testing.assert_array_equal(order, np.argsort(x, kind="stable"))


@pytest.mark.parametrize("dtype", [float32, float64], ids=str)
def test_for_another_processor(dtype):
    check_elsewhere(ARGSORT, Spec((3, 50), dtype), dim=1, descending=True)
