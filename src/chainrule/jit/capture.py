"""Tracing a function: running it once under the recorder, and noting what it returned and changed."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core import modes, tree
from chainrule.core.dtype import as_dtype
from chainrule.core.held import Symbol
from chainrule.core.node import Handle, Node
from chainrule.core.rewind import Before
from chainrule.core.types import Tensor
from chainrule.errors import SideEffectError
from chainrule.jit.compare import frozen, is_put_away, same, shown
from chainrule.jit.recorder import Leaf, Recorder, Step
from chainrule.jit.streams import Stream
from chainrule.jit.surroundings import Surroundings
from chainrule.jit.trace import Plain, Written
from chainrule.ops.random import default_generator


@dataclass(frozen=True)
class Returned:
    """A tensor that was returned."""

    tensor: weakref.ref[Handle]
    symbol: Leaf | Step
    tracked: bool


@dataclass(frozen=True)
class Change:
    """A tensor that was written to, or whose gradient was.

    Attributes:
        before: What it held, and the tensor itself.
        after: What it was in the end.
        symbol: The value in the end; None if it is what it was.
        gradient: The gradient in the end, if there was one.
        gradient_written: Whether the gradient was written.
    """

    before: Before
    after: Written
    symbol: Leaf | Step | None
    gradient: Leaf | Step | None
    gradient_written: bool


@dataclass
class Capture:
    """What a traced call has left. No tensor that was made in it is kept alive, to see which outlive the call.

    Attributes:
        recorder: What was noted on the way.
        surroundings: What the function depended on besides its arguments.
        leaves: The leaves of its arguments.
        given: What it was given for them.
        own: Those that it was given as they are.
        form: How the results are put together.
        returned: Its results, leaf by leaf.
        changes: The tensors that were written.
        settled: Whether another call would do the same: not if this one has put away tensors that it has made.
    """

    recorder: Recorder
    surroundings: Surroundings
    leaves: list[Any]
    given: list[Any]
    own: frozenset[int]
    form: Any = None
    returned: list[Returned | Plain] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    settled: bool = True


def capture(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    names: list[str],
    own: frozenset[int] = frozenset(),
) -> Capture:
    """Trace one call. Nothing that the user can see is changed.

    Args:
        function: The function.
        args: Its arguments.
        kwargs: Its arguments by name.
        names: The name of each of the arguments' leaves.
        own: The leaves that are given to the function as they are: tensors that it also reaches by itself.

    Raises:
        UntracedValueError: If the function asks for a value that is not known.
        SideEffectError: If it does what a program cannot do again.
    """
    # Made now, so that it is not taken for something that the function has made.
    default_generator()
    leaves = tree.leaves([args, kwargs])
    statics = {name: leaf for name, leaf in zip(names, leaves, strict=True) if not _is_input(leaf)}
    surroundings = Surroundings(function, statics)
    recorder = Recorder(getattr(function, "__name__", type(function).__name__), surroundings.names)
    for _, thing in surroundings.things:
        recorder.steered_by(thing)
    given = _given(recorder, leaves, own)
    found = Capture(recorder, surroundings, leaves, given, own)
    try:
        with modes.interpreter(recorder):
            traced_args, traced_kwargs = tree.unflatten([args, kwargs], given)
            _note(found, function(*traced_args, **traced_kwargs))
    finally:
        recorder.kept.restore()
    _check_side_effects(found)
    return found


def _is_input(leaf: Any) -> bool:
    return isinstance(leaf, (Handle, np.ndarray, Stream))


def _given(recorder: Recorder, leaves: Sequence[Any], own: frozenset[int]) -> list[Any]:
    """What the function is called with: for each tensor or array a tensor without a value."""
    made: dict[int, Tensor] = {}
    given: list[Any] = []
    for index, leaf in enumerate(leaves):
        if index in own or not _is_input(leaf):
            given.append(leaf)
            continue
        if id(leaf) not in made:
            if isinstance(leaf, Handle):
                made[id(leaf)] = recorder.argument(index, leaf.node, type(leaf))
                made[id(leaf)]._grad = leaf._grad
            else:
                like = Node(leaf.shape, as_dtype(leaf.dtype), None)
                made[id(leaf)] = recorder.argument(index, like, Handle.concrete)
        given.append(made[id(leaf)])
    return given


def _note(found: Capture, out: Any) -> None:
    """Note what was returned and what was written."""
    recorder = found.recorder
    found.form = tree.map_leaves(lambda leaf: None, out)
    for leaf in tree.leaves(out):
        if isinstance(leaf, Handle):
            found.returned.append(Returned(weakref.ref(leaf), recorder.symbol(leaf), leaf.node.tracked))
        else:
            found.returned.append(Plain(leaf))
    for handle, before in recorder.kept.living():
        node, grad = handle.node, handle._grad
        view = handle.part_of if handle.part_of is not before.part_of else None
        found.changes.append(
            Change(
                before,
                Written(node.tracked, node.is_leaf, node.owner is not None, view),
                recorder.symbol(handle) if node is not before.node else None,
                recorder.symbol(grad) if isinstance(grad, Handle) else None,
                recorder.has_written_gradient(handle),
            )
        )


def _check_side_effects(found: Capture) -> None:
    """Raise an error if anything but tensors was changed."""
    for entry in found.recorder.set_attributes.values():
        new = getattr(entry.thing, entry.name, None)
        if not same(frozen(new), entry.before):
            found.settled = False
            if not is_put_away(new):
                label = found.recorder.steered[id(entry.thing)].label()
                raise _side_effect(f"{entry.name!r} of {label}", new, entry.before, entry.line)
    for steered in found.recorder.steered.values():
        for name, new, old in steered.changes():
            found.settled = False
            if not is_put_away(new):
                raise _side_effect(f"{name!r} of {steered.label()}", new, old, None)
    for change in found.surroundings.changes():
        found.settled = False
        if not is_put_away(change.new):
            raise _side_effect(change.name, change.new, change.old, None)


def _side_effect(what: str, new: Any, old: Any, where: str | None) -> SideEffectError:
    made_at = new.node.held.line if isinstance(new, Handle) and isinstance(new.node.held, Symbol) else None
    return SideEffectError(
        "a compiled function can change tensors, but nothing else.",
        where=where or made_at,
        expected=f"{what} as before the call: {shown(old)}",
        got=shown(new),
        remedy="return it from the function; or hold it as a tensor (register_buffer) and change that in place",
    )
