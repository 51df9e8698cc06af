"""What is done for an outer index, or for a vector of them: one pass after another."""

from __future__ import annotations

import math

from chainrule.compiler.expression import Expr
from chainrule.compiler.kernel import Keep, Pass, Store
from chainrule.native.emit import V
from chainrule.native.expressions import Evaluator
from chainrule.native.loops.folds import Folds, State
from chainrule.native.loops.kept import Kept
from chainrule.native.loops.strips import along, repeat, written_out
from chainrule.native.loops.widths import Widths

# A loop of so many turns within another has a sum of its own.
_LONG = 16
# Loops of so few turns in all, such as over the windows of a pooling layer, are written out.
_FEW = 9


class Row:
    """Writes passes.

    Args:
        scope: What is known at the outer index. Results of the passes are bound there.
        widths: The lanes of the loops.
        kept: What passes keep for one another.
    """

    def __init__(self, scope: Evaluator, widths: Widths, kept: Kept) -> None:
        self._scope = scope
        self._widths = widths
        self._kept = kept

    def do(self, each: Pass) -> None:
        """Write a pass."""
        lanes = self._widths.of(each)
        folds = Folds(self._scope.function, each, lanes or self._widths.outer, along=lanes > 0)
        state = self._loops(self._scope, each, 0, folds, folds.start())
        for result, total in folds.totals(state):
            self._scope.bind(result, total)

    def _loops(self, scope: Evaluator, each: Pass, depth: int, folds: Folds, state: State) -> State:
        """The loops of a pass from `depth` inwards."""
        if depth == len(each.loops):
            return self._turn(scope, each, folds, state)
        loop = each.loops[depth]
        if not loop.extent:
            return state
        scope.hoist(values(each))
        lanes = self._widths.of(each)
        apart = folds.sum_floats and depth > 0 and loop.extent >= _LONG * max(lanes, 1)
        before = folds.start() if apart else state

        def at(index: V, state: State) -> State:
            return self._loops(scope.inside({loop: index}), each, depth + 1, folds, state)

        def turn(inside: Evaluator, state: State) -> State:
            return self._loops(inside, each, depth + 1, folds, state)

        if lanes and depth == len(each.loops) - 1:
            after = along(scope, folds, before, loop, lanes, turn)
        elif math.prod(inner.extent for inner in each.loops[depth:]) <= _FEW:
            after = written_out(before, loop.extent, at)
        else:
            after = repeat(scope.function, folds, before, loop.extent, 1, at)
        return folds.merge(state, after) if apart else after

    def _turn(self, scope: Evaluator, each: Pass, folds: Folds, state: State) -> State:
        """The statements at one index, or at a vector of them: all values are computed before anything is stored."""
        self._kept.read(scope, each)
        for statement in each.statements:
            value = scope.value(statement.value)
            if isinstance(statement, Keep):
                # Without loops, or where a row is one vector, later passes find the value in its register.
                (scope if self._kept.in_memory(statement) else self._scope).bind(statement.result, value)
        state = folds.take(scope, state)
        scope.store(*[statement for statement in each.statements if isinstance(statement, Store)])
        self._kept.write(scope, each)
        return state


def values(*passes: Pass) -> list[Expr]:
    """The expressions of passes."""
    return [statement.value for each in passes for statement in each.statements]
