"""What a program costs: its operations and the bytes that it moves, kernel by kernel and layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Kernel, Program, read, steps, written
from chainrule.core.table import quantity, table


@dataclass(frozen=True)
class KernelCost:
    """What a kernel costs.

    Attributes:
        name: The kernel's name.
        layer: The name of the layer that it belongs to; its class, or the optimizer's, where that has no name; empty
            outside of all layers.
        phase: `forward`, `backward` or `update`.
        flops: The operations on numbers; a multiplication and an addition are two.
        read: The bytes that it reads, each once.
        written: The bytes that it writes.
    """

    name: str
    layer: str
    phase: str
    flops: int
    read: int
    written: int

    @property
    def bytes(self) -> int:
        """The bytes that it reads and writes."""
        return self.read + self.written


@dataclass(frozen=True)
class Cost:
    """What a program costs; print it for a table.

    Attributes:
        kernels: What each kernel costs, in the order in which they run.
    """

    kernels: tuple[KernelCost, ...]

    @property
    def flops(self) -> int:
        """The operations of all kernels."""
        return sum(kernel.flops for kernel in self.kernels)

    @property
    def bytes(self) -> int:
        """The bytes that all kernels move."""
        return sum(kernel.bytes for kernel in self.kernels)

    @property
    def layers(self) -> dict[str, Cost]:
        """The same for each layer by itself, in the order in which they come."""
        layers = dict.fromkeys(kernel.layer for kernel in self.kernels)
        return {layer: Cost(tuple(kernel for kernel in self.kernels if kernel.layer == layer)) for layer in layers}

    def __str__(self) -> str:
        rows = [
            [kernel.name, kernel.layer, kernel.phase, f"{kernel.flops:,}", f"{kernel.read:,}", f"{kernel.written:,}"]
            for kernel in self.kernels
        ]
        totals = f"in all {quantity(self.flops, 'FLOP')}, {quantity(self.bytes, 'B')} moved"
        return table(["kernel", "layer", "phase", "FLOPs", "bytes read", "written"], rows, left=3) + f"\n{totals}"


def cost_of(program: Program) -> Cost:
    """What a program costs."""
    return Cost(tuple(map(_cost, program.kernels)))


def _cost(kernel: Kernel) -> KernelCost:
    lead = kernel.notes[0] if kernel.notes else None
    return KernelCost(
        kernel.name,
        lead.module or lead.kind if lead else "",
        lead.phase if lead else "",
        kernel.flops,
        sum(_touched(read(kernel), steps(kernel))),
        sum(_touched(written(kernel), steps(kernel))),
    )


def _touched(buffers: Sequence[Buffer], most: int) -> Iterator[int]:
    """The bytes of each buffer that are used: of a large table, a lookup reads no more elements than it has steps."""
    return (min(buffer.size, most) * buffer.dtype.itemsize for buffer in buffers)
