"""Reductions: what is carried from turn to turn of a loop, and how it ends as one number."""

from __future__ import annotations

import math
from collections.abc import Iterable

from chainrule.compiler.expression import Result
from chainrule.compiler.index import Index
from chainrule.compiler.kernel import Fold, Pass
from chainrule.native.emit import REGISTER, Function, V, i64, number, vector
from chainrule.native.expressions import Evaluator

_HALF = 2**31

State = tuple[V, ...]
"""What is carried: the total or the best so far, and for a search also where it stands."""


class Folds:
    """All reductions of a pass; their states stand one after another in one.

    Args:
        function: The function under construction.
        each: The pass.
        lanes: How many are reduced side by side (0 for one alone).
        along: Whether the lanes are elements of one reduction, rather than a reduction each.
    """

    def __init__(self, function: Function, each: Pass, lanes: int, *, along: bool) -> None:
        places = "i32" if math.prod(loop.extent for loop in each.loops) < _HALF else "i64"
        self._each = [_Folder(function, found, places) for found in each.statements if isinstance(found, Fold)]
        self._loops = each.loops
        self._lanes = lanes
        self._along = along
        self.sum_floats = any(each.fold.how == "sum" and each.fold.value.dtype.kind == "f" for each in self._each)

    def start(self) -> State:
        """Before the first turn."""
        return _joined(each.start(self._lanes, self._along) for each in self._each)

    def take(self, scope: Evaluator, state: State) -> State:
        """After the elements where `scope` stands."""
        mask = scope.lanes.mask if scope.lanes else None
        taken = []
        for each, own in self._parts(state):
            position = scope.places.value(Index.of(self._loops[0])) if each.searches and self._loops else i64(0)
            taken.append(each.take(own, scope.value(each.fold.value), position, mask))
        return _joined(taken)

    def merge(self, a: State, b: State) -> State:
        """Two states of disjoint elements as one."""
        pairs = zip(self._parts(a), self._parts(b), strict=True)
        return _joined(each.merge(left, right) for (each, left), (_, right) in pairs)

    def totals(self, state: State) -> list[tuple[Result, V]]:
        """What each reduction gives."""
        return [(each.fold.result, each.total(own, self._along)) for each, own in self._parts(state)]

    def _parts(self, state: State) -> list[tuple[_Folder, State]]:
        """Each reduction with its own state."""
        found, at = [], 0
        for each in self._each:
            width = 2 if each.searches else 1
            found.append((each, state[at : at + width]))
            at += width
        return found


def _joined(states: Iterable[State]) -> State:
    return tuple(value for state in states for value in state)


class _Folder:
    """How a `Fold` is computed. Numbers are combined in an order that depends on shapes alone.

    Args:
        function: The function under construction.
        fold: The statement.
        places: The type of where something stands: with 32 bits, a vector has as many lanes as one of floats.
    """

    def __init__(self, function: Function, fold: Fold, places: str) -> None:
        self._function = function
        self._places = places
        self._element = REGISTER[fold.value.dtype.name]
        self.searches = fold.how.startswith("arg")
        self._largest = fold.how.endswith("max")
        self._unsigned = fold.value.dtype.kind in "bu"
        self.fold = fold

    def start(self, lanes: int, along: bool) -> State:
        """What anything wins against."""
        first = number(self._weakest(), vector(self._element, lanes))
        if not self.searches:
            return (first,)
        zeros = number(0, vector(self._places, lanes))
        return (first, self._function.lane_numbers(lanes, self._places) if along else zeros)

    def _weakest(self) -> float:
        if self.fold.how == "sum":
            return 0
        if self.fold.value.dtype.kind == "f":
            return -math.inf if self._largest else math.inf
        bits = {"i1": 1, "i8": 8, "i32": 32, "i64": 64}[self._element]
        if self._unsigned:
            return 0 if self._largest else (1 << bits) - 1
        return -(1 << (bits - 1)) if self._largest else (1 << (bits - 1)) - 1

    def take(self, state: State, value: V, position: V, mask: V | None) -> State:
        """The next element (in each lane); where `mask` does not hold, there is none."""
        function, before = self._function, state[0]
        value = function.splat(value, before.lanes)
        if self.fold.how == "sum":
            total = self._sum(before, value)
            return (total if mask is None else function.select(mask, total, before),)
        better = self._better(value, before)
        better = better if mask is None else function.binary("and", better, mask)
        best = function.select(better, value, before)
        if not self.searches:
            return (best,)
        narrow = "trunc" if self._places == "i32" else "sext"
        position = function.splat(function.convert(narrow, position, self._places), before.lanes)
        return (best, function.select(better, position, state[1]))

    def merge(self, a: State, b: State) -> State:
        """Two states of disjoint elements as one."""
        function = self._function
        if self.fold.how == "sum":
            return (self._sum(a[0], b[0]),)
        wins = self._better(b[0], a[0])
        if self.searches:
            earlier = function.compare("slt", b[1], a[1])
            loses = self._better(a[0], b[0])
            ties = function.binary("and", function.binary("xor", loses, number(True, loses.type)), earlier)
            wins = function.binary("or", wins, ties)
        return tuple(function.select(wins, right, left) for left, right in zip(a, b, strict=True))

    def total(self, state: State, along: bool) -> V:
        """What the reduction gives; `along` if the lanes of its state are to become one."""
        found = (self.across(state) if along else state)[-1]
        return self._function.convert("sext", found, "i64") if self.searches else found

    def across(self, state: State) -> State:
        """The lanes of a state as one: halves, halves of halves, and so on."""
        function, lanes = self._function, state[0].lanes
        while lanes > 2:
            lanes //= 2
            low, high = range(lanes), range(lanes, 2 * lanes)
            state = self.merge(
                tuple(function.shuffle(each, each, low) for each in state),
                tuple(function.shuffle(each, each, high) for each in state),
            )
        if not lanes:
            return state
        return self.merge(*[tuple(function.extract(each, lane) for each in state) for lane in (0, 1)])

    def _sum(self, a: V, b: V) -> V:
        return self._function.binary("or", a, b) if self._element == "i1" else self._function.add(a, b)

    def _better(self, challenger: V, holder: V) -> V:
        """Whether it wins; NaN wins over all but NaN."""
        function = self._function
        if challenger.floating:
            wins = function.compare("ugt" if self._largest else "ult", challenger, holder)
            return function.binary("and", wins, function.compare("ord", holder, holder))
        predicate = ("u" if self._unsigned else "s") + ("gt" if self._largest else "lt")
        return function.compare(predicate, challenger, holder)
