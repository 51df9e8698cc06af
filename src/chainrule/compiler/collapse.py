"""Fewer and longer loops: neighbouring loops that memory passes through as one become one.

An elementwise kernel over (64, 10) runs as 640 numbers in a row. Two loops are one if every index of the kernel strides
over the outer one as far as over the whole of the inner one. A loop of one turn is no loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chainrule.compiler.expression import Load, Position, Uniform, Within, reachable
from chainrule.compiler.index import Index, Quotient, Remainder, Var
from chainrule.compiler.kernel import Fold, Loops, Store
from chainrule.compiler.substitute import Substitution


def collapsed(kernel: Loops) -> Loops:
    """The same kernel with as few loops as possible, around its passes and within them."""
    nests = dict.fromkeys([kernel.outer, *[each.loops for each in kernel.passes]])
    sums = list(_sums(kernel))
    replaced: dict[Var, Index] = {}
    shorter = {
        loops: loops if len(loops) == 1 and _searched(kernel, loops) else _shorter(loops, sums, replaced)
        for loops in nests
    }
    if not replaced:
        return kernel
    substitution = Substitution(replaced)
    passes = tuple(
        replace(each, loops=shorter[each.loops], statements=tuple(map(substitution.statement, each.statements)))
        for each in kernel.passes
    )
    return replace(kernel, outer=shorter[kernel.outer], passes=passes)


def _searched(kernel: Loops, loops: tuple[Var, ...]) -> bool:
    """Whether a pass looks for a position along its loop, which must then stay as it is."""
    statements = [statement for each in kernel.passes if each.loops == loops for statement in each.statements]
    return any(isinstance(statement, Fold) and statement.how.startswith("arg") for statement in statements)


def _shorter(loops: tuple[Var, ...], sums: list[Index], replaced: dict[Var, Index]) -> tuple[Var, ...]:
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
