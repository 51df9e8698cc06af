"""Products are computed in the orientation in which they are used: (A·B)ᵀ is Bᵀ·Aᵀ, sum for sum.

The gradient of a weight comes out of the chain rule as the transpose of what the optimizer reads. Turned around, the update
can be the product's epilogue, and nothing is transposed.
"""

from __future__ import annotations

from dataclasses import replace

from chainrule.compiler.fuse.kinds import is_contraction
from chainrule.graph import Apply, Graph, Value
from chainrule.graph.rewrite import rewire
from chainrule.ops.movement import PERMUTE


def oriented(graph: Graph) -> Graph:
    """The graph with every product turned around that is only used transposed."""
    readers: dict[Value, list[Apply]] = {}
    for value in graph.order():
        if isinstance(value, Apply):
            for source in value.inputs:
                readers.setdefault(source, []).append(value)
    outputs = set(graph.outputs)
    turned: dict[Value, Value] = {}
    for product, using in readers.items():
        if is_contraction(product) and product not in outputs and all(_transposes(reader) for reader in using):
            assert isinstance(product, Apply)
            a, b = product.inputs
            around = replace(product, shape=using[0].shape, inputs=(_transposed(b), _transposed(a)))
            turned.update(dict.fromkeys(using, around))
    if not turned:
        return graph
    inputs = {
        reader: tuple(turned.get(source, source) for source in reader.inputs)
        for value in turned
        for reader in readers.get(value, [])
    }
    results = tuple(turned.get(value, value) for value in graph.results)
    writes = tuple((number, turned.get(value, value)) for number, value in graph.writes)
    return rewire(Graph(graph.inputs, results, writes), inputs)


def _swap(rank: int) -> tuple[int, ...]:
    return (*range(rank - 2), rank - 1, rank - 2)


def _transposes(value: Value) -> bool:
    """Whether it swaps the last two dimensions and does nothing else."""
    if not isinstance(value, Apply) or value.primitive is not PERMUTE:
        return False
    return tuple(value.params["dims"]) == _swap(len(value.shape))


def _transposed(value: Value) -> Value:
    if _transposes(value):
        assert isinstance(value, Apply)
        return value.inputs[0]
    shape = (*value.shape[:-2], value.shape[-1], value.shape[-2])
    return Apply(shape, value.dtype, PERMUTE, (value,), {"dims": _swap(len(value.shape))})
