"""The fast forms give the bits of NumPy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.ops.branchless import first_extreme, select

ANY = st.floats(width=32, allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_])
def test_select_is_where(dtype, zero):
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (4, 5)).astype(dtype)
    if x.dtype.kind == "f":
        x[0, :4] = [np.nan, np.inf, -np.inf, -0.0]
    condition = rng.random((4, 5)) < 0.5
    nothing = np.asarray(zero, dtype)
    for a, b in (
        (x, nothing),
        (nothing, x),
        (x, x[::-1]),
        (nothing, nothing),
        (x.T.copy().T, nothing),
        (x[:, ::-1], nothing),
    ):
        expected, got = np.where(condition, a, b), select(condition, a, b)
        assert got.dtype == expected.dtype
        assert got.tobytes() == expected.tobytes()


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=4, max_side=5), elements=ANY), st.data())
def test_the_first_extreme_is_numpys(x, data):
    axis = data.draw(st.integers(0, x.ndim - 1))
    np.testing.assert_array_equal(first_extreme(x, axis, np.maximum), x.argmax(axis=axis))
    np.testing.assert_array_equal(first_extreme(x, axis, np.minimum), x.argmin(axis=axis))


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_])
def test_the_first_extreme_of_whole_numbers(dtype):
    x = np.random.default_rng(0).integers(0, 3, (3, 7, 4)).astype(dtype)
    np.testing.assert_array_equal(first_extreme(x, 1, np.maximum), x.argmax(axis=1))
