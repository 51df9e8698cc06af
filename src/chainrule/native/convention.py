"""How native kernels are called: the one thing that all code generators and the step function must agree on.

A kernel is a function `void kernel(ptr buffers, i64 begin, i64 end, ptr scratch, ptr fault)`. At `buffers` stand the
addresses of those of `compiler.kernel.buffers`, in that order. Its work is divided into `units` that are independent of
one another, by shapes alone; one call does the units from `begin` up to `end` (not included), so any number of threads
gives the same bits. `scratch` is memory of the calling thread, 64-byte aligned, whose content does not last. `fault`
points to an int64 that starts as 0: a kernel that meets bad data writes a `Fault` there and goes on with a legal value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from chainrule.native.emit import Function, Module, V, i64


class Fault(IntEnum):
    """What a kernel can find wrong; the low byte of its fault word. The rest of the word is the offending value."""

    INDEX_OUT_OF_RANGE = 1
    INTEGER_DIVISION_BY_ZERO = 2
    NEGATIVE_INTEGER_POWER = 3


@dataclass(frozen=True)
class KernelCode:
    """A kernel's function, within the module it was written to.

    Attributes:
        function: Its name.
        units: Into how many pieces its work is divided.
        scratch: How many bytes of scratch memory each thread needs.
        stretches: Whether as many units belong to each of the kernel's stretches, in order.
    """

    function: str
    units: int
    scratch: int = 0
    stretches: bool = False


@dataclass(frozen=True)
class Frame:
    """A kernel's function at its start: what it is given.

    Attributes:
        function: The function under construction.
        pointers: The address of each of the kernel's buffers, by the buffer's position in `buffers(kernel)`.
        begin: The first unit to do (i64).
        end: The unit to stop at (i64).
        scratch: The thread's scratch memory.
        fault: Where faults are written.
    """

    function: Function
    pointers: tuple[V, ...]
    begin: V
    end: V
    scratch: V
    fault: V

    def report(self, kind: Fault, value: V) -> None:
        """Write a fault with the offending value (i64); the first one stays."""
        f = self.function
        word = f.binary("or", f.binary("shl", value, i64(8)), i64(kind))
        before = f.load("i64", self.fault)
        f.store(f.select(f.compare("eq", before, i64(0)), word, before), self.fault)


def begin_kernel(module: Module, name: str, buffers: int) -> Frame:
    """Start the function of a kernel with so many buffers."""
    f = Function(module, name, [("ptr", ""), ("i64", ""), ("i64", ""), ("ptr", "noalias"), ("ptr", "noalias")])
    addresses, begin, end, scratch, fault = f.params
    pointers = tuple(f.load("ptr", f.at(addresses, "ptr", i64(i))) for i in range(buffers))
    return Frame(f, pointers, begin, end, scratch, fault)
