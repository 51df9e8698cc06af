"""How long a kernel takes, roughly, and so how many threads a program is worth. The one place where that is decided.

The number of threads never changes a result: what a kernel's units are is decided by its shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from chainrule.compiler.kernel import Contraction, Kernel, Loops, Whole, buffers

# What one thread gets done in a microsecond, as medium-sized kernels do on processors of today: multiplications and
# additions of matrix products, other operations, bytes of memory; and what calling a kernel costs. Rough figures: they
# only have to tell a few microseconds from many.
_PRODUCT_FLOPS, _OTHER_FLOPS, _BYTES, _CALL = 40_000, 5_000, 20_000, 0.03

# A thread more costs about a microsecond to start and finish with, and a third of one for each barrier; a program has
# some ten of these. So a thread is worth it from about this many microseconds of work (docs/performance.md).
_WORTH_A_THREAD = 6.0

# Sharing a kernel pays if half of it is more than the barriers before and after it.
_WORTH_SHARING = 1.0

# Native calls let other Python threads run meanwhile, which then keep the interpreter for up to 5 milliseconds: a step
# that is shorter than this runs without giving way.
_BRIEF = 20.0


def microseconds(kernel: Kernel) -> float:
    """About how long one thread takes for a kernel."""
    rate = _PRODUCT_FLOPS if isinstance(kernel, Contraction) else _OTHER_FLOPS
    most = _steps(kernel)
    touched = sum(min(buffer.size, most) * buffer.dtype.itemsize for buffer in buffers(kernel))
    return max(_flops(kernel) / rate, touched / _BYTES) + _CALL


def shared(kernel: Kernel, units: int) -> bool:
    """Whether several threads should do a kernel together."""
    return units > 1 and microseconds(kernel) > _WORTH_SHARING


def worthwhile_threads(kernels: Iterable[tuple[Kernel, int]]) -> int:
    """The most threads that make a program faster, from its kernels and their units."""
    work = sum(microseconds(kernel) for kernel, units in kernels if shared(kernel, units))
    return max(1, int(work / _WORTH_A_THREAD))


def brief(kernels: Iterable[Kernel]) -> bool:
    """Whether all of it takes so little time that other Python threads can wait for it."""
    return sum(map(microseconds, kernels)) < _BRIEF


def _steps(kernel: Kernel) -> int:
    """How often its innermost statements run at most: of a large table, a lookup reads no more elements."""
    if isinstance(kernel, Loops):
        passes = sum(math.prod(loop.extent for loop in each.loops) for each in kernel.passes)
        return math.prod(loop.extent for loop in kernel.outer) * passes
    if isinstance(kernel, Contraction):
        return math.prod(loop.extent for loop in (*kernel.batch, kernel.m, kernel.n, kernel.k))
    return max(math.prod(spec.shape) for spec in (*kernel.specs, kernel.out))


def _flops(kernel: Kernel) -> int:
    if isinstance(kernel, Contraction):
        return max(kernel.flops, 2 * _steps(kernel))
    if isinstance(kernel, Whole):
        return max(kernel.flops, math.prod(kernel.out.shape))
    return max(kernel.flops, _steps(kernel))
