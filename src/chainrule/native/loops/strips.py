"""Single loops: over vectors with a tail, and over turns that carry reductions along."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compiler.index import Var
from chainrule.native.emit import Function, V, i64
from chainrule.native.expressions import Evaluator
from chainrule.native.loops.folds import Folds, State
from chainrule.native.places import Lanes

# Sums of floats over more turns are made in parts of so many, for errors to grow with the length of a part only.
_PART = 64


def repeat(
    function: Function, folds: Folds, state: State, extent: int, step: int, turn: Callable[[V, State], State]
) -> State:
    """From 0 up to `extent`, a multiple of `step`; the state afterwards."""
    return _parts(function, folds, state, (i64(0), i64(extent)), extent, step, turn)


def written_out(state: State, extent: int, turn: Callable[[V, State], State]) -> State:
    """The same, turn by turn, without a loop: what depends on the index is known as the code is written."""
    for at in range(extent):
        state = turn(i64(at), state)
    return state


def _parts(
    function: Function,
    folds: Folds,
    state: State,
    span: tuple[V, V],
    length: int,
    step: int,
    turn: Callable[[V, State], State],
) -> State:
    """Over a span of at most `length`, perhaps in parts that are summed up by themselves, in parts of their own."""
    if not folds.sum_floats or length <= 2 * _PART * step:
        with function.loop(*span, step, state, unroll=False, may_be_empty=False) as turns:
            turns.next(turn(turns.index, tuple(turns.carried)))
        return tuple(turns.results)
    part = step * _PART
    while part * _PART < length:
        part *= _PART
    with function.loop(*span, part, state, unroll=False, may_be_empty=False) as parts:
        within = (parts.index, least(function, function.add(parts.index, i64(part)), span[1]))
        total = _parts(function, folds, folds.start(), within, part, step, turn)
        parts.next(folds.merge(tuple(parts.carried), total))
    return tuple(parts.results)


def along(
    scope: Evaluator, folds: Folds, state: State, loop: Var, lanes: int, turn: Callable[[Evaluator, State], State]
) -> State:
    """Over the vectors of a whole loop; the state afterwards."""
    tail = loop.extent % lanes
    apart = 0 < tail < loop.extent and not scope.target.masks
    extent = loop.extent - tail if apart else loop.extent + -loop.extent % lanes

    def one(at: V, state: State) -> State:
        return turn(_vector_at(scope, loop, lanes, at, whole=apart), state)

    state = repeat(scope.function, folds, state, extent, lanes, one) if extent > lanes else one(i64(0), state)
    return turn(_vector_at(scope, loop, lanes, i64(extent)), state) if apart else state


def piece(scope: Evaluator, loop: Var, lanes: int, start: V, length: int, turn: Callable[[Evaluator], None]) -> None:
    """Over the vectors of a piece of a loop, which starts at a multiple of `lanes`."""
    function, tail = scope.function, loop.extent % lanes
    apart = tail > 0 and not scope.target.masks
    stop = least(function, function.add(start, i64(length)), i64(loop.extent))
    whole = least(function, stop, i64(loop.extent - tail)) if apart else stop
    with function.loop(start, whole, lanes, unroll=False) as vectors:
        turn(_vector_at(scope, loop, lanes, vectors.index, whole=apart))
    if apart:
        with function.when(function.compare("eq", stop, i64(loop.extent))):
            turn(_vector_at(scope, loop, lanes, i64(loop.extent - tail)))


def _vector_at(scope: Evaluator, loop: Var, lanes: int, at: V, *, whole: bool = False) -> Evaluator:
    """Where a vector stands whose first lane is at an index of a loop; `whole` if all of it is known to be within."""
    mask = first = None
    if loop.extent % lanes and not whole:
        known = at.text.isdigit()
        left = i64(loop.extent - int(at.text)) if known else scope.function.sub(i64(loop.extent), at)
        mask = scope.function.mask(left, lanes)
        first = int(left.text) if known and not scope.target.masks else None
    return scope.inside({loop: at}, Lanes(loop, lanes, mask, first))


def least(function: Function, a: V, b: V) -> V:
    """The lesser of two numbers (i64)."""
    return function.intrinsic("llvm.smin", "i64", a, b)
