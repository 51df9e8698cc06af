"""What kernels mean, in NumPy: every loop at once, as axes of arrays. Slow for large shapes, and easy to believe."""

from __future__ import annotations

import numpy as np

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Number, Position, Result, Uniform, Within
from chainrule.compiler.index import Index, Lookup, Quotient, Var
from chainrule.compiler.kernel import Contraction, Convolution, Fold, Keep, Loops, Program, Store, Whole
from chainrule.ops import philox


def run(program: Program, inputs: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The results of a program, and its inputs afterwards."""
    state = [np.array(array, copy=True).reshape(-1) for array in inputs]
    results = [np.zeros(buffer.size, buffer.dtype) for buffer in program.results]
    arena = np.full(program.arena, 0xAB, np.uint8)

    def memory(buffer: Buffer) -> np.ndarray:
        if buffer.place == "input":
            return state[buffer.number]
        if buffer.place == "result":
            return results[buffer.number]
        if buffer.place == "constant":
            return np.asarray(program.constants[buffer.number]).reshape(-1)
        start = program.offsets[buffer.number]
        return arena[start : start + buffer.bytes].view(buffer.dtype)

    with np.errstate(all="ignore"):
        for kernel in program.kernels:
            if isinstance(kernel, Whole):
                arrays = [memory(b).reshape(s.shape) for b, s in zip(kernel.inputs, kernel.specs, strict=True)]
                memory(kernel.output)[:] = kernel.primitive.evaluate(*arrays, **kernel.params).reshape(-1)
            elif isinstance(kernel, Contraction):
                _contraction(kernel, memory)
            elif isinstance(kernel, Convolution):
                _convolution(kernel, memory)
            else:
                _loops(kernel, memory)
    return results, state


class _Grid:
    """Values at all indices of some loops at once."""

    def __init__(self, loops: tuple[Var, ...], memory) -> None:
        self.loops = loops
        self.memory = memory
        self.shape = tuple(loop.extent for loop in loops)
        self.bound: dict[Result, np.ndarray] = {}
        self._made: dict[object, np.ndarray] = {}

    def index(self, index: Index) -> np.ndarray:
        total = np.full((1,) * len(self.loops), index.constant, np.int64)
        for atom, factor in index.terms.items():
            total = total + factor * self._atom(atom)
        return total

    def _atom(self, atom) -> np.ndarray:
        if isinstance(atom, Var):
            axis = self.loops.index(atom)
            shape = [1] * len(self.loops)
            shape[axis] = atom.extent
            return np.arange(atom.extent).reshape(shape)
        if isinstance(atom, Lookup):
            found = self.value(atom.value).astype(np.int64)
            return np.clip(found, 0, max(atom.extent - 1, 0))
        within = self.index(atom.index)
        return within // atom.by if isinstance(atom, Quotient) else within % atom.by

    def value(self, expr: Expr) -> np.ndarray:
        if isinstance(expr, Result):
            return self.bound[expr]
        if expr not in self._made:
            self._made[expr] = self._make(expr)
        return self._made[expr]

    def _make(self, expr: Expr) -> np.ndarray:
        if isinstance(expr, Number):
            return np.full((1,) * len(self.loops), expr.value, expr.dtype)
        if isinstance(expr, Position):
            return self.index(expr.index)
        if isinstance(expr, Within):
            at = self.index(expr.index)
            return (at >= expr.low) & (at < expr.high) & ((at - expr.low) % expr.step == 0)
        if isinstance(expr, Load):
            at = self.index(expr.index)
            if expr.valid is None:
                if at.size:
                    assert at.min() >= 0
                    assert at.max() < expr.buffer.size
                return self.memory(expr.buffer)[at]
            valid = np.broadcast_to(self.value(expr.valid), np.broadcast_shapes(at.shape, self.value(expr.valid).shape))
            at = np.broadcast_to(at, valid.shape)
            out = np.zeros(valid.shape, expr.dtype)
            out[valid] = self.memory(expr.buffer)[at[valid]]
            return out
        if isinstance(expr, Uniform):
            key, counter = self.memory(expr.state)
            at = self.index(expr.index)
            count = int(at.max()) + 1 if at.size else 0
            return philox.uniform(int(key), int(counter), count, expr.dtype)[at]
        assert isinstance(expr, Call)
        args = [self.value(arg) for arg in expr.args]
        out = np.asarray(expr.primitive.evaluate(*np.broadcast_arrays(*args), **expr.params))
        assert out.dtype == expr.dtype
        return out


def _store(grid: _Grid, stores: list[tuple[Store, np.ndarray]]) -> None:
    for store, value in stores:
        at = np.broadcast_to(grid.index(store.index), grid.shape)
        assert value.dtype == store.buffer.dtype
        assert len(np.unique(at)) == at.size, "two stores to one element"
        grid.memory(store.buffer)[at] = np.broadcast_to(value, grid.shape)


def _loops(kernel: Loops, memory) -> None:
    totals: dict[Result, np.ndarray] = {}
    kept: dict[Result, tuple[tuple[int, ...], np.ndarray]] = {}
    for each in kernel.passes:
        grid = _Grid((*kernel.outer, *each.loops), memory)
        outer, inner = len(kernel.outer), len(each.loops)
        for result, value in totals.items():
            grid.bound[result] = value.reshape(value.shape + (1,) * inner)
        for result, (extents, value) in kept.items():
            if extents == grid.shape[outer:]:
                grid.bound[result] = value
        stores = []
        for statement in each.statements:
            value = np.broadcast_to(grid.value(statement.value), grid.shape)
            if isinstance(statement, Store):
                stores.append((statement, value))
            elif isinstance(statement, Keep):
                if inner:
                    kept[statement.result] = (grid.shape[outer:], value)
                else:
                    totals[statement.result] = value
                grid.bound[statement.result] = value
            else:
                assert isinstance(statement, Fold)
                totals[statement.result] = _fold(statement, value, tuple(range(outer, outer + inner)))
        _store(grid, stores)


def _fold(fold: Fold, value: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    if fold.how == "sum":
        return np.asarray(value.sum(axis=axes, dtype=np.float64 if value.dtype.kind == "f" else None)).astype(
            value.dtype
        )
    if fold.how in ("argmax", "argmin"):
        return np.asarray(getattr(np, fold.how)(value, axis=axes[0])).astype(np.int64)
    return np.asarray(getattr(np, fold.how)(value, axis=axes))


def _convolution(kernel: Convolution, memory) -> None:
    arrays = [memory(b).reshape(s.shape) for b, s in zip(kernel.inputs, kernel.specs, strict=True)]
    grid = _Grid((kernel.m, kernel.n), memory)
    grid.bound[kernel.total] = kernel.primitive.evaluate(*arrays, **kernel.params).reshape(grid.shape)
    _store(grid, [(store, np.broadcast_to(grid.value(store.value), grid.shape)) for store in kernel.epilogue])


def _contraction(kernel: Contraction, memory) -> None:
    loops = (*kernel.batch, kernel.m, kernel.n)
    every = _Grid((*loops, kernel.k), memory)
    shape = (*every.shape,)
    a, b = np.broadcast_to(every.value(kernel.a), shape), np.broadcast_to(every.value(kernel.b), shape)
    wide = np.float64 if kernel.total.dtype.kind == "f" else kernel.total.dtype
    total = (a.astype(wide) * b.astype(wide)).sum(axis=-1, dtype=wide).astype(kernel.total.dtype)
    grid = _Grid(loops, memory)
    grid.bound[kernel.total] = total
    _store(grid, [(store, np.broadcast_to(grid.value(store.value), grid.shape)) for store in kernel.epilogue])
