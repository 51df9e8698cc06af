"""Batches of predictions and targets, small enough that every degenerate case comes up."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st


class Batch(NamedTuple):
    predictions: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None


def _weights(draw: st.DrawFn, n: int) -> np.ndarray | None:
    weight = st.floats(0.125, 4.0, width=16)
    return draw(st.none() | st.lists(weight, min_size=n, max_size=n).map(lambda w: np.array(w, dtype=np.float64)))


# A coarse grid, so that equal scores are common.
_probability = st.integers(0, 8).map(lambda eighths: eighths / 8)


@st.composite
def label_pairs(draw: st.DrawFn, n_classes: int = 4) -> Batch:
    """Predicted and true labels."""
    n = draw(st.integers(1, 12))
    labels = st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n).map(np.array)
    return Batch(draw(labels), draw(labels), _weights(draw, n))


@st.composite
def binary_scores(draw: st.DrawFn) -> Batch:
    """Probabilities of class 1, and classes."""
    n = draw(st.integers(1, 12))
    scores = draw(st.lists(_probability, min_size=n, max_size=n).map(np.array))
    targets = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).map(np.array))
    return Batch(scores, targets, _weights(draw, n))


@st.composite
def class_scores(draw: st.DrawFn, n_classes: int = 4) -> Batch:
    """Probabilities of several classes, and classes."""
    n = draw(st.integers(1, 12))
    counts = st.lists(st.integers(0, 3), min_size=n_classes, max_size=n_classes).filter(any)
    rows = np.array(draw(st.lists(counts, min_size=n, max_size=n)), dtype=np.float64)
    targets = draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n).map(np.array))
    return Batch(rows / rows.sum(axis=1, keepdims=True), targets, _weights(draw, n))


@st.composite
def number_pairs(draw: st.DrawFn) -> Batch:
    """Predicted and true numbers with one output or several. Quarters, so that sums are exact."""
    n, outputs = draw(st.integers(2, 12)), draw(st.sampled_from([None, 1, 3]))
    shape = (n,) if outputs is None else (n, outputs)
    quarter = st.integers(-12, 12).map(lambda q: q / 4)
    size = int(np.prod(shape))
    numbers = st.lists(quarter, min_size=size, max_size=size).map(lambda v: np.array(v).reshape(shape))
    return Batch(draw(numbers), draw(numbers), _weights(draw, n))
