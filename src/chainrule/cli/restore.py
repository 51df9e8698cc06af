"""A trained model out of its run folder."""

from __future__ import annotations

from chainrule import models
from chainrule.nn.losses import Loss
from chainrule.nn.module import Module
from chainrule.nn.output import fit_loss_to_output
from chainrule.train.precheck import located
from chainrule.train.run_record import Run


def restore(run: Run) -> tuple[Module, Loss]:
    """The model of a run, with its weights, in evaluation mode; and its loss.

    Raises:
        UnknownNameError, ShapeError, ArgumentError: If the configuration is not one of a model.
        StateDictError: If the weights do not fit the model that the configuration names.
    """
    with located(str(run.folder / "run.json")):
        model = models.get(run.config.model, run.config.input_shape, run.config.outputs)
        loss, _ = fit_loss_to_output(run.config.loss, model)
    with located(str(run.folder / "weights.safetensors")):
        model.load_state_dict(run.weights)
    return model.eval(), loss
