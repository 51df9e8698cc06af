"""From a whole-array primitive to its function."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compiler.kernel import Convolution, Whole, buffers
from chainrule.native.convention import KernelCode, begin_kernel
from chainrule.native.emit import Module
from chainrule.native.target import Target
from chainrule.native.whole.convolution import emit_convolution, emit_convolution_input, emit_convolution_weight
from chainrule.native.whole.overlap import emit_overlap_add
from chainrule.native.whole.scan import emit_cumsum
from chainrule.native.whole.scatter import emit_index_add, emit_put, emit_scatter_add
from chainrule.native.whole.sort import emit_argsort
from chainrule.native.whole.task import Task, Work

EMITTERS: dict[str, Callable[[Task], Work]] = {
    "argsort": emit_argsort,
    "cumsum": emit_cumsum,
    "index_add": emit_index_add,
    "scatter_add": emit_scatter_add,
    "put": emit_put,
    "overlap_add": emit_overlap_add,
    "convolution": emit_convolution,
    "convolution_input": emit_convolution_input,
    "convolution_weight": emit_convolution_weight,
}
"""Who writes which primitive, by its name."""


def emit_whole(module: Module, kernel: Convolution | Whole, name: str, target: Target) -> KernelCode:
    """Write the function of a whole-array primitive, or of a convolution with its epilogue.

    Args:
        module: Where it is written.
        kernel: What to compute; its primitive is one of `EMITTERS`.
        name: The function's name.
        target: The processor.
    """
    frame = begin_kernel(module, name, len(buffers(kernel)))
    work = EMITTERS[kernel.primitive.name](Task(kernel, frame, target))
    frame.function.finish()
    return KernelCode(name, work.units, work.scratch, work.groups % kernel.stretches == 0)
