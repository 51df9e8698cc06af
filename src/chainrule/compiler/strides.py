"""How kernels go over arrays: what can be cut into stretches of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.compiler.expression import Buffer, Load, reachable
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import (
    Contraction,
    Convolution,
    Kernel,
    Loops,
    Store,
    Whole,
    expressions,
    statements_of,
)


@dataclass(frozen=True)
class Strides:
    """How a kernel goes over arrays.

    Attributes:
        extent: Into how many stretches it can be cut at most; fewer must divide it.
        even: The arrays of which each stretch touches the same stretch.
        prepared: The bytes of the arrays that it makes ready before it begins.
    """

    extent: int
    even: set[Buffer]
    prepared: int = 0


def strides(kernel: Kernel) -> Strides | None:
    """How a kernel goes over arrays; None if it cannot be cut."""
    match kernel:
        case Loops() if kernel.outer:
            return Strides(kernel.outer[0].extent, _even(kernel, kernel.outer[0]))
        case Contraction():
            lead = kernel.batch[0] if kernel.batch else kernel.m
            even = _even(kernel, lead)
            packed = {kernel.a.buffer, kernel.b.buffer} - even
            return Strides(lead.extent, even, sum(buffer.bytes for buffer in packed))
        case Convolution():
            pictures, weight = kernel.inputs
            return Strides(kernel.out.shape[0], _even(kernel, kernel.m, pictures) - {weight}, weight.bytes)
        case Whole() if kernel.primitive.name == "convolution_weight":
            return Strides(kernel.params.get("parts", 1), {*kernel.inputs, kernel.output})
    return None


def _even(kernel: Loops | Contraction | Convolution, lead: Var, *whole: Buffer) -> set[Buffer]:
    """The arrays over which a kernel's first loop strides evenly, wherever it touches them; `whole` it does anyway."""
    accesses = list(_accesses(kernel))
    uneven = {buffer for buffer, index in accesses if not _strides_evenly(index, lead, buffer.size)}
    return {*whole, *(buffer for buffer, _ in accesses)} - uneven


def _accesses(kernel: Loops | Contraction | Convolution) -> Iterator[tuple[Buffer, Index]]:
    """The elements that a kernel touches by their index."""
    for statement in statements_of(kernel):
        if isinstance(statement, Store):
            yield statement.buffer, statement.index
    for expr in reachable(*expressions(kernel)):
        if isinstance(expr, Load):
            yield expr.buffer, expr.index


def _strides_evenly(index: Index, lead: Var, size: int) -> bool:
    """Whether each turn of a loop touches its own part of so many elements, all parts of one size and in order."""
    stride = index.terms.get(lead, 0)
    low, high = (index - Index.of(lead) * stride).bounds()
    return stride * lead.extent == size and low >= 0 and high < stride
