"""The recording interpreter: operations become symbols, and whatever else happens is noted."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.compiled import Compiled
from chainrule.core.held import Symbol
from chainrule.core.modes import Interpreter, Scope, state
from chainrule.core.node import Handle, Node
from chainrule.core.primitive import Params, Primitive, Spec
from chainrule.core.rewind import Kept
from chainrule.core.steering import Steering
from chainrule.core.types import Tensor
from chainrule.errors import DataDependentShapeError, GradientError, UntracedValueError
from chainrule.jit.compare import frozen, same
from chainrule.jit.lines import users_line


@dataclass(frozen=True)
class Argument:
    """The place of a tensor that is given at each call: number `index` of the leaves of the arguments."""

    index: int


@dataclass(frozen=True)
class Holder:
    """The place of a tensor that was there before the call; two are equal if they are the same tensor's."""

    handle: Handle

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Holder) and other.handle is self.handle

    def __hash__(self) -> int:
        return id(self.handle)


@dataclass(frozen=True)
class Gradient:
    """The place of a gradient: that of the tensor which is at another place."""

    of: Argument | Holder


Place = Argument | Holder | Gradient


class Leaf(Symbol):
    """A value that was not computed in the trace.

    Attributes:
        recorder: The trace it belongs to.
        node: What held it; its array, if it has one, is what it was at the trace.
        handle: The tensor that it was first met in.
        made: Whether it was made in the trace, of Python numbers or an array.
        place: Where it comes from at each call, as far as that is known already.
    """

    __slots__ = ("handle", "made", "node", "place", "recorder")

    def __init__(self, recorder: Recorder, node: Node, handle: Handle | None, made: bool, place: Place | None) -> None:
        super().__init__(users_line())
        self.recorder = recorder
        self.node = node
        self.handle = weakref.ref(handle) if handle is not None else None
        self.made = made
        self.place = place

    def settled(self) -> Place | None:
        """Its place, now that the trace is over: its tensor's, if that is still there and holds the same again."""
        if self.place is None:
            handle = self.handle() if self.handle is not None else None
            if handle is not None and handle.node is self.node:
                self.place = Holder(handle)
        return self.place


class Step(Symbol):
    """The result of an operation.

    Attributes:
        recorder: The trace it belongs to.
        out: Its shape and dtype.
        primitive: The operation.
        inputs: What it was applied to.
        params: Its parameters.
        scope: The layer at work.
        phase: The part of the step: `forward`, `backward` or `update`.
    """

    __slots__ = ("inputs", "out", "params", "phase", "primitive", "recorder", "scope")

    def __init__(
        self,
        recorder: Recorder,
        line: str,
        out: Spec,
        primitive: Primitive,
        inputs: tuple[Leaf | Step, ...],
        params: Params,
    ) -> None:
        super().__init__(line)
        self.recorder = recorder
        self.out = out
        self.primitive = primitive
        self.inputs = inputs
        self.params = params
        self.scope: Scope | None = state.scope
        self.phase = state.phase


@dataclass
class Steered:
    """A module or optimizer that was at work, and what of it decided which operations were done."""

    thing: Steering
    name: str
    named: frozenset[str]
    values: dict[str, Any]

    def changes(self) -> Iterator[tuple[str, Any, Any]]:
        """What has changed since: its name, what it is now and what it was."""
        now = self.thing.steering(self.named)
        for name in {**self.values, **now}:
            new, old = now.get(name), self.values.get(name)
            if not same(frozen(new), old):
                yield name, new, old

    def label(self) -> str:
        """How messages call it."""
        kind = type(self.thing).__name__
        return f"{kind} '{self.name}'" if self.name else kind


@dataclass
class SetAttribute:
    """An attribute of a module that was set: what it was before, and the user's line."""

    thing: Steering
    name: str
    before: Any
    line: str


class Recorder(Interpreter):
    """One trace.

    Args:
        name: The function's name.
        named: The names in its code, and in that of what it calls.

    Attributes:
        kept: What tensors held before they were written to.
        watched: Tensors whose value Python code has looked at.
        steered: The modules and optimizers at work, by their ids.
        gradients_seen: Tensors whose gradient was looked at before it was written, and whether there was one.
        gradients_written: Tensors that got another gradient.
        set_attributes: The attributes of modules that were set.
    """

    def __init__(self, name: str, named: frozenset[str]) -> None:
        self._scope = Compiled(name)
        self._named = named
        self.kept = Kept()
        self.watched: dict[Leaf, None] = {}
        self.steered: dict[int, Steered] = {}
        self.gradients_seen: dict[int, tuple[weakref.ref[Handle], bool]] = {}
        self.gradients_written: dict[int, weakref.ref[Handle]] = {}
        self.set_attributes: dict[tuple[int, str], SetAttribute] = {}
        self._arguments: dict[int, int] = {}
        self._leaves: dict[Node, Leaf] = {}
        self._made: set[Node | Steering] = set()
        self._walked = ""

    # Values

    def argument(self, index: int, like: Node, kind: type) -> Tensor:
        """What the function is given for a tensor or array: a tensor without a value."""
        node = Node(like.shape, like.dtype, None, tracked=like.tracked)
        node.held = Leaf(self, node, None, False, Argument(index))
        if not like.is_leaf:
            node.freed, node.scope = True, self._scope
        node.hooks = like.hooks
        tensor: Tensor = object.__new__(kind)
        Handle.__init__(tensor, node)
        if like.owner is not None:
            node.owner = weakref.ref(tensor)
        self._arguments[id(tensor)] = index
        return tensor

    def leaves(self) -> Iterable[Leaf]:
        """All values that were not computed in the trace, in the order in which they were met."""
        return self._leaves.values()

    def leaf(self, node: Node, handle: Handle) -> Leaf:
        """What stands for the value of `node`, which `handle` held when it was first met."""
        if node not in self._leaves:
            self._leaves[node] = Leaf(self, node, handle, node in self._made, None)
        return self._leaves[node]

    def symbol(self, handle: Handle) -> Leaf | Step:
        """What stands for the value of `handle`."""
        node = handle.node
        held = node.held
        if isinstance(held, (Leaf, Step)):
            if held.recorder is not self:
                raise node.unknown()
            return held
        if held is None:
            raise node.unknown()
        return self.leaf(node, handle)

    def run(self, primitive: Primitive, inputs: tuple[Tensor, ...], params: Params, out: Spec) -> Step:
        """The symbol of the result."""
        for tensor in inputs:
            if tensor.node.stale:
                tensor.node.read()  # raises: the value was changed in place
        # An operation of the way back belongs to the line of the operation that is walked back through.
        line = self._walked if state.phase == "backward" and self._walked else users_line()
        return Step(self, line, out, primitive, tuple([self.symbol(tensor) for tensor in inputs]), params)

    def held(self, handle: Handle) -> Symbol:
        """The same symbol."""
        return self.symbol(handle)

    def made(self, thing: Node | Steering) -> None:
        """Remember that it was not there before the trace."""
        self._made.add(thing)

    def read(self, handle: Handle, for_shape: bool) -> np.ndarray:
        """The value of a tensor that was there before, which is watched from now on; an error for all others."""
        symbol = self.symbol(handle)
        value = symbol.node.value if isinstance(symbol, Leaf) and symbol.place is None else None
        if value is not None:
            self.watched[symbol] = None  # type: ignore[index]  # a leaf, as it has a value
            return value
        got = f"a tensor of shape {handle.node.shape}"
        if for_shape:
            raise DataDependentShapeError(
                "the shape of the result depends on values, which are not known while a function is traced.",
                where=users_line(),
                got=got,
                remedy="where(condition, x, 0) keeps the shape; or do this outside of the compiled function",
            )
        raise UntracedValueError(
            "a value was asked of a tensor that has none while the function is traced.",
            where=users_line(),
            got=got,
            remedy="return the tensor and ask outside of the compiled function; where(condition, x, y) in place of if",
        )

    # Writes

    def writes(self, handle: Handle) -> None:
        """Keep what it held."""
        self.kept.keep(handle)

    def writes_grad(self, handle: Handle) -> None:
        """Keep the gradient it had."""
        self.kept.keep(handle)
        self.gradients_written[id(handle)] = weakref.ref(handle)

    def reads_grad(self, handle: Handle) -> None:
        """Let a symbol stand for a gradient that was there before; that there was one is guarded."""
        seen = self.gradients_seen.get(id(handle))
        if self.has_written_gradient(handle) or (seen is not None and seen[0]() is handle):
            return
        self.kept.keep(handle)
        there = handle._grad is not None
        self.gradients_seen[id(handle)] = (weakref.ref(handle), there)
        if there:
            node = Node(handle.node.shape, handle.node.dtype, None)
            node.held = Leaf(self, node, None, False, Gradient(self.place_of(handle)))
            handle._grad = Handle.of(node)

    def has_written_gradient(self, handle: Handle) -> bool:
        """Whether `handle` got another gradient."""
        written = self.gradients_written.get(id(handle))
        return written is not None and written() is handle

    def has_made(self, node: Node) -> bool:
        """Whether `node` was made in the trace, of Python numbers or an array."""
        return node in self._made

    def place_of(self, handle: Handle) -> Argument | Holder:
        """The place of a tensor that was not made in the trace."""
        index = self._arguments.get(id(handle))
        return Holder(handle) if index is None else Argument(index)

    def walks(self, node: Node) -> None:
        """Derivatives do not lead out of the trace."""
        if node.origin is not None and not isinstance(node.held, Symbol):
            raise GradientError(
                "this derivative leads through operations that were done before the compiled function was called.",
                where=users_line(),
                got=f"a result of {node.origin.primitive.name} of shape {node.shape}",
                remedy="compute it inside of the function, or give the function x.detach()",
            )
        self._walked = node.held.line if isinstance(node.held, Symbol) else ""

    # What steers

    def steered_by(self, thing: Steering, *, settled: bool = False) -> None:
        """Remember what of `thing` decides which operations are done, unless it is one of the trace's own."""
        if thing in self._made:
            return
        if settled or id(thing) not in self.steered:
            for name, part in thing.steering_parts():
                if settled or id(part) not in self.steered:
                    values = {key: frozen(value) for key, value in part.steering(self._named).items()}
                    self.steered[id(part)] = Steered(part, name, self._named, values)

    def sets(self, thing: Steering, name: str) -> None:
        """Remember where, and what was there before."""
        if thing in self._made:
            return
        self.steered_by(thing)
        before = frozen(getattr(thing, name, None))
        self.set_attributes.setdefault((id(thing), name), SetAttribute(thing, name, before, users_line()))
