"""Other augmentation, or none, before training ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.augment import Augmentation
from chainrule.nn.module import Module
from chainrule.optim.arguments import number
from chainrule.training.callbacks.base import Callback


class AugmentUntil(Callback):
    """Augment until a share of the training is over; the epochs that begin later do so less, or not at all.

    What is much changed keeps a network from learning rows by heart, but is not what it will be asked about. The last
    updates, with their small learning rate, bring it back to that: Z. He et al., "Data augmentation revisited:
    rethinking the distribution gap between clean and augmented data" (2019, arXiv:1909.09148).

    Args:
        share: The share, above 0 and at most 1.
        then: Layers of the model: augmentations in them rest until then, and are all that there is after it. Default:
            (), for none.
        done: Says at the start of each epoch which share is over. Default: None, for that of the epochs.

    Raises:
        ArgumentError: For a share that is none.

    >>> strong, weak = cr.augment.RandomCrop(padding=4), cr.augment.RandomCrop(padding=1)
    >>> model = cr.nn.Sequential(strong, weak, cr.nn.Flatten(), cr.nn.Linear(64, 2))
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> calm_end = cr.training.AugmentUntil(0.75, then=[weak])
    >>> _ = model.fit(cr.rand(8, 8, 8, 1), [0, 1] * 4, epochs=4, callbacks=[calm_end], verbose=0)
    """

    def __init__(self, share: float, then: Sequence[Module] = (), done: Callable[[], float] | None = None) -> None:
        self.share = float(number("share", share, above=0, most=1))
        self._later = {id(layer) for each in then for layer in each.modules()}
        self._done = done

    def on_epoch_begin(self, epoch: int) -> None:
        done = epoch / self.session.epochs if self._done is None else self._done()
        over = done >= self.share
        for layer in self.session.model.modules():
            if isinstance(layer, Augmentation):
                layer.train((id(layer) in self._later) == over)
