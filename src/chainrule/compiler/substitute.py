"""Expressions with other indices in the place of loop variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chainrule.compiler.expression import Call, Expr, Load, Position, Uniform, Within, parts
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import Statement, Store


class Substitution:
    """Makes the expressions anew; what is shared among them stays shared.

    Args:
        replaced: The indices that take the place of variables.
    """

    def __init__(self, replaced: Mapping[Var, Index]) -> None:
        self._replaced = replaced
        self._made: dict[Expr, Expr] = {}

    def statement(self, statement: Statement) -> Statement:
        """The same statement elsewhere."""
        if isinstance(statement, Store):
            return self.store(statement)
        return replace(statement, value=self.expr(statement.value))

    def store(self, store: Store) -> Store:
        """The same store elsewhere."""
        return replace(store, value=self.expr(store.value), index=self.index(store.index))

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
            valid = None if expr.valid is None else self._made[expr.valid]
            return replace(expr, index=self.index(expr.index), valid=valid)
        if isinstance(expr, (Position, Within, Uniform)):
            return replace(expr, index=self.index(expr.index))
        return expr

    def index(self, index: Index) -> Index:
        """The same index elsewhere."""
        return index.replaced(self._replaced, self.expr)
