"""Pictures mirrored, moved, turned and cut."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule._tensor import Tensor
from chainrule.augment.arguments import pair, size_of
from chainrule.augment.base import Augmentation, Draws
from chainrule.augment.sampling import BORDERS, Fill, bilinear, pixels, pixels_or_fill
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.arguments import between, whole
from chainrule.ops.compare import where
from chainrule.ops.creation import arange


class RandomHorizontalFlip(Augmentation):
    """Mirrors left and right, with probability `p`.

    Args:
        p: The probability.

    Shape:
        (N, H, W, C) to the same.

    Raises:
        ArgumentError: If `p` is no probability.

    >>> flip = cr.augment.RandomHorizontalFlip(p=1)
    >>> flip(cr.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)).flatten()
    tensor([3., 2., 1.])
    """

    _dim = 2

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = between(self, "p", p, 0.0, 1.0)

    def changed(self, pictures: Tensor) -> Tensor:
        chosen = Draws(pictures, 1).between(0.0, 1.0) < self.p
        return where(chosen.unsqueeze(-1), pictures.flip(self._dim), pictures)

    def extra_repr(self) -> str:
        return f"p={self.p:g}"


class RandomVerticalFlip(RandomHorizontalFlip):
    """Mirrors top and bottom, with probability `p`: for pictures without an up, such as those from above.

    Args:
        p: The probability.

    Shape:
        (N, H, W, C) to the same.

    Raises:
        ArgumentError: If `p` is no probability.

    >>> flip = cr.augment.RandomVerticalFlip(p=1)
    >>> flip(cr.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)).flatten()
    tensor([3., 2., 1.])
    """

    _dim = 1


class RandomCrop(Augmentation):
    """Cuts a part of one size out at a random place, from the picture with a border around it.

    With a border of 4 and the size kept, as for CIFAR, it moves a picture by up to 4 pixels: K. He et al., "Deep
    residual learning for image recognition" (CVPR 2016), section 4.2.

    Args:
        size: Height and width of the part, or one number for both; None for the picture's own.
        padding: How wide the border is.
        fill: What is in it, one number or one a channel.
        padding_mode: "constant" for `fill`; "reflect" mirrors the picture there, "replicate" repeats its outermost
            pixels.

    Shape:
        (N, H, W, C) to (N, *size, C).

    Raises:
        ArgumentError: For a size, a border or a mode that makes no sense.
        ShapeError: When called with pictures that are smaller than the part, or with "reflect" than the border.

    >>> crop = cr.augment.RandomCrop(padding=1)
    >>> crop(cr.ones(2, 8, 8, 3)).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        padding: int = 0,
        fill: Fill = 0.0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = None if size is None else size_of(self, size)
        self.padding = whole(self, "padding", padding, least=0)
        self.fill = fill
        if padding_mode not in ("constant", *BORDERS):
            known = ", ".join(map(repr, ("constant", *BORDERS)))
            raise ArgumentError("unknown padding mode.", where="RandomCrop", expected=known, got=repr(padding_mode))
        self.padding_mode = padding_mode

    def changed(self, pictures: Tensor) -> Tensor:
        lengths, padding = pictures.shape[1:3], self.padding
        size = lengths if self.size is None else self.size
        if any(part > length + 2 * padding for part, length in zip(size, lengths, strict=True)) or (
            self.padding_mode == "reflect" and padding >= min(lengths)
        ):
            raise ShapeError(
                "the pictures are too small to be cut.",
                where="RandomCrop",
                expected=f"{size[0]} by {size[1]} pixels within a border of {padding} ({self.padding_mode})",
                got=pictures.shape,
            )
        drawn = Draws(pictures, 2)
        rows, columns = (
            drawn.whole(-padding, length + padding - part) + arange(part).reshape(shape)
            for part, length, shape in zip(size, lengths, ((1, -1, 1), (1, 1, -1)), strict=True)
        )
        if self.padding_mode == "constant":
            return pixels_or_fill(pictures, rows, columns, self.fill)
        border = BORDERS[self.padding_mode]
        return pixels(pictures, border(rows, lengths[0]), border(columns, lengths[1]))

    def extra_repr(self) -> str:
        return f"size={self.size}, padding={self.padding}, padding_mode={self.padding_mode!r}"


class RandomResizedCrop(Augmentation):
    """Cuts a part of random size and proportion out at a random place, and brings it to one size.

    C. Szegedy et al., "Going deeper with convolutions" (CVPR 2015), section 6. Where torchvision tries ten times for a
    part that fits, a part that is too long is cut at the picture's edge here. Bilinear, without antialiasing.

    Args:
        size: Height and width of the result, or one number for both; None for the picture's own.
        scale: The least and the largest share of the picture's area.
        ratio: The least and the largest proportion of width to height.

    Shape:
        (N, H, W, C) to (N, *size, C).

    Raises:
        ArgumentError: For sizes or shares that make no sense.

    >>> crop = cr.augment.RandomResizedCrop(4, scale=(0.5, 1.0))
    >>> crop(cr.ones(2, 8, 8, 3)).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
    ) -> None:
        super().__init__()
        self.size = None if size is None else size_of(self, size)
        self.scale = pair(self, "scale", scale, above=0.0, most=1.0)
        self.ratio = pair(self, "ratio", ratio, above=0.0)

    def changed(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[1:3]
        drawn = Draws(pictures, 4)
        area = drawn.between(*self.scale) * (height * width)
        ratio = drawn.between(*map(math.log, self.ratio)).exp()
        high, wide = (area / ratio).sqrt().clip(max=height), (area * ratio).sqrt().clip(max=width)
        top, left = drawn.between(0.0, height - high), drawn.between(0.0, width - wide)
        rows, columns = (height, width) if self.size is None else self.size
        # Places are counted between the centres of pixels, half a pixel from the edge.
        row = (arange(rows).reshape(1, -1, 1) + 0.5) * (high / rows) + (top - 0.5)
        column = (arange(columns).reshape(1, 1, -1) + 0.5) * (wide / columns) + (left - 0.5)
        return bilinear(pictures, row, column, fill=None)

    def extra_repr(self) -> str:
        return f"size={self.size}, scale={self.scale}, ratio={self.ratio}"


class RandomAffine(Augmentation):
    """Turns about the centre, scales and moves, each by a random measure; bilinear.

    Args:
        degrees: It is turned by up to so many degrees to either side; or (least, largest), left being positive.
        translate: It is moved by up to this share of its width, and of its height.
        scale: The least and the largest factor by which it grows.
        fill: What stands where nothing comes from, one number or one a channel.

    Shape:
        (N, H, W, C) to the same.

    Raises:
        ArgumentError: For numbers that make no sense.

    >>> turn = cr.augment.RandomAffine(degrees=(90, 90))
    >>> turn(cr.tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)).reshape(2, 2)
    tensor([[2., 4.],
            [1., 3.]])
    """

    def __init__(
        self,
        degrees: float | Sequence[float] = 0.0,
        translate: Sequence[float] = (0.0, 0.0),
        scale: Sequence[float] = (1.0, 1.0),
        fill: Fill = 0.0,
    ) -> None:
        super().__init__()
        sides = (-degrees, degrees) if isinstance(degrees, (int, float)) else degrees
        self.degrees = pair(self, "degrees", sides)
        self.translate = pair(self, "translate", translate, least=0.0, most=1.0, rising=False)
        self.scale = pair(self, "scale", scale, above=0.0)
        self.fill = fill

    def changed(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[1:3]
        drawn = Draws(pictures, 4)
        angle = drawn.between(*self.degrees) * (math.pi / 180)
        across, along = (
            drawn.between(-share * length, share * length)
            for share, length in zip(self.translate, (width, height), strict=True)
        )
        scale = drawn.between(*self.scale)
        # Back from where a pixel goes to where it comes from, both counted from the centre.
        middle, centre = (height - 1) / 2, (width - 1) / 2
        down = arange(height).reshape(1, -1, 1) - middle - along
        right = arange(width).reshape(1, 1, -1) - centre - across
        cos, sin = angle.cos() / scale, angle.sin() / scale
        return bilinear(pictures, sin * right + cos * down + middle, cos * right - sin * down + centre, fill=self.fill)

    def extra_repr(self) -> str:
        return f"degrees={self.degrees}, translate={self.translate}, scale={self.scale}"


class RandomRotation(RandomAffine):
    """Turns about the centre by a random angle; bilinear.

    Args:
        degrees: Up to so many degrees to either side; or (least, largest), left being positive.
        fill: What comes into the corners, one number or one a channel.

    Shape:
        (N, H, W, C) to the same.

    Raises:
        ArgumentError: For angles that make no sense.

    >>> turn = cr.augment.RandomRotation((180, 180))
    >>> turn(cr.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)).flatten().round()
    tensor([3., 2., 1.])
    """

    def __init__(self, degrees: float | Sequence[float], fill: Fill = 0.0) -> None:
        super().__init__(degrees, fill=fill)

    def extra_repr(self) -> str:
        return f"degrees={self.degrees}"
