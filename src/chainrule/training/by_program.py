"""Slices of an epoch, each of them many steps of a compiled program in one call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from chainrule.data import Batches, HarderBatches
from chainrule.errors import NonFiniteError
from chainrule.jit.streams import Stream
from chainrule.ops.convert import constant
from chainrule.training.by_reference import ByReference
from chainrule.training.diagnosis import is_finite
from chainrule.training.feeds import Given, Rows, feed_of
from chainrule.training.kept_state import KeptState, in_memory
from chainrule.training.programs import Programs, training
from chainrule.training.running import Measured, Ran, Training
from chainrule.training.step import Batch

# About how many seconds a slice takes: so long a progress bar, or Ctrl-C, waits.
_SLICE = 0.1
# At most so many bytes of the model's output are kept at a time.
_ROOM = 1 << 25


class ByProgram:
    """Runs epochs by a compiled program.

    Where a number is not finite, the slice that it came from is run again by the reference interpreter, which says
    which layer it was. Up to there the epoch is repeated from its start: the same steps give the same bits.
    """

    def __init__(self, of: Training) -> None:
        self._of = of
        # How many batches share an update is said by each call.
        update = replace(of.update, accumulate=1)
        self._harder = of.batches if isinstance(of.batches, HarderBatches) else None
        each_row = self._harder is not None
        self._step = Programs.of(of.model).get(training, of.model, of.objective, of.optimizer, update, each_row)
        self._feed = feed_of(of.batches.arrays, of.batches.batch_size * of.update.accumulate, of.waited)
        self._counts_rows = of.objective.counts_rows(of.batches.arrays[1])
        # How many windows of a shape make a slice, as far as that is known.
        self._lengths: dict[tuple[int, ...], int] = {}

    def epoch(self, number: int) -> Iterator[Ran]:
        """See `Runner`.

        Raises:
            UntracedValueError, SideEffectError: If the step cannot be traced; then nothing has been changed.
        """
        before, first = KeptState.of(self._of.model, self._of.optimizer), 0
        done: list[Rows] = []
        for group in windows(self._of.batches, number, self._of.update.accumulate):
            for given in self._feed.each(self._slices(group)):
                rows = given.rows
                if self._of.each_batch and first:
                    before, done = KeptState.of(self._of.model, self._of.optimizer), []
                losses, outputs = self._run(given)
                if not (np.isfinite(losses).all() and self._weights_are_finite()):
                    raise self._broken(before, done, rows, first, f"epoch {number + 1}")
                done.append(rows)
                yield from self._ran(rows, losses, outputs, first)
                first += losses.size

    def _slices(self, group: Rows) -> Iterator[Rows]:
        start = 0
        while start < len(group[0]):
            length = 1 if self._of.each_batch else self._lengths.get(_shape(group), 1)
            length = min(length, self._feed.most(sum(_shape(group))) or length)
            yield [each[start : start + length] for each in group]
            start += length

    def _run(self, given: Given) -> tuple[np.ndarray, list[np.ndarray]]:
        """The losses (windows, batches of a window), and for each batch of a window the outputs of all windows."""
        begun, shape, turns = time.perf_counter(), _shape(given.rows), len(given.rows[0])
        results = self._step([Stream(each) for each in given.among], given.arrays)
        if self._harder is not None:
            for rows, (_, each, *_) in zip(given.rows, results, strict=True):
                self._harder.note(rows.reshape(-1), np.asarray(each).reshape(-1))
        outputs = [np.asarray(result[-1]) for result in results] if self._of.objective.metrics else []
        seconds = (time.perf_counter() - begun) / turns
        if shape in self._lengths:
            fitting = min(_SLICE / seconds, _ROOM / max(1, sum(output.nbytes for output in outputs) / turns))
            self._lengths[shape] = max(1, min(8 * turns, int(fitting)))
        else:
            # The first run has compiled, and says nothing of how long a step takes.
            self._lengths[shape] = 1
        return np.array([np.asarray(loss).reshape(turns) for loss, *_ in results]).T, outputs

    def _ran(self, rows: Rows, losses: np.ndarray, outputs: list[np.ndarray], first: int) -> Iterator[Ran]:
        """What was run: all of it at once, or batch by batch."""
        parts = [[number] for number in range(len(rows))] if self._of.each_batch else [list(range(len(rows)))]
        for part in parts:
            some = losses[:, part].T.reshape(-1)
            counted = self._shares([rows[number] for number in part])
            first += len(some)
            stepped = part[-1] + 1 == len(rows)
            yield Ran(first - 1, stepped, some, counted, self._measured(rows, outputs, part) if outputs else None)

    def _measured(self, rows: Rows, outputs: list[np.ndarray], part: list[int]) -> Measured:
        """What metrics look at, of some of the batches of each window."""
        chosen = np.concatenate([rows[number].reshape(-1) for number in part])
        output = np.concatenate([outputs[number].reshape(-1, *outputs[number].shape[2:]) for number in part])
        target, *weight = [array.take(chosen, axis=0) for array in self._of.batches.arrays[1:]]
        return Measured(output, target, weight[0] if weight else None)

    def _shares(self, rows: Rows) -> np.ndarray:
        if self._counts_rows:
            return np.repeat([float(each.shape[1]) for each in rows], [len(each) for each in rows])
        targets = self._of.batches.arrays[1]
        return np.array([float(self._of.objective.count(constant(targets[b]))) for each in rows for b in each])

    # What has gone wrong

    def _weights_are_finite(self) -> bool:
        return all(is_finite(in_memory(parameter)) for parameter in self._of.model.parameters())

    def _broken(self, before: KeptState, done: Sequence[Rows], rows: Rows, first: int, epoch: str) -> NonFiniteError:
        """The error for a slice in which a number was not finite."""
        before.restore()
        for given in self._feed.each(done):
            self._step([Stream(part) for part in given.among], given.arrays)
        reference = ByReference(self._of)
        for turn in range(len(rows[0])):
            window = [Batch.of([array.take(each[turn], axis=0) for array in self._of.batches.arrays]) for each in rows]
            try:
                for ran in reference.window(window, first, epoch):
                    last = ran.last + 1
                self._of.check_weights(f"the update after batch {last} of {epoch}")
            except NonFiniteError as error:
                return error
            first = last
        return NonFiniteError(f"the loss or a weight is not finite, in {epoch}.", where=type(self._of.model).__name__)


def windows(batches: Batches, number: int, accumulate: int) -> Iterator[Rows]:
    """The windows of an epoch, batches that share an update: those that are full, and then what is left."""
    order, size = batches.order(number), batches.batch_size
    full = len(order) // (size * accumulate)
    if full:
        shaped = order[: full * size * accumulate].reshape(full, accumulate, size)
        yield [shaped[:, at] for at in range(accumulate)]
    left = order[full * size * accumulate :]
    if len(left):
        yield [left[None, start : start + size] for start in range(0, len(left), size)]


def _shape(rows: Rows) -> tuple[int, ...]:
    return tuple(each.shape[1] for each in rows)
