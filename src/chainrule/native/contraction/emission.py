"""From a contraction to its function."""

from __future__ import annotations

from chainrule.compiler.kernel import Contraction, buffers
from chainrule.native import matrix_unit
from chainrule.native.contraction.nest import Nest
from chainrule.native.contraction.plan import make_plan
from chainrule.native.contraction.product import Product
from chainrule.native.convention import KernelCode, begin_kernel
from chainrule.native.emit import Module
from chainrule.native.target import Target


def emit_contraction(module: Module, kernel: Contraction, name: str, target: Target) -> KernelCode:
    """Write the function of a contraction.

    Args:
        module: Where it is written.
        kernel: What to compute.
        name: The function's name.
        target: The processor.
    """
    frame = begin_kernel(module, name, len(buffers(kernel)))
    product = Product.of(kernel)
    if not product.batch * product.m * product.n:
        frame.function.finish()
        return KernelCode(name, 0)
    plan = make_plan(product, target)
    pointers = dict(zip(buffers(kernel), frame.pointers, strict=True))
    nest = Nest(frame, plan, pointers, target)
    if plan.form == "matrix":
        matrix_unit.begin(frame.function)
    with frame.function.loop(frame.begin, frame.end) as loop:
        nest.unit(loop.index, frame.begin)
    if plan.form == "matrix":
        matrix_unit.end(frame.function)
    frame.function.finish()
    return KernelCode(name, plan.units, nest.scratch, product.batch % kernel.stretches == 0)
