"""One batch after another, each operation by itself, by the reference interpreter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.rewind import undone_if_failing
from chainrule.data import HarderBatches
from chainrule.errors import NonFiniteError
from chainrule.ops.convert import constant
from chainrule.training.diagnosis import diagnose
from chainrule.training.running import Measured, Ran, Training
from chainrule.training.step import Batch, apply_update, forward_backward, gradient_sum, shares


class ByReference:
    """Runs epochs by the reference interpreter."""

    def __init__(self, of: Training) -> None:
        self._of = of

    def epoch(self, number: int) -> Iterator[Ran]:
        """See `Runner`."""
        batches, first = self._of.batches, 0
        coming = zip(batches.rows(number), batches.epoch(number), strict=True)
        while found := list(islice(coming, self._of.update.accumulate)):
            window = [Batch.of(arrays) for _, arrays in found]
            for (rows, _), batch, ran in zip(
                found, window, self.window(window, first, f"epoch {number + 1}"), strict=True
            ):
                if isinstance(batches, HarderBatches) and ran.measured is not None:
                    batches.note(rows, self._of.objective.of_each_row(constant(ran.measured.output), batch.y).numpy())
                yield ran
            first += len(window)
        self._of.check_weights(f"the last update of epoch {number + 1}")

    def window(self, window: Sequence[Batch], first: int, epoch: str = "") -> Iterator[Ran]:
        """The batches that share an update, of which the first has this number in its epoch."""
        of = self._of
        for at, (batch, share) in enumerate(zip(window, shares(of.objective, window), strict=True)):
            loss, output = self._checked(batch, share, f"{epoch}, batch {first + at + 1}" if epoch else "this batch")
            stepped = at + 1 == len(window)
            if stepped:
                apply_update(of.model, of.optimizer, of.update)
            weight = None if batch.weight is None else np.asarray(batch.weight)
            counted = [float(of.objective.count(batch.y))]
            measured = Measured(np.asarray(output), np.asarray(batch.y), weight)
            yield Ran(first + at, stepped, [loss], counted, measured)

    def _checked(self, batch: Batch, share: Tensor | float, place: str) -> tuple[float, Tensor]:
        """The loss and the output of a batch, its gradients added up; an error if any of them is not finite.

        If anything fails, the model is as it was before the batch: its running means and the random state too.
        """
        model, objective = self._of.model, self._of.objective
        try:
            with undone_if_failing():
                loss, output = forward_backward(model, objective, batch, share)
                total, gradients = loss.item(), gradient_sum(model)
                if math.isfinite(total) and (gradients is None or math.isfinite(gradients.item())):
                    return total, output
                raise NonFiniteError("the loss or a gradient is not finite.")
        except NonFiniteError:
            raise diagnose(model, lambda: objective(model(batch.x), batch.y, batch.weight), place) from None
