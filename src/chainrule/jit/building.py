"""From symbols to a graph: which are inputs and which constants, and where each operation comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, count

from chainrule.core.held import Symbol
from chainrule.core.modes import Layer, Scope, Updated
from chainrule.core.node import Handle
from chainrule.core.primitive import Spec
from chainrule.errors import SideEffectError
from chainrule.graph import Apply, Constant, Input, Note, Value
from chainrule.jit.recorder import Argument, Gradient, Holder, Leaf, Place, Recorder, Step
from chainrule.ops.random import default_generator


class Builder:
    """Makes values of symbols, each once.

    Args:
        names: The names of places that have one.
        layers: The names of modules, by their ids.
        streams: Which of the arguments' leaves are streams.

    Attributes:
        inputs: The inputs so far, by their places, in the order in which they were met.
    """

    def __init__(self, names: dict[Place, str], layers: dict[int, str], streams: frozenset[int]) -> None:
        self.inputs: dict[Place, Input] = {}
        self._names = names
        self._layers = layers
        self._streams = streams
        self._taken: set[str] = set()
        self._values: dict[Symbol, Value] = {}
        self._notes: dict[tuple[int, str, str], Note] = {}

    def value(self, symbol: Leaf | Step) -> Value:
        """What `symbol` stood for. Iterative: chains may be long."""
        stack = [symbol]
        while stack:
            top = stack[-1]
            if top in self._values:
                stack.pop()
            elif isinstance(top, Leaf):
                self._values[top] = self._leaf(top)
            elif waiting := [each for each in top.inputs if each not in self._values]:
                stack.extend(reversed(waiting))
            else:
                inputs = tuple([self._values[each] for each in top.inputs])
                self._values[top] = Apply(*top.out, top.primitive, inputs, top.params, self._note(top))
        return self._values[symbol]

    def input(self, place: Place, spec: Spec) -> Input:
        """The input at `place`."""
        if place not in self.inputs:
            stream = isinstance(place, Argument) and place.index in self._streams
            self.inputs[place] = Input(*spec, self._name(place), stream)
        return self.inputs[place]

    def _leaf(self, leaf: Leaf) -> Value:
        place = place_of(leaf)
        if place is not None:
            return self.input(place, Spec(leaf.node.shape, leaf.node.dtype))
        assert leaf.node.value is not None
        return Constant.of(leaf.node.value)

    def _name(self, place: Place) -> str:
        of, ending = (place.of, ".grad") if isinstance(place, Gradient) else (place, "")
        name = self._names.get(of, f"tensor {len(self.inputs)}") + ending
        candidates = chain([name], (f"{name} ({number})" for number in count(2)))
        found = next(candidate for candidate in candidates if candidate not in self._taken)
        self._taken.add(found)
        return found

    def _note(self, step: Step) -> Note:
        key = (id(step.scope), step.phase, step.line)
        if key not in self._notes:
            self._notes[key] = Note(*self._owner(step.scope), step.phase, step.line)
        return self._notes[key]

    def _owner(self, scope: Scope | None) -> tuple[str, str]:
        """The name and the class of the layer at work, or of the weight that is updated and the optimizer."""
        if isinstance(scope, Updated):
            weight = scope.weight()
            return self._names.get(Holder(weight), "") if weight is not None else "", scope.kind
        if isinstance(scope, Layer):
            known = self._layers.get(id(scope.module))
            # A name that is not known is searched for in the whole model.
            return scope.name if known is None else known, scope.kind
        return "", ""


def place_of(leaf: Leaf) -> Place | None:
    """Where a value comes from at each call, now that the trace is over; None for a constant.

    What was made in the trace is a constant, unless the tensor is still there: then it is state, made by the first
    call, such as what an optimizer remembers.
    """
    place = leaf.settled()
    if place is None and not leaf.made:
        raise SideEffectError(
            "a tensor that was made before the call is gone after it, so that later calls could not read it.",
            where=leaf.line,
            got=f"a tensor of shape {leaf.node.shape}",
            remedy="give it to the function as an argument",
        )
    return place


def names_of(
    recorder: Recorder,
    arguments: Sequence[str],
    tensors: Iterable[tuple[str, Handle]],
) -> tuple[dict[Place, str], dict[int, str]]:
    """The names of places, and of modules by their ids, as users know them."""
    places: dict[Place, str] = {Argument(index): name for index, name in enumerate(arguments)}
    layers: dict[int, str] = {}
    belonging = []
    for steered in recorder.steered.values():
        layers[id(steered.thing)] = steered.name
        if not steered.name:
            for named in steered.thing.steering_tensors():
                if named.of is None:
                    places.setdefault(Holder(named.tensor), named.name)
                else:
                    belonging.append(named)
    for name, tensor in tensors:
        places.setdefault(Holder(tensor), name)
    places.setdefault(Holder(default_generator().state), "random state")
    for name, tensor, of in belonging:
        if of is not None:
            places.setdefault(Holder(tensor), f"{places.get(Holder(of), 'weight')}.{name}")
    return places, layers
