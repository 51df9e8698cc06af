"""What is done with the sums of a product or a convolution before they are stored, with n along the lanes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chainrule.compiler.expression import Buffer, Expr, parts
from chainrule.compiler.index import Var
from chainrule.compiler.kernel import Contraction, Convolution
from chainrule.native.convention import Frame
from chainrule.native.emit import V
from chainrule.native.expressions import Evaluator
from chainrule.native.places import Lanes
from chainrule.native.target import Target

# Expressions up to which an epilogue is written out for every vector of a tile.
_SHORT = 6


class Epilogue:
    """Writes the epilogue of a kernel.

    Attributes:
        plain: Whether the sums are stored as they are, and that is all.
        short: Whether it may be written out for every vector of a tile.
    """

    def __init__(
        self, frame: Frame, target: Target, pointers: Mapping[Buffer, V], kernel: Contraction | Convolution
    ) -> None:
        self._kernel = kernel
        self._outside = self._inside = Evaluator(frame, target, pointers)
        values = [each.value for each in kernel.epilogue]
        self.plain = values == [kernel.total]
        self.short = _size(values) <= _SHORT

    def begin(self, at: Mapping[Var, V]) -> None:
        """Go to a matrix of the batch."""
        self._inside = self._outside.inside(at)

    def columns(self, column: V, count: int, mask: V | None = None) -> Evaluator:
        """Within so many columns, those of a mask; what depends on nothing else is computed."""
        n = self._kernel.n
        evaluator = self._inside.inside({n: column}, Lanes(n, count, mask))
        evaluator.hoist([each.value for each in self._kernel.epilogue])
        return evaluator

    def store(self, columns: Evaluator, row: V, total: V) -> None:
        """Do it with the sums of a row."""
        here = columns.inside({self._kernel.m: row})
        here.bind(self._kernel.total, total)
        here.store(*self._kernel.epilogue)


def _size(roots: Iterable[Expr]) -> int:
    """How many expressions there are."""
    seen: set[Expr] = set()
    stack = list(roots)
    while stack:
        expr = stack.pop()
        if expr not in seen:
            seen.add(expr)
            stack.extend(parts(expr))
    return len(seen)
