import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import k_fold
from chainrule.errors import ArgumentError, DataLengthError

seeds = st.integers(0, 2**64)


@given(labels=st.lists(st.integers(0, 3), min_size=2, max_size=40), n_folds=st.integers(2, 6), seed=seeds)
def test_each_row_is_tested_once_and_classes_are_spread(labels, n_folds, seed):
    labels, n_folds = np.array(labels), min(n_folds, len(labels))
    folds = k_fold(len(labels), n_folds, seed=seed, labels=labels)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(labels)))
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 1
    counts = np.array([np.bincount(labels[test], minlength=4) for _, test in folds])
    assert (np.ptp(counts, axis=0) <= 1).all()
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(labels)))


@given(groups=st.lists(st.integers(0, 9), min_size=4, max_size=40).filter(lambda g: len(set(g)) >= 3), seed=seeds)
def test_groups_stay_whole_in_every_fold(groups, seed):
    groups = np.array(groups)
    folds = k_fold(len(groups), 3, seed=seed, groups=groups, labels=groups % 2)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(groups)))
    for train, test in folds:
        assert len(test) > 0
        assert not set(groups[train]) & set(groups[test])


@given(times=st.lists(st.integers(0, 9), min_size=5, max_size=40).filter(lambda t: len(set(t)) >= 4))
def test_folds_in_time_are_tested_with_all_that_was_before(times):
    times = np.array(times)
    folds = k_fold(len(times), 3, times=times)
    for (train, test), (later, _) in zip(folds, [*folds[1:], (np.argsort(times), None)], strict=True):
        assert times[train].max() < times[test].min()
        assert sorted([*train, *test]) == sorted(later)


def test_the_seed_alone_decides():
    first, second, other = (k_fold(20, 4, seed=seed)[0][1].tolist() for seed in (3, 3, 4))
    assert first == second
    assert first != other


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"n_folds": 1}, ArgumentError, "from 2 to 6"),
        ({"n_folds": 7}, ArgumentError, "rows"),
        ({"n_folds": 3, "groups": [1, 1, 1, 2, 2, 2]}, ArgumentError, "groups"),
        ({"n_folds": 3, "times": [1, 1, 1, 2, 2, 2]}, ArgumentError, "times"),
        ({"n_folds": 2, "times": range(6), "groups": range(6)}, ArgumentError, "one of them"),
        ({"n_folds": 2, "labels": [0, 1]}, DataLengthError, "labels"),
    ],
)
def test_folds_that_cannot_be(given, error, message):
    with pytest.raises(error, match=message):
        k_fold(6, **given)
