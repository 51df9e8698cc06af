"""How long a kernel takes, roughly, and so how many threads it is worth. The one place where that is decided.

The number of threads never changes a result: what a kernel's units are is decided by its shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from chainrule.compiler.kernel import Contraction, Convolution, Kernel, Whole, buffers, steps

# What one thread gets done in a microsecond, as medium-sized kernels do on processors of today: multiplications and
# additions of matrix products, other operations, bytes of memory; and what calling a kernel costs. Rough figures: they
# only have to tell a few microseconds from many.
_PRODUCT_FLOPS, _OTHER_FLOPS, _BYTES, _CALL = 100_000, 5_000, 20_000, 0.03

# To hand out shares and to wait for them costs a fraction of a microsecond, but what one thread has written and another
# reads must come from core to core, which costs several: a share should be at least so long (docs/performance.md).
_SHARE = 4.0

# Native calls let other Python threads run meanwhile, which then keep the interpreter for up to 5 milliseconds: a step
# that is shorter than this runs without giving way.
_BRIEF = 20.0


def microseconds(kernel: Kernel) -> float:
    """About how long one thread takes for a kernel."""
    rate = _PRODUCT_FLOPS if isinstance(kernel, (Contraction, Convolution)) else _OTHER_FLOPS
    most = steps(kernel)
    touched = sum(min(buffer.size, most) * buffer.dtype.itemsize for buffer in buffers(kernel))
    return max(_flops(kernel) / rate, touched / _BYTES) + _CALL


def worthwhile_threads(kernel: Kernel, units: int) -> int:
    """How many threads should do a kernel together at most."""
    return max(1, min(units, int(microseconds(kernel) / _SHARE)))


def brief(kernels: Iterable[Kernel]) -> bool:
    """Whether all of it takes so little time that other Python threads can wait for it."""
    return sum(map(microseconds, kernels)) < _BRIEF


def _flops(kernel: Kernel) -> int:
    if isinstance(kernel, Contraction):
        return max(kernel.flops, 2 * steps(kernel))
    if isinstance(kernel, (Convolution, Whole)):
        return max(kernel.flops, math.prod(kernel.out.shape))
    return max(kernel.flops, steps(kernel))
