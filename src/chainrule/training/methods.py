"""`compile`, `fit`, `evaluate`, `predict`, `train_on_batch`: Keras's names and meanings, for every module.

These are methods of `Module`; `nn/training.py` says how they come to be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from chainrule.core.threads import limited_threads
from chainrule.errors import NotCompiledError
from chainrule.nn.module import Module
from chainrule.training import checkpoint, evaluation, loop
from chainrule.training.callbacks.base import Callback
from chainrule.training.callbacks.progress import ProgressBar
from chainrule.training.compiled import Compiled, compile_model
from chainrule.training.history import History
from chainrule.training.measures import check_metrics
from chainrule.training.precheck import Traced, rehearse, trace
from chainrule.training.preparation import (
    batch_sizes,
    batches_of,
    check_numbers,
    check_verbose,
    listeners,
    with_validation,
)
from chainrule.training.rows import Rows, read_inputs, read_rows, weigh_classes
from chainrule.training.session import Session

if TYPE_CHECKING:
    from chainrule.metrics import Metric


class TrainingMethods:
    """What training adds to `Module`."""

    _compiled: Compiled | None = None

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Sequence[str | Metric] | None = None,
        *,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
    ) -> None:
        """Say what training shall minimise, how, and what it shall measure.

        Args:
            optimizer: A name ("adam", "sgd", ...), an optimizer over this model's parameters, or a function from the
                parameters to one.
            loss: A name ("mse", "binary_crossentropy", "sparse_categorical_crossentropy", ...), a loss of
                `chainrule.nn`, or a function of (prediction, target). A name takes the form that fits the model's
                last layer: from probabilities behind a softmax or sigmoid, from logits otherwise.
            metrics: Names ("accuracy", "f1", "mae", ...) or metrics. "accuracy" is the one that the loss calls for.
            clip_norm: Limit the common norm of all gradients to this.
            clip_value: Limit every element of the gradients to this, up and down.
            accumulate: How many batches share one update; the result is that of one batch of all their rows.

        Raises:
            UnknownNameError: For a name that does not exist; the nearest is suggested.
            OutputLayerError: If the model's last layer does not fit the loss.
            ArgumentError: For a limit that is not positive, or an optimizer over no weight of this model.
        """
        self._compiled = compile_model(
            _module(self), optimizer, loss, metrics, clip_norm=clip_norm, clip_value=clip_value, accumulate=accumulate
        )

    @limited_threads()
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Sequence[Any] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | str | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        *,
        seed: int = 0,
        drop_last: bool = False,
        skip_easy: float = 0.0,
        resume: str | os.PathLike[str] | None = None,
        jit: bool = True,
    ) -> History:
        """Train on rows of inputs and targets.

        Args:
            x: Inputs, (N, ...): an array, a tensor, lists, or a `Dataset`, which has the targets too.
            y: Targets, as the loss takes them. Class indices may be (N,) or (N, 1).
            batch_size: Rows an update: None for all (full-batch gradient descent), 1 for stochastic, else mini-batch.
            epochs: How many times to go over all rows.
            verbose: 0 for silence, 1 for a bar on a terminal, 2 for a line an epoch; "auto" is 1.
            callbacks: What shall listen: `EarlyStopping`, `ModelCheckpoint`, your own. One, or a list.
            validation_split: The share of rows to hold out for validation: random by the seed, stratified
                where the targets are classes. (Keras takes the last rows.)
            validation_data: Or rows of your own: (x, y) or (x, y, sample_weight).
            shuffle: Whether each epoch has an order of its own.
            class_weight: A weight for each class, as a dict; or "balanced".
            sample_weight: A weight for each row, (N,). As in Keras, a batch's loss is the sum of the weighed losses
                divided by its number of rows.
            initial_epoch: The number of the first epoch.
            seed: Decides the order of rows and the validation split.
            drop_last: Whether to leave out a last batch that is smaller than the others.
            skip_easy: The share of the rows that each epoch from the second on leaves out, drawn from the half whose
                losses were the smaller ones when they were last trained on: see `chainrule.data.HarderBatches`. An
                epoch takes so much less time; 0.4 is a good share where there are many rows and few epochs.
            resume: A checkpoint of `ModelCheckpoint` to go on from, with the same bits.
            jit: Whether the training step is compiled. A model whose `forward` asks for values cannot be; a line says
                so, and each operation runs by itself, as with False.

        Returns:
            The history of all epochs.

        Raises:
            NotCompiledError: If `compile` was not called.
            ChainruleError: Before training, for data or a model that cannot be trained on: see
                `chainrule.errors`. NonFiniteError in training, naming the layer.
        """
        model, told = _module(self), listeners(callbacks)
        check_numbers(epochs, initial_epoch, verbose)
        rows, compiled, traced = _prepared(self, x, y, sample_weight)
        objective = compiled.objective
        rows, validation = with_validation(model, objective, rows, validation_split, validation_data, seed)
        objective.check_classes(rows.targets, traced.output)
        if class_weight is not None:
            rows = weigh_classes(rows, objective.required_labels(rows.targets), class_weight, model)
        batches = batches_of(rows, objective, batch_size, skip_easy, shuffle=shuffle, seed=seed, drop_last=drop_last)
        check_metrics(objective, traced.output, rows.targets)
        for size in batch_sizes(batches):
            rehearse(model, objective, rows.arrays(), size)

        say: Callable[[str], None] = partial(print, flush=True) if verbose else _silent
        session = Session(model, compiled.optimizer, objective, batches, epochs, validation is not None, say)
        if verbose and not any(isinstance(callback, ProgressBar) for callback in told):
            told.insert(0, ProgressBar(bar=False if verbose == 2 else None))
        first = initial_epoch if resume is None else checkpoint.resume(resume, session)
        for line in compiled.describe(batches, validation):
            say(line)
        if first >= epochs:
            say(f"nothing is left to train: {first} of {epochs} epochs are done")
        loop.run(session, compiled.update, validation, told, first, jit)
        return session.history

    @limited_threads()
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 256,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        return_dict: bool = False,
        *,
        jit: bool = True,
    ) -> Any:
        """The loss and the metrics over rows, in evaluation mode.

        Args:
            x: Inputs, or a `Dataset`.
            y: Targets.
            batch_size: Rows at a time; it changes nothing but memory and time.
            verbose: 0 for silence; otherwise a line with what was measured.
            sample_weight: A weight for each row.
            return_dict: Whether to give a dict by name rather than a list.
            jit: Whether the model is compiled, where it can be.

        Returns:
            The loss, or a list of the loss and every metric in the order of `compile`, or a dict.
        """
        model = _module(self)
        check_verbose(verbose)
        rows, compiled, traced = _prepared(self, x, y, sample_weight)
        check_metrics(compiled.objective, traced.output, rows.targets)
        measured = evaluation.evaluate(model, compiled.objective, rows, batch_size, compiled=jit)
        if verbose:
            print(f"{len(rows):,} rows: " + "  ".join(f"{name} {value:.4f}" for name, value in measured.items()))
        return _as_keras(measured, return_dict)

    @limited_threads()
    def predict(self, x: Any, batch_size: int = 256, verbose: str | int = 0, *, jit: bool = True) -> np.ndarray:
        """The model's output for every row, in evaluation mode.

        Args:
            x: Inputs, (N, ...), or a `Dataset`.
            batch_size: Rows at a time; it changes nothing but memory and time.
            verbose: Ignored: kept for Keras's callers.
            jit: Whether the model is compiled, where it can be.

        Returns:
            An array (N, ...).
        """
        model = _module(self)
        return evaluation.outputs(model, read_inputs(getattr(x, "inputs", x), model), batch_size, jit)

    @limited_threads()
    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | str | None = None,
        return_dict: bool = False,
        *,
        jit: bool = True,
    ) -> Any:
        """One update from one batch.

        Returns:
            The loss, or a list of the loss and every metric, or a dict; measured before the update.
        """
        model = _module(self)
        rows, compiled, _ = _prepared(self, x, y, sample_weight)
        if class_weight is not None:
            rows = weigh_classes(rows, compiled.objective.required_labels(rows.targets), class_weight, model)
        measured = loop.one_batch(model, compiled.optimizer, compiled.objective, compiled.update, rows, jit)
        return _as_keras(measured, return_dict)


def _module(model: TrainingMethods) -> Module:
    """The module that these are the methods of."""
    return cast(Module, model)


def _prepared(model: TrainingMethods, x: Any, y: Any, sample_weight: Any) -> tuple[Rows, Compiled, Traced]:
    """Checked rows for the compiled objective, in the form that the traced model calls for."""
    if model._compiled is None:
        raise NotCompiledError(
            "the model has no loss and no optimizer yet.",
            where=type(model).__name__,
            remedy='model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])',
        )
    module = _module(model)
    rows = read_rows(x, y, module, sample_weight)
    traced = trace(module, rows.inputs)
    model._compiled = model._compiled.settled(module, traced)
    return model._compiled.objective.prepare(module, rows, traced, "y"), model._compiled, traced


def _as_keras(measured: dict[str, float], return_dict: bool) -> Any:
    values = list(measured.values())
    return measured if return_dict else values[0] if len(values) == 1 else values


def _silent(text: str) -> None:
    """Say nothing."""


# From now on every module has these methods: see `nn/training.py`.
for _name in ("compile", "fit", "evaluate", "predict", "train_on_batch", "_compiled"):
    setattr(Module, _name, vars(TrainingMethods)[_name])
