"""The reverse walk: the chain rule, from a result back to what it was computed from.

Each node on the way asks its primitive's `vjp` rule for the gradients of its inputs. The rules are tensor code, so
if the walk itself is remembered (`create_graph`), derivatives of derivatives need nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chainrule.core.compiled import Compiled
from chainrule.core.modes import phase, set_grad_enabled, state
from chainrule.core.node import Handle, Node, Origin
from chainrule.core.types import Tensor
from chainrule.errors import ChainruleError, FreedGraphError, GradientError, ShapeError
from chainrule.ops.convert import as_tensor


def walk(
    outputs: Sequence[tuple[Node, Tensor]], targets: Sequence[Node] | None, *, create_graph: bool, free: bool
) -> dict[Node, Tensor]:
    """The gradients of the leaves (or of `targets`, if given) that the outputs depend on.

    Args:
        outputs: The results, each with its gradient.
        targets: The nodes whose gradients are wanted; None for all leaves, and what `retain_grad` was called for.
        create_graph: Whether the walk is remembered, so that its results can be differentiated again.
        free: Whether origins are given back on the way, so that memory shrinks as the walk goes on.
    """
    order = topological([node for node, _ in outputs])
    wanted = set(targets) if targets is not None else {node for node in order if node.is_leaf or node.owner}
    useful = _leading_to(wanted, order)
    found: dict[Node, Tensor] = {}
    gradients: dict[Node, Tensor] = {}
    for node, g in outputs:
        gradients[node] = gradients[node] + g if node in gradients else g
    interpreter = state.interpreter
    with set_grad_enabled(create_graph), phase("backward"):
        while order:
            # Popped, so that values nobody else holds are given back on the way.
            node = order.pop()
            useful.discard(node)
            if node in gradients:
                g = _hooked(node, gradients.pop(node))
                if node in wanted:
                    found[node] = g
                if node.origin is not None:
                    # What the rules compute belongs to the layer whose operation is walked back through.
                    state.scope = node.scope
                    interpreter.walks(node)
                    for parent, part in _pull_back(node, node.origin, g, useful):
                        gradients[parent] = gradients[parent] + part if parent in gradients else part
            elif node in wanted:
                # Every way to it is flat (`floor`): its gradient is 0, not missing.
                found[node] = Handle.of(node).zeros_like()
            if free and node.origin is not None:
                node.origin, node.freed = None, True
    return found


def topological(roots: Iterable[Node]) -> list[Node]:
    """Every tracked node that the roots were computed from, each after its inputs. Iterative: chains may be long."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(root, False) for root in roots]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
        elif node not in seen and node.tracked:
            if node.freed:
                if isinstance(node.scope, Compiled):
                    raise GradientError(
                        "derivatives lead neither into a compiled function nor out of it.",
                        where=node.scope.label(),
                        got=f"a tensor of shape {node.shape} that was computed on the other side",
                        remedy="compute it within the function that calls backward(); or cut it off with x.detach()",
                    )
                raise FreedGraphError(
                    "backward a second time: what the first had remembered was given back.",
                    where=node.scope.label() if node.scope else None,
                    remedy="backward(retain_graph=True) the first time, or compute the loss again",
                )
            seen.add(node)
            stack.append((node, True))
            if node.origin is not None:
                stack.extend((parent, False) for parent in node.origin.inputs)
    return order


def _leading_to(wanted: set[Node], order: list[Node]) -> set[Node]:
    """The nodes that depend on a wanted one, and so must be walked through."""
    useful: set[Node] = set()
    for node in order:
        if node in wanted or (node.origin is not None and any(parent in useful for parent in node.origin.inputs)):
            useful.add(node)
    return useful


def _pull_back(node: Node, origin: Origin, g: Tensor, useful: set[Node]) -> Iterator[tuple[Node, Tensor]]:
    """The gradients of the inputs of `node`, as far as they lead somewhere."""
    primitive, parents, params = origin
    y, inputs = Handle.of(node), [Handle.of(parent) for parent in parents]
    for arg, parent in enumerate(parents):
        if parent in useful:
            try:
                part = primitive.vjp(arg, g, y, *inputs, **params)
            except ChainruleError as error:
                if node.scope:
                    error.locate(f"{node.scope.label()}, backward of {primitive.name}")
                raise
            if part is not None:
                yield parent, part


def _hooked(node: Node, g: Tensor) -> Tensor:
    """`g` after the hooks of `node`, each of which may replace it."""
    for hook in list(node.hooks):
        # Other tensors may hold the same gradient: a hook that changes it in place changes its own.
        own = g.clone()
        changed = hook(own)
        g = own if changed is None else changed
        if g.shape != node.shape:
            raise ShapeError("a hook gave back a gradient of another shape.", expected=node.shape, got=g.shape)
    return g


def backward(root: Tensor, gradient: Tensor | None, *, retain_graph: bool, create_graph: bool) -> None:
    """Add the gradients of `root` to the `.grad` of every leaf that it depends on. See `Tensor.backward`."""
    g = seed(root, gradient)
    found = walk([(root.node, g)], None, create_graph=create_graph, free=not (retain_graph or create_graph))
    with set_grad_enabled(create_graph):
        for leaf, total in found.items():
            owner = leaf.owner() if leaf.owner else None
            if owner is not None:
                # Several tensors may have got the same gradient: each has its own to change.
                owner.grad = total.clone() if owner.grad is None else owner.grad + total


def seed(root: Tensor, gradient: Tensor | None) -> Tensor:
    """The gradient that a walk starts with: 1 for a scalar, or the one given."""
    if not root.node.tracked:
        raise GradientError(
            "this tensor does not depend on anything that requires a gradient.",
            remedy="make the inputs with requires_grad=True, and compute outside of no_grad()",
        )
    if gradient is None:
        if root.numel() != 1:
            raise GradientError(
                "backward without a gradient needs a single number.",
                expected="a loss of one element",
                got=f"shape {root.shape}",
                remedy="loss.mean().backward(), or backward(gradient) with one of the tensor's shape",
            )
        return root.detach().ones_like()
    gradient = as_tensor(gradient, root.dtype)
    if gradient.shape != root.shape:
        raise ShapeError("the gradient must have the tensor's shape.", expected=root.shape, got=gradient.shape)
    return gradient.to(root.dtype)
