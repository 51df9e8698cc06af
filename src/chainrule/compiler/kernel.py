"""Kernels: the pieces that a program is made of. A kernel knows everything about its work except how machines do it.

There are four kinds. `Loops` goes once over an index space: maps, reductions, row programs. `Contraction` is a matrix
product with what is done to each sum before it is stored; `Convolution` is the same for windows of pictures. `Whole` is
a primitive over whole arrays that fits none of these (sorting, scattering, the gradient to a convolution's weight).
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from chainrule.compiler.expression import Buffer, Expr, Load, Result, buffers_of
from chainrule.compiler.index import Index, Var
from chainrule.core.primitive import Params, Primitive, Spec
from chainrule.graph import Note


@dataclass(frozen=True, eq=False)
class Store:
    """Write `value` to a buffer at a position."""

    buffer: Buffer
    index: Index
    value: Expr


@dataclass(frozen=True, eq=False)
class Fold:
    """Reduce `value` over the loops of its pass; in later passes `result` stands for the total.

    `how` is the name of the primitive: `sum`, `amax`, `amin` (which let a NaN win), `argmax`, `argmin` (the first of
    equal ones, the first NaN if there is one; over the single inner loop of the pass; the result is int64).
    Sums of float32 are made in float32, of float64 in float64, of integers in their dtype with wrap-around.
    """

    how: Literal["sum", "amax", "amin", "argmax", "argmin"]
    value: Expr
    result: Result


@dataclass(frozen=True, eq=False)
class Keep:
    """Compute `value` once for each inner index and keep it in fast memory.

    In later passes of the same inner loops (the same extents, in order) `result` stands for the element at the inner
    index there; within the same pass, for the element just computed.
    """

    value: Expr
    result: Result


Statement: TypeAlias = Store | Fold | Keep


@dataclass(frozen=True, eq=False)
class Pass:
    """Loops within an outer index, and what is done at each. Without loops the statements run once.

    At each index all values are computed before anything is stored: a store may overwrite what another value loads.
    """

    loops: tuple[Var, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, eq=False)
class Loops:
    """For each outer index the passes, one after another. Outer indices are independent of one another.

    Attributes:
        name: What it does, for readers: `fc1.relu`, `loss.softmax.backward`.
        outer: The loops that may run in any order and on any thread.
        passes: What is done for each outer index.
        lanes: Whether vectors run along the last outer loop (a lane is an outer index) or along the last inner loop.
        notes: Where its operations come from.
        flops: The floating-point operations, in all.
        stretches: Into how many stretches of its first loop its units are to be cut, for a `Chain`.
    """

    name: str
    outer: tuple[Var, ...]
    passes: tuple[Pass, ...]
    lanes: Literal["outer", "inner"] = "outer"
    notes: tuple[Note, ...] = ()
    flops: int = 0
    stretches: int = 1


@dataclass(frozen=True, eq=False)
class Contraction:
    """For each index of `batch`, m, n: the sum over k of a · b, then the epilogue, in which `total` stands for the sum.

    Both operands are loads whose index is affine in the variables (no quotients): `a` over batch, m, k; `b` over
    batch, k, n. The epilogue's expressions may load anything at (batch, m, n). float32, float64, integers.
    As in a `Pass`, the epilogue's values are computed before they are stored.
    """

    name: str
    batch: tuple[Var, ...]
    m: Var
    n: Var
    k: Var
    a: Load
    b: Load
    total: Result
    epilogue: tuple[Store, ...]
    notes: tuple[Note, ...] = ()
    flops: int = 0
    stretches: int = 1


@dataclass(frozen=True, eq=False)
class Convolution:
    """For each pixel m of all pictures and each channel n: the sum of a window, then the epilogue of a `Contraction`.

    The primitive, the forward pass or the gradient to the input, says what is summed of whole contiguous arrays.
    """

    name: str
    primitive: Primitive
    params: Params
    inputs: tuple[Buffer, ...]
    specs: tuple[Spec, ...]
    out: Spec
    m: Var
    n: Var
    total: Result
    epilogue: tuple[Store, ...]
    notes: tuple[Note, ...] = ()
    flops: int = 0
    stretches: int = 1


@dataclass(frozen=True, eq=False)
class Whole:
    """A primitive over whole contiguous arrays."""

    name: str
    primitive: Primitive
    params: Params
    inputs: tuple[Buffer, ...]
    specs: tuple[Spec, ...]
    output: Buffer
    out: Spec
    notes: tuple[Note, ...] = ()
    flops: int = 0
    stretches: int = 1


Kernel: TypeAlias = Loops | Contraction | Convolution | Whole


@dataclass(frozen=True)
class Chain:
    """Kernels that follow one another and go through a batch together, stretch by stretch (`compiler/chains.py`).

    Attributes:
        first: The number of the first one.
        stop: The number of the one after the last.
        stretches: Into how many stretches they are cut.
        within: What only they touch: of these arrays a stretch is needed at a time.
    """

    first: int
    stop: int
    stretches: int
    within: frozenset[Buffer]


@dataclass(frozen=True)
class Program:
    """Kernels in the order in which they run, over buffers that have a place.

    Attributes:
        kernels: In order; a kernel may run when all before it that it depends on are done.
        waits: For each kernel, whether all threads must have finished what came before (a barrier) before it starts.
        offsets: Where each arena buffer starts, in bytes (by `Buffer.number`); multiples of 64.
        arena: The size of the arena in bytes.
        constants: The arrays of the constant buffers.
        inputs: The inputs' buffers, in the order of a call.
        results: The results' buffers, likewise.
        streams: The inputs' buffers that are streams (see `graph.Input`).
        chains: Kernels that go together where that can be.
    """

    kernels: tuple[Kernel, ...]
    waits: tuple[bool, ...]
    offsets: tuple[int, ...]
    arena: int
    constants: tuple[np.ndarray, ...] = field(repr=False)
    inputs: tuple[Buffer, ...] = ()
    results: tuple[Buffer, ...] = ()
    streams: frozenset[Buffer] = frozenset()
    chains: tuple[Chain, ...] = ()


def statements_of(kernel: Loops | Contraction | Convolution) -> list[Statement]:
    """Everything that a kernel does, in order."""
    if isinstance(kernel, (Contraction, Convolution)):
        return list(kernel.epilogue)
    return [statement for each in kernel.passes for statement in each.statements]


def expressions(kernel: Loops | Contraction | Convolution) -> list[Expr]:
    """Everything that a kernel computes, in order; of a contraction its operands first."""
    operands: list[Expr] = [kernel.a, kernel.b] if isinstance(kernel, Contraction) else []
    return [*operands, *(statement.value for statement in statements_of(kernel))]


def read(kernel: Kernel) -> list[Buffer]:
    """The buffers that a kernel reads."""
    whole = kernel.inputs if isinstance(kernel, (Convolution, Whole)) else ()
    loaded = () if isinstance(kernel, Whole) else buffers_of(*expressions(kernel))
    return list(dict.fromkeys((*whole, *loaded)))


def buffers(kernel: Kernel) -> list[Buffer]:
    """The buffers that a kernel reads and writes, each once, in the order in which its native function takes them."""
    if kernel not in _buffers:
        _buffers[kernel] = tuple(dict.fromkeys((*read(kernel), *written(kernel))))
    return list(_buffers[kernel])


# Many ask, and a kernel's expressions are long.
_buffers: weakref.WeakKeyDictionary[Kernel, tuple[Buffer, ...]] = weakref.WeakKeyDictionary()


def written(kernel: Kernel) -> list[Buffer]:
    """The buffers that a kernel writes."""
    if isinstance(kernel, Whole):
        return [kernel.output]
    stores = [statement for statement in statements_of(kernel) if isinstance(statement, Store)]
    return list(dict.fromkeys(store.buffer for store in stores))


def steps(kernel: Kernel) -> int:
    """How often its innermost statements run at most: of a large table, a lookup reads no more elements."""
    if isinstance(kernel, Loops):
        passes = sum(math.prod(loop.extent for loop in each.loops) for each in kernel.passes)
        return math.prod(loop.extent for loop in kernel.outer) * passes
    if isinstance(kernel, Contraction):
        return math.prod(loop.extent for loop in (*kernel.batch, kernel.m, kernel.n, kernel.k))
    return max(math.prod(spec.shape) for spec in (*kernel.specs, kernel.out))
