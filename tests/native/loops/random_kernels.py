"""Random `Loops` kernels. Numbers are small and whole, so that all sums are exact and results are equal to the bit."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Number, Position, Result, Uniform, Within
from chainrule.compiler.index import Index, Lookup, Var, linear, unravelled
from chainrule.compiler.kernel import Fold, Keep, Loops, Pass, Statement, Store
from chainrule.core.primitive import PRIMITIVES

DTYPES = tuple(np.dtype(name) for name in ("float32", "float64", "int32", "int64", "uint8", "bool"))
BOOL, INT64 = np.dtype("bool"), np.dtype("int64")


def call(name: str, dtype: np.dtype, *args: Expr) -> Call:
    """An elementwise primitive."""
    return Call(dtype, PRIMITIVES[name], args, {"dtype": dtype} if name == "cast" else {})


class Drawing:
    """A kernel under construction, and the contents of its buffers."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.arrays: dict[Buffer, np.ndarray] = {}
        self._random = np.random.default_rng(draw(st.integers(0, 2**32)))

    def one_of(self, *choices):
        return self._draw(st.sampled_from(choices))

    def loops(self, letter: str, most: int) -> tuple[Var, ...]:
        count = self._draw(st.integers(0, most))
        longest = 70 if count == 1 else 21
        return tuple(Var(f"{letter}{i}", self._draw(st.integers(1, longest))) for i in range(count))

    def buffer(self, size: int, dtype: np.dtype, below: int | None = None) -> Buffer:
        made = Buffer(f"b{len(self.arrays)}", size, dtype, "input", len(self.arrays))
        low = 0 if below or dtype.kind in "bu" else -3
        array = self._random.integers(low, below or (2 if dtype == BOOL else 4), size).astype(dtype)
        if dtype.kind == "f" and below is None and self.one_of(True, False, False):
            array[self._random.random(size) < 0.1] = self._random.choice([np.nan, np.inf, -np.inf])
        self.arrays[made] = array
        return made

    # --- expressions ---

    def leaf(self, loops: tuple[Var, ...], dtype: np.dtype) -> Expr:
        kinds = [self.dense, self.dense, self.dense, self.turned, self.padded, self.reshaped, self.looked_up]
        kinds += [self.uniform] if dtype.kind == "f" else []
        if not loops or self.one_of(*[False] * 5, True):
            return Number(dtype, self.one_of(0, 1, 2) if dtype != BOOL else True)
        if dtype == INT64 and self.one_of(False, False, True):
            position = Position(INT64, linear([Index.of(loop) for loop in loops], tuple(loop.extent for loop in loops)))
            return call("remainder", INT64, position, Number(INT64, 7))
        return self.one_of(*kinds)(loops, dtype)

    def some(self, loops: tuple[Var, ...]) -> tuple[Var, ...]:
        order = self._draw(st.permutations(loops)) if self.one_of(True, False) else loops
        return tuple(loop for loop in order if self.one_of(True, True, True, False))

    def dense(self, loops, dtype) -> Expr:
        chosen = self.some(loops)
        shape = tuple(loop.extent for loop in chosen)
        return Load(dtype, self.buffer(math.prod(shape), dtype), linear([Index.of(loop) for loop in chosen], shape))

    def turned(self, loops, dtype) -> Expr:
        loop = self.one_of(*loops)
        factor, width = self.one_of(-1, -1, 2, -3, 5), self.one_of(1, 2)
        low = min(0, factor * (loop.extent - 1))
        index = Index(-low, {loop: factor})
        return Load(dtype, self.buffer((index.bounds()[1] + 1) * width, dtype), index * width)

    def padded(self, loops, dtype) -> Expr:
        loop = self.one_of(*loops)
        index, step = Index(-self.one_of(0, 1, 3), {loop: 1}), self.one_of(1, 1, 2)
        length = max(1, loop.extent - self.one_of(0, 1, 5))
        valid: Expr = Within(BOOL, index, 0, length * step, step)
        if len(loops) > 1 and self.one_of(True, False):
            other = loops[0]
            valid = call("and", BOOL, valid, Within(BOOL, Index.of(other), 1, other.extent + 1))
        return Load(dtype, self.buffer(length * step, dtype), index, valid)

    def reshaped(self, loops, dtype) -> Expr:
        chosen = self.some(loops)
        shape = tuple(loop.extent for loop in chosen)
        size = math.prod(shape)
        by = self.one_of(*[each for each in range(1, size + 1) if size % each == 0])
        rows, columns = unravelled(linear([Index.of(loop) for loop in chosen], shape), (by, size // by))
        if self.one_of(True, False):
            return Load(dtype, self.buffer(size, dtype), columns * by + rows)
        return Load(dtype, self.buffer(by, dtype), rows)

    def looked_up(self, loops, dtype) -> Expr:
        extent, kind = self.one_of(1, 4), self.one_of(*(np.dtype(name) for name in ("int32", "int64", "uint8")))
        chosen, loop = self.some(loops), self.one_of(*loops)
        shape = tuple(each.extent for each in chosen)
        rows = Load(
            kind, self.buffer(math.prod(shape), kind, extent), linear([Index.of(each) for each in chosen], shape)
        )
        at = Index.of(Lookup(rows, extent)) * loop.extent + Index.of(loop)
        return Load(dtype, self.buffer(extent * loop.extent, dtype), at)

    def uniform(self, loops, dtype) -> Expr:
        state = self.buffer(2, INT64)
        self.arrays[state][:] = self._random.integers(0, 2**62), self._random.integers(0, 2**33)
        shape = tuple(loop.extent for loop in loops)
        drawn = Uniform(dtype, state, linear([Index.of(loop) for loop in loops], shape) + self.one_of(0, 4, 3))
        return call("cast", dtype, call("cast", INT64, call("mul", dtype, drawn, Number(dtype, 4.0))))

    def value(self, loops: tuple[Var, ...], dtype: np.dtype, results: list[Result], depth: int = 2) -> Expr:
        fitting = [result for result in results if result.dtype == dtype]
        if depth == 0 or self.one_of(False, False, True):
            if fitting and self.one_of(True, True, False):
                return _small(self.one_of(*fitting))
            return self.leaf(loops, dtype)

        def part(dtype: np.dtype) -> Expr:
            return self.value(loops, dtype, results, depth - 1)

        what = self.one_of("binary", "binary", "where", "cast")
        if what == "cast":
            return call("cast", dtype, part(self.one_of(*_castable(dtype))))
        if what == "where":
            condition = call("lt", BOOL, part(dtype), part(dtype))
            return call("where", dtype, condition, part(dtype), part(dtype))
        if dtype == BOOL:
            return call(self.one_of("and", "or", "xor"), dtype, part(dtype), part(dtype))
        return call(self.one_of("add", "mul", "maximum", "minimum"), dtype, part(dtype), part(dtype))

    # --- statements ---

    def store(self, loops: tuple[Var, ...], results: list[Result]) -> Store:
        dtype = self.one_of(*DTYPES)
        order = self._draw(st.permutations(loops)) if self.one_of(True, False, False) else loops
        shape = tuple(loop.extent for loop in order)
        target = self.buffer(math.prod(shape), dtype)
        return Store(target, linear([Index.of(loop) for loop in order], shape), self.value(loops, dtype, results))

    def fold(self, loops: tuple[Var, ...], results: list[Result], searches: bool) -> Fold:
        dtype = self.one_of(*DTYPES)
        hows = ["sum", "amax", "amin"] + (["argmax", "argmin"] if searches else [])
        how = self.one_of(*hows)
        result = Result(INT64 if how.startswith("arg") else dtype, f"total{len(self.arrays)}")
        return Fold(how, self.value(loops, dtype, results), result)

    def keep(self, loops: tuple[Var, ...], results: list[Result]) -> Keep:
        dtype = self.one_of(*DTYPES)
        return Keep(self.value(loops, dtype, results), Result(dtype, f"kept{len(self.arrays)}"))

    def kernel(self) -> Loops:
        outer, inner = self.loops("i", 3), self.loops("j", 2)
        known: list[Result] = []
        along: list[Result] = []
        passes = []
        for _ in range(self._draw(st.integers(1, 3))):
            within = inner if self.one_of(True, True, False) else ()
            # The same loops, under names of their own.
            own = tuple(Var(loop.name, loop.extent) for loop in within) if self.one_of(True, False) else within
            loops, visible = (*outer, *own), known + (along if within else [])
            statements: list[Statement] = []
            for _ in range(self._draw(st.integers(1, 3))):
                kind = self.one_of("store", "keep", "fold") if within else self.one_of("store", "keep")
                if kind == "store":
                    statements.append(self.store(loops, visible))
                elif kind == "keep":
                    statements.append(self.keep(loops, visible))
                    visible = [*visible, statements[-1].result]
                else:
                    statements.append(self.fold(loops, visible, len(own) == 1))
            passes.append(Pass(own, tuple(statements)))
            known += [
                each.result for each in statements if isinstance(each, Fold) or (isinstance(each, Keep) and not own)
            ]
            along += [each.result for each in statements if isinstance(each, Keep) and own]
        last = tuple(Var(loop.name, loop.extent) for loop in inner)
        passes.append(Pass((), (self.store(outer, known),)))
        passes.append(Pass(last, (self.store((*outer, *last), known + (along if inner else [])),)))
        return Loops("kernel", outer, tuple(passes), self.one_of("outer", "inner"))


def _small(value: Expr) -> Expr:
    """What sums of products of it shall still hold exactly."""
    if value.dtype.kind != "f":
        return value
    low, high = Number(value.dtype, -4.0), Number(value.dtype, 4.0)
    return call("minimum", value.dtype, call("maximum", value.dtype, value, low), high)


def _castable(dtype: np.dtype) -> tuple[np.dtype, ...]:
    """From which dtypes the cast of any number is defined and, to floats, small."""
    if dtype.kind == "f":
        return tuple(each for each in DTYPES if each.kind in "fb")
    return DTYPES if dtype == BOOL else tuple(each for each in DTYPES if each.kind != "f")


@st.composite
def kernels(draw: st.DrawFn) -> tuple[Loops, dict[Buffer, np.ndarray]]:
    """A kernel and the contents of its buffers."""
    drawing = Drawing(draw)
    kernel = drawing.kernel()
    return kernel, drawing.arrays
