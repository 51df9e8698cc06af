import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.dtype import ALL, float32
from chainrule.core.primitive import Spec
from chainrule.ops.reduce import CUMSUM
from tests.native.harness import RUNNABLE
from tests.native.whole.check import check, check_elsewhere, computed, numbers


@settings(max_examples=30)
@given(st.data())
def test_cumsum_is_numpys(data):
    shape = data.draw(st.tuples(*[st.integers(0, 5), st.integers(0, 9), st.sampled_from([0, 1, 2, 7, 64, 100])]))
    x = numbers(shape, data.draw(st.sampled_from(ALL)))
    check(data.draw(st.sampled_from(RUNNABLE)), CUMSUM, x, dim=data.draw(st.integers(0, 2)))


def test_a_long_sum_of_float32_keeps_its_digits():
    x = np.full((100_000, 2), 0.1, np.float32)
    for target in RUNNABLE:
        found, _ = computed(target, CUMSUM, x, dim=0)
        np.testing.assert_array_equal(found, CUMSUM.evaluate(x, dim=0))


def test_for_another_processor():
    check_elsewhere(CUMSUM, Spec((3, 5, 70), float32), dim=1)
