"""From a capture to a trace: what outlives the call is state, what was changed is written back."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np

from chainrule.core.held import Symbol
from chainrule.core.node import Handle
from chainrule.core.primitive import Spec
from chainrule.errors import SideEffectError
from chainrule.graph import Graph, Value
from chainrule.jit.building import Builder, names_of, place_of
from chainrule.jit.capture import Capture, Change
from chainrule.jit.recorder import Argument, Gradient, Holder, Leaf, Place
from chainrule.jit.streams import Stream
from chainrule.jit.trace import Computed, Kept, Plain, Result, Trace, Written


def assemble(found: Capture, names: list[str]) -> Trace:
    """The trace of a captured call."""
    return _Assembly(found, names).trace()


class _Assembly:
    def __init__(self, found: Capture, names: list[str]) -> None:
        self._found = found
        self._recorder = found.recorder
        self._names, layers = names_of(found.recorder, names, found.surroundings.tensors)
        streams = frozenset(i for i, leaf in enumerate(found.leaves) if isinstance(leaf, Stream))
        self._builder = Builder(self._names, layers, streams)
        self._values: list[Value] = []
        self._writes: dict[Place, Value] = {}
        self._written: dict[Place, Written] = {}
        self._cleared: list[Gradient] = []
        self._lasting = True

    def trace(self) -> Trace:
        """The trace."""
        results = self._results()
        for change in self._found.changes:
            self._add(change)
        inputs = self._builder.inputs
        places = sorted(inputs, key=_order)
        numbers = {place: number for number, place in enumerate(places)}
        trace = Trace(
            graph=Graph(
                tuple([inputs[place] for place in places]),
                tuple(self._values),
                tuple([(numbers[place], value) for place, value in self._writes.items()]),
            ),
            places=tuple(places),
            results=results,
            form=self._found.form,
            touched=self._touched(),
            written=self._written,
            cleared=tuple(self._cleared),
            gradients=self._gradients(),
            watched=self._watched(),
            steered=tuple(self._recorder.steered.values()),
            surroundings=self._found.surroundings,
            lasting=self._lasting and self._found.settled,
            known=frozenset(),
            names=self._names,
        )
        reached = set(map(id, trace.holders()))
        leaves = enumerate(self._found.leaves)
        return replace(trace, known=frozenset(i for i, x in leaves if id(x) in reached and i not in self._found.own))

    def _results(self) -> tuple[Result, ...]:
        results: list[Result] = []
        computed: dict[int, Computed] = {}
        for entry in self._found.returned:
            if isinstance(entry, Plain):
                results.append(entry)
                continue
            place = self._outliving(entry.tensor)
            if place is not None and not (isinstance(place, Argument) and self._is_array(place)):
                results.append(Kept(place))
                continue
            if id(entry.tensor) not in computed:
                computed[id(entry.tensor)] = Computed(len(self._values), entry.tracked)
                self._values.append(self._builder.value(entry.symbol))
            results.append(computed[id(entry.tensor)])
        return tuple(results)

    def _outliving(self, reference: weakref.ref[Handle]) -> Argument | Holder | None:
        """The place of a tensor that is there after the call, and was not computed in it."""
        handle = reference()
        if handle is None:
            return None
        place = self._recorder.place_of(handle)
        return None if isinstance(place, Holder) and isinstance(handle.node.held, Symbol) else place

    def _is_array(self, place: Argument) -> bool:
        return isinstance(self._found.leaves[place.index], np.ndarray)

    def _add(self, change: Change) -> None:
        """Let the program write what the call has changed."""
        place = self._outliving(change.before.handle)
        if place is None:
            return
        node = change.before.node
        spec = Spec(node.shape, node.dtype)
        made = self._recorder.has_made(node)
        if change.symbol is not None:
            self._check_write(place, spec, self._builder.value(change.symbol))
            self._write(place, spec, self._builder.value(change.symbol), change.after)
            self._lasting = self._lasting and not made
        gradient = Gradient(place)
        if not change.gradient_written:
            return
        if change.gradient is not None:
            if not (isinstance(change.gradient, Leaf) and change.gradient.place == gradient):
                self._write(gradient, spec, self._builder.value(change.gradient), Written(False, True, False, None))
        elif (gradient, False) not in self._gradients():
            self._cleared.append(gradient)

    def _write(self, place: Place, spec: Spec, value: Value, after: Written) -> None:
        self._builder.input(place, spec)
        self._writes[place] = value
        self._written[place] = after

    def _check_write(self, place: Argument | Holder, spec: Spec, value: Value) -> None:
        if value.spec != spec:
            raise SideEffectError(
                "a compiled function cannot change the dtype or shape of a tensor that was there before.",
                expected=f"{spec.shape} {spec.dtype}",
                got=f"{value.shape} {value.dtype}",
                remedy="change it before the function is called",
            )
        leaf = self._found.leaves[place.index] if isinstance(place, Argument) else None
        if isinstance(leaf, Handle) and leaf.part_of is not None:
            raise SideEffectError(
                "an argument that is a part of another tensor was changed in place, which would change that one too.",
                got=f"a part of shape {spec.shape}",
                remedy="give the function the whole tensor, or x.clone()",
            )

    def _gradients(self) -> tuple[tuple[Gradient, bool], ...]:
        """Whether there was a gradient, where the function has asked."""
        seen = self._recorder.gradients_seen.values()
        places = [(self._outliving(reference), there) for reference, there in seen]
        return tuple([(Gradient(place), there) for place, there in places if place is not None])

    def _touched(self) -> tuple[tuple[Handle, str], ...]:
        """The tensors whose shape, dtype or need of a gradient may have decided something, by name."""
        names = {place: given.name for place, given in self._builder.inputs.items()}
        written = [self._outliving(change.before.handle) for change in self._found.changes]
        places = [*names, *written, *[leaf.settled() for leaf in self._recorder.leaves()]]
        holders = {place: None for place in places if isinstance(place, Holder)}
        return tuple([(place.handle, names.get(place) or self._names.get(place, "a tensor")) for place in holders])

    def _watched(self) -> tuple[tuple[Handle, np.ndarray], ...]:
        watched = [(place_of(leaf), leaf.node.read()) for leaf in self._recorder.watched]
        return tuple([(place.handle, value) for place, value in watched if isinstance(place, Holder)])


def _order(place: Place) -> tuple[bool, int]:
    """Arguments first, in their order; then the others in the order in which they were met."""
    return (False, place.index) if isinstance(place, Argument) else (True, 0)
