from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.dtype import FLOATING, float32, float64
from chainrule.core.primitive import Spec
from chainrule.native.whole import emit_whole
from chainrule.native.whole.convolution import (
    backward_input,
    backward_weight,
    depthwise,
    forward,
    matrix,
    matrix_weight,
    winograd_by_two,
    winograd_tiles,
    winograd_weight,
)
from chainrule.native.whole.convolution.winograd import BY_ONE
from chainrule.native.whole.convolution.winograd_by_two import BY_TWO
from chainrule.native.whole.convolution.winograd_tiles import choose
from chainrule.ops.convolution import CONVOLUTION, CONVOLUTION_INPUT, CONVOLUTION_WEIGHT, Frame
from tests.native.harness import EVERY, RUNNABLE, Compiled
from tests.native.registers import check_sums_stay_in_registers
from tests.native.whole.check import check, check_epilogue, computed, numbers, whole, written

# How far from whole numbers they may be, in deviations, where 4×4 results are made of fewer products: divisions
# round.
ROUNDED = 2e-5


@st.composite
def convolutions(draw):
    """Arrays x, w, y of the shapes of a convolution, and its frame."""
    ndim = draw(st.integers(1, 3))
    lengths = st.tuples(*[st.integers(1, 3)] * ndim)
    kernel, stride, dilation = draw(lengths), draw(lengths), draw(lengths)
    padding = draw(st.tuples(*[st.tuples(st.integers(0, 4), st.integers(0, 2))] * ndim))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    spatial = tuple(max(r - sum(p), 0) + draw(st.integers(0, 4)) for r, p in zip(reach, padding, strict=True))
    groups = draw(st.sampled_from([1, 1, 2, 3, 19]))
    channels, outputs = draw(st.sampled_from([0, 1, 3, 17, 48])), draw(st.sampled_from([1, 2, 5, 35]))
    frame, dtype = Frame(stride, padding, dilation, groups), draw(st.sampled_from(FLOATING))
    x = numbers((draw(st.integers(0, 2)), *spatial, groups * channels), dtype, seed=1)
    w = numbers((groups * outputs, *kernel, channels), dtype, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, dtype), Spec(w.shape, dtype), frame=frame)
    return x, w, numbers(y.shape, dtype, seed=3), frame


@settings(max_examples=60)
@given(convolutions(), st.sampled_from(RUNNABLE), st.integers(0, 2))
def test_the_three_passes(arrays, target, which):
    x, w, g, frame = arrays
    if which == 0:
        check(target, CONVOLUTION, x, w, frame=frame)
    elif which == 1:
        check(target, CONVOLUTION_INPUT, g, w, spatial=x.shape[1:-1], frame=frame)
    else:
        check(target, CONVOLUTION_WEIGHT, x, g, kernel=w.shape[1:-1], frame=frame)


@pytest.mark.parametrize("size", [(2, 28, 28, 1, 6, 5, 2), (2, 13, 13, 32, 64, 3, 0), (1, 9, 9, 70, 40, 3, 1)], ids=str)
def test_convolutions_as_networks_have_them(size):
    n, h, w, c, o, k, p = size
    frame = Frame((1, 1), ((p, p), (p, p)), (1, 1), 1)
    x, weight = numbers((n, h, w, c), float32, seed=1), numbers((o, k, k, c), float32, seed=2)
    g = numbers((n, h + 2 * p - k + 1, w + 2 * p - k + 1, o), float32, seed=3)
    check(RUNNABLE[0], CONVOLUTION, x, weight, frame=frame, within=ROUNDED)
    check(RUNNABLE[0], CONVOLUTION_INPUT, g, weight, spatial=(h, w), frame=frame, within=ROUNDED)
    check(RUNNABLE[0], CONVOLUTION_WEIGHT, x, g, kernel=(k, k), frame=frame, within=ROUNDED)


@pytest.mark.parametrize("size", [(6, 20, 3, 5), (6, 30, 20, 7), (6, 4, 3, 33)], ids=str)
def test_parts_of_a_batch(size):
    n, h, c, o = size
    x, g = numbers((n, h, h, c), float32, seed=1), numbers((n, h, h, o), float32, seed=2)
    frame = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    check(RUNNABLE[0], CONVOLUTION_WEIGHT, x, g, kernel=(3, 3), frame=frame, parts=3)


# (pictures, channels, kernel, stride, padding, dilation)
EACH_CHANNEL = [
    (4, 32, 3, 1, 1, 1),
    (2, 37, 3, 2, 1, 1),
    (2, 19, 5, 1, 0, 2),
    (2, 33, 3, 1, 2, 1),
    (2, 17, 3, 1, 3, 1),  # padded by more than the window
    (2, 16, 17, 1, 8, 1),  # a window too wide to be written out
    (2, 18, 17, 2, 9, 1),
    (2, 16, 3, 9, 1, 1),  # steps too long to be written out
]


@pytest.mark.parametrize("size", EACH_CHANNEL, ids=str)
@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_each_channel_by_itself(size, target):
    n, c, k, s, p, d = size
    frame = Frame((s, s), ((p, p), (p, 0)), (d, d), c)
    x, w = numbers((n, 11, 12, c), float32, seed=1), numbers((c, k, k, 1), float32, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(w.shape, float32), frame=frame)
    g = numbers(y.shape, float32, seed=3)
    check(target, CONVOLUTION, x, w, frame=frame)
    check(target, CONVOLUTION_INPUT, g, w, spatial=x.shape[1:-1], frame=frame)
    check(target, CONVOLUTION_WEIGHT, x, g, kernel=(k, k), frame=frame)
    check(target, CONVOLUTION_WEIGHT, x, g, kernel=(k, k), frame=frame, parts=2)


@st.composite
def convolutions_of_each_channel(draw):
    """Arrays x, w, y of the shapes of a depthwise convolution, and its frame. Windows may be wide."""
    ndim = draw(st.integers(1, 3))
    lengths, steps = st.tuples(*[st.integers(1, 4)] * ndim), st.tuples(*[st.integers(1, 4)] * ndim)
    kernel, stride, dilation = draw(lengths), draw(steps), draw(steps)
    kernel = (*kernel[:-1], draw(st.sampled_from([kernel[-1], 5, 16, 17])))
    padding = draw(st.tuples(*[st.tuples(st.integers(0, 9), st.integers(0, 9))] * ndim))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    spatial = tuple(max(r - sum(p), 0) + draw(st.integers(0, 6)) for r, p in zip(reach, padding, strict=True))
    spatial = (*spatial[:-1], spatial[-1] + draw(st.sampled_from([0, 0, 20, 41])))
    channels = draw(st.sampled_from([2, 5, 16, 37]))
    x, w = numbers((2, *spatial, channels), float32, seed=1), numbers((channels, *kernel, 1), float32, seed=2)
    frame = Frame(stride, padding, dilation, channels)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(w.shape, float32), frame=frame)
    return x, w, numbers(y.shape, float32, seed=3), frame


@settings(max_examples=100)
@given(convolutions_of_each_channel(), st.sampled_from(RUNNABLE), st.booleans())
def test_any_window_of_each_channel(arrays, target, backwards):
    x, w, g, frame = arrays
    if backwards:
        check(target, CONVOLUTION_INPUT, g, w, spatial=x.shape[1:-1], frame=frame)
    else:
        check(target, CONVOLUTION, x, w, frame=frame)


@pytest.mark.parametrize("stride", [1, 2])
def test_infinite_weights_of_each_channel_meet_the_padding_but_no_output_that_is_not_there(stride):
    frame = Frame((stride, stride), ((1, 1), (1, 1)), (1, 1), 16)
    x, w = numbers((2, 9, 9, 16), float32, seed=1), numbers((16, 3, 3, 1), float32, seed=2)
    w[3, 0, 0], w[7, 1, 2] = np.inf, -np.inf
    g = numbers(CONVOLUTION.infer(Spec(x.shape, float32), Spec(w.shape, float32), frame=frame).shape, float32, seed=3)
    for primitive, arrays, params in list(passes(x, w, g, frame))[:2]:
        with np.errstate(invalid="ignore"):
            expected = primitive.evaluate(*arrays, **params)
        found, _ = computed(RUNNABLE[0], primitive, *arrays, **params)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


# (pictures, channels, outputs, kernel, (before, after), dilation, groups)
WITHOUT_STEPS = [
    (4, 40, 24, (3, 3), ((1, 1), (1, 1)), (1, 1), 1),
    (2, 16, 5, (2, 4), ((0, 1), (2, 2)), (1, 1), 1),
    (2, 33, 7, (3, 3), ((2, 1), (2, 3)), (2, 1), 1),
    (3, 17, 6, (3, 1), ((1, 1), (0, 0)), (1, 1), 2),
    (2, 16, 6, (3, 3), ((2, 2), (3, 4)), (2, 3), 1),
    (2, 16, 16, (3, 3), ((3, 0), (1, 1)), (1, 1), 1),  # padded by more than the window
]


@pytest.mark.parametrize("size", WITHOUT_STEPS, ids=str)
@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_the_gradient_to_the_input_where_windows_do_not_step(size, target):
    n, c, o, kernel, padding, dilation, groups = size
    frame = Frame((1, 1), padding, dilation, groups)
    x, w = numbers((n, 13, 12, groups * c), float32, seed=1), numbers((groups * o, *kernel, c), float32, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(w.shape, float32), frame=frame)
    g, spatial = numbers(y.shape, float32, seed=3), x.shape[1:-1]
    check(target, CONVOLUTION_INPUT, g, w, spatial=spatial, frame=frame, within=ROUNDED)


@pytest.mark.parametrize("size", WITHOUT_STEPS, ids=str)
@pytest.mark.parametrize("dtype", FLOATING, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_infinite_weights_meet_no_output_that_is_not_there(size, dtype, target):
    check_infinite_weights(replace(target, matrix=False), size, dtype)


def check_infinite_weights(target, size, dtype, within=1e-5, stride=1):
    """Going back, infinity and NaN at either end of the window reach the pixels that they belong to."""
    n, c, o, kernel, padding, dilation, groups = size
    frame = Frame((stride,) * 2, padding, dilation, groups)
    x, w = numbers((n, 13, 12, groups * c), dtype, seed=1), numbers((groups * o, *kernel, c), dtype, seed=2)
    w[1, 0, 0, 3], w[-1, -1, -1, 7], w[0, 0, -1, 5] = np.inf, -np.inf, np.nan
    # No gradient is 0: infinity times that would be NaN, rightly.
    g = numbers(CONVOLUTION.infer(Spec(x.shape, dtype), Spec(w.shape, dtype), frame=frame).shape, dtype, 3) + 0.5
    found, _ = computed(target, CONVOLUTION_INPUT, g.astype(dtype), w, spatial=x.shape[1:-1], frame=frame)
    expected = CONVOLUTION_INPUT.evaluate(g.astype(dtype), w, spatial=x.shape[1:-1], frame=frame)
    assert not np.isfinite(expected).all()
    spread = expected[np.isfinite(expected)].std()
    np.testing.assert_allclose(found, expected, rtol=0, atol=within * spread)


# (pictures, height, width, channels, outputs, kernel, stride, padding, dilation, groups)
ON_THE_MATRIX_UNIT = [
    (5, 4, 4, 256, 33, 3, 1, 1, 1, 1),
    (3, 7, 9, 64, 64, 3, 2, 1, 1, 1),
    (2, 6, 32, 32, 16, 3, 1, 1, 1, 2),
    (1, 12, 33, 30, 30, 5, 2, 3, 2, 1),
    (9, 5, 6, 64, 32, 2, 3, 0, 1, 1),
    (2, 5, 16, 3, 5, 1, 2, 0, 1, 1),
    (4, 4, 34, 40, 33, 3, 1, 0, 1, 1),
    (3, 8, 8, 48, 36, 1, 1, 0, 1, 2),
]


@pytest.fixture
def matrix_unit(monkeypatch):
    """Everything that the matrix unit can do is done by it, however slowly."""
    if not RUNNABLE[0].matrix:
        pytest.skip("this processor has no matrix unit")
    for module in (matrix, matrix_weight):
        monkeypatch.setattr(module, "_MULTIPLY_ADDS", 1e-9)


@pytest.mark.parametrize("size", ON_THE_MATRIX_UNIT, ids=str)
def test_on_the_matrix_unit(size, matrix_unit):
    n, h, w, c, o, k, s, p, d, groups = size
    frame = Frame((s, s), ((p, p), (p, p)), (d, d), groups)
    x, weight = numbers((n, h, w, groups * c), float32, seed=1), numbers((groups * o, k, k, c), float32, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(weight.shape, float32), frame=frame)
    g = numbers(y.shape, float32, seed=3)
    check(RUNNABLE[0], CONVOLUTION, x, weight, frame=frame)
    check(RUNNABLE[0], CONVOLUTION_INPUT, g, weight, spatial=(h, w), frame=frame)
    check(RUNNABLE[0], CONVOLUTION_WEIGHT, x, g, kernel=(k, k), frame=frame)


# The results of a tile each way, where fewer products make them.
TILES = [2, 4]


# All ways by which float32 is not summed window by window.
@pytest.fixture(params=["matrix unit", *TILES], ids=lambda way: way if isinstance(way, str) else f"{way} by {way}")
def other_way(request, monkeypatch):
    """A target on which everything that can be done so is, however slowly."""
    if request.param == "matrix unit":
        request.getfixturevalue("matrix_unit")
        return RUNNABLE[0]
    do_with_fewer_products(monkeypatch, request.param)
    return replace(RUNNABLE[0], matrix=False)


@pytest.fixture(params=TILES, ids=lambda results: f"{results} by {results}")
def fewer_products(request, monkeypatch):
    """Every window of 3×3 that can be is summed by fewer products, however slowly.

    It is how far results may be from what they ought to be, in deviations of them.
    """
    do_with_fewer_products(monkeypatch, request.param)
    return 0.0 if request.param == 2 else ROUNDED


def do_with_fewer_products(monkeypatch, results):
    monkeypatch.setattr(winograd_tiles, "_WORTH", np.inf)
    # Few pictures are not left to bands.
    monkeypatch.setattr(winograd_by_two, "ENOUGH_UNITS", 1)
    for name, some, modules in (
        ("BY_ONE", BY_ONE, [winograd_tiles]),
        ("BY_TWO", BY_TWO, [winograd_tiles, winograd_by_two]),
    ):
        one = tuple(scheme for scheme in some if scheme.results == results)
        assert one
        for module in modules:
            monkeypatch.setattr(module, name, one)


# (pictures, height, width, channels, outputs, padding of each side)
BY_FEWER_PRODUCTS = [
    (2, 7, 9, 16, 33, ((1, 1), (1, 1))),
    (3, 4, 4, 40, 16, ((1, 1), (1, 1))),
    (1, 13, 6, 24, 70, ((0, 0), (0, 0))),
    (5, 2, 3, 17, 20, ((2, 2), (2, 1))),
    (4, 8, 8, 64, 64, ((0, 1), (1, 0))),
    (2, 10, 12, 160, 140, ((1, 1), (1, 1))),
    (1, 4, 150, 16, 16, ((1, 1), (1, 1))),
    (3, 3, 3, 16, 16, ((0, 0), (0, 0))),
    (40, 4, 5, 24, 16, ((1, 1), (1, 1))),
    (9, 6, 11, 32, 20, ((1, 1), (1, 1))),
    (4, 6, 7, 131, 24, ((1, 1), (1, 1))),
    (2, 5, 6, 24, 262, ((1, 1), (1, 1))),
    # The weight is larger than the pictures: outputs, or channels on the way back, are divided into groups.
    (2, 4, 4, 20, 256, ((1, 1), (1, 1))),
    (3, 7, 5, 128, 64, ((1, 1), (1, 1))),
]


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", BY_FEWER_PRODUCTS, ids=str)
def test_by_fewer_products(size, stride, target, fewer_products):
    n, h, w, c, o, padding = size
    frame, target = Frame((stride, stride), padding, (1, 1), 1), replace(target, matrix=False)
    x, weight = numbers((n, h, w, c), float32, seed=1), numbers((o, 3, 3, c), float32, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(weight.shape, float32), frame=frame)
    for primitive, arrays, params in passes(x, weight, numbers(y.shape, float32, seed=3), frame):
        check(target, primitive, *arrays, within=fewer_products, **params)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("outputs", [16, 64])
def test_infinite_weights_meet_no_output_that_is_not_there_by_fewer_products(outputs, stride, fewer_products):
    for padding in ((1, 1), (1, 1)), ((2, 0), (1, 2)), ((2, 2), (2, 2)), ((0, 1), (0, 0)), ((0, 2), (2, 0)):
        size = 1, 128, outputs, (3, 3), padding, (1, 1), 1
        check_infinite_weights(replace(RUNNABLE[0], matrix=False), size, float32, stride=stride)


# The first line and column of pixels meet the first element of windows, or the one in the middle, or the last, also in
# a window that is not there.
@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(3))
@pytest.mark.parametrize("size", [(8, 5), (7, 16)], ids=str)
def test_steps_by_two_whatever_the_padding(size, before, after, fewer_products):
    frame, target = Frame((2, 2), ((before, after), (before, 1)), (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    x, weight = numbers((2, *size, 17), float32, seed=1), numbers((20, 3, 3, 17), float32, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(weight.shape, float32), frame=frame)
    for primitive, arrays, params in passes(x, weight, numbers(y.shape, float32, seed=3), frame):
        check(target, primitive, *arrays, within=fewer_products, **params)


@pytest.mark.parametrize("pictures", [8, 7])
def test_where_windows_step_many_pictures_take_fewer_products_on_the_way_back(pictures):
    frame, target = Frame((2, 2), ((1, 1), (1, 1)), (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    g, w = Spec((pictures, 16, 16, 32), float32), Spec((32, 3, 3, 64), float32)
    text = written(target, CONVOLUTION_INPUT, g, w, spatial=(32, 32), frame=frame)
    assert ("products.BackByTwo" in text) == (pictures == 8)


@pytest.mark.parametrize("channels", [131, 257])
def test_channels_that_cannot_be_divided_take_fewer_products_too(channels, monkeypatch):
    ways = []
    monkeypatch.setattr(winograd_weight, "choose", lambda some, directly: ways.append(choose(some, directly)))
    frame, target = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    x, g = Spec((16, 14, 14, channels), float32), Spec((16, 14, 14, 48), float32)
    written(target, CONVOLUTION_WEIGHT, x, g, kernel=(3, 3), frame=frame)
    assert ways
    assert None not in ways


@pytest.mark.parametrize("stride", [1, 2])
def test_a_part_of_the_batch_by_fewer_products(stride, fewer_products):
    frame, target = Frame((stride, stride), ((1, 1), (1, 1)), (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    x, g = numbers((6, 5 * stride, 6 * stride, 20), float32, seed=1), numbers((6, 5, 6, 24), float32, seed=2)
    check(target, CONVOLUTION_WEIGHT, x, g, kernel=(3, 3), frame=frame, parts=3, within=fewer_products)


# Three pictures, 64 outputs or more in a group, and no more than eight groups.
@pytest.mark.parametrize(("outputs", "units"), [(64, 3), (128, 2 * 3), (192, 3), (256, 4), (512, 8), (1024, 8)])
def test_threads_divide_the_outputs_where_the_weight_is_larger_than_the_pictures(outputs, units, fewer_products):
    frame, target = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    x, w = numbers((3, 4, 4, 16), float32, seed=1), numbers((outputs, 3, 3, 16), float32, seed=2)
    kernel = whole(CONVOLUTION, [Spec(each.shape, float32) for each in (x, w)], {"frame": frame})
    compiled = Compiled(lambda module: emit_whole(module, kernel, "kernel", target), target)
    assert compiled.code.units == units
    # A share of the units may begin and end amidst a group.
    found, again = (np.zeros(kernel.out.shape, float32) for _ in range(2))
    compiled(x, w, found)
    compiled(x, w, again, spans=[(units - units // 3, units), (0, units - units // 3)])
    assert found.tobytes() == again.tobytes()


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("outputs", [16, 256])
def test_what_is_large_is_summed_window_by_window(outputs, stride, fewer_products):
    """The sum of two pixels of 3e38 overflows, where a thousandth of each does not."""
    frame, target = Frame((stride, stride), ((0, 0), (0, 0)), (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    x, w = np.zeros((1, 7, 7, 16), float32), np.full((outputs, 3, 3, 16), 1e-3, float32)
    x[0, 2, 2:4] = 3e38
    g = np.zeros(CONVOLUTION.infer(Spec(x.shape, float32), Spec(w.shape, float32), frame=frame).shape, float32)
    g[0, 1, :2] = 3e38
    for primitive, arrays, params in passes(x, w, g, frame):
        if primitive is CONVOLUTION_WEIGHT:
            arrays = x, np.full_like(g, 1e-3)
        found, _ = computed(target, primitive, *arrays, **params)
        np.testing.assert_allclose(found, primitive.evaluate(*arrays, **params), rtol=1e-5)


def test_many_large_numbers_do_not_overflow_on_their_way_to_a_weight(fewer_products):
    """Signs that add up in each tile, of 3,136 tiles, and cancel each other in direct sums."""
    frame, target = Frame((2, 2), ((0, 0), (0, 0)), (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    signs = np.resize(np.array([1, 1, -1, 1, -1, 1, 1, 1], float32), 225)
    large = float32.type(2.0**52 * (1 - 2.0**-20))
    x = np.broadcast_to((np.outer(signs, signs) * large)[..., None], (4, 225, 225, 16)).copy()
    g = np.full((4, 112, 112, 16), large)
    found, _ = computed(target, CONVOLUTION_WEIGHT, x, g, kernel=(3, 3), frame=frame)
    expected = CONVOLUTION_WEIGHT.evaluate(x[..., :1], g[..., :1], kernel=(3, 3), frame=frame)
    magnitude = 4 * 112 * 112 * float(large) ** 2
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=0, atol=1e-6 * magnitude)


@contextmanager
def in_bands():
    """Pictures are cut into bands of lines wherever that can be, however small they are."""
    with (
        patch.object(forward, "BAND", 1),
        patch.object(forward, "_FEWEST_TILES", 1),
        patch.object(depthwise, "BAND", 1),
        patch.object(backward_input, "BAND", 1),
        patch.object(backward_weight, "_NEAR", 1),
    ):
        yield


@settings(max_examples=60)
@given(convolutions(), st.sampled_from(RUNNABLE), st.integers(0, 2))
def test_few_pictures_in_bands(arrays, target, which):
    x, w, g, frame = arrays
    primitive, inputs, params = list(passes(x, w, g, frame))[which]
    with in_bands():
        check(replace(target, matrix=False), primitive, *inputs, **params)


@settings(max_examples=60)
@given(convolutions_of_each_channel(), st.sampled_from(RUNNABLE), st.booleans())
def test_few_pictures_in_bands_each_channel_by_itself(arrays, target, backwards):
    x, w, g, frame = arrays
    primitive, inputs, params = list(passes(x, w, g, frame))[backwards]
    with in_bands():
        check(target, primitive, *inputs, **params)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [*BY_FEWER_PRODUCTS[:10], (1, 16, 9, 16, 33, ((1, 1), (1, 1)))], ids=str)
def test_few_pictures_in_bands_by_fewer_products(size, stride, fewer_products):
    n, h, w, c, o, padding = size
    frame, target = Frame((stride, stride), padding, (1, 1), 1), replace(RUNNABLE[0], matrix=False)
    x, weight = numbers((n, h, w, c), float32, seed=1), numbers((o, 3, 3, c), float32, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(weight.shape, float32), frame=frame)
    with in_bands():
        for primitive, arrays, params in list(passes(x, weight, numbers(y.shape, float32, seed=3), frame))[:2]:
            check(target, primitive, *arrays, within=fewer_products, **params)


def test_groups_whose_padded_lines_are_as_long_as_those_of_all_channels_in_bands():
    frame = Frame((1, 1), ((3, 3), (3, 3)), (1, 1), 4)
    x, w = numbers((2, 6, 2, 4 * 5), float32, seed=1), numbers((4 * 3, 3, 3, 5), float32, seed=2)
    with in_bands():
        check(replace(RUNNABLE[0], matrix=False), CONVOLUTION, x, w, frame=frame)


def test_parts_of_a_batch_in_bands():
    x, g = numbers((6, 20, 20, 3), float32, seed=1), numbers((6, 20, 20, 5), float32, seed=2)
    frame = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    with in_bands():
        check(replace(RUNNABLE[0], matrix=False), CONVOLUTION_WEIGHT, x, g, kernel=(3, 3), frame=frame, parts=3)


@pytest.mark.parametrize("size", WITHOUT_STEPS, ids=str)
def test_infinite_weights_meet_no_output_that_is_not_there_in_bands(size):
    with in_bands():
        check_infinite_weights(replace(RUNNABLE[0], matrix=False), size, float32)


def test_infinite_weights_meet_no_output_that_is_not_there_in_bands_by_fewer_products(fewer_products):
    with in_bands():
        size = 1, 128, 16, (3, 3), ((1, 1), (2, 2)), (1, 1), 1
        check_infinite_weights(replace(RUNNABLE[0], matrix=False), size, float32)


def test_an_epilogue_in_bands():
    frame = Frame((2, 1), ((1, 1), (2, 0)), (1, 1), 1)
    x, w = numbers((2, 12, 7, 5), float32, seed=1), numbers((20, 3, 3, 5), float32, seed=2)
    with in_bands():
        check_epilogue(replace(RUNNABLE[0], matrix=False), CONVOLUTION, x, w, frame=frame)


# (pictures, lines, channels, outputs, groups, dtype): float64 has no fewer products. A band of 64 lines of 64 pixels or
# more has a million multiply-adds.
SHARED_OUT = [
    ((1, 64, 16, 16, 1, "float64"), 8),
    ((3, 64, 16, 16, 1, "float64"), 3 * 4),
    ((8, 64, 16, 16, 1, "float64"), 8),
    ((1, 62, 16, 16, 1, "float64"), 2),  # which 4 and 8 do not divide
    ((1, 32, 16, 8, 1, "float64"), 1),
    ((1, 64, 16, 16, 1, "float32"), 8),
    ((1, 64, 256, 256, 256, "float32"), 8),
]


# (pictures, lines, channels, outputs, kernel, stride, dilation, units)
WEIGHT_SHARED_OUT = [
    (1, 7, 32, 512, 3, 1, 1, 8),
    (3, 6, 24, 128, 5, 1, 1, 2 * 3),
    (3, 5, 5, 256, 4, 2, 1, 4 * 3),
    (8, 2, 16, 128, 3, 1, 2, 2 * 4),
    (1, 7, 32, 48, 3, 1, 1, 1),  # too few outputs
]


@pytest.mark.parametrize("size", WEIGHT_SHARED_OUT, ids=str)
def test_threads_share_a_weight_that_is_larger_than_the_pictures_window_by_window(size):
    n, lines, c, o, k, s, d, units = size
    frame, target = Frame((s, s), ((d, d), (d, d)), (d, d), 1), replace(RUNNABLE[0], matrix=False)
    x, w = numbers((n, lines, lines, c), float64, seed=1), numbers((o, k, k, c), float64, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float64), Spec(w.shape, float64), frame=frame)
    g = numbers(y.shape, float64, seed=3)
    for primitive, arrays, params in list(passes(x, w, g, frame))[:2]:
        check(target, primitive, *arrays, **params)
    check_epilogue(target, CONVOLUTION, x, w, frame=frame)
    kernel = whole(CONVOLUTION, [Spec(each.shape, float64) for each in (x, w)], {"frame": frame})
    assert Compiled(lambda module: emit_whole(module, kernel, "kernel", target), target).code.units == units


def test_infinite_weights_meet_no_output_that_is_not_there_where_threads_share_the_weight():
    # Back to 128 channels, of two groups.
    check_infinite_weights(
        replace(RUNNABLE[0], matrix=False), (1, 128, 40, (9, 9), ((4, 4), (5, 3)), (1, 1), 1), float64
    )


@pytest.mark.parametrize(("size", "units"), SHARED_OUT, ids=str)
def test_threads_share_a_large_picture(size, units):
    n, lines, c, o, groups, dtype = size
    frame, target = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), groups), replace(RUNNABLE[0], matrix=False)
    specs = [Spec(shape, np.dtype(dtype)) for shape in ((n, lines, lines, c), (o, 3, 3, c // groups))]
    kernel = whole(CONVOLUTION, specs, {"frame": frame})
    assert Compiled(lambda module: emit_whole(module, kernel, "kernel", target), target).code.units == units


def passes(x, w, g, frame):
    """The three passes' primitives, with their arrays and sizes."""
    yield CONVOLUTION, (x, w), {"frame": frame}
    yield CONVOLUTION_INPUT, (g, w), {"frame": frame, "spatial": x.shape[1:-1]}
    yield CONVOLUTION_WEIGHT, (x, g), {"frame": frame, "kernel": w.shape[1:-1]}


def test_errors_are_those_of_float32(other_way):
    random, frame = np.random.default_rng(0), Frame((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    x, w, g = (random.standard_normal(shape) for shape in ((4, 12, 12, 64), (64, 3, 3, 64), (4, 12, 12, 64)))
    for primitive, arrays, params in passes(x, w, g, frame):
        arrays = [array.astype(float32) for array in arrays]
        found, _ = computed(other_way, primitive, *arrays, **params)
        exact = primitive.evaluate(*[array.astype(np.float64) for array in arrays], **params)
        assert np.abs(found - exact).max() < 8e-6 * exact.std()


def test_infinity_and_nan_stay_where_they_belong(other_way):
    frame = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    x, w, g = (
        numbers(shape, float32, seed) for seed, shape in enumerate([(2, 8, 8, 32), (32, 3, 3, 32), (2, 8, 8, 32)])
    )
    x[0, 3, 4, 5], x[1, 7, 7, 30], x[1, 0, 0, 1], w[3, 1, 1, 7], g[0, 1, 1, 1] = (
        np.inf,
        -np.inf,
        np.nan,
        np.inf,
        -np.inf,
    )
    for primitive, arrays, params in passes(x, w, g, frame):
        with np.errstate(invalid="ignore"):
            expected = primitive.evaluate(*arrays, **params)
        found, _ = computed(other_way, primitive, *arrays, **params)
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(found[~finite], expected[~finite])
        np.testing.assert_allclose(found[finite], expected[finite], rtol=0, atol=2e-5 * expected[finite].std())


# (pictures, height, width, channels, outputs, kernel, stride, padding, groups, terms: an epilogue may be short or long)
WITH_EPILOGUE = [
    (3, 6, 7, 2, 5, 3, 1, 1, 1, 12),
    (2, 9, 4, 20, 18, 2, 2, 0, 2, 1),
    (2, 7, 9, 1, 1, 3, 2, 1, 19, 1),
    (3, 4, 6, 400, 33, 3, 1, 1, 1, 1),
    (2, 5, 16, 64, 40, 2, 2, 1, 1, 12),
    (2, 5, 7, 40, 33, 3, 1, 1, 1, 12),
    (2, 6, 9, 16, 40, 3, 1, 1, 1, 1),
    (2, 9, 10, 20, 24, 3, 2, 1, 1, 12),
    (2, 9, 10, 20, 24, 3, 2, 1, 1, 1),
    # Few outputs, of which two windows share a vector; lines of an odd length, of more than a tile, of few pixels.
    (2, 7, 29, 1, 6, 5, 1, 2, 1, 1),
    (2, 5, 67, 3, 8, 3, 1, 1, 1, 12),
    (2, 9, 31, 2, 2, 3, 2, 0, 1, 1),
    (2, 6, 5, 1, 3, 3, 1, 1, 2, 1),
]


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
@pytest.mark.parametrize("size", WITH_EPILOGUE, ids=str)
def test_sums_are_finished_before_they_are_stored(size, target, monkeypatch, fewer_products):
    n, h, w, c, o, k, s, p, groups, terms = size
    for module in (matrix, matrix_weight):
        monkeypatch.setattr(module, "_MULTIPLY_ADDS", 1e-9)
    frame = Frame((s, s), ((p, p), (p, 0)), (1, 1), groups)
    x, weight = numbers((n, h, w, groups * c), float32, seed=1), numbers((groups * o, k, k, c), float32, seed=2)
    y = CONVOLUTION.infer(Spec(x.shape, float32), Spec(weight.shape, float32), frame=frame)
    check_epilogue(target, CONVOLUTION, x, weight, frame=frame, terms=terms, within=fewer_products)
    g = numbers(y.shape, float32, seed=3)
    check_epilogue(
        target, CONVOLUTION_INPUT, g, weight, frame=frame, spatial=(h, w), terms=terms, within=fewer_products
    )


@pytest.mark.parametrize("groups", [1, 2])
def test_no_outputs(groups):
    frame = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), groups)
    x, w, g = (np.ones(shape, float32) for shape in ((2, 4, 4, 6), (0, 3, 3, 6 // groups), (2, 4, 4, 0)))
    for primitive, arrays, params in passes(x, w, g, frame):
        check(RUNNABLE[0], primitive, *arrays, **params)


def test_an_array_may_be_given_twice():
    x = numbers((2, 4, 4, 2), float32)
    frame = Frame((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    check(RUNNABLE[0], CONVOLUTION_WEIGHT, x, x, kernel=(1, 1), frame=frame)


# (pictures, height, width, channels, outputs, kernel, padding)
SIZES = [
    (64, 14, 14, 6, 16, 5, 0),
    (64, 28, 28, 1, 6, 5, 2),
    (16, 16, 16, 64, 64, 3, 1),
    (64, 16, 16, 64, 24, 3, 1),
    (4, 13, 17, 24, 48, 3, 1),
]


@pytest.mark.parametrize("target", [target for target in EVERY if target.fused], ids=lambda target: target.name)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_sums_stay_in_registers(size, target):
    n, h, w, c, o, k, p = size
    frame = Frame((1, 1), ((p, p), (p, p)), (1, 1), 1)
    x, weight = Spec((n, h, w, c), float32), Spec((o, k, k, c), float32)
    y = CONVOLUTION.infer(x, weight, frame=frame)
    check_sums_stay_in_registers(written(target, CONVOLUTION, x, weight, frame=frame))
    check_sums_stay_in_registers(written(target, CONVOLUTION_INPUT, y, weight, spatial=(h, w), frame=frame))
    check_sums_stay_in_registers(written(target, CONVOLUTION_WEIGHT, x, y, kernel=(k, k), frame=frame))


@pytest.mark.parametrize("target", [target for target in EVERY if target.fused], ids=lambda target: target.name)
def test_sums_of_each_channel_stay_in_registers(target):
    frame, kernel = Frame((1, 1), ((1, 1), (1, 1)), (1, 1), 64), (3, 3)
    x, weight = Spec((8, 16, 16, 64), float32), Spec((64, 3, 3, 1), float32)
    check_sums_stay_in_registers(written(target, CONVOLUTION, x, weight, frame=frame))
    check_sums_stay_in_registers(written(target, CONVOLUTION_WEIGHT, x, x, kernel=kernel, frame=frame))
