"""Running a model without training it: what it gives for rows, and how good that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.core.modes import no_grad
from chainrule.data import Batches
from chainrule.data.ahead import made_ahead
from chainrule.data.pictures import PictureFiles
from chainrule.jit.streams import Stream
from chainrule.nn.module import Module
from chainrule.ops.convert import constant
from chainrule.training.callbacks.base import Logs
from chainrule.training.diagnosis import diagnose, is_finite
from chainrule.training.measures import Measures
from chainrule.training.objective import Objective
from chainrule.training.precheck import evaluating, single
from chainrule.training.programs import Programs, evaluation, prediction
from chainrule.training.rows import Rows
from chainrule.training.runner import NOT_TRACEABLE
from chainrule.training.running import Measured, Ran
from chainrule.training.step import Batch, evaluate_batch

# At most so many bytes of inputs and outputs are handled in one call.
_ROOM = 1 << 25


def evaluate(
    model: Module,
    objective: Objective,
    rows: Rows,
    batch_size: int | None = 256,
    place: str = "the evaluation",
    compiled: bool = True,
) -> Logs:
    """The loss and the metrics over all rows, in evaluation mode; the model's mode is put back."""
    measures = Measures(objective)
    with evaluating(model):
        for ran in _evaluated(model, objective, rows.arrays(), batch_size, compiled):
            output = ran.measured.output if ran.measured else None
            if not (np.isfinite(ran.losses).all() or is_finite(output)):
                raise _broken(model, objective, rows, batch_size, place)
            measures.add(ran)
    return measures.compute()


def outputs(model: Module, inputs: np.ndarray, batch_size: int | None, compiled: bool) -> np.ndarray:
    """What the model gives for every row, in evaluation mode."""
    with evaluating(model), no_grad():
        if compiled:
            step = Programs.of(model).get(prediction, model)
            try:
                parts = [_rows_of(output) for _, (output,) in _turns(lambda x: [step(*x)], [inputs], batch_size)]
                return np.concatenate(parts)
            except NOT_TRACEABLE:
                pass  # By the reference interpreter, then: the result is the same.
        batches = Batches([inputs], batch_size, shuffle=False)
        return np.concatenate([single(model, model(constant(part))).numpy() for (part,) in batches.epoch(0)])


def _evaluated(
    model: Module, objective: Objective, arrays: Sequence[np.ndarray], batch_size: int | None, compiled: bool
) -> Iterator[Ran]:
    """Some batches at a time, by a program if that can be."""
    if compiled:
        step = Programs.of(model).get(evaluation, model, objective)
        try:
            for given, (losses, output) in _turns(step, arrays, batch_size):
                targets = given[1]
                if objective.counts_rows(targets.reshape(-1, *targets.shape[2:])):
                    counts = np.full(len(targets), float(targets.shape[1]))
                else:
                    counts = np.array([float(objective.count(constant(each))) for each in targets])
                target, *weight = map(_rows_of, given[1:])
                measured = Measured(_rows_of(output), target, weight[0] if weight else None)
                yield Ran(0, False, losses.reshape(-1), counts, measured)
            return
        except NOT_TRACEABLE:
            pass
    for part in Batches(arrays, batch_size, shuffle=False).epoch(0):
        batch = Batch.of(part)
        loss, scores = evaluate_batch(model, objective, batch)
        count = float(objective.count(batch.y))
        measured = Measured(scores.numpy(), part[1], part[2] if len(part) > 2 else None)
        yield Ran(0, False, [loss.item()], [count], measured)


def _turns(
    step: Callable[..., Sequence[Any]], arrays: Sequence[np.ndarray], batch_size: int | None
) -> Iterator[tuple[list[np.ndarray], list[np.ndarray]]]:
    """What a compiled function of a batch gives, many batches a call: what it was given, and its results, stacked."""
    batches = Batches(arrays, batch_size, shuffle=False)
    total, size = batches.n_rows, batches.batch_size
    turns = 1

    def slices() -> Iterator[Callable[[], list[np.ndarray]]]:
        start = 0
        while start < total:
            whole = (total - start) // size
            many = min(turns, whole) if whole else 1
            stop = start + many * size if whole else total
            yield partial(_stacked, arrays, start, stop, many)
            start = stop

    # Files are decoded while the rows before them are run; what is there already need not be waited for.
    files = isinstance(arrays[0], PictureFiles)
    for given in made_ahead(slices()) if files else (make() for make in slices()):
        results = [np.asarray(result) for result in step([Stream(each) for each in given])]
        yield given, results
        many = len(given[0])
        turns = max(1, _ROOM * many // max(1, sum(each.nbytes for each in (*given, *results))))


def _stacked(arrays: Sequence[np.ndarray], start: int, stop: int, many: int) -> list[np.ndarray]:
    return [each[start:stop].reshape(many, -1, *each.shape[1:]) for each in arrays]


def _rows_of(stacked: np.ndarray) -> np.ndarray:
    return stacked.reshape(-1, *stacked.shape[2:])


def _broken(model: Module, objective: Objective, rows: Rows, batch_size: int | None, place: str) -> Exception:
    """The error that names the layer, for the first batch whose loss is not finite."""
    for part in Batches(rows.arrays(), batch_size, shuffle=False).epoch(0):
        batch = Batch.of(part)
        loss, output = evaluate_batch(model, objective, batch)
        if not (np.isfinite(loss.item()) or is_finite(output.numpy())):
            break
    return diagnose(model, lambda: objective(model(batch.x), batch.y, batch.weight), place)
