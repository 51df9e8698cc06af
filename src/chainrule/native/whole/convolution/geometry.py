"""The sizes of a convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from chainrule.core.shape import Shape
from chainrule.native.whole.task import ENOUGH_UNITS, strides
from chainrule.ops.convolution import Frame

# Positions that share what is read from far: fewer, and reading takes the time; more, and they outgrow the nearest
# cache (and numbers added one after another would lose digits).
POSITIONS = 256
# So many multiply-adds make a band of a picture worth a thread, and the lines that it has in common with others.
BAND = 1 << 20


@dataclass(frozen=True)
class Geometry:
    """A convolution of (batch, *spatial, groups * channels) to (batch, *positions, groups * outputs).

    Attributes:
        batch: How many pictures.
        spatial: The size of a picture.
        kernel: The size of a window.
        positions: How many windows there are along each dimension.
        channels: The channels that a group reads.
        outputs: The channels that a group makes.
        frame: How the window moves.
        whole: Of what the pictures are bands of lines, if they are.
    """

    batch: int
    spatial: Shape
    kernel: Shape
    positions: Shape
    channels: int
    outputs: int
    frame: Frame
    whole: Geometry | None = None

    @staticmethod
    def of(x: Shape, w: Shape, y: Shape, frame: Frame) -> Geometry:
        """From the shapes of input, weight and output."""
        return Geometry(x[0], x[1:-1], w[1:-1], y[1:-1], w[-1], w[0] // frame.groups, frame)

    @property
    def depthwise(self) -> bool:
        """Whether each channel is convolved by itself, to one output."""
        return self.channels == self.outputs == 1 < self.frame.groups

    @property
    def turned(self) -> Geometry | None:
        """The convolution that the gradient to the input is, with the window backwards: of the outputs, to the input.

        None where windows step, or are padded by more than themselves.
        """
        frame = self.frame
        reach = [d * (size - 1) for d, size in zip(frame.dilation, self.kernel, strict=True)]
        padding = tuple((r - before, r - after) for r, (before, after) in zip(reach, frame.padding, strict=True))
        if set(frame.stride) != {1} or min(map(min, padding)) < 0:
            return None
        return self.backward(padding)

    def backward(self, padding: tuple[tuple[int, int], ...]) -> Geometry:
        """The sizes from the outputs, so padded, to the input."""
        return replace(
            self,
            spatial=self.positions,
            positions=self.spatial,
            channels=self.outputs,
            outputs=self.channels,
            frame=self.frame._replace(padding=padding),
        )

    def with_pixels_in_line(self) -> Geometry:
        """The same, with all pixels of a picture in one line, if they are convolved one by one; else itself."""
        frame, ones = self.frame, (1,) * len(self.kernel)
        if (self.kernel, frame.stride) != (ones, ones) or any(map(any, frame.padding)):
            return self
        line, frame = (prod(self.spatial),), Frame((1,), ((0, 0),), (1,), frame.groups)
        return replace(self, spatial=line, kernel=(1,), positions=line, frame=frame)

    def in_bands(self, count: int) -> Geometry:
        """The same, of as many bands of lines of each picture, which are pictures to whoever works on them.

        A band has the lines that its windows reach, so neighbours have some in common; those of the padding as well.
        """
        lines = self.positions[0] // count
        return self.cut(count, (lines - 1) * self.frame.stride[0] + self.reach, lines)

    def cut(self, count: int, lines: int, windows: int) -> Geometry:
        """The same, of parts of pictures: as many of each, of so many lines, and so many lines of windows."""
        return replace(
            self,
            batch=self.batch * count,
            spatial=(lines, *self.spatial[1:]),
            positions=(windows, *self.positions[1:]),
            frame=self.frame._replace(padding=((0, 0), *self.frame.padding[1:])),
            whole=self,
        )

    @property
    def padded(self) -> Shape:
        """The size of a picture with its padding."""
        return tuple(n + before + after for n, (before, after) in zip(self.spatial, self.frame.padding, strict=True))

    @property
    def every_channel(self) -> int:
        """The channels of a pixel."""
        return self.frame.groups * self.channels

    @property
    def every_output(self) -> int:
        """The channels of an output's pixel."""
        return self.frame.groups * self.outputs

    @property
    def reach(self) -> int:
        """How many lines a window reaches over."""
        return self.frame.dilation[0] * (self.kernel[0] - 1) + 1

    @property
    def depth(self) -> int:
        """How many products each output sums."""
        return prod(self.kernel) * self.channels

    @property
    def products(self) -> int:
        """How many products the sums of a picture have."""
        return prod(self.positions) * self.depth * self.every_output

    @property
    def runs(self) -> tuple[int, int]:
        """A window's last dimension as (how many runs, elements of a run) that lie one after another in memory.

        Without groups and dilation all its pixels are one run.
        """
        if self.frame.groups == 1 and self.frame.dilation[-1] == 1:
            return 1, self.kernel[-1] * self.channels
        return self.kernel[-1], self.channels

    def steps(self, pixel: int) -> tuple[list[int], list[int]]:
        """How far apart the next position, and the next offset within a window, stand in a padded picture.

        Args:
            pixel: The distance of neighbouring pixels.
        """
        apart = [step * pixel for step in strides(self.padded)]
        return (
            [step * s for step, s in zip(apart, self.frame.stride, strict=True)],
            [step * d for step, d in zip(apart, self.frame.dilation, strict=True)],
        )


def window_offsets(extents: Sequence[int], apart: Sequence[int]) -> list[int]:
    """How far from the first element of a window each of them stands, in order."""
    found = [0]
    for extent, step in zip(extents, apart, strict=True):
        found = [offset + i * step for offset in found for i in range(extent)]
    return found


def at_once(count: int, each: int, units: int = 1, most: int = POSITIONS) -> int:
    """How many of some pictures or lines, of so many positions each, are done at once.

    It is a divisor, and leaves at least so many units, if there are as many; they have at most `most` positions.
    """
    most = max(min(most // each, count // units), 1)
    return max((n for n in range(1, most + 1) if count % n == 0), default=1)


def bands(pictures: int, lines: int, most: int, together: int = 1) -> int:
    """Into how many equal bands of lines pictures are cut, where they are too few for threads to share them evenly.

    Args:
        pictures: How many there are.
        lines: The lines of each.
        most: So many bands are worthwhile.
        together: A band has a multiple of so many lines.
    """
    if pictures >= ENOUGH_UNITS:
        return 1
    fitting = [n for n in range(1, min(most, lines) + 1) if lines % n == 0 and lines // n % together == 0]
    return next((n for n in fitting if n * pictures >= ENOUGH_UNITS), max(fitting, default=1))


def flat(offsets: Sequence[Shape], apart: Sequence[int]) -> list[int]:
    """How far elements stand from another, by their offsets along each dimension."""
    return [sum(o * step for o, step in zip(offset, apart, strict=True)) for offset in offsets]
