"""Simplifying: the same program with less to do. An ordered list of named passes, gone through until nothing changes.

Most of it is rules: small functions, listed by the primitive that they rewrite (`rules.py` says what one is). To add
one, write it into the file of its family. A pass is for what takes a look at the whole graph.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from chainrule.compiler.simplify import (
    affine,
    arithmetic,
    broadcasts,
    choice,
    convolutions,
    deviations,
    movement,
    reductions,
)
from chainrule.compiler.simplify.common import merge
from chainrule.compiler.simplify.constants import fold
from chainrule.compiler.simplify.masks import read_off_results
from chainrule.compiler.simplify.one_hot import choose_found, compare_columns, only_the_largest
from chainrule.compiler.simplify.products import turn_round
from chainrule.compiler.simplify.rules import Rules, apply_rules, together
from chainrule.graph import Graph, verify


@cache
def _rules() -> Rules:
    families = (
        movement.RULES,
        broadcasts.rules(),
        arithmetic.RULES,
        choice.RULES,
        reductions.RULES,
        deviations.RULES,
        convolutions.RULES,
        affine.RULES,
    )
    return together(*families)


def passes() -> tuple[tuple[str, Callable[[Graph], Graph]], ...]:
    """The passes of one simplification, by name.

    What is not needed any more leaves by itself: each pass makes a graph of what the outputs depend on.
    """
    return (
        # First, so that the rules see the numbers that they ask for.
        ("fold constants", fold),
        # Algebra, value by value. The set remembers, from round to round, what no rule has anything to say about.
        ("apply rules", partial(apply_rules, rules=_rules(), settled=set())),
        # The rules make equal values of what looked different; the passes below know a value by its being the same.
        ("merge common subexpressions", merge),
        ("turn products round", turn_round),
        # After the rules have moved what stands between a scatter and its sum.
        ("compare columns in place of scattering", compare_columns),
        # After that, which asks for the look-ups.
        ("only the largest", only_the_largest),
        # What is left of them.
        ("choose in place of looking up", choose_found),
        ("read masks off results", read_off_results),
    )


# Three have always been enough; what is left after more would only be slower, not wrong.
_ROUNDS = 5


def simplify(graph: Graph, check: bool = False) -> Graph:
    """The same program with less to do.

    Args:
        graph: The program.
        check: Whether every pass's work is verified: for tests, and for finding a mistake of ours.

    Raises:
        InternalError: If a check fails.
    """
    unchanged, in_turn = 0, passes()
    for name, run in in_turn * _ROUNDS:
        before, graph = graph, run(graph)
        if check:
            verify(graph, after=name)
        unchanged = unchanged + 1 if graph is before else 0
        if unchanged == len(in_turn):
            break
    return graph
