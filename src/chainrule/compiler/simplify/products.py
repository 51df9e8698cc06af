"""Matrix products that are asked for the other way round."""

from __future__ import annotations

from collections import Counter

from chainrule.compiler.simplify.rules import instead, is_apply
from chainrule.core.shape import Shape
from chainrule.graph import Apply, Graph, Value, inputs_of, rewrite
from chainrule.ops.contraction import MATMUL
from chainrule.ops.movement import PERMUTE


def turn_round(graph: Graph) -> Graph:
    """`(a @ b).mT = b.mT @ a.mT`, where the product serves nothing else.

    Turning an operand is free, as it is read in any order; turning a result is not. So the gradient of a weight comes
    out as the weight lies in memory. The sums are of the same products, in whatever order a product adds them.
    """
    if not {MATMUL, PERMUTE} <= graph.primitives:
        return graph
    uses = Counter(x for value in graph.order() for x in inputs_of(value))
    uses.update(graph.outputs)

    def rule(value: Apply) -> Value:
        if value.primitive is not PERMUTE:
            return value
        (product,) = value.inputs
        if not is_apply(product, MATMUL) or uses[product] != 1 or value.params["dims"] != _turned(len(value.shape)):
            return value
        a, b = (instead(product, PERMUTE, x, dims=_turned(len(x.shape))) for x in product.inputs)
        return instead(product, MATMUL, b, a)

    return rewrite(graph, rule)


def _turned(ndim: int) -> Shape:
    """The last two dimensions exchanged."""
    return (*range(ndim - 2), ndim - 1, ndim - 2)
