import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.core.dtype import ALL, float32, int32, int64, uint8
from chainrule.core.primitive import Spec
from chainrule.native.convention import Fault
from chainrule.ops.index import INDEX_ADD, PUT, SCATTER_ADD
from tests.native.harness import RUNNABLE
from tests.native.whole.check import check, check_elsewhere, computed, numbers

targets = st.sampled_from(RUNNABLE)
dtypes = st.sampled_from(ALL)
inner = st.sampled_from([0, 1, 5, 64, 100])
index_dtypes = st.sampled_from([uint8, int32, int64])


def positions(shape, length, dtype, seed):
    return np.random.default_rng(seed).integers(0, length, shape).astype(dtype)


@settings(max_examples=30)
@given(
    targets, dtypes, index_dtypes, st.integers(0, 3), st.integers(1, 9), inner, st.sampled_from([(0,), (7,), (2, 3)])
)
def test_index_add(target, dtype, index_dtype, outer, length, inner, counts):
    index = positions(counts, length, index_dtype, seed=outer)
    check(target, INDEX_ADD, numbers((outer, *counts, inner), dtype), index, axis=1, length=length)


@settings(max_examples=30)
@given(targets, dtypes, index_dtypes, st.integers(0, 3), st.integers(1, 9), inner, st.integers(1, 7))
def test_scatter_add(target, dtype, index_dtype, outer, length, inner, count):
    shape = (outer, count, inner)
    check(target, SCATTER_ADD, numbers(shape, dtype), positions(shape, length, index_dtype, 1), axis=1, length=length)


@pytest.mark.parametrize("length", [7, 9, 100])
def test_outputs_that_stay_mostly_zero_are_written_in_parts(length):
    g, index = numbers((2, 16_384), float32), np.array([length - 1, 0])
    check(RUNNABLE[0], INDEX_ADD, g, index, axis=0, length=length)
    check(RUNNABLE[0], SCATTER_ADD, g, np.repeat(index[:, None], 16_384, 1), axis=0, length=length)


@settings(max_examples=20)
@given(targets, dtypes, index_dtypes, st.sampled_from([1, 60, 40_000]), st.sampled_from([0, 1, 300]))
def test_put_keeps_the_last_of_equal_positions(target, dtype, index_dtype, size, count):
    index = positions(count, min(size, 200), index_dtype, seed=count)
    check(target, PUT, numbers((size,), dtype), index, numbers((count,), dtype, seed=2, most=100))


def test_sums_are_made_in_the_order_of_the_indices():
    g = np.random.default_rng(0).normal(size=(1000, 20)).astype(np.float32)
    index = positions(1000, 3, int64, seed=0)
    expected = np.zeros((3, 20), np.float32)
    for row, position in zip(g, index, strict=True):
        expected[position] += row
    for target in RUNNABLE:
        found, _ = computed(target, INDEX_ADD, g, index, axis=0, length=3)
        np.testing.assert_array_equal(found, expected)
        found, _ = computed(target, SCATTER_ADD, g, np.repeat(index[:, None], 20, 1), axis=0, length=3)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("wrong", [-1, 4, 2**40, -(2**40)])
def test_an_index_out_of_range_is_reported_and_left_out(wrong):
    index, g = np.array([1, wrong, 3, -7]), numbers((4,), float32) + 20
    kept = np.array([0, g[0], 0, g[2]])
    calls = [
        (INDEX_ADD, [g, index], {"axis": 0, "length": 4}, kept),
        (SCATTER_ADD, [g, index], {"axis": 0, "length": 4}, kept),
        (PUT, [np.zeros(4, np.float32), index, g], {}, kept),
    ]
    for primitive, arrays, params, expected in calls:
        found, fault = computed(RUNNABLE[0], primitive, *arrays, **params)
        assert fault == (Fault.INDEX_OUT_OF_RANGE, wrong)
        np.testing.assert_array_equal(found, expected)


def test_an_index_into_nothing_is_reported():
    for shape in ((2, 0), (2, 3)):
        fault = computed(RUNNABLE[0], INDEX_ADD, np.zeros(shape, np.float32), np.zeros(2, int64), axis=0, length=0)[1]
        assert fault == (Fault.INDEX_OUT_OF_RANGE, 0)


def test_for_another_processor():
    g, index = Spec((30, 70), float32), Spec((30,), int64)
    check_elsewhere(INDEX_ADD, g, index, axis=0, length=9)
    check_elsewhere(SCATTER_ADD, g, Spec((30, 70), int64), axis=0, length=9)
    check_elsewhere(PUT, Spec((99,), float32), index, Spec((30,), float32))
