"""What is simpler than the network: its result says whether the network has learnt anything worth its cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import nn, optim
from chainrule.columns.base import Target

# Predicted for each row of the test: as the truth is given, and the probabilities of classes.
Predicted = tuple[NDArray[Any], NDArray[Any] | None]

# Enough for a linear model to settle, whatever the number of rows.
_STEPS, _BATCH = 2000, 256


def guessed(target: Target, known: NDArray[Any], rows: int) -> Predicted:
    """What is predicted without looking at the inputs: the most frequent class, or the mean.

    Args:
        target: What is predicted.
        known: What is true of the training rows: indices of classes, or numbers in the column's unit.
        rows: How many rows the test has.
    """
    if not target.class_names:
        return np.full(rows, known.mean()), None
    shares = np.bincount(known, minlength=len(target.class_names)) / len(known)
    return np.full(rows, shares.argmax()), np.tile(shares, (rows, 1))


def linear(
    target: Target, training: NDArray[np.float32], known: NDArray[Any], test: Iterable[NDArray[np.float32]], seed: int
) -> Predicted:
    """What a linear model predicts: least squares for numbers, logistic regression for classes.

    Args:
        target: What is predicted.
        training: The training rows as `design` gives them, (N, F).
        known: What is true of them, as for `guessed`.
        test: The rows of the test, some at a time, (M, F).
        seed: Decides the order of the training rows.
    """
    mean, spread = training.mean(axis=0), training.std(axis=0)
    spread[spread == 0] = 1
    training = (training - mean) / spread
    if not target.class_names:
        # A little weight on small coefficients, so that columns that say the same do no harm.
        gram = training.T @ training + 1e-3 * len(training) * np.eye(training.shape[1], dtype=np.float32)
        weights = np.linalg.solve(gram, training.T @ (known - known.mean()).astype(np.float32))
        return np.concatenate([(rows - mean) / spread @ weights for rows in test]) + known.mean(), None
    model = nn.Linear(training.shape[1], len(target.class_names))
    model.compile(optim.AdamW(model.parameters(), lr=0.01), nn.CrossEntropyLoss())
    batches = -(-len(training) // _BATCH)
    model.fit(training, known, _BATCH, epochs=max(1, min(100, _STEPS // batches)), verbose=0, seed=seed)
    scores = np.concatenate([model.predict((rows - mean) / spread, batch_size=4096) for rows in test])
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores.argmax(axis=1), shares / shares.sum(axis=1, keepdims=True)
