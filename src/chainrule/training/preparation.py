"""What `fit` is given, checked and made ready before training starts."""

from __future__ import annotations

from typing import Any

from chainrule.data import Batches, Dataset, HarderBatches
from chainrule.data.harder import check_skip
from chainrule.errors import ArgumentError, DTypeError
from chainrule.nn.module import Module
from chainrule.optim.arguments import whole
from chainrule.training.callbacks.base import Callback
from chainrule.training.objective import Objective
from chainrule.training.precheck import located, rehearse_evaluation, trace
from chainrule.training.rows import Rows, hold_out, read_rows


def listeners(callbacks: Any) -> list[Callback]:
    """The callbacks as a list; a single one is a list of one."""
    listed = [callbacks] if isinstance(callbacks, (Callback, type, str)) or callable(callbacks) else callbacks or []
    for callback in listed:
        if not isinstance(callback, Callback):
            raise DTypeError(
                "this is no callback.",
                where="callbacks",
                expected="instances of chainrule.training.Callback",
                got=repr(callback)[:60],
                remedy=f"make an instance: {callback.__name__}()" if isinstance(callback, type) else None,
            )
    return list(listed)


def check_numbers(epochs: Any, initial_epoch: Any, verbose: Any) -> None:
    """Raise an `ArgumentError` for a number of epochs that is none, and for an unknown verbosity."""
    whole("epochs", epochs, least=1)
    whole("initial_epoch", initial_epoch, least=0)
    check_verbose(verbose)


def check_verbose(verbose: Any) -> None:
    """Raise an `ArgumentError` for an unknown verbosity."""
    if verbose not in ("auto", 0, 1, 2):
        raise ArgumentError(
            "unknown verbosity.", where="verbose", expected='"auto", 0 (silence), 1 or 2', got=repr(verbose)
        )


def with_validation(
    model: Module, objective: Objective, rows: Rows, fraction: float, data: Any, seed: int
) -> tuple[Rows, Rows | None]:
    """The rows to train on, and those for validation, if there are any; these are tried on the model as well."""
    if data is None:
        if isinstance(fraction, (int, float)) and fraction == 0:
            return rows, None
        rows, validation = hold_out(rows, fraction, objective.labels(rows.targets), seed)
    elif fraction:
        raise ArgumentError(
            "the validation rows come from two places.",
            where="validation_split, validation_data",
            expected="one of them",
            got="both",
        )
    else:
        validation = _given(data, model)
        with located("validation_data"):
            validation = objective.prepare(model, validation, trace(model, validation.inputs), "targets")
    with located("validation_data" if data is not None else "validation_split"):
        rehearse_evaluation(model, objective, validation.arrays(), min(len(validation), 256))
    return rows, validation


def _given(data: Any, model: Module) -> Rows:
    """`validation_data` as rows."""
    if isinstance(data, Dataset):
        return read_rows(data, None, model, where=("validation_data",) * 2)
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ArgumentError(
            "inputs and targets are needed.",
            where="validation_data",
            expected="(x, y), (x, y, sample_weight) or a Dataset",
            got=f"{type(data).__name__} of {len(data)}" if hasattr(data, "__len__") else repr(data)[:60],
        )
    weight = data[2] if len(data) == 3 else None
    return read_rows(data[0], data[1], model, weight, ("validation_data[0]", "validation_data[1]"))


def batches_of(rows: Rows, objective: Objective, batch_size: int | None, skip_easy: float, **order: Any) -> Batches:
    """The batches of these rows.

    Raises:
        ArgumentError: If easy rows are to be left out, but the loss does not tell rows apart; for a share that is none.
    """
    if not check_skip(skip_easy, "skip_easy"):
        return Batches(rows.arrays(), batch_size, **order)
    if not objective.tells_rows_apart:
        raise ArgumentError(
            "which rows are easy is not known: the loss is your own function.",
            where="skip_easy",
            expected="a loss of chainrule.nn",
        )
    return HarderBatches(rows.arrays(), batch_size, skip=skip_easy, **order)


def batch_sizes(batches: Batches) -> set[int]:
    """How many rows the batches have: the last may have fewer."""
    last = 0 if batches.drop_last else batches.n_rows % batches.batch_size
    return {batches.batch_size, last} - {0}
