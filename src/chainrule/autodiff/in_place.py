"""Changing a tensor in place: it holds another node from then on.

Nodes never change, so derivatives that were remembered stay right; the old node is marked stale, and a derivative that
needs its value is an error, as in PyTorch. A part of a tensor (`x[0]`, `x.view(...)`, `x.detach()`) that is changed is
put back into the whole.
"""

from __future__ import annotations

import weakref

import numpy as np

from chainrule.core.dtype import rank
from chainrule.core.modes import no_grad, state
from chainrule.core.node import Node, Origin, View
from chainrule.core.types import Tensor
from chainrule.errors import DTypeError, InPlaceError, ShapeError
from chainrule.ops.convert import TensorLike, as_tensor, broadcast, constant
from chainrule.ops.creation import own
from chainrule.ops.elementwise import WHERE
from chainrule.ops.movement import RESHAPE, cast


def assign(tensor: Tensor, source: TensorLike) -> Tensor:
    """Let `tensor` hold the value of `source`, stretched to its shape and cast to its dtype."""
    given = as_tensor(source, tensor.dtype)
    return _hold(tensor, given.clone() if given is source else given)


def before(tensor: Tensor) -> Tensor:
    """The tensor as it is, for an operation that is about to change it and whose derivative may need it so."""
    return RESHAPE(tensor, shape=tensor.shape) if state.grad_enabled else tensor


def update(tensor: Tensor, result: Tensor) -> Tensor:
    """Let `tensor` hold the result of an operation on what it was `before`.

    Raises:
        DTypeError: If the result's dtype is of a higher kind: 0.5 cannot be added to an integer in place.
    """
    if rank(result.dtype) > rank(tensor.dtype):
        raise DTypeError(
            f"a tensor of {tensor.dtype} cannot hold {result.dtype}.",
            expected=tensor.dtype,
            got=result.dtype,
            remedy="write x = x + y in place of x += y, or cast x first",
        )
    return _hold(tensor, result.clone() if result is tensor else result)


def _hold(tensor: Tensor, value: Tensor) -> Tensor:
    """Let `tensor` hold `value`, whose node no other tensor holds."""
    whole = _whole(tensor)
    try:
        fitting = broadcast(cast(value, tensor.dtype), tensor.shape)
    except ShapeError:
        raise ShapeError("a change in place cannot change the shape.", expected=tensor.shape, got=value.shape) from None
    before = tensor.node
    tensor.rebind(_successor(tensor, fitting))
    if before.is_leaf and before.tracked:
        own(tensor)
    if whole is not None and tensor.part_of is not None:
        _put_back(whole, tensor, tensor.part_of)
    return tensor


def _successor(tensor: Tensor, value: Tensor) -> Node:
    """What `tensor` holds after taking over `value`."""
    before = tensor.node
    if state.grad_enabled and value.node.tracked:
        return value.node
    if before.tracked and not before.is_leaf and state.grad_enabled:
        # Overwritten by a constant: the derivative by what it was is 0.
        nowhere = constant(np.zeros(before.shape, bool))
        return WHERE(nowhere, tensor, value).node
    after = Node(before.shape, before.dtype, state.interpreter.held(value))
    if before.is_leaf:
        after.tracked, after.hooks = before.tracked, before.hooks
    elif before.tracked:
        # The change is not remembered: derivatives go on to where the old value came from.
        after.tracked, after.origin = True, Origin(RESHAPE, (before,), {"shape": before.shape})
    return after


def _whole(tensor: Tensor) -> Tensor | None:
    """What `tensor` is a part of, if that is still there; an error if it must not be changed."""
    if tensor.node.tracked and tensor.node.is_leaf and state.grad_enabled:
        raise InPlaceError(
            "a tensor that requires a gradient must not be changed in place while derivatives are remembered.",
            remedy="with chainrule.no_grad(): around the change",
        )
    view = tensor.part_of
    if view is None:
        return None
    whole = view.base() if isinstance(view.base, weakref.ref) else view.base
    if whole is None:
        return None
    if whole.node is not view.node:
        raise InPlaceError(
            "this is a part of a tensor that has been changed since the part was taken.",
            got=f"a part of shape {tensor.shape} of a tensor of shape {whole.shape}",
            remedy="take the part again, or clone() it to change it apart",
        )
    if view.primitive is None:
        with no_grad():
            _whole(whole)
    else:
        _whole(whole)
    return whole


def _put_back(whole: Tensor, part: Tensor, view: View) -> None:
    """Put a changed part back into the whole."""
    if view.primitive is None:
        with no_grad():
            assign(whole, part)
    elif view.primitive.put_back is not None:
        changed = view.primitive.put_back(whole, part, **view.params)
        _hold(whole, part.clone() if changed is part else changed)
    part.part_of = view._replace(node=whole.node)
