"""What is said of several looks at a picture, averaged."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.nn import Module, Sequential
from chainrule.nn.arguments import whole
from chainrule.ops.layout import concatenate
from chainrule.ops.padding import pad


class ViewAverage(Sequential):
    """Layers one after another; in evaluation the mean of what they give for several looks at a picture.

    Several looks are right a little more often than one, each for as much work: A. Krizhevsky et al., "ImageNet
    classification with deep convolutional neural networks" (NIPS 2012), section 4.1. In training it is a `Sequential`.

    Args:
        modules: As `Sequential` takes them.
        flip: Whether the mirror image is looked at too. Default: True.
        shift: By so many pixels the picture is moved, to the lower right and to the upper left, for two further looks;
            what is moved in at the border is mirrored. Default: 0, for none.

    Shape:
        (N, H, W, C) to whatever the layers give.

    Raises:
        ArgumentError: If `shift` is no number of pixels; or, when it is called, as large as the pictures.

    >>> model = cr.augment.ViewAverage(cr.nn.Flatten()).eval()
    >>> model(cr.tensor([1.0, 2.0]).reshape(1, 1, 2, 1))
    tensor([[1.5000, 1.5000]])
    """

    def __init__(self, *modules: Module | dict[str, Module], flip: bool = True, shift: int = 0) -> None:
        super().__init__(*modules)
        self.flip = flip
        self.shift = whole(self, "shift", shift, least=0)

    def forward(self, input: Tensor) -> Tensor:
        if self.training:
            trained: Tensor = super().forward(input)
            return trained
        views = self._views(input)
        found: Tensor = super().forward(concatenate(views))
        return found.reshape(len(views), len(input), *found.shape[1:]).mean(0)

    def _views(self, input: Tensor) -> list[Tensor]:
        views = [input]
        if self.shift:
            height, width, by = *input.shape[1:3], 2 * self.shift
            if self.shift >= min(height, width):
                raise ArgumentError(
                    "pictures cannot be moved so far: what is moved in is mirrored, and there is not enough of it.",
                    where="ViewAverage, shift",
                    expected=f"at most {min(height, width) - 1}, for pictures of {height} × {width}",
                    got=self.shift,
                    remedy="a smaller shift; the setting is shift_average",
                )
            border = pad(input, (0, 0, *[self.shift] * 4), mode="reflect")
            views += [border[:, :height, :width], border[:, by : by + height, by : by + width]]
        return [*views, *(view.flip(2) for view in views)] if self.flip else views
