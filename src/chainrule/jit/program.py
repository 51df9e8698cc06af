"""A traced function that is ready to run: what is done before, at and after each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.core import tree
from chainrule.core.changes import changes
from chainrule.core.compiled import Compiled
from chainrule.core.node import Handle, View
from chainrule.errors import ArgumentError
from chainrule.jit.arguments import Changed, Given, located
from chainrule.jit.backend import Backend
from chainrule.jit.memory import Memory, gradient_memory_of, loading, memory_of
from chainrule.jit.recorder import Argument, Gradient, Holder, Place
from chainrule.jit.results import Output
from chainrule.jit.trace import Computed, Kept, Trace, Written


class Program:
    """A trace and what runs it.

    Args:
        trace: The trace.
        backend: Makes what runs its graph.
        name: The function's name.
    """

    def __init__(self, trace: Trace, backend: Backend, name: str) -> None:
        self.trace = trace
        self._given: list[Given] = []
        self._changed: list[Changed] = []
        self._states: list[tuple[int, Memory, Written]] = []
        self._read: list[tuple[int, Handle, bool]] = []
        self._kept: list[Any] = []
        for position, place in enumerate(trace.places):
            self._bind(position, place)
        with loading([memory for _, memory, _ in self._states]):
            executable = backend(trace.graph)
        self._run = executable.run
        self._addresses = executable.addresses
        for position, memory, _ in self._states:
            self._addresses[position] = memory.buffer.address
        scope, count = Compiled(name), len(trace.places)
        distinct = {result.index: result for result in trace.results if isinstance(result, Computed)}
        self._outputs = [
            Output(count + index, value.spec, distinct[index], scope, self._addresses)
            for index, value in enumerate(trace.graph.results)
        ]
        self._streams = [given.index for given in self._given if trace.graph.inputs[given.position].stream]
        self._moving = [output for output in self._outputs if output.moves or self._streams]
        self._single = trace.form is None and isinstance(trace.results[0], Computed)
        # Up to this count of changes everything is known to be in its place.
        self._settled = -1

    def _bind(self, position: int, place: Place) -> None:
        """Say where an input's memory comes from."""
        written, of_gradient = self.trace.written.get(place), isinstance(place, Gradient)
        owner = place.of if isinstance(place, Gradient) else place
        if isinstance(owner, Argument):
            if written is not None or of_gradient:
                self._changed.append(Changed(position, owner.index, of_gradient, written))
            else:
                self._given.append(Given(position, owner.index, self.trace.graph.inputs[position].dtype))
        elif written is not None:
            memory: Memory = gradient_memory_of(owner.handle) if of_gradient else memory_of(owner.handle)
            self._states.append((position, memory, written))
        else:
            self._read.append((position, owner.handle, of_gradient))

    def run(self, leaves: Sequence[Any]) -> Any:
        """Run it on the leaves of the arguments."""
        settled = self._settled == changes.tensors
        if not settled:
            self._load()
        addresses = self._addresses
        for given in self._given:
            given.give(leaves[given.index], addresses)
        for changed in self._changed:
            changed.give(leaves[changed.index], addresses)
        repeat = self._turns(leaves) if self._streams else 1
        for output in self._moving:
            output.move(addresses, repeat if self._streams else None)
        try:
            self._run(repeat)
        except BaseException:
            self._forget()
            raise
        if not settled or self._changed:
            self._store(leaves)
        return self._outputs[0].take() if self._single else self._collect(leaves)

    def _turns(self, leaves: Sequence[Any]) -> int:
        """How often to run: as often as the streams have arrays."""
        lengths = {len(leaves[index]) for index in self._streams}
        if len(lengths) != 1 or 0 in lengths:
            raise ArgumentError("all streams have the same number of arrays, at least one.", got=sorted(lengths))
        return lengths.pop()

    def _forget(self) -> None:
        """The run has failed: tensors hold what they held, and memory that has it not is not to be trusted."""
        self._settled = -1
        for _, memory, _ in self._states:
            memory.forget()

    def _load(self) -> None:
        """Something has changed: bring state to its memory, and find what is only read."""
        for _, memory, _ in self._states:
            memory.load()
        self._kept.clear()
        for position, handle, of_gradient in self._read:
            held: Any = handle._grad if of_gradient else handle.node.held
            if isinstance(held, Handle):
                held = held.node.held
            self._addresses[position], kept = located(held, handle.node.dtype)
            self._kept.append(kept)

    def _store(self, leaves: Sequence[Any]) -> None:
        """Let tensors hold what was written."""
        for _, memory, after in self._states:
            memory.store(after)
        for changed in self._changed:
            changed.take(leaves[changed.index])
        for gradient in self.trace.cleared:
            of = gradient.of
            handle = leaves[of.index] if isinstance(of, Argument) else of.handle
            if handle._grad is not None:
                handle._grad = None
                changes.tensors += 1
        for place, after in self.trace.written.items():
            if after.view is not None and isinstance(place, Holder):
                place.handle.part_of = _renewed(after.view)
        self._settled = changes.tensors

    def _collect(self, leaves: Sequence[Any]) -> Any:
        """The results, put together as the function returned them."""
        made = [output.take() for output in self._outputs]
        found: list[Any] = []
        for result in self.trace.results:
            if isinstance(result, Computed):
                found.append(made[result.index])
            elif isinstance(result, Kept):
                place = result.place
                found.append(leaves[place.index] if isinstance(place, Argument) else place.handle)
            else:
                found.append(result.value)
        return tree.unflatten(self.trace.form, found)


def _renewed(view: View) -> View:
    """A part of what the whole holds now."""
    whole = view.base if isinstance(view.base, Handle) else view.base()
    return view if whole is None else view._replace(node=whole.node)
