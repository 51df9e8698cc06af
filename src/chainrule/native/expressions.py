"""From expressions to values in a function.

An expression that is the same in all lanes of a vector is computed once, as a single number, and spread over the lanes
only where it meets others that differ.
"""

from __future__ import annotations

import copy
from collections import ChainMap
from collections.abc import Container, Iterable, Mapping

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Number, Position, Result, Uniform, Within, parts
from chainrule.compiler.index import Index, Lookup, Quotient, Remainder, Var
from chainrule.compiler.kernel import Store
from chainrule.native import philox
from chainrule.native.convention import Fault, Frame
from chainrule.native.emit import MEMORY, REGISTER, V, i64, number, vector
from chainrule.native.places import Lanes, Places, element_at, read, write
from chainrule.native.pointwise import pointwise
from chainrule.native.target import Target

# A line of the caches; and how far ahead streams are fetched: about as long as the memory takes to answer.
_LINE, _AHEAD = 64, 2048


class Evaluator:
    """Computes expressions at one position of the loops around it, each once.

    Args:
        frame: The kernel's function.
        target: The processor that it is for.
        pointers: The address of each buffer.

    Attributes:
        streams: Whether its loop goes on and on through memory that no near cache holds.
    """

    def __init__(self, frame: Frame, target: Target, pointers: Mapping[Buffer, V]) -> None:
        self.frame = frame
        self.function = frame.function
        self.target = target
        self.lanes: Lanes | None = None
        self.streams = False
        self._pointers = pointers
        self._positions: Mapping[Var, V] = {}
        self._values: ChainMap[object, V] = ChainMap()
        self._needs: dict[Expr, frozenset[Var | Result]] = {}
        self.places = Places(self.function, self._positions, None, self._look_up)

    # --- where it stands ---

    def inside(self, positions: Mapping[Var, V], lanes: Lanes | None = None) -> Evaluator:
        """An evaluator within further loops. What has been computed out here is known in there, but not the reverse.

        Args:
            positions: The values of the loops' variables (i64).
            lanes: The loop among them that runs along the lanes of vectors, if one does.
        """
        child = copy.copy(self)
        child.lanes = lanes or self.lanes
        child._positions = {**self._positions, **positions}
        child._values = self._values.new_child()
        child.places = Places(self.function, child._positions, child.lanes, child._look_up)
        return child

    def bind(self, result: Result, value: V) -> None:
        """Say what a result is from now on: a number, or a vector of all lanes."""
        self._values[result] = value

    def hoist(self, roots: Iterable[Expr]) -> None:
        """Compute what can be computed here already, before further loops begin.

        LLVM would not move loads out of a loop that stores, since it cannot know that the loop leaves them alone.
        """
        seen: set[Expr] = set()
        stack = list(roots)
        while stack:
            expr = stack.pop()
            if expr in seen or expr in self._values:
                continue
            seen.add(expr)
            if isinstance(expr, Uniform):
                self._generator(expr.state)
            if all(need in self._positions or need in self._values for need in self._needs_of(expr)):
                self.value(expr)
            else:
                stack.extend(parts(expr))

    def _needs_of(self, root: Expr) -> frozenset[Var | Result]:
        """The loop variables and results that an expression depends on."""
        for expr in _after_its_parts(root, self._needs):
            needs: set[Var | Result] = {expr} if isinstance(expr, Result) else set()
            if isinstance(expr, (Load, Position, Within, Uniform)):
                needs.update(_variables(expr.index))
            self._needs[expr] = frozenset(needs.union(*[self._needs[part] for part in parts(expr)]))
        return self._needs[root]

    # --- values ---

    def value(self, root: Expr) -> V:
        """The value of an expression here: a single number if it is the same in all lanes, else a vector."""
        for expr in _after_its_parts(root, self._values):
            self._values[expr] = self._computed(expr)
        return self._values[root]

    def vector(self, root: Expr) -> V:
        """The value of an expression in each lane."""
        return self._spread(self.value(root))

    def _spread(self, value: V) -> V:
        return self.function.splat(value, self.lanes.count) if self.lanes else value

    def _computed(self, expr: Expr) -> V:
        match expr:
            case Number():
                return number(expr.value, REGISTER[expr.dtype.name])
            case Call():
                return self._call(expr)
            case Load():
                return self._load(expr)
            case Position():
                return self.function.convert("sext", self.places.value(expr.index), "i64")
            case Within():
                return self._within(expr)
            case Uniform():
                return self._uniform(expr)
        raise KeyError(f"{expr} is used before it is computed")

    def _call(self, expr: Call) -> V:
        args = [self._values[arg] for arg in expr.args]
        mask = self._active(None) if any(arg.lanes for arg in args) else None
        return pointwise(self.function, expr.primitive.name, args, expr.dtype, fault=self.frame.fault, mask=mask)

    def _within(self, expr: Within) -> V:
        least, most = expr.index.bounds()
        at = self.places.value(expr.index)
        checks = []
        if least < expr.low:
            checks.append(self.function.compare("sge", at, number(expr.low, at.type)))
        if most >= expr.high:
            checks.append(self.function.compare("slt", at, number(expr.high, at.type)))
        if expr.step > 1:
            ahead = self.function.sub(at, number(expr.low, at.type))
            odd = self.function.binary("urem", ahead, number(expr.step, at.type))
            checks.append(self.function.compare("eq", odd, number(0, at.type)))
        if not checks:
            return number(True, "i1")
        all_hold = checks[0]
        for check in checks[1:]:
            all_hold = self.function.binary("and", all_hold, check)
        return all_hold

    # --- memory ---

    def store(self, *stores: Store) -> None:
        """Write to memory: all values and places are computed first."""
        found = [(each, self.value(each.value), self.places.place(each.index)) for each in stores]
        for each, value, place in found:
            if each.value.dtype == bool:
                value = self.function.convert("zext", value, "i8")
            pointer = element_at(self.function, self._pointers[each.buffer], value.element, place.start)
            if place.same:
                # Values that differ from lane to lane have one place only if the loop along the lanes has one turn.
                self.function.store(self.function.extract(value, 0) if value.lanes else value, pointer)
            else:
                assert self.lanes is not None
                write(self.function, self._spread(value), pointer, place, self.lanes)

    def _load(self, expr: Load) -> V:
        function, type = self.function, MEMORY[expr.dtype.name]
        valid = None if expr.valid is None else self._values[expr.valid]
        place = self.places.place(expr.index, valid)
        pointer = element_at(function, self._pointers[expr.buffer], type, place.start)
        if place.same:
            found = self._load_one(type, pointer, valid)
        else:
            assert self.lanes is not None
            if self.streams and place.rest is None and place.stride == 1:
                self._fetch_ahead(pointer, self.lanes.count * expr.dtype.itemsize)
            found = read(function, type, pointer, place, self.lanes, self._active(valid))
        return function.compare("ne", found, number(0, found.type)) if expr.dtype == bool else found

    def _fetch_ahead(self, pointer: V, size: int) -> None:
        """Ask for the lines that the loop comes to later."""
        for line in range(0, size, _LINE):
            self.function.prefetch(element_at(self.function, pointer, "i8", i64(_AHEAD + line)))

    def _load_one(self, type: str, pointer: V, valid: V | None) -> V:
        """A number that all lanes share. Where it is not valid for any, a zero is read elsewhere."""
        function = self.function
        if valid is None:
            return function.load(type, pointer)
        zero = function.module.table("zero", "i64", [0])
        found = function.load(type, function.select(self._any(valid), pointer, zero))
        if not valid.lanes:
            return found
        return function.select(valid, self._spread(found), number(0, self._spread(found).type))

    def _active(self, where: V | None) -> V | None:
        """The lanes that are computed and in which a condition holds; None for all."""
        mask = self.lanes.mask if self.lanes else None
        if where is None:
            return mask
        where = self._spread(where)
        return where if mask is None else self.function.binary("and", mask, where)

    def _any(self, condition: V) -> V:
        """Whether a condition holds in any lane that is computed."""
        return self.function.any(self._active(condition) or condition) if condition.lanes else condition

    def _look_up(self, lookup: Lookup, where: V | None) -> V:
        """A number that the program computed, once it has been found to be in range."""
        function, value = self.function, self.value(lookup.value)
        key = (lookup, where)
        if key in self._values:
            return self._values[key]
        wide = function.convert("zext" if value.element == "i8" else "sext", value, "i64")
        outside = function.compare("uge", wide, number(lookup.extent, wide.type))
        wrong = outside
        if where is not None:
            lanes = outside.lanes or where.lanes
            wrong = function.binary("and", function.splat(outside, lanes), function.splat(where, lanes))
        self.report(Fault.INDEX_OUT_OF_RANGE, wrong, wide)
        inside = function.select(outside, number(0, wide.type), wide)
        if wide.lanes and lookup.extent <= 2**31:
            inside = function.convert("trunc", inside, "i32")
        self._values[key] = inside
        return inside

    def report(self, fault: Fault, wrong: V, value: V) -> None:
        """Write a fault, with the value (i64), if a condition holds in any lane that is computed."""
        function = self.function
        with function.when(self._any(wrong)):
            if value.lanes:
                wrong = self._active(wrong) or wrong
                bits = function.value(f"bitcast {wrong} to i{wrong.lanes}", f"i{wrong.lanes}")
                first = function.intrinsic("llvm.cttz", bits.type, bits, V("true", "i1"))
                value = function.value(f"extractelement {value}, {first}", "i64")
            self.frame.report(fault, value)

    # --- random numbers ---

    def _generator(self, state: Buffer) -> tuple[V, V]:
        """Its key and counter."""
        found = []
        for number_of in (0, 1):
            key = (state, number_of)
            if key not in self._values:
                pointer = element_at(self.function, self._pointers[state], "i64", i64(number_of))
                self._values[key] = self.function.load("i64", pointer)
            found.append(self._values[key])
        return found[0], found[1]

    def _uniform(self, expr: Uniform) -> V:
        function, element = self.function, REGISTER[expr.dtype.name]
        key, counter = self._generator(expr.state)
        place = self.places.place(expr.index)
        if place.rest is not None or place.stride not in (0, 1) or self.lanes is None or place.same:
            return philox.uniform(function, element, key, counter, self.places.value(expr.index))
        count = self.lanes.count
        if self._multiple_of_4(expr.index):
            return philox.consecutive(function, element, key, counter, place.start, count)
        # The numbers of all blocks that these lanes touch, read from memory where the first lane's number stands.
        off = function.binary("urem", place.start, i64(4))
        room = function.alloca(element, 2 * count)
        start = function.sub(place.start, off)
        function.store(philox.consecutive(function, element, key, counter, start, 2 * count), room)
        return function.load(vector(element, count), element_at(function, room, element, off))

    def _multiple_of_4(self, index: Index) -> bool:
        """Whether it is known to be a multiple of four in the first lane."""
        assert self.lanes is not None
        steps = [factor for atom, factor in index.terms.items() if atom is not self.lanes.var]
        return all(step % 4 == 0 for step in (index.constant, *steps)) and self.lanes.count % 4 == 0


def _after_its_parts(root: Expr, known: Container[object]) -> Iterable[Expr]:
    """Those of an expression's parts that are not known yet, each after its own parts."""
    stack = [root]
    while stack:
        expr = stack[-1]
        missing = [] if expr in known else [part for part in parts(expr) if part not in known]
        if missing:
            stack.extend(missing)
        else:
            stack.pop()
            if expr not in known:
                yield expr


def _variables(index: Index) -> Iterable[Var]:
    for atom in index.terms:
        if isinstance(atom, Var):
            yield atom
        elif isinstance(atom, (Quotient, Remainder)):
            yield from _variables(atom.index)
