"""How the rows are cut into batches must not change what any metric says."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import metrics
from tests.metrics.strategies import Batch, binary_scores, class_scores, number_pairs

BINARY = [
    metrics.BinaryAccuracy,
    metrics.ConfusionMatrix,
    metrics.TruePositives,
    metrics.FalsePositives,
    metrics.TrueNegatives,
    metrics.FalseNegatives,
    metrics.Precision,
    metrics.Recall,
    metrics.Specificity,
    metrics.F1Score,
    metrics.ROCAUC,
    metrics.PRAUC,
    metrics.CalibrationError,
]
CLASSES = [
    metrics.CategoricalAccuracy,
    lambda: metrics.TopKAccuracy(2),
    metrics.ConfusionMatrix,
    metrics.TruePositives,
    lambda: metrics.Precision("macro"),
    lambda: metrics.Recall("weighted"),
    lambda: metrics.F1Score(None),
    metrics.ROCAUC,
    lambda: metrics.PRAUC("weighted"),
    metrics.CalibrationError,
]
NUMBERS = [
    metrics.MeanAbsoluteError,
    metrics.MeanSquaredError,
    metrics.RootMeanSquaredError,
    metrics.R2Score,
]


def check_batching(make, batch: Batch, cuts: list[int]) -> None:
    whole, parts = make(), make()
    whole.update(*batch)
    # Something else first: `reset` must forget it.
    parts.update(*batch)
    parts.reset()
    bounds = sorted({0, len(batch.targets), *(cut % len(batch.targets) for cut in cuts)})
    for start, stop in pairwise(bounds):
        rows = slice(start, stop)
        weights = None if batch.weights is None else batch.weights[rows]
        parts.update(batch.predictions[rows], batch.targets[rows], weights)
    np.testing.assert_allclose(parts.compute(), whole.compute(), rtol=1e-12, atol=1e-12)


cuts = st.lists(st.integers(0, 11), max_size=3)


@pytest.mark.parametrize("make", BINARY)
@given(batch=binary_scores(), cuts=cuts)
def test_any_batching_of_single_scores_gives_the_same(make, batch, cuts):
    check_batching(make, batch, cuts)


@pytest.mark.parametrize("make", CLASSES)
@given(batch=class_scores(), cuts=cuts)
def test_any_batching_of_class_scores_gives_the_same(make, batch, cuts):
    check_batching(make, batch, cuts)


@pytest.mark.parametrize("make", NUMBERS)
@given(batch=number_pairs(), cuts=cuts)
def test_any_batching_of_numbers_gives_the_same(make, batch, cuts):
    check_batching(make, batch, cuts)


@pytest.mark.parametrize("make", [*BINARY, *NUMBERS])
def test_an_empty_batch_changes_nothing(make):
    metric = make()
    metric.update([0.25, 0.75, 0.5], [0, 1, 1])
    before = metric.compute()
    metric.update(np.zeros(0), np.zeros(0))
    np.testing.assert_array_equal(metric.compute(), before)
