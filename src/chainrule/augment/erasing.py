"""Parts of pictures covered."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.augment.base import Augmentation, Draws
from chainrule.augment.sampling import Fill, filled
from chainrule.nn.arguments import whole
from chainrule.ops.compare import where
from chainrule.ops.creation import arange


class Cutout(Augmentation):
    """Covers a square around a random pixel; what of it would lie outside of the picture is cut off.

    T. DeVries and G. Taylor, "Improved regularization of convolutional neural networks with cutout" (2017).

    Args:
        size: How many pixels a side of the square has.
        fill: What it is covered with, one number or one a channel.

    Shape:
        (N, H, W, C) to the same.

    Raises:
        ArgumentError: If the size is no whole number from 1.

    >>> int(cr.augment.Cutout(2)(cr.ones(1, 8, 8, 1)).sum().item()) in (60, 62, 63)
    True
    """

    def __init__(self, size: int, fill: Fill = 0.0) -> None:
        super().__init__()
        self.size = whole(self, "size", size)
        self.fill = fill

    def changed(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[1:3]
        drawn = Draws(pictures, 2)
        top, left = (drawn.whole(0, length - 1) - self.size // 2 for length in (height, width))
        down, right = arange(height).reshape(1, -1, 1) - top, arange(width).reshape(1, 1, -1) - left
        covered = (down >= 0) & (down < self.size) & (right >= 0) & (right < self.size)
        return where(covered.unsqueeze(-1), filled(self.fill, pictures), pictures)

    def extra_repr(self) -> str:
        return f"size={self.size}"
