"""Compiles one elementwise primitive and applies it to NumPy's arrays; for tests of `native/pointwise.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from chainrule.core.primitive import PRIMITIVES, Spec
from chainrule.native.convention import Fault, KernelCode, begin_kernel
from chainrule.native.emit import BYTES, MEMORY, REGISTER, Function, Module, V, i64, vector
from chainrule.native.pointwise import pointwise
from chainrule.native.target import Target
from tests.native.harness import Compiled, assembly

Emit = Callable[[Module], KernelCode]


def result_dtype(name: str, dtypes: Sequence[np.dtype], to: np.dtype | None) -> np.dtype:
    """The dtype of the primitive's result, by its own rule."""
    return to or PRIMITIVES[name].infer(*[Spec((), dtype) for dtype in dtypes]).dtype


def kernel(name: str, dtypes: Sequence[np.dtype], out: np.dtype, lanes: int) -> Emit:
    """Writes a loop that applies the primitive to arrays: the result's, the inputs', and a mask; a unit is a vector."""

    def load(f: Function, dtype: np.dtype, array: V, index: V) -> V:
        value = f.load(vector(MEMORY[dtype.name], lanes), f.at(array, MEMORY[dtype.name], index))
        return f.convert("trunc", value, "i1") if dtype.name == "bool" else value

    def emit(module: Module) -> KernelCode:
        frame = begin_kernel(module, "kernel", len(dtypes) + 2)
        f, (result, *inputs, mask) = frame.function, frame.pointers
        with f.loop(frame.begin, frame.end, unroll=False) as loop:
            index = f.mul(loop.index, i64(lanes or 1))
            args = [load(f, dtype, array, index) for dtype, array in zip(dtypes, inputs, strict=True)]
            counts = load(f, np.dtype(bool), mask, index)
            value = pointwise(f, name, args, out, fault=frame.fault, mask=counts)
            assert value.type == vector(REGISTER[out.name], lanes)
            memory = MEMORY[out.name]
            f.store(f.convert("zext", value, memory) if out.name == "bool" else value, f.at(result, memory, index))
        f.finish()
        return KernelCode("kernel", 1)

    return emit


@lru_cache(maxsize=16)
def _compiled(name: str, dtypes: tuple[np.dtype, ...], out: np.dtype, lanes: int, target: Target) -> Compiled:
    return Compiled(kernel(name, dtypes, out, lanes), target)


def width(dtypes: Sequence[np.dtype], target: Target) -> int:
    """The lanes in which the narrowest of these dtypes, or float32 if that is wider, fills a vector."""
    return target.lanes(max(4, min(BYTES[MEMORY[dtype.name]] for dtype in dtypes)))


class Native:
    """An elementwise primitive as machine code, called as `Primitive.evaluate` is.

    Args:
        name: Of the primitive.
        target: One of `RUNNABLE`.
        lanes: Of the vectors; 0 for single numbers, None for as many as the target's vectors hold.
        to: What `cast` casts to.
    """

    def __init__(self, name: str, target: Target, lanes: int | None = None, to: np.dtype | None = None) -> None:
        self._name, self._target, self._lanes, self._to = name, target, lanes, to
        self.fault: tuple[Fault, int] | None = None

    def __call__(self, *arrays: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """The results; `fault` is what was wrong in the lanes of the mask."""
        dtypes = tuple(array.dtype for array in arrays)
        out = result_dtype(self._name, dtypes, self._to)
        lanes = width((*dtypes, out), self._target) if self._lanes is None else self._lanes
        compiled = _compiled(self._name, dtypes, out, lanes, self._target)
        size = arrays[0].size
        padded = -(-size // (lanes or 1)) * (lanes or 1)
        inputs = [np.concatenate([array.ravel(), np.ones(padded - size, array.dtype)]) for array in arrays]
        counts = np.ones(padded, bool)
        counts[:size] = True if mask is None else mask.ravel()
        result = np.zeros(padded, out)
        self.fault = compiled(result, *inputs, counts, spans=[(0, padded // (lanes or 1))])
        return result[:size].reshape(arrays[0].shape)


def assembly_of(name: str, dtypes: Sequence[np.dtype], target: Target, to: np.dtype | None = None) -> str:
    """The assembly of an elementwise primitive over vectors."""
    out = result_dtype(name, dtypes, to)
    return assembly(kernel(name, dtypes, out, width((*dtypes, out), target)), target)
