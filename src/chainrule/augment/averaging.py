"""What is said of a picture and of its mirror image, averaged."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.nn import Sequential
from chainrule.ops.layout import concatenate


class FlipAverage(Sequential):
    """Layers one after another; in evaluation the mean of what they give for a picture and for its mirror image.

    Two looks are right a little more often than one, for twice the work: A. Krizhevsky et al., "ImageNet classification
    with deep convolutional neural networks" (NIPS 2012), section 4.1. In training it is a `Sequential`.

    Args:
        modules: As `Sequential` takes them.

    Shape:
        (N, H, W, C) to whatever the layers give.

    >>> model = cr.augment.FlipAverage(cr.nn.Flatten()).eval()
    >>> model(cr.tensor([1.0, 2.0]).reshape(1, 1, 2, 1))
    tensor([[1.5000, 1.5000]])
    """

    def forward(self, input: Tensor) -> Tensor:
        seen = input if self.training else concatenate([input, input.flip(2)])
        found: Tensor = super().forward(seen)
        return found if self.training else (found[: len(input)] + found[len(input) :]) / 2
