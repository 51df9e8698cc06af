"""Making a new graph from an old one, value by value; what does not change is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chainrule.graph.graph import Apply, Graph, Value, topological


def rewrite(graph: Graph, rule: Callable[[Apply], Value]) -> Graph:
    """The graph in which `rule` has had a look at every value that is computed, each after its inputs.

    Args:
        graph: The program.
        rule: Gives what shall stand in the place of a value, whose inputs are new already: the value itself, or another
            of the same shape and dtype. A value that is no longer used is left out by itself.

    Returns:
        A new graph; or `graph` itself, if the rule has changed nothing.
    """
    new: dict[Value, Value] = {}
    for value in graph.order():
        if isinstance(value, Apply):
            made = rule(_on(value, value.inputs, new) if new else value)
            if made is not value:
                new[value] = made
    return _ending_in(graph, new)


def rewire(graph: Graph, inputs: Mapping[Apply, tuple[Value, ...]]) -> Graph:
    """The graph in which some values take other inputs.

    Args:
        graph: The program.
        inputs: The new inputs of the values that change, in terms of the old graph: values of it, or values computed
            from them. None may depend on the value whose input it becomes.

    Returns:
        A new graph; or `graph` itself, if nothing changes.
    """

    def wanted(value: Value) -> tuple[Value, ...]:
        return inputs.get(value, value.inputs) if isinstance(value, Apply) else ()

    new: dict[Value, Value] = {}
    for value in topological(graph.outputs, wanted):
        if isinstance(value, Apply):
            made = _on(value, wanted(value), new)
            if made is not value:
                new[value] = made
    return _ending_in(graph, new)


def _on(value: Apply, inputs: tuple[Value, ...], new: Mapping[Value, Value]) -> Apply:
    """The same operation on what stands in the place of `inputs`, or on themselves; itself if those are its own."""
    replaced = tuple([new.get(each, each) for each in inputs])
    return value if replaced == value.inputs else with_inputs(value, replaced)


def with_inputs(value: Apply, inputs: tuple[Value, ...]) -> Apply:
    """The same operation on other inputs of the same shapes and dtypes."""
    return Apply(value.shape, value.dtype, value.primitive, inputs, value.params, value.note)


def _ending_in(graph: Graph, new: Mapping[Value, Value]) -> Graph:
    """The graph of what stands in the place of the outputs."""
    if not any(value in new for value in graph.outputs):
        return graph
    results = tuple(new.get(value, value) for value in graph.results)
    return Graph(graph.inputs, results, tuple((index, new.get(value, value)) for index, value in graph.writes))
