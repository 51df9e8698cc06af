"""What holds of every graph. Checked between the stages of the compiler, so that a mistake shows where it was made."""

from __future__ import annotations

from chainrule.core.primitive import Spec
from chainrule.errors import InternalError
from chainrule.graph.graph import Apply, Constant, Graph, Input, Value
from chainrule.graph.text import around


def verify(graph: Graph, after: str = "the trace") -> Graph:
    """The graph itself, if it is whole.

    Every value has the shape and dtype that its primitive infers; constants are what they say, contiguous and
    read-only; inputs are among the graph's own; a write has its input's shape and dtype, and no input has two.

    Args:
        graph: The program.
        after: What has made it, for the message.

    Raises:
        InternalError: If something does not hold; it shows the lines about the value.
    """
    inputs = set(graph.inputs)
    for value in graph.order():
        if isinstance(value, Apply):
            _check_apply(graph, value, after)
        elif isinstance(value, Constant):
            _check_constant(graph, value, after)
        elif value not in inputs:
            raise _mistake(
                graph, value, after, "an input that is none of the graph's.", got=getattr(value, "name", value)
            )
    _check_writes(graph, after)
    return graph


def _check_apply(graph: Graph, value: Apply, after: str) -> None:
    try:
        expected = value.primitive.infer(*[each.spec for each in value.inputs], **value.params)
    except Exception as error:
        raise _mistake(graph, value, after, f"{value.primitive.name} cannot take its inputs.", got=error) from error
    if value.spec != expected:
        raise _mistake(graph, value, after, "a value is not what its operation makes.", expected, value.spec)


def _check_constant(graph: Graph, value: Constant, after: str) -> None:
    array = value.array
    if value.spec != Spec(array.shape, array.dtype):
        raise _mistake(graph, value, after, "a constant is not its array.", value.spec, (array.shape, array.dtype))
    if array.flags.writeable or not array.flags.c_contiguous:
        raise _mistake(graph, value, after, "a constant's array must be read-only and contiguous.", got=array.flags)


def _check_writes(graph: Graph, after: str) -> None:
    written: set[int] = set()
    for index, value in graph.writes:
        if index in written or not 0 <= index < len(graph.inputs):
            raise _mistake(graph, value, after, "a write to no input, or to one that is written already.", got=index)
        written.add(index)
        target: Input = graph.inputs[index]
        if value.spec != target.spec:
            raise _mistake(graph, value, after, f"{target.name} cannot hold what is written.", target.spec, value.spec)


def _mistake(
    graph: Graph, value: Value, after: str, what: str, expected: object = None, got: object = None
) -> InternalError:
    return InternalError(
        f"{what} This is a mistake in chainrule, not in your program.\n{around(graph, value)}",
        where=f"after {after}",
        expected=expected,
        got=got,
        remedy="please report it with these lines; jit=False does without the compiler",
    )
