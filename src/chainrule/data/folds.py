"""Folds: rows in parts of equal size, each of which is the test once."""

from __future__ import annotations

import heapq
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_lengths
from chainrule.data.randomness import SPLITTING, generator
from chainrule.data.splitting import Indices, group_sizes, order_in_time
from chainrule.errors import ArgumentError

__all__ = ["k_fold"]


def k_fold(
    n_rows: int,
    n_folds: int,
    *,
    seed: int = 0,
    labels: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    times: ArrayLike | None = None,
) -> list[tuple[Indices, Indices]]:
    """The indices of training and test rows, once for each fold.

    Args:
        n_rows: The number of rows.
        n_folds: How many folds, 2 or more.
        seed: The seed. Default: 0.
        labels: Class labels, one for each row: each class is then spread evenly over the folds. Default: none.
        groups: The group of each row: rows of one group are then in one fold. Default: none.
        times: The time of each row: folds then follow one another in time, each is tested with all earlier rows as
            training, and the first rows are never tested (as scikit-learn's `TimeSeriesSplit`). Default: none.

    Returns:
        `n_folds` pairs of training and test indices, int64. Without `times` every row is tested in exactly one.

    Raises:
        ArgumentError: Fewer than two folds, more folds than rows (groups, times), or times together with groups.
        DataLengthError: Not one label, group or time for each row.
        NonFiniteDataError: A time that is missing.

    Example:
        >>> for train, test in k_fold(6, 3, labels=[0, 0, 0, 1, 1, 1]):
        ...     print(len(train), sorted(test // 3))
        4 [np.int64(0), np.int64(1)]
        4 [np.int64(0), np.int64(1)]
        4 [np.int64(0), np.int64(1)]
    """
    given = {"labels": labels, "groups": groups, "times": times}
    arrays = {name: np.asarray(each) for name, each in given.items() if each is not None}
    check_lengths({"rows": np.empty(n_rows, dtype=bool), **arrays})
    if times is not None:
        if groups is not None:
            raise ArgumentError("folds go by groups or by time.", where="groups, times", expected="one of them")
        return _in_time(arrays["times"], n_folds)
    fold = (
        _spread_rows(n_rows, n_folds, arrays.get("labels"), seed)
        if groups is None
        else _spread_groups(arrays["groups"], n_folds, arrays.get("labels"), seed)
    )
    order = generator(seed, SPLITTING, n_folds).permutation(n_rows)
    return [(order[fold[order] != each], order[fold[order] == each]) for each in range(n_folds)]


def _spread_rows(n_rows: int, n_folds: int, labels: NDArray[Any] | None, seed: int) -> NDArray[np.intp]:
    """The fold of each row: dealt like cards, one class after the other."""
    _check_folds(n_folds, n_rows, "rows")
    order = generator(seed, SPLITTING).permutation(n_rows)
    if labels is not None:
        order = order[np.argsort(np.unique(labels, return_inverse=True)[1][order], kind="stable")]
    fold = np.empty(n_rows, dtype=np.intp)
    fold[order] = np.arange(n_rows) % n_folds
    return fold


def _spread_groups(groups: NDArray[Any], n_folds: int, labels: NDArray[Any] | None, seed: int) -> NDArray[np.intp]:
    """The fold of each row: of each class the largest groups first, each to the fold with the fewest rows."""
    group, sizes, strata = group_sizes(groups, labels)
    _check_folds(n_folds, len(sizes), "groups")
    order = generator(seed, SPLITTING).permutation(len(sizes))
    order = order[np.lexsort((-sizes[order], strata[order]))]
    fold_of, rows = np.empty(len(sizes), dtype=np.intp), [0] * n_folds
    for stratum in np.unique(strata):
        # Rows of this class first, all rows where that is equal.
        heap = [(0, rows[fold], fold) for fold in range(n_folds)]
        heapq.heapify(heap)
        for each in order[strata[order] == stratum].tolist():
            own, _, fold = heap[0]
            rows[fold] += int(sizes[each])
            heapq.heapreplace(heap, (own + int(sizes[each]), rows[fold], fold))
            fold_of[each] = fold
    return fold_of[group]


def _in_time(times: NDArray[Any], n_folds: int) -> list[tuple[Indices, Indices]]:
    order, edges = order_in_time(times)
    _check_folds(n_folds, len(edges), "later times")
    cuts: list[int] = []
    wanted = np.arange(1, n_folds + 1) * len(order) / (n_folds + 1)
    for number, place in enumerate(wanted):
        # Each fold begins at a time of its own, with times left for those after it.
        first, last = number if not cuts else int(np.searchsorted(edges, cuts[-1])) + 1, len(edges) - n_folds + number
        cuts.append(int(edges[first + np.argmin(np.abs(edges[first : last + 1] - place))]))
    return [(order[:start], order[start:stop]) for start, stop in zip(cuts, [*cuts[1:], len(order)], strict=True)]


def _check_folds(n_folds: int, most: int, of_what: str) -> None:
    if not 2 <= operator.index(n_folds) <= most:
        raise ArgumentError(
            "there cannot be so many folds.",
            where="n_folds",
            expected=f"a number from 2 to {most}, the {of_what}",
            got=n_folds,
        )
