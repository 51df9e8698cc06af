import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Batches, HarderBatches
from chainrule.errors import ArgumentError


@given(
    n_rows=st.integers(1, 60),
    batch_size=st.integers(1, 20),
    skip=st.floats(0, 0.5),
    shuffle=st.booleans(),
    seed=st.integers(0, 9),
    drop_last=st.booleans(),
)
def test_an_epoch_leaves_out_a_share_of_the_easier_half_and_no_harder_row(
    n_rows, batch_size, skip, shuffle, seed, drop_last
):
    batch_size = min(batch_size, max(n_rows - 1, 1))
    options = {"shuffle": shuffle, "seed": seed, "drop_last": drop_last}
    batches = HarderBatches(n_rows, batch_size, skip=skip, **options)
    first = batches.order(0)
    np.testing.assert_array_equal(first, Batches(n_rows, batch_size, **options).order(0))
    planned = batches.iterations(3)
    iterations = len(list(batches.rows(0)))
    losses = np.random.default_rng(seed).permutation(n_rows).astype(np.float32)
    batches.note(np.arange(n_rows), losses)
    for epoch in (1, 2):
        order = batches.order(epoch)
        assert len(set(order.tolist())) == len(order) <= max(n_rows - int(skip * n_rows), batch_size)
        assert len(order) % batch_size == 0 or int(skip * n_rows) == 0
        assert len(list(batches.rows(epoch))) == len(batches) > 0
        iterations += len(batches)
    assert planned == iterations
    if int(skip * n_rows) and batch_size == 1:
        left_out = sorted(set(range(n_rows)) - set(order.tolist()))
        assert losses[left_out].max() < n_rows // 2
        assert len(left_out) == min(int(skip * n_rows), n_rows - 1)


def test_which_rows_are_left_out_depends_on_seed_epoch_and_losses_alone():
    def order(epoch, losses, seed=3):
        batches = HarderBatches(100, 5, skip=0.3, seed=seed)
        batches.note(np.arange(100), losses)
        return batches.order(epoch).tolist()

    rising, falling = np.arange(100.0), np.arange(100.0)[::-1]
    np.random.seed(0)
    assert order(4, rising) == order(4, rising)
    assert set(order(4, rising)) != set(order(5, rising))
    assert set(order(4, rising)) != set(order(4, rising, seed=4))
    assert set(order(4, falling)).isdisjoint(set(range(100)) - set(order(4, falling)))
    assert set(range(50)) <= set(order(4, falling))
    assert set(range(50, 100)) <= set(order(4, rising))


def test_a_row_whose_loss_is_not_known_is_not_easy():
    batches = HarderBatches(10, 1, skip=0.5)
    batches.note(np.arange(5), np.arange(5.0))
    assert set(batches.order(1).tolist()) == set(range(5, 10))


def test_every_row_stays_where_no_share_is_left_out():
    batches = HarderBatches(10, 3, skip=0.0)
    batches.note(np.arange(10), np.arange(10.0))
    assert sorted(batches.order(1).tolist()) == list(range(10))
    assert batches.iterations(4) == 4 * len(batches)


@pytest.mark.parametrize("batch_size", [None, 10, 20])
def test_no_row_can_be_left_out_where_one_batch_holds_all(batch_size):
    with pytest.raises(ArgumentError, match="batch_size: one batch holds all rows"):
        HarderBatches(10, batch_size, skip=0.2)


@pytest.mark.parametrize("skip", [-0.1, 0.6, float("nan")])
def test_another_share_is_an_error(skip):
    with pytest.raises(ArgumentError, match="skip: so many rows cannot be left out"):
        HarderBatches(10, 2, skip=skip)
