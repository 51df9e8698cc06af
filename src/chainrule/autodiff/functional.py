"""Derivatives of functions: `grad`, `value_and_grad`, `vjp`, `jvp`, `jacobian`, `hessian`; all of them compose.

Each runs the function on inputs that are tracked, then walks back with the walk remembered. If the inputs were
tracked already, by a transformation further out, the results stay connected to them; if not, they are cut off, so
that nothing is kept that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.autodiff.walk import seed, walk
from chainrule.core import tree
from chainrule.core.dtype import is_floating
from chainrule.core.modes import enable_grad, is_grad_enabled, state
from chainrule.core.node import Handle, Node
from chainrule.core.types import Tensor
from chainrule.errors import ArgumentError, GradientError, ShapeError
from chainrule.ops.convert import as_tensor
from chainrule.ops.creation import eye, zeros
from chainrule.ops.layout import stack
from chainrule.ops.movement import RESHAPE

ArgNums = int | Sequence[int]


def grad(fn: Callable[..., Any], argnums: ArgNums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `fn`, which must give one number.

    Args:
        fn: A function of tensors (or lists, tuples, dicts of them) that gives a tensor of one element.
        argnums: The positional argument to differentiate with respect to, or several.
        has_aux: Whether `fn` gives `(result, anything)`; then the gradient comes as `(gradient, anything)`.

    Returns:
        A function of the same arguments. Its gradient has the form of the argument; a tuple for several.

    Raises:
        GradientError: If the result is not one floating number, or an argument is not floating.

    >>> cr.grad(lambda x: x**3)(cr.tensor(2.0))
    tensor(12.)
    >>> cr.grad(cr.grad(lambda x: x**3))(cr.tensor(2.0))
    tensor(12.)
    """
    both = value_and_grad(fn, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(fn: Callable[..., Any], argnums: ArgNums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives `(fn(...), gradient)`; arguments and errors are those of `grad`.

    With `has_aux` it gives `((result, anything), gradient)`.

    >>> cr.value_and_grad(lambda x: x * x)(cr.tensor(3.0))
    (tensor(9.), tensor(6.))
    """
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def both(*args: Any, **kwargs: Any) -> Any:
        _check_argnums(chosen, args)
        inputs = _Inputs([args[i] for i in chosen])
        full = list(args)
        for i, tracked in zip(chosen, inputs.tracked, strict=True):
            full[i] = tracked
        with enable_grad():
            out = fn(*full, **kwargs)
        value = out[0] if has_aux else out
        _check_scalar(value)
        found = inputs.pull_back([(value, None)])
        result = (inputs.cut(value), tree.map_leaves(inputs.cut, out[1])) if has_aux else inputs.cut(value)
        return result, found[0] if isinstance(argnums, int) else tuple(found)

    return both


def vjp(fn: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., tuple[Any, ...]]]:
    """`fn(*primals)`, and a function from a gradient of that result to the gradients of the primals.

    Args:
        fn: A function of tensors (or lists, tuples, dicts of them).
        primals: Its arguments.

    Returns:
        The result, and the function; it takes what has the result's form and gives a tuple, one entry a primal.

    Raises:
        GradientError: If a primal is not floating.
        ShapeError: If the gradients given do not have the results' shapes.

    >>> y, pull_back = cr.vjp(lambda x: x * x, cr.tensor([1.0, 2.0]))
    >>> pull_back(cr.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    inputs = _Inputs(list(primals))
    with enable_grad():
        out = fn(*inputs.tracked)
    results = tree.leaves(out)

    def pull_back(cotangents: Any) -> tuple[Any, ...]:
        given = [as_tensor(c) for c in tree.leaves(cotangents)]
        if len(given) != len(results):
            raise ShapeError("there must be one gradient a result.", expected=len(results), got=len(given))
        return tuple(inputs.pull_back(list(zip(results, given, strict=True)), extra=given))

    return tree.map_leaves(inputs.cut, out), pull_back


def jvp(fn: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`fn(*primals)`, and how it changes if the primals move along the tangents (the forward derivative).

    The reverse walk is linear in the gradient it starts with; walking back through that map turns it round
    (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    Args:
        fn: A function of tensors.
        primals: Its arguments.
        tangents: A direction for each, in its form.

    Returns:
        The result, and its change in the result's form.

    Raises:
        GradientError: If a primal is not floating, or a result is no floating tensor.
        ShapeError: If the tangents do not have the primals' shapes.

    >>> cr.jvp(lambda x: x * x, (cr.tensor(3.0),), (cr.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    shapes = [tuple(t.shape) for t in tree.leaves(list(primals))]
    directions = [as_tensor(t) for t in tree.leaves(list(tangents))]
    if [tuple(t.shape) for t in directions] != shapes:
        raise ShapeError(
            "there must be a tangent of the same shape for each primal.",
            expected=shapes,
            got=[t.shape for t in directions],
        )
    inputs = _Inputs(list(primals))
    with enable_grad():
        out = fn(*inputs.tracked)
        results = tree.leaves(out)
        if not all(isinstance(y, Tensor) and is_floating(y.dtype) for y in results):
            raise GradientError(
                "jvp takes a function that gives floating tensors.", got=[type(y).__name__ for y in results]
            )
        starts = [_fresh(y.detach().zeros_like())[0] for y in results]
        back = tree.leaves(inputs.pull_back(list(zip(results, starts, strict=True)), extra=starts, keep=True))
    nodes = [start.node for start in starts]
    moved = _pull(list(zip(back, directions, strict=True)), nodes)
    connected = any(t.node.tracked for t in directions) or inputs.lead_beyond(moved, nodes)
    tangents_out = [m if connected else m.detach() for m in moved]
    return tree.map_leaves(inputs.cut, out), tree.unflatten(out, tangents_out)


def jacobian(fn: Callable[..., Any], argnums: int = 0) -> Callable[..., Tensor]:
    """A function that gives every derivative of every element of the result: shape (*result, *argument).

    One walk back for each element of the result.

    Args:
        fn: A function of tensors that gives one tensor.
        argnums: The positional argument to differentiate with respect to: one tensor.

    Raises:
        GradientError: If the result is no tensor, or the argument is not floating.
        ArgumentError: If `argnums` names no argument.

    >>> cr.jacobian(lambda x: x * x)(cr.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    def all_derivatives(*args: Any, **kwargs: Any) -> Tensor:
        _check_argnums((argnums,), args)
        at = argnums % len(args)

        def of_one(x: Tensor) -> Any:
            return fn(*args[:at], x, *args[at + 1 :], **kwargs)

        argument = as_tensor(args[at])
        out, pull_back = vjp(of_one, argument)
        if not isinstance(out, Tensor):
            raise GradientError("jacobian takes a function that gives one tensor.", got=type(out).__name__)
        shape = (*out.shape, *argument.shape)
        if out.numel() == 0:
            return zeros(shape, dtype=argument.dtype)
        unit = eye(out.numel(), dtype=out.dtype).reshape(out.numel(), *out.shape)
        return stack([pull_back(row)[0] for row in unit]).reshape(shape)

    return all_derivatives


def hessian(fn: Callable[..., Any], argnums: int = 0) -> Callable[..., Tensor]:
    """A function that gives all second derivatives of `fn`, which must give one number: (*argument, *argument).

    Args:
        fn: A function of tensors that gives a tensor of one element.
        argnums: The positional argument to differentiate with respect to, twice: one tensor.

    Raises:
        GradientError: If the result is not one floating number, or the argument is not floating.

    >>> cr.hessian(lambda x: (x**3).sum())(cr.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacobian(grad(fn, argnums), argnums)


class _Inputs:
    """The arguments to differentiate with respect to, tracked afresh."""

    def __init__(self, args: list[Any]) -> None:
        self._form = args
        fresh = [_fresh(item) for item in tree.leaves(args)]
        self._nodes = [tensor.node for tensor, _ in fresh]
        self.tracked: list[Any] = tree.unflatten(args, [tensor for tensor, _ in fresh])
        self._connected = any(connected for _, connected in fresh)

    def pull_back(
        self, results: list[tuple[Tensor, Tensor | None]], extra: Sequence[Tensor] = (), keep: bool = False
    ) -> list[Any]:
        """The gradients, in the arguments' form; cut off unless something further out needs them."""
        found = _pull(results, self._nodes)
        outer = keep or any(t.node.tracked for t in extra) or self.lead_beyond(found)
        return list(tree.unflatten(self._form, found if outer and is_grad_enabled() else [g.detach() for g in found]))

    def cut(self, value: Any) -> Any:
        """A result, cut off from the fresh inputs unless something further out needs it."""
        if not isinstance(value, Tensor):
            return value
        return value if self.lead_beyond([value]) and is_grad_enabled() else value.detach()

    def lead_beyond(self, tensors: list[Tensor], own: Sequence[Node] = ()) -> bool:
        """Whether derivatives of these tensors are of use to anything further out than these inputs."""
        return self._connected or _reaches_others(tensors, [*self._nodes, *own])


def _fresh(value: Any) -> tuple[Tensor, bool]:
    """A tracked tensor with the value of `value`, and whether it leads on to what `value` was computed from."""
    tensor = as_tensor(value)
    if not is_floating(tensor.dtype):
        raise GradientError(
            "derivatives are taken with respect to floating tensors.", got=tensor.dtype, remedy="x.float()"
        )
    if tensor.node.tracked and is_grad_enabled():
        # A reshape to the same shape is a node of its own that leads on to the outer one.
        return RESHAPE(tensor, shape=tensor.shape), True
    return Handle.of(Node(tensor.shape, tensor.dtype, state.interpreter.held(tensor), tracked=True)), False


def _pull(results: list[tuple[Tensor, Tensor | None]], nodes: list[Node]) -> list[Tensor]:
    """The gradients of `nodes`, zeros for those that the results do not depend on."""
    starts = [(y.node, seed(y, g)) for y, g in results if isinstance(y, Tensor) and y.node.tracked]
    found = walk(starts, nodes, create_graph=True, free=False) if starts else {}
    return [found[node] if node in found else Handle.of(node).detach().zeros_like() for node in nodes]


def _reaches_others(tensors: list[Tensor], own: list[Node]) -> bool:
    """Whether the tensors depend on tracked leaves other than `own` (a weight that the function closes over)."""
    stack = [tensor.node for tensor in tensors]
    seen = set(own)
    while stack:
        node = stack.pop()
        if node not in seen and node.tracked:
            seen.add(node)
            if node.origin is None:
                return True
            stack.extend(node.origin.inputs)
    return False


def _check_argnums(argnums: Sequence[int], args: Sequence[Any]) -> None:
    if any(not -len(args) <= i < len(args) for i in argnums):
        raise ArgumentError(
            "argnums names an argument that was not given.", expected=f"below {len(args)}", got=tuple(argnums)
        )


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor) or value.numel() != 1 or not is_floating(value.dtype):
        raise GradientError(
            "the function must give one floating number.",
            got=f"shape {value.shape}, {value.dtype}" if isinstance(value, Tensor) else type(value).__name__,
            remedy="sum() or mean() the result, or use jacobian",
        )
