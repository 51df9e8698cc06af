"""What must still be as it was for a trace to hold, and what has changed if it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.changes import changes
from chainrule.core.node import Node
from chainrule.jit.compare import shown
from chainrule.jit.recorder import Argument, Holder
from chainrule.jit.trace import Trace


class Guards:
    """The guards of a trace. What is counted (see `core.changes`) is looked at only when something was."""

    def __init__(self, trace: Trace) -> None:
        self._steered = trace.steered
        self._surroundings = trace.surroundings
        self._watched = trace.watched
        self._gradients = [(gradient.of, there, _name(trace, gradient.of)) for gradient, there in trace.gradients]
        self._handles = [handle for handle, _ in trace.touched]
        self._names = [name for _, name in trace.touched]
        self._nodes = [handle.node for handle in self._handles]
        self._specs = [_spec(node) for node in self._nodes]
        self._changed = [place.index for place in trace.written if isinstance(place, Argument)]
        self._steering_seen = changes.steering
        self._tensors_seen = -1

    def broken(self, leaves: Sequence[Any]) -> str | None:
        """What has changed, in words; None if the trace holds.

        Args:
            leaves: The leaves of the arguments.
        """
        steering, tensors = changes.steering, changes.tensors
        reason = self._surroundings.changed()
        if reason is None and self._steering_seen != steering:
            reason = self._steering_changed()
        if reason is None and (self._tensors_seen != tensors or self._steering_seen != steering):
            reason = self._tensors_changed(leaves)
        if reason is None and self._changed and any(leaves[index].part_of is not None for index in self._changed):
            reason = "an argument that is changed is a part of another tensor, was none"
        if reason is None and self._watched:
            reason = self._values_changed()
        if reason is None:
            self._steering_seen, self._tensors_seen = steering, tensors
        return reason

    def _steering_changed(self) -> str | None:
        for steered in self._steered:
            for name, new, old in steered.changes():
                return f"{name!r} of {steered.label()} is {shown(new)}, was {shown(old)}"
        return None

    def _tensors_changed(self, leaves: Sequence[Any]) -> str | None:
        # Hooks may have been added to a node that is the same otherwise; their adding counts as steering.
        rehooked = self._steering_seen != changes.steering
        for i, handle in enumerate(self._handles):
            node = handle.node
            if node is not self._nodes[i] or rehooked:
                spec, old = _spec(node), self._specs[i]
                if spec != old:
                    return f"{self._names[i]} {_difference(spec, old)}"
                self._nodes[i] = node
        for owner, there, name in self._gradients:
            handle = leaves[owner.index] if isinstance(owner, Argument) else owner.handle
            if (handle._grad is not None) is not there:
                return f"{name} has {'no' if there else 'a'} gradient, had {'one' if there else 'none'}"
        return None

    def _values_changed(self) -> str | None:
        for handle, value in self._watched:
            held = handle.node.held
            now = held if isinstance(held, np.ndarray) else getattr(held, "array", None)
            if now is not value and (now is None or not np.array_equal(now, value, equal_nan=value.dtype.kind == "f")):
                return f"a tensor whose value was asked for holds {_few(now)}, held {_few(value)}"
        return None


def _spec(node: Node) -> tuple[Any, ...]:
    return node.shape, node.dtype, node.tracked, node.is_leaf, tuple(node.hooks)


def _difference(now: tuple[Any, ...], was: tuple[Any, ...]) -> str:
    words = ("has shape {}", "has dtype {}", "has requires_grad={}", "has is_leaf={}", "has other hooks")
    at = next(i for i, (new, old) in enumerate(zip(now, was, strict=True)) if new != old)
    return words[at].format(now[at]) + (f", was {was[at]}" if at < 4 else "")


def _name(trace: Trace, owner: Argument | Holder) -> str:
    return trace.names.get(owner, "a tensor")


def _few(value: np.ndarray | None) -> str:
    return "nothing" if value is None else np.array2string(value, threshold=4, precision=6)
