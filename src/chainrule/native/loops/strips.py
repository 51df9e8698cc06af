"""Single loops: over vectors with a tail, and over turns that carry reductions along."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compiler.index import Var
from chainrule.native.emit import Function, V, i64, vector
from chainrule.native.expressions import Evaluator
from chainrule.native.loops.folds import Folds, State
from chainrule.native.places import Lanes

# Sums of floats over more turns are made in parts of so many, for errors to grow with the length of a part only.
_PART = 64


def repeat(
    function: Function, folds: Folds, state: State, extent: int, step: int, turn: Callable[[V, State], State]
) -> State:
    """From 0 up to `extent`, which is a multiple of `step`; the state afterwards."""
    if folds.sum_floats and extent > 2 * _PART * step:
        with function.loop(i64(0), i64(extent), _PART * step, state, unroll=False, may_be_empty=False) as parts:
            stop = least(function, function.add(parts.index, i64(_PART * step)), extent)
            part = _turns(function, folds.start(), parts.index, stop, step, turn)
            parts.next(folds.merge(tuple(parts.carried), part))
        return tuple(parts.results)
    return _turns(function, state, i64(0), i64(extent), step, turn)


def _turns(function: Function, state: State, start: V, stop: V, step: int, turn: Callable[[V, State], State]) -> State:
    with function.loop(start, stop, step, state, unroll=False, may_be_empty=False) as turns:
        turns.next(turn(turns.index, tuple(turns.carried)))
    return tuple(turns.results)


def along(
    scope: Evaluator, folds: Folds, state: State, loop: Var, lanes: int, turn: Callable[[Evaluator, State], State]
) -> State:
    """Over the vectors of a whole loop; the state afterwards."""
    tail = loop.extent % lanes

    def one(at: V, state: State) -> State:
        return turn(scope.inside({loop: at}, Lanes(loop, lanes)), state)

    if loop.extent > tail + lanes:
        state = repeat(scope.function, folds, state, loop.extent - tail, lanes, one)
    elif loop.extent >= lanes:
        state = one(i64(0), state)
    return turn(_at_tail(scope, loop, lanes), state) if tail else state


def piece(scope: Evaluator, loop: Var, lanes: int, start: V, length: int, turn: Callable[[Evaluator], None]) -> None:
    """Over the vectors of a piece of a loop, which starts at a multiple of `lanes`."""
    function, tail = scope.function, loop.extent % lanes
    stop = function.add(start, i64(length))
    if loop.extent >= lanes:
        with function.loop(start, least(function, stop, loop.extent - tail), lanes, unroll=False) as vectors:
            turn(scope.inside({loop: vectors.index}, Lanes(loop, lanes)))
    if tail:
        with function.when(function.compare("sge", stop, i64(loop.extent))):
            turn(_at_tail(scope, loop, lanes))


def _at_tail(scope: Evaluator, loop: Var, lanes: int) -> Evaluator:
    """Where the last vector of a loop stands, of which some lanes lie beyond the end."""
    tail = loop.extent % lanes
    mask = V(f"<{', '.join(f'i1 {str(lane < tail).lower()}' for lane in range(lanes))}>", vector("i1", lanes))
    return scope.inside({loop: i64(loop.extent - tail)}, Lanes(loop, lanes, mask))


def least(function: Function, a: V, b: int) -> V:
    """The lesser of two numbers (i64)."""
    return function.intrinsic("llvm.smin", "i64", a, i64(b))
