"""Expressions, and kernels, with other indices in the place of loop variables, and other buffers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Position, Uniform, Within, parts
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import Contraction, Convolution, Kernel, Loops, Statement, Store


class Substitution:
    """Makes the expressions anew; what is shared among them stays shared.

    Args:
        replaced: The indices that take the place of variables.
        buffers: The buffers that take the place of others.
    """

    def __init__(
        self, replaced: Mapping[Var, Index] | None = None, buffers: Mapping[Buffer, Buffer] | None = None
    ) -> None:
        self._replaced = replaced or {}
        self._buffers = buffers or {}
        self._made: dict[Expr, Expr] = {}

    def kernel(self, kernel: Kernel) -> Kernel:
        """The same kernel elsewhere, with the loops that it has."""
        if isinstance(kernel, Loops):
            passes = tuple(
                replace(each, statements=tuple(map(self.statement, each.statements))) for each in kernel.passes
            )
            return replace(kernel, passes=passes)
        if isinstance(kernel, Contraction):
            a, b = self.load(kernel.a), self.load(kernel.b)
            return replace(kernel, a=a, b=b, epilogue=tuple(map(self.store, kernel.epilogue)))
        inputs = tuple(map(self.buffer, kernel.inputs))
        if isinstance(kernel, Convolution):
            return replace(kernel, inputs=inputs, epilogue=tuple(map(self.store, kernel.epilogue)))
        return replace(kernel, inputs=inputs, output=self.buffer(kernel.output))

    def statement(self, statement: Statement) -> Statement:
        """The same statement elsewhere."""
        if isinstance(statement, Store):
            return self.store(statement)
        return replace(statement, value=self.expr(statement.value))

    def store(self, store: Store) -> Store:
        """The same store elsewhere."""
        value, index = self.expr(store.value), self.index(store.index)
        return replace(store, buffer=self.buffer(store.buffer), value=value, index=index)

    def load(self, load: Load) -> Load:
        """The same load elsewhere."""
        valid = None if load.valid is None else self.expr(load.valid)
        return replace(load, buffer=self.buffer(load.buffer), index=self.index(load.index), valid=valid)

    def buffer(self, buffer: Buffer) -> Buffer:
        """What takes the place of a buffer, or itself."""
        return self._buffers.get(buffer, buffer)

    def expr(self, root: Expr) -> Expr:
        """The same expression elsewhere."""
        stack = [root]
        while stack:
            expr = stack[-1]
            missing = [part for part in parts(expr) if part not in self._made]
            if missing:
                stack.extend(missing)
            else:
                stack.pop()
                if expr not in self._made:
                    self._made[expr] = self._remade(expr)
        return self._made[root]

    def _remade(self, expr: Expr) -> Expr:
        if isinstance(expr, Call):
            return replace(expr, args=tuple(self._made[arg] for arg in expr.args))
        if isinstance(expr, Load):
            return self.load(expr)
        if isinstance(expr, Uniform):
            return replace(expr, state=self.buffer(expr.state), index=self.index(expr.index))
        if isinstance(expr, (Position, Within)):
            return replace(expr, index=self.index(expr.index))
        return expr

    def index(self, index: Index) -> Index:
        """The same index elsewhere."""
        return index.replaced(self._replaced, self.expr)
