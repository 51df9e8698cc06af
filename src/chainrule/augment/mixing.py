"""Pictures mixed with one another, and with them what is to be said of them."""

from __future__ import annotations

import math
from collections.abc import Callable

from chainrule._tensor import Tensor
from chainrule.augment.base import Augmentation, as_before
from chainrule.core.modes import no_grad
from chainrule.errors import ArgumentError
from chainrule.nn import Module
from chainrule.ops.arithmetic import maximum
from chainrule.ops.compare import where
from chainrule.ops.convert import as_floating
from chainrule.ops.creation import arange, ones
from chainrule.ops.exponential import sigmoid
from chainrule.ops.layout import roll
from chainrule.ops.random import rand

# A loss of an output for targets; with them, weights of the rows, or whatever else belongs to a row.
RowLoss = Callable[..., Tensor]


class Mixing(Augmentation):
    """Mixes each picture with the one before it in the batch: so batches have to be shuffled, as `fit` does.

    The loss is mixed as the pictures are: `share` of it is that for a picture's own target, the rest that for the
    target of the other. `fit` sees to this by itself wherever such a layer stands in the model; in a loop of your own,
    call `mix.loss(loss)` in place of `loss`. A picture's own share is never below a half (which of two is whose own is
    arbitrary), so that metrics in training, which compare with its own target, mean what they mean elsewhere.

    Args:
        alpha: The share comes from the distribution Beta(alpha, alpha): 1 is even, below it most are little mixed.

    Attributes:
        share: How much of the last batch is its own, 0-d.

    Raises:
        ArgumentError: If `alpha` is not above 0.

    >>> mix, loss = cr.augment.MixUp(0.2), cr.nn.CrossEntropyLoss()
    >>> model = cr.nn.Sequential(mix, cr.nn.Flatten(), cr.nn.Linear(64, 10))
    >>> mix.loss(loss)(model(cr.rand(4, 8, 8, 1)), cr.arange(4)).backward()
    """

    share: Tensor

    def __init__(self, alpha: float) -> None:
        super().__init__()
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not 0 < alpha < math.inf:
            raise ArgumentError(
                "alpha does not fit.", where=type(self).__name__, expected="a number above 0", got=repr(alpha)
            )
        self.alpha = float(alpha)
        self.register_buffer("share", ones(()), persistent=False)

    def changed(self, pictures: Tensor) -> Tensor:
        with no_grad():
            drawn = beta(self.alpha)
            mixed, share = self.mixed(pictures, maximum(drawn, 1 - drawn))
            self.share.copy_(share)
        return mixed

    def mixed(self, pictures: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures, and how much of each is its own, where about `share` of it is to be."""
        raise NotImplementedError

    def loss(self, loss: RowLoss) -> RowLoss:
        """`loss` for what has been mixed: a function of the output and the targets, and weights of the rows if any.

        What it gives must be a mean or sum over the rows. In evaluation, where nothing is mixed, it is `loss` itself.
        """

        def mixed_loss(output: Tensor, *of_rows: Tensor | None) -> Tensor:
            own: Tensor = loss(output, *of_rows)
            if not self.training:
                return own
            other = [None if each is None else roll(each, 1, 0) for each in of_rows]
            share = self.share.to(own.dtype)
            return share * own + (1 - share) * loss(output, *other)

        return mixed_loss

    def extra_repr(self) -> str:
        return f"alpha={self.alpha:g}"


class MixUp(Mixing):
    """Lays another picture of the batch over each, transparently.

    H. Zhang et al., "mixup: Beyond empirical risk minimization" (ICLR 2018). How targets are mixed: see `Mixing`.

    Args:
        alpha: The share comes from Beta(alpha, alpha); the paper's are 0.2 to 0.4 for photographs.

    Attributes:
        share: How much of the last batch is its own, 0-d.

    Shape:
        (N, H, W, C) to the same.

    Raises:
        ArgumentError: If `alpha` is not above 0.

    >>> mix = cr.augment.MixUp(0.2)
    >>> mixed = mix(cr.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)).flatten()
    >>> bool((mixed == cr.stack([1 - mix.share, mix.share])).all())
    True
    """

    def __init__(self, alpha: float = 0.2) -> None:
        super().__init__(alpha)

    def mixed(self, pictures: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        x = as_floating(pictures)
        own = share.to(x.dtype)
        return as_before(own * x + (1 - own) * roll(x, 1, 0), pictures.dtype), share


class CutMix(Mixing):
    """Puts a rectangle of another picture of the batch in the same place of each.

    S. Yun et al., "CutMix: Regularization strategy to train strong classifiers with localizable features" (ICCV 2019).
    The rectangle has the picture's proportions, and a random centre; what lies outside is cut off. How targets are
    mixed: see `Mixing`.

    Args:
        alpha: The share that is kept comes from Beta(alpha, alpha).

    Attributes:
        share: How much of the last batch is its own, 0-d: exactly the share of its pixels.

    Shape:
        (N, H, W, C) to the same.

    Raises:
        ArgumentError: If `alpha` is not above 0.

    >>> mix = cr.augment.CutMix()
    >>> mixed = mix(cr.tensor([0.0, 1.0]).reshape(2, 1, 1, 1).expand(2, 8, 8, 1))
    >>> bool(mixed[1].mean() == mix.share)
    True
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha)

    def mixed(self, pictures: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        height, width = pictures.shape[1:3]
        side = (1 - share).sqrt()
        inside, sides = [], []
        for length, centre, shape in ((height, rand(()), (1, -1, 1, 1)), (width, rand(()), (1, 1, -1, 1))):
            middle, half = (centre * length).floor(), (side * length / 2).floor()
            start, stop = (middle - half).clip(min=0), (middle + half).clip(max=length)
            at = arange(length)
            inside.append(((at >= start) & (at < stop)).reshape(shape))
            sides.append(stop - start)
        replaced = where(inside[0] & inside[1], roll(pictures, 1, 0), pictures)
        return replaced, 1 - sides[0] * sides[1] / (height * width)


def mixed_loss(model: Module, loss: RowLoss) -> RowLoss:
    """A loss for what the layers of a model have mixed in its last forward in training: `fit` calls this.

    Args:
        model: Whatever `Mixing` layers it has.
        loss: A function of the output and the targets, and weights of the rows if any.

    >>> model = cr.nn.Sequential(cr.augment.MixUp(), cr.nn.Flatten(), cr.nn.Linear(64, 10))
    >>> loss = cr.augment.mixed_loss(model, cr.nn.CrossEntropyLoss())
    >>> loss(model(cr.rand(4, 8, 8, 1)), cr.arange(4)).backward()
    """
    for module in model.modules():
        if isinstance(module, Mixing):
            loss = module.loss(loss)
    return loss


def beta(alpha: float) -> Tensor:
    """A number from Beta(alpha, alpha), 0-d, in the same few operations whatever it becomes.

    G. Ulrich, "Computer generation of distributions on the m-sphere" (1984), for alpha + 1; from there to alpha by the
    gamma variables of which it is made: one of alpha is one of alpha + 1, times a uniform number to the 1 / alpha.
    """
    first, second, third, fourth = (1 - rand(4)).unbind(0)
    above = 0.5 + 0.5 * (1 - first ** (2 / (2 * alpha + 1))).sqrt() * (second * (2 * math.pi)).cos()
    # As a logit, which neither over- nor underflows where alpha is small.
    logit = above.log() - (1 - above).log() + (third.log() - fourth.log()) / alpha
    return sigmoid(logit)
