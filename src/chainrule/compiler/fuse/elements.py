"""The expression of one element of a value, within a kernel."""

from __future__ import annotations

from collections.abc import Callable, Set

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Number, Position, Result, Uniform, Within
from chainrule.compiler.fuse.feeds import array_in_memory
from chainrule.compiler.fuse.kinds import is_one_hot, operands
from chainrule.compiler.fuse.moves import is_move, move
from chainrule.compiler.fuse.place import Place
from chainrule.compiler.index import Index, Lookup
from chainrule.core.dtype import bool_, int64
from chainrule.core.primitive import PRIMITIVES
from chainrule.graph import Apply, Constant, Value
from chainrule.ops.elementwise import WHERE

# What some whole numbers are bad data for.
_FAULTING = frozenset({"floor_divide", "remainder", "pow"})


class Elements:
    """Makes expressions, each once: values of this kernel are computed, all others are loaded.

    Args:
        members: The values that this kernel computes.
        buffer_of: Where a value stands that this kernel does not compute.

    Attributes:
        bound: What statements have computed already, for the place at which the kernel then is.
    """

    def __init__(self, members: Set[Apply], buffer_of: Callable[[Value], Buffer]) -> None:
        self._members = members
        self._buffer_of = buffer_of
        self.bound: dict[Apply, Result] = {}
        self._made: dict[tuple[Value, Index, Expr | None], Expr] = {}

    def at(self, value: Value, place: Place, valid: Expr | None = None) -> Expr:
        """The element of `value` at `place`; only where `valid` holds does it matter, and may memory be touched."""
        if value in self.bound:
            return self.bound[value]
        key = (value, place.position, valid)
        if key not in self._made:
            self._made[key] = self._make(value, place, valid)
        return self._made[key]

    def forget(self) -> None:
        """Make expressions anew from here on: what follows runs at other indices, or after something was bound."""
        self._made.clear()

    def _make(self, value: Value, place: Place, valid: Expr | None) -> Expr:
        if isinstance(value, Constant) and value.array.size == 1:
            return Number(value.dtype, value.array.item())
        if is_move(value):
            assert isinstance(value, Apply)
            return self._moved(value, place, valid)
        if value not in self._members:
            return Load(value.dtype, self._buffer_of(value), place.position, valid)
        assert isinstance(value, Apply)
        if value.primitive.name == "random_uniform":
            state = self._buffer_of(array_in_memory(value.inputs[0]))
            return Uniform(value.dtype, state, place.position)
        if is_one_hot(value):
            return self._one_hot(value, place, valid)
        args = [self.at(source, at, valid) for source, at in operands(value, place)]
        if valid is not None and value.primitive.name in _FAULTING and value.dtype.kind in "iu":
            # Where nobody looks, loads give 0: no divisor, and no reason to report a fault.
            args[1] = Call(args[1].dtype, WHERE, (valid, args[1], Number(args[1].dtype, 1)))
        return Call(value.dtype, value.primitive, tuple(args), value.params)

    def _moved(self, value: Apply, place: Place, valid: Expr | None) -> Expr:
        moved = move(value, place, lambda index, there: self.at(index, there, valid))
        result: Expr | None = None
        for branch in reversed(moved.branches):
            if not branch.conditions:
                result = self.at(branch.source, branch.place, valid)
                continue
            inside = _all(branch.conditions)
            element = self.at(branch.source, branch.place, _both(valid, inside))
            otherwise = Number(value.dtype, moved.fill) if result is None else result
            result = Call(value.dtype, WHERE, (inside, element, otherwise))
        return Number(value.dtype, moved.fill) if result is None else result

    def _one_hot(self, value: Apply, place: Place, valid: Expr | None) -> Expr:
        (g, at), (index, there) = operands(value, place)
        axis = value.params["axis"]
        # Looked up, so that an index out of range is a fault as it is when scattering.
        chosen = Position(int64, Index.of(Lookup(self.at(index, there, valid), value.shape[axis], value.note)))
        here = Position(int64, place.indices[axis])
        hit = Call(bool_, PRIMITIVES["eq"], (here, chosen))
        return Call(value.dtype, WHERE, (hit, self.at(g, at, valid), Number(value.dtype, 0)))


def _all(conditions: tuple[Within, ...]) -> Expr:
    result: Expr = conditions[0]
    for condition in conditions[1:]:
        result = Call(bool_, PRIMITIVES["and"], (result, condition))
    return result


def _both(first: Expr | None, second: Expr) -> Expr:
    return second if first is None else Call(bool_, PRIMITIVES["and"], (first, second))
