import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Batches
from chainrule.errors import ArgumentError, DataLengthError, EmptyDataError


@given(
    n_rows=st.integers(1, 40),
    batch_size=st.none() | st.integers(1, 50),
    shuffle=st.booleans(),
    seed=st.integers(0, 9),
    epoch=st.integers(0, 9),
)
def test_an_epoch_visits_every_row_once(n_rows, batch_size, shuffle, seed, epoch):
    x = np.arange(n_rows) * 10
    batches = Batches([x, np.arange(n_rows)], batch_size, shuffle=shuffle, seed=seed)
    seen = list(batches.epoch(epoch))
    assert len(seen) == len(batches)
    for part, rows in seen:
        np.testing.assert_array_equal(part, rows * 10)
        assert 1 <= len(rows) <= batches.batch_size
    visited = np.concatenate([rows for _, rows in seen])
    assert sorted(visited) == list(range(n_rows))
    if not shuffle:
        np.testing.assert_array_equal(visited, np.arange(n_rows))


def order(epoch, **options):
    return [row for (rows,) in Batches([np.arange(30)], 7, **options).epoch(epoch) for row in rows]


def test_the_order_depends_on_seed_and_epoch_alone():
    expected = order(4, seed=1)
    np.random.seed(0)
    batches = Batches([np.arange(30)], 7, seed=1)
    # Epochs before it leave no trace: a run can go on where it stopped.
    for epoch in (0, 1, 4, 4):
        again = [row for (rows,) in batches.epoch(epoch) for row in rows]
    assert again == expected
    assert expected != order(5, seed=1)
    assert expected != order(4, seed=2)


def test_drop_last_leaves_out_what_is_short():
    batches = Batches([np.arange(10)], 4, drop_last=True)
    assert [len(x) for (x,) in batches.epoch(0)] == [4, 4]
    assert len(batches) == 2


def test_without_shuffling_batches_are_views():
    x = np.arange(10)
    for batches in (Batches([x], 3, shuffle=False), Batches([x])):
        assert all(np.shares_memory(part, x) for (part,) in batches.epoch(0))
    assert not any(np.shares_memory(part, x) for (part,) in Batches([x], 3).epoch(0))


def test_a_single_array_is_not_a_list_of_its_rows():
    x = np.arange(12).reshape(6, 2)
    assert [part.shape for (part,) in Batches(x, 4, shuffle=False).epoch(0)] == [(4, 2), (2, 2)]


def test_only_the_number_of_rows_gives_indices():
    rows = list(Batches(10, 4, seed=2).rows(1))
    np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(10))
    assert list(Batches(10, 4, shuffle=False).rows(0)) == [slice(0, 4), slice(4, 8), slice(8, 10)]


@pytest.mark.parametrize(
    ("batch_size", "text"),
    [
        (None, "full-batch gradient descent: 1 iteration an epoch, 1,437 of 1,437 rows each"),
        (5000, "full-batch gradient descent: 1 iteration an epoch, 1,437 of 1,437 rows each"),
        (1, "stochastic gradient descent: 1,437 iterations an epoch, 1 of 1,437 rows each"),
        (np.int64(32), "mini-batch gradient descent: 45 iterations an epoch, 32 of 1,437 rows each"),
    ],
)
def test_what_it_is_called(batch_size, text):
    assert str(Batches(1437, batch_size)) == text


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Batches([np.zeros(3), np.zeros(4)]), DataLengthError),
        (lambda: Batches([]), EmptyDataError),
        (lambda: Batches([np.zeros((0, 3))]), EmptyDataError),
        (lambda: Batches(0), EmptyDataError),
        (lambda: Batches(3, 0), ArgumentError),
        (lambda: Batches(3, -2), ArgumentError),
        (lambda: Batches(3, 1.5), ArgumentError),
        (lambda: Batches(3, True), ArgumentError),
        (lambda: Batches(3, 4, drop_last=True), ArgumentError),
        (lambda: Batches(3, 2, seed=-1), ArgumentError),
    ],
)
def test_what_cannot_be_batched(call, error):
    with pytest.raises(error):
        call()
