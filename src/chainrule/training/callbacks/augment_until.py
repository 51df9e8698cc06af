"""Ending augmentation before training ends."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.augment import Augmentation
from chainrule.optim.arguments import number
from chainrule.training.callbacks.base import Callback


class AugmentUntil(Callback):
    """Augment until a share of the training is over; the epochs that begin later get the data as it is.

    Changed data keeps a network from learning rows by heart, but is not what it will be asked about. The last updates,
    with their small learning rate, bring it back to that: Z. He et al., "Data augmentation revisited: rethinking the
    distribution gap between clean and augmented data" (2019, arXiv:1909.09148).

    Args:
        share: The share, above 0 and at most 1.
        done: Says at the start of each epoch which share is over. Default: None, for that of the epochs.

    Raises:
        ArgumentError: For a share that is none.

    >>> cr.training.AugmentUntil(0.8).share
    0.8
    """

    def __init__(self, share: float, done: Callable[[], float] | None = None) -> None:
        self.share = float(number("share", share, above=0, most=1))
        self._done = done

    def on_epoch_begin(self, epoch: int) -> None:
        done = epoch / self.session.epochs if self._done is None else self._done()
        if done >= self.share:
            for layer in self.session.model.modules():
                if isinstance(layer, Augmentation):
                    layer.eval()
