"""What must be in memory for the kernels that read whole arrays, and which values have to be computed at all."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compiler.expression import Expr
from chainrule.compiler.fuse.kinds import is_contraction, is_convolution, is_whole
from chainrule.compiler.fuse.links import Link, links_of
from chainrule.compiler.fuse.moves import is_move, move
from chainrule.compiler.fuse.place import Place, home, loops_over
from chainrule.compiler.index import Var
from chainrule.graph import Apply, Graph, Value
from chainrule.ops.movement import RESHAPE


@dataclass(frozen=True)
class Work:
    """What a program has to compute.

    Attributes:
        graph: The graph, in which every output is a value of its own that is computed.
        values: What is computed, each after what it reads; movements only where they must be in memory themselves.
        links: What each of them reads.
    """

    graph: Graph
    values: tuple[Apply, ...]
    links: dict[Apply, tuple[Link, ...]]


def work_of(graph: Graph) -> Work:
    """Find out what has to be computed, from the outputs down."""
    graph = _with_outputs_of_their_own(graph)
    links: dict[Apply, tuple[Link, ...]] = {}
    order: list[Apply] = []
    stack: list[tuple[Value, bool]] = [(value, False) for value in reversed(graph.outputs)]
    while stack:
        value, expanded = stack.pop()
        if not isinstance(value, Apply):
            continue
        if expanded:
            order.append(value)
        elif value not in links:
            links[value] = tuple(_links(value))
            stack.append((value, True))
            stack.extend((link.source, False) for link in reversed(links[value]))
    return Work(graph, tuple(order), links)


def _links(value: Apply) -> list[Link]:
    if is_whole(value) or is_convolution(value) or value.primitive.name == "random_uniform":
        return [Link(array_in_memory(operand), "repeated") for operand in value.inputs]
    if is_contraction(value):
        return [Link(source_in_memory(operand), "repeated") for operand in value.inputs]
    return links_of(value)


def _with_outputs_of_their_own(graph: Graph) -> Graph:
    """The graph with a copy in place of each output that is an input, a constant, or another output already."""
    seen: set[Value] = set()

    def own(value: Value) -> Value:
        if isinstance(value, Apply) and value not in seen:
            seen.add(value)
            return value
        return Apply(value.shape, value.dtype, RESHAPE, (value,), {"shape": value.shape})

    # Writes first: a value that is both is computed where it stays.
    writes = tuple((number, own(value)) for number, value in graph.writes)
    return Graph(graph.inputs, tuple(own(value) for value in graph.results), writes)


def source_in_memory(operand: Value) -> Value:
    """What a matrix product reads for `operand`: what it is moved from, if that is a matter of strides; else itself."""
    loops = loops_over(operand.shape)
    found = reached(operand, home(operand.shape, loops))
    if found is None:
        return operand
    source, place = found
    return source if all(isinstance(atom, Var) for atom in place.position.terms) else operand


def array_in_memory(operand: Value) -> Value:
    """What a kernel over whole arrays reads for `operand`: what it is a reshape of; else itself."""
    loops = loops_over(operand.shape)
    start = home(operand.shape, loops)
    found = reached(operand, start)
    if found is None:
        return operand
    source, place = found
    same = place.position == start.position and source.spec.dtype == operand.dtype
    return source if same and _elements(source) == _elements(operand) else operand


def _elements(value: Value) -> int:
    count = 1
    for length in value.shape:
        count *= length
    return count


def reached(value: Value, place: Place) -> tuple[Value, Place] | None:
    """What `value` is moved from, up to what must be computed or looked up, and the place there; None if not one."""
    while is_move(value):
        assert isinstance(value, Apply)
        if value.primitive.name in ("take", "gather"):
            break
        moved = move(value, place, _no_look)
        if len(moved.branches) != 1 or moved.branches[0].conditions:
            return None
        value, place = moved.branches[0].source, moved.branches[0].place
    return value, place


def _no_look(value: Value, place: Place) -> Expr:
    raise AssertionError("only take and gather look up indices")
