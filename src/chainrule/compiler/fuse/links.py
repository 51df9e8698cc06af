"""How the values that need computing depend on one another, seen through the movement operations between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from chainrule.compiler.expression import Expr
from chainrule.compiler.fuse.kinds import is_contraction, is_map, is_reduction, is_whole, operands
from chainrule.compiler.fuse.moves import is_move, move
from chainrule.compiler.fuse.place import Place, home, loops_over
from chainrule.compiler.index import Index, Var
from chainrule.graph import Apply, Value


@dataclass(frozen=True)
class Link:
    """A value that another is computed from.

    Attributes:
        source: The value that it reads: computed, an input, or a constant.
        how: Which of its elements. `same`: the element at the same position. `rows`: one element for each index of the
            consumer's loops but those in `dropped`. `moved`: another element, no element more than once. `repeated`:
            any, any number of times.
        dropped: For `rows`: the positions, among the consumer's loops, of those that the source does not have.
    """

    source: Value
    how: Literal["same", "rows", "moved", "repeated"]
    dropped: frozenset[int] = frozenset()


def links_of(value: Apply) -> list[Link]:
    """What `value` reads, through the movements between."""
    if is_whole(value) or is_contraction(value):
        return [Link(source, "repeated") for source in _sources(value.inputs)]
    shape = value.inputs[0].shape if is_reduction(value) else value.shape
    loops = loops_over(shape)
    place = home(shape, loops)
    if value.primitive.name == "random_uniform":
        return [Link(source, "repeated") for source in _sources(value.inputs)]
    start = [(value, place)] if is_move(value) else [(value.inputs[0], place)]
    if is_map(value) and not is_move(value):
        start = operands(value, place)
    found: dict[Link, None] = {}
    stack = [(source, at, False, False) for source, at in reversed(start)]
    while stack:
        source, at, repeats, partly = stack.pop()
        if is_move(source):
            assert isinstance(source, Apply)
            looked: list[tuple[Value, Place]] = []

            def look(index: Value, there: Place, looked: list[tuple[Value, Place]] = looked) -> Expr:
                looked.append((index, there))
                return Expr(index.dtype)

            moved = move(source, at, look)
            repeats_here = repeats or moved.repeats
            for branch in reversed(moved.branches):
                partial = partly or bool(branch.conditions) or len(moved.branches) > 1
                stack.append((branch.source, branch.place, repeats_here, partial))
            stack.extend((index, there, True, True) for index, there in looked)
        elif at is place and not partly and source.shape == shape:
            # By far the most: an array element by element.
            found[Link(source, "same")] = None
        else:
            found[_link(source, at, loops, repeats, partly)] = None
    return list(found)


def _link(source: Value, at: Place, loops: tuple[Var, ...], repeats: bool, partly: bool) -> Link:
    if not partly:
        used = {atom for atom in at.position.terms if isinstance(atom, Var)}
        kept = [loop for loop in loops if loop in used]
        expected = Index(0)
        for loop in kept:
            expected = expected * loop.extent + Index.of(loop)
        if at.position == expected and math.prod(loop.extent for loop in kept) == math.prod(source.shape):
            dropped = frozenset(i for i, loop in enumerate(loops) if loop not in used)
            return Link(source, "rows", dropped) if dropped else Link(source, "same")
    return Link(source, "repeated" if repeats else "moved")


def _sources(values: tuple[Value, ...]) -> list[Value]:
    """What the values are moved from."""
    found: dict[Value, None] = {}
    stack = list(reversed(values))
    while stack:
        value = stack.pop()
        if is_move(value):
            assert isinstance(value, Apply)
            stack.extend(reversed(value.inputs))
        else:
            found[value] = None
    return list(found)
