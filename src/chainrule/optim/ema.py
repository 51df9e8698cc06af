"""Exponential moving average of weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chainrule._tensor import Tensor
from chainrule.core.dtype import float64
from chainrule.core.modes import no_grad
from chainrule.errors import StateDictError, SwappedWeightsError
from chainrule.ops.creation import asarray, zeros
from chainrule.optim.arguments import number, tensors


class EMA:
    """A running mean of the weights over the last steps: less noisy than they are, and often better on new data.

    `average ← decay * average + (1 - decay) * weight`; the first update takes the weights over as they are. Source:
    Polyak and Juditsky (1992); as PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`.

    Args:
        parameters: The weights, such as `model.parameters()`. Buffers, such as the running means of batch
            normalization, are not averaged.
        decay: How much of the average is kept at each update: about the last `1 / (1 - decay)` updates count.
            Default: 0.999.

    Raises:
        ArgumentError: If something is no tensor, or `decay` is not from 0 up to 1.

    >>> w = cr.tensor([0.0], requires_grad=True)
    >>> ema = cr.optim.EMA([w], decay=0.5)
    >>> for value in (2.0, 4.0, 6.0):
    ...     with cr.no_grad():
    ...         _ = w.fill_(value)  # in place of optimizer.step()
    ...     ema.update()
    >>> with ema.average_parameters():
    ...     w.item()
    4.5
    >>> w.item()
    6.0
    """

    def __init__(self, parameters: Tensor | Iterable[Tensor], decay: float = 0.999) -> None:
        self.decay = number("decay", decay, least=0, below=1)
        self._parameters = tensors("parameters", parameters)
        self._averages = [param.detach().clone() for param in self._parameters]
        self._updates = zeros((), dtype=float64)
        self._swapped = False

    def update(self) -> None:
        """Take in the weights as they are now. Call it after each `optimizer.step()`.

        Raises:
            SwappedWeightsError: While the averages stand in the weights' place.
        """
        if self._swapped:
            raise _swapped_already("update")
        with no_grad():
            keep = self.decay * (self._updates > 0).double()
            for average, param in zip(self._averages, self._parameters, strict=True):
                kept = keep.to(average.dtype)
                average.copy_(kept * average + (1 - kept) * param)
            self._updates.add_(1)

    def swap(self) -> None:
        """Exchange weights and averages; call it again to have the weights back. Prefer `average_parameters`."""
        with no_grad():
            for average, param in zip(self._averages, self._parameters, strict=True):
                weight = param.clone()
                param.copy_(average)
                average.copy_(weight)
        self._swapped = not self._swapped

    @contextmanager
    def average_parameters(self) -> Iterator[None]:
        """Within the block the model has the averages as its weights: for validation, testing, saving.

        Raises:
            SwappedWeightsError: If it has them already.
        """
        if self._swapped:
            raise _swapped_already("average_parameters")
        self.swap()
        try:
            yield
        finally:
            self.swap()

    def state_dict(self) -> dict[str, Any]:
        """The averages in the order of the weights, the number of updates, and the decay; cut off from later updates.

        Raises:
            SwappedWeightsError: While the averages stand in the weights' place.
        """
        if self._swapped:
            raise _swapped_already("state_dict")
        averages = [average.clone() for average in self._averages]
        return {"decay": self.decay, "updates": self._updates.clone(), "averages": averages}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave.

        Raises:
            StateDictError: If it is not of weights with these shapes. Then nothing has been changed.
            SwappedWeightsError: While the averages stand in the weights' place.
        """
        if self._swapped:
            raise _swapped_already("load_state_dict")
        missing = sorted({"decay", "updates", "averages"} - state_dict.keys())
        given = [asarray(average) for average in state_dict.get("averages", [])]
        expected, got = [param.shape for param in self._parameters], [average.shape for average in given]
        if missing or got != expected:
            raise StateDictError(
                f"the state has no {', '.join(missing)}." if missing else "the averages do not fit these weights.",
                where="EMA",
                expected=f"averages of shapes {expected}",
                got=f"shapes {got}",
            )
        self.decay = number("decay", state_dict["decay"], least=0, below=1)
        with no_grad():
            self._updates.copy_(asarray(state_dict["updates"]))
            for average, loaded in zip(self._averages, given, strict=True):
                average.copy_(loaded)


def _swapped_already(method: str) -> SwappedWeightsError:
    return SwappedWeightsError(
        "the averages stand in the weights' place.",
        where=f"EMA.{method}",
        remedy="call it outside of average_parameters(), or swap() back first",
    )
