"""Where the time of a compiled step goes: kernel by kernel, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.config import get_num_threads
from chainrule.core import tree
from chainrule.core.table import quantity, table
from chainrule.errors import ArgumentError
from chainrule.inspect.trial import Trial, machine_limit
from chainrule.jit import Jitted, jit
from chainrule.jit.streams import Stream
from chainrule.optim.arguments import whole

# The median of so many measurements counts, so that what else the machine does changes little.
_MEASUREMENTS = 9
# How long one of them takes about, in seconds, unless the user says how many steps are to be measured.
_SECONDS = 0.03


@dataclass(frozen=True)
class KernelTime:
    """What a kernel costs, and how long it takes.

    Attributes:
        name: Its name.
        layer: The layer that it belongs to; empty outside of all layers.
        phase: `forward`, `backward` or `update`.
        flops: Its operations.
        bytes: The bytes that it reads and writes.
        seconds: Its time in a step.
        limit: The operations a second that the machine can do at most.
    """

    name: str
    layer: str
    phase: str
    flops: int
    bytes: int
    seconds: float
    limit: float

    @property
    def flops_per_second(self) -> float:
        """The operations a second that it does."""
        return _ratio(self.flops, self.seconds)

    @property
    def share(self) -> float:
        """The share of the machine's limit that it reaches."""
        return self.flops_per_second / self.limit


@dataclass(frozen=True)
class LayerTime:
    """How long all kernels of a layer take.

    Attributes:
        layer: Its name; empty for what belongs to no layer.
        kernels: The layer's kernels.
    """

    layer: str
    kernels: tuple[KernelTime, ...]

    @property
    def seconds(self) -> float:
        """Their time in a step."""
        return sum(kernel.seconds for kernel in self.kernels)

    @property
    def flops(self) -> int:
        """Their operations."""
        return sum(kernel.flops for kernel in self.kernels)

    @property
    def flops_per_second(self) -> float:
        """The operations a second that they do."""
        return _ratio(self.flops, self.seconds)

    def within(self, phase: str) -> float:
        """The time of those of a phase: `forward`, `backward` or `update`."""
        return sum(kernel.seconds for kernel in self.kernels if kernel.phase == phase)


@dataclass(frozen=True)
class Profile:
    """Where the time of a step goes; print it for tables.

    Kernels are timed one by one, and all threads wait for one another in between: so their times do not add up to
    exactly what the step takes when nobody looks. An update that is done where its gradient is computed belongs to that
    kernel, and so to `backward`.

    Attributes:
        name: The function's name.
        step: The seconds that a step takes, measured by itself.
        kernels: What each kernel takes, in the order in which they run.
        threads: How many threads could be used.
        limit: The float32 operations a second that the machine can do at most, on as many threads.
    """

    name: str
    step: float
    kernels: tuple[KernelTime, ...]
    threads: int
    limit: float

    @property
    def flops(self) -> int:
        """The operations of a step."""
        return sum(kernel.flops for kernel in self.kernels)

    @property
    def share(self) -> float:
        """The share of the machine's limit that the step reaches."""
        return self.flops / self.step / self.limit

    @property
    def layers(self) -> tuple[LayerTime, ...]:
        """What each layer takes; the one that takes most comes first."""
        names = dict.fromkeys(kernel.layer for kernel in self.kernels)
        layers = [LayerTime(name, tuple(each for each in self.kernels if each.layer == name)) for name in names]
        return tuple(sorted(layers, key=lambda layer: -layer.seconds))

    def __str__(self) -> str:
        return "\n\n".join([self._overview(), self._by_layer(), self._by_kernel()])

    def _overview(self) -> str:
        speed, limit = quantity(self.flops / self.step, "FLOP/s"), quantity(self.limit, "FLOP/s")
        return (
            f"{self.name}: {_microseconds(self.step)} µs a step, {quantity(self.flops, 'FLOP')}; {speed} is "
            f"{self.share:.0%} of the limit of {limit} on {self.threads} thread{'s' if self.threads > 1 else ''}"
        )

    def _by_layer(self) -> str:
        everything = LayerTime("all", self.kernels)
        rows = [
            [
                layer.layer or "(outside of layers)",
                *(_microseconds(layer.within(phase)) for phase in ("forward", "backward", "update")),
                _microseconds(layer.seconds),
                f"{_ratio(layer.seconds, everything.seconds):.0%}",
                quantity(layer.flops_per_second, "FLOP/s"),
                f"{layer.flops_per_second / self.limit:.0%}",
            ]
            for layer in (*self.layers, everything)
        ]
        times = ["forward µs", "backward µs", "update µs", "all µs"]
        return table(["layer", *times, "share", "speed", "of limit"], rows, left=1)

    def _by_kernel(self) -> str:
        rows = [
            [
                kernel.name,
                _microseconds(kernel.seconds),
                f"{kernel.flops:,}",
                quantity(kernel.flops_per_second, "FLOP/s"),
                f"{kernel.share:.0%}",
                quantity(_ratio(kernel.bytes, kernel.seconds), "B/s"),
            ]
            for kernel in self.kernels
        ]
        return table(["kernel", "µs", "FLOPs", "speed", "of limit", "memory"], rows, left=1)


def profile(step: Callable[..., Any], *args: Any, repeat: int | None = None, **kwargs: Any) -> Profile:
    """Measure where the time of a step goes.

    The step is compiled twice, as it is and with a clock between its kernels, and run on copies of its arguments, of
    the weights and of whatever else it uses: afterwards everything is as it was.

    Args:
        step: A function as `jit` takes it, compiled or not.
        args: Its arguments.
        repeat: How many steps to measure. Default: as many as there are in about half a second.
        kwargs: Its arguments by name.

    Returns:
        The time of every kernel and every layer; print it, or look at `.kernels` and `.layers`.

    Raises:
        ArgumentError: If the step computes nothing, or `repeat` is no number of steps.
        ChainruleError: If the step cannot be compiled, or cannot take these arguments.

    >>> model = cr.nn.Sequential({"hidden": cr.nn.Linear(4, 3), "act": cr.nn.ReLU(), "output": cr.nn.Linear(3, 1)})
    >>> found = cr.profile(lambda x: model(x), cr.ones(2, 4), repeat=1)
    >>> [kernel.name for kernel in found.kernels]
    ['hidden.forward.matmul+add+relu', 'output.forward.matmul+add']
    >>> sorted(layer.layer for layer in found.layers)
    ['hidden', 'output']
    """
    if repeat is not None:
        whole("repeat", repeat, least=1)
    # Of a stream it is the turns that are looked at, one like another.
    args, kwargs = tree.map_leaves(lambda leaf: leaf.array[0] if isinstance(leaf, Stream) else leaf, (args, kwargs))
    lowered = (step if isinstance(step, Jitted) else jit(step)).lower(*args, **kwargs)
    if not lowered.program.kernels:
        raise ArgumentError("the step computes nothing.", where=lowered.name, expected="a function that computes")
    alone = [trial.step for trial in Trial(lowered).measure(_MEASUREMENTS, _SECONDS, repeat)]
    timed = [trial.kernels for trial in Trial(lowered, timed=True).measure(_MEASUREMENTS, _SECONDS, repeat)]
    threads = get_num_threads()
    limit = machine_limit(threads)
    kernels = tuple(
        KernelTime(cost.name, cost.layer, cost.phase, cost.flops, cost.bytes, float(np.median(seconds)), limit)
        for cost, *seconds in zip(lowered.cost().kernels, *timed, strict=True)
    )
    return Profile(lowered.name, float(np.median(alone)), kernels, threads, limit)


def _ratio(part: float, whole: float) -> float:
    """What took no time that could be measured has no speed."""
    return part / whole if whole else 0.0


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f}"
