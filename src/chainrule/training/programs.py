"""The compiled functions of a model: what is done with batches, each traced and compiled when it is first used.

Training is given all rows at once and a stream of the rows' numbers, batch by batch, so that shuffling and gathering
happen in the program, and many steps run without returning to Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.jit import Jitted, jit
from chainrule.nn.module import Module
from chainrule.ops.index import TAKE
from chainrule.optim import Optimizer
from chainrule.training.objective import Objective
from chainrule.training.precheck import single
from chainrule.training.step import Batch, Update, apply_update, evaluate_batch, forward_backward, shares

Results = list[tuple[Tensor, ...]]


def training(
    model: Module, objective: Objective, optimizer: Optimizer, update: Update, each_row: bool = False
) -> Callable[..., Results]:
    """One update from the batches that share it.

    Of each batch it gives the loss; the loss of each row by itself, if `each_row`; and the output, where metrics look
    at it.
    """

    def training_step(rows: Sequence[Tensor], arrays: Sequence[Tensor]) -> Results:
        batches = [_gathered(arrays, each) for each in rows]
        results = [
            forward_backward(model, objective, batch, share)
            for batch, share in zip(batches, shares(objective, batches), strict=True)
        ]
        apply_update(model, optimizer, update)
        return [
            (
                loss,
                *([objective.of_each_row(output, batch.y)] if each_row else []),
                *([output] if objective.metrics else []),
            )
            for batch, (loss, output) in zip(batches, results, strict=True)
        ]

    return training_step


def evaluation(model: Module, objective: Objective) -> Callable[..., tuple[Tensor, Tensor]]:
    """The loss of a batch and the model's output, without derivatives."""

    def evaluation_step(arrays: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        return evaluate_batch(model, objective, Batch(*arrays))

    return evaluation_step


def prediction(model: Module) -> Callable[..., Tensor]:
    """The model's output, without derivatives."""

    def prediction_step(x: Tensor) -> Tensor:
        with no_grad():
            return single(model, model(x))

    return prediction_step


def _gathered(arrays: Sequence[Tensor], rows: Tensor) -> Batch:
    return Batch(*[TAKE(array, rows, axis=0) for array in arrays])


_Function = TypeVar("_Function", bound=Callable[..., Any])


class Programs:
    """The functions that were compiled for one model; copies of the model have their own."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[Any, ...], Any]] = {}

    @classmethod
    def of(cls, model: Module) -> Programs:
        """Those of `model`."""
        found = vars(model).get("_programs")
        if found is None:
            found = vars(model)["_programs"] = cls()
        return found

    def get(self, make: Callable[..., _Function], *about: Any) -> Jitted[..., Any]:
        """The function that `make` makes of these things, compiled; the last one is kept."""
        known, function = self._made.get(make.__name__, ((), None))
        if function is None or any(one is not other and one != other for one, other in zip(known, about, strict=True)):
            function = jit(make(*about))
            self._made[make.__name__] = (about, function)
        compiled: Jitted[..., Any] = function
        return compiled

    def __deepcopy__(self, memo: dict[int, Any]) -> Programs:
        return Programs()
