"""Testing a trained classifier: once over the rows, and everything that is to be said of it."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.metrics import ConfusionMatrix, F1Score
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.train.run_record import Result


def measure(model: Module, loss: Loss, inputs: np.ndarray, targets: np.ndarray) -> Result:
    """The result of `model` on the test part."""
    scores = model.predict(inputs)
    matrix, macro_f1 = ConfusionMatrix(), F1Score("macro")
    for metric in (matrix, macro_f1):
        metric.update(scores, targets)
    counted = np.asarray(matrix.compute()).astype(int)
    right = int(np.trace(counted))
    return Result(
        loss=loss(cr.tensor(scores), cr.tensor(targets)).item(),
        rows=len(targets),
        right=right,
        accuracy=right / len(targets),
        macro_f1=float(macro_f1.compute()),
        confusion_matrix=tuple(tuple(row) for row in counted.tolist()),
    )
