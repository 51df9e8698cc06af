"""Where an element stands within a tensor."""

from __future__ import annotations

from chainrule.compiler.index import Index, Var, linear, unravelled
from chainrule.core.shape import Shape


class Place:
    """An element of a tensor of some shape: known by its indices, or by its position in row-major order.

    The one is worked out from the other only when somebody asks, so that a reshape, which leaves positions as they are,
    costs no quotients and remainders where the elements are only passed on.
    """

    def __init__(self, shape: Shape, indices: tuple[Index, ...] | None = None, position: Index | None = None) -> None:
        self.shape = shape
        self._indices = indices
        self._position = position

    @property
    def indices(self) -> tuple[Index, ...]:
        """One index for each dimension."""
        if self._indices is None:
            assert self._position is not None
            self._indices = unravelled(self._position, self.shape)
        return self._indices

    @property
    def position(self) -> Index:
        """The row-major position."""
        if self._position is None:
            assert self._indices is not None
            self._position = linear(self._indices, self.shape)
        return self._position

    def reshaped(self, shape: Shape) -> Place:
        """The element at the same position of another shape."""
        return self if shape == self.shape else Place(shape, position=self.position)


def squeezed(shape: Shape) -> Shape:
    """The lengths other than 1."""
    return tuple(length for length in shape if length != 1)


def loops_over(shape: Shape, letter: str = "i") -> tuple[Var, ...]:
    """A loop variable for each dimension of more than one element."""
    return tuple(Var(f"{letter}{d}", length) for d, length in enumerate(shape) if length != 1)


def home(shape: Shape, loops: tuple[Var, ...]) -> Place:
    """The element at the loop variables, which `loops_over` made for this shape."""
    coming = iter(loops)
    return Place(shape, tuple(Index(0) if length == 1 else Index.of(next(coming)) for length in shape))
