"""Seeded splits of rows: at random, stratified by class, by group, in the order of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_lengths
from chainrule.data.dataset import Dataset, Split
from chainrule.data.randomness import SPLITTING, generator
from chainrule.errors import ArgumentError, EmptyDataError, NonFiniteDataError

__all__ = [
    "group_split",
    "random_split",
    "split_dataset",
    "stratified_split",
    "time_split",
    "train_test_split",
    "validation_split",
]

Indices = NDArray[np.int64]


def train_test_split(
    *arrays: ArrayLike,
    test_size: float | None = None,
    train_size: float | None = None,
    random_state: int = 0,
    shuffle: bool = True,
    stratify: ArrayLike | None = None,
) -> list[NDArray[Any]]:
    """Split arrays into random training and test rows, as scikit-learn's function of this name.

    What differs: the default seed is 0, not a new one each time; the rows chosen differ from scikit-learn's for
    the same seed; a class with a single row goes to training, where scikit-learn refuses; arrays of NumPy come
    back, whatever went in.

    Args:
        *arrays: Arrays with the same number of rows.
        test_size: The share of rows for the test (a float below 1, rounded up), or their number (an integer).
            Default: 0.25, or what `train_size` leaves.
        train_size: The share (rounded down) or number of rows for training, instead of `test_size`.
        random_state: The seed. Default: 0.
        shuffle: Whether to choose the rows at random. Without it the last rows are the test's.
        stratify: Class labels, one for each row: each class is then split in the same proportion.

    Returns:
        The training and the test part of each array, one after the other.

    Raises:
        DataLengthError: Arrays with different numbers of rows.
        EmptyDataError: No rows, or nothing left for training.
        ArgumentError: Sizes that make no sense, or too few rows of the classes for a stratified split.

    Example:
        >>> x_train, x_test, y_train, y_test = train_test_split(np.arange(8), np.arange(8) % 2, test_size=0.25)
        >>> len(x_train), len(x_test)
        (6, 2)
    """
    rows = [np.asarray(array) for array in arrays]
    if not rows:
        raise ArgumentError("there is nothing to split.", where="arrays", expected="one array or more", got="none")
    labels = None if stratify is None else np.asarray(stratify)
    named = {f"array {i}": array for i, array in enumerate(rows)}
    n_rows = check_lengths(named if labels is None else {**named, "stratify": labels})
    if test_size is not None and train_size is not None:
        raise ArgumentError("give one size; the other part takes the rest.", where="test_size, train_size")
    if train_size is not None:
        n_test = n_rows - _n_part(train_size, n_rows, "train_size", math.floor)
    else:
        n_test = _n_part(0.25 if test_size is None else test_size, n_rows, "test_size", math.ceil)
    if labels is not None and not shuffle:
        raise ArgumentError("a stratified split is a shuffled one.", where="shuffle", expected=True, got=False)
    if shuffle:
        parts = _split(n_rows, n_test, labels, random_state)
    else:
        parts = np.arange(n_rows - n_test), np.arange(n_rows - n_test, n_rows)
    return [array[part] for array in rows for part in parts]


def random_split(n_rows: int, test_size: float, *, seed: int = 0) -> tuple[Indices, Indices]:
    """The indices of random training and test rows, each part in random order.

    Args:
        n_rows: The number of rows.
        test_size: The share of rows for the test (a float below 1, rounded up), or their number (an integer).
        seed: The seed. Default: 0.

    Returns:
        The training indices and the test indices, int64.

    Raises:
        EmptyDataError: Fewer than two rows.
        ArgumentError: A size that leaves one part empty.

    Example:
        >>> train, test = random_split(10, 0.3)
        >>> len(train), len(test)
        (7, 3)
    """
    n_test = _n_part(test_size, n_rows, "test_size", math.ceil)
    order = generator(seed, SPLITTING).permutation(n_rows)
    return order[n_test:], order[:n_test]


def stratified_split(labels: ArrayLike, test_size: float, *, seed: int = 0) -> tuple[Indices, Indices]:
    """The indices of random training and test rows, with each class split in the same proportion.

    The rows that whole numbers leave over go to the classes with the largest remainders, so that the total is
    exact. Every class keeps a row for training, whatever its size.

    Args:
        labels: One class for each row: shape (N,), or one-hot rows, shape (N, C).
        test_size: The share of rows for the test (a float below 1, rounded up), or their number (an integer).
        seed: The seed. Default: 0.

    Returns:
        The training indices and the test indices, int64, each in random order.

    Raises:
        EmptyDataError: Fewer than two rows.
        ArgumentError: A size that leaves one part empty, or some class without a training row.

    Example:
        >>> labels = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
        >>> train, test = stratified_split(labels, 0.3)
        >>> np.bincount(labels[test])
        array([2, 1])
    """
    labels = np.asarray(labels)
    n_test = _n_part(test_size, len(labels), "test_size", math.ceil)
    # (Whole rows are compared only where there are some: it is much slower.)
    axis = 0 if labels.ndim > 1 else None
    _, strata, counts = np.unique(labels, axis=axis, return_inverse=True, return_counts=True)
    n_test_of = _largest_remainder(counts, n_test)
    random = generator(seed, SPLITTING)
    order = random.permutation(len(labels))
    # Within each class, the rows that come first in the random order are the test's.
    by_class = order[np.argsort(strata[order], kind="stable")]
    place_in_class = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_test = np.empty(len(labels), dtype=bool)
    is_test[by_class] = place_in_class < np.repeat(n_test_of, counts)
    # Shuffled once more: taken in that order, a part would begin or end with the classes that were filled last.
    return random.permutation(np.flatnonzero(~is_test)), random.permutation(np.flatnonzero(is_test))


def validation_split(
    n_rows: int, fraction: float, *, seed: int = 0, labels: ArrayLike | None = None
) -> tuple[Indices, Indices]:
    """The indices of training and validation rows, as `fit(validation_split=...)` takes them.

    Keras takes the last rows, which are all of one class in a sorted file; these are random, and stratified where
    labels are given.

    Args:
        n_rows: The number of rows.
        fraction: The share of rows for the validation, between 0 and 1.
        seed: The seed. Default: 0.
        labels: Class labels, one for each row, to stratify by. Default: none.

    Returns:
        The training indices and the validation indices, int64, each in random order.

    Raises:
        EmptyDataError, ArgumentError: As for `stratified_split`.
        DataLengthError: Not one label for each row.

    Example:
        >>> train, validation = validation_split(10, 0.2, labels=[0, 1] * 5)
        >>> len(train), sorted(validation % 2)
        (8, [np.int64(0), np.int64(1)])
    """
    if not 0.0 < fraction < 1.0:
        raise ArgumentError(
            "a part for validation must leave one for training.",
            where="validation_split",
            expected="a number between 0 and 1",
            got=fraction,
        )
    strata = None if labels is None else np.asarray(labels)
    if strata is not None:
        check_lengths({"x": np.empty(n_rows, dtype=bool), "labels": strata})
    return _split(n_rows, fraction, strata, seed)


def group_split(
    groups: ArrayLike, test_size: float, *, seed: int = 0, labels: ArrayLike | None = None
) -> tuple[Indices, Indices]:
    """The indices of random training and test rows, with all rows of one group in the same part.

    Args:
        groups: The group of each row, shape (N,).
        test_size: The share of rows for the test (a float below 1, rounded up), or their number (an integer), which
            whole groups come near to.
        seed: The seed. Default: 0.
        labels: Class labels, one for each row: groups are then chosen among those of each class (the most frequent
            label of their rows) in the same proportion, and one of each class stays in training. Default: none.

    Returns:
        The training indices and the test indices, int64, each in random order.

    Raises:
        EmptyDataError: Fewer than two rows.
        ArgumentError: A size that leaves one part empty, or a single group.
        DataLengthError: Not one label for each row.

    Example:
        >>> patients = np.array([1, 1, 2, 2, 3, 3, 4, 4])
        >>> train, test = group_split(patients, 0.25)
        >>> len(test), set(patients[train]) & set(patients[test])
        (2, set())
    """
    group, sizes, strata = group_sizes(groups, labels)
    n_test = _n_part(test_size, len(group), "test_size", math.ceil)
    random = generator(seed, SPLITTING)
    order = random.permutation(len(sizes))
    in_test = np.zeros(len(sizes), dtype=bool)
    # What one class lacks of its share, or has too much, since its groups are whole, the next makes up for.
    for stratum, wanted in zip(*_shares(strata, sizes, n_test), strict=True):
        own = order[strata[order] == stratum]
        chosen = own[_nearest_sum(sizes[own], wanted - int(sizes[in_test].sum()))]
        in_test[chosen[: len(own) - 1]] = True
    if not in_test.any():
        in_test[order[np.argmin(sizes[order])]] = True
    is_test = in_test[group]
    return random.permutation(np.flatnonzero(~is_test)), random.permutation(np.flatnonzero(is_test))


def time_split(times: ArrayLike, test_size: float) -> tuple[Indices, Indices]:
    """The indices of training rows and of test rows, which are the last in time.

    Rows of the same time are never parted: the cut goes to the nearest place between two times.

    Args:
        times: The time of each row, shape (N,): dates, or numbers that grow with time.
        test_size: The share of rows for the test (a float below 1, rounded up), or their number (an integer).

    Returns:
        The training indices and the test indices, int64, each in the order of time.

    Raises:
        EmptyDataError: Fewer than two rows.
        ArgumentError: A size that leaves one part empty, or rows of a single time.
        NonFiniteDataError: A time that is missing.

    Example:
        >>> time_split([2021, 2024, 2022, 2023, 2024], 0.2)
        (array([0, 2, 3]), array([1, 4]))
    """
    order, edges = order_in_time(times)
    cut = len(order) - _n_part(test_size, len(order), "test_size", math.ceil)
    cut = edges[np.argmin(np.abs(edges - cut))]
    return order[:cut], order[cut:]


def split_dataset(dataset: Dataset, *, validation: float = 0.0, test: float = 0.0, seed: int = 0) -> Split:
    """A data set in parts, stratified where it has classes.

    Args:
        dataset: All rows.
        validation: The share or number of all rows for the validation. Default: 0, which gives no such part.
        test: The share or number of all rows for the test. Default: 0, which gives no such part.
        seed: The seed. Default: 0.

    Raises:
        EmptyDataError, ArgumentError: As for `stratified_split`.

    Example:
        >>> numbers = Dataset(np.arange(10.0), np.arange(10.0))
        >>> parts = split_dataset(numbers, validation=0.2, test=0.2)
        >>> len(parts.train), len(parts.validation), len(parts.test)
        (6, 2, 2)
    """
    sizes = [_n_part(size, len(dataset), "validation, test", math.ceil) if size else 0 for size in (validation, test)]
    rest, test_part = _hold_out(dataset, sizes[1], seed)
    train, validation_part = _hold_out(rest, sizes[0], seed)
    return Split(train, validation_part, test_part)


def _hold_out(dataset: Dataset, n_rows: int, seed: int) -> tuple[Dataset, Dataset | None]:
    if n_rows == 0:
        return dataset, None
    labels = dataset.targets if dataset.class_names is not None else None
    kept, taken = _split(len(dataset), n_rows, labels, seed)
    return dataset.take(kept), dataset.take(taken)


def _split(n_rows: int, size: float, labels: NDArray[Any] | None, seed: int) -> tuple[Indices, Indices]:
    if labels is None:
        return random_split(n_rows, size, seed=seed)
    return stratified_split(labels, size, seed=seed)


def group_sizes(
    groups: ArrayLike, labels: ArrayLike | None
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """The number of each row's group; of each group its size, and the number of its most frequent label."""
    groups = np.asarray(groups)
    known, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(known) < 2:
        raise ArgumentError("rows of one group cannot be parted.", where="groups", expected="two groups or more", got=1)
    if labels is None:
        return group, sizes, np.zeros(len(sizes), dtype=np.intp)
    labels = np.asarray(labels)
    check_lengths({"groups": groups, "labels": labels})
    classes, label = np.unique(labels, return_inverse=True)
    pairs, counts = np.unique(group * len(classes) + label, return_counts=True)
    # Of each group's labels the most frequent comes last, and stays.
    strata = np.zeros(len(sizes), dtype=np.intp)
    by_count = pairs[np.argsort(counts, kind="stable")]
    strata[by_count // len(classes)] = by_count % len(classes)
    return group, sizes, strata


def order_in_time(times: ArrayLike) -> tuple[Indices, Indices]:
    """The rows in the order of time, and the places in it where another time begins."""
    times = np.asarray(times)
    if (times != times).any():
        raise NonFiniteDataError("a time is missing.", where="times", got=f"{times[times != times][0]}")
    order = np.argsort(times, kind="stable")
    edges = np.flatnonzero(times[order[1:]] != times[order[:-1]]) + 1
    if len(order) > 1 and not len(edges):
        raise ArgumentError("rows of one time cannot be parted.", where="times", expected="two times or more", got=1)
    return order, edges


def _shares(strata: NDArray[np.intp], sizes: NDArray[np.intp], n_test: int) -> tuple[list[int], list[int]]:
    """The classes of groups, the one with the fewest groups first, and how many rows they and those before give."""
    n_groups = np.bincount(strata)
    classes = np.argsort(n_groups, kind="stable")
    rows = np.cumsum(np.bincount(strata, weights=sizes)[classes])
    return classes.tolist(), np.rint(rows * n_test / rows[-1]).astype(int).tolist()


def _nearest_sum(sizes: NDArray[np.intp], wanted: int) -> NDArray[np.intp]:
    """Which groups, the first ones first, have together about so many rows."""
    taken = np.zeros(len(sizes), dtype=bool)
    while (fits := np.flatnonzero(~taken & (sizes <= wanted))).size:
        chosen = fits[np.cumsum(sizes[fits]) <= wanted]
        taken[chosen] = True
        wanted -= int(sizes[chosen].sum())
    rest = np.flatnonzero(~taken)
    if rest.size and sizes[smallest := rest[np.argmin(sizes[rest])]] < 2 * wanted:
        taken[smallest] = True
    return np.flatnonzero(taken)


def _largest_remainder(counts: NDArray[np.intp], n_part: int) -> NDArray[np.intp]:
    """How many rows of each class a part of `n_part` rows takes; at least one of each class stays outside."""
    n_rows = int(counts.sum())
    if n_part > n_rows - len(counts):
        raise ArgumentError(
            "a stratified split must leave a row of each class for training.",
            where="test_size",
            expected=f"at most {n_rows - len(counts)} of {n_rows} rows, of {len(counts)} classes",
            got=n_part,
            remedy="take fewer rows, or split without stratify",
        )
    taken, remainder = np.divmod(counts * n_part, n_rows)
    by_remainder = np.argsort(-remainder, kind="stable")
    while (left := n_part - int(taken.sum())) > 0:
        with_room = by_remainder[taken[by_remainder] < counts[by_remainder] - 1]
        taken[with_room[:left]] += 1
    return taken


def _n_part(size: float, n_rows: int, where: str, rounded: Callable[[float], int]) -> int:
    """The number of rows that a share or a number of rows means."""
    if n_rows < 2:
        raise EmptyDataError("too few rows to split.", where=where, expected="at least 2 rows", got=n_rows)
    if isinstance(size, (int, np.integer)) and not isinstance(size, bool):
        n_part = int(size)
    else:
        n_part = rounded(size * n_rows) if 0.0 < size < 1.0 else 0
    if not 0 < n_part < n_rows:
        raise ArgumentError(
            "neither part of a split may be empty.",
            where=where,
            expected=f"a share between 0.0 and 1.0, or a number of rows from 1 to {n_rows - 1}",
            got=f"{size!r} of {n_rows} rows",
        )
    return n_part
