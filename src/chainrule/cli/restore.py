"""A trained model out of its run folder."""

from __future__ import annotations

from chainrule import models
from chainrule.nn.module import Module
from chainrule.train.run_folder import Run


def restore(run: Run) -> Module:
    """The model of a run, with its weights, compiled to be evaluated.

    Raises:
        StateDictError: If the weights do not fit the model that the configuration names.
    """
    model = models.get(run.config.model, run.config.input_shape, run.config.outputs)
    model.load_state_dict(run.weights)
    model.compile(run.config.optimizer, run.config.loss, metrics=["accuracy"])
    return model.eval()
