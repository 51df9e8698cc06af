"""What the passes of a row keep for one another: in registers where a row is one vector, else in scratch memory."""

from __future__ import annotations

import math

from chainrule.compiler.expression import Result, reachable
from chainrule.compiler.index import Index, linear
from chainrule.compiler.kernel import Keep, Loops, Pass
from chainrule.native.convention import Frame
from chainrule.native.emit import MEMORY, V, i64, number, vector
from chainrule.native.expressions import Evaluator
from chainrule.native.loops.widths import Widths
from chainrule.native.places import element_at

_ALIGN = 64


class Kept:
    """The elements that `Keep` statements keep, in the order of the inner indices.

    Args:
        kernel: With few loops.
        widths: The lanes of its loops.
        frame: Its function.

    Attributes:
        bytes: How much scratch memory they need.
    """

    def __init__(self, kernel: Loops, widths: Widths, frame: Frame) -> None:
        self._frame = frame
        self._widths = widths
        self._offsets: dict[Result, int] = {}
        self.bytes = 0
        looping = [each for each in kernel.passes if each.loops]
        if all(widths.in_registers(each) for each in looping):
            return
        for each in looping:
            for statement in each.statements:
                if isinstance(statement, Keep):
                    self._offsets[statement.result] = self.bytes
                    self.bytes += self._room(each, statement)

    def _room(self, each: Pass, statement: Keep) -> int:
        """The bytes of all elements, and of the lanes beyond the last one."""
        count = math.prod(var.extent for var in each.loops)
        count = count * self._widths.outer if self._widths.outer else count + self._widths.widest
        return -(-count * statement.value.dtype.itemsize // _ALIGN) * _ALIGN

    def in_memory(self, statement: Keep) -> bool:
        """Whether a kept value goes to memory."""
        return statement.result in self._offsets

    def read(self, scope: Evaluator, each: Pass) -> None:
        """Bind what earlier passes kept for this index, as far as this pass asks for it."""
        own = {statement.result for statement in each.statements if isinstance(statement, Keep)}
        for expr in reachable(*[statement.value for statement in each.statements]):
            if isinstance(expr, Result) and expr in self._offsets and expr not in own:
                pointer = self._pointer(scope, each, expr)
                assert scope.lanes is not None
                found = scope.function.load(vector(MEMORY[expr.dtype.name], scope.lanes.count), pointer)
                kept = scope.function.compare("ne", found, number(0, found.type)) if expr.dtype == bool else found
                scope.bind(expr, kept)

    def write(self, scope: Evaluator, each: Pass) -> None:
        """Keep what has been computed at this index."""
        for statement in each.statements:
            if isinstance(statement, Keep) and self.in_memory(statement):
                value = scope.vector(statement.value)
                value = scope.function.convert("zext", value, "i8") if statement.value.dtype == bool else value
                scope.function.store(value, self._pointer(scope, each, statement.result))

    def _pointer(self, scope: Evaluator, each: Pass, result: Result) -> V:
        index = linear([Index.of(var) for var in each.loops], tuple(var.extent for var in each.loops))
        at = scope.places.place(index * (self._widths.outer or 1)).start
        start = element_at(scope.function, self._frame.scratch, "i8", i64(self._offsets[result]))
        return element_at(scope.function, start, MEMORY[result.dtype.name], at)
