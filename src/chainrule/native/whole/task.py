"""What every emitter of a whole-array primitive is given, and the loops that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Convolution, Whole, buffers, written
from chainrule.core.shape import Shape
from chainrule.native.convention import Frame
from chainrule.native.emit import MEMORY, Function, V, i64, vector
from chainrule.native.target import Target

CACHE_LINE = 64
# Pieces that keep two to four threads evenly busy.
ENOUGH_UNITS = 8


@dataclass(frozen=True)
class Work:
    """What an emitter has made of its primitive.

    Attributes:
        units: Into how many pieces the work is divided.
        scratch: How many bytes of scratch memory each thread needs.
        groups: Into how many groups of as many units each, for as much of the batch each, they can be put in order.
    """

    units: int
    scratch: int = 0
    groups: int = 1


@dataclass(frozen=True)
class Task:
    """A primitive whose function is to be written.

    Attributes:
        kernel: What to compute.
        frame: The function at its start.
        target: The processor.
    """

    kernel: Convolution | Whole
    frame: Frame
    target: Target

    @property
    def f(self) -> Function:
        """The function under construction."""
        return self.frame.function

    @property
    def inputs(self) -> list[V]:
        """The addresses of the inputs."""
        return [self.pointers[buffer] for buffer in self.kernel.inputs]

    @property
    def pointers(self) -> dict[Buffer, V]:
        """The address of each buffer."""
        return dict(zip(buffers(self.kernel), self.frame.pointers, strict=True))

    @property
    def output(self) -> V:
        """The address of the output; of a convolution, of what it stores first."""
        return self.pointers[written(self.kernel)[0]]

    @property
    def element(self) -> str:
        """LLVM's type of an output element in memory."""
        return MEMORY[self.kernel.out.dtype.name]

    @property
    def lanes(self) -> int:
        """How many output elements a vector holds."""
        return self.target.lanes(self.kernel.out.dtype.itemsize)

    def added(self, a: V, b: V) -> V:
        """The sum in the output's dtype as it stands in memory; of bools, whether any is true."""
        return self.f.binary("or", a, b) if self.kernel.out.dtype.kind == "b" else self.f.add(a, b)

    def add_to(self, target: V, source: V, count: int) -> None:
        """Add neighbouring elements of the output's dtype to others, in memory."""

        def some(start: V, size: int) -> None:
            type, place = vector(self.element, size), self.f.at(target, self.element, start)
            element = self.f.load(type, self.f.at(source, self.element, start))
            self.f.store(self.added(self.f.load(type, place), element), place)

        steps(self.f, count, self.lanes, some)


@dataclass(frozen=True)
class Slices:
    """An array as (outer, length, inner): what stands along one dimension, and what is independent of it.

    Attributes:
        outer: The product of the dimensions before.
        length: The dimension.
        inner: The product of the dimensions after.
    """

    outer: int
    length: int
    inner: int

    @staticmethod
    def of(shape: Shape, dim: int) -> Slices:
        """An array of this shape, seen along `dim`."""
        return Slices(prod(shape[:dim]), shape[dim], prod(shape[dim + 1 :]))

    def pieces(self, itemsize: int) -> int:
        """Into how many equal pieces of whole cache lines the inner part is cut, so that there are enough units."""
        line = CACHE_LINE // itemsize
        fitting = (p for p in range(ENOUGH_UNITS // max(self.outer, 1), 1, -1) if self.inner % (p * line) == 0)
        return next(fitting, 1) if self.inner else 1


def steps(f: Function, length: int, step: int, body: Callable[[V, int], None]) -> None:
    """`body(start, size)` for parts of `step` elements in a loop, and once for the rest that is shorter."""
    whole = length - length % step
    if whole:
        with f.loop(i64(0), i64(whole), step, unroll=False, may_be_empty=False) as loop:
            body(loop.index, step)
    if whole < length:
        body(i64(whole), length - whole)


def nest(
    f: Function,
    extents: Sequence[int],
    body: Callable[[list[V], list[V]], Sequence[V] | None],
    carried: Sequence[V] = (),
) -> list[V]:
    """Loops within loops: `body(indices, carried)` returns what is carried on; the result is what comes out last."""

    def go(indices: list[V], values: list[V]) -> list[V]:
        if len(indices) == len(extents):
            return list(body(indices, values) or ())
        with f.loop(i64(0), i64(extents[len(indices)]), carried=values, unroll=False) as loop:
            loop.next(go([*indices, loop.index], loop.carried))
        return loop.results

    return go([], list(carried))


def offset(f: Function, *terms: tuple[V, int]) -> V:
    """The sum of index times stride (i64)."""
    total = i64(0)
    for index, stride in terms:
        part = index if stride == 1 else f.mul(index, i64(stride))
        total = part if total == i64(0) else f.add(total, part)
    return total


def strides(shape: Sequence[int]) -> list[int]:
    """How far apart neighbours along each dimension stand in a contiguous array."""
    return [prod(shape[d + 1 :]) for d in range(len(shape))]
