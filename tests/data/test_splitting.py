from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import (
    Dataset,
    group_split,
    random_split,
    split_dataset,
    stratified_split,
    time_split,
    train_test_split,
    validation_split,
)
from chainrule.errors import ArgumentError, DataLengthError, EmptyDataError, NonFiniteDataError

seeds = st.integers(0, 2**64)


@st.composite
def labels_and_size(draw, smallest=1):
    """Labels of a few classes, with a number of test rows that leaves each class a row for training."""
    counts = draw(st.lists(st.integers(smallest, 12), min_size=1, max_size=6).filter(lambda c: sum(c) > len(c)))
    labels = np.array(draw(st.permutations(np.repeat(np.arange(len(counts)), counts).tolist())))
    return labels, draw(st.integers(1, sum(counts) - len(counts)))


@given(n_rows=st.integers(2, 60), share=st.floats(0.01, 0.99), seed=seeds)
def test_parts_are_disjoint_and_complete(n_rows, share, seed):
    n_test = -(-Fraction(share) * n_rows // 1)
    if n_test == n_rows:
        with pytest.raises(ArgumentError, match="empty"):
            random_split(n_rows, share, seed=seed)
        return
    train, test = random_split(n_rows, share, seed=seed)
    assert sorted([*train, *test]) == list(range(n_rows))
    assert abs(len(test) - n_test) <= (share * n_rows != Fraction(share) * n_rows)


@given(case=labels_and_size(), seed=seeds)
def test_stratified_parts_are_disjoint_complete_and_exact(case, seed):
    labels, n_test = case
    train, test = stratified_split(labels, n_test, seed=seed)
    assert sorted([*train, *test]) == list(range(len(labels)))
    assert len(test) == n_test
    # Every class can be learned, also one with a single row.
    assert set(labels[train]) == set(labels)


@given(case=labels_and_size(smallest=2), seed=seeds)
def test_stratified_proportions_are_within_one_row(case, seed):
    labels, n_test = case
    n_test = min(n_test, len(labels) // 2)
    _, test = stratified_split(labels, n_test, seed=seed)
    exact = np.bincount(labels) * n_test / len(labels)
    assert (np.abs(np.bincount(labels[test], minlength=len(exact)) - exact) < 1).all()


@given(case=labels_and_size(), seed=seeds)
def test_the_seed_alone_decides(case, seed):
    labels, n_test = case
    first = stratified_split(labels, n_test, seed=seed)
    np.random.seed(0)
    np.random.random(3)
    second = stratified_split(labels, n_test, seed=seed)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_seeds_choose_other_rows():
    chosen = {tuple(sorted(random_split(100, 0.1, seed=seed)[1])) for seed in range(20)}
    assert len(chosen) == 20
    # Every row has its chance.
    assert len({row for rows in chosen for row in rows}) > 80


group_lists = st.lists(st.integers(0, 8), min_size=3, max_size=40).filter(lambda groups: len(set(groups)) > 1)


@given(groups=group_lists, share=st.floats(0.1, 0.5), seed=seeds, classes=st.integers(1, 3))
def test_groups_are_never_parted(groups, share, seed, classes):
    groups = np.array(groups)
    labels = (np.arange(len(groups)) * 7 + groups) % classes
    train, test = group_split(groups, share, seed=seed, labels=labels)
    assert sorted([*train, *test]) == list(range(len(groups)))
    assert len(train) > 0
    assert len(test) > 0
    assert not set(groups[train]) & set(groups[test])
    if classes == 1:
        # No further from the size asked for than half the smallest group, or one of those that did not fit.
        assert abs(len(test) - np.ceil(share * len(groups))) <= np.bincount(groups).max()


@given(case=labels_and_size(smallest=2), seed=seeds)
def test_groups_of_one_row_are_split_as_rows(case, seed):
    labels, n_test = case
    n_test = min(n_test, len(labels) // 2)
    train, test = group_split(np.arange(len(labels)), n_test, seed=seed, labels=labels)
    assert set(labels[train]) == set(labels)
    assert len(test) == n_test
    exact = np.bincount(labels) * n_test / len(labels)
    assert (np.abs(np.bincount(labels[test], minlength=len(exact)) - exact) < 2).all()


@given(times=st.lists(st.integers(0, 9), min_size=2, max_size=40), share=st.floats(0.05, 0.5))
def test_the_test_is_the_last_in_time(times, share):
    times = np.array(times)
    if len(set(times)) == 1:
        with pytest.raises(ArgumentError, match="one time"):
            time_split(times, share)
        return
    train, test = time_split(times, share)
    assert sorted([*train, *test]) == list(range(len(times)))
    assert times[train].max() < times[test].min()


def test_a_cut_in_time_goes_to_the_nearest_place_between_two_times():
    assert len(time_split([1, 2, 2, 2, 2, 3, 4, 5, 6, 7], 0.6)[1]) == 5
    assert len(time_split([1, 2, 2, 2, 2, 3, 4, 5, 6, 7], 0.8)[1]) == 9
    dates = np.array(["2024-03-01", "2023-01-01", "2025-01-01"], dtype="datetime64[us]")
    assert time_split(dates, 1)[1].tolist() == [2]


def test_labels_may_be_texts_or_one_hot_rows():
    texts = np.array(["dog", "cat", "dog", "cat", "owl", "dog"])
    one_hot = np.eye(3)[[1, 0, 1, 0, 2, 1]]
    for a, b in zip(stratified_split(texts, 3), stratified_split(one_hot, 3), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("size", [{"test_size": 0.3}, {"test_size": 7}, {"train_size": 0.71}, {"train_size": 3}, {}])
@pytest.mark.parametrize("shuffle", [False, True])
def test_sizes_are_scikit_learns(size, shuffle):
    selection = pytest.importorskip("sklearn.model_selection", reason="scikit-learn is not installed")
    x, y = np.arange(46).reshape(23, 2), np.arange(23)
    ours = train_test_split(x, y, **size, shuffle=shuffle)
    theirs = selection.train_test_split(x, y, **size, shuffle=shuffle, random_state=0)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        if not shuffle:
            np.testing.assert_array_equal(a, b)


def test_arrays_stay_together():
    x_train, x_test, y_train, y_test = train_test_split(np.arange(20) * 10, list(range(20)), stratify=[0, 1] * 10)
    np.testing.assert_array_equal(x_train, y_train * 10)
    np.testing.assert_array_equal(x_test, y_test * 10)
    assert len(y_test) == 5
    assert abs(int((y_test % 2).sum()) - 2.5) < 1
    # Shuffled: neither part is in the order of the file.
    assert (np.diff(y_train) < 0).any()


def test_a_validation_part_of_a_sorted_file_has_all_classes():
    labels = np.repeat(np.arange(4), 25)
    train, validation = validation_split(100, 0.2, seed=3, labels=labels)
    np.testing.assert_array_equal(np.bincount(labels[train]), [20] * 4)
    np.testing.assert_array_equal(np.bincount(labels[validation]), [5] * 4)


def test_a_data_set_in_three_parts():
    data = Dataset(np.arange(100.0), np.repeat([0, 1], 50), ("a", "b"))
    parts = split_dataset(data, validation=0.15, test=0.1, seed=5)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (75, 15, 10)
    assert parts.test.class_counts() == {"a": 5, "b": 5}
    rows = np.concatenate([part.inputs for part in (parts.train, parts.validation, parts.test)])
    assert sorted(rows) == list(range(100))
    assert split_dataset(data, test=0.1).validation is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: train_test_split(), ArgumentError, "nothing to split"),
        (lambda: train_test_split(np.zeros(3), np.zeros(4)), DataLengthError, "3 in array 0, 4 in array 1"),
        (lambda: train_test_split(np.zeros(3), stratify=[0, 1]), DataLengthError, "stratify"),
        (lambda: train_test_split(np.zeros(1)), EmptyDataError, "at least 2 rows"),
        (lambda: train_test_split(np.zeros(4), test_size=1.0), ArgumentError, "test_size"),
        (lambda: train_test_split(np.zeros(4), test_size=4), ArgumentError, "1 to 3"),
        (lambda: train_test_split(np.zeros(4), test_size=-0.5), ArgumentError, "test_size"),
        (lambda: train_test_split(np.zeros(4), test_size=True), ArgumentError, "True"),
        (lambda: train_test_split(np.zeros(4), train_size=0.1), ArgumentError, "train_size"),
        (lambda: train_test_split(np.zeros(4), train_size=0.5, test_size=0.5), ArgumentError, "one size"),
        (lambda: train_test_split(np.zeros(4), stratify=[0] * 4, shuffle=False), ArgumentError, "shuffle"),
        (lambda: train_test_split(np.zeros(4), random_state=-1), ArgumentError, "seed"),
        (lambda: train_test_split(np.zeros(4), random_state=0.5), ArgumentError, "seed"),
        (lambda: stratified_split([0, 1, 2, 3], 1), ArgumentError, "without stratify"),
        (lambda: group_split([1, 1, 1], 0.5), ArgumentError, "one group"),
        (lambda: group_split([1, 2, 3], 3), ArgumentError, "empty"),
        (lambda: group_split([1, 2, 3], 1, labels=[0, 1]), DataLengthError, "labels"),
        (lambda: time_split([5, 5, 5], 0.5), ArgumentError, "one time"),
        (lambda: time_split([5.0, np.nan], 0.5), NonFiniteDataError, "missing"),
        (lambda: validation_split(10, 0.0), ArgumentError, "validation_split"),
        (lambda: validation_split(10, 1.5), ArgumentError, "validation_split"),
        (lambda: validation_split(10, 0.5, labels=[0, 1]), DataLengthError, "labels"),
    ],
)
def test_what_cannot_be_split(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_both_parts_of_a_stratified_split_are_in_random_order():
    labels = np.repeat(np.arange(4), 250)
    for part in stratified_split(labels, 0.3, seed=1):
        for half in np.array_split(labels[part], 2):
            counts = np.bincount(half, minlength=4)
            # Five standard deviations of a random half.
            assert abs(counts - len(half) / 4).max() < 5 * np.sqrt(len(half) * 3 / 16)
        assert len(set(labels[part][-5:])) > 1
        assert not (np.sort(part) == part).all()
