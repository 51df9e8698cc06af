import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.dtype import ALL, float32
from chainrule.core.primitive import Spec
from chainrule.ops.movement import OVERLAP_ADD, WINDOWS
from tests.native.harness import RUNNABLE
from tests.native.whole.check import check, check_elsewhere, computed, numbers


@settings(max_examples=40)
@given(st.data())
def test_overlap_add(data):
    ndim = data.draw(st.integers(1, 3))
    lengths = st.tuples(*[st.integers(1, 3)] * ndim)
    size, stride, dilation = data.draw(lengths), data.draw(lengths), data.draw(lengths)
    spatial = tuple((k - 1) * d + data.draw(st.integers(1, 4)) for k, d in zip(size, dilation, strict=True))
    dtype = data.draw(st.sampled_from(ALL))
    channels = data.draw(st.sampled_from([0, 1, 3, 17]))
    frame = {"size": size, "stride": stride, "dilation": dilation}
    windows = WINDOWS.infer(Spec((data.draw(st.integers(0, 2)), *spatial, channels), dtype), **frame)
    check(data.draw(st.sampled_from(RUNNABLE)), OVERLAP_ADD, numbers(windows.shape, dtype), spatial=spatial, **frame)


def test_sums_are_made_in_the_order_of_the_definition():
    g = np.random.default_rng(0).normal(size=(2, 5, 4, 3, 3, 20)).astype(np.float32)
    params = {"spatial": (7, 6), "size": (3, 3), "stride": (1, 1), "dilation": (1, 1)}
    for target in RUNNABLE:
        found, _ = computed(target, OVERLAP_ADD, g, **params)
        np.testing.assert_array_equal(found, OVERLAP_ADD.evaluate(g, **params))


def test_for_another_processor():
    g = Spec((2, 3, 3, 2, 2, 20), float32)
    check_elsewhere(OVERLAP_ADD, g, spatial=(6, 6), size=(2, 2), stride=(2, 2), dilation=(1, 1))
