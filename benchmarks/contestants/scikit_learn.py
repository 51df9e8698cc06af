"""scikit-learn: `MLPClassifier` and `MLPRegressor`, which train dense layers with Adam, or a linear model without any.

Its `SGDClassifier` and `LogisticRegression` are no match for a step: the one updates after every row, the other solves
for the whole data set.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.contestants import NotExpressibleError
from benchmarks.layers import Dense, Relu
from benchmarks.workloads import LEARNING_RATE, Workload


def prepare(workload: Workload) -> Callable[[int], float]:
    """The workload as `fit`, which goes on from where the last one ended; the loss is the mean over the last epoch."""
    if beyond := sorted({type(layer).__name__ for layer in workload.layers} - {Dense.__name__, Relu.__name__}):
        raise NotExpressibleError(f"it has no {' and no '.join(beyond)}")
    # Fixed epochs: no early end, and no word that it has not converged. A class needs no weight decay either.
    warnings.simplefilter("ignore", ConvergenceWarning)
    kind = MLPRegressor if workload.loss == "mean_squared_error" else MLPClassifier
    model = kind(
        hidden_layer_sizes=tuple(product.layer.outputs for product in workload.products[:-1]),
        alpha=0.0,
        batch_size=workload.batch,
        learning_rate_init=LEARNING_RATE,
        n_iter_no_change=10**9,
        warm_start=True,
    )
    x, y = workload.data
    y = y.ravel() if y.shape[1:] == (1,) else y

    def train(steps: int) -> float:
        model.set_params(max_iter=steps // workload.steps_per_epoch).fit(x, y)
        return float(model.loss_)

    return train
