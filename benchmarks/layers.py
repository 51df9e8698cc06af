"""What networks are made of, for each framework to say in its own words; what becomes of a row on its way through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

# Of one row: (numbers,), or (height, width, channels) of a picture.
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Dense:
    """A fully connected layer."""

    inputs: int
    outputs: int
    bias: bool = True

    @property
    def weight(self) -> Shape:
        """The shape of its weight."""
        return self.outputs, self.inputs


@dataclass(frozen=True)
class Conv:
    """A convolution of `inputs` channels to `outputs`."""

    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = True

    @property
    def weight(self) -> Shape:
        """The shape of its weight: (outputs, height, width, inputs of a group)."""
        return self.outputs, self.kernel, self.kernel, self.inputs // self.groups


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation with running means, and a scale and a shift that are learned: of columns, or of channels."""

    units: int
    of_pictures: bool = False


@dataclass(frozen=True)
class Dropout:
    """Each number is dropped with probability `p`."""

    p: float


@dataclass(frozen=True)
class MaxPool:
    """The largest of `size` × `size` pixels, each of which is in one window."""

    size: int


@dataclass(frozen=True)
class GlobalPool:
    """The mean of each channel."""


@dataclass(frozen=True)
class Flatten:
    """A picture as a row of numbers."""


@dataclass(frozen=True)
class Residual:
    """What `body` makes of the input, added to what `shortcut` makes of it; nothing there is the input itself."""

    body: Layers
    shortcut: Layers = ()


Layer = Dense | Conv | Relu | BatchNorm | Dropout | MaxPool | GlobalPool | Flatten | Residual
Layers = tuple[Layer, ...]


@dataclass(frozen=True)
class Product:
    """A layer with a weight, at its place in a network.

    Attributes:
        layer: The layer.
        times: How many times its weight is gone over for one row: the positions of the picture that it makes.
        flattened: The shape of the picture whose pixels are its inputs; None if they are none.
    """

    layer: Dense | Conv
    times: int
    flattened: Shape | None

    @property
    def flops(self) -> int:
        """Floating-point operations for one row, a multiplication and an addition being two."""
        return 2 * self.times * prod(self.layer.weight)


def products(layers: Layers, shape: Shape) -> Iterator[Product]:
    """The layers with weights, in order, those within others too, for a row of this shape."""
    flattened = None
    for layer in layers:
        made = after(layer, shape)
        match layer:
            case Dense() | Conv():
                yield Product(layer, prod(made[:-1]), flattened)
                flattened = None
            case Flatten():
                flattened = shape
            case Residual(body, shortcut):
                yield from products(body, shape)
                yield from products(shortcut, shape)
        shape = made


def after(layer: Layer, shape: Shape) -> Shape:
    """What a layer makes of a row.

    >>> after(Conv(3, 8, kernel=3, stride=2, padding=1), (7, 8, 3)), after(MaxPool(2), (7, 8, 3))
    ((4, 4, 8), (3, 4, 3))
    """
    match layer:
        case Dense():
            return (layer.outputs,)
        case Conv():
            return (*[(n + 2 * layer.padding - layer.kernel) // layer.stride + 1 for n in shape[:-1]], layer.outputs)
        case MaxPool(size):
            return (*[n // size for n in shape[:-1]], shape[-1])
        case GlobalPool():
            return shape[-1:]
        case Flatten():
            return (prod(shape),)
        case Residual(body):
            for inner in body:
                shape = after(inner, shape)
    return shape
