"""What is known of a function once it has been traced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.node import Handle, View
from chainrule.graph import Graph
from chainrule.jit.recorder import Argument, Gradient, Holder, Place, Steered
from chainrule.jit.surroundings import Surroundings


@dataclass(frozen=True)
class Computed:
    """A result that the program computes.

    Attributes:
        index: Which of the graph's results.
        tracked: Whether it depends on what requires a gradient.
    """

    index: int
    tracked: bool


@dataclass(frozen=True)
class Kept:
    """A result that is a tensor which was there before the call, or an argument: the tensor itself."""

    place: Argument | Holder


@dataclass(frozen=True)
class Plain:
    """A result that is a Python value."""

    value: Any


Result = Computed | Kept | Plain


@dataclass(frozen=True)
class Written:
    """What a tensor is after a call that has changed it, besides its value.

    Attributes:
        tracked: Whether it requires a gradient.
        is_leaf: Whether it was not computed from others that do.
        owned: Whether `backward` adds to its `.grad`.
        view: What it is a part of, where that has changed with it.
    """

    tracked: bool
    is_leaf: bool
    owned: bool
    view: View | None


@dataclass(frozen=True)
class Trace:
    """What a function does, as far as it was seen in one call.

    Attributes:
        graph: What it computes.
        places: Where the graph's inputs come from, and where what is written goes to.
        results: What the function returns, leaf by leaf.
        form: How these are put together.
        touched: The tensors that were there before and that the function came across, by name.
        written: What the tensors and gradients are that the graph writes, by their places.
        cleared: The gradients that are None after a call, whatever they were before.
        gradients: Whether there must be a gradient before a call, by its place.
        watched: Tensors whose value steered the trace, with that value.
        steered: The modules and optimizers that were at work.
        surroundings: What the function's code names outside of itself.
        lasting: Whether it holds for later calls: not if it has put away tensors that it has made, which they find.
        known: The arguments' leaves that the function also reaches by itself.
        names: The names of places, as far as they have one.
    """

    graph: Graph
    places: tuple[Place, ...]
    results: tuple[Result, ...]
    form: Any
    touched: tuple[tuple[Handle, str], ...]
    written: dict[Place, Written]
    cleared: tuple[Gradient, ...]
    gradients: tuple[tuple[Gradient, bool], ...]
    watched: tuple[tuple[Handle, np.ndarray], ...]
    steered: tuple[Steered, ...]
    surroundings: Surroundings
    lasting: bool
    known: frozenset[int]
    names: dict[Place, str]

    def holders(self) -> list[Handle]:
        """The tensors that the function reaches by itself."""
        kept = [result.place for result in self.results if isinstance(result, Kept)]
        gradients = [*self.cleared, *[gradient for gradient, _ in self.gradients]]
        owners = [place.of if isinstance(place, Gradient) else place for place in (*self.places, *gradients, *kept)]
        return [owner.handle for owner in owners if isinstance(owner, Holder)]
