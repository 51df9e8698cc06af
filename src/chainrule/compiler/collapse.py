"""Fewer and longer loops: neighbouring loops that memory passes through as one become one.

An elementwise kernel over (64, 10) runs as 640 numbers in a row. Two loops are one if every index of the kernel strides
over the outer one as far as over the whole of the inner one. A loop of one turn is no loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.compiler.expression import Load, Position, Uniform, Within, reachable
from chainrule.compiler.index import Index, Quotient, Remainder, Var
from chainrule.compiler.kernel import Fold, Loops, Pass, Store
from chainrule.compiler.substitute import Substitution


def collapsed(kernel: Loops) -> Loops:
    """The same kernel with as few loops as possible, around its passes and within them."""
    sums = list(_sums(kernel))
    replaced: dict[Var, Index] = {}
    outer = _collapsed(kernel.outer, sums, replaced)
    inner = [each.loops if _searches(each) else _collapsed(each.loops, sums, replaced) for each in kernel.passes]
    if not replaced:
        return kernel
    substitution = Substitution(replaced)
    passes = tuple(
        replace(each, loops=loops, statements=tuple(map(substitution.statement, each.statements)))
        for each, loops in zip(kernel.passes, inner, strict=True)
    )
    return replace(kernel, outer=outer, passes=passes)


def _searches(each: Pass) -> bool:
    """Whether the pass looks for a position along its loop, which must then stay as it is."""
    return any(isinstance(statement, Fold) and statement.how.startswith("arg") for statement in each.statements)


def _collapsed(loops: tuple[Var, ...], sums: list[Index], replaced: dict[Var, Index]) -> tuple[Var, ...]:
    """The loops that remain; `replaced` learns what stands for those that go.

    Where loops become one, that one takes the place of the last, which all indices stride through in their smallest
    step; the others stand still.
    """
    groups: list[list[Var]] = []
    for var in loops:
        if var.extent == 1:
            replaced[var] = Index(0)
        elif groups and all(_adjoin(groups[-1][-1], var, index) for index in sums):
            groups[-1].append(var)
        else:
            groups.append([var])
    remaining: list[Var] = []
    for *around, last in groups:
        merged = last
        for var in reversed(around):
            merged = Var(f"{var.name}_{merged.name}", var.extent * merged.extent)
            replaced[var] = Index(0)
        if around:
            replaced[last] = Index.of(merged)
        remaining.append(merged)
    return tuple(remaining)


def _adjoin(around: Var, within: Var, index: Index) -> bool:
    return index.terms.get(around, 0) == within.extent * index.terms.get(within, 0)


def _sums(kernel: Loops) -> Iterator[Index]:
    """Every sum over loop variables in the kernel, also those within quotients and remainders."""
    statements = [statement for each in kernel.passes for statement in each.statements]
    stack = [statement.index for statement in statements if isinstance(statement, Store)]
    for expr in reachable(*[statement.value for statement in statements]):
        if isinstance(expr, (Load, Position, Within, Uniform)):
            stack.append(expr.index)
    while stack:
        index = stack.pop()
        yield index
        stack.extend(atom.index for atom in index.terms if isinstance(atom, (Quotient, Remainder)))
